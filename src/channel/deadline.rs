//! Waiting for a moment at the most, in a runtime and on a thread; and for what is to be read.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Instant;

use super::End;
use crate::frames::{self, FrameReader, FrameWriter};

/// Waits until a message has begun to come, or the stream has ended; an exact reader takes nothing of
/// it yet.
pub(crate) async fn readable(reader: &mut FrameReader<End>) -> Result<(), frames::Error> {
    if reader.leaves_unread() {
        Ok(std::future::poll_fn(|context| reader.get_mut().poll_readable(context)).await?)
    } else {
        reader.readable().await
    }
}

/// As [`readable`], on this thread, until the deadline of the end.
pub(crate) fn readable_on_this_thread(reader: &mut FrameReader<End>) -> Result<(), frames::Error> {
    if reader.leaves_unread() {
        Ok(reader.get_mut().wait_readable()?)
    } else {
        reader.blocking_readable_by(End::read_on_this_thread)
    }
}

/// How many bytes of messages have not gone out, though they will ahead of the next one.
pub(crate) fn pending(writer: &FrameWriter<End>) -> usize {
    writer.pending() + writer.get_ref().in_flight()
}

/// A future, until then.
pub(crate) async fn before<T>(
    deadline: Instant,
    future: impl Future<Output = Result<T, frames::Error>>,
) -> Result<T, frames::Error> {
    match tokio::time::timeout_at(deadline.into(), future).await {
        Ok(result) => result,
        Err(_) => Err(io::Error::from(io::ErrorKind::TimedOut).into()),
    }
}

/// Waits for a future that needs no runtime, until then at the most.
pub(crate) fn on_this_thread<T>(
    future: impl Future<Output = T>,
    deadline: Option<Instant>,
) -> Option<T> {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    // Inside of a task it would be told to yield after so many calls, and that we never do.
    let mut future = pin!(tokio::task::unconstrained(future));
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut context) {
            return Some(done);
        }
        match deadline {
            None => std::thread::park(),
            Some(deadline) => {
                let left = deadline.checked_duration_since(Instant::now())?;
                std::thread::park_timeout(left);
            }
        }
    }
}
