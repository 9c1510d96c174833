//! Which instances run, and when all is over: (state, event) → orders.
//!
//! Each instance has a [`Policy`](super::policy::Policy) of its own; here is what concerns several
//! of them. No process, clock or descriptor is touched.
//!
//! ```text
//!            dependencies have             policy is         nothing of it
//!            come so far                   asked to stop     is left
//! Waiting ──────────────────▶ Running ───▶ Stopping ───────▶ Stopped, Removed, Done
//!    ▲                           │                 └───────▶ Down: until all of its group are
//!    └── the whole group is ─────┼───────────────────────────┘
//!        down, or by hand        └─▶ Done: it has ended by itself, for good
//! ```

use std::collections::VecDeque;

use gipc::process::Signal;

use crate::guard::Verdict;
use crate::plan::rules::Restart;
use crate::plan::stops::Stops;
use crate::plan::topology::{Dependency, ExitRule, ProcessId, Strategy, Topology};

mod by_hand;
mod groups;
mod member;
mod questions;
mod tally;

use groups::Groups;
use member::{Member, Stage, Then};
use tally::Tally;

/// Names an instance: its place among all instances that the session has ever had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct InstanceId(pub(crate) usize);

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Happening {
    /// gipc is set up.
    Begin,
    Started(InstanceId),
    Ready(InstanceId),
    /// It has ended, and pauses before it is started again.
    Pausing(InstanceId),
    /// The pause is over.
    Rested(InstanceId),
    /// It has ended and is not started again.
    Done {
        instance: InstanceId,
        verdict: Verdict,
        success: bool,
    },
    /// A signal came that asks gipc to end. One that came around the guard never counts as second.
    Asked {
        signal: Signal,
        by_guard: bool,
    },
    /// A signal came that asks gipc to end at once.
    Demanded(Signal),
    /// The whole run has taken too long.
    TimedOut,
    /// Somebody has asked for the end of the session, and nothing is wrong.
    Dismissed,
}

/// Something to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// There is a new instance.
    Add {
        instance: InstanceId,
        process: ProcessId,
        number: usize,
    },
    Start(InstanceId, Cause),
    /// Ask it to end, with this signal where it has none of its own.
    Stop(InstanceId, Signal),
    /// Nobody writes to it any more: let it end by itself, and ask it to otherwise.
    Drain(InstanceId, Signal),
    /// End it at once.
    Kill(InstanceId, Signal),
    /// Say that it is never started, because this process has not come as far as it should.
    NeverStarts(InstanceId, ProcessId),
    /// End gipc.
    Finish(Verdict),
}

/// Why an instance is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// It is in the description.
    Described,
    /// It has ended, and its policy has it started again.
    Policy,
    /// Another one is started again, and the strategy ties it to that.
    Others,
    /// Somebody has asked for it.
    Hand,
}

/// A process: what its instances have in common.
#[derive(Debug, Default)]
struct Process {
    depends_on: Vec<Dependency>,
    /// Who depends on it.
    followers: Vec<ProcessId>,
    stops: Stops,
    /// Who is stopped before it.
    stops_after: Vec<ProcessId>,
    /// All that there have ever been, in the order of their numbers.
    members: Vec<InstanceId>,
    tally: Tally,
    /// How many of those are still to be.
    blockers: usize,
    /// It is to be stopped, or somebody who is stopped before it by way of others is.
    blocks: bool,
    /// Is it ever restarted?
    restarts: bool,
    /// In the order of starts.
    place: usize,
}

/// The state of all instances together.
#[derive(Debug)]
pub(crate) struct Session {
    exit: ExitRule,
    strategy: Strategy,
    members: Vec<Member>,
    processes: Vec<Process>,
    /// Of all members.
    tally: Tally,
    groups: Groups,
    /// Processes whose waiting members may be able to start.
    to_start: VecDeque<ProcessId>,
    /// Processes whose members may be able to be stopped.
    to_stop: VecDeque<ProcessId>,
    /// What ended first, for good.
    first: Option<Verdict>,
    first_failure: Option<Verdict>,
    /// How gipc is to end, once that is decided, and with what the others are asked to.
    ending: Option<(Verdict, Signal)>,
    asked: u32,
    /// It is to end soon.
    is_hurried: bool,
    finished: bool,
}

