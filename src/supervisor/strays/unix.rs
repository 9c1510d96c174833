//! POSIX: what a command has left becomes our child, and is told whose it is by its group or its
//! environment.

use std::io;

use gipc::process::Signal;
use tracing::{error, warn};

use super::Supervisor;
use super::ending::Strays;
use super::instance::Child;
use super::session::InstanceId;
use crate::guard::tree;

impl Supervisor {
    /// Who has lost his parents and come to us, and whose he is as far as that can be told. Those
    /// that have ended are reaped. `None` where the system does not tell.
    pub(super) fn strays(&self) -> Option<Strays> {
        let leaders = &self.leaders;
        let is_needed = |pid| leaders.contains_key(&pid) || self.asking.contains(pid);
        let strays = tree::reap_orphans(is_needed);
        let strays =
            strays.map_err(|error| error!("cannot find the descendants of gipc: {error}")).ok()?;
        let owner = |stray: i32| match leaders.first_key_value() {
            Some((_, only)) if leaders.len() == 1 => Some(*only),
            _ => {
                let by_group = tree::group_of(stray).and_then(|group| leaders.get(&group));
                by_group.copied().or_else(|| {
                    let name = tree::variable_of(stray, "GIPC_NAME")?;
                    leaders.values().copied().find(|id| self.instances[id.0].name == name)
                })
            }
        };
        Some(strays.into_iter().filter_map(|stray| Some((stray, owner(stray)?))).collect())
    }

    /// Asks the command's group to end, and once the command itself has, all else that it started.
    pub(super) fn ask_all(&mut self, id: InstanceId, signal: Signal, strays: &Strays) {
        let shares_terminal = self.shares_terminal;
        let Some(child) = &mut self.instances[id.0].child else { return };
        let leader = child.process.pid();
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
                let own = strays.iter().filter(|(_, owner)| **owner == id).map(|(pid, _)| *pid);
                ask.extend(own.filter(|pid| tree::group_of(*pid) != Some(leader)));
            }
        }
        let Some(child) = &mut self.instances[id.0].child else { return };
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

    /// Kills those that an instance has left to us.
    pub(super) fn kill_strays(&self, id: InstanceId, strays: &Strays) -> io::Result<()> {
        let own = strays.iter().filter(|(_, owner)| **owner == id);
        let killed = own.map(|(pid, _)| Signal::KILL.send_to(*pid));
        killed.collect()
    }

    /// Kills all that there is.
    pub(super) fn kill_all(&self) {
        // Where somebody is left the guard has another try.
        let _ = tree::kill_all();
    }
}

/// Has it been stopped since that was asked last?
pub(super) fn has_stopped(child: &Child) -> bool {
    child.process.take_stop().unwrap_or(false)
}
