//! Several processes that belong together, as `gipc.toml`, a Procfile or `-p` describe them.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use gipc::framing::Framing;
use gipc::inherited::Direction;
use gipc::spawn::Limit;
use regex_lite::Regex;

use super::channel::{Channel, ChannelId, End, Place, Port};
use super::order::order;
use crate::plan::rules::Rules;

/// What `gipc up` runs.
#[derive(Debug)]
pub(crate) struct Topology {
    /// The session's name.
    pub(crate) name: String,
    pub(crate) exit: ExitRule,
    pub(crate) strategy: Strategy,
    /// In the order of the description; no cycle leads through their dependencies.
    pub(crate) processes: Vec<Process>,
    /// What may be said so, but is hardly meant.
    pub(crate) remarks: Vec<String>,
    /// No descriptor of a process is used twice.
    pub(crate) channels: Vec<Channel>,
}

impl Topology {
    /// One process, and all goes by it.
    pub(crate) fn of_one(process: Process) -> Self {
        let name = process.name.clone();
        let (exit, strategy) = (ExitRule::All, Strategy::OneForOne);
        let (channels, remarks) = (Vec::new(), Vec::new());
        Self { name, exit, strategy, processes: vec![process], channels, remarks }
    }

    /// Where a process meets channels: those that it reads first.
    pub(crate) fn ports(&self, process: ProcessId) -> Vec<Meeting> {
        let mut ports = Vec::new();
        for direction in [Direction::In, Direction::Out] {
            for (place, channel) in self.channels.iter().enumerate() {
                let ends = match direction {
                    Direction::In => &channel.to,
                    Direction::Out => &channel.from,
                };
                let meets = |end: &End| match end.at {
                    Place::Process(of, port) if of == process => Some(Meeting {
                        channel: ChannelId(place),
                        direction,
                        port,
                        framing: end.framing,
                    }),
                    _ => None,
                };
                ports.extend(ends.iter().filter_map(meets));
            }
        }
        ports
    }
}

impl Topology {
    /// How many descriptors an instance takes in the supervisor, at the most: its two outputs, its
    /// process, what it tells us on, its channels.
    pub(crate) fn descriptors_of_each(&self) -> usize {
        let all = self.processes.iter().enumerate().map(|(place, process)| {
            let tells = match process.ready {
                Some(Readiness::Fd(_) | Readiness::Notify) => 1,
                Some(Readiness::Message | Readiness::Log(_) | Readiness::Probe(_)) | None => 0,
            };
            let watched = usize::from(process.rules.watchdog.is_some());
            3 + tells + watched + self.ports(ProcessId(place)).len()
        });
        all.max().unwrap_or_default()
    }
}

/// Where a process meets a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Meeting {
    pub(crate) channel: ChannelId,
    pub(crate) direction: Direction,
    pub(crate) port: Port,
    pub(crate) framing: Framing,
}

/// A process was asked for that is not there.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no process `{name}`; there {}", list(.there))]
pub(crate) struct NoSuchProcess {
    name: String,
    there: Vec<String>,
}

fn list(names: &[String]) -> String {
    match names {
        [only] => format!("is `{only}`"),
        _ => format!("are `{}`", names.join("`, `")),
    }
}

impl Topology {
    /// Those of these names, and all that they depend on or share a channel with; without names,
    /// all.
    pub(crate) fn only(self, names: &[String]) -> Result<Self, NoSuchProcess> {
        if names.is_empty() {
            return Ok(self);
        }
        let mut wanted = vec![false; self.processes.len()];
        let mut new = Vec::new();
        for name in names {
            let found = self.processes.iter().position(|process| process.name == *name);
            new.push(found.ok_or_else(|| NoSuchProcess {
                name: name.clone(),
                there: self.processes.iter().map(|process| process.name.clone()).collect(),
            })?);
        }
        while let Some(process) = new.pop() {
            if !std::mem::replace(&mut wanted[process], true) {
                new.extend(self.processes[process].depends_on.iter().map(|it| it.on.0));
                new.extend(self.neighbours(ProcessId(process)).map(|it| it.0));
            }
        }
        // The places of those that stay.
        let place = |old: ProcessId| ProcessId(wanted[..old.0].iter().filter(|it| **it).count());
        let exit = match self.exit {
            // Who is not there decides nothing.
            ExitRule::Process(process) if !wanted[process.0] => ExitRule::All,
            ExitRule::Process(process) => ExitRule::Process(place(process)),
            other => other,
        };
        let stay = self.processes.into_iter().zip(&wanted).filter(|(_, wanted)| **wanted);
        let processes = stay.map(|(mut process, _)| {
            for dependency in &mut process.depends_on {
                dependency.on = place(dependency.on);
            }
            process
        });
        let channels = self.channels.into_iter().filter_map(|mut channel| {
            for end in channel.from.iter_mut().chain(&mut channel.to) {
                match &mut end.at {
                    Place::Ours => {}
                    // Whoever has one end of it brings all the others along.
                    Place::Process(of, _) if !wanted[of.0] => return None,
                    Place::Process(of, _) => *of = place(*of),
                }
            }
            Some(channel)
        });
        let channels = channels.collect();
        Ok(Self { processes: processes.collect(), channels, exit, ..self })
    }

    /// Those that it shares a channel with.
    fn neighbours(&self, process: ProcessId) -> impl Iterator<Item = ProcessId> {
        let processes = |channel: &Channel| -> Vec<_> {
            let ends = channel.from.iter().chain(&channel.to);
            ends.filter_map(End::process).collect()
        };
        let shared = self.channels.iter().map(processes);
        shared.filter(move |all| all.contains(&process)).flatten()
    }

