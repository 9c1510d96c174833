//! What the orders of the session and the actions of the policies do.

use std::time::{Duration, Instant};

use tracing::{debug, error};

use super::Supervisor;
use super::events::Queue;
use super::policy::{Action, Event, Wait};
use super::session::{Cause, Happening, InstanceId, Order};
use crate::guard::Verdict;
use crate::plan::rules::Readiness;
use crate::relay::Stop;
use crate::report::{EndCause, StartCause};

impl Supervisor {
    /// Does what an order of the session asks for; comes back with how gipc is to end, if it is.
    pub(super) fn obey(&mut self, order: Order, queue: &mut Queue) -> Option<Verdict> {
        debug!("{order:?}");
        match order {
            Order::Add { instance, process, number } => {
                let added = self.add_instance(process, number);
                debug_assert_eq!(added, instance);
            }
            Order::Start(id, cause) => {
                self.renew(id);
                self.rejoin_channels(id);
                let instance = &mut self.instances[id.0];
                instance.outcome = None;
                match cause {
                    Cause::Described | Cause::Policy => {}
                    Cause::Others => instance.reason = StartCause::WithOthers,
                    Cause::Hand => instance.reason = StartCause::ByHand,
                }
                let fresh = matches!(cause, Cause::Described | Cause::Hand);
                queue.events.push_back((id, Event::Begin { fresh }));
            }
            Order::Stop(id, signal) => queue.events.push_back((id, Event::Asked(signal))),
            Order::Drain(id, signal) => queue.events.push_back((id, Event::Drained(signal))),
            Order::Kill(id, signal) => queue.events.push_back((id, Event::Demanded(signal))),
            Order::NeverStarts(id, process) => {
                self.leave_channels(id);
                let name = &self.instances[id.0].name;
                let other = &self.processes[process.0].name;
                error!("{name} is not started: {other} did not reach the required state");
            }
            Order::Finish(verdict) => return Some(verdict),
        }
        None
    }

    /// An event of an instance, and what follows from it.
    pub(super) fn happen(&mut self, id: InstanceId, event: Event, queue: &mut Queue) {
        debug!("{} {event:?}", self.instances[id.0].name);
        let instance = &mut self.instances[id.0];
        let actions = instance.policy.step(event, Instant::now(), fastrand::f64());
        self.timetable.set(id, instance.policy.deadline());
        if event == Event::Started {
            queue.happenings.push_back(Happening::Started(id));
        }
        for action in actions {
            debug!("{} {action:?}", self.instances[id.0].name);
            match action {
                Action::Finish { verdict, success } => {
                    self.let_go(id);
                    self.instances[id.0].outcome = Some((verdict, success));
                    let done = Happening::Done { instance: id, verdict, success };
                    queue.happenings.push_back(done);
                }
                Action::Feed => {
                    queue.happenings.push_back(Happening::Ready(id));
                    self.begin_feeding(id);
                    self.begin_health_checks(id);
                }
                Action::WasReady => queue.happenings.push_back(Happening::Ready(id)),
                Action::Pause => queue.happenings.push_back(Happening::Pausing(id)),
                Action::Rested => queue.happenings.push_back(Happening::Rested(id)),
                Action::Start { restarts } => {
                    queue.events.push_back((id, self.start(id, restarts)));
                }
                _ => self.act(id, action),
            }
        }
        queue.touched.push(id);
    }

    fn act(&mut self, id: InstanceId, action: Action) {
        let instance = &mut self.instances[id.0];
        let name = &instance.name;
        match action {
            Action::Drain => self.drain(id),
            Action::CloseInput => self.close_input(id),
            // To look who else is there costs a short command more than it takes to notice its end.
            Action::Stop(_) if instance.child.as_ref().is_none_or(|child| child.alone) => {}
            Action::Stop(signal) => {
                let strays = self.strays_of_ended(id);
                self.ask_to_end(id, signal, &strays);
            }
            Action::Kill => {
                instance.killing = true;
                instance.ended_because.get_or_insert(EndCause::Killed);
                let strays = self.strays_of_ended(id);
                self.kill_rest(id, &strays);
            }
            Action::GiveUp => {
                instance.gave_up = true;
                let limit = instance.plan.rules.limit;
                let restarts = if limit.count == 1 { "restart" } else { "restarts" };
                error!(
                    "{name} ended again after {} {restarts} within {}: giving up",
                    limit.count,
                    humantime::format_duration(limit.within),
                );
            }
            Action::Unwell => {
                let why = instance.last_no.get().unwrap_or_default();
                error!("{name} fails its health check ({why}): stopping it");
                instance.ended_because = Some(EndCause::Unhealthy);
            }
            Action::TooLong(wait) => {
                let rules = &instance.plan.rules;
                let time = |time: Duration| humantime::format_duration(time);
                instance.ended_because = Some(match wait {
                    Wait::Run => EndCause::TimedOut,
                    Wait::Readiness => EndCause::NotReady,
                    Wait::Watchdog => EndCause::Watchdog,
                    Wait::Answer => EndCause::Unanswered,
                });
                match (wait, rules.readiness) {
                    (Wait::Readiness, Readiness::Told { timeout }) => error!(
                        "{name} was not ready within {} ({}): stopping it",
                        time(timeout),
                        instance.why_not_ready()
                    ),
                    (Wait::Watchdog, _) => error!(
                        "{name} has shown no sign of life for {} (watchdog): stopping it",
                        time(rules.watchdog.unwrap_or_default())
                    ),
                    (Wait::Answer, _) => error!("{name} has not answered in time: stopping it"),
                    _ => error!(
                        "{name} took longer than {} (timeout): stopping it",
                        time(rules.timeout.unwrap_or_default())
                    ),
                }
            }
            // Dealt with by whoever calls this.
            Action::Pause
            | Action::Rested
            | Action::Feed
            | Action::WasReady
            | Action::Start { .. }
            | Action::Finish { .. } => {}
        }
    }

    fn close_input(&mut self, id: InstanceId) {
        // A worker that was never ready: what came for it is counted all the same.
        self.begin_feeding(id);
        let instance = &mut self.instances[id.0];
        let Some(child) = &mut instance.child else { return };
        child.closed = child.status.is_some();
        let by_itself = child.status.is_some() && instance.ended_because.is_none();
        for stop in child.stop_feeding.drain(..) {
            // Where the feeding is over it has closed the channel already.
            let _ = stop.send(if by_itself { Stop::WorkerEnded } else { Stop::Asked });
        }
    }
}
