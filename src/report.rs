//! The report of a run: what was started, how it ended, what it used, what passed through.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use gipc::process::{ExitCode, ExitStatus, Usage};
use gipc::route::Counts;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::guard::Verdict;

mod causes;
pub(crate) mod github;
mod junit;

pub(crate) use causes::{EndCause, StartCause};

/// A moment, on the wall and on the clock that nobody sets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    wall: Timestamp,
    pub(crate) instant: Instant,
}

impl Moment {
    pub(crate) fn now() -> Self {
        Self { wall: Timestamp::now(), instant: Instant::now() }
    }
}

impl Serialize for Moment {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:.6}", self.wall))
    }
}

fn seconds<S: serde::Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(duration.as_secs_f64())
}

/// The whole run.
#[derive(Debug, Serialize)]
pub(crate) struct Report<'a> {
    pub(crate) gipc: &'static str,
    /// The session's name.
    pub(crate) name: &'a str,
    pub(crate) started: Moment,
    pub(crate) ended: Moment,
    #[serde(serialize_with = "seconds")]
    pub(crate) duration_seconds: Duration,
    pub(crate) exit: Ending,
    pub(crate) instances: Vec<Instance<'a>>,
}

/// One instance and all its lives.
#[derive(Debug, Serialize)]
pub(crate) struct Instance<'a> {
    pub(crate) name: &'a str,
    pub(crate) command: Vec<String>,
    pub(crate) restarts: usize,
    /// How it has ended for good, if it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) outcome: Option<Outcome>,
    pub(crate) incarnations: &'a [Incarnation],
    pub(crate) channels: Vec<Channel<'a>>,
    /// The last that a failed one has printed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) last_lines: Vec<String>,
}

/// How an instance has ended for good.
#[derive(Debug, Serialize)]
pub(crate) struct Outcome {
    pub(crate) success: bool,
    #[serde(flatten)]
    pub(crate) exit: Ending,
}

impl Instance<'_> {
    pub(crate) fn has_failed(&self) -> bool {
        self.outcome.as_ref().is_some_and(|outcome| !outcome.success)
    }

    /// How it has ended, in a sentence.
    pub(crate) fn summary(&self) -> String {
        let last = self.incarnations.last();
        if let (Some(Outcome { exit: Ending::Code { code: code @ 125..=127 }, .. }), exit) =
            (&self.outcome, last.and_then(|life| life.exit.as_ref()))
            && !matches!(exit, Some(Ending::Code { code: last }) if last == code)
        {
            return format!("{} could not be started: exit code {code}", self.name);
        }
        let how = match last.and_then(|life| life.exit.as_ref()) {
            Some(Ending::Code { code }) => format!("exit code {code}"),
            Some(Ending::Signal { name, .. }) => name.clone(),
            None => "it could not be started".to_owned(),
        };
        let restarts = match self.restarts {
            0 => String::new(),
            1 => " after a restart".to_owned(),
            many => format!(" after {many} restarts"),
        };
        let why = last.map(Incarnation::why).unwrap_or_default();
        format!("{} ended: {how}{why}{restarts}", self.name)
    }
}

/// One start of an instance.
#[derive(Debug, Serialize)]
pub(crate) struct Incarnation {
    pub(crate) pid: i32,
    /// Why it was started.
    pub(crate) reason: StartCause,
    pub(crate) started: Moment,
    /// The same by the clock that nobody sets: since the start of the run.
    pub(crate) started_seconds: f64,
    /// When it was ready for messages, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ready: Option<Moment>,
    pub(crate) ended: Option<Moment>,
    pub(crate) ended_seconds: Option<f64>,
    pub(crate) duration_seconds: Option<f64>,
    pub(crate) exit: Option<Ending>,
    /// Why it ended.
    pub(crate) ended_because: Option<EndCause>,
    pub(crate) user_seconds: Option<f64>,
    pub(crate) system_seconds: Option<f64>,
    /// In bytes.
    pub(crate) max_memory: Option<u64>,
}

impl Incarnation {
    /// One that has just been started, in a run that was started then.
    pub(crate) fn new(pid: i32, reason: StartCause, run: Moment) -> Self {
        let started = Moment::now();
        Self {
            pid,
            reason,
            started,
            started_seconds: started.instant.duration_since(run.instant).as_secs_f64(),
            ready: None,
            ended: None,
            ended_seconds: None,
            duration_seconds: None,
            exit: None,
            ended_because: None,
            user_seconds: None,
            system_seconds: None,
            max_memory: None,
        }
    }

    pub(crate) fn end(&mut self, status: ExitStatus) {
        let now = Moment::now();
        let duration = now.instant.duration_since(self.started.instant);
        self.duration_seconds = Some(duration.as_secs_f64());
        self.ended_seconds = Some(self.started_seconds + duration.as_secs_f64());
        self.ended = Some(now);
        self.exit = Some(status.into());
    }

    /// Has it ended because gipc asked it to, in order?
    pub(crate) fn was_stopped(&self) -> bool {
        self.ended_because == Some(EndCause::Stopped)
    }

    /// Why it has ended, to follow how: nothing where that was by itself.
    pub(crate) fn why(&self) -> String {
        match self.ended_because {
            None | Some(EndCause::ByItself) => String::new(),
            Some(why) => format!(" ({why})"),
        }
    }

    pub(crate) fn used(&mut self, usage: Usage) {
        self.user_seconds = Some(usage.user.as_secs_f64());
        self.system_seconds = Some(usage.system.as_secs_f64());
        self.max_memory = Some(usage.max_memory);
    }
}

/// How something ended: `code`, or `signal` with its number and name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Ending {
    Code { code: ExitCode },
    Signal { signal: i32, name: String },
}

impl From<ExitStatus> for Ending {
    fn from(status: ExitStatus) -> Self {
        match status {
            ExitStatus::Code(code) => Self::Code { code },
            ExitStatus::Signal(signal) => {
                Self::Signal { signal: signal.number(), name: signal.to_string() }
            }
        }
    }
}

impl From<Verdict> for Ending {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Exit(code) => Self::Code { code },
            Verdict::Signal(signal) => ExitStatus::Signal(signal).into(),
        }
    }
}

/// What has passed through an end of a channel.
#[derive(Debug, Serialize)]
pub(crate) struct Channel<'a> {
    pub(crate) name: &'a str,
    #[serde(flatten)]
    pub(crate) counts: Counts,
}

impl Report<'_> {
    /// Writes the report: as JUnit XML into a `.xml` file, else as JSON.
    pub(crate) fn write(&self, file: &File, path: &Path) -> io::Result<()> {
        if path.extension().is_some_and(|extension| extension == "xml") {
            return self.write_junit(file);
        }
        let mut file = BufWriter::new(file);
        serde_json::to_writer_pretty(&mut file, self)?;
        file.write_all(b"\n")?;
        file.flush()
    }
}
