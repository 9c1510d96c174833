//! Where the system does not tell which of many children has ended, each is asked.

use std::collections::BTreeSet;

use gipc::process::Process;

use super::session::InstanceId;

/// The commands whose end is to be noticed.
#[derive(Debug, Default)]
pub(in crate::supervisor) struct Endings(BTreeSet<InstanceId>);

impl Endings {
    /// From now on this one is among them.
    pub(in crate::supervisor) fn watch(&mut self, id: InstanceId, _process: &Process) {
        self.0.insert(id);
    }

    /// Who may have ended, all those who have with them.
    pub(in crate::supervisor) fn suspects(&self) -> Vec<InstanceId> {
        self.0.iter().copied().collect()
    }

    /// It has ended, and is none of them any more.
    pub(in crate::supervisor) fn forget(&mut self, id: InstanceId, _process: &Process) {
        self.0.remove(&id);
    }
}
