//! How a command ends: seen, asked to, killed, reaped.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use gipc::process::{ExitStatus, Signal};
use tracing::{error, info, warn};

use super::events::Queue;
use super::instance::{Child, Instance, Junction, Side};
use super::policy::Event;
use super::session::InstanceId;
use super::{Supervisor, strays};
use crate::record::Reason;
use crate::relay::{Inlet, Phase};
use crate::report::{EndCause, StartCause};

/// Who has lost his parents, and whose he is.
pub(super) type Strays = BTreeMap<i32, InstanceId>;

impl Supervisor {
    /// A child has ended, stopped or come to us.
    pub(super) fn look_at_children(&mut self, queue: &mut Queue) {
        for id in self.endings.suspects() {
            let instance = &mut self.instances[id.0];
            let Some(child) = &mut instance.child else { continue };
            if child.status.is_none()
                && let Ok(Some(status)) = child.process.peek()
            {
                self.endings.forget(id, &child.process);
                self.ended.insert(id);
                child.status = Some(status);
                child.ending.send_replace(Phase::Ended);
                if let Some(incarnation) = instance.history.last_mut() {
                    incarnation.end(status);
                }
                queue.events.push_back((id, Event::Exited(status)));
            }
        }
        let Some(strays) = self.strays() else { return };
        let owners: BTreeSet<_> = strays.values().copied().collect();
        for id in &self.ended {
            if let Some(child) = &mut self.instances[id.0].child {
                // Once the leader has ended nobody can come any more when nobody is there.
                child.alone = !owners.contains(id);
                queue.touched.push(*id);
            }
        }
        // Who runs himself, and has left nobody, has been told already.
        for id in owners {
            let instance = &self.instances[id.0];
            if instance.killing {
                self.kill_rest(id, &strays);
            } else if let Some(child) = &instance.child
                && child.status.is_some()
                && child.group_asked.is_some()
            {
                let signal = instance.plan.rules.stop_signal.unwrap_or(Signal::TERM);
                self.ask_to_end(id, signal, &strays);
            }
        }
        let stopped = |it: &Instance| it.child.as_ref().is_some_and(strays::has_stopped);
        if self.shares_terminal && self.instances.iter().any(stopped) {
            self.suspend(false);
        }
    }

    /// Who is to end with the command besides its group. As long as it runs itself that is nobody:
    /// its own end will have us look. To look is work that grows with the number of all.
    pub(super) fn strays_of_ended(&self, id: InstanceId) -> Strays {
        let child = self.instances[id.0].child.as_ref();
        let has_ended = child.is_some_and(|child| child.status.is_some());
        if has_ended { self.strays().unwrap_or_default() } else { Strays::new() }
    }

    /// Asks the command's group to end, and once the command itself has, all else that it started.
    pub(super) fn ask_to_end(&mut self, id: InstanceId, signal: Signal, strays: &Strays) {
        let instance = &mut self.instances[id.0];
        let Some(child) = &mut instance.child else { return };
        let was_drained =
            instance.ended_because == Some(EndCause::Stopped) && child.group_asked.is_none();
        if (instance.ended_because.is_none() || was_drained) && child.status.is_none() {
            info!("stopping {} with {signal}", instance.name);
            instance.ended_because = Some(EndCause::Stopped);
        }
        if child.alone {
            return;
        }
        self.ask_all(id, signal, strays);
    }

    /// Kills the command, its group, and all that it has left to us.
    pub(super) fn kill_rest(&self, id: InstanceId, strays: &Strays) {
        let instance = &self.instances[id.0];
        let Some(child) = &instance.child else { return };
        let group =
            if self.shares_terminal { Ok(()) } else { child.process.signal_group(Signal::KILL) };
        let leader = child.process.kill();
        child.ending.send_replace(Phase::Killed);
        let strays = self.kill_strays(id, strays);
        let error = group.and(leader).err().map(|error| crate::chain(&error));
        if let Some(error) = error.or_else(|| strays.err().map(|error| crate::chain(&error))) {
            error!("not all that {} started can be stopped: {error}", instance.name);
        }
    }

    /// Reaps a command for whose streams nobody waits any more: what has come from it and finds no room
    /// yet goes on when there is some.
    pub(super) fn let_go(&mut self, id: InstanceId) {
        let instance = &mut self.instances[id.0];
        if !instance.child.as_ref().is_some_and(|child| child.closed && child.alone) {
            return;
        }
        self.lingering += std::mem::take(&mut instance.tasks);
        instance.let_go = instance.history.count();
        self.gone(id);
    }

    /// Reaps the command when nothing is left of it.
    pub(super) fn gone(&mut self, id: InstanceId) -> Vec<Event> {
        let instance = &mut self.instances[id.0];
        if let Some(child) = &mut instance.child
            && child.closed
            && child.alone
        {
            child.inlets.iter_mut().flatten().for_each(Inlet::let_go);
        }
        let streams_ended = instance.tasks == 0;
        let is_gone = |child: &mut Child| streams_ended && child.closed && child.alone;
        let Some(child) = instance.child.take_if(is_gone) else { return Vec::new() };
        self.ended.remove(&id);
        self.leaders.remove(&child.process.pid());
        self.link.forget(&child.process);
        instance.killing = false;
        let mut events = Vec::new();
        let mut reason = Reason { last_lines: instance.tail.lines(), ..Reason::default() };
        if let (Ok((status, usage)), Some(incarnation)) =
            (child.process.reap(), instance.history.last_mut())
        {
            let has_failed = instance.ended_because.is_none()
                && !matches!(status, ExitStatus::Code(code)
                    if instance.plan.rules.success_codes.contains(&code));
            // One alone says it by gipc's own exit code.
            if has_failed && instance.prefix.is_some() {
                warn!("{} ended: {status}", instance.name);
            } else {
                info!("{} ended: {status}", instance.name);
            }
            reason.reason = match instance.ended_because {
                None => format!("it ended {}: {status}", instance.name),
                Some(why) => format!("it ended {}: {status} ({why})", instance.name),
            };
            incarnation.used(usage);
            incarnation.ended_because = Some(instance.ended_because.unwrap_or(EndCause::ByItself));
            instance.reason = match status.success() {
                true => StartCause::AfterSuccess,
                false => StartCause::AfterFailure,
            };
        }
        // Whoever takes no messages always has something to do.
        let mut died = Vec::new();
        let mut more_work = child.inlets.iter().all(Option::is_none);
        for (Junction { hub, side, .. }, inlet) in instance.junctions.iter().zip(&child.inlets) {
            let Side::Reader(outlet) = side else { continue };
            // Where it was let go a task may still have it.
            let unread = inlet.as_ref().map(Inlet::unread).or_else(|| hub.unread_by(*outlet));
            if let Some(unread) = unread {
                let dead = hub.settle(*outlet, unread, &reason);
                if !dead.is_empty() {
                    events.push(Event::Lost);
                }
                died.extend(dead);
                more_work |= hub.has_work(*outlet);
            }
        }
        let reason = Rc::new(reason);
        died.iter().for_each(|dead| self.note_dead(id, dead, &reason));
        events.push(Event::Gone { more_work });
        events
    }
}
