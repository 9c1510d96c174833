//! Workers that stay, share messages, and answer them: a crash loses none.
//!
//! ```text
//! call ─┐                                       ┌─ pipe ─▶ worker.1 ─ answers ─┐
//! map  ─┼─▶ what waits (an Exchange, see route) ┤                              ├─▶ whoever has asked
//! call ─┘                                       └─ pipe ─▶ worker.2 ─ answers ─┘
//! ```
//!
//! [`Pool`] is the handle, [`Options`] says how one is made. A thread of its own starts the workers
//! and passes messages on, so that a pool works in any runtime and in none
//! ([`blocking::Pool`]), and goes on when a runtime ends. Which worker gets
//! a message, and what becomes of it when that one dies, is decided as in `gipc pool`, by the same
//! code.

use std::borrow::Borrow;
use std::fmt;
use std::num::NonZero;
use std::sync::{Arc, Mutex, OnceLock, mpsc as std_mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot, watch};

use crate::channel;
use crate::codec::{Codec, Raw, encode};
use crate::failure::Error;
use crate::framing::{DEFAULT_MAX_MESSAGE, Framing};
use crate::lock::lock;
use crate::spawn::Command;

mod answers;
pub(crate) mod blocking;
mod crew;
mod restarts;
mod worker;

pub use answers::{Answer, Answers, AnswersAsTheyCome};

/// How many messages may have been handed over that nobody has looked at yet.
const HANDED_OVER: usize = 64;

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
    name: String,
    workers: usize,
    window: usize,
    retries: u32,
    message_timeout: Option<Duration>,
    grace: Duration,
    framing: Framing,
    max_message: usize,
    stdio: bool,
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

    fn of_channel(&self) -> channel::Options {
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

/// What the thread of a pool is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    /// Take messages.
    Open,
    /// Take no more, and end when those that are there are answered.
    Closed,
    /// End at once.
    Dropped,
}

/// A message, and who waits for its answer.
struct Request {
    message: Bytes,
    asker: Asker,
}

/// Who waits for an answer; hears of it when there will be none.
struct Asker(Option<Way>);

/// How an answer gets there.
enum Way {
    One(oneshot::Sender<Result<Bytes, Failure>>),
    /// To who has asked several things, and this with this number.
    Many(u64, mpsc::UnboundedSender<(u64, Result<Bytes, Failure>)>),
}

impl Asker {
    fn tell(mut self, answer: Result<Bytes, Failure>) {
        self.send(answer);
    }

    /// Without effect where nobody waits any more, or all is said.
    fn send(&mut self, answer: Result<Bytes, Failure>) {
        match self.0.take() {
            Some(Way::One(asker)) => drop(asker.send(answer)),
            Some(Way::Many(number, asker)) => drop(asker.send((number, answer))),
            None => {}
        }
    }
}

impl Drop for Asker {
    fn drop(&mut self) {
        self.send(Err(Failure::Closed));
    }
}

/// Why there is no answer.
#[derive(Clone, Debug)]
enum Failure {
    /// The message has ended one worker too many.
    Dead { attempts: u32, reason: Arc<Reason> },
    /// There are no workers any more.
    NoWorkers(Arc<Reason>),
    /// The framing cannot carry it.
    Unfit(crate::framing::Unfit),
    /// The pool is gone.
    Closed,
}

/// How a worker has ended.
#[derive(Debug, Default)]
struct Reason {
    text: String,
    /// What it has said last on standard error.
    last_lines: Vec<String>,
}

impl Failure {
    fn into_error(self, name: &str) -> Error {
        let name = name.to_owned();
        match self {
            Self::Dead { attempts, reason } => Error::Unanswered {
                name,
                attempts,
                reason: reason.text.clone(),
                last_lines: reason.last_lines.clone(),
            },
            Self::NoWorkers(reason) => Error::NoWorkers {
                name,
                reason: reason.text.clone(),
                last_lines: reason.last_lines.clone(),
            },
            Self::Unfit(source) => Error::Framing { name, source: source.into() },
            Self::Closed => Error::Closed { name },
        }
    }
}

