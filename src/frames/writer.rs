//! Messages into a byte stream.

use std::io::{self, IoSlice, Write};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use tokio::io::AsyncWrite;

use super::Error;
use crate::framing::{Framing, Unfit};

/// From this size on a payload is written from where it is; to copy a smaller one next to its header
/// takes less time than to have the system gather the two.
pub(super) const LARGE: usize = 16 << 10;

/// Sends messages over a byte stream.
#[derive(Debug)]
pub struct FrameWriter<W> {
    io: W,
    framing: Framing,
    /// Frames, or the rest of one, that the stream has not taken yet.
    pending: BytesMut,
}

impl<W> FrameWriter<W> {
    /// Sends messages in `framing` over `io`.
    pub fn new(io: W, framing: Framing) -> Self {
        Self { io, framing, pending: BytesMut::new() }
    }

    /// The framing.
    pub fn framing(&self) -> Framing {
        self.framing
    }

    /// Adds a message to what the next [`flush`](Self::flush) sends.
    ///
    /// # Errors
    /// When the framing cannot carry it; then nothing was added.
    pub fn feed(&mut self, payload: &[u8]) -> Result<(), Unfit> {
        self.framing.encode(payload, &mut self.pending)
    }

    /// Adds whole frames to what the next [`flush`](Self::flush) sends.
    pub fn feed_frames(&mut self, frames: &[u8]) {
        self.pending.extend_from_slice(frames);
    }

    /// How many bytes the next [`flush`](Self::flush) has to send.
    pub fn pending(&self) -> usize {
        self.pending.len()
    }

    /// Takes everything back that was fed and not been sent.
    pub fn clear(&mut self) {
        self.pending.clear();
    }

    /// So many bytes of what is pending have gone out.
    #[inline]
    fn has_written(&mut self, written: usize) {
        if written == self.pending.len() {
            // Not by moving on to its end: the next frame would have to be made room for.
            self.pending.clear();
        } else {
            self.pending.advance(written);
        }
    }

    /// The byte stream.
    pub fn get_ref(&self) -> &W {
        &self.io
    }

    /// The byte stream, for anything but writing.
    pub fn get_mut(&mut self) -> &mut W {
        &mut self.io
    }

    /// The byte stream. What was fed and not been sent is lost.
    pub fn into_inner(self) -> W {
        self.io
    }
}

/// A message that is being sent by [`FrameWriter::send`].
struct Sending<'a, W> {
    writer: &'a mut FrameWriter<W>,
    /// What the writer has pending as long as nothing was sent.
    fed: usize,
    /// What of a large payload has not been written; it comes behind what is pending.
    payload: &'a [u8],
}

impl<'a, W> Sending<'a, W> {
    /// Nothing else may be pending.
    fn new(writer: &'a mut FrameWriter<W>, payload: &'a [u8]) -> Result<Self, Unfit> {
        let payload = writer.begin(payload)?;
        let fed = writer.pending();
        Ok(Self { writer, fed, payload })
    }

    fn is_done(&self) -> bool {
        self.writer.pending.is_empty() && self.payload.is_empty()
    }
}

impl<W> Drop for Sending<'_, W> {
    fn drop(&mut self) {
        self.writer.give_up(self.fed, self.payload);
    }
}

/// What sending a message has in common, on a thread and in a runtime.
impl<W> FrameWriter<W> {
    /// Feeds a message, or the header of a large one: returns what is left to be written, from where
    /// it is, behind what is pending.
    fn begin<'a>(&mut self, payload: &'a [u8]) -> Result<&'a [u8], Unfit> {
        let is_large = payload.len() >= LARGE;
        if is_large && self.framing.encode_header(payload, &mut self.pending)? {
            return Ok(payload);
        }
        self.feed(payload)?;
        Ok(&[])
    }

    /// So many bytes of what is pending, and then of the payload behind it, have gone out.
    fn has_written_with(&mut self, payload: &mut &[u8], written: usize) -> io::Result<()> {
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        let of_pending = written.min(self.pending.len());
        self.has_written(of_pending);
        *payload = &payload[written - of_pending..];
        Ok(())
    }

    /// A message was begun and is not sent now: where nothing of it has gone out it is forgotten,
    /// else its rest goes out ahead of the next one.
    fn give_up(&mut self, fed: usize, payload: &[u8]) {
        if self.pending.len() == fed {
            self.clear();
        } else {
            self.pending.extend_from_slice(payload);
        }
    }
}

