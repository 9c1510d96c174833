//! POSIX: a descriptor that never blocks, and the other end of it, which tells how much is unread.

#![expect(unsafe_code, reason = "an event for what tokio's own pipe has none for")]

use std::cell::Cell;
use std::io::{self, IoSlice};
use std::os::fd::{AsRawFd, OwnedFd};
use std::rc::{Rc, Weak};
use std::time::Duration;

use gipc::pipes;
use nix::sys::socket::Shutdown;
use nix::sys::socket::sockopt::SndBuf;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::{Conversation, Inlet, NodeEnd};

/// How soon a large pipe is asked again for what is unread in it: at first, and then as much later as it
/// has taken by then, up to this.
const SOON: Duration = Duration::from_millis(1);
const LATE: Duration = Duration::from_secs(1);

/// The end that the process reads from, to ask how much is unread. Never read from.
#[derive(Debug)]
pub(crate) struct Probe(OwnedFd);

impl Probe {
    /// Another descriptor for it: the very end that the process has.
    pub(in crate::relay) fn read_end(&self) -> io::Result<OwnedFd> {
        self.0.try_clone()
    }

    /// How many bytes are unread.
    pub(in crate::relay) fn unread(&self) -> usize {
        pipes::unread(&self.0)
    }
}

/// Our end of a pipe or a socket.
pub(crate) struct Pipe {
    write: Option<AsyncFd<OwnedFd>>,
    probe: Option<Rc<Probe>>,
    /// How much was unread when that was given up.
    left: usize,
    is_socket: bool,
    /// The system tells when it is empty.
    is_small: Cell<bool>,
}

impl Inlet {
    /// A socket into a Node process, whose end is `theirs`.
    pub(crate) fn node(
        ours: NodeEnd,
        theirs: &OwnedFd,
        conversation: Rc<Conversation>,
    ) -> io::Result<Self> {
        let pipe = Pipe { is_socket: true, ..Pipe::around(ours.0, theirs, true)? };
        Ok(Self { pipe, node: Some(conversation) })
    }
}

impl Pipe {
    /// A pipe, and the end that is the process's. A small one holds a page at the most, so that the
    /// system tells when what was written has been read.
    pub(super) fn new(is_small: bool) -> io::Result<(Self, OwnedFd)> {
        let (read, write) = if is_small { pipes::small()? } else { pipes::large()? };
        pipes::set_nonblocking(&write, true)?;
        Ok((Self::around(pipes::set_aside(write), &read, is_small)?, read))
    }

    fn around(write: OwnedFd, read: &OwnedFd, is_small: bool) -> io::Result<Self> {
        let probe = Some(Rc::new(Probe(pipes::set_aside(read.try_clone()?))));
        // SAFETY: an `OwnedFd` is the same open descriptor as long as it lives.
        let write = unsafe { AsyncFd::register_with_interest(write, Interest::WRITABLE) }
            .map_err(io::Error::from)?;
        Ok(Self {
            write: Some(write),
            probe,
            left: 0,
            is_socket: false,
            is_small: Cell::new(is_small),
        })
    }

    /// What tells how much is unread while the process lives.
    pub(super) fn probe(&self) -> Weak<Probe> {
        self.probe.as_ref().map_or_else(Weak::new, Rc::downgrade)
    }

    /// How many bytes the process has left unread.
    pub(super) fn unread(&self) -> usize {
        self.probe.as_deref().map_or(self.left, Probe::unread)
    }

    /// How many bytes can be unread.
    pub(super) fn capacity(&self) -> usize {
        match (&self.write, &self.probe) {
            // What counts there is memory, and the last piece may exceed it.
            (Some(socket), _) if self.is_socket => {
                nix::sys::socket::getsockopt(socket.get_ref(), SndBuf).map_or(0, |size| 2 * size)
            }
            (_, Some(pipe)) => pipes::capacity(&pipe.0),
            (_, None) => 0,
        }
    }

    /// Nobody is left who could read. As long as we have the other end of a socket too, what comes
    /// out of it does not end.
    pub(super) fn let_go(&mut self) {
        self.left = self.unread();
        self.probe = None;
    }

    /// Lets the process see the end, once it has read everything.
    pub(super) fn close(&mut self) {
        if let Some(write) = self.write.take()
            && self.is_socket
        {
            // Where the process is gone, so is the socket.
            let _ = nix::sys::socket::shutdown(write.as_raw_fd(), Shutdown::Write);
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.write.is_none()
    }

    /// Waits until the process has read everything, and says that it has. A large pipe, which is that
    /// of a reader that was alone at its start, is a small one from then on.
    pub(super) async fn all_read(&self) -> bool {
        let Some(write) = &self.write else { return true };
        if !self.is_small.get() {
            let mut pause = SOON;
            while self.unread() > 0 {
                // The system tells when there is room in it, not when it is empty.
                tokio::time::sleep(pause).await;
                pause = (2 * pause).min(LATE);
            }
            self.is_small.set(pipes::make_small(write.get_ref()).is_ok());
        }
        while self.unread() > 0 {
            // We hold the other end too: this does not fail.
            let Ok(mut guard) = write.writable().await else { return true };
            if self.unread() > 0 {
                guard.clear_ready();
            }
        }
        true
    }

    /// What was written is in the pipe.
    pub(super) async fn flush(&self) {}

    /// Writes what `gather` has, as much as there is room for. Cancel safe. An error says that nobody
    /// reads: a pipe is never broken, as we hold the other end too.
    ///
    /// Where it has taken a part only it is full, and not tried again before it says that it has room:
    /// the system would have us wait, and spin, while the process reads.
    pub(super) async fn write(
        &self,
        gather: impl Fn(&mut dyn FnMut(&[IoSlice<'_>]) -> io::Result<usize>) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let Some(write) = &self.write else { return Err(io::ErrorKind::BrokenPipe.into()) };
        loop {
            let mut ready = write.writable().await?;
            let mut is_full = false;
            let written = ready.try_io(|write| {
                gather(&mut |pieces| {
                    let written = nix::sys::uio::writev(write.get_ref(), pieces)?;
                    is_full = written < pieces.iter().map(|piece| piece.len()).sum();
                    Ok(written)
                })
            });
            let Ok(written) = written else { continue };
            if is_full {
                ready.clear_ready();
            }
            return written;
        }
    }
}