impl Session {
    pub(crate) fn new(topology: &Topology) -> Self {
        let mut session = Self {
            exit: topology.exit,
            strategy: topology.strategy,
            members: Vec::new(),
            processes: Vec::new(),
            tally: Tally::default(),
            groups: Groups::default(),
            to_start: VecDeque::new(),
            to_stop: VecDeque::new(),
            first: None,
            first_failure: None,
            ending: None,
            asked: 0,
            is_hurried: false,
            finished: false,
        };
        session.take_over(topology, &topology.start_order());
        for (process, description) in topology.processes.iter().enumerate() {
            for number in 1..=description.replicas {
                session.add(ProcessId(process), number, Cause::Described);
            }
        }
        session
    }

    /// Takes what a topology says of its processes; `order`: that of their starts.
    fn take_over(&mut self, topology: &Topology, order: &[ProcessId]) {
        (self.exit, self.strategy) = (topology.exit, topology.strategy);
        self.processes.resize_with(topology.processes.len(), Process::default);
        for (process, description) in self.processes.iter_mut().zip(&topology.processes) {
            process.depends_on.clone_from(&description.depends_on);
            process.restarts = description.rules.restart != Restart::Never;
            process.followers.clear();
            process.stops_after.clear();
            (process.blockers, process.blocks) = (0, false);
        }
        for (place, process) in order.iter().enumerate() {
            self.processes[process.0].place = place;
        }
        for (follower, description) in topology.processes.iter().enumerate() {
            for Dependency { on, .. } in &description.depends_on {
                self.processes[on.0].followers.push(ProcessId(follower));
            }
        }
        for (place, stops) in Stops::of(topology).into_iter().enumerate() {
            for after in &stops.before {
                self.processes[after.0].stops_after.push(ProcessId(place));
            }
            self.processes[place].stops = stops;
        }
        for process in self.process_ids() {
            self.block(process);
        }
        self.to_start.extend(self.process_ids());
    }

    fn process_ids(&self) -> impl Iterator<Item = ProcessId> + use<> {
        (0..self.processes.len()).map(ProcessId)
    }

    fn instance_ids(&self) -> impl Iterator<Item = InstanceId> + use<> {
        (0..self.members.len()).map(InstanceId)
    }

    /// Adds an instance that waits.
    fn add(&mut self, process: ProcessId, number: usize, cause: Cause) -> InstanceId {
        let member = Member::new(process, number, cause);
        let (tally, instance) = (Tally::of(&member), InstanceId(self.members.len()));
        self.members.push(member);
        self.tally += &tally;
        let process = &mut self.processes[process.0];
        process.tally += &tally;
        process.members.push(instance);
        instance
    }

    /// Changes a member; what may follow from it for others is looked at by [`Self::advance`].
    fn change(&mut self, instance: InstanceId, change: impl FnOnce(&mut Member)) {
        let member = &mut self.members[instance.0];
        let before = Tally::of(member);
        change(member);
        let after = Tally::of(member);
        let id = member.process;
        self.tally -= &before;
        self.tally += &after;
        let process = &mut self.processes[id.0];
        process.tally -= &before;
        process.tally += &after;
        if after.waiting > before.waiting {
            self.to_start.push_back(id);
        }
        if !after.is_as_far_as(&before) {
            self.to_start.extend(&process.followers);
        }
        if after.to_stop != before.to_stop {
            self.block(id);
        }
    }

