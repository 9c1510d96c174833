//! What becomes of a topology when its description is read anew.

use std::collections::HashMap;

use super::channel::Place;
use super::topology::{ExitRule, Process, ProcessId, Topology};
use crate::control::Reloaded;

/// What becomes of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It goes on as it is.
    Same,
    /// It was not there before; or was, and had gone.
    New,
    /// It is to be started again as it is described now.
    Changed,
    /// It is not there any more.
    Gone,
}

/// A topology that takes the place of another. What both have is at the same place in both.
#[derive(Debug)]
pub(crate) struct Revision {
    /// Those that have gone are in it, without replicas and dependencies.
    pub(crate) topology: Topology,
    /// For each process.
    pub(crate) fates: Vec<Fate>,
    /// The order of starts.
    pub(crate) order: Vec<ProcessId>,
    /// Processes that are to have another number of instances.
    pub(crate) scaled: Vec<(ProcessId, usize)>,
    /// Keys that count from now on, and for which nothing is started or stopped.
    pub(crate) settings: Vec<String>,
}

impl Topology {
    /// What it takes to go from this topology to `new`.
    pub(crate) fn revise(&self, new: Self) -> Revision {
        let order = new.start_order();
        let known: HashMap<&str, usize> =
            self.processes.iter().enumerate().map(|(at, it)| (it.name.as_str(), at)).collect();
        let mut next = self.processes.len();
        let place = |process: &Process| {
            known.get(process.name.as_str()).copied().unwrap_or_else(|| {
                next += 1;
                next - 1
            })
        };
        let places: Vec<usize> = new.processes.iter().map(place).collect();
        let place = |id: ProcessId| ProcessId(places[id.0]);
        let mut processes = self.processes.clone();
        let mut fates = vec![Fate::Gone; processes.len()];
        for process in &mut processes {
            (process.replicas, process.depends_on) = (0, Vec::new());
        }
        let (mut scaled, mut waits) = (Vec::new(), Vec::new());
        for (at, mut process) in places.iter().copied().zip(new.processes) {
            for dependency in &mut process.depends_on {
                dependency.on = place(dependency.on);
            }
            match self.processes.get(at) {
                None => {
                    fates.push(Fate::New);
                    processes.push(process);
                }
                Some(old) => {
                    fates[at] = match old {
                        old if old.replicas == 0 => Fate::New,
                        old if old.runs_like(&process) => Fate::Same,
                        _ => Fate::Changed,
                    };
                    if fates[at] == Fate::Same && old.depends_on != process.depends_on {
                        waits.push(format!("depends_on of {}", process.name));
                    }
                    if fates[at] != Fate::New && old.replicas != process.replicas {
                        scaled.push((ProcessId(at), process.replicas));
                    }
                    processes[at] = process;
                }
            }
        }
        let mut channels = new.channels;
        for end in channels.iter_mut().flat_map(|it| it.from.iter_mut().chain(&mut it.to)) {
            if let Place::Process(process, _) = &mut end.at {
                *process = place(*process);
            }
        }
        let exit = match new.exit {
            ExitRule::Process(process) => ExitRule::Process(place(process)),
            other => other,
        };
        let order = order.into_iter().map(place).collect();
        let rules = [("exit", self.exit != exit), ("strategy", self.strategy != new.strategy)];
        let rules = rules.into_iter().filter(|(_, is_new)| *is_new).map(|(key, _)| key.to_owned());
        let settings = rules.chain(waits).collect();
        // The session is found by the name that it has.
        let topology = Self { exit, processes, channels, name: self.name.clone(), ..new };
        Revision { topology, fates, order, scaled, settings }
    }
}

impl Revision {
    /// What is told of it; `old`: what it is a revision of.
    pub(crate) fn told(&self, old: &Topology) -> Reloaded {
        let all = || self.topology.processes.iter().zip(&self.fates).enumerate();
        let was_there = |at: usize| old.processes.get(at).is_some_and(|it| it.replicas > 0);
        let named = |wanted| {
            // What had gone before goes no more.
            let concerned = all().filter(|(at, (_, fate))| {
                **fate == wanted && (wanted != Fate::Gone || was_there(*at))
            });
            concerned.map(|(_, (process, _))| process.name.clone()).collect()
        };
        let size = |(process, size): &(ProcessId, usize)| {
            format!("{} to {size}", self.topology.processes[process.0].name)
        };
        Reloaded {
            started: named(Fate::New),
            restarted: named(Fate::Changed),
            stopped: named(Fate::Gone),
            scaled: self.scaled.iter().map(size).collect(),
            changed: self.settings.clone(),
        }
    }
}

impl Process {
    /// Is it the same once it has been started?
    fn runs_like(&self, other: &Self) -> bool {
        let plain = |it: &Self| Self { replicas: 1, depends_on: Vec::new(), ..it.clone() };
        plain(self) == plain(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, CommandLine};

    fn described(processes: &[(&str, &str)]) -> Topology {
        let typed = |(name, line): &(&str, &str)| ((*name).to_owned(), (*line).to_owned());
        let processes: Vec<_> = processes.iter().map(typed).collect();
        config::load(None, CommandLine { processes: &processes, ..CommandLine::default() }).unwrap()
    }

    #[test]
    fn it_is_told_what_is_done_to_whom_and_of_those_who_have_gone_once() {
        let old = described(&[("gone", "true"), ("changed", "true"), ("grown", "true")]);
        let mut new = described(&[("new", "true"), ("changed", "false"), ("grown", "true")]);
        new.processes[2].replicas = 3;
        new.exit = ExitRule::Any;
        let revision = old.revise(new);
        let own = |name: &str| vec![name.to_owned()];
        let told = Reloaded {
            started: own("new"),
            restarted: own("changed"),
            stopped: own("gone"),
            scaled: own("grown to 3"),
            changed: own("exit"),
        };
        assert_eq!(revision.told(&old), told);
        let next = revision.topology.revise(described(&[("new", "true"), ("grown", "true")]));
        assert_eq!(next.told(&revision.topology).stopped, ["changed"]);
    }
}
