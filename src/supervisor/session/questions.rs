//! What is asked about an instance.

use super::member::{Member, Stage, Then};
use super::{InstanceId, Session};
use crate::plan::topology::{Dependency, Milestone, ProcessId};

impl Session {
    /// What it waits for that has not come as far as it should, or never will.
    pub(crate) fn waits_for(&self, instance: InstanceId) -> Vec<Dependency> {
        let member = &self.members[instance.0];
        let reached = |it: &Dependency| self.processes[it.on.0].tally.all_reached(it.until);
        let all = self.processes[member.process.0].depends_on.iter().copied();
        match member.stage {
            Stage::Waiting => all.filter(|it| reached(it) != Some(true)).collect(),
            Stage::Skipped => all.filter(|it| reached(it) == Some(false)).collect(),
            _ => Vec::new(),
        }
    }

    /// The instances of a process that have not come so far.
    pub(crate) fn not_yet(&self, process: ProcessId, until: Milestone) -> Vec<InstanceId> {
        let members = self.processes[process.0].members.iter();
        let is_open = |it: &InstanceId| {
            let member = &self.members[it.0];
            member.stage != Stage::Removed && !member.has_reached(until)
        };
        members.copied().filter(is_open).collect()
    }

    /// Has it ended by itself, or been removed, or ended with the session?
    pub(crate) fn has_left(&self, instance: InstanceId) -> bool {
        matches!(self.members[instance.0].stage, Stage::Done { .. } | Stage::Removed)
    }

    /// Was it never started, and never will be?
    pub(crate) fn is_skipped(&self, instance: InstanceId) -> bool {
        self.members[instance.0].stage == Stage::Skipped
    }

    /// Was it stopped by hand?
    pub(crate) fn is_stopped(&self, instance: InstanceId) -> bool {
        self.members[instance.0].stage == Stage::Stopped
    }

    /// Is it not one of the session's any more?
    pub(crate) fn is_removed(&self, instance: InstanceId) -> bool {
        self.members[instance.0].stage == Stage::Removed
    }

    /// Has it ended, or will it never be started, unless somebody asks for it?
    pub(crate) fn is_over(&self, instance: InstanceId) -> bool {
        let stage = self.members[instance.0].stage;
        matches!(stage, Stage::Stopped | Stage::Done { .. } | Stage::Skipped | Stage::Removed)
    }

    /// Is something that was asked for still to be done to it?
    pub(crate) fn is_moving(&self, instance: InstanceId) -> bool {
        let Member { stage, then, started, .. } = self.members[instance.0];
        match stage {
            Stage::Running => then.is_some() || !started,
            Stage::Resting | Stage::Stopping | Stage::Down => true,
            Stage::Waiting => self.is_coming(instance),
            _ => false,
        }
    }

    /// Does it run, or will it when those that it waits for do their part?
    fn is_coming(&self, instance: InstanceId) -> bool {
        let Member { stage, then, .. } = self.members[instance.0];
        match stage {
            Stage::Waiting => self.waits_for(instance).iter().all(|Dependency { on, until }| {
                self.not_yet(*on, *until).into_iter().all(|it| self.is_coming(it))
            }),
            Stage::Running | Stage::Stopping => matches!(then, None | Some(Then::Again(_))),
            Stage::Resting | Stage::Down => true,
            _ => false,
        }
    }

    /// Is it to run, and waits for others, or will never be started because of them?
    pub(crate) fn is_open(&self, instance: InstanceId) -> bool {
        matches!(self.members[instance.0].stage, Stage::Waiting | Stage::Skipped)
    }

    /// Whom else it waits for, down as it is, before it is started again.
    pub(crate) fn rises_after(&self, instance: InstanceId) -> Vec<ProcessId> {
        let Member { stage: Stage::Down, then, .. } = self.members[instance.0] else {
            return Vec::new();
        };
        let others = self.members.iter().filter(|it| it.then == then && it.stage != Stage::Down);
        let mut others: Vec<_> = others.map(|it| it.process).collect();
        others.dedup();
        others
    }

    /// Whom the stop of a running instance waits for; empty where it is not to be stopped.
    pub(crate) fn stops_after(&self, instance: InstanceId) -> Vec<ProcessId> {
        let member = &self.members[instance.0];
        if !(member.stage == Stage::Running && member.then.is_some()) {
            return Vec::new();
        }
        let others = self.processes[member.process.0].stops_after.iter();
        let is_left = |it: &ProcessId| self.processes[it.0].blocks;
        others.copied().filter(is_left).collect()
    }
}
