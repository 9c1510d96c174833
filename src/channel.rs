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

use std::io;
use std::ops::Deref;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use tokio::sync::{Mutex, MutexGuard, OwnedMutexGuard};

use crate::codec::{Codec, CodecError, Raw};
use crate::frames::{self, FrameReader, FrameWriter};
use crate::framing::{DEFAULT_MAX_MESSAGE, Framing, FramingError};
use crate::spawn::SpawnError;

mod duplex;
mod passed;
mod reader;
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

pub(crate) use passed::{Passed, Wanted};
pub(crate) use system::End;
pub(crate) use way::Way;

/// What can go wrong with channels and processes. `name` is the handle's, see
/// [`Reader::named`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The handle was closed, or was given to a child.
    #[error("`{name}` is closed here")]
    Closed {
        /// The handle.
        name: String,
    },
    /// The handle cannot be closed or given away: it is being used.
    #[error("`{name}` is in use")]
    Locked {
        /// The handle.
        name: String,
    },
    /// It took too long. Nothing is lost: what has come of a message stays for the next call.
    #[error("`{name}` timed out{}", rest(*.pending))]
    Timeout {
        /// The handle or process.
        name: String,
        /// How many bytes of a message that is partly sent will go out ahead of the next one; 0
        /// where nothing of it was sent, and nothing will be.
        pending: usize,
    },
    /// The stream ended inside a message.
    #[error("`{name}`: the stream ended inside a message")]
    Truncated {
        /// The handle.
        name: String,
        /// How far it came.
        source: FramingError,
    },
    /// A message is larger than the limit; the stream cannot go on.
    #[error("`{name}`: a message is too large")]
    TooLarge {
        /// The handle.
        name: String,
        /// How large.
        source: FramingError,
    },
    /// The value could not be encoded, or the message not be decoded. The stream goes on after it.
    #[error("`{name}`: {}", if *.encoding { "cannot encode" } else { "cannot decode" })]
    Codec {
        /// The handle.
        name: String,
        /// Was it on the way out?
        encoding: bool,
        /// What the codec says.
        source: CodecError,
    },
    /// The reader cannot be given away: a part of the stream has been read ahead.
    #[error(
        "`{name}` cannot be given away: {unread} bytes of it were read ahead (see `Reader::exact`)"
    )]
    ReadAhead {
        /// The handle.
        name: String,
        /// How many bytes.
        unread: usize,
    },
    /// The bytes are not frames, or the framing cannot carry the message.
    #[error("`{name}`")]
    Framing {
        /// The handle.
        name: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No process has a reader any more.
    #[error("nobody reads `{name}` any more")]
    Peer {
        /// The handle.
        name: String,
    },
    /// A process was waited for by other code: how it ended cannot be known.
    #[error("`{name}` (process {pid}) was waited for by somebody else")]
    Stolen {
        /// The process.
        name: String,
        /// Its pid.
        pid: i32,
    },
    /// A message to a pool has no answer: each worker that it was sent to ended over it.
    #[error("`{name}`: no answer after {attempts} attempts: {reason}{}", last_words(last_lines))]
    Unanswered {
        /// The pool.
        name: String,
        /// How many workers have had it.
        attempts: u32,
        /// How the last of them ended.
        reason: String,
        /// What that one said last on standard error, up to 10 lines.
        last_lines: Vec<String>,
    },
    /// A pool is over: its workers end without taking a message.
    #[error("`{name}` has no workers any more: {reason}{}", last_words(last_lines))]
    NoWorkers {
        /// The pool.
        name: String,
        /// How the last of them ended.
        reason: String,
        /// What that one said last on standard error, up to 10 lines.
        last_lines: Vec<String>,
    },
    /// A process could not be started.
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    /// There is no such channel in this process.
    #[error(transparent)]
    Inherited(#[from] crate::inherited::Error),
    /// The system's own error.
    #[error("`{name}`")]
    Io {
        /// The handle or process.
        name: String,
        /// What the system said.
        source: io::Error,
    },
}

fn rest(bytes: usize) -> String {
    match bytes {
        0 => String::new(),
        _ => format!("; the last {bytes} bytes of the message go out with the next"),
    }
}

fn last_words(lines: &[String]) -> String {
    lines.last().map_or_else(String::new, |line| format!("; it has said last: {line}"))
}

impl Error {
    pub(crate) fn io(name: &str, source: impl Into<io::Error>) -> Self {
        Self::of_frames(name, source.into().into())
    }

    fn of_frames(name: &str, error: frames::Error) -> Self {
        let name = name.to_owned();
        match error {
            frames::Error::Framing(source @ FramingError::Truncated { .. }) => {
                Self::Truncated { name, source }
            }
            frames::Error::Framing(source @ FramingError::TooLarge { .. }) => {
                Self::TooLarge { name, source }
            }
            frames::Error::Framing(source) => Self::Framing { name, source: source.into() },
            frames::Error::Unfit(source) => Self::Framing { name, source: source.into() },
            frames::Error::Peer => Self::Peer { name },
            frames::Error::Io(source) if source.kind() == io::ErrorKind::TimedOut => {
                Self::Timeout { name, pending: 0 }
            }
            frames::Error::Io(source) => Self::Io { name, source },
        }
    }
}

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

/// What the clones of a handle share: one at a time has it, and none once it is closed.
#[derive(Debug)]
pub(crate) struct Shared<T> {
    name: Arc<str>,
    state: Arc<Mutex<Option<T>>>,
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self { name: Arc::clone(&self.name), state: Arc::clone(&self.state) }
    }
}

/// The handle, open, for as long as this is held.
pub(crate) type Held<'a, T> = tokio::sync::MappedMutexGuard<'a, T>;

