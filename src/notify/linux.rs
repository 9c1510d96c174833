//! Linux: a socket with an address that is in no folder, so that nothing stays behind and every
//! user's process reaches it.

use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// The socket and its address.
pub(super) fn bind() -> io::Result<(UnixDatagram, String)> {
    // Nobody guesses it; what it carries is no secret.
    let name = format!("gipc-{}-{:016x}", std::process::id(), fastrand::u64(..));
    let socket = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name)?)?;
    Ok((socket, format!("@{name}")))
}
