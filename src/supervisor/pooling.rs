//! What is particular to a pool: an early end, its last answers, and what its end means.

use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use gipc::frames::Batch;
use gipc::process::Signal;
use gipc::route::{Answered, Dead, OutletId};
use jiff::Timestamp;
use tokio::sync::mpsc;
use tracing::warn;

use super::Supervisor;
use super::events::{Note, Queue};
use super::history::IncarnationId;
use super::session::{Happening, InstanceId};
use crate::answers::{Halted, Job, Pool};
use crate::guard::Verdict;
use crate::plan::pool::When;
use crate::record::Reason;
use crate::relay::{Heard, Hub, Trouble};
use crate::usage;

impl Supervisor {
    /// All is over but for the last answers of a pool: comes back with how gipc is to end, once
    /// they are written.
    pub(super) fn conclude(&mut self, verdict: Verdict) -> Option<Verdict> {
        let Some(pool) = self.pool.clone() else { return Some(verdict) };
        for id in (0..self.instances.len()).map(InstanceId) {
            self.leave_channels(id);
        }
        let verdict = match self.finishing {
            Some(signal) => Verdict::Signal(signal),
            None => verdict,
        };
        let is_late = self.plan.timeout.is_some() && self.timeout_at.is_none();
        let verdict = pool.verdict(verdict, self.channels[0].hub.has_ended(), is_late);
        pool.close();
        self.answers_end.then_some(verdict)
    }

    /// Takes no more messages, and lets those be answered that workers have.
    pub(super) fn finish_begun(&mut self, signal: Signal) {
        warn!("{signal}: no more messages are given out; send it again to kill");
        self.finishing = Some(signal);
        self.channels[0].hub.close();
    }

    /// Ends early, as the rule for that says.
    pub(super) fn halt(&mut self, Halted { when, .. }: Halted, queue: &mut Queue) {
        match when {
            When::Now => {
                warn!("halting now, by --halt");
                self.channels[0].hub.close();
                queue.happenings.push_back(Happening::Demanded(Signal::TERM));
            }
            When::Soon => {
                warn!("halting when the messages that workers have are done, by --halt");
                self.channels[0].hub.close();
            }
        }
    }

    /// A message has ended one worker too many.
    pub(super) fn note_dead(&self, id: InstanceId, dead: &Dead, reason: &Rc<Reason>) {
        let (Some(pool), instance) = (&self.pool, &self.instances[id.0]) else { return };
        let lived = instance.history.last().and_then(|it| it.duration_seconds);
        let took = Duration::from_secs_f64(lived.unwrap_or_default());
        let job = Job {
            seq: dead.parcel.first,
            message: pool.message(dead),
            sent: dead.parcel.payload,
            worker: instance.name.clone(),
            ended: Timestamp::now(),
            took,
            attempts: dead.parcel.attempts,
            result: Err(Rc::clone(reason)),
        };
        if let Some(halted) = pool.done(job) {
            let _ = self.notes.0.send(Note::Halted(halted));
        }
    }
}

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
