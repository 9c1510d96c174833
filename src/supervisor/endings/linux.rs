//! Linux: the system tells which of many children has ended, by their pidfds in one set.

use std::collections::BTreeSet;

use gipc::process::Process;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

use super::session::InstanceId;

/// So many are asked one by one: a set costs a short command more than that.
const A_FEW: usize = 4;

/// How many can be told at once, to begin with.
const AT_ONCE: usize = 64;

/// The commands whose end is to be noticed.
#[derive(Debug, Default)]
pub(in crate::supervisor) struct Endings {
    /// Asked one by one.
    few: BTreeSet<InstanceId>,
    set: Option<Epoll>,
}

impl Endings {
    /// From now on this one is among them.
    pub(in crate::supervisor) fn watch(&mut self, id: InstanceId, process: &Process) {
        if self.few.len() >= A_FEW && self.add(id, process).is_ok() {
            return;
        }
        // Where the system has no room for it in a set it is asked too.
        self.few.insert(id);
    }

    fn add(&mut self, id: InstanceId, process: &Process) -> nix::Result<()> {
        let set = match &self.set {
            Some(set) => set,
            None => self.set.insert(Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?),
        };
        set.add(process, EpollEvent::new(EpollFlags::EPOLLIN, id.0 as u64))
    }

    /// Who may have ended, all those who have with them.
    pub(in crate::supervisor) fn suspects(&self) -> Vec<InstanceId> {
        let mut suspects: Vec<_> = self.few.iter().copied().collect();
        let Some(set) = &self.set else { return suspects };
        // Those that are not forgotten are told again: in more room, until some is left.
        let mut events = vec![EpollEvent::empty(); AT_ONCE];
        loop {
            let told = set.wait(&mut events, EpollTimeout::ZERO).unwrap_or_default();
            if told < events.len() {
                suspects.extend(events[..told].iter().map(|it| InstanceId(it.data() as usize)));
                return suspects;
            }
            events.resize(8 * events.len(), EpollEvent::empty());
        }
    }

    /// It has ended, and is none of them any more.
    pub(in crate::supervisor) fn forget(&mut self, id: InstanceId, process: &Process) {
        if !self.few.remove(&id)
            && let Some(set) = &self.set
        {
            let _ = set.delete(process);
        }
    }
}
