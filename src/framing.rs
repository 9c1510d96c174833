//! Bytes ⇄ messages: how a byte stream shows where one message ends and the next begins.
//!
//! A pipe keeps bytes in order and forgets their boundaries. A *framing* is the agreement that
//! puts the boundaries back, and nearly every one in use is here, so that a process can be wired
//! up in the framing that its language or protocol already speaks:
//!
//! | name | a frame is | spoken by |
//! |---|---|---|
//! | [`u32`](Framing::U32) | 4 bytes, unsigned big-endian length, then the payload | Python's `multiprocessing`, Erlang's `{packet, 4}`, tokio-util |
//! | [`lines`](Framing::Lines) | payload, then `\n` | shell tools, JSON lines, Node's `process.send` |
//! | [`nul`](Framing::Nul) | payload, then `\0` | `find -print0`, `xargs -0` |
//! | [`netstring`](Framing::Netstring) | `12:hello world!,` | djb's tools, SCGI |
//! | [`content-length`](Framing::ContentLength) | `Content-Length: 12\r\n\r\n`, then the payload | language and debug servers |
//! | [`u32le`](Framing::U32Le) | as `u32`, little-endian | browser native messaging |
//! | [`varint`](Framing::Varint) | LEB128 length, then the payload | delimited protobuf, Bazel workers |
//! | [`json-seq`](Framing::JsonSeq) | `\x1e`, JSON, `\n` | RFC 7464 |
//! | [`raw`](Framing::Raw) | any bytes, no boundaries | where boundaries do not matter |
//!
//! This module does no I/O and owns no buffer. [`Framing::encode`] appends to the caller's; a
//! [`Decoder`] looks at the caller's and says where the first frame lies, or how many bytes are
//! certainly still missing. A reader that asks for no more than those leaves the descriptor at a
//! frame's end for the process that reads it next.
//!
//! Whatever the peer sends, a decoder neither panics nor has the caller hold more than one
//! message of the limit's size and its header: the limit is checked before memory is taken.

mod decoder;
mod head;
mod header;
mod json_seq;
#[cfg(test)]
mod tests;

use std::{fmt, str::FromStr};

use bytes::{BufMut, BytesMut};
use memchr::memchr;

pub use decoder::{Decoder, Frame, FramingError, Step};
pub use head::Head;

/// The largest message that is accepted unless the user says otherwise: 64 MiB, in bytes.
pub const DEFAULT_MAX_MESSAGE: usize = 64 << 20;

/// How messages are encoded in a byte stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Framing {
    /// A length of 4 bytes, unsigned and big-endian, then the payload.
    ///
    /// As Erlang's `{packet, 4}` ports do, tokio-util's `LengthDelimitedCodec`, and Python's
    /// `multiprocessing/connection.py`, whose extension is included: after a length of
    /// `ffffffff` the real one follows in 8 bytes, big-endian.
    #[default]
    U32,
    /// The payload, then `\n`.
    ///
    /// A final line without `\n` is a message; a `\r` before the `\n` is part of the payload.
    Lines,
    /// The payload, then `\0`, as `find -print0` writes and `xargs -0` reads.
    Nul,
    /// The length in decimal digits, `:`, the payload, `,`.
    ///
    /// See <https://cr.yp.to/proto/netstrings.txt>.
    Netstring,
    /// `Content-Length: <decimal>\r\n\r\n`, then the payload.
    ///
    /// The base protocol of the Language Server and Debug Adapter Protocols. Other headers are
    /// read and dropped; the header block may have up to 8 KiB.
    ContentLength,
    /// A length of 4 bytes, unsigned and little-endian, then the payload.
    ///
    /// What browsers on little-endian machines speak with native messaging hosts. There is no
    /// extension: a payload has fewer than 2³² bytes.
    U32Le,
    /// The length as an unsigned LEB128 number of at most 64 bits, then the payload.
    ///
    /// Protobuf's `writeDelimitedTo`, which Bazel's persistent workers use.
    Varint,
    /// The record separator `\x1e`, one JSON text, `\n`: RFC 7464.
    ///
    /// The text may hold newlines of its own (pretty-printed JSON), though not after its end,
    /// where the first one ends the frame.
    JsonSeq,
    /// Bytes without boundaries: one read is one message.
    ///
    /// Pieces longer than the limit are cut, and an empty message leaves no trace.
    Raw,
}

impl Framing {
    /// Every framing, the default first, `raw` last.
    pub const ALL: [Framing; 9] = [
        Framing::U32,
        Framing::Lines,
        Framing::Nul,
        Framing::Netstring,
        Framing::ContentLength,
        Framing::U32Le,
        Framing::Varint,
        Framing::JsonSeq,
        Framing::Raw,
    ];

