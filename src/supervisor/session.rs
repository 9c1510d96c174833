//! Which instances run, and when all is over: (state, event) → orders.
//!
//! Each instance has a [`Policy`](super::policy::Policy) of its own; here is what concerns several
//! of them. No process, clock or descriptor is touched.

use std::ops::Range;

use gipc::process::Signal;

use crate::guard::Verdict;
use crate::plan::topology::{Dependency, ExitRule, Milestone, ProcessId, Topology};

/// Names an instance: its place among all instances of the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct InstanceId(pub(crate) usize);

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Happening {
    /// gipc is set up.
    Begin,
    Started(InstanceId),
    Ready(InstanceId),
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
    Start(InstanceId),
    /// Ask it to end, with this signal where it has none of its own.
    Stop(InstanceId, Signal),
    /// End it at once.
    Kill(InstanceId, Signal),
    /// Say that it is never started, because this process has not come as far as it should.
    NeverStarts(InstanceId, ProcessId),
    /// End gipc.
    Finish(Verdict),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// For others, or for the beginning.
    Waiting,
    Running,
    /// It was asked to end.
    Stopping,
    Done {
        verdict: Verdict,
        success: bool,
    },
    /// It was never started, and never will be.
    Skipped,
}

#[derive(Debug)]
struct Member {
    process: ProcessId,
    stage: Stage,
    /// How far it has come at any time.
    started: bool,
    ready: bool,
}

impl Member {
    const fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Done { .. } | Stage::Skipped)
    }

    const fn has_reached(&self, milestone: Milestone) -> bool {
        match milestone {
            Milestone::Started => self.started,
            Milestone::Ready => self.ready,
            Milestone::Completed => matches!(self.stage, Stage::Done { .. }),
            Milestone::CompletedSuccessfully => {
                matches!(self.stage, Stage::Done { success: true, .. })
            }
        }
    }
}

