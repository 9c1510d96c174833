//! Messages that are not delivered: counted, told of, and put into the file for those.

use std::rc::Rc;

use gipc::frames::Batch;
use gipc::route::Dead;
use tracing::{error, info, warn};

use super::{Hub, Source};
use crate::plan::channel::Full;
use crate::record::Reason;

/// Why messages are not delivered that nobody will ever read.
pub(super) const UNREAD: &str = "nobody reads the channel any more";

impl Hub {
    /// Puts messages that are not sent to anybody any more into the file for those.
    pub(super) fn bury(&self, dead: &[Dead], reason: &dyn Fn(u32) -> Reason) {
        for dead in dead {
            for (number, payload) in dead.messages(self.plan.max_message) {
                self.add_dead_letter(number, &reason(dead.parcel.attempts), &payload);
            }
        }
    }

    pub(super) fn add_dead_letter(&self, number: u64, reason: &Reason, payload: &[u8]) {
        if let Some(letters) = &self.dead_letters
            && let Err(error) = letters.add(&self.plan.name, number, reason, payload)
        {
            let name = &self.plan.name;
            error!("channel `{name}`, message {number}: cannot write the dead letter: {error}");
        }
    }

    /// Nobody will ever read these.
    pub(super) fn lose(&self, source: &Source, batch: &Batch) {
        let count = batch.payloads().len() as u64;
        self.bury_unread(batch);
        self.exchange.borrow_mut().pass_over(count);
        source.count(|counts| counts.unread += count);
        source.untold.set(source.untold.get() + count);
    }

    /// Puts the next messages into the file for those that are not delivered: nobody reads them.
    pub(super) fn bury_unread(&self, batch: &Batch) {
        let reason = Reason::of(UNREAD);
        for (number, payload) in (self.taken() + 1..).zip(batch.payloads()) {
            self.add_dead_letter(number, &reason, payload);
        }
    }

    /// Tells of messages that nobody reads.
    pub(super) fn tell_unread(&self, source: &Source) {
        let count = source.untold.take();
        if count == 0 {
            return;
        }
        let (name, from) = (&self.plan.name, &source.from);
        let lost = format!(
            "channel `{name}`: nobody reads any more; {count} messages from {from} are lost"
        );
        if self.is_forgone() { info!("{lost}") } else { warn!("{lost}") }
    }

    /// Notes of each writer what was dropped of its messages, for those that one of them has just put.
    pub(super) fn count_dropped(&self, source: &Rc<Source>, dropped: &[u64]) {
        let exchange = self.exchange.borrow();
        let mut origins = self.origins.borrow_mut();
        if self.plan.full == Full::DropOldest {
            origins.note(exchange.taken(), source, || exchange.oldest());
        }
        for number in dropped {
            let of = origins.of(*number).unwrap_or(source);
            of.count(|counts| counts.dropped += 1);
        }
    }

    /// Tells of a message that the end of the stream has cut off.
    pub(super) fn truncated(&self, source: &Source, what: &dyn std::fmt::Display) {
        source.count(|counts| counts.truncated += 1);
        error!("channel `{}`, truncated message from {}: {what}", self.plan.name, source.from);
    }
}
