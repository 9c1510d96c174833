//! What was sent to a reader and is not known to be done with.
//!
//! A pipe holds no more than its capacity, so whatever was written that long ago has been read, and
//! is forgotten here; where messages are answered, each is kept until it is. When the reader dies,
//! the system tells how many bytes it has left unread, and everything that it had not read whole is
//! sent again, from a frame's start.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::{Bytes, BytesMut};

use crate::framing::{Decoder, Framing, Step};
use crate::route::Ack;

mod parcel;
#[cfg(test)]
mod tests;

pub use parcel::Parcel;

/// Up to how many bytes are put together.
const SMALL: usize = 4 << 10;

/// What has become of a message when its reader was gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It waited to be written.
    Unsent,
    /// It was written, in part at least, and nothing of it was read.
    Unread,
    /// It was read in part.
    Begun,
    /// It was read, and not answered.
    Unanswered,
}

/// The messages on their way to one reader: those that wait, and those that may be unread or
/// unanswered.
#[derive(Debug)]
pub struct Delivery {
    framing: Framing,
    max_message: usize,
    keeps_answered: bool,
    /// How many may be unanswered at a time.
    window: usize,
    parcels: VecDeque<Parcel>,
    /// So many of them hold no message, but something that we have to say ourselves.
    asides: usize,
    /// So many of them have been written whole.
    written: usize,
    /// And so many bytes of the next one.
    part: usize,
    /// How many bytes have been written since the front of the first parcel.
    behind: usize,
    /// How many bytes have not been written.
    unwritten: usize,
    /// How many bytes the pipe can hold unread.
    capacity: usize,
}

impl Delivery {
    /// Nothing is on its way yet; the frames to come are of this framing and size.
    pub fn new(framing: Framing, max_message: usize, ack: Ack) -> Self {
        Self {
            framing,
            max_message,
            keeps_answered: matches!(ack, Ack::Reply(_)),
            window: match ack {
                Ack::Reply(replies) => replies.window,
                Ack::Read => usize::MAX,
            },
            parcels: VecDeque::new(),
            asides: 0,
            written: 0,
            part: 0,
            behind: 0,
            unwritten: 0,
            capacity: 0,
        }
    }

    pub fn framing(&self) -> Framing {
        self.framing
    }

    /// Is each message kept until it is answered?
    pub fn is_answered(&self) -> bool {
        self.keeps_answered
    }

    /// A new reader, with a pipe that can hold `capacity` bytes.
    pub fn begin(&mut self, capacity: usize) {
        debug_assert_eq!(self.behind, 0, "the reader before has been settled");
        self.capacity = capacity;
    }

    /// Adds to what is to be sent.
    pub fn push(&mut self, parcel: Parcel) {
        self.unwritten += parcel.frames.len();
        // Small ones are put together: each takes more memory than its frames.
        let all_written = self.written == self.parcels.len();
        if !self.keeps_answered
            && let Some(last) = self.parcels.back_mut()
            && !last.is_aside()
            && last.frames.len() + parcel.frames.len() <= SMALL
            && last.again == parcel.again
            // Where there are no frames they cannot be told apart again.
            && (self.framing != Framing::Raw || last.is_followed_by(&parcel))
        {
            if all_written {
                // From now on it is so in part only.
                self.written -= 1;
                self.part = last.frames.len();
            }
            let frames = std::mem::take(&mut last.frames);
            let mut frames = match frames.try_into_mut() {
                Ok(own) if own.capacity() >= SMALL => own,
                few => {
                    let mut own = BytesMut::with_capacity(SMALL);
                    own.extend_from_slice(few.as_deref().unwrap_or_else(|shared| shared));
                    own
                }
            };
            frames.extend_from_slice(&parcel.frames);
            last.frames = frames.freeze();
            last.join(&parcel);
            return;
        }
        self.parcels.push_back(parcel);
    }

    /// Adds something to what is to be sent that is no message: it is neither answered nor sent to
    /// the next reader. It waits for no answer.
    pub fn interject(&mut self, frames: Bytes) {
        self.unwritten += frames.len();
        let aside = Parcel { count: 0, ..Parcel::of_one(frames, &[], 0) };
        self.parcels.insert(self.within_window(), aside);
        self.asides += 1;
    }

    /// How many parcels may be sent before the next answer.
    fn within_window(&self) -> usize {
        if self.len() <= self.window {
            return self.parcels.len();
        }
        let messages = self.parcels.iter().enumerate().filter(|(_, parcel)| !parcel.is_aside());
        messages.map(|(place, _)| place).nth(self.window).unwrap_or(self.parcels.len())
    }

    /// How many bytes are to be sent.
    pub fn unwritten(&self) -> usize {
        self.unwritten
    }

    /// How much of the room for what is to be sent is taken, in bytes: that of its frames, and where
    /// each message goes its own way that of each.
    pub fn room_taken(&self) -> usize {
        let each = if self.keeps_answered { size_of::<Parcel>() } else { 0 };
        self.unwritten + (self.parcels.len() - self.written) * each
    }

