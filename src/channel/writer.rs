//! The end that messages are put into.

use std::time::Instant;

use super::{End, Error, MessageSink, Options, Shared, before, pending};
use crate::codec::{Codec, Raw, encode};
use crate::frames::{self, FrameWriter};

/// The end of a channel that messages are put into.
///
/// Clones are the same end, and may be used at once: each message goes out whole. The channel
/// closes with the last of them, or by [`close`](Self::close).
#[derive(Debug)]
pub struct Writer<C = Raw> {
    pub(crate) shared: Shared<FrameWriter<End>>,
    pub(crate) codec: C,
}

impl<C: Clone> Clone for Writer<C> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone(), codec: self.codec.clone() }
    }
}

impl<C> Writer<C> {
    pub(crate) fn new(name: String, end: End, options: Options, codec: C) -> Self {
        Self { shared: Shared::new(name, options.frame_writer(end)), codec }
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

    /// Closes it, for all clones: the reader sees the end after the last message. Dropping the last
    /// clone does the same, without a word.
    ///
    /// # Errors
    /// [`Error::Locked`] while it is being written to, [`Error::Closed`] the second time, and
    /// [`Error::Timeout`] where a message had been sent in part and its rest is now lost, as the
    /// reader is told too.
    pub fn close(&self) -> Result<(), Error> {
        let mut writer = self.shared.take()?;
        if pending(&writer) > 0 {
            // What there is room for now.
            writer.get_mut().deadline = Some(Instant::now());
            let rest = writer.blocking_flush();
            rest.map_err(|error| self.timed_out(error, pending(&writer)))?;
        }
        Ok(())
    }

    /// The same end for code without a runtime.
    pub fn into_blocking(self) -> crate::blocking::Writer<C> {
        self.into()
    }

    /// A second, independent handle of the same pipe, with a descriptor of its own: for another
    /// process.
    ///
    /// Messages of up to `PIPE_BUF` bytes with their header (4096 on Linux, 64 KiB on Windows) go out
    /// whole whichever process writes them; larger ones from several processes may be interleaved:
    /// give each process a pipe of its own for those.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Locked`], [`Error::Io`].
    pub fn try_clone(&self) -> Result<Self, Error>
    where
        C: Clone,
    {
        let mut held = self.shared.try_lock()?;
        let end = held.get_mut().try_clone().map_err(|error| Error::io(self.name(), error))?;
        let shared = Shared::new(self.shared.name(), FrameWriter::new(end, held.framing()));
        Ok(Self { shared, codec: self.codec.clone() })
    }

    fn timed_out(&self, error: frames::Error, pending: usize) -> Error {
        match self.shared.error(error) {
            Error::Timeout { name, .. } => Error::Timeout { name, pending },
            other => other,
        }
    }
}

impl<C: Codec> Writer<C> {
    /// Sends a message, and waits until the channel has taken it.
    ///
    /// That a reader takes it out is for a reply to tell: what is in the channel when the last one
    /// closes is lost. (A child that is just being started has copies of all our descriptors until
    /// its `exec`, so for that moment there is a reader more.)
    ///
    /// # Errors
    /// [`Error::Peer`] when no process has a reader any more, [`Error::Codec`], [`Error::Closed`].
    ///
    /// # Cancel safety
    /// A dropped future has sent nothing; or it has sent the beginning of the message, and the rest
    /// goes out ahead of the next one. A reader never sees a part for a whole.
    pub async fn put(&self, value: &C::Value) -> Result<(), Error> {
        let message = encode(&self.codec, value, self.name())?;
        let mut held = self.shared.lock().await?;
        held.get_mut().deadline = None;
        let sent = held.send(&message).await;
        sent.map_err(|error| self.shared.error(error))
    }

    /// As [`put`](Self::put), if the channel takes the message by `deadline`.
    ///
    /// # Errors
    /// As [`put`](Self::put), and [`Error::Timeout`], which tells whether a part was sent.
    ///
    /// # Cancel safety
    /// As [`put`](Self::put).
    pub async fn put_deadline(&self, value: &C::Value, deadline: Instant) -> Result<(), Error> {
        let message = encode(&self.codec, value, self.name())?;
        let held = tokio::time::timeout_at(deadline.into(), self.shared.lock()).await;
        let Ok(held) = held else {
            return Err(Error::Timeout { name: self.name().to_owned(), pending: 0 });
        };
        let mut held = held?;
        held.get_mut().deadline = Some(deadline);
        let sent = before(deadline, held.send(&message)).await;
        sent.map_err(|error| self.timed_out(error, pending(&held)))
    }

    /// The end as a [`futures_sink::Sink`]. It has the end to itself: clones wait until it is
    /// dropped.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Locked`].
    pub fn into_sink(self) -> Result<MessageSink<C>, Error> {
        MessageSink::new(self)
    }

    /// As [`put_deadline`](Self::put_deadline), on this thread.
    pub(crate) fn put_on_this_thread(
        &self,
        value: &C::Value,
        deadline: Option<Instant>,
    ) -> Result<(), Error> {
        let message = encode(&self.codec, value, self.name())?;
        let mut held = self.shared.blocking_lock(deadline)?;
        held.get_mut().deadline = deadline;
        let sent = held.blocking_send(&message);
        sent.map_err(|error| self.timed_out(error, pending(&held)))
    }
}
