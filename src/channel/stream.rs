//! The ends as what the `futures` crates work with.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_sink::Sink;
use tokio::sync::OwnedMutexGuard;

use super::{End, Error, Reader, Writer, encode};
use crate::codec::Codec;
use crate::frames::{FrameReader, FrameWriter};

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
        Ok(Self { held: reader.shared.try_lock_owned()?, reader })
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
        let message = ready!(frames.poll_get(context));
        if message.is_err() {
            // After an error of the stream there is no next message, only the same error again.
            *self.held = None;
        }
        Poll::Ready(self.reader.decode(message).transpose())
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
        Ok(Self { held: writer.shared.try_lock_owned()?, writer })
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
