//! Signals: what those that come ask for, and those that instances are sent.

use std::time::Instant;

use gipc::process::Signal;
use tracing::{error, warn};

use super::Supervisor;
use super::events::Queue;
use super::instance::Instance;
use super::policy::Event;
use super::session::Happening;
use crate::signals::Request;

impl Supervisor {
    /// Does what a signal asks for, as far as the policies have no say in it.
    pub(super) fn answer(&mut self, request: Request, queue: &mut Queue) {
        match request {
            Request::Stop(_) | Request::Kill(_) if self.last_verdict.is_some() => {
                // Somebody does not take the last answers.
                self.answers_end = true;
            }
            Request::Stop(Signal::INT) if self.pool.is_some() && self.finishing.is_none() => {
                self.finish_begun(Signal::INT);
            }
            Request::Stop(signal) if self.finishing.is_some() => {
                queue.happenings.push_back(Happening::Demanded(signal));
            }
            Request::Stop(signal) => {
                self.announce_stop(signal);
                queue.happenings.push_back(Happening::Asked { signal, by_guard: true });
            }
            Request::Kill(signal) => queue.happenings.push_back(Happening::Demanded(signal)),
            Request::Status => self.sink.say(self.status()),
            Request::Reopen => {
                for log in &self.logs {
                    log.reopen();
                }
                for letters in &self.dead_letters {
                    if let Err(error) = letters.reopen() {
                        let path = letters.path().display();
                        error!(
                            "cannot reopen the dead letters `{path}`: {error}; going on with the old \
                             file"
                        );
                    }
                }
                for recorder in &self.recorders {
                    let recorder = recorder.clone();
                    // In a task of its own: a write that is under way may take its time.
                    tokio::task::spawn_local(async move {
                        if let Err(error) = recorder.reopen().await {
                            let path = recorder.path().display();
                            error!(
                                "cannot reopen the record `{path}`: {error}; going on with the old \
                                 file"
                            );
                        }
                    });
                }
            }
            Request::Suspend(signal) => {
                self.forward(signal);
                self.suspend(true);
            }
            Request::Continue(signal) => {
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
            Request::Forward(signal) => self.forward(signal),
            Request::Ignore => {}
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
