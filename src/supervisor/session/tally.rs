//! How far the instances of a process have come, counted: what depends on them is told without a
//! look at each.

use std::ops::{AddAssign, SubAssign};

use super::{Member, Stage};
use crate::plan::topology::Milestone;

/// How many there are of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Those that have not been removed.
    pub(super) present: usize,
    pub(super) waiting: usize,
    /// Something of it runs, or is about to without being asked.
    pub(super) living: usize,
    /// It runs, and is not to any more.
    pub(super) to_stop: usize,
    /// It has ended by itself, or was never started.
    pub(super) ended: usize,
    /// By milestone: it has come so far.
    reached: [usize; 4],
    /// By milestone: it has not, and never will.
    never: [usize; 4],
}

impl Tally {
    /// Of one.
    pub(super) fn of(member: &Member) -> Self {
        let is = usize::from;
        let ended = matches!(member.stage, Stage::Done { .. } | Stage::Skipped);
        let mut tally = Self {
            present: is(member.stage != Stage::Removed),
            waiting: is(member.stage == Stage::Waiting),
            living: is(member.is_living()),
            to_stop: is(member.is_to_stop()),
            ended: is(ended),
            ..Self::default()
        };
        if member.stage != Stage::Removed {
            for milestone in MILESTONES {
                let reached = member.has_reached(milestone);
                tally.reached[milestone as usize] = is(reached);
                tally.never[milestone as usize] = is(ended && !reached);
            }
        }
        tally
    }

    /// Have all come so far? `None`: not yet.
    pub(super) fn all_reached(&self, milestone: Milestone) -> Option<bool> {
        let milestone = milestone as usize;
        if self.never[milestone] > 0 {
            return Some(false);
        }
        (self.reached[milestone] == self.present).then_some(true)
    }

    /// Is it the same for those that depend on these?
    pub(super) fn is_as_far_as(&self, other: &Self) -> bool {
        (self.present, self.reached, self.never) == (other.present, other.reached, other.never)
    }

    /// Have all ended? Where there is none, nobody has.
    pub(super) const fn all_ended(&self) -> bool {
        self.present > 0 && self.ended == self.present
    }
}

const MILESTONES: [Milestone; 4] =
    [Milestone::Started, Milestone::Ready, Milestone::Completed, Milestone::CompletedSuccessfully];

impl Tally {
    fn combine(&mut self, other: &Self, combine: impl Fn(&mut usize, usize)) {
        combine(&mut self.present, other.present);
        combine(&mut self.waiting, other.waiting);
        combine(&mut self.living, other.living);
        combine(&mut self.to_stop, other.to_stop);
        combine(&mut self.ended, other.ended);
        for milestone in MILESTONES {
            let at = milestone as usize;
            combine(&mut self.reached[at], other.reached[at]);
            combine(&mut self.never[at], other.never[at]);
        }
    }
}

impl AddAssign<&Self> for Tally {
    fn add_assign(&mut self, other: &Self) {
        self.combine(other, |sum, number| *sum += number);
    }
}

impl SubAssign<&Self> for Tally {
    fn sub_assign(&mut self, other: &Self) {
        self.combine(other, |sum, number| *sum -= number);
    }
}
