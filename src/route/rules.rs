//! By which rules messages are given out.

use std::time::Duration;

/// Which readers get a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Route {
    /// One of them: the idlest.
    #[default]
    Queue,
    /// All of them.
    Broadcast,
    /// One after the other, in turn.
    RoundRobin,
    /// Always the same one for the same value at this JSON pointer (RFC 6901).
    Key(String),
}

/// When a message counts as delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ack {
    /// When its reader has taken all its bytes.
    Read,
    /// When its reader has answered it.
    Reply(Replies),
}

/// The rules for messages that are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replies {
    /// How many a reader may have that it has not answered; at least 1.
    pub window: usize,
    /// How long it may take for the first of them.
    pub timeout: Option<Duration>,
    /// How often a message is sent again that has ended its reader.
    pub retries: u32,
}

/// What happens to a message for which there is no room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Full {
    /// Its writer waits.
    #[default]
    Block,
    /// The oldest ones make room.
    DropOldest,
    /// It is dropped.
    DropNewest,
    /// It waits in a file.
    Spill,
}

/// By which rules messages are given out.
#[derive(Clone, Debug)]
pub struct Rules {
    pub route: Route,
    pub ack: Ack,
    /// How many bytes may wait.
    pub buffer: usize,
    pub full: Full,
    /// In bytes of payload.
    pub max_message: usize,
}
