//! What is to be done, fully understood: nothing in here can be malformed any more.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

use gipc::framing::Framing;
use gipc::process::Signal;

use crate::logs;

pub(crate) mod channel;
pub(crate) mod order;
pub(crate) mod outline;
pub(crate) mod pool;
pub(crate) mod revision;
pub(crate) mod rules;
pub(crate) mod stops;
pub(crate) mod topology;

use channel::Channel;
use topology::Topology;

/// One run of the program.
pub(crate) enum Plan {
    /// `exec`, `run`.
    Supervise(Box<Supervise>),
    /// `send`, `recv`, `call`.
    Talk(Talk),
    /// `replay` without a worker.
    Replay { replay: Replay, output: Framing },
    /// `ps`, `down` and the like.
    Control(Control),
    /// Text for standard output: manuals, completions.
    Print(Vec<u8>),
    /// What a description means, for standard output, and remarks on it for standard error.
    Outline { text: String, remarks: Vec<String> },
    /// Files to write: all manuals and completions.
    Write { folder: PathBuf, files: Vec<(String, Vec<u8>)> },
}

/// Processes under supervision.
pub(crate) struct Supervise {
    pub(crate) topology: Topology,
    /// Where the first channel's messages are shared among workers, whose answers are the second's.
    pub(crate) pool: Option<pool::Pool>,
    /// The name to be found by, where it is a session.
    pub(crate) session: Option<String>,
    /// Where the topology comes from, if it can be read anew.
    pub(crate) source: Option<Description>,
    /// What is read in place of our standard input.
    pub(crate) replay: Option<Replay>,
    /// For all together; a process may have one of its own.
    pub(crate) timeout: Option<Duration>,
    pub(crate) isolate: bool,
    /// In the background, as soon as all is ready.
    pub(crate) detach: bool,
    pub(crate) report: Option<PathBuf>,
    pub(crate) log: logs::Settings,
}

/// Reads the topology anew; where it is not understood, all that is wrong as text, in colour or not.
pub(crate) type Description = Box<dyn Fn(bool) -> Result<Topology, String>>;

impl Supervise {
    /// Does the supervisor read messages from a terminal? Then it must be in its foreground.
    pub(crate) fn reads_terminal(&self) -> bool {
        let reads =
            |channel: &Channel| channel.from.iter().any(|end| end.at == channel::Place::Ours);
        self.replay.is_none()
            && self.topology.channels.iter().any(reads)
            && std::io::stdin().is_terminal()
    }
}

/// A record to be played.
#[derive(Clone, Debug)]
pub(crate) struct Replay {
    pub(crate) file: PathBuf,
    /// The messages of this channel only.
    pub(crate) channel: Option<String>,
    pub(crate) speed: Speed,
}

/// How fast a record is played.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Speed {
    /// Without waiting.
    Max,
    /// So many times as fast as it was; more than 0.
    Times(f64),
}

/// Something to ask a session.
#[derive(Debug)]
pub(crate) struct Control {
    /// The one that was named.
    pub(crate) session: Option<String>,
    /// That of the current folder.
    pub(crate) of_folder: String,
    pub(crate) ask: Ask,
}

/// What a session is asked. Names are those of processes or of instances.
#[derive(Debug)]
pub(crate) enum Ask {
    Ps {
        names: Vec<String>,
        json: bool,
    },
    Watch {
        names: Vec<String>,
    },
    Why {
        names: Vec<String>,
        json: bool,
    },
    Logs {
        names: Vec<String>,
        lines: Option<usize>,
        follow: bool,
        color: bool,
    },
    Tap(Watch),
    Send(Letter),
    /// How the answer is written to standard output.
    Call(Letter, Option<Framing>),
    Start(Vec<String>),
    Stop(Vec<String>),
    Restart(Vec<String>),
    Signal(Signal, Vec<String>),
    Scale(Vec<(String, usize)>),
    Wait {
        names: Vec<String>,
        ready: bool,
        timeout: Option<Duration>,
    },
    Reload {
        color: bool,
    },
    Down {
        timeout: Option<Duration>,
    },
}

/// Messages to be shown as they pass.
#[derive(Debug)]
pub(crate) struct Watch {
    /// Of this channel only.
    pub(crate) channel: Option<String>,
    pub(crate) filter: Option<Filter>,
    /// As a record has them.
    pub(crate) json: bool,
}

/// Messages for a process of a session.
#[derive(Debug)]
pub(crate) struct Letter {
    pub(crate) to: String,
    /// Of those that it reads, else the first.
    pub(crate) channel: Option<String>,
    pub(crate) source: Source,
    /// How long a message may wait for room, and for its answer.
    pub(crate) timeout: Option<Duration>,
    pub(crate) max_message: usize,
}

/// Which messages are shown: those that have this value at a JSON pointer.
#[derive(Clone, Debug)]
pub(crate) struct Filter {
    pub(crate) pointer: String,
    /// As it was typed: a JSON value, or a string as it is.
    pub(crate) value: String,
}

impl Filter {
    /// Is this one of them?
    pub(crate) fn is_met_by(&self, message: &[u8]) -> bool {
        let Ok(message) = serde_json::from_slice::<serde_json::Value>(message) else {
            return false;
        };
        let Some(found) = message.pointer(&self.pointer) else { return false };
        found.as_str() == Some(&*self.value)
            || serde_json::from_str(&self.value)
                .is_ok_and(|value: serde_json::Value| value == *found)
    }
}

/// A message or two over the channels that this process was given.
pub(crate) struct Talk {
    pub(crate) what: What,
    /// How long to wait for the first byte.
    pub(crate) timeout: Option<Duration>,
    pub(crate) max_message: usize,
}

/// What is said and heard, on the first channel where none is named.
pub(crate) enum What {
    /// Sends messages.
    Send { channel: Option<String>, source: Source },
    /// Takes messages.
    Receive { channel: Option<String>, count: Count, output: Option<Framing> },
    /// Sends one and takes the reply.
    Call { message: Source, output: Option<Framing> },
}

/// Where messages to send come from.
#[derive(Debug)]
pub(crate) enum Source {
    /// This is the one.
    Argument(Vec<u8>),
    /// All of standard input is one.
    Stdin,
    /// Each line of standard input is one.
    Lines,
}

/// How many messages to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Count {
    One,
    Exactly(u64),
    UntilEnd,
}
