//! Some messages on their way to a reader.

use std::ops::Range;

use bytes::Bytes;

/// Some messages on their way to a reader, in its framing: as many as came together, or one where
/// each goes its own way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// Whole frames.
    pub frames: Bytes,
    /// How many messages, and how many bytes of payload.
    pub count: u64,
    pub payload: u64,
    /// The number of the first one in its channel, from 1.
    pub first: u64,
    /// How many readers it has ended.
    pub attempts: u32,
    /// Another reader had it, in part at least.
    pub again: bool,
}

impl Parcel {
    /// How much memory it takes, in bytes.
    pub fn cost(&self) -> usize {
        self.frames.len() + size_of::<Self>()
    }

    /// The numbers of its messages.
    pub fn numbers(&self) -> Range<u64> {
        self.first..self.first + self.count
    }

    /// Is the message with this number in it?
    pub fn has(&self, number: u64) -> bool {
        self.numbers().contains(&number)
    }

    /// Is it no message?
    pub(super) fn is_aside(&self) -> bool {
        self.count == 0
    }

    /// A message that nobody has had yet.
    pub fn of_one(frames: Bytes, payload: &[u8], number: u64) -> Self {
        let payload = payload.len() as u64;
        Self { frames, count: 1, payload, first: number, attempts: 0, again: false }
    }
}