impl<W: Write> FrameWriter<W> {
    /// As [`send`](Self::send), on this thread; after an error that is not for good as if it were
    /// dropped then.
    pub(crate) fn blocking_send(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.blocking_flush()?;
        let mut payload = self.begin(payload)?;
        let fed = self.pending.len();
        if let Err(error) = self.blocking_write_with(&mut payload) {
            self.give_up(fed, payload);
            return Err(error);
        }
        // What the stream has only begun to write would be lost if it were dropped now.
        Ok(self.io.flush()?)
    }

    /// Writes what is pending, and the payload behind it.
    fn blocking_write_with(&mut self, payload: &mut &[u8]) -> Result<(), Error> {
        while !self.pending.is_empty() || !payload.is_empty() {
            let written = match payload.is_empty() {
                true => self.io.write(&self.pending),
                false => {
                    let rest = [IoSlice::new(&self.pending), IoSlice::new(payload)];
                    self.io.write_vectored(&rest)
                }
            };
            match written {
                Ok(written) => self.has_written_with(payload, written)?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// As [`put`](Self::put), on this thread.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub fn blocking_put(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.feed(payload)?;
        self.blocking_flush()
    }

    /// As [`flush`](Self::flush), on this thread.
    ///
    /// # Errors
    /// As [`flush`](Self::flush). After a temporary one (such as a timeout of the stream's own) the
    /// rest goes out with the next call.
    #[inline]
    pub fn blocking_flush(&mut self) -> Result<(), Error> {
        self.blocking_write_with(&mut &[][..])?;
        Ok(self.io.flush()?)
    }
}

impl<W: AsyncWrite + Unpin> FrameWriter<W> {
    /// As [`put`](Self::put), without copying what is large, and a dropped future that has sent
    /// nothing leaves nothing behind; one that has sent the beginning leaves the rest, which goes
    /// out ahead of the next message.
    pub(crate) async fn send(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.flush().await?;
        let mut sending = Sending::new(self, payload)?;
        while !sending.is_done() {
            let written = std::future::poll_fn(|context| {
                let Sending { writer, payload, .. } = &mut sending;
                let rest = [IoSlice::new(&writer.pending), IoSlice::new(payload)];
                let io = Pin::new(&mut writer.io);
                match payload.is_empty() {
                    true => io.poll_write(context, &rest[0]),
                    false => io.poll_write_vectored(context, &rest),
                }
            });
            let written = written.await?;
            let Sending { writer, payload, .. } = &mut sending;
            writer.has_written_with(payload, written)?;
        }
        drop(sending);
        // What the stream has only begun to write would be lost if it were dropped now.
        self.flush().await
    }

    /// Sends a message.
    ///
    /// # Errors
    /// [`Error::Unfit`] when the framing cannot carry it, [`Error::Peer`] when nobody reads.
    ///
    /// # Cancel safety
    /// A dropped future leaves no half frame behind: the rest goes out with the next call.
    pub async fn put(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.feed(payload)?;
        self.flush().await
    }

    /// Sends everything that was fed.
    ///
    /// # Errors
    /// [`Error::Peer`] when nobody reads.
    ///
    /// # Cancel safety
    /// As [`put`](Self::put).
    pub async fn flush(&mut self) -> Result<(), Error> {
        std::future::poll_fn(|context| self.poll_flush(context)).await
    }

    /// The poll function behind [`flush`](Self::flush).
    ///
    /// # Errors
    /// As [`flush`](Self::flush).
    pub fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        while !self.pending.is_empty() {
            match ready!(Pin::new(&mut self.io).poll_write(context, &self.pending))? {
                0 => return Poll::Ready(Err(io::Error::from(io::ErrorKind::WriteZero).into())),
                written => self.has_written(written),
            }
        }
        ready!(Pin::new(&mut self.io).poll_flush(context))?;
        Poll::Ready(Ok(()))
    }
}
