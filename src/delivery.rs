//! What was sent and is not known to have been read.
//!
//! A pipe holds no more than its capacity, so whatever was written that long ago has been read, and
//! is forgotten here. When the reader dies, the system tells how many bytes it has left unread, and
//! everything that it had not read whole is sent again, from a frame's start.

use std::collections::VecDeque;

use bytes::{Buf, BytesMut};
use gipc::framing::{Decoder, Framing, Step};

/// Frame boundaries are remembered this far apart, in bytes: what is kept longer than it has to be.
const APART: usize = 4 << 10;

/// The messages on their way to one reader: those that wait, and those that may be unread.
#[derive(Debug)]
pub(crate) struct Delivery {
    framing: Framing,
    max_message: usize,
    /// Whole frames; the front has been written already, and may be unread.
    frames: BytesMut,
    /// How many bytes were in front of `frames` once.
    forgotten: usize,
    /// Some frames' starts, counted from the first byte ever; the first one is that of `frames`.
    starts: VecDeque<usize>,
    /// How many bytes have been written to the pipe, counted in the same way.
    written: usize,
    /// How many bytes the pipe can hold unread.
    capacity: usize,
}

/// What a dead reader has left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Leftover {
    /// Messages that had been sent, in part at least, and were not read whole.
    pub(crate) unread: u64,
    /// Messages that were waiting to be sent.
    pub(crate) unsent: u64,
}

impl Delivery {
    /// Nothing is on its way yet; the frames to come are of this framing and size.
    pub(crate) fn new(framing: Framing, max_message: usize) -> Self {
        Self {
            framing,
            max_message,
            frames: BytesMut::new(),
            forgotten: 0,
            starts: VecDeque::from([0]),
            written: 0,
            capacity: 0,
        }
    }

    /// A new reader, with a pipe that can hold `capacity` bytes.
    pub(crate) fn begin(&mut self, capacity: usize) {
        debug_assert_eq!(self.written, 0, "the reader before has been settled");
        self.capacity = capacity;
    }

    /// Adds whole frames to what is to be sent.
    pub(crate) fn push(&mut self, frames: &[u8]) {
        let start = self.forgotten + self.frames.len();
        if self.starts.back().is_some_and(|last| start - last >= APART) {
            self.starts.push_back(start);
        }
        self.frames.extend_from_slice(frames);
    }

    /// What is to be written next; empty where there is nothing.
    pub(crate) fn unwritten(&self) -> &[u8] {
        &self.frames[self.written - self.forgotten..]
    }

    /// The pipe has taken `bytes` more.
    pub(crate) fn wrote(&mut self, bytes: usize) {
        self.written += bytes;
        // Whatever is further back than the pipe is large has been read.
        while let Some(next) = self.starts.get(1)
            && next + self.capacity <= self.written
        {
            self.frames.advance(next - self.forgotten);
            self.forgotten = *next;
            self.starts.pop_front();
        }
    }

    /// The reader is gone and has left `unread` of the bytes that were written. Keeps what it has
    /// not read whole, to be sent to the next one.
    pub(crate) fn settle(&mut self, unread: usize) -> Leftover {
        let read = (self.written - self.forgotten).saturating_sub(unread);
        let written = self.written - self.forgotten;
        let mut leftover = Leftover::default();
        let mut done = 0;
        if self.framing == Framing::Raw {
            // There are no frames to keep whole.
            done = read;
            leftover.unread = u64::from(read < written);
            leftover.unsent = u64::from(written < self.frames.len());
        } else {
            let mut decoder = Decoder::new(self.framing, self.max_message);
            let mut at = 0;
            // The frames are our own encoding: each is whole.
            while let Ok(Step::Frame(frame)) = decoder.decode(&self.frames[at..]) {
                let end = at + frame.len;
                if end <= read {
                    done = end;
                } else if at < written {
                    leftover.unread += 1;
                } else {
                    leftover.unsent += 1;
                }
                at = end;
            }
        }
        self.frames.advance(done);
        self.forgotten = 0;
        self.starts = VecDeque::from([0]);
        self.written = 0;
        leftover
    }

