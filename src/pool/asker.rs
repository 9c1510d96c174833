//! What waits for an answer, and why there may be none.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use crate::failure::Error;

/// A message, and what waits for its answer.
pub(super) struct Request {
    pub(super) message: Bytes,
    pub(super) asker: Asker,
}

/// What waits for an answer; hears of it when there will be none.
pub(super) struct Asker(Option<ReplyTo>);

/// Where an answer goes.
pub(super) enum ReplyTo {
    One(oneshot::Sender<Result<Bytes, Failure>>),
    /// To what has asked for several, and for this one with this number.
    Many(u64, mpsc::UnboundedSender<(u64, Result<Bytes, Failure>)>),
}

impl Asker {
    pub(super) fn new(to: ReplyTo) -> Self {
        Self(Some(to))
    }

    pub(super) fn tell(mut self, answer: Result<Bytes, Failure>) {
        self.send(answer);
    }

    /// Without effect where nobody waits any more, or all is said.
    fn send(&mut self, answer: Result<Bytes, Failure>) {
        match self.0.take() {
            Some(ReplyTo::One(asker)) => drop(asker.send(answer)),
            Some(ReplyTo::Many(number, asker)) => drop(asker.send((number, answer))),
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
pub(super) enum Failure {
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
pub(super) struct Reason {
    pub(super) text: String,
    /// What it has said last on standard error.
    pub(super) last_lines: Vec<String>,
}

impl Failure {
    pub(super) fn into_error(self, name: &str) -> Error {
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
