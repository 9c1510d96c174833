//! The end that messages are taken from.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::{End, Error, MessageStream, Options, Shared, before, readable};
use crate::clock::after;
use crate::codec::{Codec, CodecError, Raw};
use crate::frames::{self, FrameReader};

/// The end of a channel that messages are taken from.
///
/// Clones are the same end: each message goes to one of them. The channel closes with the last of
/// them, or by [`close`](Self::close).
#[derive(Debug)]
pub struct Reader<C = Raw> {
    pub(crate) shared: Shared<FrameReader<End>>,
    pub(crate) codec: C,
}

impl<C: Clone> Clone for Reader<C> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone(), codec: self.codec.clone() }
    }
}

impl<C> Reader<C> {
    pub(crate) fn new(name: String, end: End, options: Options, codec: C) -> Self {
        Self { shared: Shared::new(name, options.frame_reader(end)), codec }
    }

    /// The same end under this name, which stands in errors.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.shared.rename(name);
        self
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.shared.name()
    }

    /// The largest message that it takes, in bytes; 0 for one that is closed or in use, which is not
    /// given away anyhow.
    pub(crate) fn max_message(&self) -> usize {
        self.shared.try_lock().map_or(0, |held| held.max_message())
    }

    /// Never reads past the end of a message, so that the end can be given to a child at any time
    /// between two messages. Otherwise what follows is read ahead, and an end with messages that
    /// were read ahead is not given away. Costs two system calls a message.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Locked`].
    pub fn exact(self) -> Result<Self, Error> {
        let exact = self.shared.take()?.exact();
        let shared = Shared::new(self.shared.name(), exact);
        Ok(Self { shared, codec: self.codec })
    }

    /// Closes it, for all clones. Dropping the last of them does the same, without a word.
    ///
    /// # Errors
    /// [`Error::Locked`] while it is being read, [`Error::Closed`] the second time.
    pub fn close(&self) -> Result<(), Error> {
        self.shared.take().map(drop)
    }

    /// The same end for code without a runtime.
    pub fn into_blocking(self) -> crate::blocking::Reader<C> {
        self.into()
    }

    /// A second, independent handle of the same pipe, with a descriptor of its own: for another
    /// process. Each message goes to one of them.
    ///
    /// Two processes that read a pipe at the same time would tear each other's messages: let one of
    /// them read, or read in turns, [`exact`](Self::exact).
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Locked`], [`Error::Io`].
    pub fn try_clone(&self) -> Result<Self, Error>
    where
        C: Clone,
    {
        let mut held = self.shared.try_lock()?;
        let end = held.get_mut().try_clone().map_err(|error| Error::io(self.name(), error))?;
        let shared = Shared::new(self.shared.name(), held.with_stream(end));
        Ok(Self { shared, codec: self.codec.clone() })
    }
}

impl<C: Codec> Reader<C> {
    /// The next message; `None` at the end of the stream, when no process has a writer any more.
    ///
    /// # Errors
    /// [`Error::Truncated`] when the stream ends inside a message, [`Error::TooLarge`],
    /// [`Error::Codec`], [`Error::Closed`].
    ///
    /// # Cancel safety
    /// A dropped future loses nothing: what it has read stays for the next call.
    pub async fn get(&self) -> Result<Option<C::Decoded>, Error> {
        let mut held = self.shared.lock().await?;
        held.get_mut().deadline = None;
        let message = held.get().await;
        drop(held);
        self.decode(message)
    }

    /// As [`get`](Self::get), if the first byte of the message comes within this time. From then on
    /// it takes as long as it takes.
    ///
    /// # Errors
    /// As [`get`](Self::get), and [`Error::Timeout`].
    ///
    /// # Cancel safety
    /// As [`get`](Self::get).
    pub async fn get_timeout(&self, first_byte: Duration) -> Result<Option<C::Decoded>, Error> {
        let deadline = after(first_byte);
        let mut held = self.lock_before(deadline).await?;
        let message = match before(deadline, readable(&mut held)).await {
            Ok(()) => {
                held.get_mut().deadline = None;
                held.get().await
            }
            Err(error) => Err(error),
        };
        drop(held);
        self.decode(message)
    }

    /// As [`get`](Self::get), if the whole message comes by `deadline`. What has come of it by then
    /// stays for the next call.
    ///
    /// # Errors
    /// As [`get`](Self::get), and [`Error::Timeout`].
    ///
    /// # Cancel safety
    /// As [`get`](Self::get).
    pub async fn get_deadline(&self, deadline: Instant) -> Result<Option<C::Decoded>, Error> {
        let mut held = self.lock_before(deadline).await?;
        let message = before(deadline, held.get()).await;
        drop(held);
        self.decode(message)
    }

    /// Is there something to [`get`](Self::get), a message's first byte or the end of the stream,
    /// within this time? With [`Duration::ZERO`], now?
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Io`].
    ///
    /// # Cancel safety
    /// As [`get`](Self::get).
    pub async fn poll(&self, timeout: Duration) -> Result<bool, Error> {
        let deadline = after(timeout);
        let ready = match self.lock_before(deadline).await {
            Ok(mut held) => before(deadline, readable(&mut held))
                .await
                .map_err(|error| self.shared.error(error)),
            Err(error) => Err(error),
        };
        match ready {
            Ok(()) => Ok(true),
            Err(Error::Timeout { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The messages as a [`futures_core::Stream`], until the end of the channel. It has the end to
    /// itself: clones wait until it is dropped.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Locked`].
    pub fn into_stream(self) -> Result<MessageStream<C>, Error> {
        MessageStream::new(self)
    }

    async fn lock_before(
        &self,
        deadline: Instant,
    ) -> Result<super::Held<'_, FrameReader<End>>, Error> {
        match tokio::time::timeout_at(deadline.into(), self.shared.lock()).await {
            Ok(held) => {
                let mut held = held?;
                held.get_mut().deadline = Some(deadline);
                Ok(held)
            }
            Err(_) => Err(Error::Timeout { name: self.name().to_owned(), pending: 0 }),
        }
    }

    pub(crate) fn decode(
        &self,
        message: Result<Option<Bytes>, frames::Error>,
    ) -> Result<Option<C::Decoded>, Error> {
        match message {
            Ok(Some(message)) => self.decode_message(message).map(Some),
            Ok(None) => Ok(None),
            Err(error) => Err(self.shared.error(error)),
        }
    }

    #[inline]
    pub(super) fn decode_message(&self, message: Bytes) -> Result<C::Decoded, Error> {
        self.codec.decode(message).map_err(|source| self.undecodable(source))
    }

    #[cold]
    fn undecodable(&self, source: CodecError) -> Error {
        Error::Codec { name: self.name().to_owned(), encoding: false, source }
    }
}
