//! How things stand with the instances.

use std::time::Instant;

use gipc::route::Counts;

use super::Supervisor;
use super::instance::{Instance, Junction, Side};
use super::session::InstanceId;
use crate::plan::topology::ProcessId;
use crate::standing::{self, Standing, State, Traffic};

impl Supervisor {
    /// What USR1 prints: what `ps` and `why` do, the latter for those who do not simply run. Where log
    /// lines are objects, so are these.
    pub(super) fn status(&self) -> String {
        let all =
            || (0..self.instances.len()).map(InstanceId).filter(|id| !self.session.is_removed(*id));
        let standings: Vec<_> = all().map(|id| self.standing(id)).collect();
        let is_plain = |it: &Standing| matches!(it.state, State::Running | State::Ended);
        let is_told = |id: InstanceId, it| !is_plain(it) || !self.held_up(id).is_empty();
        let others = all().zip(&standings).filter(|(id, it)| is_told(*id, it));
        let reasons: Vec<_> = others.map(|(id, _)| self.reason(id)).collect();
        if self.sink.is_json() {
            return standing::lines(&standings, &reasons);
        }
        let text = standing::table(&standings) + &standing::reasons(&reasons);
        text.lines().map(|line| format!("gipc: {line}\n")).collect()
    }

    /// How an instance stands.
    pub(super) fn standing(&self, id: InstanceId) -> Standing {
        let instance = &self.instances[id.0];
        let incarnation = instance.history.last();
        let seconds_until =
            |at: Instant| at.saturating_duration_since(Instant::now()).as_secs_f64();
        let waits_for = self.session.waits_for(id).into_iter();
        Standing {
            name: instance.name.clone(),
            process: instance.plan.name.clone(),
            state: self.state(instance),
            ready: instance.policy.is_ready(),
            pid: instance.pid(),
            uptime_seconds: incarnation
                .filter(|_| instance.child.is_some())
                .map(|it| it.started.instant.elapsed().as_secs_f64()),
            restarts: instance.restarts(),
            usage: None,
            exit: match (&instance.child, instance.outcome) {
                (None, Some((verdict, _))) if instance.trouble.is_some() => Some(verdict.into()),
                _ => incarnation.and_then(|it| it.exit.clone()),
            },
            waits_for: waits_for.map(|it| self.name_of(it.on).to_owned()).collect(),
            killed_in_seconds: instance.policy.kill_at().map(seconds_until),
            last_line: instance.tail.lines().pop().unwrap_or_default(),
            channels: traffic(instance),
        }
    }

    pub(super) fn name_of(&self, process: ProcessId) -> &str {
        &self.processes[process.0].name
    }

    pub(super) fn state(&self, instance: &Instance) -> State {
        match (&instance.child, instance.outcome) {
            (Some(child), _) if child.status.is_some() || instance.ended_because.is_some() => {
                State::Stopping
            }
            (Some(_), _) if instance.policy.is_ready() => State::Running,
            (Some(_), _) => State::Starting,
            (None, _) if self.session.is_stopped(instance.id) => State::Stopped,
            (None, _) if instance.policy.pause_ends().is_some() => State::Restarting,
            (None, _) if !self.session.rises_after(instance.id).is_empty() => State::Restarting,
            (None, _)
                if self.session.is_open(instance.id) && !self.session.is_skipped(instance.id) =>
            {
                State::Waiting
            }
            (None, Some((_, success))) if success || instance.was_stopped() => State::Ended,
            (None, Some(_)) => State::Failed,
            (None, None) if self.session.is_skipped(instance.id) => State::Skipped,
            (None, None) => State::Waiting,
        }
    }

    /// The channels of an instance that have no room for what it writes, and who reads them.
    pub(super) fn held_up(&self, id: InstanceId) -> Vec<(String, Vec<InstanceId>)> {
        let instance = &self.instances[id.0];
        if instance.child.is_none() {
            return Vec::new();
        }
        let is_full = |it: &&Junction| matches!(it.side, Side::Writer(_)) && it.hub.is_full();
        let readers = |full: &Junction| {
            let reads = |it: &Junction| {
                it.plan.channel == full.plan.channel && matches!(it.side, Side::Reader(_))
            };
            let all = self.instances.iter().filter(|it| it.child.is_some());
            all.filter(|it| it.junctions.iter().any(reads)).map(|it| it.id).collect()
        };
        let full = instance.junctions.iter().filter(is_full);
        full.map(|it| (it.hub.plan.name.clone(), readers(it))).collect()
    }
}

/// What has passed through its channels.
fn traffic(instance: &Instance) -> Vec<Traffic> {
    let traffic = |junction: &Junction| {
        let Counts { messages, bytes, .. } = junction.counts();
        Traffic { name: junction.hub.plan.name.clone(), messages, bytes }
    };
    let seen = instance.junctions.iter().filter(|it| !it.hub.plan.is_direct);
    seen.map(traffic).collect()
}
