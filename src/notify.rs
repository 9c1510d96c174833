//! The socket on which a process tells how it is, see `sd_notify(3)`.

use std::io;

use nix::unistd::{Uid, geteuid};
use tokio::io::Interest;
use tokio::net::UnixDatagram;

#[cfg(target_os = "linux")]
#[path = "notify/linux.rs"]
mod system;
#[cfg(not(target_os = "linux"))]
#[path = "notify/posix.rs"]
mod system;

/// What a process may say of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// `READY=1`
    Ready,
    /// `WATCHDOG=1`
    Alive,
}

/// Our end of the socket.
#[derive(Debug)]
pub(crate) struct Socket {
    socket: UnixDatagram,
    /// As `NOTIFY_SOCKET` has it.
    pub(crate) address: String,
}

impl Socket {
    pub(crate) fn new() -> io::Result<Self> {
        let (socket, address) = system::bind()?;
        socket.set_nonblocking(true)?;
        Ok(Self { socket: UnixDatagram::from_std(socket)?, address })
    }

    /// What is said next, in its order; other words are passed over, and so is what others say
    /// than root, our own user and `user`.
    pub(crate) async fn next(&self, user: Option<Uid>) -> io::Result<Vec<News>> {
        // As systemd has it.
        let mut message = [0; 4096];
        let receive = || system::receive(&self.socket, &mut message);
        let (length, sender) = self.socket.async_io(Interest::READABLE, receive).await?;
        let is_known = sender
            .is_none_or(|sender| sender.is_root() || sender == geteuid() || Some(sender) == user);
        Ok(if is_known { read(&message[..length]) } else { Vec::new() })
    }
}

fn read(message: &[u8]) -> Vec<News> {
    let lines = message.split(|byte| *byte == b'\n');
    lines
        .filter_map(|line| match line {
            b"READY=1" => Some(News::Ready),
            b"WATCHDOG=1" => Some(News::Alive),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_that_matter_are_found_among_others() {
        let message = b"STATUS=almost\nREADY=1\nMAINPID=4711\nWATCHDOG=1";
        assert_eq!(read(message), [News::Ready, News::Alive]);
        assert_eq!(read(b"READY=0\nREADY=11\n"), []);
    }
}
