//! The answers of a pool: in which order they come out, what is noted of each, and when all is over.

use std::cell::RefCell;
use std::collections::{BTreeSet, VecDeque};
use std::convert::Infallible;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use gipc::order::Order;
use gipc::route::Dead;
use jiff::Timestamp;
use tokio::sync::Notify;

use crate::guard::Verdict;
use crate::logs::Sink;
use crate::plan::pool::{Halt, Pool as Plan, When, Why};
use crate::record::Reason;
use crate::relay::Hub;

mod joblog;
mod output;
mod progress;

use joblog::Joblog;
use progress::Progress;

/// How many bytes of answers may wait for those before them, or for our output.
const ROOM: usize = 1 << 20;

/// A message that is done with.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    /// Its number in the input, from 1.
    pub(crate) seq: u64,
    /// Where it is to be noted.
    pub(crate) message: Bytes,
    /// How many bytes it had.
    pub(crate) sent: u64,
    /// The instance that had it last.
    pub(crate) worker: String,
    pub(crate) ended: Timestamp,
    pub(crate) took: Duration,
    /// How many workers had it.
    pub(crate) attempts: u32,
    pub(crate) result: Result<Bytes, Rc<Reason>>,
}

impl Job {
    fn size(&self) -> usize {
        self.message.len() + self.result.as_ref().map_or(0, Bytes::len) + size_of::<Self>()
    }
}

/// What a rule for an early end asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Halted {
    pub(crate) when: When,
    /// Is it a failure?
    pub(crate) failed: bool,
}

/// How far a pool has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) answered: u64,
    pub(crate) dead: u64,
    /// Messages that nobody had when all was over.
    pub(crate) left: u64,
    /// Something of the input was refused, cut off or no message at all.
    pub(crate) has_lost: bool,
}

/// Answers on their way out.
#[derive(Debug)]
struct State {
    tally: Tally,
    /// With `keep_order`: those that wait for others.
    order: Order<Option<Job>>,
    held_bytes: usize,
    /// To come out now.
    ready: VecDeque<Job>,
    ready_bytes: usize,
    /// All that comes out has come.
    closed: bool,
    /// The rule for an early end has been obeyed.
    halted: Option<Halted>,
}

/// A pool at work.
pub(crate) struct Pool {
    plan: Plan,
    state: RefCell<State>,
    /// Something is ready, or nothing will be any more.
    changed: Notify,
    joblog: RefCell<Option<Joblog>>,
    progress: Option<Progress>,
    /// The messages that were done before this run.
    done_before: Arc<BTreeSet<u64>>,
}

impl Pool {
    /// A pool that has had no answer yet. How far it has come it tells on `sink`.
    ///
    /// # Errors
    /// When the joblog cannot be read or written.
    pub(crate) fn new(plan: Plan, sink: Option<&Sink>) -> io::Result<Rc<Self>> {
        let path = plan.joblog.as_deref();
        let done_before = match path.filter(|_| plan.resume) {
            Some(path) => joblog::done(path)?,
            None => BTreeSet::new(),
        };
        let joblog = path.map(|path| Joblog::open(path, plan.resume)).transpose()?;
        let mut state = State {
            tally: Tally::default(),
            order: Order::from(1),
            held_bytes: 0,
            ready: VecDeque::new(),
            ready_bytes: 0,
            closed: false,
            halted: None,
        };
        state.skip_known(&done_before);
        let before = done_before.len() as u64;
        let progress = plan.progress.zip(sink);
        let progress = progress.map(|(kind, sink)| Progress::new(kind, sink, before));
        Ok(Rc::new(Self {
            plan,
            progress,
            state: RefCell::new(state),
            changed: Notify::new(),
            joblog: RefCell::new(joblog),
            done_before: Arc::new(done_before),
        }))
    }