impl<T> Shared<T> {
    pub(crate) fn new(name: impl Into<Arc<str>>, state: T) -> Self {
        Self { name: name.into(), state: Arc::new(Mutex::new(Some(state))) }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn rename(&mut self, name: &str) {
        self.name = name.into();
    }

    /// Equal for clones, and for nothing else that lives.
    pub(crate) fn identity(&self) -> usize {
        Arc::as_ptr(&self.state).addr()
    }

    pub(crate) fn closed(&self) -> Error {
        Error::Closed { name: self.name.to_string() }
    }

    pub(crate) fn error(&self, error: frames::Error) -> Error {
        Error::of_frames(&self.name, error)
    }

    fn open<'a>(&self, guard: MutexGuard<'a, Option<T>>) -> Result<Held<'a, T>, Error> {
        MutexGuard::try_map(guard, Option::as_mut).map_err(|_| self.closed())
    }

    /// Waits for a turn.
    pub(crate) async fn lock(&self) -> Result<Held<'_, T>, Error> {
        self.open(self.state.lock().await)
    }

    /// Waits for a turn on this thread, until then at the most.
    pub(crate) fn blocking_lock(&self, deadline: Option<Instant>) -> Result<Held<'_, T>, Error> {
        // Mostly nobody else has it.
        if let Ok(guard) = self.state.try_lock() {
            return self.open(guard);
        }
        match on_this_thread(self.state.lock(), deadline) {
            Some(guard) => self.open(guard),
            None => Err(Error::Timeout { name: self.name.to_string(), pending: 0 }),
        }
    }

    /// A turn that lasts as long as its owner likes.
    pub(crate) fn try_lock_owned(&self) -> Result<OwnedMutexGuard<Option<T>>, Error> {
        let guard = Arc::clone(&self.state).try_lock_owned().map_err(|_| self.locked())?;
        if guard.is_some() { Ok(guard) } else { Err(self.closed()) }
    }

    /// A turn, where nobody has it.
    pub(crate) fn try_lock(&self) -> Result<Held<'_, T>, Error> {
        self.open(self.state.try_lock().map_err(|_| self.locked())?)
    }

    /// Closes it for all clones, and gives out what it was.
    pub(crate) fn take(&self) -> Result<T, Error> {
        let mut guard = self.state.try_lock().map_err(|_| self.locked())?;
        guard.take().ok_or_else(|| self.closed())
    }

    fn locked(&self) -> Error {
        Error::Locked { name: self.name.to_string() }
    }
}

/// Waits until a message has begun to come, or the stream has ended; an exact reader takes nothing of
/// it yet.
pub(crate) async fn readable(reader: &mut FrameReader<End>) -> Result<(), frames::Error> {
    if reader.leaves_unread() {
        Ok(std::future::poll_fn(|context| reader.get_mut().poll_readable(context)).await?)
    } else {
        reader.readable().await
    }
}

/// As [`readable`], on this thread, until the deadline of the end.
pub(crate) fn readable_on_this_thread(reader: &mut FrameReader<End>) -> Result<(), frames::Error> {
    if reader.leaves_unread() {
        Ok(reader.get_mut().wait_readable()?)
    } else {
        reader.blocking_readable_by(End::read_on_this_thread)
    }
}

/// How many bytes of messages have not gone out, though they will ahead of the next one.
pub(crate) fn pending(writer: &FrameWriter<End>) -> usize {
    writer.pending() + writer.get_ref().in_flight()
}

/// So long from now; what is too long for the clock is some years, as in Tokio.
pub(crate) fn after(timeout: Duration) -> Instant {
    const YEARS: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);
    let now = Instant::now();
    now.checked_add(timeout).unwrap_or_else(|| now + YEARS)
}

/// A future, until then.
pub(crate) async fn before<T>(
    deadline: Instant,
    future: impl Future<Output = Result<T, frames::Error>>,
) -> Result<T, frames::Error> {
    match tokio::time::timeout_at(deadline.into(), future).await {
        Ok(result) => result,
        Err(_) => Err(io::Error::from(io::ErrorKind::TimedOut).into()),
    }
}

/// Waits for a future that needs no runtime, until then at the most.
pub(crate) fn on_this_thread<T>(
    future: impl Future<Output = T>,
    deadline: Option<Instant>,
) -> Option<T> {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    // Inside of a task it would be told to yield after so many calls, and that we never do.
    let mut future = pin!(tokio::task::unconstrained(future));
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut context) {
            return Some(done);
        }
        match deadline {
            None => std::thread::park(),
            Some(deadline) => {
                let left = deadline.checked_duration_since(Instant::now())?;
                std::thread::park_timeout(left);
            }
        }
    }
}

/// The message for a value.
pub(crate) enum Encoded<'a> {
    Given(&'a [u8]),
    Made(BytesMut),
}

impl Encoded<'_> {
    /// As what can be kept.
    pub(crate) fn into_bytes(self) -> Bytes {
        match self {
            Self::Given(message) => Bytes::copy_from_slice(message),
            Self::Made(message) => message.freeze(),
        }
    }
}

impl Deref for Encoded<'_> {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match self {
            Self::Given(message) => message,
            Self::Made(message) => message,
        }
    }
}

/// The message for a value, or the error that names the handle.
#[inline]
pub(crate) fn encode<'a, C: Codec>(
    codec: &C,
    value: &'a C::Value,
    name: &str,
) -> Result<Encoded<'a>, Error> {
    if let Some(message) = codec.as_message(value) {
        return Ok(Encoded::Given(message));
    }
    let mut message = BytesMut::new();
    match codec.encode(value, &mut message) {
        Ok(()) => Ok(Encoded::Made(message)),
        Err(source) => Err(Error::Codec { name: name.to_owned(), encoding: true, source }),
    }
}
