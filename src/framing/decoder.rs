//! Finding frames in a buffer that grows at its end and is eaten from its front.

use std::ops::Range;

use memchr::memchr;

use super::{
    Framing, Head,
    header::{self, Header},
    json_seq,
};

/// How much one read of `raw` asks for, in bytes.
const RAW_READ: usize = 64 << 10;

/// Finds frames at the front of a byte buffer that the caller owns.
///
/// It keeps how far it has looked, so that a long line that arrives in pieces is scanned once.
/// After an error the stream has no boundary left to go on from.
///
/// ```
/// # use gipc::framing::{Decoder, Framing, Step};
/// let mut decoder = Decoder::new(Framing::Lines, 1024);
/// let mut buf = b"one\ntw".to_vec();
/// let Step::Frame(frame) = decoder.decode(&buf)? else { unreachable!() };
/// assert_eq!(&buf[frame.payload], b"one");
/// buf.drain(..frame.len);
/// assert_eq!(decoder.decode(&buf)?, Step::Incomplete { missing: 1 });
/// # Ok::<(), gipc::framing::FramingError>(())
/// ```
#[derive(Debug)]
pub struct Decoder {
    framing: Framing,
    max_message: usize,
    /// A last line without its newline is no message.
    strict: bool,
    /// How many bytes of the current frame are known to hold no delimiter.
    seen: usize,
    json: json_seq::Scanner,
    /// The whole size of the current, incomplete frame, once its header has told.
    want: Option<u64>,
}

/// What a [`Decoder`] found at the front of the buffer. Closed: there is nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A whole frame.
    Frame(Frame),
    /// The beginning of a frame, or nothing.
    Incomplete {
        /// How many further bytes certainly still belong to this frame; at least 1.
        ///
        /// A reader that asks for no more than this never reads past the frame's end.
        missing: usize,
    },
}

/// Where a frame and its payload lie, counted from the front of the buffer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The length of the whole frame in bytes.
    pub len: usize,
    /// The payload within it.
    pub payload: Range<usize>,
}

/// Why there is no further message in a byte stream.
#[derive(thiserror::Error, Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FramingError {
    /// A message exceeds the limit.
    #[error(
        "a `{framing}` message of {}{size} bytes exceeds the limit of {max} (max_message); \
         it begins {head}{}",
        at_least(.framing), hint(.framing, .head)
    )]
    TooLarge {
        /// How the stream was read.
        framing: Framing,
        /// The message's size in bytes as announced; where the limit was passed before the end
        /// was in sight (`lines`, `nul`, `json-seq`, `netstring`), its least size.
        size: u64,
        /// The limit, in bytes.
        max: usize,
        /// The first bytes of the frame.
        head: Head,
    },
    /// The bytes are not a frame.
    #[error("not a `{framing}` frame: {what}; it begins {head}{}", hint_of_malformed(.framing, .head))]
    Malformed {
        /// How the stream was read.
        framing: Framing,
        /// What is wrong.
        what: &'static str,
        /// The first bytes of the frame.
        head: Head,
    },
    /// The stream ended inside a frame.
    #[error(
        "a `{framing}` frame was cut off after {have}{} bytes; it begins {head}{}",
        of(.want), hint(.framing, .head)
    )]
    Truncated {
        /// How the stream was read.
        framing: Framing,
        /// How many bytes of the frame came.
        have: usize,
        /// How many the whole frame has, header included, if that is known.
        want: Option<u64>,
        /// The first bytes of the frame.
        head: Head,
    },
}

impl Decoder {
    /// A decoder for a stream in `framing`, whose payloads have at most `max_message` bytes each.
    pub fn new(framing: Framing, max_message: usize) -> Self {
        Decoder {
            framing,
            // No buffer is larger than `isize::MAX`; so a header's length can be added.
            max_message: max_message.min(isize::MAX as usize - header::MAX_HEADER_BLOCK - 1),
            strict: false,
            seen: 0,
            json: json_seq::Scanner::default(),
            want: None,
        }
    }

