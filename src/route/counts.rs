//! What has passed through an end of a channel.

use crate::frames::Batch;

/// What has passed through an end of a channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    pub messages: u64,
    /// Of payload.
    pub bytes: u64,
    /// Sent again because a reader died.
    pub redelivered: u64,
    /// Never read: there was no reader any more.
    pub unread: u64,
    /// Not fit for the framing, or for the route.
    pub refused: u64,
    /// Cut off by the end of the stream.
    pub truncated: u64,
    /// There was no room for them.
    pub dropped: u64,
    /// They have ended a reader too often.
    pub dead: u64,
    /// They have waited in a file for want of room.
    pub spilled: u64,
    /// Lines among them that are no messages, where those are let through elsewhere.
    pub stray: u64,
}

impl Counts {
    /// Counts some more.
    pub fn add(&mut self, batch: &Batch) {
        self.messages += batch.payloads().len() as u64;
        self.bytes += batch.payloads().map(|payload| payload.len() as u64).sum::<u64>();
    }
}
