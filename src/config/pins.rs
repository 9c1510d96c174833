//! The descriptors at which processes have their channels.

use std::collections::BTreeMap;

use gipc::spawn::ChildFd;

use super::channel::Draft;
use super::endpoint::PortWord;
use super::process::Reader;
use crate::plan::topology::{Process, ProcessId, Readiness};

/// The descriptors that channels can have where no port is named, after 3 or 4.
const FURTHER: std::ops::RangeInclusive<u16> = 5..=255;

/// Which descriptors of which process are taken.
pub(super) struct Pins<'p> {
    processes: &'p [Process],
    taken: BTreeMap<(ProcessId, u16), String>,
    /// Where the sockets of Node processes are, and which channels lead through them which way.
    sockets: BTreeMap<ProcessId, ChildFd>,
    directions: Vec<(ProcessId, &'static str, String)>,
}

impl<'p> Pins<'p> {
    pub(super) fn new(processes: &'p [Process]) -> Self {
        let mut taken = BTreeMap::new();
        for (place, process) in processes.iter().enumerate() {
            if let Some(Readiness::Fd(fd)) = process.ready {
                let what = format!("`ready = \"fd:{fd}\"`");
                taken.insert((ProcessId(place), fd.number()), what);
            }
        }
        Self { processes, taken, sockets: BTreeMap::new(), directions: Vec::new() }
    }

    /// Where the socket of a Node process is, if that was claimed.
    pub(super) fn socket(&self, process: ProcessId) -> Option<ChildFd> {
        self.sockets.get(&process).copied()
    }

    /// Notes the channels of Node processes, and gives their sockets a descriptor: 3, where it is
    /// free.
    pub(super) fn claim_sockets(&mut self, reader: &mut Reader<'_>, draft: &Draft<'_>) {
        for (ends, way) in [(&draft.from, "from"), (&draft.to, "to")] {
            for end in ends {
                let Some((process, Some(PortWord::Node))) = end.process else { continue };
                let mut there = self.directions.iter();
                if let Some((.., other)) = there.find(|it| (it.0, it.1) == (process, way)) {
                    let name = &self.processes[process.0].name;
                    let message = format!(
                        "channel `{other}` is already {way} the `node` port of `{name}`: it has one \
                         channel each way, which can have several writers and readers"
                    );
                    reader.mistakes.add(&end.place, message);
                    continue;
                }
                self.directions.push((process, way, draft.name.value.clone()));
                if !self.sockets.contains_key(&process) {
                    let fd = self.give(process, ChildFd::MESSAGES_IN, &draft.name.value);
                    self.sockets.insert(process, fd);
                }
            }
        }
    }

    /// Notes the descriptors that a channel asks for.
    pub(super) fn claim(&mut self, reader: &mut Reader<'_>, draft: &Draft<'_>) {
        let from = "a process cannot write to a channel on its standard input: use `stdout`";
        let to = "a process cannot read a channel on its standard output: use `stdin`";
        for (ends, wrong, wrong_way) in
            [(&draft.from, ChildFd::STDIN, from), (&draft.to, ChildFd::STDOUT, to)]
        {
            for end in ends {
                let Some((process, Some(PortWord::Fd(fd)))) = end.process else { continue };
                if fd == wrong {
                    reader.mistakes.add(&end.place, wrong_way);
                }
                let what = format!("channel `{}`", draft.name.value);
                if let Some(other) = self.taken.insert((process, fd.number()), what) {
                    let name = &self.processes[process.0].name;
                    let message = format!("descriptor {fd} of `{name}` is already used by {other}");
                    reader.mistakes.add(&end.place, message);
                }
            }
        }
    }

    /// A descriptor for an end that names none: this one, or the next that is free.
    pub(super) fn give(&mut self, process: ProcessId, usual: ChildFd, channel: &str) -> ChildFd {
        let usual = usual.number();
        let free = std::iter::once(usual)
            .chain(FURTHER)
            .find(|fd| !self.taken.contains_key(&(process, *fd)))
            .unwrap_or(usual);
        self.taken.insert((process, free), format!("channel `{channel}`"));
        ChildFd::new(free)
    }
}
