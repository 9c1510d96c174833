//! Why incarnations are started, and why they end.

use std::fmt;

use serde::{Serialize, Serializer};

/// Why an incarnation was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StartCause {
    First,
    AfterSuccess,
    AfterFailure,
    /// Another one is started again, and the strategy ties it to that.
    WithOthers,
    /// Somebody has asked for it.
    ByHand,
}

impl StartCause {
    /// As a report has it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::First => "first start",
            Self::AfterSuccess => "restart after success",
            Self::AfterFailure => "restart after failure",
            Self::WithOthers => "restart with others",
            Self::ByHand => "by hand",
        }
    }
}

impl Serialize for StartCause {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Why an incarnation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EndCause {
    ByItself,
    /// gipc has asked it to, in order.
    Stopped,
    Killed,
    Unhealthy,
    /// It, or the whole run, has taken too long.
    TimedOut,
    NotReady,
    /// It has shown no sign of life.
    Watchdog,
    /// It has not answered a message in time.
    Unanswered,
    /// What it has sent were no messages.
    Garbled,
    /// It has sent an answer without a message to answer.
    Unasked,
    /// Nobody wanted our output any more.
    OutputClosed,
}

impl EndCause {
    /// As a report has it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::ByItself => "by itself",
            Self::Stopped => "stopped by gipc",
            Self::Killed => "killed by gipc",
            Self::Unhealthy => "unhealthy",
            Self::TimedOut => "timeout",
            Self::NotReady => "not ready",
            Self::Watchdog => "watchdog",
            Self::Unanswered => "message timeout",
            Self::Garbled => "garbled messages",
            Self::Unasked => "unasked answer",
            Self::OutputClosed => "output closed",
        }
    }
}

impl fmt::Display for EndCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for EndCause {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
