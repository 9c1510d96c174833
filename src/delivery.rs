//! What was sent to a reader and is not known to be done with.
//!
//! A pipe holds no more than its capacity, so whatever was written that long ago has been read, and
//! is forgotten here; where messages are answered, each is kept until it is. When the reader dies,
//! the system tells how many bytes it has left unread, and everything that it had not read whole is
//! sent again, from a frame's start.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::ops::Range;

use bytes::{Bytes, BytesMut};

use crate::framing::{Decoder, Framing, Step};
use crate::route::Ack;

/// Up to how many bytes are put together.
const SMALL: usize = 4 << 10;

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
    fn is_aside(&self) -> bool {
        self.count == 0
    }

    /// A message that nobody has had yet.
    pub fn of_one(frames: Bytes, payload: &[u8], number: u64) -> Self {
        let payload = payload.len() as u64;
        Self { frames, count: 1, payload, first: number, attempts: 0, again: false }
    }
}

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
        // Small ones that follow each other are put together: each takes more memory than its frames.
        let all_written = self.written == self.parcels.len();
        if !self.keeps_answered
            && let Some(last) = self.parcels.back_mut()
            && !last.is_aside()
            && last.frames.len() + parcel.frames.len() <= SMALL
            && last.again == parcel.again
            && last.numbers().end == parcel.first
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
            last.count += parcel.count;
            last.payload += parcel.payload;
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

    /// How many of them another reader had, in part at least.
    pub fn redelivered(&self) -> u64 {
        self.parcels.iter().filter(|parcel| parcel.again).map(|parcel| parcel.count).sum()
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
        self.split(parcel, 0).into_iter().map(|(_, single)| single).collect()
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
                for (from, part) in self.split(parcel, read.saturating_sub(start)) {
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
        let parts = self.split(parcel.clone(), 0);
        let last = last_will_do.then(|| parts.len() - 1).filter(|last| *last > 0);
        let kept = parts.iter().position(|(at, _)| *at >= bytes).or(last);
        let Some(kept) = kept else { return false };
        let (at, next) = &parts[kept];
        let mut behind = Parcel { frames: parcel.frames.slice(*at..), ..next.clone() };
        behind.count = parts[kept..].iter().map(|(_, part)| part.count).sum();
        behind.payload = parts[kept..].iter().map(|(_, part)| part.payload).sum();
        let parcel = &mut self.parcels[place];
        parcel.frames.truncate(*at);
        parcel.count -= behind.count;
        parcel.payload -= behind.payload;
        self.parcels.insert(place + 1, behind);
        true
    }

    /// The messages of a parcel that end behind its first `read` bytes, each with its place.
    fn split(&self, parcel: Parcel, read: usize) -> Vec<(usize, Parcel)> {
        let Parcel { frames, mut first, attempts, again, .. } = parcel;
        if self.framing == Framing::Raw {
            // There are no frames to keep whole.
            let frames = frames.slice(read..);
            let payload = frames.len() as u64;
            return vec![(read, Parcel { frames, count: 1, payload, first, attempts, again })];
        }
        let mut parts = Vec::new();
        let mut decoder = Decoder::new(self.framing, self.max_message);
        let mut at = 0;
        // The frames are our own encoding: each is whole.
        while let Ok(Step::Frame(frame)) = decoder.decode(&frames[at..]) {
            let end = at + frame.len;
            if end > read {
                let (frames, payload) = (frames.slice(at..end), frame.payload.len() as u64);
                parts.push((at, Parcel { frames, count: 1, payload, first, attempts, again }));
            }
            first += 1;
            at = end;
        }
        parts
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::route::Replies;

    const U32: Framing = Framing::U32;

    fn delivery(framing: Framing) -> Delivery {
        Delivery::new(framing, 100, Ack::Read)
    }

    fn parcel<P: AsRef<[u8]>>(framing: Framing, payloads: &[P]) -> Parcel {
        let mut frames = BytesMut::new();
        for payload in payloads {
            framing.encode(payload.as_ref(), &mut frames).unwrap();
        }
        let (count, payload) = (payloads.len() as u64, frames.len() as u64);
        Parcel { frames: frames.freeze(), count, payload, first: 1, attempts: 0, again: false }
    }

    fn unwritten(delivery: &Delivery) -> Vec<u8> {
        let pieces: Vec<u8> = delivery.pieces().flatten().collect();
        let mut slices = [IoSlice::new(&[]); 100];
        let count = delivery.next(&mut slices);
        let bytes: Vec<u8> =
            slices[..count].iter().flat_map(|slice| slice.iter().copied()).collect();
        assert!(pieces.starts_with(&bytes));
        assert_eq!(pieces.len(), delivery.unwritten());
        pieces
    }

    /// How many have which fate; all are to be sent again.
    fn settle(delivery: &mut Delivery, unread: usize) -> [u64; 4] {
        let mut counts = [0; 4];
        for (fate, parcel) in delivery.settle(unread) {
            counts[fate as usize] += parcel.count;
            delivery.push(parcel);
        }
        counts
    }

    #[test]
    fn a_frame_that_was_read_in_part_is_sent_again_whole() {
        let mut delivery = delivery(U32);
        delivery.begin(100);
        delivery.push(parcel(U32, &["one", "two"]));
        delivery.push(parcel(U32, &["three"]));
        delivery.wrote(14 + 5);
        // 7 bytes are "one"; 3 of "two" were read too.
        assert_eq!(settle(&mut delivery, 19 - 10), [0, 1, 1, 0]);
        delivery.begin(100);
        assert_eq!(unwritten(&delivery), parcel(U32, &["two", "three"]).frames);
    }

    #[test]
    fn what_is_no_message_is_neither_counted_nor_answered_nor_sent_again() {
        let replies = Replies { window: 3, timeout: None, retries: 1 };
        for ack in [Ack::Read, Ack::Reply(replies)] {
            let mut delivery = Delivery::new(Framing::Lines, 100, ack);
            delivery.begin(100);
            delivery.interject(Bytes::from_static(b"aside\n"));
            delivery.push(parcel(Framing::Lines, &["one"]));
            delivery.interject(Bytes::from_static(b"aside\n"));
            assert_eq!((delivery.len(), delivery.count()), (1, 1));
            assert_eq!(unwritten(&delivery), b"aside\none\naside\n");
            delivery.wrote(6);
            assert!(!delivery.is_asked());
            assert!(delivery.answered().is_none());
            delivery.wrote(1);
            assert!(delivery.is_asked());
            assert!(delivery.answered().is_none());
            delivery.wrote(8);
            assert!(delivery.is_asked());
            // It has read the first aside, which was forgotten, and nothing of the message.
            assert_eq!(settle(&mut delivery, 10), [0, 1, 0, 0]);
            delivery.begin(100);
            assert_eq!(unwritten(&delivery), b"one\n");
        }
    }

    #[test]
    fn raw_bytes_go_on_where_the_reader_has_stopped() {
        let mut delivery = delivery(Framing::Raw);
        delivery.begin(100);
        delivery.push(parcel(Framing::Raw, &["abcdefghij"]));
        delivery.wrote(8);
        assert_eq!(settle(&mut delivery, 4), [0, 1, 0, 0]);
        delivery.begin(100);
        assert_eq!(unwritten(&delivery), b"efghij");
    }

    #[test]
    fn what_must_have_been_read_is_forgotten() {
        let mut delivery = delivery(U32);
        delivery.begin(1 << 16);
        let one = parcel(U32, &["x".repeat(60)]);
        for first in 1..=100_000 {
            delivery.push(Parcel { first, ..one.clone() });
            delivery.wrote(one.frames.len());
        }
        assert!(delivery.len() <= (1 << 16) / SMALL + 2, "{}", delivery.len());
    }

    #[test]
    fn what_must_be_answered_is_kept_until_it_is() {
        let replies = Replies { window: 3, timeout: None, retries: 1 };
        let mut delivery = Delivery::new(U32, 100, Ack::Reply(replies));
        delivery.begin(10);
        assert_eq!(delivery.answered(), None);
        for payload in ["one", "two", "three"] {
            delivery.push(parcel(U32, &[payload]));
        }
        delivery.wrote(7 + 7 + 2);
        assert_eq!(
            [0, 2, 3, 9, 10, 16].map(|unread| delivery.read_whole(unread)),
            [2, 2, 1, 1, 0, 0]
        );
        assert_eq!(delivery.answered(), Some(parcel(U32, &["one"])));
        // "two" was read and is lost with its reader, "three" was begun.
        assert_eq!(settle(&mut delivery, 2), [0, 1, 0, 1]);
        delivery.begin(10);
        assert_eq!(delivery.answered(), None);
        assert_eq!(unwritten(&delivery), parcel(U32, &["two", "three"]).frames);
    }

    #[test]
    fn the_oldest_make_room_but_not_one_that_has_begun() {
        let mut delivery = delivery(U32);
        delivery.begin(100);
        let large = ["a", "b", "c", "d"].map(|letter| parcel(U32, &[letter.repeat(SMALL)]));
        large.iter().for_each(|parcel| delivery.push(parcel.clone()));
        let size = large[0].frames.len();
        delivery.wrote(2);
        assert_eq!(delivery.drop_down_to(2 * size).len(), 2);
        assert_eq!(unwritten(&delivery), [&large[0].frames[2..], &large[3].frames].concat());
        assert_eq!(delivery.drop_down_to(0).len(), 0, "the last one stays");
    }

    #[test]
    fn of_what_came_together_no_more_is_dropped_than_must_be() {
        let mut delivery = delivery(U32);
        delivery.begin(1000);
        let numbers = |dropped: Vec<Parcel>| -> Vec<u64> {
            dropped.iter().flat_map(Parcel::numbers).collect()
        };
        delivery.push(parcel(U32, &vec!["x".repeat(60); 100]));
        assert_eq!(numbers(delivery.drop_down_to(641)), (1..=90).collect::<Vec<_>>());
        assert_eq!((delivery.unwritten(), delivery.count()), (640, 10));
        // One that has begun stays.
        delivery.wrote(10);
        assert_eq!(numbers(delivery.drop_down_to(130)), (92..=99).collect::<Vec<_>>());
        let left = parcel(U32, &vec!["x".repeat(60); 2]).frames;
        assert_eq!(unwritten(&delivery), left[10..]);
        assert!(delivery.drop_down_to(0).is_empty());
        let parcels: Vec<_> = delivery.parcels().map(Parcel::numbers).collect();
        assert_eq!(parcels, [91..92, 100..101]);
    }

    #[test]
    fn small_ones_are_put_together() {
        let mut delivery = delivery(U32);
        delivery.begin(100);
        for (first, payload) in (1..).zip(["one", "two", "six"]) {
            delivery.push(Parcel { first, ..parcel(U32, &[payload]) });
            delivery.wrote(1);
        }
        assert_eq!(delivery.len(), 1, "their numbers follow each other");
        assert_eq!(unwritten(&delivery), parcel(U32, &["one", "two", "six"]).frames[3..]);
        assert_eq!(settle(&mut delivery, 1), [2, 0, 1, 0]);
    }

    proptest! {
        /// Whatever the sizes, the chunks and the moments: after any number of dead readers every
        /// message was read whole exactly once, in order.
        #[test]
        fn each_message_is_read_whole_exactly_once(
            payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..40),
            chunk in 1_usize..5,
            capacity in 1_usize..64,
            steps in prop::collection::vec((1_usize..64, 0_usize..64, prop::bool::weighted(0.2)), 1..200),
        ) {
            let mut delivery = delivery(U32);
            delivery.begin(capacity);
            for payloads in payloads.chunks(chunk) {
                delivery.push(parcel(U32, payloads));
            }
            let mut pipe = BytesMut::new();
            let mut decoder = Decoder::new(U32, 100);
            let mut reader = BytesMut::new();
            let mut got = Vec::new();
            let mut take = |reader: &mut BytesMut, decoder: &mut Decoder| {
                while let Ok(Step::Frame(frame)) = decoder.decode(reader) {
                    let bytes = reader.split_to(frame.len);
                    got.push(bytes[frame.payload].to_vec());
                }
            };
            for (write, read, dies) in steps {
                let next = unwritten(&delivery);
                let room = (capacity - pipe.len()).min(write).min(next.len());
                pipe.extend_from_slice(&next[..room]);
                delivery.wrote(room);
                reader.extend_from_slice(&pipe.split_to(read.min(pipe.len())));
                take(&mut reader, &mut decoder);
                if dies {
                    settle(&mut delivery, pipe.len());
                    delivery.begin(capacity);
                    pipe.clear();
                    reader.clear();
                    decoder = Decoder::new(U32, 100);
                }
            }
            reader.extend_from_slice(&pipe);
            reader.extend_from_slice(&unwritten(&delivery));
            take(&mut reader, &mut decoder);
            prop_assert_eq!(got, payloads);
        }
    }
}
