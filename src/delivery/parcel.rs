//! Some messages on their way to a reader.

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
    /// The numbers of all but the first one, where some of them do not follow each other.
    pub(crate) apart: Vec<u64>,
}

impl Parcel {
    /// How much memory it takes, in bytes.
    pub fn cost(&self) -> usize {
        self.frames.len() + size_of::<Self>()
    }

    /// The numbers of its messages.
    pub fn numbers(&self) -> impl Iterator<Item = u64> + '_ {
        (0..self.count as usize).map(|place| self.number(place))
    }

    /// The number of the message at this place in it, from 0.
    pub fn number(&self, place: usize) -> u64 {
        match place.checked_sub(1) {
            Some(behind) if !self.apart.is_empty() => self.apart[behind],
            _ => self.first + place as u64,
        }
    }

    /// Is the message with this number in it?
    pub fn has(&self, number: u64) -> bool {
        if self.apart.is_empty() {
            return (self.first..self.first + self.count).contains(&number);
        }
        self.first == number || self.apart.contains(&number)
    }

    /// Do the messages of the other one follow those of this one?
    pub(super) fn is_followed_by(&self, other: &Self) -> bool {
        self.apart.is_empty() && other.apart.is_empty() && self.first + self.count == other.first
    }

    /// Counts those of the other one, whose frames are put behind its own.
    pub(super) fn join(&mut self, other: &Self) {
        if !self.is_followed_by(other) {
            if self.apart.is_empty() {
                self.apart = self.numbers().skip(1).collect();
            }
            self.apart.extend(other.numbers());
        }
        self.count += other.count;
        self.payload += other.payload;
    }

    /// Takes away the messages from this place on, which is not 0, and `at` bytes into its frames:
    /// these have so many bytes of payload.
    pub(super) fn split_off(&mut self, place: usize, at: usize, payload: u64) -> Self {
        let first = self.number(place);
        let apart = self.apart.get(place..).unwrap_or_default().to_vec();
        let behind = Self {
            frames: self.frames.split_off(at),
            count: self.count - place as u64,
            payload,
            first,
            apart,
            ..*self
        };
        self.apart.truncate(place - 1);
        (self.count, self.payload) = (place as u64, self.payload - payload);
        behind
    }

    /// Messages that follow each other, and that nobody has had yet.
    pub fn of_many(frames: Bytes, count: u64, payload: u64, first: u64) -> Self {
        Self { frames, count, payload, first, attempts: 0, again: false, apart: Vec::new() }
    }

    /// Is it no message?
    pub(super) fn is_aside(&self) -> bool {
        self.count == 0
    }

    /// A message that nobody has had yet.
    pub fn of_one(frames: Bytes, payload: &[u8], number: u64) -> Self {
        Self::of_many(frames, 1, payload.len() as u64, number)
    }
}
