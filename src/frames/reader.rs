//! Messages out of a byte stream.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, ReadBuf};

use super::buffer::{MANY, READ_SIZE};
use super::{Batch, Error};
use crate::framing::{Decoder, Frame, Framing, FramingError, Step};

/// What a buffer has of the next message.
enum Next {
    Frame(Frame),
    /// The stream has ended, and nothing is left of it.
    End,
    /// So many bytes at least are missing.
    Missing(usize),
}

/// Takes messages from a byte stream.
#[derive(Debug)]
pub struct FrameReader<R> {
    io: R,
    pub(super) decoder: Decoder,
    /// What has been read and not been given out; starts at a frame boundary.
    pub(super) buffer: BytesMut,
    /// The same where small messages are cut out of it, each with a count of references and no
    /// more. As long as there is one, `buffer` is empty.
    pub(super) cut: Option<Bytes>,
    /// So many bytes at the front of `buffer` were lent, and go with the next call.
    pub(super) lent: usize,
    /// How large the last message was, with its frame, if it was large: the next one may be so too.
    pub(super) large: usize,
    /// What large messages were read into, the oldest first. Others may have them still.
    pub(super) spares: VecDeque<Bytes>,
    ended: bool,
    pub(super) exact: bool,
}

impl<R> FrameReader<R> {
    /// Takes messages in `framing`, of `max_message` bytes of payload at the most, from `io`.
    pub fn new(io: R, framing: Framing, max_message: usize) -> Self {
        Self::with_decoder(io, Decoder::new(framing, max_message))
    }

    fn with_decoder(io: R, decoder: Decoder) -> Self {
        Self {
            io,
            decoder,
            buffer: BytesMut::new(),
            cut: None,
            lent: 0,
            large: 0,
            spares: VecDeque::new(),
            ended: false,
            exact: false,
        }
    }

    /// Never reads past the end of the message that is asked for, so that another process finds
    /// the next one. Costs two system calls a message, and one a byte in framings that end with a
    /// mark.
    #[must_use]
    pub fn exact(mut self) -> Self {
        self.exact = true;
        self
    }

    /// Makes a last line without its newline an error, instead of a message. See
    /// [`Decoder::strict`].
    #[must_use]
    pub fn strict(mut self) -> Self {
        self.decoder = self.decoder.strict();
        self
    }

    /// A reader of another stream that is like this one in all else.
    pub(crate) fn with_stream(&self, io: R) -> Self {
        Self { exact: self.exact, ..FrameReader::with_decoder(io, self.decoder.renewed()) }
    }

    /// The framing.
    pub fn framing(&self) -> Framing {
        self.decoder.framing()
    }

    /// The largest payload that it takes, in bytes.
    pub fn max_message(&self) -> usize {
        self.decoder.max_message()
    }

    /// The byte stream.
    pub fn get_ref(&self) -> &R {
        &self.io
    }

