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
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::JoinHandle;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot, watch};

use crate::codec::{Codec, Raw, encode};
use crate::failure::Error;
use crate::lock::lock;
use crate::spawn::Command;

mod answers;
mod asker;
pub(crate) mod blocking;
mod crew;
mod options;
mod restarts;
mod worker;

pub use answers::{Answer, Answers, AnswersAsTheyCome};
pub use options::Options;

use asker::{Asker, Failure, Reason, ReplyTo, Request};

/// How many messages may have been handed over that nobody has looked at yet.
const HANDED_OVER: usize = 64;

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
        room.send(Request { message, asker: Asker::new(ReplyTo::One(asker)) });
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