    /// Tells those that are stopped after a process whether they have to wait for it, or need not
    /// any more.
    fn block(&mut self, process: ProcessId) {
        let mut concerned = vec![process];
        while let Some(id) = concerned.pop() {
            let process = &mut self.processes[id.0];
            let blocks = process.tally.to_stop > 0 || process.blockers > 0;
            if std::mem::replace(&mut process.blocks, blocks) == blocks {
                continue;
            }
            for at in 0..self.processes[id.0].stops.before.len() {
                let after = self.processes[id.0].stops.before[at];
                let blockers = &mut self.processes[after.0].blockers;
                *blockers = if blocks { *blockers + 1 } else { *blockers - 1 };
                if *blockers == 0 {
                    self.to_stop.push_back(after);
                }
                concerned.push(after);
            }
        }
    }

    pub(crate) fn step(&mut self, happening: Happening) -> Vec<Order> {
        if self.finished {
            return Vec::new();
        }
        let mut orders = Vec::new();
        match happening {
            Happening::Begin => {}
            Happening::Started(instance) => self.change(instance, |it| it.started = true),
            Happening::Ready(instance) => self.change(instance, |it| it.ready = true),
            Happening::Pausing(instance) => self.renew_others(instance),
            Happening::Rested(instance) => {
                let Member { stage, then, .. } = self.members[instance.0];
                match (stage, then) {
                    (Stage::Resting, Some(Then::Again(group))) => self.lie_down(instance, group),
                    (Stage::Running, None) => orders.push(Order::Start(instance, Cause::Policy)),
                    // It is to be stopped, and will be asked to.
                    _ => {}
                }
            }
            Happening::Done { instance, verdict, success } => {
                self.done(instance, verdict, success);
            }
            Happening::Asked { signal, by_guard } => {
                self.is_hurried = true;
                self.asked += u32::from(by_guard);
                if self.asked > 1 {
                    return self.kill(signal);
                }
                self.end(Verdict::Signal(signal), signal);
            }
            Happening::Demanded(signal) => return self.kill(signal),
            Happening::TimedOut => {
                self.is_hurried = true;
                self.end(Verdict::Exit(Verdict::TIMED_OUT), Signal::TERM);
            }
            Happening::Dismissed => {
                self.is_hurried = true;
                // What has failed by itself has; what is stopped now has not.
                self.end(self.sum(None), Signal::TERM);
            }
        }
        self.advance(&mut orders);
        orders
    }

    /// One has ended, for good unless it is to be started again.
    fn done(&mut self, instance: InstanceId, verdict: Verdict, success: bool) {
        let Member { stage, then, cause, .. } = self.members[instance.0];
        let was_asked = stage == Stage::Stopping;
        let done = Stage::Done { verdict, success };
        match then {
            Some(Then::Leave) => self.change(instance, |it| it.stage = Stage::Removed),
            Some(Then::Stay) if was_asked => self.change(instance, Member::stay_down),
            // One that its policy has given up meanwhile is not started again for others' sake.
            Some(Then::Again(group)) if was_asked || cause == Cause::Hand => {
                self.lie_down(instance, group);
            }
            _ => {
                self.change(instance, |it| (it.stage, it.then) = (done, None));
                if let Some(Then::Again(group)) = then {
                    self.leave(group);
                }
                if !was_asked {
                    self.first.get_or_insert(verdict);
                    if !success {
                        self.first_failure.get_or_insert(verdict);
                    }
                }
            }
        }
    }

    fn kill(&mut self, signal: Signal) -> Vec<Order> {
        self.is_hurried = true;
        self.end(Verdict::Signal(signal), signal);
        let mut orders = Vec::new();
        for instance in self.instance_ids() {
            if self.members[instance.0].is_living() {
                self.change(instance, |it| it.stage = Stage::Stopping);
                orders.push(Order::Kill(instance, signal));
            }
        }
        self.advance(&mut orders);
        orders
    }

