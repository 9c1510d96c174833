//! What is particular to a pool: an early end, its last answers, and what its end means.

use std::rc::Rc;
use std::time::Duration;

use gipc::process::Signal;
use gipc::route::Dead;
use jiff::Timestamp;
use tracing::warn;

use super::events::{Note, Queue};
use super::session::{Happening, InstanceId};
use super::{Error, Supervisor};
use crate::answers::{Halted, Job, Pool};
use crate::guard::Verdict;
use crate::logs::Sink;
use crate::plan;
use crate::plan::pool::When;
use crate::record::Reason;

/// The pool whose workers the instances are, and how far its end has come.
pub(super) struct Pooling {
    pub(super) pool: Rc<Pool>,
    /// The signal at which it has stopped to take messages.
    pub(super) finishing: Option<Signal>,
    /// How gipc ends when the last answers are written.
    pub(super) last_verdict: Option<Verdict>,
    /// Had its input ended when its workers had?
    input_ended: Option<bool>,
    /// All its answers are written, or cannot be.
    pub(super) answers_end: bool,
}

impl Pooling {
    pub(super) fn open(plan: &plan::pool::Pool, sink: &Sink) -> Result<Self, Error> {
        let pool = Pool::new(plan.clone(), Some(sink)).map_err(|source| {
            // Nothing else of it is a file.
            let path = plan.joblog.clone().unwrap_or_default();
            Error::Joblog { path, source }
        });
        Ok(Self {
            pool: pool?,
            finishing: None,
            last_verdict: None,
            input_ended: None,
            answers_end: false,
        })
    }
}

impl Supervisor {
    /// Where a verdict says that all is over there may still be the last answers of a pool: comes
    /// back with how gipc is to end, once they are written.
    pub(super) fn conclude(&mut self, verdict: Option<Verdict>) -> Option<Verdict> {
        let Some(pooling) = &mut self.pool else { return verdict };
        pooling.last_verdict = verdict.or(pooling.last_verdict);
        let verdict = pooling.last_verdict?;
        let verdict = pooling.finishing.map_or(verdict, Verdict::Signal);
        // What comes later nobody has.
        let hub = &self.channels[0].hub;
        let input_ended = *pooling.input_ended.get_or_insert_with(|| hub.has_ended());
        let (pool, answers_end) = (Rc::clone(&pooling.pool), pooling.answers_end);
        for id in (0..self.instances.len()).map(InstanceId) {
            self.leave_channels(id);
        }
        let is_late = self.plan.timeout.is_some() && self.timeout_at.is_none();
        let verdict = pool.verdict(verdict, input_ended, is_late);
        pool.close();
        answers_end.then_some(verdict)
    }

    /// Takes no more messages, and lets those be answered that workers have.
    pub(super) fn finish_begun(&mut self, signal: Signal) {
        let Some(pooling) = &mut self.pool else { return };
        warn!("{signal}: no more messages are given out; send it again to kill");
        pooling.finishing = Some(signal);
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
        let Some(Pooling { pool, .. }) = &self.pool else { return };
        let instance = &self.instances[id.0];
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
