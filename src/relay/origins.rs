//! Who has sent which messages, as long as these may be dropped to make room for those of others.

use std::collections::VecDeque;
use std::rc::Rc;

use super::Source;

/// Up to how many runs are kept without a look at what has become of them.
const FEW: usize = 64;

/// The writers of messages, by the numbers of these.
#[derive(Debug, Default)]
pub(super) struct Origins {
    /// Messages of one writer each, in order: up to this number.
    runs: VecDeque<(u64, Rc<Source>)>,
    /// With how many the past is looked at.
    many: usize,
}

impl Origins {
    /// The messages up to the one with this number that have come since the last time are those of
    /// this writer. `oldest` tells which number is the first that still matters.
    pub(super) fn note(&mut self, last: u64, source: &Rc<Source>, oldest: impl FnOnce() -> u64) {
        match self.runs.back_mut() {
            Some((end, known)) if Rc::ptr_eq(known, source) => *end = last,
            _ => self.runs.push_back((last, Rc::clone(source))),
        }
        if self.runs.len() > self.many.max(FEW) {
            let oldest = oldest();
            let over = self.runs.partition_point(|(last, _)| *last < oldest);
            self.runs.drain(..over);
            // Looked at so seldom that it costs next to nothing.
            self.many = 2 * self.runs.len();
        }
    }

    /// Whose message this is.
    pub(super) fn of(&self, number: u64) -> Option<&Rc<Source>> {
        let place = self.runs.partition_point(|(last, _)| *last < number);
        self.runs.get(place).map(|(_, source)| source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_message_has_its_writer_until_it_does_not_matter_any_more() {
        let mut origins = Origins::default();
        let (a, b) = (Source::new("a"), Source::new("b"));
        for last in 1..=1000 {
            let source = if last % 4 < 2 { &a } else { &b };
            origins.note(last, source, || last.saturating_sub(10));
            for number in last.saturating_sub(9).max(1)..=last {
                let expected = if number % 4 < 2 { "a" } else { "b" };
                assert_eq!(origins.of(number).unwrap().from, expected, "{number}");
            }
            assert!(origins.of(last + 1).is_none());
            assert!(origins.runs.len() <= FEW + 1);
        }
    }
}