    /// The byte stream, for anything but reading.
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.io
    }

    /// The byte stream. What has been read from it and not been given out is lost.
    pub fn into_inner(self) -> R {
        self.io
    }

    /// How many bytes have arrived and not been given out, the beginning of a message at least.
    pub fn unfinished(&self) -> usize {
        self.cut.as_ref().map_or(self.buffer.len() - self.lent, Bytes::len)
    }

    /// Is nothing there of the next message, and to be left where it is until it is asked for?
    pub(crate) fn leaves_unread(&self) -> bool {
        self.exact && self.unfinished() == 0 && !self.ended
    }

    /// The next message, where the buffer has all of it.
    #[inline]
    pub(crate) fn buffered(&mut self) -> Option<Bytes> {
        if let Some(cut) = &mut self.cut
            && let Some(frame) = self.decoder.whole(cut)
        {
            return Some(cut_out(cut, &frame));
        }
        self.buffered_anew()
    }

    fn buffered_anew(&mut self) -> Option<Bytes> {
        self.piece_together();
        let frame = self.decoder.whole(&self.buffer)?;
        if frame.len > self.buffer.len() / MANY {
            return Some(self.take(&frame));
        }
        self.look_ahead(frame.len, None);
        let cut = self.cut.insert(std::mem::take(&mut self.buffer).freeze());
        Some(cut_out(cut, &frame))
    }

    /// Where the next message lies, and stays until the next call, if the buffer has all of it.
    #[inline]
    pub(crate) fn lend_buffered(&mut self) -> Option<Range<usize>> {
        self.piece_together();
        let frame = self.decoder.whole(&self.buffer)?;
        Some(self.lend(frame))
    }

    #[inline]
    fn lend(&mut self, frame: Frame) -> Range<usize> {
        self.look_ahead(frame.len, None);
        self.lent = frame.len;
        frame.payload
    }

    /// What was lent last.
    #[inline]
    pub(crate) fn lent(&self, payload: Range<usize>) -> &[u8] {
        &self.buffer[payload]
    }

    /// What the buffer has of the next message.
    fn next(&mut self) -> Result<Next, FramingError> {
        Ok(match self.decoder.decode(&self.buffer)? {
            Step::Frame(frame) => Next::Frame(frame),
            Step::Incomplete { .. } if self.ended => {
                self.decoder.finish(&self.buffer)?.map_or(Next::End, Next::Frame)
            }
            Step::Incomplete { missing } => Next::Missing(missing),
        })
    }

    /// Takes the payload of the frame at the front of the buffer out of it, without copying.
    #[inline]
    fn take(&mut self, frame: &Frame) -> Bytes {
        let mut bytes = self.split_off(frame.len);
        self.look_ahead(frame.len, Some(&bytes));
        bytes.truncate(frame.payload.end);
        bytes.advance(frame.payload.start);
        bytes
    }

    /// Has `read` put what comes behind what the buffer has; returns what it says, and how many bytes
    /// that was. `missing` are certain to belong to the next frame.
    fn append<T>(
        &mut self,
        missing: usize,
        read: impl FnOnce(&mut R, &mut ReadBuf<'_>) -> T,
    ) -> (T, usize) {
        let room = self.make_room(missing);
        let spare = &mut self.buffer.spare_capacity_mut()[..room];
        let place = spare.as_ptr();
        let mut spare = ReadBuf::uninit(spare);
        let said = read(&mut self.io, &mut spare);
        assert!(spare.filled().as_ptr().addr() == place.addr(), "a stream has changed the buffer");
        let read = spare.filled().len();
        let filled = self.buffer.len() + read;
        #[expect(unsafe_code, reason = "the only way to keep what was read into spare capacity")]
        // SAFETY: ReadBuf counts as filled only what has been initialised, and it is still that of
        // the memory right behind the `len` bytes of the buffer.
        unsafe {
            self.buffer.set_len(filled);
        }
        (said, read)
    }

    /// All whole frames in the buffer; where there is none, how many bytes the first one lacks.
    /// Those in front of bytes that are no frame come before the error does.
    fn whole_frames(&mut self) -> Result<Result<Batch, usize>, FramingError> {
        self.piece_together();
        let (mut end, mut last) = (0, 0);
        let mut payloads = Vec::new();
        while let Some(frame) = self.decoder.whole(&self.buffer[end..]) {
            payloads.push(end + frame.payload.start..end + frame.payload.end);
            last = frame.len;
            end += last;
        }
        if payloads.is_empty()
            && let Step::Incomplete { missing } = self.decoder.decode(&self.buffer)?
        {
            return Ok(Err(missing));
        }
        let frames = self.split_off(end);
        self.look_ahead(last, Some(&frames));
        let verbatim = self.framing() != Framing::ContentLength;
        Ok(Ok(Batch { frames, payloads, verbatim }))
    }
}

/// Takes the payload of the frame at the front out of it.
#[inline]
fn cut_out(cut: &mut Bytes, frame: &Frame) -> Bytes {
    let message = cut.slice(frame.payload.clone());
    cut.advance(frame.len);
    message
}