    /// All processes, each after those that it waits for, and otherwise in the order of the
    /// description.
    pub(crate) fn start_order(&self) -> Vec<ProcessId> {
        let on = |process: &Process| process.depends_on.iter().map(|it| it.on.0).collect();
        let waits_for: Vec<_> = self.processes.iter().map(on).collect();
        // Without cycles there is an order.
        order(&waits_for).unwrap_or_default().into_iter().map(ProcessId).collect()
    }
}

/// Names a process of a topology: its place in [`Topology::processes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ProcessId(pub(crate) usize);

/// When the session ends, and with which code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ExitRule {
    /// When all have ended.
    #[default]
    All,
    /// When any has ended.
    Any,
    /// When the first one has failed, or all have ended.
    Fail,
    /// When this one has ended.
    Process(ProcessId),
    /// When all have ended, as the last of them, in the order of the description, that has failed.
    LastFailure,
}

/// Who is restarted with a process that is, as in Erlang/OTP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Strategy {
    /// Nobody.
    #[default]
    OneForOne,
    /// All.
    OneForAll,
    /// Those that were started after it.
    RestForOne,
}

/// A process of a topology.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Process {
    pub(crate) name: String,
    /// The program and its arguments, at least the program.
    pub(crate) argv: Vec<OsString>,
    pub(crate) dir: Option<PathBuf>,
    pub(crate) env_clear: bool,
    /// Variables to set or to leave out, the later ones over the earlier ones.
    pub(crate) env: Vec<(OsString, Option<OsString>)>,
    pub(crate) wiring: Wiring,
    /// How many instances; none where it is described no more.
    pub(crate) replicas: usize,
    pub(crate) depends_on: Vec<Dependency>,
    pub(crate) rules: Rules,
    /// Where readiness is told, and not a matter of time alone.
    pub(crate) ready: Option<Readiness>,
    pub(crate) health: Option<HealthCheck>,
    pub(crate) user: Option<String>,
    pub(crate) group: Option<String>,
    pub(crate) umask: Option<u32>,
    pub(crate) nice: Option<i32>,
    pub(crate) limits: Vec<Limit>,
    /// What comes on its standard output and is no JSON is no message.
    pub(crate) guard_stdout: bool,
    /// It is told of its channels as `sd_listen_fds(3)` has it, too.
    pub(crate) listen_fds: bool,
    pub(crate) log: Option<LogFile>,
}

impl Process {
    /// Are its descriptors ours?
    pub(crate) fn is_inherited(&self) -> bool {
        matches!(self.wiring, Wiring::Inherited)
    }

    /// May there be several instances of it?
    pub(crate) fn can_be_many(&self) -> bool {
        !self.is_inherited()
    }

    /// The name of an instance, which are counted from 1.
    pub(crate) fn instance(&self, number: usize) -> String {
        format!("{}.{number}", self.name)
    }
}

/// What a process's descriptors are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wiring {
    /// Ours.
    Inherited,
    /// Its channels; no other input; what it prints elsewhere is passed on as lines.
    Piped,
}

/// Another process that must have come so far before this one starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dependency {
    pub(crate) on: ProcessId,
    pub(crate) until: Milestone,
}

/// How far a process has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Milestone {
    Started,
    Ready,
    Completed,
    CompletedSuccessfully,
}

/// How it is told that an instance is ready.
#[derive(Clone, Debug)]
pub(crate) enum Readiness {
    /// It has sent a message.
    Message,
    /// It has written a newline to this descriptor (s6's notification).
    Fd(gipc::spawn::ChildFd),
    /// It has sent `READY=1`, see `sd_notify(3)`.
    Notify,
    /// It has written a line that matches.
    Log(Regex),
    /// This succeeds.
    Probe(Probe),
}

impl PartialEq for Readiness {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Message, Self::Message) | (Self::Notify, Self::Notify) => true,
            (Self::Fd(this), Self::Fd(other)) => this == other,
            (Self::Log(this), Self::Log(other)) => this.as_str() == other.as_str(),
            (Self::Probe(this), Self::Probe(other)) => this == other,
            _ => false,
        }
    }
}

/// A question about a process that gipc asks from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Probe {
    /// A TCP connection to HOST:PORT can be made.
    Tcp(String),
    /// An HTTP GET of this URL is answered with a status from 200 to 399.
    Http(String),
    /// This command succeeds, run by a shell in the process's directory and environment.
    Exec(String),
    /// This file exists.
    File(PathBuf),
}

/// As it is written in a description.
impl fmt::Display for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "tcp:{address}"),
            Self::Http(url) => f.write_str(url),
            Self::Exec(command) => write!(f, "exec:{command}"),
            Self::File(path) => write!(f, "file:{}", path.display()),
        }
    }
}

/// A probe that is made again and again once the instance is ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HealthCheck {
    pub(crate) test: Probe,
    pub(crate) interval: Duration,
    /// How long one may take.
    pub(crate) timeout: Duration,
    /// So many failures in a row, and the instance is restarted; at least 1.
    pub(crate) retries: u32,
}

/// What it is where nothing else is said.
impl HealthCheck {
    pub(crate) const INTERVAL: Duration = Duration::from_secs(10);
    pub(crate) const TIMEOUT: Duration = Duration::from_secs(1);
    pub(crate) const RETRIES: u32 = 3;
}

/// A file that the process's lines go to as well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogFile {
    pub(crate) path: PathBuf,
    /// In bytes; past it the file is rotated.
    pub(crate) max_size: u64,
    /// How many rotated files are kept.
    pub(crate) keep: usize,
}

/// What it is where nothing else is said.
impl LogFile {
    pub(crate) const MAX_SIZE: u64 = 50 << 20;
    pub(crate) const KEEP: usize = 10;
}