    /// How many bytes may be sent before the next answer.
    pub fn sendable(&self) -> usize {
        if self.len() <= self.window {
            return self.unwritten;
        }
        let parcels = self.parcels.iter().take(self.within_window()).skip(self.written);
        parcels.map(|parcel| parcel.frames.len()).sum::<usize>() - self.part
    }

    /// How many parcels have been sent, in part at least, or are to be.
    pub fn len(&self) -> usize {
        self.parcels.len() - self.asides
    }

    /// Is nothing on its way?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many messages those are.
    pub fn count(&self) -> u64 {
        self.parcels.iter().map(|parcel| parcel.count).sum()
    }

    /// Has one been sent, in part at least, that may still be unread or unanswered?
    pub fn is_asked(&self) -> bool {
        let begun = self.written + usize::from(self.part > 0);
        self.parcels.iter().take(begun).any(|parcel| !parcel.is_aside())
    }

    /// The reader has read all that was written.
    pub fn all_read(&mut self) {
        while self.written > 0 && !self.keeps_answered {
            self.forget_first();
        }
    }

    /// How many parcels have not been sent whole.
    pub fn unsent(&self) -> usize {
        self.parcels.iter().skip(self.written).filter(|parcel| !parcel.is_aside()).count()
    }

    /// The number of the first message of those parcels that have not been sent at all.
    pub fn first_unsent(&self) -> Option<u64> {
        let begun = self.written + usize::from(self.part > 0);
        let mut unsent = self.parcels.iter().skip(begun).filter(|parcel| !parcel.is_aside());
        unsent.next().map(|parcel| parcel.first)
    }

    /// Takes back what has not been sent at all, a message each.
    pub fn take_unsent(&mut self) -> Vec<Parcel> {
        let begun = self.part_begun();
        let (asides, unsent): (VecDeque<_>, VecDeque<_>) =
            self.parcels.split_off(begun).into_iter().partition(Parcel::is_aside);
        self.parcels.extend(asides);
        self.unwritten -= unsent.iter().map(|parcel| parcel.frames.len()).sum::<usize>();
        unsent.into_iter().flat_map(|parcel| self.singles(parcel)).collect()
    }

    /// The messages of a parcel in parcels of their own.
    pub fn singles(&self, parcel: Parcel) -> Vec<Parcel> {
        if parcel.count == 1 {
            return vec![parcel];
        }
        self.split(&parcel, 0).into_iter().map(|(_, single)| single).collect()
    }

    /// All that is on its way, the first one first.
    pub fn parcels(&self) -> impl Iterator<Item = &Parcel> {
        self.parcels.iter()
    }

