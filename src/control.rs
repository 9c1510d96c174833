//! A session and those who ask it things: the protocol. The side that answers is [`server`].
//!
//! ```text
//! gipc ps ──request──▶ connection ──asked──▶ supervisor
//!         ◀──replies──            ◀─answer──
//! ```
//!
//! `gipc-control(7)` describes the protocol for others.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::logs::Piece;
use crate::relay::{Head, Turned, Visit};
use crate::report::Ending;
use crate::standing::{Reason, Standing};

pub(crate) mod client;
mod lines;
pub(crate) mod lost;
mod sending;
mod server;
mod socket;
mod watch;
mod watching;

pub(crate) use server::{Answer, Asked, Knock, Requests, Server};
pub(crate) use socket::{Error, Socket};

/// What a client may ask for. Names are those of processes (`work`) or instances (`work.2`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Request {
    /// Who are you?
    Hello {},
    /// How do these stand, or all?
    Ps {
        #[serde(default)]
        names: Vec<String>,
    },
    /// Why do these, or all, stand as they do?
    Why {
        #[serde(default)]
        names: Vec<String>,
    },
    /// Tell the last lines of these, or of all and of gipc itself, and go on.
    Logs {
        #[serde(default)]
        names: Vec<String>,
        #[serde(default)]
        lines: Option<usize>,
        #[serde(default)]
        follow: bool,
    },
    /// Show the messages of this channel, or of all, as they pass.
    Tap {
        #[serde(default)]
        channel: Option<String>,
    },
    /// Take messages for this process, on this channel of those that it reads or the first one, each
    /// as soon as there is room, which may take so many milliseconds. They follow once the session
    /// says so: so many, or else until the client shuts its side down.
    Send {
        to: String,
        #[serde(default)]
        messages: Option<u64>,
        #[serde(default)]
        channel: Option<String>,
        #[serde(default)]
        timeout_ms: Option<u64>,
    },
    /// Take one, on the first channel whose messages are answered, and tell its answer, all within so
    /// many milliseconds.
    Call {
        to: String,
        #[serde(default)]
        timeout_ms: Option<u64>,
    },
    /// Give a process of this instance, which has lost it, the descriptor again that the instance was
    /// started with for the channel with this entry in its `GIPC_CHANNELS`.
    Descriptor { of: String, entry: String },
    /// Have these run.
    Start { names: Vec<String> },
    /// Have these not run.
    Stop { names: Vec<String> },
    /// Have these end and run again.
    Restart { names: Vec<String> },
    /// Send a signal, by its name or number, to these.
    Signal { signal: String, names: Vec<String> },
    /// Have so many instances of each of these.
    Scale { to: BTreeMap<String, usize> },
    /// Tell when these, or all, have come so far.
    Wait {
        #[serde(default)]
        names: Vec<String>,
        until: Until,
    },
    /// Read the description anew; mistakes are told with escapes for colours, or without.
    Reload {
        #[serde(default)]
        color: bool,
    },
    /// Stop everything in order, and kill what has not ended after so many milliseconds.
    Down {
        #[serde(default)]
        timeout_ms: Option<u64>,
    },
}

/// What can be waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Until {
    Ready,
    Ended,
}

/// What the session answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub(crate) enum Reply {
    /// The session, to `hello`, and to `down` once it is being stopped.
    Session(Card),
    /// To `ps`.
    Instances { instances: Vec<Standing> },
    /// To `why`.
    Reasons { reasons: Vec<Reason> },
    /// To `logs`, as often as there are lines.
    Lines(Piece),
    /// To `tap`, as often as there are messages: these follow, each a frame of its own.
    Messages(Head),
    /// To `tap`: so many have passed, and the client was too slow to be shown them.
    Missed { messages: u64 },
    /// To `send` and `call`: messages may come.
    Open { channel: String, max_message: usize },
    /// To `send`, when all have come: so many are in the channel, so many were refused, the first of
    /// them because of this, and so many were dropped for want of room.
    Taken {
        messages: u64,
        refused: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
        dropped: u64,
    },
    /// To `call`: the answer follows, a frame of its own.
    Answer {},
    /// To `descriptor`: it has come with this.
    Descriptor {},
    /// It is done; what there is to be said of it.
    Done { remarks: Vec<String> },
    /// To `wait`: how they have ended, together.
    Ended { exit: Ending },
    /// To `reload`.
    Reloaded(Reloaded),
    /// It was not, or could not be, done.
    Error(Refusal),
}

