//! POSIX: a datagram socket.

use std::io;

use nix::unistd::{Uid, User, geteuid};
use tokio::io::Interest;
use tokio::net::UnixDatagram;

use super::{News, read};

#[cfg(target_os = "linux")]
#[path = "linux.rs"]
mod kernel;
#[cfg(not(target_os = "linux"))]
#[path = "posix.rs"]
mod kernel;

/// Our end of the socket.
#[derive(Debug)]
pub(crate) struct Socket {
    socket: UnixDatagram,
    /// As `NOTIFY_SOCKET` has it.
    pub(crate) address: String,
}

impl Socket {
    pub(crate) fn new() -> io::Result<Self> {
        let (socket, address) = kernel::bind()?;
        socket.set_nonblocking(true)?;
        Ok(Self { socket: UnixDatagram::from_std(socket)?, address })
    }

    /// What is said next, in its order; other words are passed over, and so is what others say
    /// than root, our own user and `user`.
    pub(crate) async fn next(&self, user: Option<Uid>) -> io::Result<Vec<News>> {
        // As systemd has it.
        let mut message = [0; 4096];
        let receive = || kernel::receive(&self.socket, &mut message);
        let (length, sender) = self.socket.async_io(Interest::READABLE, receive).await?;
        let is_known = sender
            .is_none_or(|sender| sender.is_root() || sender == geteuid() || Some(sender) == user);
        Ok(if is_known { read(&message[..length]) } else { Vec::new() })
    }
}

/// The user of this name or number.
pub(crate) fn user(user: &str) -> Option<Uid> {
    match user.parse() {
        Ok(number) => Some(Uid::from_raw(number)),
        Err(_) => Some(User::from_name(user).ok()??.uid),
    }
}
