//! Why an instance stands as it does, in sentences.

use std::time::{Duration, Instant};

use super::Supervisor;
use super::ending::Strays;
use super::instance::{Child, Instance};
use super::session::InstanceId;
use crate::plan::rules;
use crate::plan::topology::{Dependency, Milestone};
use crate::report::Ending;
use crate::standing::{Cause, Reason, State, span};

/// Of so many replicas it is told what each waits for, and no more.
const SHOWN: usize = 3;

impl Supervisor {
    /// Why an instance stands as it does.
    pub(super) fn reason(&self, id: InstanceId) -> Reason {
        let mut because = Vec::new();
        let root = self.explain(id, 0, &mut because);
        let (instance, root) = (&self.instances[id.0], &self.instances[root.0]);
        Reason {
            name: instance.name.clone(),
            state: self.state(instance),
            because,
            root: root.name.clone(),
            last_lines: root.tail.lines(),
        }
    }

    /// Adds what is to be said of an instance, and of those that are the cause of it; comes back
    /// with the one at the root.
    fn explain(&self, id: InstanceId, depth: usize, because: &mut Vec<Cause>) -> InstanceId {
        let instance = &self.instances[id.0];
        let name = &instance.name;
        let mut say = |what: String| because.push(Cause { depth, what });
        let waits_for = self.session.waits_for(id);
        if waits_for.is_empty() {
            say(format!("{name} {}", self.condition(instance)));
            return self.explain_full(id, depth, because).unwrap_or(id);
        }
        let skipped = self.state(instance) == State::Skipped;
        let mut root = None;
        for Dependency { on, until } in waits_for {
            let other = self.name_of(on);
            let what = match (until, skipped) {
                (Milestone::Started, false) => format!("{name} waits for {other} to be started"),
                (Milestone::Ready, false) => format!("{name} waits for {other} to be ready"),
                (Milestone::Completed, false) => format!("{name} waits for {other} to end"),
                (Milestone::CompletedSuccessfully, false) => {
                    format!("{name} waits for {other} to end well")
                }
                (Milestone::Started, true) => {
                    format!("{name} was never started: {other} was not either")
                }
                (Milestone::Ready, true) => {
                    format!("{name} was never started: {other} has ended without being ready")
                }
                (Milestone::Completed, true) => {
                    format!("{name} was never started: {other} will not end, as it was not either")
                }
                (Milestone::CompletedSuccessfully, true) => {
                    format!("{name} was never started: {other} has not ended well")
                }
            };
            because.push(Cause { depth, what });
            for member in self.session.not_yet(on, until).into_iter().take(SHOWN) {
                let cause = self.explain(member, depth + 1, because);
                root.get_or_insert(cause);
            }
        }
        root.unwrap_or(id)
    }

    /// Adds who does not read what an instance writes, so that it may have to wait.
    fn explain_full(
        &self,
        id: InstanceId,
        depth: usize,
        because: &mut Vec<Cause>,
    ) -> Option<InstanceId> {
        let held_up = self.held_up(id);
        for (channel, readers) in &held_up {
            let names: Vec<_> =
                readers.iter().take(SHOWN).map(|it| &*self.instances[it.0].name).collect();
            let what = match &names[..] {
                [] => format!("its channel `{channel}` is full, and nobody is there who reads it"),
                names => format!("its channel `{channel}` is full: {} must read", names.join(", ")),
            };
            because.push(Cause { depth: depth + 1, what });
        }
        held_up.into_iter().flat_map(|(_, readers)| readers).next()
    }

