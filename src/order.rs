//! What comes in any order and goes out by its numbers.

use std::collections::BTreeMap;

/// Things that wait for those before them.
#[derive(Debug)]
pub struct Order<T> {
    next: u64,
    held: BTreeMap<u64, T>,
}

impl<T> Order<T> {
    /// Nothing has come; this is the number of the first one that goes out.
    pub fn from(first: u64) -> Self {
        Self { next: first, held: BTreeMap::new() }
    }

    /// The number of the next one that goes out.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// The next one does not come.
    pub fn skip(&mut self) {
        self.next += 1;
    }

    /// Holds one back until its turn.
    pub fn hold(&mut self, number: u64, thing: T) {
        self.held.insert(number, thing);
    }

    /// The next one, if it has come.
    pub fn take(&mut self) -> Option<T> {
        let thing = self.held.remove(&self.next)?;
        self.next += 1;
        Some(thing)
    }

    /// All that are there, whatever is missing between them.
    pub fn take_all(&mut self) -> impl Iterator<Item = T> + use<T> {
        std::mem::take(&mut self.held).into_values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_waits_for_those_before_it() {
        let mut order = Order::from(3);
        order.hold(4, "four");
        order.hold(6, "six");
        assert_eq!(order.take(), None);
        order.hold(3, "three");
        assert_eq!((order.take(), order.take(), order.take()), (Some("three"), Some("four"), None));
        order.skip();
        assert_eq!((order.take(), order.next()), (Some("six"), 7));
        order.hold(9, "nine");
        order.hold(8, "eight");
        assert_eq!(order.take_all().collect::<Vec<_>>(), ["eight", "nine"]);
    }
}
