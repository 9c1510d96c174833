//! What a reader keeps of the stream, and the memory that it takes for it.

use bytes::{Buf, Bytes, BytesMut};

use super::FrameReader;

/// How much a buffered reader asks for at once, in bytes: the capacity of a pipe on Linux.
pub(super) const READ_SIZE: usize = 64 << 10;

/// So many messages of the size of the first one in a buffer are cut out of it: what is behind the
/// last of them has to be copied, and so must be little beside them.
pub(super) const MANY: usize = 16;

/// How much memory a partial message may take ahead of the bytes that have arrived: a length on
/// the wire is the peer's word only.
pub(super) const RESERVE_AHEAD: usize = 1 << 20;

/// Buffers of so many large messages are used again when nobody has those any more: of one that is
/// written, of one that was, and may be written again, and of one that waits.
pub(super) const SPARES: usize = 3;

/// Larger ones are not kept for that.
pub(super) const LARGEST_SPARE: usize = 2 * RESERVE_AHEAD;

impl<R> FrameReader<R> {
    /// Has `buffer` start with the next frame again.
    #[inline]
    pub(super) fn piece_together(&mut self) {
        match std::mem::take(&mut self.lent) {
            // Not by moving on to its end: room would have to be made for the next read.
            all if all == self.buffer.len() => self.buffer.clear(),
            lent => self.buffer.advance(lent),
        }
        if self.cut.is_some() {
            self.put_back();
        }
    }

    /// Puts what is left of messages that were cut out back to where more is read, in the same memory
    /// where nobody has one of them any more.
    #[cold]
    fn put_back(&mut self) {
        if let Some(cut) = self.cut.take() {
            self.buffer = cut.try_into_mut().unwrap_or_else(|rest| BytesMut::from(&rest[..]));
        }
    }

    /// Takes so many bytes off the front of the buffer.
    #[inline]
    pub(super) fn split_off(&mut self, len: usize) -> Bytes {
        if len < self.buffer.len() || len < READ_SIZE {
            return self.buffer.split_to(len).freeze();
        }
        // Nothing of ours is to keep it from being used again.
        std::mem::take(&mut self.buffer).freeze()
    }

    /// Takes note of how large the last of the frames was that are given out, or lent.
    #[inline]
    pub(super) fn look_ahead(&mut self, last: usize, given: Option<&Bytes>) {
        if last >= READ_SIZE || self.large > 0 {
            self.expect(last, given);
        }
    }

    fn expect(&mut self, last: usize, given: Option<&Bytes>) {
        if last < READ_SIZE || self.exact {
            self.large = 0;
            self.spares.clear();
            if self.buffer.capacity() > LARGEST_SPARE {
                // One that was lent was larger than what is worth keeping room for.
                self.buffer = BytesMut::from(&self.buffer[..]);
            }
            return;
        }
        self.large = last.min(LARGEST_SPARE);
        if let Some(given) = given.filter(|given| given.len() <= LARGEST_SPARE) {
            if self.spares.len() == SPARES {
                self.spares.pop_front();
            }
            self.spares.push_back(given.clone());
        }
    }

    /// Room for another message as large as the last one, in memory that has been used for one if
    /// nobody has that any more.
    fn make_room_for_a_large_one(&mut self) -> usize {
        if !self.buffer.try_reclaim(self.large)
            && let Some(unused) = self.spares.iter().position(Bytes::is_unique)
            && let Some(Ok(unused)) = self.spares.remove(unused).map(Bytes::try_into_mut)
        {
            self.buffer = unused;
            self.buffer.clear();
        }
        self.buffer.reserve(self.large);
        self.large
    }

    /// Makes room for a read, and tells how much of it to use: `missing` bytes are certain to
    /// belong to the next frame.
    pub(super) fn make_room(&mut self, missing: usize) -> usize {
        self.piece_together();
        if self.large > 0 && self.buffer.is_empty() {
            return self.make_room_for_a_large_one();
        }
        // Grows with what has come: a message of n bytes never takes more than 2n + 1 MiB.
        let ahead = missing.min(self.buffer.len().max(RESERVE_AHEAD));
        // Of what follows a large one nothing: it would have to make way for the next.
        let is_large = !self.buffer.is_empty()
            && self.decoder.wanted().is_some_and(|size| size >= READ_SIZE as u64);
        let is_bounded = self.exact || is_large;
        let room = if is_bounded { ahead } else { READ_SIZE };
        self.buffer.reserve(room);
        if is_bounded { room } else { self.buffer.capacity() - self.buffer.len() }
    }
}
