//! The answers of an incarnation to its messages, as they come.

use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use gipc::frames::Batch;
use gipc::route::{Answered, Dead, OutletId};
use jiff::Timestamp;
use tokio::sync::mpsc;

use super::events::Note;
use super::history::IncarnationId;
use crate::answers::{Job, Pool};
use crate::relay::{Heard, Hub, Trouble};
use crate::usage;

/// The answers of an incarnation to its messages.
pub(super) struct Answers {
    /// Where the messages come from, and which of their readers it is.
    pub(super) hub: Rc<Hub>,
    pub(super) outlet: OutletId,
    pub(super) pool: Option<Rc<Pool>>,
    pub(super) instance: String,
    pub(super) pid: i32,
    pub(super) notes: mpsc::UnboundedSender<Note>,
    pub(super) incarnation: IncarnationId,
    pub(super) has_answered: bool,
    /// Its first message tells that it is ready, unless it was asked something before.
    pub(super) says_ready: bool,
    /// When its memory was looked at last.
    pub(super) looked: Option<Instant>,
}

/// How often a worker's memory is looked at, at the most.
const LOOK: Duration = Duration::from_millis(20);

impl Answers {
    /// Takes answers: each is one to the oldest message that has none.
    pub(super) fn take(&mut self, batch: &mut Batch) -> (Heard, Option<Trouble>) {
        let mut count = 0;
        let mut called = Vec::new();
        // What it has not read it cannot have answered, whatever it says.
        let answerable = self.hub.answerable(self.outlet);
        if std::mem::take(&mut self.says_ready) && answerable == 0 {
            let mut is_first = true;
            batch.retain(|_| !std::mem::take(&mut is_first));
        }
        for reply in batch.payloads().take(answerable) {
            let Some(answered) = self.hub.answered(self.outlet) else { break };
            count += 1;
            if !std::mem::replace(&mut self.has_answered, true) {
                let _ = self.notes.send(Note::Progress(self.incarnation));
            }
            if self.hub.give_back(answered.parcel.first, reply, &self.instance) {
                called.push(count - 1);
                if let Some(pool) = &self.pool {
                    pool.refused(answered.parcel.first);
                }
            } else {
                self.note(answered, reply);
            }
        }
        let unasked = (count < batch.payloads().len()).then_some(Trouble::Unasked);
        if self.pool.is_some() {
            self.hub.look_at_gate();
            self.look_at_memory();
            return (Heard::Taken, unasked);
        }
        batch.truncate(count);
        if called.is_empty() {
            return (Heard::Pass, unasked);
        }
        let given = batch.payloads().enumerate().filter(|(place, _)| called.contains(place));
        let given: Batch = given.map(|(_, reply)| reply.to_vec()).collect();
        let mut place = 0..;
        batch.retain(|_| place.next().is_none_or(|place| !called.contains(&place)));
        (Heard::Shared(given), unasked)
    }

    fn note(&self, Answered { parcel, took, .. }: Answered, reply: &[u8]) {
        let Some(pool) = &self.pool else { return };
        let (seq, sent, attempts) = (parcel.first, parcel.payload, parcel.attempts + 1);
        let job = Job {
            seq,
            message: pool.message(&Dead { parcel, framing: self.hub.framing(self.outlet) }),
            sent,
            worker: self.instance.clone(),
            ended: Timestamp::now(),
            took,
            attempts,
            result: Ok(Bytes::copy_from_slice(reply)),
        };
        if let Some(halted) = pool.done(job) {
            let _ = self.notes.send(Note::Halted(halted));
        }
    }

    /// Has a worker replaced that has come to use too much.
    fn look_at_memory(&mut self) {
        let limit = self.pool.as_ref().and_then(|pool| pool.plan().max_memory);
        let (Some(limit), now) = (limit, Instant::now()) else { return };
        if self.looked.is_none_or(|at| now.duration_since(at) >= LOOK) {
            self.looked = Some(now);
            if usage::memory_of(self.pid).is_some_and(|memory| memory > limit) {
                self.hub.retire(self.outlet);
            }
        }
    }
}