    /// What is noted of a message: nothing where nothing is noted.
    pub(crate) fn message(&self, dead: &Dead) -> Bytes {
        if self.plan.joblog.is_none() {
            return Bytes::new();
        }
        let messages = dead.messages(usize::MAX);
        messages.into_iter().next().map_or_else(Bytes::new, |(_, message)| message)
    }

    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The messages that were done before this run, by their numbers.
    pub(crate) fn done_before(&self) -> Arc<BTreeSet<u64>> {
        Arc::clone(&self.done_before)
    }

    /// A message is done with. Comes back with what the rule for an early end says, once.
    pub(crate) fn done(&self, job: Job) -> Option<Halted> {
        let mut state = self.state.borrow_mut();
        match &job.result {
            Ok(_) => state.tally.answered += 1,
            Err(_) => state.tally.dead += 1,
        }
        if let Some(progress) = &self.progress {
            progress.step(state.tally.dead);
        }
        if self.plan.keep_order {
            state.hold(job.seq, Some(job), &self.done_before);
        } else {
            state.make_ready(job);
        }
        self.changed.notify_one();
        let Tally { answered, dead, .. } = state.tally;
        let halt = self.plan.halt.filter(|halt| halt.is_due(answered, dead));
        match halt {
            Some(Halt { when, why, .. }) if state.halted.is_none() => {
                let halted = Halted { when, failed: why != Why::Success && dead > 0 };
                state.halted = Some(halted);
                Some(halted)
            }
            _ => None,
        }
    }

    /// Tells how far it has come, as long as this is polled; `messages` is where they come from.
    pub(crate) async fn tell_progress(&self, messages: &Hub) -> Infallible {
        match &self.progress {
            Some(progress) => progress.tell(messages).await,
            None => std::future::pending().await,
        }
    }

    /// Nothing more is told of how far it has come, but for how far that was.
    pub(crate) fn end_progress(&self) {
        if let Some(progress) = &self.progress {
            progress.end();
        }
    }

    /// A message was refused: there will be no answer.
    pub(crate) fn refused(&self, seq: u64) {
        if self.plan.keep_order {
            self.state.borrow_mut().hold(seq, None, &self.done_before);
            self.changed.notify_one();
        }
    }

    /// How gipc ends, where it would otherwise end so. `is_late`: the whole run took too long, not
    /// only a worker.
    pub(crate) fn verdict(&self, otherwise: Verdict, input_ended: bool, is_late: bool) -> Verdict {
        let state = self.state.borrow();
        let is_all = state.tally.left == 0 && input_ended;
        match (otherwise, state.halted) {
            (_, Some(Halted { failed, .. })) => Verdict::Exit(failed.into()),
            (Verdict::Exit(Verdict::FAILED) | Verdict::Signal(_), None) => otherwise,
            (_, None) if is_late => otherwise,
            (_, None) if state.tally.dead > 0 || state.tally.has_lost => {
                Verdict::Exit(Verdict::MESSAGES_LOST)
            }
            // How the workers have ended counts only where that has kept them from answering.
            (Verdict::Exit(0), None) if !is_all => Verdict::Exit(Verdict::MESSAGES_LOST),
            (_, None) if !is_all => otherwise,
            _ => Verdict::Exit(0),
        }
    }

    /// Something of the input was no message for the workers.
    pub(crate) fn has_lost_input(&self) {
        self.state.borrow_mut().tally.has_lost = true;
    }

    /// So many messages nobody had when all was over.
    pub(crate) fn left(&self, count: u64) {
        self.state.borrow_mut().tally.left += count;
    }

    /// What may be given to workers: anything, or only the message with this number, because too
    /// many answers wait.
    pub(crate) fn gate(&self) -> Option<u64> {
        let state = self.state.borrow();
        (state.held_bytes + state.ready_bytes > ROOM).then_some(state.order.next())
    }

