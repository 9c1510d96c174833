//! What is to be said and heard on the channels of this process.

use std::time::Duration;

use gipc::framing::Framing;

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