    /// What is to be said of an instance that waits for no other to be started.
    fn condition(&self, instance: &Instance) -> String {
        let uptime = instance.history.last().map(|it| it.started.instant.elapsed().as_secs_f64());
        let uptime = span(uptime.unwrap_or_default());
        match (self.state(instance), &instance.child) {
            (State::Stopping, Some(child)) => self.stopping(instance, child),
            (State::Starting, Some(child)) => {
                let pid = child.process.pid();
                let limit = instance.policy.ready_by().map(in_time);
                let limit = limit.map(|time| format!("; it has {time} left for that"));
                let why = match instance.plan.ready {
                    None => "its delay is not over".to_owned(),
                    Some(_) => instance.why_not_ready(),
                };
                let limit = limit.unwrap_or_default();
                format!("has run for {uptime} as process {pid}, and is not ready: {why}{limit}")
            }
            (State::Running, Some(child)) => {
                let pid = child.process.pid();
                match &self.session.stops_after(instance.id)[..] {
                    [] => format!("has run for {uptime} as process {pid}"),
                    others => {
                        let others: Vec<_> =
                            others.iter().map(|process| self.name_of(*process)).collect();
                        format!("is to be stopped when {} has ended", others.join(" and "))
                    }
                }
            }
            (State::Stopped, _) if instance.history.count() == 0 => {
                "was stopped by hand".to_owned()
            }
            (State::Stopped, _) => format!("was stopped by hand; it {}", ended(instance)),
            (State::Restarting, _) if instance.policy.pause_ends().is_none() => {
                let others = self.session.rises_after(instance.id);
                let others: Vec<_> = others.iter().map(|it| self.name_of(*it)).collect();
                format!("is started again when {} has been stopped", others.join(" and "))
            }
            (State::Restarting, _) => {
                let pause = instance.policy.pause_ends().map(in_time).unwrap_or_default();
                format!("{}, and is started again in {pause}", ended(instance))
            }
            (State::Failed, _) => match &instance.trouble {
                Some(trouble) => format!("could not be started: {trouble}"),
                None if instance.gave_up => {
                    let rules::RestartLimit { count, within } = instance.plan.rules.limit;
                    let within = humantime::format_duration(within);
                    format!(
                        "{}; it was given up after {count} restarts within {within}",
                        ended(instance)
                    )
                }
                None => ended(instance),
            },
            (State::Ended, _) if instance.history.count() == 0 => "was never started".to_owned(),
            (State::Ended, _) => ended(instance),
            _ => "is about to be started".to_owned(),
        }
    }

    /// What a stop still waits for.
    fn stopping(&self, instance: &Instance, child: &Child) -> String {
        let pid = child.process.pid();
        let asked = match (child.group_asked, instance.killing) {
            (_, true) => "was killed".to_owned(),
            (Some(signal), _) => format!("was asked to end with {signal}"),
            (None, _) => "is ending".to_owned(),
        };
        let left = match child.status {
            None => format!("process {pid} has not ended"),
            Some(status) => {
                let strays = self.strays().unwrap_or_default();
                match left_by(instance.id, &strays)[..] {
                    [] => {
                        format!("it has ended ({status}); what it has printed is being passed on")
                    }
                    [only] => {
                        format!("it has ended ({status}), process {only} that it left has not")
                    }
                    ref many => {
                        let many: Vec<_> = many.iter().map(ToString::to_string).collect();
                        let many = many.join(", ");
                        format!("it has ended ({status}), processes {many} that it left have not")
                    }
                }
            }
        };
        match (instance.policy.ask_at(), instance.policy.kill_at()) {
            (Some((at, signal)), _) => {
                let time = in_time(at);
                format!(
                    "has all its messages, to end by itself: {left}; it gets {signal} in {time}"
                )
            }
            (_, Some(at)) => format!("{asked}: {left}; what is left is killed in {}", in_time(at)),
            (None, None) => format!("{asked}: {left}"),
        }
    }
}

/// The processes that an instance has left behind.
fn left_by(id: InstanceId, strays: &Strays) -> Vec<i32> {
    strays.iter().filter(|(_, owner)| **owner == id).map(|(pid, _)| *pid).collect()
}

/// How long it is until then.
fn in_time(at: Instant) -> String {
    let time = at.saturating_duration_since(Instant::now());
    if time < Duration::from_secs(1) { "less than 1s".to_owned() } else { span(time.as_secs_f64()) }
}

fn ended(instance: &Instance) -> String {
    let Some(incarnation) = instance.history.last() else { return "has ended".to_owned() };
    let how = match &incarnation.exit {
        Some(Ending::Code { code }) => format!("exit code {code}"),
        Some(Ending::Signal { name, .. }) => name.clone(),
        None => "how is not known".to_owned(),
    };
    let why = incarnation.why();
    let ago = incarnation.ended.map(|ended| ended.instant.elapsed().as_secs_f64());
    let ago = span(ago.unwrap_or_default());
    format!("ended {ago} ago: {how}{why}")
}
