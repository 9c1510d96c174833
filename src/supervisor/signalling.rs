//! Signals: what those that come ask for, and those that instances are sent.

use std::time::Instant;

use gipc::process::Signal;
use tracing::warn;

use super::Supervisor;
use super::events::Queue;
use super::instance::Instance;
use super::policy::Event;
use super::pooling::Pooling;
use super::session::Happening;
use crate::signals::Request;

impl Supervisor {
    /// Does what a signal asks for, as far as the policies have no say in it.
    pub(super) fn answer(&mut self, request: Request, queue: &mut Queue) {
        match (request, &mut self.pool) {
            (Request::Stop(_) | Request::Kill(_), Some(pooling))
                if pooling.last_verdict.is_some() =>
            {
                // Somebody does not take the last answers.
                pooling.answers_end = true;
            }
            (Request::Stop(Signal::INT), Some(Pooling { finishing: None, .. })) => {
                self.finish_begun(Signal::INT);
            }
            (Request::Stop(signal), Some(Pooling { finishing: Some(_), .. })) => {
                queue.happenings.push_back(Happening::Demanded(signal));
            }
            (Request::Stop(signal), _) => {
                self.announce_stop(signal);
                queue.happenings.push_back(Happening::Asked { signal, by_guard: true });
            }
            (Request::Kill(signal), _) => queue.happenings.push_back(Happening::Demanded(signal)),
            (Request::Status, _) => self.sink.say(self.status()),
            (Request::Reopen, _) => self.files.reopen(),
            (Request::Suspend(signal), _) => {
                self.forward(signal);
                self.suspend(true);
            }
            (Request::Continue(signal), _) => {
                self.forward(signal);
                let all = self.instances.iter().map(|it| (it.id, Event::Resumed));
                queue.events.extend(all);
                if let Some(since) = self.suspended_at.take() {
                    // As the instances' timers, these have stood still.
                    let timers = [&mut self.timeout_at, &mut self.kill_all_at];
                    timers.into_iter().flatten().for_each(|at| *at += since.elapsed());
                    self.channels.iter().for_each(|channel| channel.hub.resume());
                }
            }
            (Request::Forward(signal), _) => self.forward(signal),
            (Request::Ignore, _) => {}
        }
    }

    /// Has the guard stop, and us with it where that is asked for.
    pub(super) fn suspend(&mut self, supervisor: bool) {
        // Noted first: from the moment that we ask for it we may be stopped.
        for instance in &mut self.instances {
            instance.policy.step(Event::Suspended, Instant::now(), 0.0);
            self.timetable.set(instance.id, instance.policy.deadline());
        }
        self.suspended_at.get_or_insert_with(Instant::now);
        self.channels.iter().for_each(|channel| channel.hub.suspend());
        self.link.stop(supervisor);
    }

    fn announce_stop(&self, signal: Signal) {
        let mut running = self.instances.iter().filter(|it| it.child.is_some());
        match (running.next(), running.next()) {
            (Some(one), None) if one.ended_because.is_none() => {
                warn!("{signal}: stopping {}; send it again to kill", one.name);
            }
            (Some(_), Some(_)) if !self.session.is_hurried() => {
                warn!("{signal}: stopping all; send it again to kill");
            }
            _ => {}
        }
    }

    /// Sends a signal to the commands' groups, or where that is ours too, to the command alone.
    fn forward(&self, signal: Signal) {
        for instance in &self.instances {
            if let Err(error) = self.send_signal(instance, signal) {
                warn!("cannot send {signal} to {}: {}", instance.name, crate::chain(&error));
            }
        }
    }

    pub(super) fn send_signal(
        &self,
        instance: &Instance,
        signal: Signal,
    ) -> Result<(), gipc::Error> {
        match &instance.child {
            None => Ok(()),
            Some(child) if self.shares_terminal => child.process.signal(signal),
            Some(child) => child.process.signal_group(signal),
        }
    }
}
