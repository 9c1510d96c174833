//! The workers of a pool, and the thread that passes messages on.

use std::cell::RefCell;
use std::collections::HashMap;
use std::future::{pending, poll_fn};
use std::io::IoSlice;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::{JoinSet, LocalSet};

use super::asker::{Asker, Failure, Reason, Request};
use super::restarts::Restarts;
use super::worker::{Ends, LAST_WORDS, Worker, hear};
use super::{HANDED_OVER, Options, Phase};
use crate::channel::system;
use crate::clock::{after, sleep_until};
use crate::failure::{Error, chain};
use crate::frames::{self, Batch, FrameReader};
use crate::framing::FramingError;
use crate::route::{
    Ack, Exchange, Full, Leftover, OutletId, Refusal, Replies, Route, Rules, answer_overdue,
};
use crate::spawn::Command;
use crate::tail::Tail;

/// How many bytes of messages may wait for workers.
const ROOM: usize = 1 << 20;

/// How many pieces are written at once.
const PIECES: usize = 64;

/// Makes the command of a worker.
type Make = dyn FnMut() -> Result<Command, Error>;

/// Starts the workers, says how that went, and passes messages on until all is over.
pub(super) fn run(
    options: Options,
    command: impl FnMut() -> Result<Command, Error> + 'static,
    requests: mpsc::Receiver<Request>,
    phase: watch::Receiver<Phase>,
    gave_up: &OnceLock<Arc<Reason>>,
    started: impl FnOnce(Result<(), Error>),
) {
    let name = options.name.clone();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return started(Err(Error::io(&name, error))),
    };
    let crew = Rc::new(Crew::new(options, Box::new(command)));
    LocalSet::new().block_on(&runtime, async {
        // All of them, or none: those that run are dropped with the list.
        let workers: Result<Vec<_>, _> = crew.outlets().map(|id| crew.start(id)).collect();
        match workers {
            Ok(workers) => {
                started(Ok(()));
                crew.work(workers, requests, phase, gave_up).await;
            }
            Err(error) => started(Err(error)),
        }
    });
    // What the workers have said may still be on its way to a standard error that nobody reads.
    runtime.shutdown_background();
}

struct Crew {
    options: Options,
    make: RefCell<Box<Make>>,
    exchange: RefCell<Exchange>,
    /// What waits for the answers to which messages.
    askers: RefCell<HashMap<u64, Asker>>,
    /// For each worker: there is something to do.
    wakes: Vec<Notify>,
    /// There is more room, or an answer is due at another time.
    changed: Notify,
}

/// How a worker was, when all of it is over.
struct Past {
    reason: Reason,
    lived: Duration,
    took_a_message: bool,
}

impl Crew {
    fn new(options: Options, make: Box<Make>) -> Self {
        let ack = Ack::Reply(Replies {
            window: options.window,
            timeout: options.message_timeout,
            retries: options.retries,
        });
        let mut exchange = Exchange::new(Rules {
            route: Route::Queue,
            ack,
            buffer: ROOM,
            full: Full::Block,
            max_message: options.max_message,
        });
        exchange.add_sender();
        for _ in 0..options.workers {
            exchange.add_outlet(options.framing);
        }
        Self {
            wakes: (0..options.workers).map(|_| Notify::new()).collect(),
            options,
            make: RefCell::new(make),
            exchange: RefCell::new(exchange),
            askers: RefCell::default(),
            changed: Notify::new(),
        }
    }

    fn outlets(&self) -> impl Iterator<Item = OutletId> + use<> {
        (0..self.wakes.len()).map(OutletId)
    }

    fn name_of(&self, id: OutletId) -> String {
        format!("{}.{}", self.options.name, id.0 + 1)
    }

    fn start(&self, id: OutletId) -> Result<Worker, Error> {
        let command = (self.make.borrow_mut())()?;
        Worker::start(command, &self.name_of(id), &self.options)
    }

    /// Until no worker is left, or the pool is dropped, which drops the workers.
    async fn work(
        self: Rc<Self>,
        workers: Vec<Worker>,
        mut requests: mpsc::Receiver<Request>,
        mut phase: watch::Receiver<Phase>,
        gave_up: &OnceLock<Arc<Reason>>,
    ) {
        let mut at_work = JoinSet::new();
        for (id, worker) in self.outlets().zip(workers) {
            at_work.spawn_local(Rc::clone(&self).keep(id, worker));
        }
        let mut last = None;
        {
            let mut taking = pin!(self.take(&mut requests, &mut phase));
            loop {
                tokio::select! {
                    biased;
                    () = &mut taking => return,
                    ended = at_work.join_next() => match ended {
                        Some(Ok(given_up)) => last = given_up.or(last),
                        // It has said so.
                        Some(Err(_panic)) => {}
                        None => break,
                    }
                }
            }
        }
        // The last one is gone. Where that was not the end of all, there is nobody for the rest.
        if let Some(reason) = last {
            let reason = Arc::new(reason);
            let _ = gave_up.set(Arc::clone(&reason));
            requests.close();
            let askers = std::mem::take(&mut *self.askers.borrow_mut());
            let mut rest: Vec<_> = askers.into_values().collect();
            while let Some(request) = requests.recv().await {
                rest.push(request.asker);
            }
            rest.into_iter().for_each(|it| it.tell(Err(Failure::NoWorkers(Arc::clone(&reason)))));
        }
    }

