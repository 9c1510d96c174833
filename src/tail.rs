//! The last lines of an instance, for whoever asks why it has failed.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use memchr::memrchr;

/// How many lines are kept, and how many bytes of each.
const LINES: usize = 10;
const BYTES: usize = 1000;

/// The last lines. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Tail(Rc<RefCell<VecDeque<String>>>);

impl Tail {
    /// Takes lines that all end with a newline.
    pub fn keep(&self, mut lines: &[u8]) {
        // The last ones first: of a large piece most is not looked at.
        let mut new = VecDeque::new();
        while let Some(rest) = lines.strip_suffix(b"\n")
            && new.len() < LINES
        {
            let start = memrchr(b'\n', rest).map_or(0, |end| end + 1);
            let line = &rest[start..];
            new.push_front(String::from_utf8_lossy(&line[..line.len().min(BYTES)]).into_owned());
            lines = &rest[..start];
        }
        let mut kept = self.0.borrow_mut();
        kept.append(&mut new);
        let too_many = kept.len().saturating_sub(LINES);
        kept.drain(..too_many);
    }

    /// The lines, the oldest first.
    pub fn lines(&self) -> Vec<String> {
        self.0.borrow().iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_ones_are_kept_in_their_order() {
        let tail = Tail::default();
        tail.keep(b"one\ntwo\n");
        assert_eq!(tail.lines(), ["one", "two"]);
        let many: String = (0..100).map(|number| format!("{number}\n")).collect();
        tail.keep(many.as_bytes());
        assert_eq!(tail.lines(), ["90", "91", "92", "93", "94", "95", "96", "97", "98", "99"]);
        tail.keep(b"\n");
        assert_eq!(tail.lines().last().unwrap(), "");
        tail.keep(&[&b"x".repeat(5000)[..], b"\n"].concat());
        assert_eq!(tail.lines().last().unwrap().len(), BYTES);
    }
}
