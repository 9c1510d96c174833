//! The ends as what the `futures` crates work with.

use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_sink::Sink;
use tokio::sync::OwnedMutexGuard;

use super::{End, Error, Reader, Writer};
use crate::codec::{Codec, Raw, encode};
use crate::frames::{self, FrameReader, FrameWriter};

/// How many bytes a sink gathers before it wants to be flushed.
const FULL: usize = 64 << 10;

/// The messages of a [`Reader`], one after the other; made by [`Reader::into_stream`].
#[derive(Debug)]
pub struct MessageStream<C> {
    reader: Reader<C>,
    held: OwnedMutexGuard<Option<FrameReader<End>>>,
}

impl<C> MessageStream<C> {
    pub(super) fn new(reader: Reader<C>) -> Result<Self, Error> {
        let mut held = reader.shared.try_lock_owned()?;
        if let Some(frames) = &mut *held {
            frames.get_mut().deadline = None;
        }
        Ok(Self { held, reader })
    }

    /// After an error of the stream there is no next message, only the same error again.
    #[cold]
    fn end(&mut self, error: frames::Error) -> Error {
        *self.held = None;
        self.reader.shared.error(error)
    }
}

impl<C: Codec> MessageStream<C> {
    /// The next message, on this thread.
    pub(crate) fn next_on_this_thread(&mut self) -> Option<Result<C::Decoded, Error>> {
        let frames = self.held.as_mut()?;
        match frames.blocking_get_by(End::read_on_this_thread) {
            Ok(message) => message.map(|message| self.reader.decode_message(message)),
            Err(error) => Some(Err(self.end(error))),
        }
    }
}

impl MessageStream<Raw> {
    /// The next message, lent where it lies until the next call; `None` at the end of the stream.
    ///
    /// For looking at a message and letting it go: nothing is allocated, and no reference is counted.
    ///
    /// # Errors
    /// As [`Reader::get`]. After an error the stream is at its end.
    ///
    /// # Cancel safety
    /// A dropped future loses nothing: what it has read stays for the next call.
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), gipc::Error> {
    /// let (reader, writer) = gipc::pipe()?;
    /// for line in ["one", "two", "three"] {
    ///     writer.put(line.as_bytes()).await?;
    /// }
    /// drop(writer);
    /// let (mut stream, mut bytes) = (reader.into_stream()?, 0);
    /// while let Some(message) = stream.next_ref().await? {
    ///     bytes += message.len();
    /// }
    /// assert_eq!(bytes, 11);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub async fn next_ref(&mut self) -> Result<Option<&[u8]>, Error> {
        let Some(frames) = self.held.as_mut() else { return Ok(None) };
        if let Some(payload) = frames.lend_buffered() {
            return Ok(self.lent(Some(payload)));
        }
        match std::future::poll_fn(|context| frames.poll_lend(context)).await {
            Ok(payload) => Ok(self.lent(payload)),
            Err(error) => Err(self.end(error)),
        }
    }

    /// As [`next_ref`](Self::next_ref), if the whole message has come already, with one before it:
    /// neither reads nor waits.
    #[inline]
    pub fn buffered_ref(&mut self) -> Option<&[u8]> {
        let payload = self.held.as_mut()?.lend_buffered()?;
        self.lent(Some(payload))
    }

    /// As [`next_ref`](Self::next_ref), on this thread.
    #[inline]
    pub(crate) fn next_ref_on_this_thread(&mut self) -> Result<Option<&[u8]>, Error> {
        let Some(frames) = self.held.as_mut() else { return Ok(None) };
        match frames.blocking_lend_by(End::read_on_this_thread) {
            Ok(payload) => Ok(self.lent(payload)),
            Err(error) => Err(self.end(error)),
        }
    }

    #[inline]
    fn lent(&self, payload: Option<Range<usize>>) -> Option<&[u8]> {
        Some(self.held.as_ref()?.lent(payload?))
    }
}

impl<C: Codec + Unpin> Stream for MessageStream<C> {
    type Item = Result<C::Decoded, Error>;

    #[inline]
    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(frames) = self.held.as_mut() else { return Poll::Ready(None) };
        if let Some(message) = frames.buffered() {
            return Poll::Ready(Some(self.reader.decode_message(message)));
        }
        Poll::Ready(match ready!(frames.poll_get(context)) {
            Ok(message) => message.map(|message| self.reader.decode_message(message)),
            Err(error) => Some(Err(self.end(error))),
        })
    }
}

/// Takes messages for a [`Writer`]; made by [`Writer::into_sink`].
#[derive(Debug)]
pub struct MessageSink<C> {
    writer: Writer<C>,
    held: OwnedMutexGuard<Option<FrameWriter<End>>>,
}

impl<C> MessageSink<C> {
    pub(super) fn new(writer: Writer<C>) -> Result<Self, Error> {
        let mut held = writer.shared.try_lock_owned()?;
        if let Some(frames) = &mut *held {
            frames.get_mut().deadline = None;
        }
        Ok(Self { held, writer })
    }

    fn poll_empty(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let Some(frames) = self.held.as_mut() else {
            return Poll::Ready(Err(self.writer.shared.closed()));
        };
        let flushed = ready!(frames.poll_flush(context));
        Poll::Ready(flushed.map_err(|error| self.writer.shared.error(error)))
    }
}

impl<C: Codec + Unpin> Sink<&C::Value> for MessageSink<C> {
    type Error = Error;

    fn poll_ready(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        match self.held.as_ref().map(FrameWriter::pending) {
            Some(..FULL) => Poll::Ready(Ok(())),
            _ => self.poll_empty(context),
        }
    }

    fn start_send(mut self: Pin<&mut Self>, value: &C::Value) -> Result<(), Error> {
        let message = encode(&self.writer.codec, value, self.writer.name())?;
        let Some(frames) = self.held.as_mut() else { return Err(self.writer.shared.closed()) };
        let fed = frames.feed(&message);
        fed.map_err(|unfit| self.writer.shared.error(unfit.into()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.poll_empty(context)
    }

    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if self.held.is_some() {
            ready!(self.poll_empty(context))?;
            *self.held = None;
        }
        Poll::Ready(Ok(()))
    }
}
