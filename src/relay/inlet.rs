//! Messages into a process.

#![expect(unsafe_code, reason = "an event for what tokio's own pipe has none for")]

use std::io::{self, IoSlice};
use std::os::fd::{AsRawFd, OwnedFd};
use std::rc::{Rc, Weak};
use std::time::Instant;

use bytes::Bytes;
use gipc::route::OutletId;
use nix::sys::socket::Shutdown;
use nix::sys::socket::sockopt::SndBuf;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::oneshot;

use super::{Conversation, Hub};

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
    probe: Option<Rc<OwnedFd>>,
    /// How much was unread when that was given up.
    left: usize,
    /// What is at the other end of a socket.
    node: Option<Rc<Conversation>>,
}

impl Inlet {
    /// A pipe into a process, and the end that is the process's. One for messages that go to
    /// whoever is idle holds no more than one of them, so that the system tells when it was read.
    pub(crate) fn pipe(is_shared: bool) -> io::Result<(Self, OwnedFd)> {
        let (read, write) = if is_shared { gipc::pipes::small()? } else { gipc::pipes::large()? };
        gipc::pipes::set_nonblocking(&write, true)?;
        Ok((Self::new(write, &read)?, read))
    }

    /// A socket into a Node process, whose end is `theirs`.
    pub(crate) fn node(
        ours: OwnedFd,
        theirs: &OwnedFd,
        conversation: Rc<Conversation>,
    ) -> io::Result<Self> {
        Ok(Self { node: Some(conversation), ..Self::new(ours, theirs)? })
    }

    fn new(write: OwnedFd, read: &OwnedFd) -> io::Result<Self> {
        let probe = Some(Rc::new(read.try_clone()?));
        // SAFETY: an `OwnedFd` is the same open descriptor as long as it lives.
        let write = unsafe { AsyncFd::register_with_interest(write, Interest::WRITABLE) }
            .map_err(io::Error::from)?;
        Ok(Self { write: Some(write), probe, left: 0, node: None })
    }

    /// How many bytes the process has left unread.
    pub(super) fn unread(&self) -> usize {
        self.probe.as_deref().map_or(self.left, gipc::pipes::unread)
    }

    /// How many bytes can be unread.
    fn capacity(&self) -> usize {
        match (&self.write, &self.probe) {
            // What counts there is memory, and the last piece may exceed it.
            (Some(socket), _) if self.node.is_some() => {
                nix::sys::socket::getsockopt(socket.get_ref(), SndBuf).map_or(0, |size| 2 * size)
            }
            (_, Some(pipe)) => gipc::pipes::capacity(pipe),
            (_, None) => 0,
        }
    }

    /// Nobody is left who could read. As long as we have the other end of a socket too, what comes
    /// out of it does not end.
    pub(crate) fn let_go(&mut self) {
        self.left = self.unread();
        self.probe = None;
    }

    /// Lets the process see the end, once it has read everything.
    fn close(&mut self) {
        if let Some(write) = self.write.take()
            && self.node.is_some()
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
        self.probes.borrow_mut()[id.0] = inlet.probe.as_ref().map_or_else(Weak::new, Rc::downgrade);
        let waiting = self.exchange.borrow_mut().begin(id, inlet.capacity());
        let why = tokio::select! {
            biased;
            why = &mut stop => why.ok(),
            () = self.write_to_the_end(id, &inlet, waiting) => None,
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

    /// Writes what there is for a reader, for which so many messages wait, until it may be told that
    /// there is no more.
    async fn write_to_the_end(&self, id: OutletId, inlet: &Inlet, waiting: u64) {
        let given = || {
            let counts = self.counts(id);
            counts.messages + counts.redelivered
        };
        let before = given();
        self.write_all(id, inlet).await;
        let Some(node) = &inlet.node else { return };
        node.ask();
        let wake = Rc::clone(&self.wakes.borrow()[id.0]);
        let something_besides = async || {
            while self.exchange.borrow().unwritten(id) == 0 {
                wake.notified().await;
            }
        };
        loop {
            self.write_all(id, inlet).await;
            tokio::select! {
                biased;
                () = something_besides() => {}
                () = node.is_over(waiting + given() - before, || inlet.unread()) => return,
            }
        }
    }

    /// Sends a reader something besides its messages.
    pub(super) fn interject(&self, id: OutletId, frames: Bytes) {
        self.exchange.borrow_mut().interject(id, frames);
        self.wake(&[id]);
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
