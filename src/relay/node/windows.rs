//! Windows: a pipe that goes both ways, with chunks in it ([`gipc::node::chunks`]).
//!
//! There is no half of an end that could be closed: who has said all closes what he reads from as well.

use std::cell::{Cell, RefCell};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use gipc::node::chunks::{self, Unpacker};
use gipc::pipes::{self, Descriptor, Incoming, Outgoing};
use tokio::io::{AsyncRead, AsyncWriteExt as _, ReadBuf};
use tokio::sync::Mutex;
use tokio::task::coop;

/// Our end.
pub(crate) struct NodeEnd {
    handle: Descriptor,
    over: Rc<Over>,
}

/// Have we said all?
#[derive(Default)]
pub(in crate::relay) struct Over {
    is_so: Cell<bool>,
    /// Who reads, and is to know.
    reader: RefCell<Option<Waker>>,
}

impl NodeEnd {
    /// With the end that is the process's: libuv wants one that does its work in the background. For
    /// messages that go to whoever is idle the pipe holds nothing, so that a write is done when it was
    /// read.
    pub(crate) fn pair(is_shared: bool) -> io::Result<(Self, Descriptor)> {
        let (handle, theirs) = pipes::both_ways(!is_shared)?;
        Ok((Self { handle, over: Rc::default() }, theirs))
    }

    /// The same end once more.
    pub(crate) fn try_clone(&self) -> io::Result<Self> {
        Ok(Self { handle: self.handle.try_clone()?, over: Rc::clone(&self.over) })
    }

    /// To write to; the end is there until [`Over::tell`].
    pub(in crate::relay) fn outgoing(self) -> io::Result<(Outgoing, Rc<Over>)> {
        Ok((Outgoing::new(self.handle)?, self.over))
    }
}

impl Over {
    /// We have: what has come until now is read, and then the end is closed.
    pub(in crate::relay) fn tell(&self) {
        self.is_so.set(true);
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}

/// What comes from a Node process.
pub(crate) struct NodeStream {
    pipe: Option<Incoming>,
    unpacker: Unpacker,
    over: Rc<Over>,
}

impl NodeStream {
    pub(crate) fn new(end: NodeEnd) -> io::Result<Self> {
        let pipe = Some(Incoming::new(end.handle)?);
        Ok(Self { pipe, unpacker: Unpacker::default(), over: end.over })
    }
}

impl AsyncRead for NodeStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { pipe, unpacker, over } = &mut *self;
        let before = buffer.filled().len();
        loop {
            let Some(incoming) = pipe else { return Poll::Ready(Ok(())) };
            match Pin::new(incoming).poll_read(context, buffer) {
                Poll::Pending if over.is_so.get() && coop::has_budget_remaining() => *pipe = None,
                Poll::Pending => {
                    if over.is_so.get() {
                        // It may only be somebody else's turn.
                        context.waker().wake_by_ref();
                    } else {
                        *over.reader.borrow_mut() = Some(context.waker().clone());
                    }
                    return Poll::Pending;
                }
                Poll::Ready(read) => {
                    read?;
                    let come = &mut buffer.filled_mut()[before..];
                    if come.is_empty() {
                        return Poll::Ready(Ok(()));
                    }
                    let kept = unpacker.unpack(come).map_err(io::Error::other)?;
                    buffer.set_filled(before + kept);
                    if kept > 0 {
                        return Poll::Ready(Ok(()));
                    }
                }
            }
        }
    }
}

/// What these pieces are as a chunk, as far as it can be written at once.
pub(in crate::relay) fn chunk(pieces: &[IoSlice<'_>]) -> Vec<u8> {
    const MOST: usize = Outgoing::AT_ONCE - chunks::HEADER;
    let mut chunk = vec![0; chunks::HEADER];
    for piece in pieces {
        let room = chunks::HEADER + MOST - chunk.len();
        chunk.extend(&piece[..piece.len().min(room)]);
    }
    let len = (chunk.len() - chunks::HEADER) as u32;
    chunk[..chunks::HEADER].copy_from_slice(&chunks::header(len));
    chunk
}

/// Our end, for one who only answers.
pub(crate) struct Socket(Rc<Mutex<Outgoing>>);

impl Socket {
    pub(crate) fn new(end: NodeEnd) -> io::Result<Self> {
        Ok(Self(Rc::new(Mutex::new(Outgoing::new(end.handle)?))))
    }

    /// It is written when the process reads. In a runtime.
    pub(super) fn say(&self, what: &[u8]) {
        let (pipe, chunk) = (Rc::clone(&self.0), chunk(&[IoSlice::new(what)]));
        tokio::task::spawn_local(async move {
            let mut pipe = pipe.lock().await;
            // Where the process is gone there is nobody to tell.
            let _ = pipe.write_all(&chunk).await;
            let _ = pipe.flush().await;
        });
    }
}
