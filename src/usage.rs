//! What running processes and all that they have started use of the machine, now.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

#[cfg(target_os = "linux")]
#[path = "usage/linux.rs"]
mod system;
#[cfg(not(target_os = "linux"))]
#[path = "usage/posix.rs"]
mod system;

/// What a process and its descendants use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Usage {
    /// Processor time so far, of those that live and of those that they have waited for.
    pub(crate) cpu_seconds: f64,
    /// Memory, in bytes; what several of them share is counted for each.
    pub(crate) memory: u64,
}

/// A process, as the system tells of it.
#[derive(Clone, Copy, Debug)]
struct Process {
    pid: i32,
    parent: i32,
    group: i32,
    usage: Usage,
}

/// The memory of a process alone, in bytes. `None` where the system does not tell.
pub(crate) fn memory_of(pid: i32) -> Option<u64> {
    Some(system::process(pid)?.usage.memory)
}

/// What these processes use with their groups and their descendants. Empty where the system does
/// not tell.
pub(crate) fn of_trees(roots: impl IntoIterator<Item = i32>) -> BTreeMap<i32, Usage> {
    let roots = roots.into_iter().map(|pid| (pid, Usage::default())).collect();
    sum(system::processes(), roots)
}

fn sum(all: Vec<Process>, roots: BTreeMap<i32, Usage>) -> BTreeMap<i32, Usage> {
    let parents: BTreeMap<i32, (i32, i32)> =
        all.iter().map(|process| (process.pid, (process.parent, process.group))).collect();
    let mut sums = roots;
    for process in &all {
        // Up to the first that is one of them, or in whose group it is.
        let mut pid = process.pid;
        let mut steps = 0;
        let owner = loop {
            let Some((parent, group)) = parents.get(&pid) else { break None };
            if let Some(root) = [pid, *group].into_iter().find(|it| sums.contains_key(it)) {
                break Some(root);
            }
            steps += 1;
            if steps > all.len() {
                break None; // Of a system that changes while it is looked at.
            }
            pid = *parent;
        };
        if let Some(sum) = owner.and_then(|root| sums.get_mut(&root)) {
            sum.cpu_seconds += process.usage.cpu_seconds;
            sum.memory += process.usage.memory;
        }
    }
    sums.retain(|pid, _| parents.contains_key(pid));
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_counts_for_its_group_or_its_nearest_ancestor() {
        let process = |pid, parent, group| {
            let usage = Usage { cpu_seconds: 1.0, memory: 10 };
            Process { pid, parent, group, usage }
        };
        let all = vec![
            process(1, 0, 1),
            process(10, 1, 10), // one of ours
            process(11, 10, 10),
            process(12, 11, 12), // in a group of its own
            process(13, 1, 10),  // its parent has ended
            process(20, 1, 20),  // another one of ours
            process(30, 1, 30),  // a stranger
        ];
        let roots = [10, 20, 40].map(|pid| (pid, Usage::default())).into();
        let sums = sum(all, roots);
        assert_eq!(sums[&10], Usage { cpu_seconds: 4.0, memory: 40 });
        assert_eq!(sums[&20], Usage { cpu_seconds: 1.0, memory: 10 });
        assert!(!sums.contains_key(&40), "it is gone");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_uses_memory() {
        let own = std::process::id() as i32;
        assert!(of_trees([own])[&own].memory > 0);
    }
}
