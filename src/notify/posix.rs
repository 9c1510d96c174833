//! POSIX systems: a socket in the temporary folder.

use std::io;
use std::os::unix::net::UnixDatagram;

/// The socket and its address.
pub(super) fn bind() -> io::Result<(UnixDatagram, String)> {
    let name = format!("gipc-{}-{:016x}", std::process::id(), fastrand::u64(..));
    let path = std::env::temp_dir().join(name);
    let socket = UnixDatagram::bind(&path)?;
    Ok((socket, path.display().to_string()))
}