/// The state of all instances together.
#[derive(Debug)]
pub(crate) struct Session {
    exit: ExitRule,
    members: Vec<Member>,
    /// Where each process's members are.
    ranges: Vec<Range<usize>>,
    /// What each process waits for.
    depends_on: Vec<Vec<Dependency>>,
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
        let members = topology.processes.iter().enumerate().flat_map(|(process, description)| {
            let process = ProcessId(process);
            let member =
                move |_| Member { process, stage: Stage::Waiting, started: false, ready: false };
            (0..description.replicas).map(member)
        });
        let mut end = 0;
        let ranges = topology.processes.iter().map(|process| {
            end += process.replicas;
            end - process.replicas..end
        });
        Self {
            exit: topology.exit,
            members: members.collect(),
            ranges: ranges.collect(),
            depends_on: topology.processes.iter().map(|it| it.depends_on.clone()).collect(),
            first: None,
            first_failure: None,
            ending: None,
            asked: 0,
            is_hurried: false,
            finished: false,
        }
    }

    /// What an instance waits for that has not come as far as it should, or never will.
    pub(crate) fn waits_for(&self, instance: InstanceId) -> Vec<Dependency> {
        let member = &self.members[instance.0];
        let all = self.depends_on[member.process.0].iter().copied();
        match member.stage {
            Stage::Waiting => all.filter(|it| self.reached(it) != Some(true)).collect(),
            Stage::Skipped => all.filter(|it| self.reached(it) == Some(false)).collect(),
            _ => Vec::new(),
        }
    }

    /// The instances of a process that have not come so far.
    pub(crate) fn not_yet(&self, process: ProcessId, until: Milestone) -> Vec<InstanceId> {
        let members = self.ranges[process.0].clone();
        members.filter(|it| !self.members[*it].has_reached(until)).map(InstanceId).collect()
    }

    /// Was it never started, and never will be?
    pub(crate) fn is_skipped(&self, instance: InstanceId) -> bool {
        self.members[instance.0].stage == Stage::Skipped
    }

    /// Whom the stop of a running instance waits for.
    pub(crate) fn stops_after(&self, instance: InstanceId) -> Vec<ProcessId> {
        let Member { process, stage, .. } = self.members[instance.0];
        if stage != Stage::Running || self.ending.is_none() {
            return Vec::new();
        }
        let is_left =
            |it: &usize| !self.members[self.ranges[*it].clone()].iter().all(Member::is_over);
        let depends = |it: &usize| self.depends_on[*it].iter().any(|other| other.on == process);
        (0..self.ranges.len()).filter(|it| depends(it) && is_left(it)).map(ProcessId).collect()
    }

    pub(crate) fn step(&mut self, happening: Happening) -> Vec<Order> {
        if self.finished {
            return Vec::new();
        }
        match happening {
            Happening::Begin => {}
            Happening::Started(InstanceId(instance)) => self.members[instance].started = true,
            Happening::Ready(InstanceId(instance)) => self.members[instance].ready = true,
            Happening::Done { instance, verdict, success } => {
                self.members[instance.0].stage = Stage::Done { verdict, success };
                self.first.get_or_insert(verdict);
                if !success {
                    self.first_failure.get_or_insert(verdict);
                }
            }
            Happening::Asked { signal, by_guard } => {
                self.is_hurried = true;
                self.asked += u32::from(by_guard);
                if self.asked > 1 {
                    return self.kill(signal);
                }
                self.ending.get_or_insert((Verdict::Signal(signal), signal));
            }
            Happening::Demanded(signal) => return self.kill(signal),
            Happening::TimedOut => {
                self.is_hurried = true;
                let verdict = Verdict::Exit(Verdict::TIMED_OUT);
                self.ending.get_or_insert((verdict, Signal::TERM));
            }
            Happening::Dismissed => {
                self.is_hurried = true;
                // What has failed by itself has; what is stopped now has not.
                self.ending.get_or_insert((self.sum(None), Signal::TERM));
            }
        }
        self.advance()
    }

    fn kill(&mut self, signal: Signal) -> Vec<Order> {
        self.is_hurried = true;
        self.ending.get_or_insert((Verdict::Signal(signal), signal));
        let mut orders = Vec::new();
        for (instance, member) in self.members.iter_mut().enumerate() {
            match member.stage {
                Stage::Running | Stage::Stopping => {
                    member.stage = Stage::Stopping;
                    orders.push(Order::Kill(InstanceId(instance), signal));
                }
                Stage::Waiting => member.stage = Stage::Skipped,
                Stage::Done { .. } | Stage::Skipped => {}
            }
        }
        orders.extend(self.advance());
        orders
    }

    /// All that follows from how things stand.
    fn advance(&mut self) -> Vec<Order> {
        let mut orders = Vec::new();
        // Who would be stopped at once is not started; and who is skipped may decide.
        self.decide();
        if self.ending.is_none() {
            self.start_who_can(&mut orders);
            self.decide();
        }
        if let Some((verdict, signal)) = self.ending {
            self.stop_who_can(signal, &mut orders);
            if self.members.iter().all(Member::is_over) {
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
        orders
    }

    fn start_who_can(&mut self, orders: &mut Vec<Order>) {
        // One that is skipped may take those that wait for it along.
        let mut again = true;
        while std::mem::take(&mut again) {
            for process in 0..self.depends_on.len() {
                let is_waiting = |member: &Member| member.stage == Stage::Waiting;
                let range = self.ranges[process].clone();
                if !self.members[range.clone()].iter().any(is_waiting) {
                    continue;
                }
                let dependencies = self.depends_on[process].iter();
                let reached: Vec<_> = dependencies.map(|it| (it.on, self.reached(it))).collect();
                let never = reached.iter().find(|(_, reached)| *reached == Some(false));
                if never.is_none() && !reached.iter().all(|(_, reached)| *reached == Some(true)) {
                    continue;
                }
                for instance in range {
                    let member = &mut self.members[instance];
                    if is_waiting(member) {
                        let instance = InstanceId(instance);
                        let (stage, order) = match never {
                            None => (Stage::Running, Order::Start(instance)),
                            Some((on, _)) => (Stage::Skipped, Order::NeverStarts(instance, *on)),
                        };
                        member.stage = stage;
                        orders.push(order);
                        again |= never.is_some();
                    }
                }
            }
        }
    }

    /// Has the process come so far? `None`: not yet.
    fn reached(&self, dependency: &Dependency) -> Option<bool> {
        let mut all = true;
        for member in &self.members[self.ranges[dependency.on.0].clone()] {
            let reached = member.has_reached(dependency.until);
            if !reached && member.is_over() {
                return Some(false);
            }
            all &= reached;
        }
        all.then_some(true)
    }

    /// Is it decided how gipc is to end?
    pub(crate) fn is_ending(&self) -> bool {
        self.ending.is_some()
    }

    /// Is it to end soon, by a signal or a timeout?
    pub(crate) fn is_hurried(&self) -> bool {
        self.is_hurried
    }

    /// Decides how to end, once the exit rule says so.
    fn decide(&mut self) {
        if self.ending.is_none() {
            self.ending = self.verdict().map(|verdict| (verdict, Signal::TERM));
        }
    }

    /// The verdict, once the exit rule has one.
    fn verdict(&self) -> Option<Verdict> {
        let all_over = self.members.iter().all(Member::is_over);
        let early = match self.exit {
            ExitRule::All => None,
            ExitRule::Any => self.first,
            ExitRule::Fail => self.first_failure,
            ExitRule::Process(process) => {
                let mut members = self.members.iter().filter(|member| member.process == process);
                members.all(Member::is_over).then(|| self.sum(Some(process)))
            }
        };
        early.or_else(|| all_over.then(|| self.sum(None)))
    }

    /// The verdict over all, or over one process's instances: of the one that failed, 1 where
    /// several have.
    fn sum(&self, process: Option<ProcessId>) -> Verdict {
        let counts = |member: &&Member| process.is_none_or(|process| member.process == process);
        let mut failures =
            self.members.iter().filter(counts).filter_map(|member| match member.stage {
                Stage::Done { verdict, success: false } => Some(verdict),
                _ => None,
            });
        let skipped =
            self.members.iter().filter(counts).any(|member| member.stage == Stage::Skipped);
        match (failures.next(), failures.next()) {
            (None, _) if skipped => Verdict::Exit(Verdict::SEVERAL_FAILED),
            (None, _) => Verdict::Exit(0),
            (Some(verdict), None) => verdict,
            (Some(_), Some(_)) => Verdict::Exit(Verdict::SEVERAL_FAILED),
        }
    }

    /// In the reverse order of the dependencies: whoever nobody that runs depends on.
    fn stop_who_can(&mut self, signal: Signal, orders: &mut Vec<Order>) {
        for member in &mut self.members {
            if member.stage == Stage::Waiting {
                member.stage = Stage::Skipped;
            }
        }
        let mut needed = vec![false; self.depends_on.len()];
        for member in self.members.iter().filter(|member| !member.is_over()) {
            for dependency in &self.depends_on[member.process.0] {
                needed[dependency.on.0] = true;
            }
        }
        for (instance, member) in self.members.iter_mut().enumerate() {
            if member.stage == Stage::Running && !needed[member.process.0] {
                member.stage = Stage::Stopping;
                orders.push(Order::Stop(InstanceId(instance), signal));
            }
        }
    }
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
