//! Channels: named one-way streams of messages, from processes to processes.

use std::path::PathBuf;

use gipc::framing::{DEFAULT_MAX_MESSAGE, Framing};
use gipc::route::Rules;
pub(crate) use gipc::route::{Ack, Full, Replies, Route};
use gipc::spawn::ChildFd;

use super::topology::ProcessId;

/// Names a channel of a topology: its place in [`Topology::channels`](super::topology::Topology).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ChannelId(pub(crate) usize);

/// A channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Channel {
    pub(crate) name: String,
    /// Who writes; nobody where all messages come from outside the session.
    pub(crate) from: Vec<End>,
    /// Who reads, at least one.
    pub(crate) to: Vec<End>,
    pub(crate) route: Route,
    pub(crate) ack: Ack,
    /// The channel that the answers come on, where there are any.
    pub(crate) answers: Option<ChannelId>,
    /// How many bytes may wait in it.
    pub(crate) buffer: usize,
    pub(crate) full: Full,
    /// In bytes of payload.
    pub(crate) max_message: usize,
    pub(crate) record: Option<PathBuf>,
    /// Where messages go that cannot be delivered.
    pub(crate) dead_letter: Option<PathBuf>,
    /// Its one writer and its one reader, neither of which is started again, have one and the same
    /// pipe: nothing of it passes through gipc.
    pub(crate) is_direct: bool,
}

impl Channel {
    /// How many bytes may wait in a channel, unless the user says otherwise.
    pub(crate) const BUFFER: usize = 1 << 20;

    /// A channel with one end at each side, and everything else as it is where nothing is said.
    pub(crate) fn new(name: impl Into<String>, from: End, to: End) -> Self {
        Self {
            name: name.into(),
            from: vec![from],
            to: vec![to],
            route: Route::default(),
            ack: Ack::Read,
            answers: None,
            buffer: Self::BUFFER,
            full: Full::Block,
            max_message: DEFAULT_MAX_MESSAGE,
            record: None,
            dead_letter: None,
            is_direct: false,
        }
    }

    /// By which rules its messages are given out.
    pub(crate) fn rules(&self) -> Rules {
        let Self { ack, buffer, full, max_message, .. } = *self;
        Rules { route: self.route.clone(), ack, buffer, full, max_message }
    }
}

/// Where a channel begins or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) at: Place,
    pub(crate) framing: Framing,
}

impl End {
    /// The process that has it, if it is not gipc itself.
    pub(crate) fn process(&self) -> Option<ProcessId> {
        match self.at {
            Place::Ours => None,
            Place::Process(process, _) => Some(process),
        }
    }
}

/// What is at the end of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// gipc's own standard input or output.
    Ours,
    /// Every instance of a process.
    Process(ProcessId, Port),
}

/// Where a channel meets a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Port {
    /// A descriptor, standard input and output among them.
    Fd(ChildFd),
    /// Node's socket for `process.send`, at this descriptor: both directions have it.
    Node(ChildFd),
}

impl Port {
    /// The descriptor that it is at.
    pub(crate) fn fd(self) -> ChildFd {
        match self {
            Self::Fd(fd) | Self::Node(fd) => fd,
        }
    }
}