    /// Makes a last line without its newline an error, instead of a message: for writers that are
    /// known to end every line, as Node's `process.send` does.
    #[must_use]
    pub fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    /// A decoder for another stream of this kind.
    pub(crate) fn renewed(&self) -> Self {
        Self { strict: self.strict, ..Self::new(self.framing, self.max_message) }
    }

    /// The largest payload that is accepted, in bytes.
    pub fn max_message(&self) -> usize {
        self.max_message
    }

    /// How large the frame is that was found incomplete, in bytes, where its header has told.
    pub(crate) fn wanted(&self) -> Option<u64> {
        self.want
    }

    /// The framing of the stream.
    pub fn framing(&self) -> Framing {
        self.framing
    }

    /// Looks for a frame at the front of `buf`, which starts at the first byte not yet taken.
    ///
    /// After [`Step::Frame`] the caller drops `len` bytes from the front before the next call;
    /// after [`Step::Incomplete`] the next call has the same bytes and more after them.
    ///
    /// # Errors
    /// [`FramingError::TooLarge`] as soon as the message is known to exceed the limit, before the
    /// caller would take memory for it; [`FramingError::Malformed`] where no frame can begin like that.
    #[inline]
    pub fn decode(&mut self, buf: &[u8]) -> Result<Step, FramingError> {
        match self.framing {
            Framing::U32 => self.counted(buf, Ok(header::read_u32(buf)), 0),
            Framing::U32Le => self.counted(buf, Ok(header::read_u32le(buf)), 0),
            Framing::Varint => self.counted(buf, header::read_varint(buf), 0),
            Framing::Netstring => {
                self.counted(buf, header::read_netstring(buf, self.max_message as u64), 1)
            }
            Framing::ContentLength => self.counted(buf, header::read_content_length(buf), 0),
            Framing::Lines => self.delimited(buf, b'\n'),
            Framing::Nul => self.delimited(buf, 0),
            Framing::JsonSeq => self.json_seq(buf),
            Framing::Raw => Ok(self.raw(buf)),
        }
    }

    /// The frame at the front of `buf`, if all of it is there: what [`decode`](Self::decode) says
    /// most of the time, without its errors, which are large and take time to hand on.
    #[inline]
    pub(crate) fn whole(&mut self, buf: &[u8]) -> Option<Frame> {
        if self.framing == Framing::U32 {
            let Header::Whole { start, size } = header::read_u32(buf) else { return None };
            if size > self.max_message as u64 {
                return None;
            }
            let len = start + size as usize;
            return (len <= buf.len()).then_some(Frame { len, payload: start..len });
        }
        match self.decode(buf) {
            Ok(Step::Frame(frame)) => Some(frame),
            _ => None,
        }
    }

    /// Says what the rest of the stream is, now that it has ended and `buf` is left over.
    ///
    /// Call it after [`decode`](Self::decode) found the same `buf` incomplete. A final line
    /// without its newline is a message, unless the decoder is [`strict`](Self::strict); `None` is a
    /// clean end.
    ///
    /// # Errors
    /// [`FramingError::Truncated`] when the stream ended inside a frame.
    pub fn finish(&mut self, buf: &[u8]) -> Result<Option<Frame>, FramingError> {
        match self.decode(buf)? {
            Step::Frame(frame) => Ok(Some(frame)),
            Step::Incomplete { .. } if buf.is_empty() => Ok(None),
            Step::Incomplete { .. } if self.framing == Framing::Lines && !self.strict => {
                self.seen = 0;
                Ok(Some(Frame { len: buf.len(), payload: 0..buf.len() }))
            }
            Step::Incomplete { .. } => Err(FramingError::Truncated {
                framing: self.framing,
                have: buf.len(),
                want: self.want,
                head: Head::of(buf),
            }),
        }
    }