    /// Takes messages as long as there is room. Comes back when the pool is dropped.
    async fn take(
        &self,
        requests: &mut mpsc::Receiver<Request>,
        phase: &mut watch::Receiver<Phase>,
    ) {
        let mut taken = Vec::with_capacity(HANDED_OVER);
        let mut goes_on = true;
        loop {
            // Before we look: what is told in between is not missed.
            let changed = self.changed.notified();
            let has_room = !self.exchange.borrow().is_full();
            tokio::select! {
                biased;
                asked = phase.changed() => match (asked, *phase.borrow_and_update()) {
                    (Err(_), _) | (_, Phase::Dropped) => return,
                    (Ok(()), _) => requests.close(),
                },
                count = requests.recv_many(&mut taken, HANDED_OVER), if goes_on && has_room => {
                    goes_on = count > 0;
                    if goes_on {
                        self.pass_on(&mut taken);
                    } else {
                        let woken = self.exchange.borrow_mut().sender_over();
                        self.wake(&woken);
                    }
                }
                () = changed, if !has_room => {}
            }
        }
    }

    fn pass_on(&self, requests: &mut Vec<Request>) {
        let batch: Batch = requests.iter().map(|request| &request.message).collect();
        let mut exchange = self.exchange.borrow_mut();
        let first = exchange.taken() + 1;
        let accepted = exchange.push(&batch, self.options.framing);
        drop(exchange);
        let mut askers = self.askers.borrow_mut();
        askers.extend((first..).zip(requests.drain(..)).map(|(seq, it)| (seq, it.asker)));
        for (seq, refusal) in accepted.refused {
            // A pool has no other reason to refuse one.
            if let (Refusal::Unfit(unfit), Some(asker)) = (refusal, askers.remove(&seq)) {
                asker.tell(Err(Failure::Unfit(unfit)));
            }
        }
        self.wake(&accepted.woken);
    }

    fn wake(&self, woken: &[OutletId]) {
        woken.iter().for_each(|id| self.wakes[id.0].notify_one());
    }

    fn tell(&self, seq: u64, answer: Result<Bytes, Failure>) {
        // Not while the map is borrowed: whoever is woken is none of ours, but it costs nothing.
        let asker = self.askers.borrow_mut().remove(&seq);
        if let Some(asker) = asker {
            asker.tell(answer);
        }
    }

    /// Keeps a worker's place filled as long as there may be messages. Comes back with why it is
    /// given up, if it is.
    async fn keep(self: Rc<Self>, id: OutletId, first: Worker) -> Option<Reason> {
        let mut restarts = Restarts::default();
        let mut next = Ok(first);
        loop {
            let past = match next {
                Ok(worker) => self.attend(id, worker).await,
                Err(error) => Past {
                    reason: Reason { text: chain(&error), ..Reason::default() },
                    lived: Duration::ZERO,
                    took_a_message: false,
                },
            };
            if !self.exchange.borrow().has_work(id) {
                return None;
            }
            let Some(pause) = restarts.pause(past.lived, past.took_a_message) else {
                let Leftover { woken, .. } = self.exchange.borrow_mut().outlet_over(id);
                self.wake(&woken);
                self.changed.notify_waiters();
                return Some(past.reason);
            };
            let over = after(pause).into();
            while !pause.is_zero()
                && tokio::time::timeout_at(over, self.wakes[id.0].notified()).await.is_ok()
            {
                if !self.exchange.borrow().has_work(id) {
                    return None;
                }
            }
            next = self.start(id);
        }
    }

    /// Has a worker answer messages until it has ended, and what it has not answered go to others.
    async fn attend(&self, id: OutletId, mut worker: Worker) -> Past {
        let tail = Tail::default();
        let (mut answered, mut stopped_because) = (0, None);
        if let Some(ends) = worker.ends.take() {
            stopped_because = self.serve(id, &worker, ends, &tail, &mut answered).await;
        }
        let lived = worker.started.elapsed();
        let unread = worker.probe.unread();
        let took_a_message = answered > 0 || self.exchange.borrow().read_whole(id, unread) > 0;
        let ended = match worker.reap() {
            Ok(status) => format!("it ended {}: {status}", self.name_of(id)),
            Err(error) => format!("it ended {}: {}", self.name_of(id), chain(&error)),
        };
        let text = match stopped_because {
            Some(why) => format!("{ended} ({why})"),
            None => ended,
        };
        let reason = Reason { text, last_lines: tail.lines() };
        self.settle(id, unread, &reason);
        Past { reason, lived, took_a_message }
    }

