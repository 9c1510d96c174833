//! Messages into a process.

use std::io::{self, IoSlice};
use std::rc::Rc;
use std::time::Instant;

use bytes::Bytes;
use gipc::pipes::Descriptor;
use gipc::route::{OutletId, answer_overdue};
use tokio::sync::oneshot;

use super::{Conversation, Hub, NodeEnd};

#[cfg(unix)]
#[path = "inlet/unix.rs"]
mod system;
#[cfg(windows)]
#[path = "inlet/windows.rs"]
mod system;

use system::Pipe;
pub(super) use system::Probe;

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
    pipe: Pipe,
    /// What is at the other end of a socket.
    node: Option<Rc<Conversation>>,
}

impl Inlet {
    /// A pipe into a process, and the end that is the process's. One for messages that go to
    /// whoever is idle holds no more than one of them, so that the system tells when it was read.
    pub(crate) fn pipe(is_shared: bool) -> io::Result<(Self, Descriptor)> {
        let (pipe, theirs) = Pipe::new(is_shared)?;
        Ok((Self { pipe, node: None }, theirs))
    }

    /// How many bytes the process has left unread.
    pub(crate) fn unread(&self) -> usize {
        self.pipe.unread()
    }

    /// The end that the process reads from, as it was given it, for one of its own that has lost it.
    pub(crate) fn read_end(&self) -> Option<io::Result<Descriptor>> {
        self.pipe.probe().upgrade().map(|probe| probe.read_end())
    }

    /// Nobody is left who could read.
    pub(crate) fn let_go(&mut self) {
        self.pipe.let_go();
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
        self.probes.borrow_mut()[id.0] = inlet.pipe.probe();
        let waiting = self.exchange.borrow_mut().begin(id, inlet.pipe.capacity());
        let why = tokio::select! {
            biased;
            why = &mut stop => why.ok(),
            () = self.write_to_the_end(id, &inlet, waiting) => None,
            () = answer_overdue(&self.exchange, &self.changed, id) => {
                // It will be stopped: until then it gets nothing more.
                self.retire(id);
                return (inlet, true);
            }
        };
        // What comes is for others.
        self.retire(id);
        if why == Some(Stop::WorkerEnded) {
            self.take_what_is_there().await;
        }
        inlet.pipe.close();
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

    /// As [`Inlet::read_end`], while messages are written there.
    pub(crate) fn read_end(&self, id: OutletId) -> Option<io::Result<Descriptor>> {
        let probe = self.probes.borrow()[id.0].upgrade()?;
        Some(probe.read_end())
    }

    /// Sends a reader something besides its messages.
    pub(super) fn interject(&self, id: OutletId, frames: Bytes) {
        self.exchange.borrow_mut().interject(id, frames);
        self.wake(&[id]);
    }

    /// No time passes for answers, until [`resume`](Self::resume).
    pub(crate) fn suspend(&self) {
        self.exchange.borrow_mut().suspend(Instant::now());
    }

    /// It does again.
    pub(crate) fn resume(&self) {
        self.exchange.borrow_mut().resume(Instant::now());
        self.changed.notify_waiters();
    }

    /// Writes what there is for a reader, until there is no more. May be dropped anywhere.
    async fn write_all(&self, id: OutletId, inlet: &Inlet) {
        if inlet.pipe.is_closed() {
            return;
        }
        let wake = Rc::clone(&self.wakes.borrow()[id.0]);
        loop {
            if self.exchange.borrow().unwritten(id) > 0 {
                let written = inlet.pipe.write(|write| {
                    let exchange = self.exchange.borrow();
                    let mut pieces = [IoSlice::new(&[]); PIECES];
                    let count = exchange.next(id, &mut pieces);
                    write(&pieces[..count])
                });
                let Ok(written) = written.await else {
                    // It reads no more, and lives: what there is for it waits for its end.
                    return std::future::pending().await;
                };
                self.exchange.borrow_mut().wrote(id, written, Instant::now());
                self.changed.notify_waiters();
                continue;
            }
            // Asked each time: a reader that was alone may be joined by others.
            if self.waits_for_reading() {
                let is_known = inlet.pipe.all_read().await;
                self.exchange.borrow_mut().all_read(id, is_known);
            }
            let woken = self.exchange.borrow_mut().ready(id);
            self.wake(&woken);
            if self.exchange.borrow().is_done(id) {
                inlet.pipe.flush().await;
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