    /// The name as users write it; `to_string` and `parse` use the same.
    pub const fn name(self) -> &'static str {
        match self {
            Framing::U32 => "u32",
            Framing::Lines => "lines",
            Framing::Nul => "nul",
            Framing::Netstring => "netstring",
            Framing::ContentLength => "content-length",
            Framing::U32Le => "u32le",
            Framing::Varint => "varint",
            Framing::JsonSeq => "json-seq",
            Framing::Raw => "raw",
        }
    }

    /// Tells whether this framing can carry `payload`.
    ///
    /// # Errors
    /// [`Unfit`] says what stands in the way.
    #[inline]
    pub fn check(self, payload: &[u8]) -> Result<(), Unfit> {
        match self.obstacle(payload) {
            None => Ok(()),
            Some(what) => Err(Unfit { framing: self, what, able: Self::able_to_carry(payload) }),
        }
    }

    /// What stands in the way of carrying `payload`.
    #[inline]
    fn obstacle(self, payload: &[u8]) -> Option<&'static str> {
        match self {
            Framing::Lines => memchr(b'\n', payload).map(|_| "a newline"),
            Framing::Nul => memchr(0, payload).map(|_| "a zero byte"),
            Framing::U32Le if u32::try_from(payload.len()).is_err() => Some("a payload of 4 GiB"),
            Framing::JsonSeq => json_seq::obstacle(payload),
            Framing::U32
            | Framing::Netstring
            | Framing::ContentLength
            | Framing::U32Le
            | Framing::Varint
            | Framing::Raw => None,
        }
    }

    /// The framings that could carry `payload` and keep its boundaries.
    #[cold]
    fn able_to_carry(payload: &[u8]) -> Vec<Framing> {
        Self::ALL
            .into_iter()
            .filter(|framing| *framing != Framing::Raw && framing.obstacle(payload).is_none())
            .collect()
    }

    /// Appends what stands before a payload of so many bytes, which this framing can carry.
    #[inline]
    fn put_header(self, len: usize, out: &mut BytesMut) {
        let size = len as u64;
        match self {
            Framing::U32 => header::put_u32(size, out),
            Framing::U32Le => out.put_u32_le(len as u32), // `check` saw that it fits
            Framing::Varint => header::put_varint(size, out),
            Framing::Netstring => header::put_netstring(size, out),
            Framing::ContentLength => header::put_content_length(size, out),
            Framing::JsonSeq => out.put_u8(json_seq::RECORD_SEPARATOR),
            Framing::Lines | Framing::Nul | Framing::Raw => {}
        }
    }

    /// Appends what stands before `payload` in a frame that ends with it; `false`, and nothing,
    /// where something stands behind it too.
    ///
    /// # Errors
    /// As [`encode`](Self::encode).
    pub(crate) fn encode_header(self, payload: &[u8], out: &mut BytesMut) -> Result<bool, Unfit> {
        self.check(payload)?;
        let is_all = match self {
            Framing::U32 | Framing::U32Le | Framing::Varint | Framing::ContentLength => true,
            Framing::Lines | Framing::Nul | Framing::Netstring => false,
            Framing::JsonSeq | Framing::Raw => false,
        };
        if is_all {
            self.put_header(payload.len(), out);
        }
        Ok(is_all)
    }

    /// Appends one frame with `payload` to `out`.
    ///
    /// # Errors
    /// [`Unfit`] when this framing cannot carry `payload`; nothing was appended.
    #[inline]
    pub fn encode(self, payload: &[u8], out: &mut BytesMut) -> Result<(), Unfit> {
        self.check(payload)?;
        // One growth for all but the longest headers.
        out.reserve(payload.len() + 16);
        self.put_header(payload.len(), out);
        out.extend_from_slice(payload);
        match self {
            Framing::Lines | Framing::JsonSeq => out.put_u8(b'\n'),
            Framing::Nul => out.put_u8(0),
            Framing::Netstring => out.put_u8(b','),
            Framing::U32
            | Framing::U32Le
            | Framing::Varint
            | Framing::ContentLength
            | Framing::Raw => {}
        }
        Ok(())
    }
}

impl fmt::Display for Framing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Framing {
    type Err = UnknownFraming;

    fn from_str(name: &str) -> Result<Self, UnknownFraming> {
        Self::ALL
            .into_iter()
            .find(|framing| framing.name() == name)
            .ok_or_else(|| UnknownFraming(name.to_owned()))
    }
}

/// A name that is no framing's; the message lists those that are.
#[derive(thiserror::Error, Debug, Clone, PartialEq, Eq)]
#[error("unknown framing `{0}`; the framings are {names}", names = Framing::ALL.map(Framing::name).join(", "))]
pub struct UnknownFraming(String);

/// Why a framing cannot carry a message, and which ones could.
///
/// The caller knows the channel and the number of the message, and adds them.
#[derive(thiserror::Error, Debug, Clone, PartialEq, Eq)]
#[error(
    "{what} cannot be carried by `{framing}`; these could carry it: {able}",
    able = .able.iter().map(|framing| framing.name()).collect::<Vec<_>>().join(", ")
)]
pub struct Unfit {
    /// The framing that was asked for.
    pub framing: Framing,
    /// What stands in the way, as the subject of a sentence: `a newline`.
    pub what: &'static str,
    /// The framings that could carry the message and keep its boundaries.
    pub able: Vec<Framing>,
}
