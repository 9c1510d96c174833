//! Windows: what a command has started is in its job, for as long as it runs. Nobody in it can be
//! asked but by way of the command, so that what it has left is ended at once.

use gipc::process::Signal;
use tracing::{error, warn};

use super::Supervisor;
use super::ending::Strays;
use super::instance::Child;
use super::session::InstanceId;

impl Supervisor {
    /// Who is left of those that have ended, and whose he is. `None` where the system does not tell.
    pub(super) fn strays(&self) -> Option<Strays> {
        let mut strays = Strays::new();
        for instance in &self.instances {
            let Some(child) = instance.child.as_ref().filter(|it| it.status.is_some()) else {
                continue;
            };
            match child.process.survivors() {
                Ok(left) => strays.extend(left.into_iter().map(|pid| (pid, instance.id))),
                Err(error) => {
                    let name = &instance.name;
                    error!(
                        "cannot find the processes that {name} has left: {}",
                        crate::chain(&error)
                    );
                    return None;
                }
            }
        }
        Some(strays)
    }

    /// Asks the command's group to end; ends what it has left once it has itself.
    pub(super) fn ask_all(&mut self, id: InstanceId, signal: Signal, _strays: &Strays) {
        let Some(child) = &mut self.instances[id.0].child else { return };
        child.group_asked = Some(signal);
        if let Err(error) = child.process.signal_group(signal) {
            warn!(
                "cannot send {signal} to process {}: {}",
                child.process.pid(),
                crate::chain(&error)
            );
        }
    }

    /// Kills those that an instance has left.
    pub(super) fn kill_strays(&self, id: InstanceId, _strays: &Strays) -> Result<(), gipc::Error> {
        match &self.instances[id.0].child {
            Some(child) => child.process.signal_group(Signal::KILL),
            None => Ok(()),
        }
    }

    /// Kills all that there is, and waits for its end.
    pub(super) fn kill_all(&self) {
        for child in self.instances.iter().filter_map(|it| it.child.as_ref()) {
            // What is left ends with this process, by its job.
            if child.process.signal_group(Signal::KILL).is_ok() {
                let _ = child.process.reap();
            }
        }
    }
}

/// Windows stops nobody.
pub(super) const fn has_stopped(_child: &Child) -> bool {
    false
}
