//! POSIX systems: a socket in the temporary folder.

use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::net::UnixDatagram;

use nix::sys::socket::{MsgFlags, recv};
use nix::unistd::Uid;

/// The socket and its address.
pub(super) fn bind() -> io::Result<(UnixDatagram, String)> {
    let name = format!("gipc-{}-{:016x}", std::process::id(), fastrand::u64(..));
    let path = std::env::temp_dir().join(name);
    let socket = UnixDatagram::bind(&path)?;
    Ok((socket, path.display().to_string()))
}

/// A message's length. Whose it is is not told: the folder's permissions must do.
pub(super) fn receive(socket: &impl AsFd, buffer: &mut [u8]) -> io::Result<(usize, Option<Uid>)> {
    let length = recv(socket.as_fd().as_raw_fd(), buffer, MsgFlags::MSG_DONTWAIT)?;
    Ok((length, None))
}
