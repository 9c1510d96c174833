//! Messages over byte streams of any kind: what the channels stand on.
//!
//! A [`FrameReader`] takes what has arrived in as few reads as it can and hands out whole messages,
//! one by one ([`get`](FrameReader::get)) or all that are there ([`batch`](FrameReader::batch)); a
//! [`FrameWriter`] sends whole frames. Neither waits in order to send or take more at once: what is
//! there goes. Over an [`AsyncRead`](tokio::io::AsyncRead) or
//! [`AsyncWrite`](tokio::io::AsyncWrite) they wait in a runtime; over a [`Read`](io::Read) or
//! [`Write`](io::Write) they have the same methods with `blocking_` in front.

use std::io;

use crate::framing::{FramingError, Unfit};

mod batch;
mod buffer;
mod reader;
#[cfg(test)]
mod tests;
mod writer;

pub use batch::Batch;
pub use reader::FrameReader;
pub use writer::FrameWriter;

/// Why a message could not be taken or sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes are not the frames that they should be; the stream cannot go on.
    #[error(transparent)]
    Framing(#[from] FramingError),
    /// The framing cannot carry the message. Nothing was sent, the stream can go on.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// Nobody reads the channel any more.
    #[error("nobody reads any more")]
    Peer,
    /// The system's own error.
    #[error(transparent)]
    Io(io::Error),
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => Self::Peer,
            _ => Self::Io(error),
        }
    }
}