/// The processes that a new description concerns.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reloaded {
    pub(crate) started: Vec<String>,
    pub(crate) restarted: Vec<String>,
    pub(crate) stopped: Vec<String>,
    pub(crate) scaled: Vec<String>,
    /// Keys, such as `exit` and `depends_on of web`, for which nothing is started or stopped.
    #[serde(default)]
    pub(crate) changed: Vec<String>,
}

/// What a session says of itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Card {
    pub(crate) name: String,
    /// Of the process that was started as `gipc`: it ends last of all.
    pub(crate) pid: i32,
    pub(crate) version: String,
}

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Refusal {
    pub(crate) kind: Kind,
    pub(crate) message: String,
}

/// What kind of refusal it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// It is no request, or not of this version.
    BadRequest,
    /// The client runs as another user, or asks for what is for the processes of one only.
    Foreign,
    /// There is no process or instance of this name.
    NoSuchProcess,
    /// The session has ended, or is about to.
    SessionEnded,
    /// There is no channel of this name.
    NoSuchChannel,
    /// Nobody writes to it any more, or nobody reads it.
    ChannelEnded,
    /// The message is not for its readers.
    Refused,
    /// It was not done in time.
    TimedOut,
    /// There is nothing of it that could get a signal.
    NotRunning,
    /// It has ended, and was not ready.
    NotReady,
    /// It could not be done.
    Failed,
    /// The description is not understood; the message has the mistakes.
    BadDescription,
    /// One that a later version may tell of.
    #[serde(other)]
    Other,
}

impl Refusal {
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    fn ended() -> Self {
        Self::new(Kind::SessionEnded, "the session has ended in the meantime")
    }
}

impl From<Turned> for Refusal {
    fn from(turned: Turned) -> Self {
        let kind = match turned {
            Turned::Closed => Kind::SessionEnded,
            Turned::Unread(_) | Turned::Lost(_) => Kind::ChannelEnded,
            Turned::NoRoom(_) | Turned::NoAnswer => Kind::TimedOut,
            Turned::Garbled(_) | Turned::Gone => Kind::BadRequest,
            Turned::Refused(_) => Kind::Refused,
            Turned::Failed(_) => Kind::Failed,
        };
        Self::new(kind, turned.to_string())
    }
}

impl From<Visit> for Reply {
    fn from(visit: Visit) -> Self {
        let Visit { taken, refused, dropped, why, turned } = visit;
        match turned {
            None => Self::Taken { messages: taken, refused, why, dropped },
            Some(turned) => {
                let Refusal { kind, message } = turned.into();
                let message = match taken {
                    0 => format!("{message}; no message was taken"),
                    1 => format!("{message}; one message was taken"),
                    many => format!("{message}; {many} messages were taken"),
                };
                Self::Error(Refusal { kind, message })
            }
        }
    }
}

impl From<Refusal> for Reply {
    fn from(refusal: Refusal) -> Self {
        Self::Error(refusal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_what_the_manual_says() {
        let read = |text: &str| serde_json::from_str::<Request>(text);
        assert_eq!(read(r#"{"do":"hello"}"#).unwrap(), Request::Hello {});
        assert_eq!(read(r#"{"do":"ps"}"#).unwrap(), Request::Ps { names: vec![] });
        assert_eq!(read(r#"{"do":"down"}"#).unwrap(), Request::Down { timeout_ms: None });
        for wrong in ["", "7", "{}", r#"{"do":"dance"}"#, r#"{"do":"ps","nmaes":[]}"#] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