    /// What is to be written next, piece by piece.
    pub fn pieces(&self) -> impl Iterator<Item = Bytes> + '_ {
        let mut skip = self.part;
        let parcels = self.parcels.iter().take(self.within_window()).skip(self.written);
        parcels.map(move |parcel| parcel.frames.slice(std::mem::take(&mut skip)..))
    }

    /// What is to be written next, in as many pieces as there is room for; how many there are.
    pub fn next<'a>(&'a self, pieces: &mut [IoSlice<'a>]) -> usize {
        let (mut skip, mut count) = (self.part, 0);
        let parcels = self.parcels.iter().take(self.within_window()).skip(self.written);
        for (parcel, piece) in parcels.zip(pieces) {
            *piece = IoSlice::new(&parcel.frames[skip..]);
            skip = 0;
            count += 1;
        }
        count
    }

    /// The pipe has taken `bytes` more.
    pub fn wrote(&mut self, bytes: usize) {
        self.behind += bytes;
        self.unwritten -= bytes;
        self.part += bytes;
        while let Some(parcel) = self.parcels.get(self.written)
            && parcel.frames.len() <= self.part
        {
            self.part -= parcel.frames.len();
            self.written += 1;
        }
        // Whatever is further back than the pipe is large has been read.
        while !self.keeps_answered
            && self.written > 0
            && self.behind - self.parcels[0].frames.len() >= self.capacity
        {
            self.forget_first();
        }
    }

    fn forget_first(&mut self) -> Option<Parcel> {
        let parcel = self.parcels.pop_front()?;
        self.written -= 1;
        self.behind -= parcel.frames.len();
        self.asides -= usize::from(parcel.is_aside());
        Some(parcel)
    }

    /// How many messages have been read whole where `unread` of the bytes that were written have not
    /// been read. For parcels of one message each.
    pub fn read_whole(&self, unread: usize) -> usize {
        let mut left = self.behind.saturating_sub(unread);
        let is_read = |parcel: &&Parcel| match left.checked_sub(parcel.frames.len()) {
            Some(rest) => {
                left = rest;
                true
            }
            None => false,
        };
        let read = self.parcels.iter().take(self.written).take_while(is_read);
        read.filter(|parcel| !parcel.is_aside()).count()
    }

    /// An answer has come: to the first message that was written whole. `None` where there is none.
    pub fn answered(&mut self) -> Option<Parcel> {
        while self.written > 0 {
            let first = self.forget_first()?;
            // What is in front of a message that was answered has been read.
            if !first.is_aside() {
                return Some(first);
            }
        }
        None
    }

    /// Takes the oldest messages back that have not been written at all, until no more than `bytes`
    /// are left to be, or but the last one.
    pub fn drop_down_to(&mut self, bytes: usize) -> Vec<Parcel> {
        let mut dropped = Vec::new();
        if self.unwritten <= bytes {
            return dropped;
        }
        let mut first = self.part_begun();
        while self.unwritten > bytes {
            while self.parcels.get(first).is_some_and(Parcel::is_aside) {
                first += 1;
            }
            let is_last = self.parcels.iter().skip(first + 1).all(Parcel::is_aside);
            let is_cut = self.cut(first, self.unwritten - bytes, is_last);
            if is_last && !is_cut {
                break;
            }
            let Some(parcel) = self.parcels.remove(first) else { break };
            self.unwritten -= parcel.frames.len();
            dropped.push(parcel);
        }
        dropped
    }

    /// The reader is gone and has left `unread` of the bytes that were written. Gives out what is
    /// to be sent again, each with its fate, in order.
    pub fn settle(&mut self, unread: usize) -> Vec<(Fate, Parcel)> {
        let (written, read) = (self.behind, self.behind.saturating_sub(unread));
        let mut left = Vec::new();
        let mut start = 0;
        self.asides = 0;
        for parcel in std::mem::take(&mut self.parcels) {
            let end = start + parcel.frames.len();
            if parcel.is_aside() {
                start = end;
                continue;
            }
            let fate = |start: usize, end: usize| match () {
                () if start >= written => Fate::Unsent,
                () if end <= read => Fate::Unanswered,
                () if start < read => Fate::Begun,
                () => Fate::Unread,
            };
            if end <= read {
                if self.keeps_answered {
                    left.push((Fate::Unanswered, parcel));
                }
            } else if start >= read && (end <= written || start >= written) {
                left.push((fate(start, end), parcel));
            } else {
                for (from, part) in self.split(&parcel, read.saturating_sub(start)) {
                    let from = start + from;
                    left.push((fate(from, from + part.frames.len()), part));
                }
            }
            start = end;
        }
        (self.written, self.part, self.behind, self.unwritten) = (0, 0, 0, 0);
        left
    }

    /// Parts what has begun from what only came together with it. Comes back with the place behind it.
    fn part_begun(&mut self) -> usize {
        self.cut(self.written, self.part, false);
        // It may be that all of the first half has been sent.
        self.wrote(0);
        self.written + usize::from(self.part > 0)
    }

    /// Makes two of the parcel at this place, where a frame begins behind so many of its bytes, or
    /// else, where that will do, the last one; whether there is such a place.
    fn cut(&mut self, place: usize, bytes: usize, last_will_do: bool) -> bool {
        let Some(parcel) = self.parcels.get(place) else { return false };
        if bytes == 0 || parcel.count < 2 {
            return false;
        }
        let parts = self.split(parcel, 0);
        let last = last_will_do.then(|| parts.len() - 1).filter(|last| *last > 0);
        let kept = parts.iter().position(|(at, _)| *at >= bytes).or(last);
        let Some(kept) = kept else { return false };
        let payload = parts[kept..].iter().map(|(_, part)| part.payload).sum();
        let behind = self.parcels[place].split_off(kept, parts[kept].0, payload);
        self.parcels.insert(place + 1, behind);
        true
    }

    /// The messages of a parcel that end behind its first `read` bytes, each with its place.
    fn split(&self, parcel: &Parcel, read: usize) -> Vec<(usize, Parcel)> {
        let Parcel { frames, attempts, again, .. } = parcel;
        let single = |place: usize, frames: Bytes, payload: u64| {
            let single = Parcel::of_many(frames, 1, payload, parcel.number(place));
            Parcel { attempts: *attempts, again: *again, ..single }
        };
        if self.framing == Framing::Raw {
            // There are no frames to keep whole.
            let frames = frames.slice(read..);
            let payload = frames.len() as u64;
            return vec![(read, single(0, frames, payload))];
        }
        let mut parts = Vec::new();
        let mut decoder = Decoder::new(self.framing, self.max_message);
        let (mut at, mut place) = (0, 0);
        // The frames are our own encoding: each is whole.
        while let Ok(Step::Frame(frame)) = decoder.decode(&frames[at..]) {
            let end = at + frame.len;
            if end > read {
                parts.push((at, single(place, frames.slice(at..end), frame.payload.len() as u64)));
            }
            place += 1;
            at = end;
        }
        parts
    }
}
