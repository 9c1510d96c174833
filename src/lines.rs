//! A stream of bytes, cut into lines.

use memchr::{memchr, memrchr};

/// The longest line that is kept whole; a longer one is broken here, with a newline.
pub const LONGEST: usize = 1 << 20;

/// The line of a stream that has begun and not ended.
#[derive(Debug, Default)]
pub struct Begun(Vec<u8>);

impl Begun {
    /// Takes the next bytes, and passes on the lines that are whole now, each piece with its
    /// newline at the end.
    pub fn take(&mut self, mut bytes: &[u8], mut whole: impl FnMut(&[u8])) {
        if !self.0.is_empty() {
            let end = memchr(b'\n', bytes).map_or(bytes.len(), |newline| newline + 1);
            self.0.extend_from_slice(&bytes[..end]);
            bytes = &bytes[end..];
            if self.0.len() >= LONGEST && !self.0.ends_with(b"\n") {
                self.0.push(b'\n');
            }
            if self.0.ends_with(b"\n") {
                whole(&std::mem::take(&mut self.0));
            }
        }
        if let Some(newline) = memrchr(b'\n', bytes) {
            let (lines, rest) = bytes.split_at(newline + 1);
            whole(lines);
            bytes = rest;
        }
        self.0.extend_from_slice(bytes);
    }

    /// The stream has ended: what does not end with a newline gets one.
    pub fn end(&mut self, mut whole: impl FnMut(&[u8])) {
        if !self.0.is_empty() {
            self.0.push(b'\n');
            whole(&std::mem::take(&mut self.0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pieces that come of these reads.
    fn pieces(reads: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut begun = Begun::default();
        let mut pieces = Vec::new();
        for read in reads {
            begun.take(read, |piece| pieces.push(piece.to_vec()));
        }
        begun.end(|piece| pieces.push(piece.to_vec()));
        pieces
    }

    #[test]
    fn whole_lines_are_passed_on_at_once_and_the_rest_with_its_end() {
        assert_eq!(pieces(&[b"a\nb\nc", b"d", b"\ne\nf\n"]), [&b"a\nb\n"[..], b"cd\n", b"e\nf\n"]);
        assert_eq!(pieces(&[b"a", b"\n", b"\n"]), [b"a\n", &b"\n"[..]]);
        assert_eq!(pieces(&[b"a\n", b"no end"]), [&b"a\n"[..], b"no end\n"]);
        assert_eq!(pieces(&[]), [b""; 0]);
    }

    #[test]
    fn every_split_gives_the_same_lines() {
        let text = b"one\n\ntwo\nthree";
        for first in 0..text.len() {
            for second in first..text.len() {
                let reads = [&text[..first], &text[first..second], &text[second..]];
                assert_eq!(pieces(&reads).concat(), b"one\n\ntwo\nthree\n");
            }
        }
    }

    #[test]
    fn a_line_without_end_is_broken() {
        let block = vec![b'x'; LONGEST / 2];
        let pieces = pieces(&[&block, &block, &block]);
        let lengths: Vec<_> = pieces.iter().map(Vec::len).collect();
        assert_eq!(lengths, [LONGEST + 1, LONGEST / 2 + 1]);
        assert!(pieces.iter().all(|piece| piece.ends_with(b"\n")));
    }
}
