//! When the supervisor is woken by the clock, and how long all of it may take.

use std::time::Instant;

use gipc::process::Signal;
use tracing::error;

use super::Supervisor;
use super::events::Queue;
use super::instance::Instance;
use super::policy::Event;
use super::session::Happening;
use crate::report::EndCause;

/// So many names are not read any more.
const MANY: usize = 20;

impl Supervisor {
    /// When it is to be woken, if nothing else happens.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let instances = self.timetable.first().into_iter();
        instances.chain(self.timeout()).chain(self.end_of_patience()).min()
    }

    /// What is due by now.
    pub(super) fn look_at_the_clock(&mut self, queue: &mut Queue) {
        let now = Instant::now();
        if self.end_of_patience().is_some_and(|at| at <= now) {
            self.kill_all_at = None;
            queue.happenings.push_back(Happening::Demanded(Signal::TERM));
        }
        queue.events.extend(self.timetable.due(now).map(|id| (id, Event::Tick)));
        if self.timeout().is_some_and(|at| at <= now) {
            self.timeout_at = None;
            self.time_out(queue);
        }
    }

    /// When the whole run has taken too long, unless time stands still.
    pub(super) fn timeout(&self) -> Option<Instant> {
        self.timeout_at.filter(|_| self.suspended_at.is_none())
    }

    /// When what has not ended is killed, as somebody has asked for, unless time stands still.
    fn end_of_patience(&self) -> Option<Instant> {
        self.kill_all_at.filter(|_| self.suspended_at.is_none())
    }

    /// The whole run has taken too long.
    fn time_out(&mut self, queue: &mut Queue) {
        let mut running = Vec::new();
        let runs = |it: &&mut Instance| it.child.as_ref().is_some_and(|it| it.status.is_none());
        for instance in self.instances.iter_mut().filter(runs) {
            instance.ended_because.get_or_insert(EndCause::TimedOut);
            running.push(&*instance.name);
        }
        let time = humantime::format_duration(self.plan.timeout.unwrap_or_default());
        match running[..] {
            [] => error!("timeout after {time}"),
            [.., _] if running.len() > MANY => {
                error!("timeout after {time}: stopping {} instances", running.len());
            }
            _ => error!("timeout after {time}: stopping {}", running.join(", ")),
        }
        queue.happenings.push_back(Happening::TimedOut);
    }
}
