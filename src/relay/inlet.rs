//! Messages into a process.

#![expect(unsafe_code, reason = "an event for what tokio's own pipe has none for")]

use std::io::{self, IoSlice};
use std::os::fd::{AsRawFd, OwnedFd};
use std::rc::Rc;
use std::time::Instant;

use nix::sys::socket::Shutdown;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::oneshot;

use super::Hub;
use crate::route::OutletId;

/// How many pieces are written at once.
const PIECES: usize = 64;

/// Why no more messages go in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    WorkerEnded,
    Asked,
}

/// Our end of a pipe or a socket into a process.
pub(crate) struct Inlet {
    write: Option<AsyncFd<OwnedFd>>,
    /// The other end, to ask how much is unread. Never read from.
    probe: Rc<OwnedFd>,
    is_socket: bool,
}

impl Inlet {
    /// A pipe into a process, and the end that is the process's. One for messages that go to
    /// whoever is idle holds no more than one of them, so that the system tells when it was read.
    pub(crate) fn pipe(is_shared: bool) -> io::Result<(Self, OwnedFd)> {
        let (read, write) = if is_shared { gipc::pipes::small()? } else { gipc::pipes::large()? };
        gipc::pipes::set_nonblocking(&write, true)?;
        Ok((Self::new(write, &read, false)?, read))
    }

    fn new(write: OwnedFd, read: &OwnedFd, is_socket: bool) -> io::Result<Self> {
        let probe = Rc::new(read.try_clone()?);
        // SAFETY: an `OwnedFd` is the same open descriptor as long as it lives.
        let write = unsafe { AsyncFd::register_with_interest(write, Interest::WRITABLE) }
            .map_err(io::Error::from)?;
        Ok(Self { write: Some(write), probe, is_socket })
    }

    /// How many bytes the process has left unread.
    pub(super) fn unread(&self) -> usize {
        gipc::pipes::unread(&self.probe)
    }

    /// Lets the process see the end, once it has read everything.
    fn close(&mut self) {
        if let Some(write) = self.write.take()
            && self.is_socket
        {
            // Where the process is gone, so is the socket.
            let _ = nix::sys::socket::shutdown(write.as_raw_fd(), Shutdown::Write);
        }
    }

    /// Waits until the process has read everything.
    async fn all_read(&self) {
        let Some(write) = &self.write else { return };
        while self.unread() > 0 {
            // We hold the other end too: this does not fail.
            let Ok(mut guard) = write.writable().await else { return };
            if self.unread() > 0 {
                guard.clear_ready();
            }
        }
    }
}

impl Hub {
    /// Writes what there is for a reader, until there is no more or `stop` comes, and closes its
    /// channel; or until an answer is overdue, which is the other half of the result.
    pub(crate) async fn pump(
        &self,
        id: OutletId,
        mut inlet: Inlet,
        mut stop: oneshot::Receiver<Stop>,
    ) -> (Inlet, bool) {
        self.probes.borrow_mut()[id.0] = Some(Rc::clone(&inlet.probe));
        self.exchange.borrow_mut().begin(id, gipc::pipes::capacity(&inlet.probe));
        let why = tokio::select! {
            biased;
            why = &mut stop => why.ok(),
            () = self.write_all(id, &inlet) => None,
            () = self.answer_overdue(id) => {
                // It will be stopped: until then it gets nothing more.
                return (inlet, true);
            }
        };
        if why == Some(Stop::WorkerEnded) {
            self.take_what_is_there().await;
        }
        inlet.close();
        (inlet, false)
    }

    /// Waits until an answer is overdue.
    async fn answer_overdue(&self, id: OutletId) {
        loop {
            let due = self.exchange.borrow().answer_due(id);
            match due {
                Some(due) if due <= Instant::now() => return,
                Some(due) => tokio::time::sleep_until(due.into()).await,
                // Something will have been written when there is one.
                None => self.changed.notified().await,
            }
        }
    }

    /// Writes what there is for a reader, until there is no more. May be dropped anywhere.
    async fn write_all(&self, id: OutletId, inlet: &Inlet) {
        let Some(write) = &inlet.write else { return };
        let wake = Rc::clone(&self.wakes.borrow()[id.0]);
        let waits_for_reading = self.waits_for_reading();
        loop {
            if self.exchange.borrow().unwritten(id) > 0 {
                let written = write.async_io(Interest::WRITABLE, |fd| {
                    let exchange = self.exchange.borrow();
                    let mut pieces = [IoSlice::new(&[]); PIECES];
                    let count = exchange.next(id, &mut pieces);
                    Ok(nix::sys::uio::writev(fd, &pieces[..count])?)
                });
                // We hold the other end too: a pipe is never broken. A socket that is has no reader.
                let Ok(written) = written.await else { return };
                self.exchange.borrow_mut().wrote(id, written, Instant::now());
                self.changed.notify_waiters();
                continue;
            }
            if waits_for_reading {
                inlet.all_read().await;
            }
            let woken = self.exchange.borrow_mut().ready(id);
            self.wake(&woken);
            if self.exchange.borrow().is_done(id) {
                return;
            }
            if self.exchange.borrow().unwritten(id) == 0 {
                wake.notified().await;
            } else {
                self.changed.notify_waiters();
            }
        }
    }
}
