//! The first bytes of a frame, for errors: the quickest way to see what a process really writes.

use std::fmt;

/// The first bytes of an offending frame, at most 16.
///
/// Shown in hex and as text: `68 65 6c 6c 6f 0a "hello\n"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    bytes: [u8; Self::MAX],
    len: usize,
}

impl Head {
    const MAX: usize = 16;

    pub(super) fn of(frame: &[u8]) -> Self {
        let len = frame.len().min(Self::MAX);
        let mut bytes = [0; Self::MAX];
        bytes[..len].copy_from_slice(&frame[..len]);
        Head { bytes, len }
    }

    /// The bytes themselves.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// Whether all of them are printable ASCII or white space, which lengths in binary hardly
    /// ever are.
    pub fn looks_like_text(&self) -> bool {
        self.len > 0
            && self.as_bytes().iter().all(|b| b.is_ascii_graphic() || b.is_ascii_whitespace())
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.as_bytes() {
            write!(f, "{byte:02x} ")?;
        }
        write!(f, "\"{}\"", self.as_bytes().escape_ascii())
    }
}
