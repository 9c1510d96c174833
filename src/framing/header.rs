//! The length in front of a payload, in each of the five ways to write it.
//!
//! Headers are short, so they are read anew on every call, and no state has to survive between
//! two pieces of one.

use std::fmt::Write;

use bytes::{BufMut, BytesMut};
use memchr::memchr;

/// The longest header block that `content-length` accepts, in bytes, its blank line included.
pub(super) const MAX_HEADER_BLOCK: usize = 8 << 10;

/// What the front of a buffer says about the payload behind it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Header {
    /// `size` bytes of payload begin at `start`.
    Whole { start: usize, size: u64 },
    /// The header is not all there; at least so many of its bytes are still to come.
    Missing(usize),
}

/// A length of `ffffffff` in `u32`: the real one follows in 8 bytes.
const EXTENDED: u32 = u32::MAX;

#[inline]
pub(super) fn read_u32(buf: &[u8]) -> Header {
    match buf.first_chunk() {
        None => Header::Missing(4 - buf.len()),
        Some(&length) => match u32::from_be_bytes(length) {
            EXTENDED => match buf[4..].first_chunk() {
                None => Header::Missing(12 - buf.len()),
                Some(&length) => Header::Whole { start: 12, size: u64::from_be_bytes(length) },
            },
            size => Header::Whole { start: 4, size: size.into() },
        },
    }
}

#[inline]
pub(super) fn put_u32(size: u64, out: &mut BytesMut) {
    // Python reads the four bytes as signed: the extension begins at 2³¹, not at 2³² - 1.
    match i32::try_from(size) {
        Ok(size) => out.put_i32(size),
        Err(_) => {
            out.put_u32(EXTENDED);
            out.put_u64(size);
        }
    }
}

#[inline]
pub(super) fn read_u32le(buf: &[u8]) -> Header {
    match buf.first_chunk() {
        None => Header::Missing(4 - buf.len()),
        Some(&length) => Header::Whole { start: 4, size: u32::from_le_bytes(length).into() },
    }
}

#[inline]
pub(super) fn read_varint(buf: &[u8]) -> Result<Header, &'static str> {
    let mut size = 0;
    for (i, &byte) in buf.iter().enumerate() {
        // The tenth byte has room for one bit, and an eleventh for none.
        if i == 9 && byte > 1 {
            return Err("a length of more than 64 bits");
        }
        size |= u64::from(byte & 0x7f) << (7 * i);
        if byte < 0x80 {
            return Ok(Header::Whole { start: i + 1, size });
        }
    }
    Ok(Header::Missing(1))
}

#[inline]
pub(super) fn put_varint(mut size: u64, out: &mut BytesMut) {
    while size >= 0x80 {
        out.put_u8(size as u8 | 0x80);
        size >>= 7;
    }
    out.put_u8(size as u8);
}

/// Reads up to the colon, or to the digit with which the size exceeds `max`: digits without end
/// are no way around the limit.
#[inline]
pub(super) fn read_netstring(buf: &[u8], max: u64) -> Result<Header, &'static str> {
    let mut size = 0_u64;
    for (i, &byte) in buf.iter().enumerate() {
        match byte {
            b'0'..=b'9' if i > 0 && buf[0] == b'0' => return Err("a leading zero in the length"),
            b'0'..=b'9' => size = size.saturating_mul(10).saturating_add((byte - b'0').into()),
            b':' if i > 0 => return Ok(Header::Whole { start: i + 1, size }),
            _ => return Err("something other than a digit in the length"),
        }
        if size > max {
            return Ok(Header::Whole { start: i + 1, size });
        }
    }
    Ok(Header::Missing(1))
}

pub(super) fn put_netstring(size: u64, out: &mut BytesMut) {
    write!(out, "{size}:").expect("a BytesMut grows as needed");
}

/// Reads the header block line by line, so that what is no header is refused at its first
/// newline and does not leave the reader waiting for a blank line.
pub(super) fn read_content_length(buf: &[u8]) -> Result<Header, &'static str> {
    let block = &buf[..buf.len().min(MAX_HEADER_BLOCK)];
    let mut size = None;
    let mut start = 0;
    while let Some(newline) = memchr(b'\n', &block[start..]) {
        let line = &block[start..start + newline];
        start += newline + 1;
        let line = line.strip_suffix(b"\r").ok_or("a header line that does not end in \\r\\n")?;
        if line.is_empty() {
            let size = size.ok_or("no Content-Length in the header")?;
            return Ok(Header::Whole { start, size });
        }
        if let Some(announced) = content_length(line)? {
            if size.is_some_and(|size| size != announced) {
                return Err("two different values of Content-Length");
            }
            size = Some(announced);
        }
    }
    if block.len() == MAX_HEADER_BLOCK {
        return Err("a header block of more than 8 KiB");
    }
    Ok(Header::Missing(match block {
        [.., b'\r', b'\n', b'\r'] => 1,
        [.., b'\r', b'\n'] => 2,
        [.., b'\r'] => 3,
        _ => 4,
    }))
}

/// The value of one header line, if it is the one that matters.
fn content_length(line: &[u8]) -> Result<Option<u64>, &'static str> {
    let colon = memchr(b':', line).ok_or("a header line without a colon")?;
    if !line[..colon].eq_ignore_ascii_case(b"content-length") {
        return Ok(None);
    }
    str::from_utf8(line[colon + 1..].trim_ascii())
        .ok()
        .filter(|digits| !digits.starts_with('+')) // which `parse` takes for part of a number
        .and_then(|digits| digits.parse().ok())
        .map(Some)
        .ok_or("a Content-Length that is no number")
}

pub(super) fn put_content_length(size: u64, out: &mut BytesMut) {
    write!(out, "Content-Length: {size}\r\n\r\n").expect("a BytesMut grows as needed");
}
