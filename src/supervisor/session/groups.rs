//! Instances that are started again together: when the last of them is down, all are.

use super::{Cause, InstanceId, Member, Session, Stage, Then};

/// Names a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct GroupId(usize);

/// For each group how many of it are not down yet.
#[derive(Debug, Default)]
pub(super) struct Groups(Vec<usize>);

impl Groups {
    /// A new one, with nobody in it.
    pub(super) fn open(&mut self) -> GroupId {
        // One that nobody is in any more can be another's.
        let free = self.0.iter().position(|open| *open == 0);
        GroupId(free.unwrap_or_else(|| {
            self.0.push(0);
            self.0.len() - 1
        }))
    }
}

impl Session {
    /// One that runs, or is down, is to be started again with this group, and with no other. One
    /// that is over is as good as down.
    pub(super) fn join(&mut self, instance: InstanceId, group: GroupId, cause: Cause) {
        let Member { stage, then, .. } = self.members[instance.0];
        let is_open = matches!(stage, Stage::Running | Stage::Resting | Stage::Stopping);
        self.change(instance, |it| {
            (it.then, it.cause) = (Some(Then::Again(group)), cause);
            if !is_open {
                it.stage = Stage::Down;
            }
        });
        self.groups.0[group.0] += usize::from(is_open);
        if let Some(Then::Again(old)) = then
            && is_open
        {
            self.leave(old);
        }
    }

    /// One of the group is down.
    pub(super) fn lie_down(&mut self, instance: InstanceId, group: GroupId) {
        self.change(instance, |it| it.stage = Stage::Down);
        self.leave(group);
    }

    /// The group waits for one less.
    pub(super) fn leave(&mut self, group: GroupId) {
        self.groups.0[group.0] -= 1;
        self.rise_if_down(group);
    }

    /// Where all of a group are down, they are to be started.
    pub(super) fn rise_if_down(&mut self, group: GroupId) {
        if self.groups.0[group.0] > 0 {
            return;
        }
        for instance in self.instance_ids() {
            let Member { stage, then, cause, .. } = self.members[instance.0];
            if (stage, then) == (Stage::Down, Some(Then::Again(group))) {
                self.change(instance, |it| it.begin_again(cause));
            }
        }
    }
}