    /// Is there anything for another reader?
    pub(crate) fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;

    fn frames(framing: Framing, payloads: &[Vec<u8>]) -> Bytes {
        let mut frames = BytesMut::new();
        for payload in payloads {
            framing.encode(payload, &mut frames).unwrap();
        }
        frames.freeze()
    }

    fn all_unwritten(delivery: &mut Delivery) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(delivery.unwritten());
        delivery.wrote(bytes.len());
        bytes
    }

    #[test]
    fn a_frame_that_was_read_in_part_is_sent_again_whole() {
        let mut delivery = Delivery::new(Framing::U32, 100);
        delivery.begin(100);
        delivery.push(&frames(Framing::U32, &[b"one".to_vec(), b"two".to_vec()]));
        delivery.push(&frames(Framing::U32, &[b"three".to_vec()]));
        delivery.wrote(14 + 5);
        // 7 bytes are "one"; 3 of "two" were read too.
        assert_eq!(delivery.settle(19 - 10), Leftover { unread: 2, unsent: 0 });
        delivery.begin(100);
        let again = frames(Framing::U32, &[b"two".to_vec(), b"three".to_vec()]);
        assert_eq!(all_unwritten(&mut delivery), again);
    }

    #[test]
    fn raw_bytes_go_on_where_the_reader_has_stopped() {
        let mut delivery = Delivery::new(Framing::Raw, 100);
        delivery.begin(100);
        delivery.push(b"abcdefghij");
        delivery.wrote(8);
        assert_eq!(delivery.settle(4), Leftover { unread: 1, unsent: 1 });
        delivery.begin(100);
        assert_eq!(all_unwritten(&mut delivery), b"efghij");
    }

    #[test]
    fn what_must_have_been_read_is_forgotten() {
        let mut delivery = Delivery::new(Framing::U32, 100);
        delivery.begin(1 << 16);
        let frame = frames(Framing::U32, &[b"x".repeat(60)]);
        for _ in 0..100_000 {
            delivery.push(&frame);
            delivery.wrote(frame.len());
        }
        assert!(delivery.frames.len() < (1 << 16) + 2 * APART, "{}", delivery.frames.len());
        assert!(delivery.starts.len() < 20, "{}", delivery.starts.len());
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
            let framing = Framing::U32;
            let mut delivery = Delivery::new(framing, 100);
            delivery.begin(capacity);
            for payloads in payloads.chunks(chunk) {
                delivery.push(&frames(framing, payloads));
            }
            let mut pipe = BytesMut::new();
            let mut decoder = Decoder::new(framing, 100);
            let mut reader = BytesMut::new();
            let mut got = Vec::new();
            let mut take = |reader: &mut BytesMut, decoder: &mut Decoder| {
                while let Ok(Step::Frame(frame)) = decoder.decode(reader) {
                    let bytes = reader.split_to(frame.len);
                    got.push(bytes[frame.payload].to_vec());
                }
            };
            for (write, read, dies) in steps {
                let next = delivery.unwritten();
                let room = (capacity - pipe.len()).min(write).min(next.len());
                pipe.extend_from_slice(&next[..room]);
                delivery.wrote(room);
                reader.extend_from_slice(&pipe.split_to(read.min(pipe.len())));
                take(&mut reader, &mut decoder);
                if dies {
                    delivery.settle(pipe.len());
                    delivery.begin(capacity);
                    pipe.clear();
                    reader.clear();
                    decoder = Decoder::new(framing, 100);
                }
            }
            reader.extend_from_slice(&pipe);
            reader.extend_from_slice(&all_unwritten(&mut delivery));
            take(&mut reader, &mut decoder);
            prop_assert_eq!(got, payloads);
        }
    }
}
