//! How a pool is made, and its start.

use std::num::NonZero;
use std::sync::{Arc, Mutex, OnceLock, mpsc as std_mpsc};
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::{HANDED_OVER, Phase, Pool, Shared, crew};
use crate::channel;
use crate::codec::Raw;
use crate::failure::Error;
use crate::framing::{DEFAULT_MAX_MESSAGE, Framing};
use crate::spawn::Command;

/// How a pool is made.
///
/// ```
/// use gipc::Command;
/// use gipc::framing::Framing;
/// use gipc::pool::Options;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), gipc::Error> {
/// // A program that knows nothing of gipc: lines on its standard input and output.
/// let worker = || Ok(Command::new("sed").args(["-u", "s/^/> /"]));
/// let pool = Options::new().workers(2).stdio(true).framing(Framing::Lines).start(worker)?;
/// assert_eq!(pool.call(b"hello").await?, "> hello");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Options {
    pub(super) name: String,
    pub(super) workers: usize,
    pub(super) window: usize,
    pub(super) retries: u32,
    pub(super) message_timeout: Option<Duration>,
    pub(super) grace: Duration,
    pub(super) framing: Framing,
    pub(super) max_message: usize,
    pub(super) stdio: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}

impl Options {
    /// As many workers as there are processors, one message at a time for each, 2 retries, no
    /// timeout, framing `u32` on the descriptors 3 and 4, answers of up to 64 MiB, 10 s of grace.
    pub fn new() -> Self {
        Self {
            name: "pool".to_owned(),
            workers: std::thread::available_parallelism().map_or(1, NonZero::get),
            window: 1,
            retries: 2,
            message_timeout: None,
            grace: Duration::from_secs(10),
            framing: Framing::U32,
            max_message: DEFAULT_MAX_MESSAGE,
            stdio: false,
        }
    }

    /// Its name, which appears in errors; its workers are called `name.1`, `name.2` and so on.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// How many workers there are, at least 1.
    #[must_use]
    pub fn workers(mut self, count: usize) -> Self {
        self.workers = count.max(1);
        self
    }

    /// How many messages a worker may have that it has not answered, at least 1. With more than
    /// one it need not wait for the next; when it crashes, all of them go to others.
    #[must_use]
    pub fn window(mut self, messages: usize) -> Self {
        self.window = messages.max(1);
        self
    }

    /// How often a message that has ended its worker is sent again: one whose worker crashed after it
    /// had begun to read it, or took too long over it.
    #[must_use]
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// How long a worker may take for an answer, counted from when the first byte of its message was
    /// written or the answer before it came. One that takes longer is ended, and its message sent again.
    #[must_use]
    pub fn message_timeout(mut self, timeout: Duration) -> Self {
        self.message_timeout = Some(timeout);
        self
    }

    /// How long a worker may take to end by itself, once it sees the end of its messages or is
    /// asked to by SIGTERM; then it is killed.
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// How messages and answers are encoded.
    #[must_use]
    pub fn framing(mut self, framing: Framing) -> Self {
        self.framing = framing;
        self
    }

    /// The largest answer that is taken, in bytes; a worker that sends a larger one is ended. The
    /// limit is checked before memory is taken.
    #[must_use]
    pub fn max_message(mut self, bytes: usize) -> Self {
        self.max_message = bytes;
        self
    }

    /// Workers have their messages on standard input and answer on standard output, in place of
    /// the channels `in` and `out`.
    #[must_use]
    pub fn stdio(mut self, stdio: bool) -> Self {
        self.stdio = stdio;
        self
    }

    pub(super) fn of_channel(&self) -> channel::Options {
        channel::Options::new().framing(self.framing).max_message(self.max_message)
    }

    /// Starts the workers of a pool whose messages and answers are bytes. `command` makes the
    /// command for each of them, and for each that takes the place of one that has ended; it runs on
    /// the pool's thread.
    ///
    /// # Errors
    /// What `command` says; [`Error::Spawn`] when it cannot be started; [`Error::Io`] when no
    /// descriptor or thread is free. Nothing runs then.
    pub fn start<F>(self, command: F) -> Result<Pool, Error>
    where
        F: FnMut() -> Result<Command, Error> + Send + 'static,
    {
        self.start_with(Raw, Raw, command)
    }

    /// As [`start`](Self::start), for values: messages of one codec, answers of another.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_with<C, R, F>(
        self,
        messages: C,
        answers: R,
        command: F,
    ) -> Result<Pool<C, R>, Error>
    where
        F: FnMut() -> Result<Command, Error> + Send + 'static,
    {
        let name: Arc<str> = self.name.as_str().into();
        let ahead = 2 * self.workers * self.window + HANDED_OVER;
        let (requests, taken) = mpsc::channel(HANDED_OVER);
        let (phase, asked) = watch::channel(Phase::Open);
        let (tell, told) = std_mpsc::channel();
        let gave_up = Arc::new(OnceLock::new());
        let why = Arc::clone(&gave_up);
        let (over, is_over) = watch::channel(());
        let thread = std::thread::Builder::new().name("gipc-pool".to_owned()).spawn(move || {
            crew::run(self, command, taken, asked, &why, |started| drop(tell.send(started)));
            drop(over);
        });
        let thread = thread.map_err(|error| Error::io(&name, error))?;
        // A thread that has panicked instead has said so.
        let started = told.recv().unwrap_or_else(|_| Err(Error::Closed { name: name.to_string() }));
        if let Err(error) = started {
            let _ = thread.join();
            return Err(error);
        }
        let thread = Mutex::new(Some(thread));
        let shared = Arc::new(Shared { name, requests, ahead, phase, is_over, gave_up, thread });
        Ok(Pool { shared, messages, answers })
    }
}
