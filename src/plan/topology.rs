//! Several processes that belong together, as `gipc.toml`, a Procfile or `-p` describe them.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use gipc::spawn::Limit;
use regex_lite::Regex;

use super::order::order;
use crate::supervisor::policy::Rules;

/// What `gipc up` runs.
#[derive(Debug)]
pub(crate) struct Topology {
    /// The session's name.
    pub(crate) name: String,
    pub(crate) exit: ExitRule,
    pub(crate) strategy: Strategy,
    /// In the order of the description; no cycle leads through their dependencies.
    pub(crate) processes: Vec<Process>,
}

impl Topology {
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
#[derive(Clone, Debug)]
pub(crate) struct Process {
    pub(crate) name: String,
    /// The program and its arguments, at least the program.
    pub(crate) argv: Vec<OsString>,
    pub(crate) dir: Option<PathBuf>,
    /// Variables to set, the later ones over the earlier ones.
    pub(crate) env: Vec<(OsString, OsString)>,
    /// How many instances, at least 1.
    pub(crate) replicas: usize,
    pub(crate) depends_on: Vec<Dependency>,
    pub(crate) rules: Rules,
    /// Where readiness is told, and not a matter of time alone.
    pub(crate) ready: Option<Readiness>,
    pub(crate) health: Option<HealthCheck>,
    /// It is restarted when it has not shown a sign of life for so long.
    pub(crate) watchdog: Option<Duration>,
    pub(crate) user: Option<String>,
    pub(crate) group: Option<String>,
    pub(crate) umask: Option<u32>,
    pub(crate) nice: Option<i32>,
    pub(crate) limits: Vec<Limit>,
    pub(crate) log: Option<LogFile>,
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
    /// It has written a newline to this descriptor (s6's notification).
    Fd(gipc::spawn::ChildFd),
    /// It has sent `READY=1`, see `sd_notify(3)`.
    Notify,
    /// It has written a line that matches.
    Log(Regex),
    /// This succeeds.
    Probe(Probe),
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

/// A file that the process's lines go to as well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogFile {
    pub(crate) path: PathBuf,
    /// In bytes; past it the file is rotated.
    pub(crate) max_size: u64,
    /// How many rotated files are kept.
    pub(crate) keep: usize,
}