    /// All that follows from how things stand.
    fn advance(&mut self, orders: &mut Vec<Order>) {
        // Who would be stopped at once is not started; and who is skipped may decide.
        self.decide();
        if self.ending.is_none() {
            self.start_who_can(orders);
            self.decide();
        }
        self.stop_who_can(orders);
        if let Some((verdict, _)) = self.ending
            && self.tally.living == 0
        {
            self.finished = true;
            // One alone decides what a signal to gipc means: it may have timed out before.
            let verdict = match (verdict, &self.members[..]) {
                (Verdict::Signal(_), [Member { stage: Stage::Done { verdict, .. }, .. }]) => {
                    *verdict
                }
                _ => verdict,
            };
            orders.push(Order::Finish(verdict));
        }
    }

    fn start_who_can(&mut self, orders: &mut Vec<Order>) {
        // One that is skipped may take those that wait for it along.
        while let Some(id) = self.to_start.pop_front() {
            let process = &self.processes[id.0];
            if process.tally.waiting == 0 {
                continue;
            }
            let reached = |it: &Dependency| self.processes[it.on.0].tally.all_reached(it.until);
            let dependencies = process.depends_on.iter();
            let reached: Vec<_> = dependencies.map(|it| (it.on, reached(it))).collect();
            let never = reached.iter().find(|(_, reached)| *reached == Some(false));
            if never.is_none() && !reached.iter().all(|(_, reached)| *reached == Some(true)) {
                continue;
            }
            for instance in process.members.clone() {
                let Member { stage: Stage::Waiting, cause, .. } = self.members[instance.0] else {
                    continue;
                };
                let (stage, order) = match never {
                    None => (Stage::Running, Order::Start(instance, cause)),
                    Some((on, _)) => (Stage::Skipped, Order::NeverStarts(instance, *on)),
                };
                self.change(instance, |it| it.stage = stage);
                orders.push(order);
            }
        }
    }

    /// In their order: whoever waits for the stop of nobody. At the end of the session, whose writers
    /// have all ended sees the end of its messages.
    fn stop_who_can(&mut self, orders: &mut Vec<Order>) {
        let signal = self.ending.map_or(Signal::TERM, |(_, signal)| signal);
        while let Some(id) = self.to_stop.pop_front() {
            let process = &self.processes[id.0];
            if process.blockers > 0 {
                continue;
            }
            let sees_the_end = process.stops.sees_the_end && self.ending.is_some();
            for instance in process.members.clone().into_iter().rev() {
                if self.members[instance.0].can_be_asked() {
                    self.change(instance, |it| it.stage = Stage::Stopping);
                    orders.push(match sees_the_end {
                        true => Order::Drain(instance, signal),
                        false => Order::Stop(instance, signal),
                    });
                }
            }
        }
    }

    /// Has all that may be possible now looked at, in the reverse order of starts.
    fn look_at_stops(&mut self) {
        let mut processes: Vec<_> = self.process_ids().collect();
        processes.sort_by_key(|id| std::cmp::Reverse(self.processes[id.0].place));
        self.to_stop.extend(processes);
    }

    /// Where one is started again, so are those that the strategy ties to it: all are stopped, and
    /// then started in the order of their dependencies.
    fn renew_others(&mut self, instance: InstanceId) {
        let Member { process, stage: Stage::Running, then: None, .. } = self.members[instance.0]
        else {
            return;
        };
        if self.ending.is_some() || self.strategy == Strategy::OneForOne {
            return;
        }
        let place = self.processes[process.0].place;
        let is_tied = |&other: &InstanceId| {
            let member = &self.members[other.0];
            let process = &self.processes[member.process.0];
            let is_after = match self.strategy {
                Strategy::OneForOne => false,
                Strategy::OneForAll => other != instance,
                Strategy::RestForOne => process.place > place,
            };
            let is_renewable = match member.stage {
                Stage::Running => matches!(member.then, None | Some(Then::Again(_))),
                Stage::Resting | Stage::Stopping | Stage::Down => {
                    matches!(member.then, Some(Then::Again(_)))
                }
                _ => false,
            };
            // What is never restarted has its work done once.
            is_after && is_renewable && process.restarts
        };
        let tied: Vec<_> = self.instance_ids().filter(is_tied).collect();
        if tied.is_empty() {
            return; // It is its own affair.
        }
        let group = self.groups.open();
        for other in tied {
            self.join(other, group, Cause::Others);
        }
        self.join(instance, group, Cause::Policy);
        self.change(instance, |it| it.stage = Stage::Resting);
        self.look_at_stops();
    }