    /// Passes messages and answers on until the worker has ended; comes back with why it was stopped,
    /// if it was.
    async fn serve(
        &self,
        id: OutletId,
        worker: &Worker,
        ends: Ends,
        tail: &Tail,
        answered: &mut u64,
    ) -> Option<String> {
        let Ends { messages, answers, stderr } = ends;
        let mut stopped_because = None;
        self.exchange.borrow_mut().begin(id, 0);
        let answers = self.options.of_channel().frame_reader(answers);
        let mut feeding = pin!(self.feed(id, messages));
        let mut collecting = pin!(self.collect(id, answers, &worker.probe, answered));
        let mut hearing = pin!(async {
            if let Some(stderr) = stderr {
                hear(stderr, tail.clone()).await;
            }
        });
        let (mut feeds, mut collects, mut hears) = (true, true, true);
        let mut kill_at = None;
        loop {
            let mut stop = None;
            let is_timed = collects && stopped_because.is_none();
            tokio::select! {
                biased;
                () = worker.ended() => break,
                why = &mut collecting, if collects => {
                    collects = false;
                    // One that answers no more is to end.
                    stop = Some(why);
                }
                () = answer_overdue(&self.exchange, &self.changed, id), if is_timed => {
                    stop = Some(Some("it has not answered in time".to_owned()));
                }
                () = &mut feeding, if feeds => {
                    feeds = false;
                    kill_at.get_or_insert(after(self.options.grace));
                }
                () = &mut hearing, if hears => hears = false,
                () = sleep_until(kill_at) => {
                    worker.kill();
                    worker.ended().await;
                    break;
                }
            }
            if let Some(why) = stop {
                // Until its end it gets nothing more.
                let woken = self.exchange.borrow_mut().retire(id);
                self.wake(&woken);
                if why.is_some() && stopped_because.is_none() {
                    stopped_because = why;
                    worker.ask();
                }
                kill_at.get_or_insert(after(self.options.grace));
            }
        }
        // Nothing of its group is to hold the pipes open; what it has written is still there.
        worker.kill();
        let last_words = async {
            if collects {
                let why = collecting.await;
                stopped_because = stopped_because.take().or(why);
            }
            if hears {
                hearing.await;
            }
        };
        let _ = tokio::time::timeout(LAST_WORDS, last_words).await;
        stopped_because
    }

    fn settle(&self, id: OutletId, unread: usize, reason: &Reason) {
        let Leftover { woken, dead, .. } =
            self.exchange.borrow_mut().settle(id, unread, Instant::now());
        self.wake(&woken);
        self.changed.notify_waiters();
        if dead.is_empty() {
            return;
        }
        let Reason { text, last_lines } = reason;
        let reason = Arc::new(Reason { text: text.clone(), last_lines: last_lines.clone() });
        for dead in dead {
            let (attempts, reason) = (dead.parcel.attempts, Arc::clone(&reason));
            self.tell(dead.parcel.first, Err(Failure::Dead { attempts, reason }));
        }
    }

    /// Writes messages to a worker until there are no more for it, and closes its channel then.
    async fn feed(&self, id: OutletId, mut messages: system::End) {
        loop {
            if self.exchange.borrow().unwritten(id) > 0 {
                let written = poll_fn(|context| {
                    let exchange = self.exchange.borrow();
                    let mut pieces = [IoSlice::new(&[]); PIECES];
                    let count = exchange.next(id, &mut pieces);
                    Pin::new(&mut messages).poll_write_vectored(context, &pieces[..count])
                });
                match written.await {
                    Ok(written) => {
                        self.exchange.borrow_mut().wrote(id, written, Instant::now());
                        self.changed.notify_waiters();
                    }
                    // It does not read any more; its end tells the rest.
                    Err(_) => return pending().await,
                }
                continue;
            }
            let woken = self.exchange.borrow_mut().ready(id);
            self.wake(&woken);
            if self.exchange.borrow().is_done(id) {
                return;
            }
            if self.exchange.borrow().unwritten(id) == 0 {
                self.wakes[id.0].notified().await;
            } else {
                self.changed.notify_waiters();
            }
        }
    }

    /// Takes a worker's answers until there are no more; comes back with what is wrong with them.
    async fn collect(
        &self,
        id: OutletId,
        mut answers: FrameReader<system::End>,
        probe: &system::Probe,
        answered: &mut u64,
    ) -> Option<String> {
        loop {
            let batch = match answers.batch().await {
                Ok(Some(batch)) => batch,
                Ok(None) => return None,
                Err(frames::Error::Framing(cut @ FramingError::Truncated { .. })) => {
                    return Some(format!("its answer was cut off: {cut}"));
                }
                Err(error) => return Some(format!("what it sends are no messages: {error}")),
            };
            // What it has not read it cannot have answered, whatever it says.
            let answerable = self.exchange.borrow().read_whole(id, probe.unread());
            let mut count = 0;
            for answer in batch.payloads().take(answerable) {
                let Some(it) = self.exchange.borrow_mut().answered(id, Instant::now()) else {
                    break;
                };
                count += 1;
                self.wake(&it.woken);
                self.tell(it.parcel.first, Ok(Bytes::copy_from_slice(answer)));
            }
            *answered += count;
            if (count as usize) < batch.payloads().len() {
                return Some("it has sent an answer without a message to answer".to_owned());
            }
        }
    }
}