    /// A frame whose header tells its length; `trailer` bytes follow the payload.
    #[inline]
    fn counted(
        &mut self,
        buf: &[u8],
        header: Result<Header, &'static str>,
        trailer: usize,
    ) -> Result<Step, FramingError> {
        let (start, size) = match header {
            Ok(Header::Whole { start, size }) => (start, size),
            Ok(Header::Missing(missing)) => {
                self.want = None;
                return Ok(Step::Incomplete { missing });
            }
            Err(what) => return Err(self.malformed(buf, what)),
        };
        if size > self.max_message as u64 {
            return Err(self.too_large(buf, size));
        }
        let end = start + size as usize;
        let len = end + trailer;
        if buf.len() < len {
            self.want = Some(len as u64);
            return Ok(Step::Incomplete { missing: len - buf.len() });
        }
        // Only `netstring` has a trailer.
        if trailer == 1 && buf[end] != b',' {
            return Err(self.malformed(buf, "no comma after the payload"));
        }
        Ok(Step::Frame(Frame { len, payload: start..end }))
    }

    /// A frame that ends at the first `delimiter`.
    #[inline]
    fn delimited(&mut self, buf: &[u8], delimiter: u8) -> Result<Step, FramingError> {
        let within_limit = &buf[..buf.len().min(self.max_message + 1)];
        let unseen = within_limit.get(self.seen..).unwrap_or_default();
        if let Some(at) = memchr(delimiter, unseen) {
            let end = self.seen + at;
            self.seen = 0;
            return Ok(Step::Frame(Frame { len: end + 1, payload: 0..end }));
        }
        self.seen = within_limit.len();
        if buf.len() > self.max_message {
            return Err(self.too_large(buf, self.max_message as u64 + 1));
        }
        Ok(Step::Incomplete { missing: 1 })
    }

    fn json_seq(&mut self, buf: &[u8]) -> Result<Step, FramingError> {
        let within_limit = &buf[..buf.len().min(self.max_message + 2)];
        match self.json.find_end(within_limit) {
            Ok(Some(end)) => {
                self.json = json_seq::Scanner::default();
                Ok(Step::Frame(Frame { len: end + 1, payload: 1..end }))
            }
            Ok(None) if buf.len() > self.max_message + 1 => {
                Err(self.too_large(buf, self.max_message as u64 + 1))
            }
            Ok(None) => Ok(Step::Incomplete { missing: 1 }),
            Err(what) => Err(self.malformed(buf, what)),
        }
    }

    /// All that is there, up to the limit; at least one byte, or the caller would never end.
    fn raw(&self, buf: &[u8]) -> Step {
        let most = self.max_message.max(1);
        match buf.len().min(most) {
            0 => Step::Incomplete { missing: most.min(RAW_READ) },
            len => Step::Frame(Frame { len, payload: 0..len }),
        }
    }

    #[cold]
    fn too_large(&self, frame: &[u8], size: u64) -> FramingError {
        let (framing, max) = (self.framing, self.max_message);
        FramingError::TooLarge { framing, size, max, head: Head::of(frame) }
    }

    #[cold]
    fn malformed(&self, frame: &[u8], what: &'static str) -> FramingError {
        FramingError::Malformed { framing: self.framing, what, head: Head::of(frame) }
    }
}

fn at_least(framing: &Framing) -> &'static str {
    match framing {
        Framing::Lines | Framing::Nul | Framing::JsonSeq | Framing::Netstring => "at least ",
        _ => "",
    }
}

fn of(want: &Option<u64>) -> String {
    want.map(|want| format!(" of {want}")).unwrap_or_default()
}

const LINES: &str =
    "; this looks like text: the process may be writing lines; try `--framing lines`";

/// What to try when text stands where a binary length should.
fn hint(framing: &Framing, head: &Head) -> &'static str {
    match framing {
        Framing::U32 | Framing::U32Le | Framing::Varint if head.looks_like_text() => LINES,
        _ => "",
    }
}

/// The same where the bytes are no frame, and so do not begin as one whose framing is text itself.
fn hint_of_malformed(framing: &Framing, head: &Head) -> &'static str {
    let bytes = head.as_bytes().to_ascii_lowercase();
    match framing {
        Framing::Netstring if bytes.first().is_some_and(u8::is_ascii_digit) => "",
        Framing::ContentLength if bytes.starts_with(b"content-") => "",
        Framing::Netstring | Framing::ContentLength | Framing::JsonSeq
            if head.looks_like_text() =>
        {
            LINES
        }
        _ => hint(framing, head),
    }
}
