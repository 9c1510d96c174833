//! Processes and channels that were typed: `-p` and `-c`.

use super::mistake::{Origin, Place, Source};
use super::procfile;
use super::raw;
use super::read::Reading;
use super::text::{At, OneOrMany, Text};
use crate::value::Connection;

/// What was typed, besides a file.
#[derive(Clone, Copy, Default)]
pub(crate) struct CommandLine<'a> {
    /// Each a name and a command for the shell.
    pub(crate) processes: &'a [(String, String)],
    pub(crate) channels: &'a [Connection],
}

impl CommandLine<'_> {
    /// As the text that places are counted in: a line for each.
    pub(super) fn source(&self) -> Source {
        let name = if self.channels.is_empty() { "-p" } else { "-p and -c" };
        let processes = self.processes.iter().map(|(name, command)| format!("{name}={command}\n"));
        let channels = self.channels.iter().map(|it| format!("{}\n", it.text));
        Source { name: name.to_owned(), text: processes.chain(channels).collect() }
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
            procfile::add(reading, &place, name, command, None);
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
    }
}
