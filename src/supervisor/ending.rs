//! How a command ends: seen, asked to, killed, reaped.

use gipc::process::Signal;
use tracing::{error, info, warn};

use super::Supervisor;
use super::policy::Event;
use crate::guard::tree;

impl Supervisor {
    /// A child has ended, stopped or come to us.
    pub(super) fn look_at_children(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        if let Some(child) = &mut self.child {
            if child.status.is_none()
                && let Ok(Some(status)) = child.process.peek()
            {
                child.status = Some(status);
                child.ending.send_replace(true);
                if let Some(incarnation) = self.history.last_mut() {
                    incarnation.end(status);
                }
                events.push(Event::Exited(status));
            }
            if self.shares_terminal && child.process.take_stop().unwrap_or(false) {
                events.push(Event::Suspended { supervisor: false });
            }
        }
        let leader = self.child.as_ref().map_or(0, |child| child.process.pid());
        let alone = tree::reap_orphans(leader);
        if let Some(child) = &mut self.child {
            // Once the leader has ended nobody can come any more when nobody is there.
            child.alone = alone && child.status.is_some();
        }
        if self.killing {
            self.kill_rest();
        } else if self
            .child
            .as_ref()
            .is_some_and(|child| child.status.is_some() && child.group_asked.is_some())
        {
            self.ask_to_end(self.plan.rules.stop_signal.unwrap_or(Signal::TERM));
        }
        events
    }

    /// Asks the command's group to end, and once the command itself has, all else that it started.
    pub(super) fn ask_to_end(&mut self, signal: Signal) {
        let Some(child) = &mut self.child else { return };
        if let Some(signal) =
            (self.ended_because.is_none() && child.status.is_none()).then_some(signal)
        {
            info!("stopping {} with {signal}", self.plan.instance());
            self.ended_because = Some("stopped by gipc");
        }
        if child.alone {
            return;
        }
        let leader = child.process.pid();
        let shares_terminal = self.shares_terminal;
        let mut ask = Vec::new();
        if shares_terminal {
            // Its group is ours, and perhaps that of a whole pipeline.
            ask.extend(tree::descendants().unwrap_or_default());
        } else {
            // What is left is asked again where this is another signal: a shell's background jobs
            // ignore INT.
            if child.group_asked != Some(signal) {
                child.asked.remove(&-leader);
                ask.push(-leader);
            }
            if child.status.is_some() {
                let strays = tree::children().unwrap_or_default().into_iter();
                ask.extend(strays.filter(|pid| tree::group_of(*pid) != Some(leader)));
            }
        }
        child.group_asked = Some(signal);
        for target in ask {
            if child.asked.insert(target)
                && let Err(error) =
                    signal.send_to(target).and_then(|()| Signal::CONT.send_to(target))
            {
                warn!("cannot send {signal} to process {}: {error}", target.abs());
            }
        }
    }

    pub(super) fn kill_rest(&self) {
        if let Err(error) = tree::kill_children() {
            error!("not all that {} started can be stopped: {error}", self.plan.instance());
        }
    }

    /// Reaps the command when nothing is left of it.
    pub(super) fn gone(&mut self) -> Option<Event> {
        let streams_ended = self.tasks.is_empty();
        let child = self.child.take_if(|child| streams_ended && child.closed && child.alone)?;
        self.killing = false;
        let inlet = child.inlet;
        if let (Ok((status, usage)), Some(incarnation)) =
            (child.process.reap(), self.history.last_mut())
        {
            info!("{} ended: {status}", self.plan.instance());
            incarnation.used(usage);
            incarnation.ended_because = Some(self.ended_because.unwrap_or("by itself"));
            self.reason =
                if status.success() { "restart after success" } else { "restart after failure" };
        }
        let mut more_work = true;
        if let Some((feed, inlet)) = self.feed.as_mut().zip(inlet) {
            self.leftover = feed.settle(&inlet);
            more_work = !feed.input_ended || !feed.delivery.is_empty();
        }
        Some(Event::Gone { more_work })
    }
}
