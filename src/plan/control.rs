//! What a session is to be asked for.

use std::time::Duration;

use gipc::framing::Framing;
use gipc::process::Signal;

use super::talk::Source;

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
