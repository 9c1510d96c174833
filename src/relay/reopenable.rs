//! The pipe that the messages of a process come out of, for as long as it may be given an end of it
//! again.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll};

use gipc::pipes::{self, Descriptor, Incoming};
use tokio::io::{AsyncRead, ReadBuf};

/// Our end of it.
#[derive(Clone)]
pub(crate) struct Reopenable(Rc<RefCell<Incoming>>);

impl Reopenable {
    pub(crate) fn new(pipe: Incoming) -> Self {
        Self(Rc::new(RefCell::new(pipe)))
    }

    /// An end for the process to write to: what it writes comes behind all that is in the pipe, and
    /// the pipe does not end before it is closed.
    pub(crate) fn write_end(&self) -> io::Result<Descriptor> {
        pipes::write_end_of(&self.0.borrow())
    }

    /// The same, as long as somebody has it.
    pub(crate) fn downgrade(&self) -> Lent {
        Lent(Rc::downgrade(&self.0))
    }
}

/// Our end, which whoever reads from it may close.
pub(crate) struct Lent(Weak<RefCell<Incoming>>);

impl Lent {
    pub(crate) fn upgrade(&self) -> Option<Reopenable> {
        self.0.upgrade().map(Reopenable)
    }
}

impl AsyncRead for Reopenable {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0.borrow_mut()).poll_read(context, buffer)
    }
}
