//! Node's channel on Windows: a pipe whose bytes come in chunks, each with a header before it.
//!
//! libuv has it so there (`uv__ipc_frame_header_t` in its `src/win/pipe.c`): four numbers of 32 bits,
//! little-endian. The first are marks, the third is the length of the chunk, the others are 0. A
//! socket that is passed on is told of between the header and the chunk.
//!
//! What the chunks hold, one after the other, is what a socket carries elsewhere. Where one ends means
//! nothing: a message may be in several, and several in one.

use std::collections::VecDeque;

/// How long a header is, in bytes.
pub const HEADER: usize = 16;

/// The marks: there are bytes; a socket; one that has a connection.
const DATA: u32 = 1;
const SOCKET: u32 = 2;
const CONNECTION: u32 = 4;

/// How long what tells of a socket is: a `WSAPROTOCOL_INFOW`, and an error number.
const SOCKET_INFO: usize = 628 + 4;

/// The header of a chunk of so many bytes.
pub fn header(len: u32) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    header[..4].copy_from_slice(&DATA.to_le_bytes());
    header[8..12].copy_from_slice(&len.to_le_bytes());
    header
}

/// What has come is no header.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no header of Node's channel: {}", .0.escape_ascii())]
pub struct NoHeader([u8; HEADER]);

/// Takes the headers out of what comes, in pieces of any size.
#[derive(Clone, Debug, Default)]
pub struct Unpacker {
    header: [u8; HEADER],
    /// How much of it has come.
    come: usize,
    /// How much is still to come that tells of a socket, and of the chunk behind that.
    to_skip: usize,
    to_keep: usize,
}

impl Unpacker {
    /// Moves what `bytes` has of chunks to its beginning; tells how much that is.
    ///
    /// # Errors
    /// What comes is something else. It cannot be known where it would go on.
    pub fn unpack(&mut self, bytes: &mut [u8]) -> Result<usize, NoHeader> {
        let (mut kept, mut at) = (0, 0);
        while at < bytes.len() {
            let left = bytes.len() - at;
            if self.to_skip > 0 {
                let skipped = left.min(self.to_skip);
                self.to_skip -= skipped;
                at += skipped;
            } else if self.to_keep > 0 {
                let now = left.min(self.to_keep);
                self.to_keep -= now;
                bytes.copy_within(at..at + now, kept);
                kept += now;
                at += now;
            } else {
                let now = left.min(HEADER - self.come);
                self.header[self.come..self.come + now].copy_from_slice(&bytes[at..at + now]);
                self.come += now;
                at += now;
                if self.come == HEADER {
                    self.come = 0;
                    self.begin()?;
                }
            }
        }
        Ok(kept)
    }

    /// A header has come.
    fn begin(&mut self) -> Result<(), NoHeader> {
        let [marks, _, len, zero] = [0, 4, 8, 12].map(|at| {
            let bytes = [0, 1, 2, 3].map(|more| self.header[at + more]);
            u32::from_le_bytes(bytes)
        });
        let has = |mark| marks & mark != 0;
        let is_sound = marks & !(DATA | SOCKET | CONNECTION) == 0
            && zero == 0
            && (has(DATA) || len == 0)
            && (has(SOCKET) || !has(CONNECTION));
        if !is_sound {
            return Err(NoHeader(self.header));
        }
        self.to_skip = if has(SOCKET) { SOCKET_INFO } else { 0 };
        self.to_keep = len as usize;
        Ok(())
    }
}

/// The chunks that were written to a pipe of so much room: of what is unread there, headers and all,
/// they tell how much of their own that is.
#[derive(Clone, Debug)]
pub struct Written {
    /// The latest last.
    sizes: VecDeque<usize>,
    /// Of all those, with their headers.
    bytes: usize,
    room: usize,
}

impl Written {
    /// None yet.
    pub fn new(room: usize) -> Self {
        Self { sizes: VecDeque::new(), bytes: 0, room }
    }

