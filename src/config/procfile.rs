//! A Procfile, as foreman and honcho read it: `name: command` on each line, run by a shell.

use std::path::Path;

use super::mistake::{Mistakes, Origin, Place};
use super::raw;
use super::read::Reading;
use super::text::{At, Named, OneOrMany, Text};

/// The `PORT` of the first process, where none is given; each next one has 100 more.
const FIRST_PORT: u16 = 5000;

/// Reads the text. The `.env` in its folder goes to all processes; a `PORT` there, or else in our
/// own environment (`port`), is that of the first process. `restart`: when they are started again,
/// where it is not said for all.
pub(super) fn read(
    text: &str,
    folder: &Path,
    port: Option<String>,
    restart: Option<&str>,
    mistakes: &mut Mistakes,
) -> Reading {
    let mut reading = Reading::default();
    let variables = folder.join(".env");
    let mut port = port;
    if variables.is_file() {
        let start = Place::in_file(0..0);
        let file = OneOrMany::One(Text::literal(".env"));
        let env_file = Some(At { place: start.clone(), value: file });
        let defaults = raw::Process { env_file, ..raw::Process::default() };
        reading.file.defaults = Some(At { place: start, value: defaults });
        // What is wrong in the file is told with the defaults.
        let variables = super::env_file(&variables).unwrap_or_default();
        let of_file = variables.into_iter().rev().find(|(name, _)| name == "PORT");
        port = of_file.and_then(|(_, port)| port.into_string().ok()).or(port);
    }
    let first = port.and_then(|port| port.parse().ok()).unwrap_or(FIRST_PORT);
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let place = Place { origin: Origin::File, start, end: start + line.trim_end().len() };
        start += line.len();
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match line.split_once(':').map(|(name, command)| (name.trim(), command.trim())) {
            Some((name, command)) if !name.is_empty() && !command.is_empty() => {
                let number = reading.processes.len();
                let port = usize::from(first) + 100 * number;
                add(&mut reading, &place, name, command, Some(port), restart);
            }
            _ => mistakes.add(&place, "a line of a Procfile is `name: command`"),
        }
    }
    reading.file.exit = Some(At::literal(&Place::in_file(0..0), "any"));
    reading
}

/// Adds a process that a shell runs, as a Procfile and `-p` describe them.
pub(super) fn add(
    reading: &mut Reading,
    place: &Place,
    name: &str,
    command: &str,
    port: Option<usize>,
    restart: Option<&str>,
) {
    let name = At { place: place.clone(), value: name.to_owned() };
    let environment = port.map(|port| {
        let key = At { place: place.clone(), value: "PORT".to_owned() };
        Named(vec![(key, At::literal(place, &port.to_string()))])
    });
    let process = raw::Process {
        shell: Some(At::literal(place, command)),
        environment,
        restart: restart.map(|restart| At::literal(place, restart)),
        ..raw::Process::default()
    };
    reading.processes.push((name.value.clone(), place.clone()));
    reading.file.process.0.push((name, At { place: place.clone(), value: process }));
}
