//! The same without a runtime: for workers, threads and scripts.

use std::io::{self, Read, Write};

use bytes::{Buf, Bytes, BytesMut};

use super::{Error, READ_SIZE, take};
use crate::framing::{Decoder, Framing, Step, Unfit};

/// Takes messages from a byte stream, waiting for them.
#[derive(Debug)]
pub struct Reader<R> {
    io: R,
    decoder: Decoder,
    /// What has been read and not been given out; starts at a frame boundary.
    buffer: BytesMut,
    ended: bool,
    exact: bool,
}

impl<R: Read> Reader<R> {
    /// Takes messages in `framing`, of `max_message` bytes of payload at the most, from `io`.
    pub fn new(io: R, framing: Framing, max_message: usize) -> Self {
        let decoder = Decoder::new(framing, max_message);
        Self { io, decoder, buffer: BytesMut::new(), ended: false, exact: false }
    }

    /// Never reads past the end of the message that is asked for, so that another process finds
    /// the next one. Costs a system call a byte in framings that end with a mark.
    #[must_use]
    pub fn exact(mut self) -> Self {
        self.exact = true;
        self
    }

    /// The next message; `None` at the end of the stream.
    ///
    /// # Errors
    /// [`Error::Framing`] when the bytes are not frames, a message is too large, or the stream ends
    /// inside one; [`Error::Io`] from the system.
    pub fn get(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            match self.decoder.decode(&self.buffer)? {
                Step::Frame(frame) => return Ok(Some(take(&mut self.buffer, &frame))),
                Step::Incomplete { .. } if self.ended => {
                    let last = self.decoder.finish(&self.buffer)?;
                    return Ok(last.map(|frame| take(&mut self.buffer, &frame)));
                }
                Step::Incomplete { missing } => self.fill(missing)?,
            }
        }
    }

    /// One read, of `missing` bytes at the most where it must be exact.
    fn fill(&mut self, missing: usize) -> io::Result<()> {
        let size = if self.exact { missing.min(READ_SIZE) } else { READ_SIZE };
        let filled = self.buffer.len();
        self.buffer.resize(filled + size, 0);
        let read = loop {
            match self.io.read(&mut self.buffer[filled..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        self.buffer.truncate(filled + *read.as_ref().unwrap_or(&0));
        self.ended = read? == 0;
        Ok(())
    }
}

/// Sends messages over a byte stream, waiting until it has taken them.
#[derive(Debug)]
pub struct Writer<W> {
    io: W,
    framing: Framing,
    pending: BytesMut,
}

impl<W: Write> Writer<W> {
    /// Sends messages in `framing` over `io`.
    pub fn new(io: W, framing: Framing) -> Self {
        Self { io, framing, pending: BytesMut::new() }
    }

    /// Adds a message to what the next [`flush`](Self::flush) sends.
    ///
    /// # Errors
    /// When the framing cannot carry it; then nothing was added.
    pub fn feed(&mut self, payload: &[u8]) -> Result<(), Unfit> {
        self.framing.encode(payload, &mut self.pending)
    }

    /// Sends a message.
    ///
    /// # Errors
    /// [`Error::Unfit`] when the framing cannot carry it, [`Error::Peer`] when nobody reads.
    pub fn put(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.feed(payload)?;
        self.flush()
    }

    /// Sends everything that was fed.
    ///
    /// # Errors
    /// [`Error::Peer`] when nobody reads.
    pub fn flush(&mut self) -> Result<(), Error> {
        while !self.pending.is_empty() {
            match self.io.write(&self.pending) {
                Ok(0) => return Err(io::Error::from(io::ErrorKind::WriteZero).into()),
                Ok(written) => self.pending.advance(written),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(self.io.flush()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exact_reader_leaves_the_next_message_for_others() {
        for framing in Framing::ALL.into_iter().filter(|framing| *framing != Framing::Raw) {
            let mut stream = BytesMut::new();
            for payload in [&b"[1]"[..], b"{\"two\": 2}", b"3"] {
                framing.encode(payload, &mut stream).unwrap();
            }
            let stream = stream.freeze();
            let mut rest = &stream[..];
            for payload in [&b"[1]"[..], b"{\"two\": 2}", b"3"] {
                // A reader of its own for each message, as with `gipc recv`.
                let mut reader = Reader::new(&mut rest, framing, 100).exact();
                assert_eq!(reader.get().unwrap().unwrap(), payload, "{framing}");
            }
            assert!(rest.is_empty(), "{framing}");
        }
    }
}
