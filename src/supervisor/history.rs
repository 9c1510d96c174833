//! The incarnations of an instance: the last ones, and all of them where a report is to tell them.

use super::session::InstanceId;
use crate::report::Incarnation;

/// So many are enough for who asks how it stands: one that is restarted for years takes no more
/// memory for that.
const KEPT: usize = 16;

/// Names an incarnation of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct IncarnationId {
    pub(super) instance: InstanceId,
    /// From 1.
    pub(super) number: usize,
}

/// What is known of an instance's incarnations.
#[derive(Debug)]
pub(super) struct History {
    kept: Vec<Incarnation>,
    count: usize,
    keeps_all: bool,
}

impl History {
    pub(super) const fn new(keeps_all: bool) -> Self {
        Self { kept: Vec::new(), count: 0, keeps_all }
    }

    /// One more has begun.
    pub(super) fn begin(&mut self, incarnation: Incarnation) {
        if !self.keeps_all && self.kept.len() == KEPT {
            self.kept.remove(0);
        }
        self.kept.push(incarnation);
        self.count += 1;
    }

    /// The name of the last one, of this instance.
    pub(super) const fn id(&self, instance: InstanceId) -> IncarnationId {
        IncarnationId { instance, number: self.count }
    }

    /// How many there have been.
    pub(super) const fn count(&self) -> usize {
        self.count
    }

    pub(super) fn last(&self) -> Option<&Incarnation> {
        self.kept.last()
    }

    pub(super) fn last_mut(&mut self) -> Option<&mut Incarnation> {
        self.kept.last_mut()
    }

    /// Those that are still known, the last one last.
    pub(super) fn kept(&self) -> &[Incarnation] {
        &self.kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Moment, StartCause};

    #[test]
    fn all_are_counted_and_the_last_ones_kept_unless_all_are_to_be() {
        for (keeps_all, kept) in [(false, KEPT), (true, 100)] {
            let mut history = History::new(keeps_all);
            let run = Moment::now();
            (1..=100).for_each(|pid| history.begin(Incarnation::new(pid, StartCause::First, run)));
            assert_eq!((history.count(), history.kept().len()), (100, kept));
            assert_eq!(history.last().unwrap().pid, 100);
        }
    }
}