impl<R: AsyncRead + Unpin> FrameReader<R> {
    /// The next message; `None` at the end of the stream.
    ///
    /// # Errors
    /// [`Error::Framing`] when the bytes are not frames, a message is too large, or the stream ends
    /// inside one; [`Error::Io`] from the system.
    ///
    /// # Cancel safety
    /// A dropped future loses nothing: what it has read stays for the next call.
    pub async fn get(&mut self) -> Result<Option<Bytes>, Error> {
        std::future::poll_fn(|context| self.poll_get(context)).await
    }

    /// The poll function behind [`get`](Self::get).
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn poll_get(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Error>> {
        if let Some(message) = self.buffered() {
            return Poll::Ready(Ok(Some(message)));
        }
        let frame = ready!(self.poll_next(context))?;
        Poll::Ready(Ok(frame.map(|frame| self.take(&frame))))
    }

    /// As [`get`](Self::get), but the message is only lent, where it lies: nothing is allocated, and no
    /// reference is counted.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    ///
    /// # Cancel safety
    /// As [`get`](Self::get). A message that was lent is gone with the next call, whatever becomes of
    /// that.
    #[inline]
    pub async fn next_ref(&mut self) -> Result<Option<&[u8]>, Error> {
        let payload = match self.lend_buffered() {
            None => std::future::poll_fn(|context| self.poll_lend(context)).await?,
            here => here,
        };
        Ok(payload.map(|payload| self.lent(payload)))
    }

    /// As [`lend_buffered`](Self::lend_buffered), which has found none.
    pub(crate) fn poll_lend(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<Range<usize>>, Error>> {
        let frame = ready!(self.poll_next(context))?;
        Poll::Ready(Ok(frame.map(|frame| self.lend(frame))))
    }

    /// The next frame, which stays in the buffer; nothing there is lent or cut out.
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Frame>, Error>> {
        loop {
            match self.next()? {
                Next::Frame(frame) => return Poll::Ready(Ok(Some(frame))),
                Next::End => return Poll::Ready(Ok(None)),
                Next::Missing(missing) => ready!(self.poll_fill(context, missing))?,
            }
        }
    }

    /// Waits until a byte of the next message has arrived, or the end of the stream.
    ///
    /// # Errors
    /// [`Error::Io`] from the system.
    ///
    /// # Cancel safety
    /// As [`get`](Self::get).
    pub async fn readable(&mut self) -> Result<(), Error> {
        if self.unfinished() == 0 && !self.ended {
            self.fill(1).await?;
        }
        Ok(())
    }

    /// All whole messages that have arrived; waits for the first; `None` at the end of the stream.
    ///
    /// What came before bytes that are not a frame is given out before the error is.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    ///
    /// # Cancel safety
    /// A dropped future loses nothing: what it has read stays for the next call.
    pub async fn batch(&mut self) -> Result<Option<Batch>, Error> {
        loop {
            let missing = match self.whole_frames()? {
                Ok(batch) => return Ok(Some(batch)),
                Err(missing) => missing,
            };
            if self.ended {
                let Some(last) = self.decoder.finish(&self.buffer)? else { return Ok(None) };
                let frames = self.buffer.split_to(last.len).freeze();
                return Ok(Some(Batch { frames, payloads: vec![last.payload], verbatim: false }));
            }
            self.fill(missing).await?;
        }
    }

    /// As [`batch`](Self::batch), but reads no more than once: `None` where that has not completed
    /// a message, or has found the end of the stream.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    ///
    /// # Cancel safety
    /// As [`batch`](Self::batch).
    pub async fn batch_of_one_read(&mut self) -> Result<Option<Batch>, Error> {
        match self.whole_frames()? {
            Ok(batch) => return Ok(Some(batch)),
            Err(missing) if !self.ended => self.fill(missing).await?,
            Err(_) => {}
        }
        // At the end nothing is waited for.
        if self.ended { self.batch().await } else { Ok(self.whole_frames()?.ok()) }
    }

    async fn fill(&mut self, missing: usize) -> io::Result<()> {
        std::future::poll_fn(|context| self.poll_fill(context, missing)).await
    }

    /// One read.
    fn poll_fill(&mut self, context: &mut Context<'_>, missing: usize) -> Poll<io::Result<()>> {
        let (polled, read) = self.append(missing, |io, buf| Pin::new(io).poll_read(context, buf));
        ready!(polled)?;
        self.ended = read == 0;
        Poll::Ready(Ok(()))
    }
}

impl<R: Read> FrameReader<R> {
    /// As [`get`](Self::get), on this thread.
    ///
    /// # Errors
    /// As [`get`](Self::get). After a temporary error of the system (such as a timeout of the stream's
    /// own) nothing is lost: what was read stays for the next call.
    pub fn blocking_get(&mut self) -> Result<Option<Bytes>, Error> {
        self.blocking_get_by(read_zeroed)
    }

    /// As [`next_ref`](Self::next_ref), on this thread.
    ///
    /// # Errors
    /// As [`blocking_get`](Self::blocking_get).
    #[inline]
    pub fn blocking_next_ref(&mut self) -> Result<Option<&[u8]>, Error> {
        let payload = self.blocking_lend_by(read_zeroed)?;
        Ok(payload.map(|payload| self.lent(payload)))
    }

    /// As [`readable`](Self::readable), on this thread.
    ///
    /// # Errors
    /// [`Error::Io`] from the system.
    pub fn blocking_readable(&mut self) -> Result<(), Error> {
        self.blocking_readable_by(read_zeroed)
    }
}

/// Reads into memory that was not initialised, by a stream that wants it to be.
fn read_zeroed<R: Read>(io: &mut R, buffer: &mut ReadBuf<'_>) -> io::Result<()> {
    // Not more than one read of a pipe may bring.
    let len = buffer.remaining().min(READ_SIZE);
    let read = io.read(buffer.initialize_unfilled_to(len))?;
    buffer.advance(read);
    Ok(())
}

/// On this thread, over a stream that is read `by` a call that waits.
impl<R> FrameReader<R> {
    pub(crate) fn blocking_get_by(
        &mut self,
        read: impl Fn(&mut R, &mut ReadBuf<'_>) -> io::Result<()>,
    ) -> Result<Option<Bytes>, Error> {
        if let Some(message) = self.buffered() {
            return Ok(Some(message));
        }
        let frame = self.blocking_next_by(read)?;
        Ok(frame.map(|frame| self.take(&frame)))
    }

    #[inline]
    pub(crate) fn blocking_lend_by(
        &mut self,
        read: impl Fn(&mut R, &mut ReadBuf<'_>) -> io::Result<()>,
    ) -> Result<Option<Range<usize>>, Error> {
        if let Some(payload) = self.lend_buffered() {
            return Ok(Some(payload));
        }
        let frame = self.blocking_next_by(read)?;
        Ok(frame.map(|frame| self.lend(frame)))
    }

    pub(crate) fn blocking_readable_by(
        &mut self,
        read: impl Fn(&mut R, &mut ReadBuf<'_>) -> io::Result<()>,
    ) -> Result<(), Error> {
        if self.unfinished() == 0 && !self.ended {
            self.blocking_fill(1, read)?;
        }
        Ok(())
    }

    /// The next frame, which stays in the buffer; nothing there is lent or cut out.
    fn blocking_next_by(
        &mut self,
        read: impl Fn(&mut R, &mut ReadBuf<'_>) -> io::Result<()>,
    ) -> Result<Option<Frame>, Error> {
        loop {
            match self.next()? {
                Next::Frame(frame) => return Ok(Some(frame)),
                Next::End => return Ok(None),
                Next::Missing(missing) => self.blocking_fill(missing, &read)?,
            }
            // Mostly it has come whole.
            if let Some(frame) = self.decoder.whole(&self.buffer) {
                return Ok(Some(frame));
            }
        }
    }

    /// One read.
    fn blocking_fill(
        &mut self,
        missing: usize,
        read: impl Fn(&mut R, &mut ReadBuf<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        loop {
            match self.append(missing, &read) {
                (Err(error), _) if error.kind() == io::ErrorKind::Interrupted => {}
                (result, read) => {
                    result?;
                    self.ended = read == 0;
                    return Ok(());
                }
            }
        }
    }
}
