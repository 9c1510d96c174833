//! Raw description → topology: names, dependencies, and whatever else reaches over several keys.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::channel;
use super::depends_on::DependsOn;
use super::listeners::{self, Listener};
use super::mistake::{Mistakes, Place, did_you_mean};
use super::process::Reader;
use super::raw;
use super::read::Reading;
use super::text::{At, Text};
use crate::plan::order::order;
use crate::plan::rules::Restart;
use crate::plan::topology::{
    Dependency, ExitRule, Milestone, Process, ProcessId, Strategy, Topology,
};
use crate::value;

/// What a description is read in.
pub(super) struct Surroundings<'a> {
    /// Where its relative paths begin; empty for the current folder.
    pub(super) folder: PathBuf,
    /// The session's name where it gives none.
    pub(super) name: String,
    /// Where processes run that do not say so; none for that folder.
    pub(super) dir: Option<PathBuf>,
    /// gipc's environment.
    pub(super) variable: &'a dyn Fn(&str) -> Option<OsString>,
}

/// The topology; good for something only where there are no mistakes.
pub(super) fn topology(
    reading: &Reading,
    surroundings: &Surroundings<'_>,
    mistakes: &mut Mistakes,
) -> Topology {
    let file = &reading.file;
    let names = names(&reading.processes, mistakes);
    let mut reader = Reader::new(surroundings, mistakes);
    let none = raw::Process::default();
    let defaults = file.defaults.as_ref().map_or(&none, |defaults| &defaults.value);
    reader.defaults(defaults);
    let mut processes = Vec::new();
    // For each the names in `depends_on`, to be told of a cycle.
    let mut reasons = Vec::new();
    for (name, process) in &file.process.0 {
        let is_whole = !reading.broken.contains(&name.place);
        let mut resolved = reader.process(name, &process.value, defaults, is_whole);
        let mut asked = Vec::new();
        for (on, until) in dependencies(&mut reader, process.value.depends_on.as_ref()) {
            match names.get(on.value.as_str()) {
                Some(id) => {
                    resolved.depends_on.push(Dependency { on: *id, until });
                    asked.push(on.place);
                }
                None => nothing_of_that_name(&on, names.keys().copied(), reader.mistakes),
            }
        }
        processes.push(resolved);
        reasons.push(asked);
    }
    let ready = file.process.0.iter().map(|(_, process)| process.value.ready.as_ref());
    let ready: Vec<_> = ready.map(|own| own.or(defaults.ready.as_ref())).collect();
    let guards = file.process.0.iter().map(|(_, process)| process.value.guard_stdout.as_ref());
    let guards: Vec<_> = guards.collect();
    let listeners = file.process.0.iter().map(|(_, process)| Listener {
        own: process.value.listen_fds.as_ref(),
        default: defaults.listen_fds.as_ref(),
    });
    let listeners: Vec<_> = listeners.collect();
    // Where a process could not be read its channels would be those of another.
    let channels = if processes.len() == names.len() {
        let broken = &reading.broken;
        let channels =
            channel::channels(&mut reader, &file.channel, &names, &processes, &ready, broken);
        listeners::check_guards(&mut reader, &channels, &processes, &guards);
        listeners::check_listeners(&mut reader, &channels, &processes, &listeners);
        channels
    } else {
        Vec::new()
    };
    let exit = exit_rule(file.exit.as_ref(), &names, &mut reader);
    let strategy = reader.value_or(file.strategy.as_ref(), Strategy::default());
    let name = file.name.as_ref().and_then(|name| reader.value(name));
    let name = name.map_or_else(|| surroundings.name.clone(), |name| name.0);
    if names.is_empty() && mistakes.is_empty() {
        let place = Place::in_file(0..0);
        let help = Some("a process is a table [process.NAME] with a `command`".to_owned());
        mistakes.add_with_help(&place, "there are no processes in this file", help);
    }
    let remarks = tried_again(exit, file, defaults, mistakes).into_iter().collect();
    let topology = Topology { name, exit, strategy, processes, channels, remarks };
    // A process that could not be read has no place in it; then the rest is told the next time.
    if topology.processes.len() == names.len() {
        check_dependencies(&topology, &reasons, mistakes);
    }
    topology
}

/// All processes by their names, in the order of the description.
fn names<'a>(
    processes: &'a [(String, Place)],
    mistakes: &mut Mistakes,
) -> HashMap<&'a str, ProcessId> {
    let mut in_order: Vec<_> = processes.iter().collect();
    in_order.sort_by_key(|(_, place)| place.clone());
    let mut names = HashMap::new();
    for (name, place) in in_order {
        if !value::is_plain_name(name) {
            mistakes.add(place, format!(
                "`{name}` is not a valid process name: use letters, digits, `_` and `-`, and do \
                 not begin with `-`"
            ));
        }
        let id = ProcessId(names.len());
        if names.insert(name.as_str(), id).is_some() {
            mistakes.add(place, format!("there are two processes `{name}`"));
        }
    }
    names
}

