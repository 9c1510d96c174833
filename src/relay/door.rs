//! Messages that come from outside the session, for a channel of it, and answers that go back there.
//!
//! Who knocks has a connection to the session's socket, see `gipc-control(7)`. Its messages enter the
//! channel as those of any writer do: whole, as soon as there is room, each with the next number. The
//! answer to a call is known by the number of its message, and is taken out of the channel that the
//! answers go to.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use gipc::frames::{Batch, Error, FrameReader};
use gipc::framing::{Framing, FramingError};
use gipc::sleep_until;
use tokio::io::AsyncRead;
use tokio::sync::oneshot;
use tracing::warn;

use super::{Hub, Source, Trouble};

/// What such messages come from, as a record tells it: no instance has this name.
const OUTSIDE: &str = "outside";

/// What is at the doors of a channel.
#[derive(Debug, Default)]
pub(super) struct State {
    /// They let nothing in any more.
    closed: Cell<bool>,
    /// Who waits for the answer to which message.
    calls: RefCell<BTreeMap<u64, oneshot::Sender<Result<Bytes, String>>>>,
}

/// Why somebody is turned away. What was taken of him before is in the channel.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Turned {
    #[error("the session is about to end")]
    Closed,
    #[error("nobody reads channel `{0}` any more")]
    Unread(String),
    #[error("there was no room in channel `{0}`")]
    NoRoom(String),
    #[error("there was no answer in time")]
    NoAnswer,
    #[error("{0}")]
    Garbled(String),
    /// Of a call: it is not for the readers of the channel.
    #[error("{0}")]
    Refused(String),
    /// Of a call: its message is lost.
    #[error("there will be no answer: {0}")]
    Lost(String),
    #[error("{0}")]
    Failed(String),
    /// He is gone.
    #[error("it has gone")]
    Gone,
}

/// What has come of somebody's messages.
#[derive(Debug, Default)]
pub(crate) struct Visit {
    pub(crate) taken: u64,
    pub(crate) refused: u64,
    pub(crate) dropped: u64,
    /// Why the first that was refused was.
    pub(crate) why: Option<String>,
    /// Why nothing more was taken.
    pub(crate) turned: Option<Turned>,
}

/// A way into a channel, as long as it is there.
pub(crate) struct Door {
    place: Place,
    source: Rc<Source>,
    /// How long a message may wait for room, and a call for all.
    patience: Option<Duration>,
}

/// A place among the channel's writers.
struct Place(Rc<Hub>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.sender_over();
        self.0.changed.notify_waiters();
    }
}

impl Door {
    /// A way into a channel whose readers have not been told of its end.
    pub(crate) fn open(hub: &Rc<Hub>, patience: Option<Duration>) -> Self {
        hub.add_sender();
        Self { place: Place(Rc::clone(hub)), source: Source::new(OUTSIDE), patience }
    }

    /// The channel's name.
    pub(crate) fn channel(&self) -> &str {
        &self.place.0.plan.name
    }

    /// In bytes of payload.
    pub(crate) fn max_message(&self) -> usize {
        self.place.0.plan.max_message
    }

    /// Takes so many messages, or all until their end. `is_there`: is he, still? Where he is not,
    /// what waits for room is not taken.
    pub(crate) async fn take<R: AsyncRead + Unpin>(
        &self,
        reader: &mut FrameReader<R>,
        messages: Option<u64>,
        is_there: impl Fn(&R) -> bool,
    ) -> Visit {
        let (hub, source) = (&self.place.0, &self.source);
        let mut visit = Visit::default();
        let mut come = 0;
        visit.turned = loop {
            let left = messages.map_or(u64::MAX, |messages| messages - come);
            if left == 0 {
                break None;
            }
            let batch = tokio::select! {
                biased;
                () = hub.doors_are_closed() => break Some(Turned::Closed),
                read = reader.batch() => read,
            };
            let mut batch = match batch {
                Ok(Some(batch)) => batch,
                Ok(None) => break messages.map(|_| Turned::Gone),
                Err(error) => break Some(self.refuse(error)),
            };
            // What is more than was agreed on.
            batch.truncate(usize::try_from(left).unwrap_or(usize::MAX));
            let count = batch.payloads().len() as u64;
            let waits = hub.must_wait();
            if let Err(turned) = self.room(|| hub.must_wait(), self.deadline()).await {
                break Some(turned);
            }
            if waits && !is_there(reader.get_ref()) {
                let name = self.channel();
                warn!(
                    "channel `{name}`: the sender of messages from outside ({count}) disconnected while they \
                     were waiting for room: they are discarded"
                );
                break Some(Turned::Gone);
            }
            match hub.send(source, &batch, Framing::U32).await {
                Ok(sent) => {
                    if let Some((number, refusal)) = sent.refused.first() {
                        let number = come + number - sent.first + 1;
                        visit.why.get_or_insert_with(|| format!("message {number}: {refusal}"));
                    }
                }
                Err(trouble) => break Some(self.why_refused(trouble)),
            }
            come += count;
        };
        let counts = source.counts.get();
        (visit.refused, visit.dropped) = (counts.refused, counts.dropped);
        // Of a broadcast one reader may have been refused what another has not got for want of room.
        visit.taken = come.saturating_sub(counts.refused + counts.dropped);
        visit
    }

