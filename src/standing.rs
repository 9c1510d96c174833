//! How instances stand, and why: what `ps` and `why` print, and USR1.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::report::Ending;
use crate::usage::Usage;
use crate::value;

/// How an instance stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Standing {
    pub(crate) name: String,
    pub(crate) process: String,
    pub(crate) state: State,
    /// Has what runs said that it is ready, or need not it?
    pub(crate) ready: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pid: Option<i32>,
    /// Since it was started last, while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) uptime_seconds: Option<f64>,
    pub(crate) restarts: usize,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub(crate) usage: Option<Usage>,
    /// How it has ended last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) exit: Option<Ending>,
    /// The processes that it waits for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) waits_for: Vec<String>,
    /// It is killed then, unless it has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) killed_in_seconds: Option<f64>,
    pub(crate) last_line: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) channels: Vec<Traffic>,
}

/// What an instance is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    /// For others, before it is started.
    Waiting,
    /// It runs, and is not ready yet.
    Starting,
    Running,
    /// It was asked to end, or has ended and something of it is left.
    Stopping,
    /// It has ended, and pauses before it is started again.
    Restarting,
    /// By hand, until it is started by hand.
    Stopped,
    /// It has ended, and that was in order.
    Ended,
    Failed,
    /// It is never started: what it depends on has not come so far.
    Skipped,
    /// One that a later version may tell of.
    #[serde(other)]
    Unknown,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Waiting => "waiting",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Stopping => "stopping",
            Self::Restarting => "restarting",
            Self::Stopped => "stopped",
            Self::Ended => "ended",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Unknown => "?",
        })
    }
}

/// What has passed through a channel of an instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Traffic {
    pub(crate) name: String,
    pub(crate) messages: u64,
    pub(crate) bytes: u64,
}

/// Why an instance stands as it does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reason {
    pub(crate) name: String,
    pub(crate) state: State,
    /// From what is to be seen to the root cause, each a sentence.
    pub(crate) because: Vec<Cause>,
    /// Who is at the root of it: itself, or one that it waits for.
    pub(crate) root: String,
    /// The last that the root has printed.
    pub(crate) last_lines: Vec<String>,
}

/// A link in the chain of causes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cause {
    /// How many others it explains.
    pub(crate) depth: usize,
    pub(crate) what: String,
}

/// How long, without fractions of what matters.
pub(crate) fn span(seconds: f64) -> String {
    humantime::format_duration(Duration::from_secs(seconds.max(0.0) as u64)).to_string()
}

const HEAD: [&str; 8] =
    ["NAME", "STATE", "PID", "UPTIME", "RESTARTS", "CPU", "MEMORY", "LAST LINE"];

/// The columns whose text stands at the right.
const NUMBERS: [usize; 4] = [2, 4, 5, 6];

impl Standing {
    /// The part of its whole life that it has spent with a processor, as ps(1) has it.
    pub(crate) fn cpu(&self) -> Option<f64> {
        let (usage, uptime) = self.usage.zip(self.uptime_seconds)?;
        Some(usage.cpu_seconds / uptime.max(0.01))
    }
}

/// What a log line tells of an instance.
#[derive(Serialize)]
struct Told<'a> {
    timestamp: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    standing: Option<&'a Standing>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a Reason>,
}

/// An object on a line for each.
pub(crate) fn lines(standings: &[Standing], reasons: &[Reason]) -> String {
    let timestamp = &*format!("{:.6}", jiff::Timestamp::now());
    let standing = |it| Told { timestamp, standing: Some(it), reason: None };
    let reason = |it| Told { timestamp, standing: None, reason: Some(it) };
    let all = standings.iter().map(standing).chain(reasons.iter().map(reason));
    // Such values cannot fail to be JSON.
    all.map(|told| serde_json::to_string(&told).unwrap_or_default() + "\n").collect()
}

/// A table, a line for each instance, and what has passed through their channels.
pub(crate) fn table(instances: &[Standing]) -> String {
    table_with(instances, Standing::cpu)
}

/// The same, with another part of the processors' time.
pub(crate) fn table_with(instances: &[Standing], cpu: impl Fn(&Standing) -> Option<f64>) -> String {
    let head = HEAD.map(str::to_owned);
    let rows: Vec<_> =
        std::iter::once(head).chain(instances.iter().map(|it| row(it, cpu(it)))).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: [usize; HEAD.len()] = std::array::from_fn(|column| width(column).unwrap_or(0));
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(widths).enumerate() {
            if column > 0 {
                line.push_str("  ");
            }
            if NUMBERS.contains(&column) {
                line.push_str(&format!("{cell:>width$}"));
            } else {
                line.push_str(&format!("{cell:width$}"));
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    for Standing { name, channels, .. } in instances {
        for Traffic { name: channel, messages, bytes } in channels {
            text.push_str(&format!("{name} {channel}: {messages} messages, {bytes} bytes\n"));
        }
    }
    text
}

fn row(instance: &Standing, cpu: Option<f64>) -> [String; HEAD.len()] {
    let dash = || "-".to_owned();
    let state = match (instance.state, &instance.exit, instance.killed_in_seconds) {
        (State::Failed | State::Ended, Some(Ending::Code { code }), _) if *code != 0 => {
            format!("{} ({code})", instance.state)
        }
        (State::Failed, Some(Ending::Signal { name, .. }), _) => format!("failed ({name})"),
        (State::Stopping, _, Some(seconds)) => format!("stopping ({})", span(seconds)),
        (State::Waiting, ..) => format!("waiting ({})", instance.waits_for.join(", ")),
        (state, ..) => state.to_string(),
    };
    let cpu = cpu.map(|part| format!("{:.1}%", 100.0 * part));
    let memory = instance.usage.map(|usage| value::shown_size(usage.memory));
    [
        instance.name.clone(),
        state,
        instance.pid.map_or_else(dash, |pid| pid.to_string()),
        instance.uptime_seconds.map_or_else(dash, span),
        instance.restarts.to_string(),
        cpu.unwrap_or_else(dash),
        memory.unwrap_or_else(dash),
        printable(&instance.last_line),
    ]
}

/// Without what would move a terminal's cursor, and not too long.
fn printable(line: &str) -> String {
    const LONGEST: usize = 100;
    line.chars().filter(|c| !c.is_control()).take(LONGEST).collect()
}

/// Sentences, and the lines that go with them.
pub(crate) fn reasons(reasons: &[Reason]) -> String {
    let mut text = String::new();
    for reason in reasons {
        for Cause { depth, what } in &reason.because {
            text.push_str(&format!("{:indent$}{what}\n", "", indent = 2 * depth));
        }
        for line in &reason.last_lines {
            text.push_str(&format!("  {} | {line}\n", reason.root));
        }
    }
    text
}
