//! Messages over byte streams of any kind: what the channels stand on.
//!
//! A [`FrameReader`] takes what has arrived in as few reads as it can and hands out whole messages,
//! one by one ([`get`](FrameReader::get)) or all that are there ([`batch`](FrameReader::batch)); a
//! [`FrameWriter`] sends whole frames. Neither waits in order to send or take more at once: what is
//! there goes. Over an [`AsyncRead`] or [`AsyncWrite`] they wait in a runtime; over a [`Read`] or
//! [`Write`] they have the same methods with `blocking_` in front.

use std::collections::VecDeque;
use std::io::{self, IoSlice, Read, Write};
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::framing::{Decoder, Frame, Framing, FramingError, Step, Unfit};

/// How much a buffered reader asks for at once, in bytes: the capacity of a pipe on Linux.
const READ_SIZE: usize = 64 << 10;

/// From this size on a payload is written from where it is; to copy a smaller one next to its header
/// takes less time than to have the system gather the two.
const LARGE: usize = 16 << 10;

/// So many messages of the size of the first one in a buffer are cut out of it: what is behind the
/// last of them has to be copied, and so must be little beside them.
const MANY: usize = 16;

/// How much memory a partial message may take ahead of the bytes that have arrived: a length on
/// the wire is the peer's word only.
const RESERVE_AHEAD: usize = 1 << 20;

/// Buffers of so many large messages are used again when nobody has those any more: of one that is
/// written, of one that was, and may be written again, and of one that waits.
const SPARES: usize = 3;

/// Larger ones are not kept for that.
const LARGEST_SPARE: usize = 2 * RESERVE_AHEAD;

/// Why a message could not be taken or sent.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The bytes are not the frames that they should be; the stream cannot go on.
    #[error(transparent)]
    Framing(#[from] FramingError),
    /// The framing cannot carry the message. Nothing was sent, the stream can go on.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// Nobody reads the channel any more.
    #[error("nobody reads any more")]
    Peer,
    /// The system's own error.
    #[error(transparent)]
    Io(io::Error),
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => Self::Peer,
            _ => Self::Io(error),
        }
    }
}

/// Some whole messages that arrived together: at least one, until some are taken out.
#[derive(Debug)]
pub struct Batch {
    frames: Bytes,
    payloads: Vec<Range<usize>>,
    verbatim: bool,
}

impl Batch {
    /// The messages, in order.
    pub fn payloads(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.payloads.iter().map(|range| &self.frames[range.clone()])
    }

    /// Keeps the first `count` messages only.
    pub fn truncate(&mut self, count: usize) {
        if count < self.payloads.len() {
            self.payloads.truncate(count);
            self.verbatim = false;
        }
    }

    /// Keeps those messages only that this is true for.
    pub fn retain(&mut self, mut is_kept: impl FnMut(&[u8]) -> bool) {
        let Self { frames, payloads, verbatim } = self;
        let before = payloads.len();
        payloads.retain(|range| is_kept(&frames[range.clone()]));
        *verbatim &= payloads.len() == before;
    }

    /// The frames as they came, where they can be passed on so: the last line of a stream may
    /// lack its end, and headers other than `Content-Length` are not ours to pass on.
    pub fn frames(&self) -> Option<&Bytes> {
        self.verbatim.then_some(&self.frames)
    }
}