    /// Passes one message on, and waits for its answer, unless he goes first.
    pub(crate) async fn call<R: AsyncRead + Unpin>(
        self,
        reader: &mut FrameReader<R>,
        gone: impl AsyncFn(&mut FrameReader<R>),
    ) -> Result<Bytes, Turned> {
        let hub = Rc::clone(&self.place.0);
        let message = tokio::select! {
            biased;
            () = hub.doors_are_closed() => return Err(Turned::Closed),
            read = reader.get() => read,
        };
        let message = match message {
            Ok(Some(message)) => message,
            Ok(None) => return Err(Turned::Gone),
            Err(error) => return Err(self.refuse(error)),
        };
        let deadline = self.deadline();
        let batch: Batch = std::iter::once(message).collect();
        // Whatever becomes of messages for which there is no room: this one waits for it.
        let is_full = || hub.exchange.borrow().is_full();
        tokio::select! {
            biased;
            room = self.room(is_full, deadline) => room?,
            () = gone(reader) => return Err(Turned::Gone),
        }
        let sent = hub.send(&self.source, &batch, Framing::U32).await;
        let sent = sent.map_err(|trouble| self.why_refused(trouble))?;
        if let Some((_, refusal)) = sent.refused.first() {
            return Err(Turned::Refused(refusal.to_string()));
        }
        if sent.dropped > 0 {
            return Err(Turned::NoRoom(self.channel().to_owned()));
        }
        let (caller, answer) = oneshot::channel();
        hub.doors.calls.borrow_mut().insert(sent.first, caller);
        // The channel is not held open for an answer.
        drop(self);
        tokio::select! {
            biased;
            answer = answer => match answer {
                Ok(answer) => answer.map_err(Turned::Lost),
                Err(_) => Err(Turned::Closed),
            },
            () = sleep_until(deadline) => Err(Turned::NoAnswer),
            () = gone(reader) => Err(Turned::Gone),
        }
    }

    fn deadline(&self) -> Option<Instant> {
        self.patience.map(|patience| Instant::now() + patience)
    }

    /// Waits until there is room.
    async fn room(
        &self,
        is_full: impl Fn() -> bool,
        deadline: Option<Instant>,
    ) -> Result<(), Turned> {
        let hub = &self.place.0;
        let room = async {
            while is_full() {
                hub.changed.notified().await;
            }
        };
        tokio::select! {
            biased;
            () = room => Ok(()),
            () = hub.doors_are_closed() => Err(Turned::Closed),
            () = sleep_until(deadline) => Err(Turned::NoRoom(self.channel().to_owned())),
        }
    }

    /// What he has sent is no message.
    fn refuse(&self, error: Error) -> Turned {
        match error {
            Error::Framing(cut @ FramingError::Truncated { .. }) => {
                self.place.0.truncated(&self.source, &cut);
                Turned::Gone
            }
            error => Turned::Garbled(crate::chain(&error)),
        }
    }

    /// Why nothing more of his is passed on.
    fn why_refused(&self, trouble: Trouble) -> Turned {
        match trouble {
            Trouble::Record(error) => Turned::Failed(format!("cannot write the record: {error}")),
            _ => Turned::Unread(self.channel().to_owned()),
        }
    }
}

impl Hub {
    /// Lets nothing more in from outside.
    pub(crate) fn close_doors(&self) {
        self.doors.closed.set(true);
        self.changed.notify_waiters();
    }

    /// The session has ended: whoever waits for an answer is told.
    pub(crate) fn end_calls(&self) {
        self.doors.calls.take();
    }

    async fn doors_are_closed(&self) {
        while !self.doors.closed.get() {
            self.changed.notified().await;
        }
    }

    /// Gives an answer of `from` to who has called with the message of this number; whether somebody
    /// has.
    pub(crate) fn give_back(&self, number: u64, answer: &[u8], from: &str) -> bool {
        let Some(caller) = self.doors.calls.borrow_mut().remove(&number) else { return false };
        if caller.send(Ok(Bytes::copy_from_slice(answer))).is_err() {
            let name = &self.plan.name;
            warn!(
                "channel `{name}`, message {number}: the caller no longer waits for the answer of \
                 {from}: it is dropped"
            );
        }
        true
    }

    /// Some messages are not delivered any more: tells those who have called with one of them.
    pub(super) fn give_up_calls(&self, why: &str) {
        let exchange = self.exchange.borrow();
        let mut calls = self.doors.calls.borrow_mut();
        let lost: Vec<_> = calls.keys().copied().filter(|number| !exchange.has(*number)).collect();
        for number in lost {
            if let Some(caller) = calls.remove(&number) {
                // Where he has gone there is nobody to tell.
                let _ = caller.send(Err(why.to_owned()));
            }
        }
    }
}
