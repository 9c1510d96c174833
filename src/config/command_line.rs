//! What was typed: processes (`-p`), channels (`-c`), and what counts for all that say nothing else.

use std::ffi::OsString;
use std::path::PathBuf;

use super::mistake::{Origin, Place, Source};
use super::procfile;
use super::raw;
use super::read::Reading;
use super::text::{At, OneOrMany, Text};
use crate::plan::topology::Topology;
use crate::value::Connection;

/// What was typed, besides a file.
#[derive(Clone, Copy)]
pub(crate) struct CommandLine<'a> {
    /// Each a name and a command for the shell.
    pub(crate) processes: &'a [(String, String)],
    pub(crate) channels: &'a [Connection],
    pub(crate) defaults: &'a Defaults,
}

impl Default for CommandLine<'_> {
    fn default() -> Self {
        static NONE: Defaults = Defaults {
            dir: None,
            env: Vec::new(),
            clear_env: false,
            keys: Vec::new(),
            record: None,
        };
        Self { processes: &[], channels: &[], defaults: &NONE }
    }
}

/// Options that count for all processes and channels that say nothing else.
#[derive(Debug)]
pub(crate) struct Defaults {
    /// Where processes run, from our folder.
    pub(crate) dir: Option<PathBuf>,
    pub(crate) env: Vec<(OsString, OsString)>,
    pub(crate) clear_env: bool,
    /// Those that are keys of a process, as they were written.
    pub(crate) keys: Vec<(Key, String)>,
    /// Where all messages are recorded, from our folder.
    pub(crate) record: Option<PathBuf>,
}

/// A key of a process, as an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    StopSignal,
    Grace,
    Restart,
    Backoff,
    MaxRestarts,
    Ready,
    ReadyTimeout,
    Limit,
}

impl Key {
    fn option(self) -> &'static str {
        match self {
            Self::StopSignal => "--stop-signal",
            Self::Grace => "--grace",
            Self::Restart => "--restart",
            Self::Backoff => "--backoff",
            Self::MaxRestarts => "--max-restarts",
            Self::Ready => "--ready",
            Self::ReadyTimeout => "--ready-timeout",
            Self::Limit => "--limit",
        }
    }
}

impl Defaults {
    pub(super) fn has(&self, key: Key) -> bool {
        self.keys.iter().any(|(it, _)| *it == key)
    }

    pub(super) fn variable(&self, name: &str) -> Option<OsString> {
        let found = self.env.iter().rev().find(|(it, _)| it == name);
        found.map(|(_, value)| value.clone())
    }

    fn lines(&self) -> impl Iterator<Item = String> {
        self.keys.iter().map(|(key, text)| format!("{} {text}", key.option()))
    }

    /// Has what a description cannot say count for what it describes, and what it has not said.
    pub(super) fn apply(&self, topology: &mut Topology) {
        for process in &mut topology.processes {
            // Before its own, which count more.
            let env = self.env.iter().map(|(name, value)| (name.clone(), Some(value.clone())));
            process.env.splice(0..0, env);
            process.env_clear |= self.clear_env;
        }
        let Some(record) = &self.record else { return };
        if topology.channels.is_empty() {
            topology.remarks.push("--record: there is no channel to be recorded".to_owned());
        }
        for channel in &mut topology.channels {
            channel.record.get_or_insert_with(|| record.clone());
        }
    }
}

/// Has an option count where the defaults of the description do not say the same.
fn fill(defaults: &mut raw::Process, key: Key, text: &str, place: &Place) {
    fn fill_in<T>(key: &mut Option<At<Text<T>>>, place: &Place, text: &str) {
        key.get_or_insert_with(|| At::literal(place, text));
    }
    // What has parts was looked at: it has them.
    let parts = |between| text.split_once(between).unwrap_or((text, text));
    match key {
        Key::StopSignal => fill_in(&mut defaults.stop_signal, place, text),
        Key::Grace => fill_in(&mut defaults.stop_grace_period, place, text),
        Key::Restart => fill_in(&mut defaults.restart, place, text),
        Key::Ready => fill_in(&mut defaults.ready, place, text),
        Key::ReadyTimeout => fill_in(&mut defaults.ready_timeout, place, text),
        Key::Backoff => {
            let (min, max) = parts("..");
            let (min, max) = (At::literal(place, min), At::literal(place, max));
            let value = raw::Backoff { min: Some(min), max: Some(max) };
            defaults.backoff.get_or_insert(At { place: place.clone(), value });
        }
        Key::MaxRestarts => {
            let (count, within) = parts("/");
            let (count, within) = (At::literal(place, count), At::literal(place, within));
            let value = raw::RestartLimit { count: Some(count), within: Some(within) };
            defaults.restart_limit.get_or_insert(At { place: place.clone(), value });
        }
        Key::Limit => {
            let (name, value) = parts("=");
            let limits = &mut defaults.limits.get_or_insert_default().0;
            let is_said =
                limits.iter().any(|(it, _)| it.place.origin == Origin::File && it.value == name);
            if !is_said {
                let name = At { place: place.clone(), value: name.to_owned() };
                limits.push((name, At::literal(place, value)));
            }
        }
    }
}

impl CommandLine<'_> {
    /// As the text that places are counted in: a line for each.
    pub(super) fn source(&self) -> Source {
        let name = match (self.processes, self.channels) {
            (_, [_, ..]) => "-p and -c",
            ([], []) => "options",
            ([_, ..], []) => "-p",
        };
        let processes = self.processes.iter().map(|(name, command)| format!("{name}={command}\n"));
        let channels = self.channels.iter().map(|it| format!("{}\n", it.text));
        let options = self.defaults.lines().map(|line| format!("{line}\n"));
        let text = processes.chain(channels).chain(options).collect();
        Source { name: name.to_owned(), text }
    }

    /// Adds all to what was read.
    pub(super) fn add_to(&self, reading: &mut Reading) {
        let mut start = 0;
        let mut place = |length: usize| {
            let end = start + length;
            let place = Place { origin: Origin::CommandLine, start, end };
            start = end + 1;
            place
        };
        for (name, command) in self.processes {
            let place = place(name.len() + 1 + command.len());
            procfile::add(reading, &place, name, command, None, None);
        }
        for Connection { text, name, from, to } in self.channels {
            let place = place(text.len());
            let end = |text: &str| At {
                place: place.clone(),
                value: OneOrMany::One(Text::literal(text)),
            };
            let channel = raw::Channel::between(end(from), end(to));
            let at = |value| At { place: place.clone(), value };
            let named = (At { place: place.clone(), value: name.clone() }, at(channel));
            reading.file.channel.0.push(named);
        }
        for ((key, text), line) in self.defaults.keys.iter().zip(self.defaults.lines()) {
            let place = place(line.len());
            let none = || At { place: place.clone(), value: raw::Process::default() };
            fill(&mut reading.file.defaults.get_or_insert_with(none).value, *key, text, &place);
        }
    }
}