    /// One more, of so many bytes.
    pub fn push(&mut self, size: usize) {
        self.sizes.push_back(size);
        self.bytes += HEADER + size;
        // What is before all that there is room for was read.
        while let Some(oldest) = self.sizes.front()
            && self.bytes - (HEADER + oldest) >= self.room
        {
            self.bytes -= HEADER + oldest;
            self.sizes.pop_front();
        }
    }

    /// How much of the chunks is unread where so many bytes are.
    pub fn unread(&self, mut bytes: usize) -> usize {
        let mut unread = 0;
        for size in self.sizes.iter().rev() {
            unread += bytes.min(*size);
            bytes = bytes.saturating_sub(HEADER + size);
            if bytes == 0 {
                break;
            }
        }
        unread
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With a socket before the chunk, or without.
    fn pack(chunk: &[u8], with_socket: bool) -> Vec<u8> {
        let mut packed = header(chunk.len() as u32).to_vec();
        if with_socket {
            packed[0] |= (SOCKET | CONNECTION) as u8;
            packed.extend([0xaa; SOCKET_INFO]);
        }
        packed.extend(chunk);
        packed
    }

    #[test]
    fn a_header_is_as_libuv_has_it() {
        let expected = [1, 0, 0, 0, 0, 0, 0, 0, 0x34, 0x12, 0, 0, 0, 0, 0, 0];
        assert_eq!(header(0x1234), expected);
    }

    #[test]
    fn headers_are_taken_out_wherever_a_read_ends() {
        let chunks: [&[u8]; 5] = [b"{\"a\":1}\n{\"b\"", b":2}\n", b"", b"x", b"\n"];
        let with_socket = |place| place == 1 || place == 2;
        let parts = chunks.iter().enumerate().map(|(place, it)| pack(it, with_socket(place)));
        let (packed, plain) = (parts.collect::<Vec<_>>().concat(), chunks.concat());
        for size in [1, 2, 3, 15, 16, 17, 100, 648, packed.len()] {
            let mut unpacker = Unpacker::default();
            let mut got: Vec<u8> = Vec::new();
            for piece in packed.chunks(size) {
                let mut piece = piece.to_vec();
                let kept = unpacker.unpack(&mut piece).unwrap();
                got.extend(&piece[..kept]);
            }
            assert_eq!(got, plain, "{size}");
        }
    }

    #[test]
    fn what_is_no_header_is_told() {
        let sound = header(5);
        for (place, byte) in [(0, 9), (1, 1), (0, 0), (0, 5), (0, 4), (12, 1), (15, 0x80)] {
            let mut wrong = sound;
            wrong[place] = byte;
            assert_eq!(Unpacker::default().unpack(&mut wrong.clone()), Err(NoHeader(wrong)));
        }
        let mut lines = *b"{\"cmd\":\"hello\"}\n";
        let error = Unpacker::default().unpack(&mut lines).unwrap_err();
        assert!(error.to_string().contains("no header of Node's channel: {"), "{error}");
        // The second number is anybody's.
        let mut reserved = sound;
        reserved[4..8].fill(0xff);
        assert_eq!(Unpacker::default().unpack(&mut reserved), Ok(0));
    }

    #[test]
    fn what_is_unread_is_told_without_headers() {
        let mut written = Written::new(1000);
        assert_eq!(written.unread(0), 0);
        for size in [10, 20, 30] {
            written.push(size);
        }
        let all = 3 * HEADER + 60;
        for (bytes, unread) in [
            (0, 0),
            (1, 1),
            (30, 30),
            // A header that was not read whole is one of a chunk that was not read.
            (31, 30),
            (30 + HEADER, 30),
            (30 + HEADER + 7, 37),
            (all, 60),
            (all + 5, 60),
        ] {
            assert_eq!(written.unread(bytes), unread, "{bytes}");
        }
    }

    #[test]
    fn no_more_chunks_are_known_than_there_is_room_for() {
        let mut written = Written::new(1000);
        for _ in 0..10_000 {
            written.push(84);
        }
        assert_eq!(written.sizes.len(), 10);
        assert_eq!(written.unread(1000), 840);
        written.push(100_000);
        assert_eq!((written.sizes.len(), written.unread(2000)), (1, 2000));
    }
}