    /// Decides how gipc is to end, unless that is decided already: nobody is started any more, and
    /// all that runs is to be stopped.
    fn end(&mut self, verdict: Verdict, signal: Signal) {
        if self.ending.is_some() {
            return;
        }
        self.ending = Some((verdict, signal));
        self.to_start.clear();
        for instance in self.instance_ids() {
            self.change(instance, |it| match it.stage {
                Stage::Waiting => it.stage = Stage::Skipped,
                Stage::Down => (it.stage, it.then) = (Stage::Stopped, None),
                Stage::Running | Stage::Resting | Stage::Stopping => it.then = Some(Then::End),
                Stage::Stopped | Stage::Done { .. } | Stage::Skipped | Stage::Removed => {}
            });
        }
        self.groups = Groups::default();
        self.look_at_stops();
    }

    /// Ends, once the exit rule says so.
    fn decide(&mut self) {
        if self.ending.is_none()
            && let Some(verdict) = self.verdict()
        {
            self.end(verdict, Signal::TERM);
        }
    }

    /// The verdict, once the exit rule has one. One that was stopped by hand has not ended: it may be
    /// started again.
    fn verdict(&self) -> Option<Verdict> {
        let early = match self.exit {
            ExitRule::All | ExitRule::LastFailure => None,
            ExitRule::Any => self.first,
            ExitRule::Fail => self.first_failure,
            ExitRule::Process(process) => {
                let ended = self.processes[process.0].tally.all_ended();
                ended.then(|| self.sum(Some(process)))
            }
        };
        early.or_else(|| {
            self.tally.all_ended().then(|| match self.exit {
                ExitRule::LastFailure => self.last_failure().unwrap_or_else(|| self.sum(None)),
                _ => self.sum(None),
            })
        })
    }

    /// That of the last one, in the order of the description, that has failed.
    fn last_failure(&self) -> Option<Verdict> {
        self.members.iter().rev().find_map(|member| match member.stage {
            Stage::Done { verdict, success: false } => Some(verdict),
            _ => None,
        })
    }

    /// The verdict over all, or over one process's instances: of the one that failed, 1 where
    /// several have.
    fn sum(&self, process: Option<ProcessId>) -> Verdict {
        let counts = |member: &&Member| process.is_none_or(|process| member.process == process);
        sum(self.members.iter().filter(counts))
    }

    /// The verdict over these.
    pub(crate) fn sum_of(&self, instances: &[InstanceId]) -> Verdict {
        sum(instances.iter().map(|it| &self.members[it.0]))
    }

    /// Is it decided how gipc is to end?
    pub(crate) fn is_ending(&self) -> bool {
        self.ending.is_some()
    }

    /// Is it to end soon, by a signal or a timeout?
    pub(crate) fn is_hurried(&self) -> bool {
        self.is_hurried
    }
}

fn sum<'a>(members: impl Iterator<Item = &'a Member> + Clone) -> Verdict {
    let skipped = members.clone().any(|member| member.stage == Stage::Skipped);
    let mut failures = members.filter_map(|member| match member.stage {
        Stage::Done { verdict, success: false } => Some(verdict),
        _ => None,
    });
    match (failures.next(), failures.next()) {
        (None, _) if skipped => Verdict::Exit(Verdict::SEVERAL_FAILED),
        (None, _) => Verdict::Exit(0),
        (Some(verdict), None) => verdict,
        (Some(_), Some(_)) => Verdict::Exit(Verdict::SEVERAL_FAILED),
    }
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
