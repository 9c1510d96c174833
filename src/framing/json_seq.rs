//! JSON text sequences, RFC 7464: where one text ends.
//!
//! The RFC finds the end of a text by the next record separator. Messages that are answered one
//! by one cannot wait for that, so the newline that the RFC has every writer put behind a text
//! ends the frame. Newlines inside the text (pretty-printed JSON) are told from it by counting
//! brackets; whether the text is valid JSON beyond that is its reader's concern.
//!
//! The RFC also lets a reader pass over a text that was cut short, and over separators with nothing
//! between them. Here both are errors: no message disappears in silence.

use memchr::{memchr, memchr3};
use serde::de::IgnoredAny;

/// What every text begins with, and what no JSON text contains.
pub(super) const RECORD_SEPARATOR: u8 = 0x1e;

/// What keeps `payload` from being sent as one JSON text, if anything.
pub(super) fn obstacle(payload: &[u8]) -> Option<&'static str> {
    let Ok(text) = str::from_utf8(payload) else {
        return Some("text that is not UTF-8");
    };
    if serde_json::from_str::<IgnoredAny>(text).is_err() {
        return Some("anything but one JSON text");
    }
    // The reader would take it for the end of the frame, and the rest for a broken one.
    memchr(b'\n', &payload[payload.trim_ascii_end().len()..])
        .map(|_| "a newline after the JSON text")
}

/// Looks for the newline that ends a text, each byte once however many pieces they come in.
#[derive(Debug, Default)]
pub(super) struct Scanner {
    seen: usize,
    place: Place,
    /// How many brackets and braces are open.
    depth: usize,
}

/// What the next byte is part of.
#[derive(Clone, Copy, Debug, Default)]
enum Place {
    /// White space before the text, where a newline ends nothing.
    #[default]
    Before,
    Text,
    String,
    /// In a string, behind a backslash.
    Escape,
}

impl Scanner {
    /// The position of the newline that ends the frame at the front of `buf`.
    pub(super) fn find_end(&mut self, buf: &[u8]) -> Result<Option<usize>, &'static str> {
        if self.seen == 0 {
            match buf.first() {
                None => return Ok(None),
                Some(&RECORD_SEPARATOR) => self.seen = 1,
                Some(_) => return Err("no record separator (1e) at its start"),
            }
        }
        while let Some(&byte) = buf.get(self.seen) {
            self.place = match (self.place, byte) {
                (_, RECORD_SEPARATOR) => {
                    return Err("a text cut short by the next record separator");
                }
                (Place::Escape, _) => Place::String,
                (Place::String, b'"') => Place::Text,
                (Place::String, b'\\') => Place::Escape,
                (Place::String, _) => {
                    let rest = &buf[self.seen..];
                    self.seen += memchr3(b'"', b'\\', RECORD_SEPARATOR, rest).unwrap_or(rest.len());
                    continue;
                }
                (Place::Before, b' ' | b'\t' | b'\n' | b'\r') => Place::Before,
                (Place::Text, b'\n') if self.depth == 0 => return Ok(Some(self.seen)),
                (Place::Before | Place::Text, b'"') => Place::String,
                (Place::Before | Place::Text, b'{' | b'[') => {
                    self.depth += 1;
                    Place::Text
                }
                (Place::Before | Place::Text, b'}' | b']') => {
                    self.depth = self.depth.saturating_sub(1);
                    Place::Text
                }
                (Place::Before | Place::Text, _) => Place::Text,
            };
            self.seen += 1;
        }
        Ok(None)
    }
}
