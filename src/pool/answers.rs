//! Answers on their way back.

use std::borrow::Borrow;
use std::fmt;
use std::iter::{Enumerate, Fuse};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use super::{Asker, Failure, Pool, ReplyTo, Request, decode};
use crate::codec::{Codec, Raw};
use crate::failure::Error;
use crate::order::Order;

/// How many bytes of answers may wait for those before them.
const ROOM: usize = 1 << 20;

/// The answer to a message, which comes when it comes; see [`Pool::submit`].
///
/// # Errors
/// [`Error::Unanswered`] when the message has ended one worker too many; [`Error::NoWorkers`];
/// [`Error::Framing`] when the framing cannot carry it; [`Error::Codec`] when the answer cannot be
/// decoded; [`Error::Closed`] when the last handle of the pool was dropped.
///
/// # Cancel safety
/// It may be polled again after any pause; dropped, the message is done all the same.
#[must_use = "it must be awaited"]
pub struct Answer<R = Raw> {
    pub(super) answer: oneshot::Receiver<Result<Bytes, Failure>>,
    name: Arc<str>,
    codec: R,
}

impl<R> Answer<R> {
    pub(super) fn new(
        answer: oneshot::Receiver<Result<Bytes, Failure>>,
        name: Arc<str>,
        codec: R,
    ) -> Self {
        Self { answer, name, codec }
    }
}

impl<R> fmt::Debug for Answer<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Answer(of {})", self.name)
    }
}

/// Nothing in it is ever pinned.
impl<R> Unpin for Answer<R> {}

impl<R: Codec> Future for Answer<R> {
    type Output = Result<R::Decoded, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = Pin::new(&mut self.answer).poll(context);
        answer.map(|answer| {
            let answer = answer.unwrap_or(Err(Failure::Closed));
            decode(&self.codec, answer, &self.name)
        })
    }
}

/// Messages of which some are on their way.
struct Under<'a, C, R, I: Iterator> {
    pool: &'a Pool<C, R>,
    messages: Fuse<Enumerate<I>>,
    /// The next one, with its place.
    upcoming: Option<(u64, Result<Bytes, Error>)>,
    under_way: usize,
    asker: mpsc::UnboundedSender<(u64, Result<Bytes, Failure>)>,
    answers: mpsc::UnboundedReceiver<(u64, Result<Bytes, Failure>)>,
}

/// What has come of a message.
type Done = (u64, Result<Bytes, Error>);

impl<'a, C: Codec, R: Codec + Clone, I: Iterator<Item: Borrow<C::Value>>> Under<'a, C, R, I> {
    fn new(pool: &'a Pool<C, R>, messages: I) -> Self {
        let (asker, answers) = mpsc::unbounded_channel();
        let messages = messages.enumerate().fuse();
        Self { pool, messages, upcoming: None, under_way: 0, asker, answers }
    }

    /// The next answer, whichever it is; sends further messages where `sends` and there is room.
    /// `None` where nothing is on its way and nothing may be sent.
    async fn next(&mut self, sends: bool) -> Option<Done> {
        loop {
            let sends = sends && self.under_way < self.pool.shared.ahead;
            if sends && self.upcoming.is_none() {
                let next = self.messages.next();
                self.upcoming =
                    next.map(|(at, value)| (at as u64, self.pool.encode(value.borrow())));
            }
            if let Some((at, Err(error))) =
                self.upcoming.take_if(|(_, message)| sends && message.is_err())
            {
                return Some((at, Err(error)));
            }
            let sends = sends && self.upcoming.is_some();
            if !sends && self.under_way == 0 {
                return None;
            }
            let shared = &self.pool.shared;
            tokio::select! {
                biased;
                Some((at, answer)) = self.answers.recv(), if self.under_way > 0 => {
                    self.under_way -= 1;
                    return Some((at, answer.map_err(|failure| failure.into_error(&shared.name))));
                }
                room = shared.requests.reserve(), if sends => {
                    let Some((at, Ok(message))) = self.upcoming.take() else { continue };
                    let Ok(room) = room else { return Some((at, Err(shared.closed()))) };
                    let asker = Asker::new(ReplyTo::Many(at, self.asker.clone()));
                    room.send(Request { message, asker });
                    self.under_way += 1;
                }
            }
        }
    }
}

/// The answers to many messages, in their order; see [`Pool::map`].
pub struct Answers<'a, C, R, I: Iterator> {
    under: Under<'a, C, R, I>,
    order: Order<Result<Bytes, Error>>,
    held_bytes: usize,
}

impl<'a, C: Codec, R: Codec + Clone, I: Iterator<Item: Borrow<C::Value>>> Answers<'a, C, R, I> {
    pub(super) fn new(pool: &'a Pool<C, R>, messages: I) -> Self {
        Self { under: Under::new(pool, messages), order: Order::from(0), held_bytes: 0 }
    }

    /// The next one; `None` after the last. A message that has no answer is an error in its place,
    /// and those after it go on.
    ///
    /// # Errors
    /// Those of [`Pool::submit`] and of an [`Answer`]. Once the pool is dropped or gives up, all that
    /// are left are such errors.
    ///
    /// # Cancel safety
    /// A dropped future loses nothing: the answer stays for the next call. Once this itself is
    /// dropped, no further message is sent; those that were are done, and their answers lost.
    pub async fn next(&mut self) -> Option<Result<R::Decoded, Error>> {
        let answer = loop {
            if let Some(answer) = self.order.take() {
                break answer;
            }
            let (at, answer) = self.under.next(self.held_bytes < ROOM).await?;
            self.held_bytes += answer.as_ref().map_or(0, Bytes::len);
            self.order.hold(at, answer);
        };
        self.held_bytes -= answer.as_ref().map_or(0, Bytes::len);
        let answer = answer.and_then(|answer| self.under.pool.decode(Ok(answer)));
        Some(answer)
    }
}

impl<C, R, I: Iterator> fmt::Debug for Answers<'_, C, R, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Answers(of {})", self.under.pool.name())
    }
}

/// The answers to many messages, as they come; see [`Pool::map_unordered`].
pub struct AnswersAsTheyCome<'a, C, R, I: Iterator>(Under<'a, C, R, I>);

impl<'a, C: Codec, R: Codec + Clone, I: Iterator<Item: Borrow<C::Value>>>
    AnswersAsTheyCome<'a, C, R, I>
{
    pub(super) fn new(pool: &'a Pool<C, R>, messages: I) -> Self {
        Self(Under::new(pool, messages))
    }

    /// The next one, with the place of its message, from 0; `None` after the last.
    ///
    /// # Errors
    /// As [`Answers::next`].
    ///
    /// # Cancel safety
    /// As [`Answers::next`].
    pub async fn next(&mut self) -> Option<(usize, Result<R::Decoded, Error>)> {
        let (at, answer) = self.0.next(true).await?;
        Some((at as usize, answer.and_then(|answer| self.0.pool.decode(Ok(answer)))))
    }
}

impl<C, R, I: Iterator> fmt::Debug for AnswersAsTheyCome<'_, C, R, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AnswersAsTheyCome(of {})", self.0.pool.name())
    }
}