/// Messages that have come in no frames, at least one.
impl<P: AsRef<[u8]>> FromIterator<P> for Batch {
    fn from_iter<I: IntoIterator<Item = P>>(messages: I) -> Self {
        let mut frames = BytesMut::new();
        let place = |message: P| {
            let start = frames.len();
            frames.extend_from_slice(message.as_ref());
            start..frames.len()
        };
        let payloads = messages.into_iter().map(place).collect();
        Self { frames: frames.freeze(), payloads, verbatim: false }
    }
}

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
    decoder: Decoder,
    /// What has been read and not been given out; starts at a frame boundary.
    buffer: BytesMut,
    /// The same where small messages are cut out of it, each with a count of references and no
    /// more. As long as there is one, `buffer` is empty.
    cut: Option<Bytes>,
    /// So many bytes at the front of `buffer` were lent, and go with the next call.
    lent: usize,
    /// How large the last message was, with its frame, if it was large: the next one may be so too.
    large: usize,
    /// What large messages were read into, the oldest first. Others may have them still.
    spares: VecDeque<Bytes>,
    ended: bool,
    exact: bool,
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

    /// Takes what the last newline of the stream lacks for a message that was cut off, see
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

    /// The byte stream, for what is no reading.
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.io
    }

    /// The byte stream. What has been read of it and not been given out is lost.
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

    /// Has `buffer` start with the next frame again.
    #[inline]
    fn piece_together(&mut self) {
        match std::mem::take(&mut self.lent) {
            // Not by moving on to its end: room would have to be made for the next read.
            all if all == self.buffer.len() => self.buffer.clear(),
            lent => self.buffer.advance(lent),
        }
        if self.cut.is_some() {
            self.put_back();
        }
    }

    /// Puts what is left of messages that were cut out back to where more is read, in the same memory
    /// where nobody has one of them any more.
    #[cold]
    fn put_back(&mut self) {
        if let Some(cut) = self.cut.take() {
            self.buffer = cut.try_into_mut().unwrap_or_else(|rest| BytesMut::from(&rest[..]));
        }
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

    /// Takes so many bytes off the front of the buffer.
    #[inline]
    fn split_off(&mut self, len: usize) -> Bytes {
        if len < self.buffer.len() || len < READ_SIZE {
            return self.buffer.split_to(len).freeze();
        }
        // Nothing of ours is to keep it from being used again.
        std::mem::take(&mut self.buffer).freeze()
    }

    /// Takes note of how large the last of the frames was that are given out, or lent.
    #[inline]
    fn look_ahead(&mut self, last: usize, given: Option<&Bytes>) {
        if last >= READ_SIZE || self.large > 0 {
            self.expect(last, given);
        }
    }

    fn expect(&mut self, last: usize, given: Option<&Bytes>) {
        if last < READ_SIZE || self.exact {
            self.large = 0;
            self.spares.clear();
            if self.buffer.capacity() > LARGEST_SPARE {
                // One that was lent was larger than what is worth keeping room for.
                self.buffer = BytesMut::from(&self.buffer[..]);
            }
            return;
        }
        self.large = last.min(LARGEST_SPARE);
        if let Some(given) = given.filter(|given| given.len() <= LARGEST_SPARE) {
            if self.spares.len() == SPARES {
                self.spares.pop_front();
            }
            self.spares.push_back(given.clone());
        }
    }

    /// Room for another message as large as the last one, in memory that has been used for one if
    /// nobody has that any more.
    fn make_room_for_a_large_one(&mut self) -> usize {
        if !self.buffer.try_reclaim(self.large)
            && let Some(unused) = self.spares.iter().position(Bytes::is_unique)
            && let Some(Ok(unused)) = self.spares.remove(unused).map(Bytes::try_into_mut)
        {
            self.buffer = unused;
            self.buffer.clear();
        }
        self.buffer.reserve(self.large);
        self.large
    }

    /// Makes room for a read, and tells how much of it to use: `missing` bytes are certain to
    /// belong to the next frame.
    fn make_room(&mut self, missing: usize) -> usize {
        self.piece_together();
        if self.large > 0 && self.buffer.is_empty() {
            return self.make_room_for_a_large_one();
        }
        // Grows with what has come: a message of n bytes never takes more than 2n + 1 MiB.
        let ahead = missing.min(self.buffer.len().max(RESERVE_AHEAD));
        // Of what follows a large one nothing: it would have to make way for the next.
        let is_large = !self.buffer.is_empty()
            && self.decoder.wanted().is_some_and(|size| size >= READ_SIZE as u64);
        let is_bounded = self.exact || is_large;
        let room = if is_bounded { ahead } else { READ_SIZE };
        self.buffer.reserve(room);
        if is_bounded { room } else { self.buffer.capacity() - self.buffer.len() }
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

    /// [`get`](Self::get) as the thing that it polls.
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

    /// As [`get`](Self::get), but the message is only lent, where it lies: it costs no memory and no
    /// count of references.
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
    /// What came before bytes that are no frame is given out before the error is.
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
    /// As [`get`](Self::get). After one from the system that is not for good (a timeout of the
    /// stream's own) nothing is lost: what was read stays for the next call.
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

    /// The byte stream, for what is no writing.
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
    /// As [`flush`](Self::flush). After one that is not for good (a timeout of the stream's own)
    /// the rest goes out with the next call.
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

    /// [`flush`](Self::flush) as the thing that it polls.
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

#[cfg(test)]
mod tests {
    use std::iter::repeat;
    use std::time::Duration;

    use proptest::collection::vec;
    use proptest::prelude::*;
    use tokio::io::AsyncWriteExt;

    use super::*;
    use crate::framing::DEFAULT_MAX_MESSAGE;

    /// A stream each read of which brings so many bytes at the most.
    struct InPieces<I>(BytesMut, I);

    impl<I: Iterator<Item = usize> + Unpin> AsyncRead for InPieces<I> {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buffer: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            let most = self.1.next().unwrap().min(buffer.remaining()).min(self.0.len());
            buffer.put_slice(&self.0.split_to(most));
            Poll::Ready(Ok(()))
        }
    }

    fn reader<R>(io: R) -> FrameReader<R> {
        FrameReader::new(io, Framing::U32, DEFAULT_MAX_MESSAGE)
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_get_loses_nothing() {
        let (mut there, here) = tokio::io::duplex(64);
        let mut reader = reader(here);
        for part in [&b"\0\0"[..], b"\0\x05he", b"ll"] {
            there.write_all(part).await.unwrap();
            let get = tokio::time::timeout(Duration::from_secs(1), reader.get());
            assert!(get.await.is_err(), "the message is not whole");
        }
        there.write_all(b"o").await.unwrap();
        assert_eq!(reader.get().await.unwrap().unwrap(), "hello");
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_put_leaves_no_half_frame() {
        let (here, there) = tokio::io::duplex(8);
        let mut writer = FrameWriter::new(here, Framing::U32);
        let put = tokio::time::timeout(Duration::from_secs(1), writer.put(&[1; 20]));
        assert!(put.await.is_err(), "the stream has room for 8 bytes");
        let mut reader = reader(there);
        let (sent, got) = tokio::join!(writer.put(&[2; 3]), async {
            [reader.get().await.unwrap().unwrap(), reader.get().await.unwrap().unwrap()]
        });
        sent.unwrap();
        assert_eq!(got, [vec![1; 20], vec![2; 3]]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_send_of_a_large_message_leaves_its_rest_or_nothing() {
        let (here, there) = tokio::io::duplex(1000);
        let mut writer = FrameWriter::new(here, Framing::U32);
        let large = vec![1; LARGE];
        let second = Duration::from_secs(1);
        assert!(tokio::time::timeout(second, writer.send(&large)).await.is_err(), "it has no room");
        assert_eq!(writer.pending(), 4 + LARGE - 1000);
        let mut reader = reader(there);
        let (sent, got) = tokio::join!(writer.send(&[2; 3]), reader.get());
        sent.unwrap();
        assert_eq!(got.unwrap().unwrap(), large);
        assert_eq!(reader.get().await.unwrap().unwrap(), vec![2; 3]);

        // Without room for a single byte nothing is begun.
        writer.feed(&[3; 996]).unwrap();
        writer.flush().await.unwrap();
        assert!(tokio::time::timeout(second, writer.send(&large)).await.is_err(), "it is full");
        assert_eq!(writer.pending(), 0);
        assert_eq!(reader.get().await.unwrap().unwrap(), vec![3; 996]);
    }

    #[tokio::test]
    async fn many_small_messages_are_taken_one_by_one_and_all_at_once_in_turn() {
        let numbers: Vec<_> = (0..1000_u32).map(|it| it.to_be_bytes().to_vec()).collect();
        let mut stream = BytesMut::new();
        for number in &numbers {
            Framing::U32.encode(number, &mut stream).unwrap();
        }
        // The first read ends inside a frame.
        let (first, second) = stream.split_at(100 * 8 + 5);
        let mut reader = reader(tokio::io::AsyncReadExt::chain(first, second));
        let mut got = Vec::new();
        while got.len() < 110 {
            got.push(reader.get().await.unwrap().unwrap());
        }
        assert_eq!(reader.unfinished(), 900 * 8 - 10 * 8);
        reader.readable().await.unwrap();
        let batch = reader.batch().await.unwrap().unwrap();
        got.extend(batch.payloads().map(Bytes::copy_from_slice));
        assert!(reader.get().await.unwrap().is_none());
        assert_eq!(got, numbers);
    }

    #[tokio::test]
    async fn the_memory_of_a_large_message_that_was_lent_goes_with_the_next_small_one() {
        let (large, mut stream) = (vec![1; 3 * LARGEST_SPARE], BytesMut::new());
        for message in [&large[..], &large, b"small", b"last"] {
            Framing::U32.encode(message, &mut stream).unwrap();
        }
        let mut reader = reader(&stream[..]);
        for _ in 0..2 {
            assert_eq!(reader.next_ref().await.unwrap().unwrap(), large);
            assert!(reader.buffer.capacity() > LARGEST_SPARE);
        }
        assert_eq!(reader.next_ref().await.unwrap().unwrap(), b"small");
        assert!(reader.buffer.capacity() <= LARGEST_SPARE);
        assert_eq!(reader.next_ref().await.unwrap().unwrap(), b"last");
        assert_eq!(reader.next_ref().await.unwrap(), None);
    }

    proptest! {
        /// However the stream comes in pieces, and in whatever turn messages are lent, taken out, and
        /// taken out together.
        #[test]
        fn what_is_lent_is_what_was_sent(
            sizes in vec(prop_oneof![4 => 0..100_usize, 1 => 0..100_000_usize], 0..40),
            pieces in vec(prop_oneof![5..50_usize, 10_000..70_000_usize], 2..8),
            calls in vec(0..4_u8, 1..8),
            framing in prop_oneof![Just(Framing::U32), Just(Framing::Lines), Just(Framing::Netstring)],
        ) {
            let sent: Vec<_> = (0_u8..).zip(sizes).map(|(n, size)| vec![n | 0x40; size]).collect();
            let mut stream = BytesMut::new();
            sent.iter().for_each(|message| framing.encode(message, &mut stream).unwrap());
            let stream = InPieces(stream, pieces.into_iter().cycle());
            let mut reader = FrameReader::new(stream, framing, DEFAULT_MAX_MESSAGE);
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let got = runtime.block_on(async {
                let mut got: Vec<Vec<u8>> = Vec::new();
                for call in calls.into_iter().cycle() {
                    let before = got.len();
                    match call {
                        0 => got.extend(reader.get().await.unwrap().map(Into::into)),
                        1 => {
                            let batch = reader.batch().await.unwrap();
                            got.extend(batch.iter().flat_map(|it| it.payloads().map(<[u8]>::to_vec)));
                        }
                        _ => got.extend(reader.next_ref().await.unwrap().map(<[u8]>::to_vec)),
                    }
                    if got.len() == before {
                        break;
                    }
                }
                got
            });
            prop_assert_eq!(reader.unfinished(), 0);
            prop_assert_eq!(got, sent);
        }
    }

    #[tokio::test]
    async fn a_large_message_is_read_into_the_memory_of_one_that_nobody_has_any_more() {
        const SIZE: usize = RESERVE_AHEAD;
        let mut stream = BytesMut::new();
        for number in 0..6_u8 {
            Framing::U32.encode(&vec![number; SIZE], &mut stream).unwrap();
        }
        Framing::U32.encode(b"small", &mut stream).unwrap();
        let stream = stream.freeze();
        let mut reader = reader(&stream[..]);
        let mut kept = Vec::new();
        let mut next = async || reader.get().await.unwrap().unwrap();
        // The first one has told how large they are.
        drop(next().await);
        kept.push(next().await);
        kept.push(next().await);
        let third = next().await;
        let place = third.as_ptr();
        assert!(kept.iter().all(|kept| kept.as_ptr() != place));
        drop(third);
        let fourth = next().await;
        assert_eq!(fourth.as_ptr(), place);
        kept.push(fourth);
        for (message, number) in kept.iter().zip([1, 2, 4]) {
            assert!(message.iter().all(|byte| *byte == number) && message.len() == SIZE);
        }
        assert_eq!(next().await, vec![5; SIZE]);
        assert_eq!(next().await, "small");
        assert!(reader.get().await.unwrap().is_none());
        assert!(reader.spares.is_empty(), "no more large ones are expected");
    }

    #[tokio::test]
    async fn with_the_last_bytes_of_a_large_message_nothing_of_the_next_is_read() {
        let mut stream = BytesMut::new();
        for number in 0..2_u8 {
            Framing::U32.encode(&vec![number; RESERVE_AHEAD], &mut stream).unwrap();
        }
        // Four bytes are missing, as a pipe of a mebibyte does not hold them.
        let pieces = [READ_SIZE, RESERVE_AHEAD - READ_SIZE].into_iter().chain(repeat(usize::MAX));
        let mut reader = reader(InPieces(stream, pieces));
        for number in 0..2_u8 {
            assert_eq!(reader.get().await.unwrap().unwrap(), vec![number; RESERVE_AHEAD]);
            assert_eq!(reader.unfinished(), 0);
        }
    }

    #[tokio::test]
    async fn messages_before_a_broken_frame_are_given_out_first() {
        let mut reader = reader(&b"\0\0\0\x01a\0\0\0\x01b\x7fELF"[..]);
        let batch = reader.batch().await.unwrap().unwrap();
        assert_eq!(batch.payloads().collect::<Vec<_>>(), [b"a", b"b"]);
        assert!(matches!(reader.batch().await, Err(Error::Framing(FramingError::TooLarge { .. }))));
    }

    #[tokio::test]
    async fn a_stream_that_ends_inside_a_frame_is_truncated() {
        for cut in 1..9 {
            let mut reader = reader(&b"\0\0\0\x05hello"[..cut]);
            let error = reader.get().await.unwrap_err();
            assert!(matches!(error, Error::Framing(FramingError::Truncated { .. })), "{cut}");
        }
        assert!(reader(&b""[..]).get().await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_last_line_without_its_end_is_not_passed_on_verbatim() {
        let mut reader = FrameReader::new(&b"a\nb"[..], Framing::Lines, 10);
        assert!(reader.batch().await.unwrap().unwrap().frames().is_some());
        assert!(reader.batch().await.unwrap().unwrap().frames().is_none());
        assert!(reader.batch().await.unwrap().is_none());
    }

    #[test]
    fn an_exact_reader_leaves_the_next_message_for_others() {
        for framing in Framing::ALL.into_iter().filter(|framing| *framing != Framing::Raw) {
            let mut stream = BytesMut::new();
            for payload in [&b"[1]"[..], b"{\"two\": 2}", b"3"] {
                framing.encode(payload, &mut stream).unwrap();
            }
            let stream = stream.freeze();
            let mut rest = &stream[..];
            for payload in [&b"[1]"[..], b"{\"two\": 2}", b"3"] {
                // A reader of its own for each message, as with `gipc recv`.
                let mut reader = FrameReader::new(&mut rest, framing, 100).exact();
                assert_eq!(reader.blocking_get().unwrap().unwrap(), payload, "{framing}");
            }
            assert!(rest.is_empty(), "{framing}");
        }
    }
}
