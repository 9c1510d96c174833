//! What is to be done, fully understood: nothing in here can be malformed any more.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

use gipc::framing::Framing;

use crate::logs;

pub(crate) mod channel;
pub(crate) mod control;
pub(crate) mod order;
pub(crate) mod outline;
pub(crate) mod pool;
pub(crate) mod revision;
pub(crate) mod rules;
pub(crate) mod stops;
pub(crate) mod talk;
pub(crate) mod topology;

use channel::Channel;
use control::Control;
use talk::Talk;
use topology::Topology;

/// One run of the program.
pub(crate) enum Plan {
    /// `exec`, `run`, `pipe`, `pool`, `up`, and `replay` with a worker.
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
