//! Channels: one-way streams of messages between tasks, threads and processes.
//!
//! [`pipe`] makes one, a [`Reader`] and a [`Writer`]; [`duplex`] makes a pair of ends that both read
//! and write. What is put in comes out whole, in order, once. An end that is given to a child, by
//! [`Command::channel`](crate::Command::channel) or as an argument of
//! [`start_process`](crate::start_process), closes here.
//!
//! A handle may be cloned and used from many tasks and threads at once: each operation has the
//! handle to itself until it is done, so messages are never interleaved. [`crate::blocking`] has the
//! same without a runtime.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::codec::{Codec, Raw};
use crate::frames::{FrameReader, FrameWriter};
use crate::framing::{DEFAULT_MAX_MESSAGE, Framing};

mod deadline;
mod duplex;
mod passed;
mod reader;
mod shared;
mod stream;
#[cfg(unix)]
#[path = "channel/unix.rs"]
pub(crate) mod system;
#[cfg(windows)]
#[path = "channel/windows.rs"]
pub(crate) mod system;
mod way;
mod writer;

pub use duplex::Duplex;
pub use passed::ChannelEnd;
pub use reader::Reader;
pub use stream::{MessageSink, MessageStream};
pub use writer::Writer;

#[doc(no_inline)]
pub use crate::Error;

pub(crate) use deadline::{before, on_this_thread, pending, readable, readable_on_this_thread};
pub(crate) use passed::{Passed, Wanted};
pub(crate) use shared::{Held, Shared};
pub(crate) use system::End;
pub(crate) use way::Way;

/// How a channel is made.
///
/// ```
/// use gipc::channel::Options;
/// use gipc::codec::Raw;
/// use gipc::framing::Framing;
///
/// # fn main() -> Result<(), gipc::Error> {
/// let (reader, writer) = Options::new().framing(Framing::Lines).max_message(1 << 10).pipe(Raw)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Options {
    framing: Framing,
    max_message: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}

impl Options {
    /// Framing `u32`, messages of up to 64 MiB.
    pub const fn new() -> Self {
        Self { framing: Framing::U32, max_message: DEFAULT_MAX_MESSAGE }
    }

    /// How messages are encoded in the byte stream.
    #[must_use]
    pub const fn framing(mut self, framing: Framing) -> Self {
        self.framing = framing;
        self
    }

    /// The largest message that the reader takes, in bytes. The limit is checked before memory is
    /// taken.
    #[must_use]
    pub const fn max_message(mut self, bytes: usize) -> Self {
        self.max_message = bytes;
        self
    }

    /// A channel of one direction: a pipe.
    ///
    /// # Errors
    /// [`Error::Io`] when no descriptor is free.
    pub fn pipe<C: Codec + Clone>(self, codec: C) -> Result<(Reader<C>, Writer<C>), Error> {
        let (read, write) = system::pipe().map_err(|error| Error::io("pipe", error))?;
        let number = next_number();
        let reader = Reader::new(format!("reader {number}"), read, self, codec.clone());
        Ok((reader, Writer::new(format!("writer {number}"), write, self, codec)))
    }

    /// A channel of both directions: a pair of connected sockets.
    ///
    /// # Errors
    /// [`Error::Io`] when no descriptor is free.
    pub fn duplex<C: Codec + Clone>(self, codec: C) -> Result<(Duplex<C>, Duplex<C>), Error> {
        let [one, other] = system::duplex().map_err(|error| Error::io("duplex", error))?;
        let number = next_number();
        let end =
            |which, end, codec| Duplex::new(&format!("duplex {number}{which}"), end, self, codec);
        Ok((end("a", one, codec.clone()), end("b", other, codec)))
    }

    pub(crate) fn frame_reader(self, end: End) -> FrameReader<End> {
        FrameReader::new(end, self.framing, self.max_message)
    }

    pub(crate) fn frame_writer(self, end: End) -> FrameWriter<End> {
        FrameWriter::new(end, self.framing)
    }
}

/// Handles without a name of their own are numbered.
fn next_number() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// A channel for messages that are bytes: the end to read from, and the end to write to.
///
/// # Errors
/// [`Error::Io`] when no descriptor is free.
///
/// # Examples
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), gipc::Error> {
/// let (reader, writer) = gipc::pipe()?;
/// writer.put(b"hello").await?;
/// drop(writer);
/// assert_eq!(reader.get().await?.unwrap(), "hello");
/// assert_eq!(reader.get().await?, None);
/// # Ok(())
/// # }
/// ```
pub fn pipe() -> Result<(Reader, Writer), Error> {
    Options::new().pipe(Raw)
}

/// A channel for the values of a codec.
///
/// # Errors
/// [`Error::Io`] when no descriptor is free.
///
/// # Examples
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), gipc::Error> {
/// use gipc::codec::Json;
///
/// let (reader, writer) = gipc::pipe_with(Json::<(String, u32)>::new())?;
/// writer.put(&("answer".to_owned(), 42)).await?;
/// assert_eq!(reader.get().await?.unwrap().1, 42);
/// # Ok(())
/// # }
/// ```
pub fn pipe_with<C: Codec + Clone>(codec: C) -> Result<(Reader<C>, Writer<C>), Error> {
    Options::new().pipe(codec)
}

/// A channel of both directions for messages that are bytes.
///
/// # Errors
/// [`Error::Io`] when no descriptor is free.
///
/// # Examples
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), gipc::Error> {
/// let (here, there) = gipc::duplex()?;
/// here.put(b"SYN").await?;
/// assert_eq!(there.get().await?.unwrap(), "SYN");
/// there.put(b"ACK").await?;
/// assert_eq!(here.get().await?.unwrap(), "ACK");
/// # Ok(())
/// # }
/// ```
pub fn duplex() -> Result<(Duplex, Duplex), Error> {
    Options::new().duplex(Raw)
}

/// A channel of both directions for the values of a codec.
///
/// # Errors
/// [`Error::Io`] when no descriptor is free.
pub fn duplex_with<C: Codec + Clone>(codec: C) -> Result<(Duplex<C>, Duplex<C>), Error> {
    Options::new().duplex(codec)
}