/// What the clones of a handle share.
struct Shared {
    name: Arc<str>,
    requests: mpsc::Sender<Request>,
    /// How many messages of one `map` may be on their way.
    ahead: usize,
    phase: watch::Sender<Phase>,
    /// Has no sender once nothing of the pool is left.
    is_over: watch::Receiver<()>,
    /// Why there are no workers any more.
    gave_up: Arc<OnceLock<Arc<Reason>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Shared {
    /// A pool that takes no more messages.
    fn closed(&self) -> Error {
        let reason = self.gave_up.get().cloned();
        reason.map_or(Failure::Closed, Failure::NoWorkers).into_error(&self.name)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.phase.send_replace(Phase::Dropped);
        let thread = lock(&self.thread).take();
        if let Some(thread) = thread
            // Whoever makes the commands may have had the last handle.
            && thread.thread().id() != std::thread::current().id()
        {
            // It has said so where it has panicked.
            let _ = thread.join();
        }
    }
}

/// Workers that stay, share messages, and answer each of them with one of their own, in order.
///
/// Clones are the same pool. Messages go to the worker that has waited longest. One that crashes,
/// takes too long ([`Options::message_timeout`]), or answers what it was not asked is replaced, and
/// what it had not answered goes to others. A message that its worker was working on when that ended
/// is sent again at most [`Options::retries`] times; then it is an [`Error::Unanswered`] with the
/// reason and what the worker said last. Hence a message may be done more than once, though its
/// answer comes once.
///
/// Workers are daemons ([`Command::daemon`]), each in a process group of its own; what one has
/// started in its group is killed when it has ended. Their standard error is passed on to ours, in
/// whole lines, unless the command has another one.
///
/// A pool whose workers end one after the other, each without taking a message, is over:
/// [`Error::NoWorkers`]. A worker that was restarted 5 times within 3 s without taking a message is
/// given up; the others go on.
///
/// When the last handle is dropped the workers are killed, at once, and waited for. With
/// [`close`](Self::close) they end by themselves.
///
/// # Examples
/// ```
/// use gipc::{Command, Pool};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), gipc::Error> {
/// // Its messages come on descriptor 3, its answers go out on 4; it could be in any language.
/// let pool = Pool::start(|| Ok(Command::new("sh").args(["-c", "exec cat <&3 >&4"])))?;
/// assert_eq!(pool.call(b"hello").await?, "hello");
///
/// let mut answers = pool.map(["one", "two", "three"].map(str::as_bytes));
/// while let Some(answer) = answers.next().await {
///     println!("{:?}", answer?);
/// }
/// pool.close().await;
/// # Ok(())
/// # }
/// ```
pub struct Pool<C = Raw, R = C> {
    shared: Arc<Shared>,
    messages: C,
    answers: R,
}

impl<C: Clone, R: Clone> Clone for Pool<C, R> {
    fn clone(&self) -> Self {
        let Self { shared, messages, answers } = self;
        Self { shared: Arc::clone(shared), messages: messages.clone(), answers: answers.clone() }
    }
}

impl<C, R> fmt::Debug for Pool<C, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pool({})", self.name())
    }
}

impl Pool {
    /// Starts a pool with [`Options::new`].
    ///
    /// # Errors
    /// As [`Options::start`].
    pub fn start<F>(command: F) -> Result<Self, Error>
    where
        F: FnMut() -> Result<Command, Error> + Send + 'static,
    {
        Options::new().start(command)
    }
}

impl<C, R> Pool<C, R> {
    /// Its name, see [`Options::name`].
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// Takes no more messages, whichever handle they come from; has those that were taken answered;
    /// lets the workers see the end of their messages; and waits until all have ended. Workers that
    /// have not within [`Options::grace`] are killed. May be called again.
    ///
    /// # Cancel safety
    /// A dropped future has closed the pool all the same.
    pub async fn close(&self) {
        self.shut();
        // It ends with an error when there is no sender any more, which is what we wait for.
        let _ = self.shared.is_over.clone().changed().await;
    }

    fn shut(&self) {
        self.shared.phase.send_if_modified(|phase| {
            let is_open = *phase == Phase::Open;
            *phase = Phase::Closed.max(*phase);
            is_open
        });
    }
}

impl<C: Codec, R: Codec + Clone> Pool<C, R> {
    /// Has a message answered.
    ///
    /// # Errors
    /// As [`submit`](Self::submit) and the [`Answer`] that comes of it.
    ///
    /// # Cancel safety
    /// A dropped future has sent nothing; or the message is done, and its answer lost.
    pub async fn call(&self, value: &C::Value) -> Result<R::Decoded, Error> {
        self.submit(value).await?.await
    }

    /// Hands a message over, and waits for room: as long as 1 MiB of messages is waiting for workers,
    /// no more is taken. The answer is a future of its own, so that a task can have many messages
    /// on their way and is held back by slow workers all the same.
    ///
    /// # Errors
    /// [`Error::Codec`]; [`Error::Closed`] after [`close`](Self::close); [`Error::NoWorkers`].
    ///
    /// # Cancel safety
    /// A dropped future has sent nothing.
    pub async fn submit(&self, value: &C::Value) -> Result<Answer<R>, Error> {
        let message = self.encode(value)?;
        let room = self.shared.requests.reserve().await.map_err(|_| self.shared.closed())?;
        let (asker, answer) = oneshot::channel();
        room.send(Request { message, asker: Asker(Some(Way::One(asker))) });
        Ok(Answer::new(answer, Arc::clone(&self.shared.name), self.answers.clone()))
    }

    /// Has many messages answered; the answers come in the order of the messages. No more messages
    /// are taken out of the iterator than are needed to keep the workers busy, and none as long as
    /// 1 MiB of answers waits for its turn.
    pub fn map<I>(&self, messages: I) -> Answers<'_, C, R, I::IntoIter>
    where
        I: IntoIterator<Item: Borrow<C::Value>>,
    {
        Answers::new(self, messages.into_iter())
    }

    /// As [`map`](Self::map); the answers come as they come, each with the place of its message,
    /// from 0.
    pub fn map_unordered<I>(&self, messages: I) -> AnswersAsTheyCome<'_, C, R, I::IntoIter>
    where
        I: IntoIterator<Item: Borrow<C::Value>>,
    {
        AnswersAsTheyCome::new(self, messages.into_iter())
    }

    fn encode(&self, value: &C::Value) -> Result<Bytes, Error> {
        Ok(encode(&self.messages, value, self.name())?.into_bytes())
    }

    fn decode(&self, answer: Result<Bytes, Failure>) -> Result<R::Decoded, Error> {
        decode(&self.answers, answer, self.name())
    }
}

fn decode<R: Codec>(
    codec: &R,
    answer: Result<Bytes, Failure>,
    name: &str,
) -> Result<R::Decoded, Error> {
    let answer = answer.map_err(|failure| failure.into_error(name))?;
    let undecodable = |source| Error::Codec { name: name.to_owned(), encoding: false, source };
    codec.decode(answer).map_err(undecodable)
}