fn dependencies(
    reader: &mut Reader<'_>,
    depends_on: Option<&At<DependsOn>>,
) -> Vec<(At<String>, Milestone)> {
    match depends_on.map(|it| &it.value) {
        None => Vec::new(),
        Some(DependsOn::Names(names)) => {
            let named = |name: &At<_>| {
                let value = reader.value(name)?;
                Some((At { place: name.place.clone(), value }, Milestone::Started))
            };
            names.iter().filter_map(named).collect()
        }
        Some(DependsOn::Milestones(table)) => {
            let entry = |(name, until): &(At<String>, _)| {
                (name.clone(), reader.value_or(Some(until), Milestone::Started))
            };
            table.0.iter().map(entry).collect()
        }
    }
}

pub(super) fn nothing_of_that_name<'a>(
    name: &At<String>,
    known: impl Iterator<Item = &'a str>,
    mistakes: &mut Mistakes,
) {
    // In one order, whatever order the table has.
    let mut known: Vec<_> = known.collect();
    known.sort_unstable();
    let help = did_you_mean(&name.value, known);
    mistakes.add_with_help(&name.place, format!("there is no process `{}`", name.value), help);
}

fn exit_rule(
    exit: Option<&At<Text<String>>>,
    names: &HashMap<&str, ProcessId>,
    reader: &mut Reader<'_>,
) -> ExitRule {
    let Some(exit) = exit else { return ExitRule::default() };
    let Some(value) = reader.value(exit) else { return ExitRule::default() };
    match value.as_str() {
        "all" => ExitRule::All,
        "any" => ExitRule::Any,
        "fail" => ExitRule::Fail,
        name => match names.get(name) {
            Some(id) => ExitRule::Process(*id),
            None => {
                let words = ["all", "any", "fail"];
                let exit = At { place: exit.place.clone(), value };
                nothing_of_that_name(&exit, names.keys().copied().chain(words), reader.mistakes);
                ExitRule::default()
            }
        },
    }
}

/// Whoever lets a process's end decide is rarely after its sixth one.
fn tried_again(
    exit: ExitRule,
    file: &raw::File,
    defaults: &raw::Process,
    mistakes: &Mistakes,
) -> Option<String> {
    let (ExitRule::Process(ProcessId(decides)), Some(rule)) = (exit, &file.exit) else {
        return None;
    };
    let (name, process) = file.process.0.get(decides)?;
    let is_said = process.value.restart.is_some() || defaults.restart.is_some();
    (!is_said).then(|| {
        format!(
            "{}: a failure of `{name}` does not end the session: it is started again, up to its \
             `restart_limit`; give it `restart = \"never\"`, or `\"on-failure\"` where that is \
             meant",
            mistakes.position(&rule.place),
            name = name.value,
        )
    })
}

/// No process may wait for itself, nor for what never happens.
fn check_dependencies(topology: &Topology, reasons: &[Vec<Place>], mistakes: &mut Mistakes) {
    let processes = &topology.processes;
    let name = |place: usize| processes[place].name.as_str();
    let waits_for: Vec<Vec<_>> = processes
        .iter()
        .map(|process| process.depends_on.iter().map(|dependency| dependency.on.0).collect())
        .collect();
    for cycle in order(&waits_for).err().unwrap_or_default() {
        let (first, second) = (cycle[0], *cycle.get(1).unwrap_or(&cycle[0]));
        let at = waits_for[first].iter().position(|on| *on == second).unwrap_or(0);
        let message = if cycle.len() == 1 {
            format!("`{}` waits for itself", name(first))
        } else {
            let round = cycle.iter().chain([&first]).map(|place| format!("`{}`", name(*place)));
            let round: Vec<_> = round.collect();
            format!("processes wait for each other: {}", round.join(" → "))
        };
        mistakes.add(&reasons[first][at], message);
    }
    for (process, places) in processes.iter().zip(reasons) {
        for (Dependency { on, until }, place) in process.depends_on.iter().zip(places) {
            let Process { name, rules, .. } = &processes[on.0];
            let to_its_end =
                matches!(until, Milestone::Completed | Milestone::CompletedSuccessfully);
            if to_its_end && rules.restart == Restart::Always {
                mistakes
                    .add(place, format!("`{name}` never completes: it has `restart = \"always\"`"));
            }
        }
    }
}

/// The name of a session in this folder.
pub(super) fn name_of(folder: &Path) -> String {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let name = name.chars().map(|c| if value::is_of_a_name(c) { c } else { '-' });
    let name: String = name.take(value::LONGEST_NAME).collect();
    match name.trim_start_matches(['-', '.']) {
        "" => "gipc".to_owned(),
        name => name.to_owned(),
    }
}
