//! What can go wrong in this library.

use std::fmt::Write as _;
use std::io;

use crate::codec::CodecError;
use crate::frames;
use crate::framing::FramingError;
use crate::spawn::SpawnError;

/// What can go wrong with channels, processes and pools. `name` is the handle's, see
/// [`Reader::named`](crate::Reader::named).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The handle was closed, or was given to a child.
    #[error("`{name}` is closed here")]
    Closed {
        /// The handle.
        name: String,
    },
    /// The handle cannot be closed or given away: it is being used.
    #[error("`{name}` is in use")]
    Locked {
        /// The handle.
        name: String,
    },
    /// It took too long. Nothing is lost: what has come of a message stays for the next call.
    #[error("`{name}` timed out{}", rest(*.pending))]
    Timeout {
        /// The handle or process.
        name: String,
        /// How many bytes of a message that is partly sent will go out ahead of the next one; 0
        /// where nothing of it was sent, and nothing will be.
        pending: usize,
    },
    /// The stream ended inside a message.
    #[error("`{name}`: the stream ended inside a message")]
    Truncated {
        /// The handle.
        name: String,
        /// How far it came.
        source: FramingError,
    },
    /// A message is larger than the limit; the stream cannot go on.
    #[error("`{name}`: a message is too large")]
    TooLarge {
        /// The handle.
        name: String,
        /// How large.
        source: FramingError,
    },
    /// The value could not be encoded, or the message not be decoded. The stream goes on after it.
    #[error("`{name}`: {}", if *.encoding { "cannot encode" } else { "cannot decode" })]
    Codec {
        /// The handle.
        name: String,
        /// Was it on the way out?
        encoding: bool,
        /// What the codec says.
        source: CodecError,
    },
    /// The reader cannot be given away: a part of the stream has been read ahead.
    #[error(
        "`{name}` cannot be given away: {unread} bytes of it were read ahead (see `Reader::exact`)"
    )]
    ReadAhead {
        /// The handle.
        name: String,
        /// How many bytes.
        unread: usize,
    },
    /// The bytes are not frames, or the framing cannot carry the message.
    #[error("`{name}`")]
    Framing {
        /// The handle.
        name: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No process has a reader any more.
    #[error("nobody reads `{name}` any more")]
    Peer {
        /// The handle.
        name: String,
    },
    /// A process was waited for by other code: how it ended cannot be known.
    #[error("`{name}` (process {pid}) was waited for by somebody else")]
    Stolen {
        /// The process.
        name: String,
        /// Its pid.
        pid: i32,
    },
    /// A message to a pool has no answer: each worker that it was sent to ended over it.
    #[error("`{name}`: no answer after {attempts} attempts: {reason}{}", last_words(last_lines))]
    Unanswered {
        /// The pool.
        name: String,
        /// How many workers have had it.
        attempts: u32,
        /// How the last of them ended.
        reason: String,
        /// What that one said last on standard error, up to 10 lines.
        last_lines: Vec<String>,
    },
    /// A pool is over: its workers end without taking a message.
    #[error("`{name}` has no workers any more: {reason}{}", last_words(last_lines))]
    NoWorkers {
        /// The pool.
        name: String,
        /// How the last of them ended.
        reason: String,
        /// What that one said last on standard error, up to 10 lines.
        last_lines: Vec<String>,
    },
    /// A process could not be started.
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    /// There is no such channel in this process.
    #[error(transparent)]
    Inherited(#[from] crate::inherited::Error),
    /// The system's own error.
    #[error("`{name}`")]
    Io {
        /// The handle or process.
        name: String,
        /// What the system said.
        source: io::Error,
    },
}

fn rest(bytes: usize) -> String {
    match bytes {
        0 => String::new(),
        _ => format!("; the last {bytes} bytes of the message go out with the next"),
    }
}

fn last_words(lines: &[String]) -> String {
    lines.last().map_or_else(String::new, |line| format!("; it has said last: {line}"))
}

impl Error {
    pub(crate) fn io(name: &str, source: impl Into<io::Error>) -> Self {
        Self::of_frames(name, source.into().into())
    }

    pub(crate) fn of_frames(name: &str, error: frames::Error) -> Self {
        let name = name.to_owned();
        match error {
            frames::Error::Framing(source @ FramingError::Truncated { .. }) => {
                Self::Truncated { name, source }
            }
            frames::Error::Framing(source @ FramingError::TooLarge { .. }) => {
                Self::TooLarge { name, source }
            }
            frames::Error::Framing(source) => Self::Framing { name, source: source.into() },
            frames::Error::Unfit(source) => Self::Framing { name, source: source.into() },
            frames::Error::Peer => Self::Peer { name },
            frames::Error::Io(source) if source.kind() == io::ErrorKind::TimedOut => {
                Self::Timeout { name, pending: 0 }
            }
            frames::Error::Io(source) => Self::Io { name, source },
        }
    }
}

/// An error and what caused it, on one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        // Writing to a string cannot fail.
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}
