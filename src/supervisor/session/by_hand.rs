//! What somebody asks for while the session runs: orders as those of [`Session::step`].

use super::{Cause, InstanceId, Member, Order, Session, Stage, Then};
use crate::plan::revision::{Fate, Revision};
use crate::plan::topology::ProcessId;

impl Session {
    /// Has these run, those that have ended or were stopped by hand too.
    pub(crate) fn start(&mut self, instances: &[InstanceId]) -> Vec<Order> {
        for instance in instances {
            let Member { stage, then, .. } = self.members[instance.0];
            match (stage, then) {
                (Stage::Stopped | Stage::Done { .. } | Stage::Skipped, _) => {
                    self.change(*instance, |it| it.begin_again(Cause::Hand));
                }
                (Stage::Running, Some(Then::Stay)) => self.change(*instance, |it| it.then = None),
                (Stage::Stopping, Some(Then::Stay)) => {
                    let group = self.groups.open();
                    self.join(*instance, group, Cause::Hand);
                }
                // It runs, or will.
                _ => {}
            }
        }
        self.follow()
    }

    /// Has these not run, until they are started by hand.
    pub(crate) fn stop(&mut self, instances: &[InstanceId]) -> Vec<Order> {
        for instance in instances {
            self.put_out(*instance, Then::Stay, Member::stay_down);
        }
        self.follow()
    }

    /// Stops those of these that run, and starts all when none does any more.
    pub(crate) fn restart(&mut self, instances: &[InstanceId]) -> Vec<Order> {
        self.start_again(instances.to_vec());
        self.follow()
    }

    /// Has so many instances of a process.
    pub(crate) fn scale(&mut self, process: ProcessId, to: usize) -> Vec<Order> {
        let mut orders = Vec::new();
        self.resize(process, to, &mut orders);
        orders.extend(self.follow());
        orders
    }

    /// Goes by another topology. Of a process that is the same or has changed there are as many
    /// instances as before, unless it says another number now.
    pub(crate) fn reload(&mut self, revision: &Revision) -> Vec<Order> {
        let Revision { topology, fates, order, scaled, .. } = revision;
        self.take_over(topology, order);
        let mut orders = Vec::new();
        let mut changed = Vec::new();
        for (process, (fate, description)) in fates.iter().zip(&topology.processes).enumerate() {
            match fate {
                Fate::Same => {}
                Fate::New => self.resize(ProcessId(process), description.replicas, &mut orders),
                Fate::Gone => self.resize(ProcessId(process), 0, &mut orders),
                // One that is not to run takes it over when it is started.
                Fate::Changed => {
                    changed.extend(self.processes[process].members.iter().filter(|member| {
                        !matches!(self.members[member.0].stage, Stage::Stopped | Stage::Removed)
                            && !matches!(self.members[member.0].then, Some(Then::Stay))
                    }))
                }
            }
        }
        for (process, to) in scaled {
            self.resize(*process, *to, &mut orders);
        }
        self.start_again(changed);
        orders.extend(self.follow());
        orders
    }

    /// The instances of a process that there are and are to stay, in the order of their numbers.
    pub(crate) fn instances_of(&self, process: ProcessId) -> Vec<InstanceId> {
        let members = self.processes[process.0].members.iter();
        let stays = |it: &InstanceId| {
            let member = &self.members[it.0];
            member.stage != Stage::Removed && member.then != Some(Then::Leave)
        };
        members.copied().filter(stays).collect()
    }

    fn start_again(&mut self, instances: Vec<InstanceId>) {
        let group = self.groups.open();
        for instance in instances {
            let Member { stage, then, .. } = self.members[instance.0];
            match (stage, then) {
                // It is on its way out, or has not been started yet.
                (_, Some(Then::Leave | Then::End)) | (Stage::Waiting | Stage::Removed, _) => {}
                // It is down, or nearly, and about to be started anyway.
                (Stage::Resting | Stage::Down, _) => {}
                _ => self.join(instance, group, Cause::Hand),
            }
        }
        self.rise_if_down(group);
    }

    /// Stops one, and then; one that does not run is `out` at once.
    fn put_out(&mut self, instance: InstanceId, then: Then, out: fn(&mut Member)) {
        let Member { stage, then: before, .. } = self.members[instance.0];
        match stage {
            Stage::Running | Stage::Resting | Stage::Stopping => {
                self.change(instance, |it| it.then = Some(then));
                if let Some(Then::Again(group)) = before {
                    self.leave(group);
                }
            }
            Stage::Waiting | Stage::Down => self.change(instance, |it| {
                it.then = None;
                out(it);
            }),
            // What has ended has ended, unless it is not to be there at all.
            Stage::Stopped | Stage::Done { .. } | Stage::Skipped if then == Then::Leave => {
                self.change(instance, out);
            }
            Stage::Stopped | Stage::Done { .. } | Stage::Skipped | Stage::Removed => {}
        }
    }

    /// The lowest numbers are added, the highest removed.
    fn resize(&mut self, process: ProcessId, to: usize, orders: &mut Vec<Order>) {
        let there = self.instances_of(process);
        for instance in there.iter().skip(to) {
            self.put_out(*instance, Then::Leave, |it| it.stage = Stage::Removed);
        }
        let mut missing = to.saturating_sub(there.len());
        let mut number = 0;
        while missing > 0 {
            number += 1;
            let members = &self.processes[process.0].members;
            // Numbers are given without gaps, so that the place tells the number.
            match members.get(number - 1).copied() {
                None => {
                    let instance = self.add(process, number, Cause::Hand);
                    orders.push(Order::Add { instance, process, number });
                    self.to_start.push_back(process);
                }
                Some(member) if self.members[member.0].stage == Stage::Removed => {
                    self.change(member, |it| it.begin_again(Cause::Hand));
                }
                // It is on its way out: when it is, it is started again.
                Some(member) if self.members[member.0].then == Some(Then::Leave) => {
                    let group = self.groups.open();
                    self.join(member, group, Cause::Hand);
                }
                Some(_) => continue,
            }
            missing -= 1;
        }
    }

    /// What follows from what was asked for.
    fn follow(&mut self) -> Vec<Order> {
        let mut orders = Vec::new();
        if !self.finished {
            self.look_at_stops();
            self.advance(&mut orders);
        }
        orders
    }
}
