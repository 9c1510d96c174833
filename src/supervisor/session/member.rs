//! One instance, as far as others are concerned: how far it has come, and what is to become of it.

use super::Cause;
use super::groups::GroupId;
use crate::guard::Verdict;
use crate::plan::topology::{Milestone, ProcessId};

/// Where it is on its way, see the picture in [`super`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// For others, or for the beginning.
    Waiting,
    Running,
    /// It has ended, and pauses before it is started again with its group.
    Resting,
    /// It was asked to end.
    Stopping,
    /// It has, or need not, and is started again when all of its group have.
    Down,
    /// By hand: until it is started by hand.
    Stopped,
    Done {
        verdict: Verdict,
        success: bool,
    },
    /// It was never started: what it depends on has not come so far.
    Skipped,
    /// It is not one of us any more.
    Removed,
}

/// What becomes of one that is to be stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// It stays, stopped.
    Stay,
    /// It is removed.
    Leave,
    /// It is started again, with its group.
    Again(GroupId),
    /// The session ends.
    End,
}

/// An instance.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) process: ProcessId,
    pub(super) number: usize,
    pub(super) stage: Stage,
    /// It is to be stopped; and then.
    pub(super) then: Option<Then>,
    /// Why it is started next.
    pub(super) cause: Cause,
    /// How far it has come since it was started other than by its policy.
    pub(super) started: bool,
    pub(super) ready: bool,
}

impl Member {
    pub(super) const fn new(process: ProcessId, number: usize, cause: Cause) -> Self {
        let stage = Stage::Waiting;
        Self { process, number, stage, then: None, cause, started: false, ready: false }
    }

    pub(super) const fn is_living(&self) -> bool {
        matches!(self.stage, Stage::Running | Stage::Resting | Stage::Stopping)
    }

    pub(super) const fn is_to_stop(&self) -> bool {
        matches!(self.stage, Stage::Running | Stage::Stopping) && self.then.is_some()
    }

    /// Can it be asked to end, now that it is to?
    pub(super) const fn can_be_asked(&self) -> bool {
        match self.stage {
            Stage::Running => self.then.is_some(),
            // Its policy is let rest for as long as it wants to.
            Stage::Resting => !matches!(self.then, None | Some(Then::Again(_))),
            _ => false,
        }
    }

    pub(super) const fn has_reached(&self, milestone: Milestone) -> bool {
        match milestone {
            Milestone::Started => self.started,
            Milestone::Ready => self.ready,
            Milestone::Completed => matches!(self.stage, Stage::Done { .. }),
            Milestone::CompletedSuccessfully => {
                matches!(self.stage, Stage::Done { success: true, .. })
            }
        }
    }

    /// Until it is started by hand: who waits for it waits for that.
    pub(super) fn stay_down(&mut self) {
        self.begin_again(Cause::Hand);
        self.stage = Stage::Stopped;
    }

    /// From the beginning.
    pub(super) fn begin_again(&mut self, cause: Cause) {
        *self = Self::new(self.process, self.number, cause);
    }
}
