//! Windows: a pipe that is written to in the background, and the other end of it, which tells how
//! much is unread once the process has ended.
//!
//! While it lives it must not be asked: a handle that blocks does one call at a time, and who looks at
//! one that somebody reads from waits for him. That of a Node process does not block.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Poll, ready};

use gipc::node::chunks::{self, Written};
use gipc::pipes::{self, Descriptor, Outgoing};
use tokio::io::AsyncWrite;

use super::super::node::{Over, chunk};
use super::{Conversation, Inlet, NodeEnd};

/// What is not known while the process lives.
#[derive(Debug)]
pub(crate) enum Probe {}

impl Probe {
    pub(in crate::relay) fn read_end(&self) -> io::Result<Descriptor> {
        match *self {}
    }

    pub(in crate::relay) fn unread(&self) -> usize {
        match *self {}
    }
}

/// Our end of a pipe.
pub(crate) struct Pipe {
    write: Option<RefCell<Outgoing>>,
    read: Option<Descriptor>,
    capacity: usize,
    /// A write is done when it was read.
    is_small: bool,
    /// How much of what was written is not in the pipe any more, unread.
    taken_back: usize,
    /// How much was unread when that was given up.
    left: usize,
    /// Of a pipe of Node's: what was written, and who is to know that it was all.
    chunks: Option<(RefCell<Written>, Rc<Over>)>,
}

impl Inlet {
    /// A pipe into a Node process, whose end is `theirs`.
    pub(crate) fn node(
        ours: NodeEnd,
        theirs: &Descriptor,
        conversation: Rc<Conversation>,
    ) -> io::Result<Self> {
        let (write, over) = ours.outgoing()?;
        let pipe = Pipe::around(write, theirs)?;
        let chunks = Some((RefCell::new(Written::new(pipe.capacity)), over));
        Ok(Self { pipe: Pipe { chunks, ..pipe }, node: Some(conversation) })
    }
}

impl Pipe {
    /// A pipe, and the end that is the process's. A small one holds nothing, so that a write is done
    /// when it was read.
    pub(super) fn new(is_small: bool) -> io::Result<(Self, Descriptor)> {
        let (write, theirs) =
            if is_small { pipes::to_child_unbuffered()? } else { pipes::to_child()? };
        Ok((Self { is_small, ..Self::around(write, &theirs)? }, theirs))
    }

    fn around(write: Outgoing, theirs: &Descriptor) -> io::Result<Self> {
        // What is being written can be unread too.
        let capacity = pipes::capacity(theirs) + Outgoing::AT_ONCE;
        let (write, read) = (Some(RefCell::new(write)), Some(theirs.try_clone()?));
        Ok(Self { write, read, capacity, is_small: false, taken_back: 0, left: 0, chunks: None })
    }

    /// What tells how much is unread while the process lives: nothing.
    pub(super) const fn probe(&self) -> Weak<Probe> {
        Weak::new()
    }

    /// How many bytes the process has left unread, which has ended.
    pub(super) fn unread(&self) -> usize {
        let bytes = self.read.as_ref().map_or(self.left, pipes::unread) + self.taken_back;
        self.chunks.as_ref().map_or(bytes, |(written, _)| written.borrow().unread(bytes))
    }

    /// How many bytes can be unread.
    pub(super) const fn capacity(&self) -> usize {
        self.capacity
    }

    /// Nobody is left who could read.
    pub(super) fn let_go(&mut self) {
        if let Some(read) = self.read.take() {
            self.left = pipes::unread(&read);
        }
    }

    /// Lets the process see the end, once it has read everything.
    pub(super) fn close(&mut self) {
        let Some(write) = self.write.take().map(RefCell::into_inner) else { return };
        // What is being written has the pipe's whole room before it, so that nobody waits in a read.
        if let (Some(read), true) = (&self.read, write.is_busy()) {
            let before = pipes::unread(read);
            drop(write);
            self.taken_back = before.saturating_sub(pipes::unread(read));
        }
        if let Some((_, over)) = &self.chunks {
            over.tell();
        }
    }

    pub(super) const fn is_closed(&self) -> bool {
        self.write.is_none()
    }

    /// Waits until the process has read everything, and says that it has; that is not known of a
    /// large pipe, which is that of a reader that was alone at its start.
    pub(super) async fn all_read(&self) -> bool {
        self.flush().await;
        self.is_small || self.chunks.is_some()
    }

    /// Waits until what was written is in the pipe: before that to close it would be to take it back.
    pub(super) async fn flush(&self) {
        let Some(write) = &self.write else { return };
        // Where that fails nobody reads.
        let _ = poll_fn(|context| Pin::new(&mut *write.borrow_mut()).poll_flush(context)).await;
    }

    /// Writes what `gather` has, as much as is taken. Cancel safe. An error says that nobody reads.
    pub(super) async fn write(
        &self,
        gather: impl Fn(&mut dyn FnMut(&[IoSlice<'_>]) -> io::Result<usize>) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let Some(write) = &self.write else { return Err(io::ErrorKind::BrokenPipe.into()) };
        poll_fn(|context| {
            let mut write = write.borrow_mut();
            ready!(Pin::new(&mut *write).poll_flush(context))?;
            let written = gather(&mut |pieces| {
                let mut write = Pin::new(&mut *write);
                let written = match &self.chunks {
                    None => write.poll_write_vectored(context, pieces),
                    Some((written, _)) => {
                        let chunk = chunk(pieces);
                        write.as_mut().poll_write(context, &chunk).map_ok(|_whole| {
                            let size = chunk.len() - chunks::HEADER;
                            written.borrow_mut().push(size);
                            size
                        })
                    }
                };
                match written {
                    Poll::Ready(written) => written,
                    Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
                }
            });
            match written {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
                written => Poll::Ready(written),
            }
        })
        .await
    }
}