    /// Nothing more will be answered: what was held back for others comes out.
    pub(crate) fn close(&self) {
        let mut state = self.state.borrow_mut();
        state.closed = true;
        for job in state.order.take_all().flatten() {
            state.make_ready(job);
        }
        state.held_bytes = 0;
        self.changed.notify_one();
    }
}

impl State {
    fn make_ready(&mut self, job: Job) {
        self.ready_bytes += job.size();
        self.ready.push_back(job);
    }

    /// Holds one back until all before it are done; `None`: there is no answer.
    fn hold(&mut self, seq: u64, job: Option<Job>, done_before: &BTreeSet<u64>) {
        self.held_bytes += job.as_ref().map_or(0, Job::size);
        self.order.hold(seq, job);
        while let Some(job) = self.order.take() {
            if let Some(job) = job {
                self.held_bytes -= job.size();
                self.make_ready(job);
            }
            self.skip_known(done_before);
        }
    }

    fn skip_known(&mut self, done_before: &BTreeSet<u64>) {
        while done_before.contains(&self.order.next()) {
            self.order.skip();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(seq: u64, result: Result<&'static str, &str>) -> Job {
        Job {
            seq,
            message: Bytes::from_static(b"m"),
            sent: 1,
            worker: "w.1".to_owned(),
            ended: Timestamp::UNIX_EPOCH,
            took: Duration::ZERO,
            attempts: 1,
            result: result.map(Bytes::from).map_err(|reason| Rc::new(Reason::of(reason))),
        }
    }

    fn pool(plan: Plan) -> Rc<Pool> {
        Pool::new(plan, None).unwrap()
    }

    fn ready(pool: &Pool) -> Vec<u64> {
        let mut state = pool.state.borrow_mut();
        state.ready_bytes = 0;
        state.ready.drain(..).map(|job| job.seq).collect()
    }

    #[test]
    fn answers_come_out_as_they_come_unless_their_order_is_kept() {
        let any = pool(Plan::default());
        for seq in [3, 1, 2] {
            any.done(job(seq, Ok("x")));
        }
        assert_eq!(ready(&any), [3, 1, 2]);
        let kept = pool(Plan { keep_order: true, ..Plan::default() });
        kept.done(job(3, Ok("x")));
        kept.done(job(2, Err("dead")));
        assert!(ready(&kept).is_empty());
        kept.done(job(1, Ok("x")));
        assert_eq!(ready(&kept), [1, 2, 3]);
        kept.done(job(6, Ok("x")));
        kept.refused(4);
        assert!(ready(&kept).is_empty());
        kept.done(job(5, Ok("x")));
        assert_eq!(ready(&kept), [5, 6]);
        kept.done(job(9, Ok("x")));
        kept.close();
        assert_eq!(ready(&kept), [9]);
    }

    #[test]
    fn with_too_much_held_back_only_what_is_waited_for_goes_on() {
        let pool = pool(Plan { keep_order: true, ..Plan::default() });
        let large = Bytes::from(vec![0; ROOM]);
        assert_eq!(pool.gate(), None);
        pool.done(Job { result: Ok(large), ..job(2, Ok("")) });
        assert_eq!(pool.gate(), Some(1));
        pool.done(job(1, Ok("x")));
        assert_eq!(ready(&pool), [1, 2]);
        assert_eq!(pool.gate(), None);
    }

    #[test]
    fn an_early_end_is_told_once() {
        let halt = Some("soon,fail=2".parse().unwrap());
        let pool = pool(Plan { halt, ..Plan::default() });
        assert_eq!(pool.done(job(1, Err("dead"))), None);
        assert_eq!(pool.done(job(2, Ok("x"))), None);
        let halted = Halted { when: When::Soon, failed: true };
        assert_eq!(pool.done(job(3, Err("dead"))), Some(halted));
        assert_eq!(pool.done(job(4, Err("dead"))), None);
        assert_eq!(
            pool.state.borrow().tally,
            Tally { answered: 1, dead: 3, left: 0, has_lost: false }
        );
    }
}
