//! Who is stopped before whom: those that depend on a process before it, and along channels the
//! writers before their readers, which then see the end of their messages.

use std::collections::BTreeSet;

use super::channel::{Channel, End};
use super::topology::{Process, ProcessId, Topology};

/// For each process, by its place, what is to be known of its stop.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stops {
    /// Whose stop waits for its own; no cycle leads through these.
    pub(crate) before: Vec<ProcessId>,
    /// All its writers are stopped before it, if there are any: it can end by itself.
    pub(crate) sees_the_end: bool,
}

impl Stops {
    /// Those of all processes. Processes in a ring of channels are stopped together, and who depends
    /// on its writer is stopped before it nevertheless.
    pub(crate) fn of(topology: &Topology) -> Vec<Self> {
        let depends = |it: &Process| -> BTreeSet<ProcessId> {
            it.depends_on.iter().map(|it| it.on).collect()
        };
        let mut before: Vec<BTreeSet<_>> = topology.processes.iter().map(depends).collect();
        let mut writers = vec![BTreeSet::new(); before.len()];
        let mut is_asked_from_outside = vec![false; before.len()];
        for Channel { from, to, .. } in &topology.channels {
            for reader in to.iter().filter_map(End::process) {
                is_asked_from_outside[reader.0] |= from.is_empty();
                writers[reader.0].extend(from.iter().filter_map(End::process));
            }
        }
        let mut all = before.clone();
        for (reader, writers) in writers.iter().enumerate() {
            for writer in writers {
                all[writer.0].insert(ProcessId(reader));
            }
        }
        let mut sees_the_end = vec![false; before.len()];
        let after: Vec<_> = match topology.channels[..] {
            [] => Vec::new(),
            _ => (0..all.len()).map(|place| reachable(&all, ProcessId(place))).collect(),
        };
        let has_an_end =
            |reader: usize| !writers[reader].is_empty() || is_asked_from_outside[reader];
        for (reader, writers) in writers.iter().enumerate().filter(|(it, _)| has_an_end(*it)) {
            sees_the_end[reader] = writers.is_disjoint(&after[reader]);
            let is_in_ring = |it: &ProcessId| after[it.0].contains(&ProcessId(reader));
            let ring: Vec<_> = after[reader].iter().copied().filter(is_in_ring).collect();
            for writer in writers.difference(&after[reader]) {
                before[writer.0].extend(&ring);
            }
        }
        let before = before.into_iter().map(|it| it.into_iter().collect());
        before
            .zip(sees_the_end)
            .map(|(before, sees_the_end)| Self { before, sees_the_end })
            .collect()
    }
}

/// All that edges lead to from this one, itself among them.
fn reachable(edges: &[BTreeSet<ProcessId>], from: ProcessId) -> BTreeSet<ProcessId> {
    let mut found = BTreeSet::from([from]);
    let mut new = vec![from];
    while let Some(process) = new.pop() {
        new.extend(edges[process.0].iter().filter(|it| found.insert(**it)));
    }
    found
}
