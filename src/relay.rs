//! Messages from writers to readers: a channel with its pipes.
//!
//! ```text
//! standard input ─┐                                  ┌─ pump ─→ work.1
//! gen.1 ─ collect ┼─→ Hub (an Exchange, see route) ──┼─ pump ─→ work.2
//! gen.2 ─ collect ┤                                  └─ drain ─→ standard output
//! gipc send ─ Door ┘
//! ```
//!
//! A task for each writer's pipe takes what has come, all at once, and puts it into the hub as soon
//! as there is room; a task for each reader's pipe writes what there is for it. The tasks of a
//! process end with its incarnation, the hub is there as long as the session.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::{Rc, Weak};
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use gipc::frames::{Batch, Error};
use gipc::framing::Framing;
use gipc::route::{
    Accepted, Answered, Counts, Dead, Exchange, Leftover, OutletId, Refusal, Shuffle,
};
use tokio::sync::Notify;
use tracing::error;

use crate::answers::Pool;
use crate::plan::channel::{Ack, Channel, Full};
use crate::record::playback;
use crate::record::{DeadLetters, Passage, Reason, Recorder};

mod collecting;
mod door;
mod draining;
mod inlet;
mod losses;
mod node;
mod origins;
mod ours;
mod reopenable;
mod sieve;
mod spill;
mod tap;

pub(crate) use collecting::Heard;
pub(crate) use door::{Door, Turned, Visit};
pub(crate) use draining::{Draining, Phase};
pub(crate) use inlet::{Inlet, Stop};
use losses::UNREAD;
pub(crate) use node::{Conversation, NodeEnd, NodeStream, Reply, Socket};
pub(crate) use reopenable::{Lent, Reopenable};
pub(crate) use sieve::{Guard, Sieve};
pub(crate) use spill::Spill;
pub(crate) use tap::{Head, Seen, Tap, open as tap};

/// Why messages stopped.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// What came are no messages.
    Garbled(Error),
    /// It has answered and was not asked.
    Unasked,
    /// Nobody reads the channel any more, and nobody ever will.
    Unread,
    /// The joblog cannot be written.
    Joblog(io::Error),
    /// Nobody reads our output.
    OutputClosed,
    /// Our output cannot be written.
    Output(io::Error),
    /// The record cannot be written.
    Record(io::Error),
    /// The record that is played cannot be read.
    Playback(playback::Error),
}

/// How the messages of one incarnation ended.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) trouble: Option<Trouble>,
    /// Some were refused or torn.
    pub(crate) lost: bool,
}

impl Outcome {
    /// Are there messages that have come and will not go on?
    pub(crate) fn has_lost(&self) -> bool {
        self.lost || !matches!(self.trouble, None | Some(Trouble::Unread))
    }
}

/// What has come of messages that were passed on.
#[derive(Debug)]
pub(crate) struct Sent {
    /// The number of the first one.
    first: u64,
    /// By their numbers.
    refused: Vec<(u64, Refusal)>,
    /// How many of them were dropped, for want of room.
    dropped: u64,
}

/// A writer of a channel: who it is, and what has come from it.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) from: String,
    pub(crate) counts: Cell<Counts>,
    /// Of the incarnation whose messages are passed on: they go before those of the next.
    order: tokio::sync::Mutex<()>,
    /// So many of its messages are lost, as nobody reads the channel any more, and nobody has been
    /// told.
    untold: Cell<u64>,
}

impl Source {
    pub(crate) fn new(from: impl Into<String>) -> Rc<Self> {
        Rc::new(Self {
            from: from.into(),
            counts: Cell::default(),
            order: tokio::sync::Mutex::default(),
            untold: Cell::default(),
        })
    }

    fn count(&self, change: impl FnOnce(&mut Counts)) {
        let mut counts = self.counts.get();
        change(&mut counts);
        self.counts.set(counts);
    }
}

/// Messages in the framing `u32`, which carries all of them.
fn in_u32(batch: &Batch, framing: Framing) -> Bytes {
    match batch.frames().filter(|_| framing == Framing::U32) {
        Some(frames) => gipc::route::to_keep(frames),
        None => {
            let mut frames = BytesMut::new();
            for payload in batch.payloads() {
                // It carries everything.
                let _ = Framing::U32.encode(payload, &mut frames);
            }
            frames.freeze()
        }
    }
}

/// A channel at work.
pub(crate) struct Hub {
    pub(crate) plan: Channel,
    /// The readers' names, as a record tells them.
    to: String,
    exchange: RefCell<Exchange>,
    recorder: Option<Recorder>,
    /// Of the writer whose messages are numbered, recorded and put just now.
    turn: tokio::sync::Mutex<()>,
    taps: tap::Taps,
    spill: Option<Spill>,
    dead_letters: Option<DeadLetters>,
    /// The pool whose messages these are.
    pool: Option<Rc<Pool>>,
    /// There is more room, or less to do: for writers, and for who waits until all is written.
    changed: Notify,
    /// For each reader: there is something to do.
    wakes: RefCell<Vec<Rc<Notify>>>,
    /// For each reader: what tells how much it has not read.
    probes: RefCell<Vec<Weak<inlet::Probe>>>,
    /// Whose messages may be dropped for those of others.
    origins: RefCell<origins::Origins>,
    ours: ours::State,
    doors: door::State,
}

impl Hub {
    /// A channel that nobody has an end of yet. `to`: how its readers are called together.
    pub(crate) fn new(
        plan: Channel,
        to: String,
        recorder: Option<Recorder>,
        dead_letters: Option<DeadLetters>,
        spill: Option<Spill>,
        pool: Option<Rc<Pool>>,
    ) -> Rc<Self> {
        let mut exchange = Exchange::new(plan.rules());
        if let Some(pool) = &pool {
            let plan = pool.plan();
            let shuffle = plan.shuffle.then_some((|parcels| fastrand::shuffle(parcels)) as Shuffle);
            exchange.be_of_a_pool(pool.done_before(), shuffle, plan.max_messages);
        }
        let exchange = RefCell::new(exchange);
        Rc::new(Self {
            plan,
            to,
            exchange,
            recorder,
            turn: tokio::sync::Mutex::default(),
            taps: tap::Taps::default(),
            spill,
            dead_letters,
            pool,
            changed: Notify::new(),
            wakes: RefCell::default(),
            probes: RefCell::default(),
            origins: RefCell::default(),
            ours: ours::State::default(),
            doors: door::State::default(),
        })
    }

    /// Takes nothing more, and gives nothing out that waits.
    pub(crate) fn close(&self) {
        let (left, woken) = self.exchange.borrow_mut().close();
        if let Some(pool) = &self.pool {
            pool.left(left);
        }
        self.wake(&woken);
        self.close_doors();
        self.give_up_calls("no more messages are given out");
    }

    /// There may be more room for answers now, or less.
    pub(crate) fn look_at_gate(&self) {
        if let Some(pool) = &self.pool {
            let woken = self.exchange.borrow_mut().set_gate(pool.gate());
            self.wake(&woken);
        }
    }

    /// The incarnation of a reader gets no more messages.
    pub(crate) fn retire(&self, id: OutletId) {
        let woken = self.exchange.borrow_mut().retire(id);
        self.wake(&woken);
    }

    /// How a reader takes messages.
    pub(crate) fn framing(&self, id: OutletId) -> Framing {
        self.exchange.borrow().framing(id)
    }

    /// How many messages have come.
    pub(crate) fn taken(&self) -> u64 {
        self.exchange.borrow().taken()
    }

    /// Has all come that will?
    pub(crate) fn has_ended(&self) -> bool {
        self.exchange.borrow().has_ended()
    }

    /// Will nobody ever read again?
    pub(crate) fn is_unread(&self) -> bool {
        self.exchange.borrow().is_unread()
    }

    /// Are its messages noted by their places in the input?
    pub(crate) fn has_joblog(&self) -> bool {
        self.pool.as_ref().is_some_and(|pool| pool.plan().joblog.is_some())
    }

    /// Adds a reader, which takes messages in this framing.
    pub(crate) fn add_outlet(&self, framing: Framing) -> OutletId {
        self.make_place();
        self.exchange.borrow_mut().add_outlet(framing)
    }

    /// Adds a Node process that reads on its socket.
    pub(crate) fn add_node_outlet(&self) -> OutletId {
        self.make_place();
        self.exchange.borrow_mut().add_node_outlet()
    }

    /// For one more reader. Whoever was alone shares from now on, and has to look at what that means.
    fn make_place(&self) {
        self.wakes.borrow().iter().for_each(|wake| wake.notify_one());
        self.wakes.borrow_mut().push(Rc::default());
        self.probes.borrow_mut().push(Weak::new());
    }

    /// Adds a writer.
    pub(crate) fn add_sender(&self) {
        self.exchange.borrow_mut().add_sender();
    }

    /// A writer will never write again.
    pub(crate) fn sender_over(&self) {
        let woken = self.exchange.borrow_mut().sender_over();
        self.wake(&woken);
    }

    /// A reader that was to read no more will read again.
    pub(crate) fn reopen(&self, id: OutletId) {
        self.exchange.borrow_mut().reopen(id);
    }

    /// A reader will never read again: one that is gone, or that nobody waits for any more. Comes back
    /// with how many messages nobody will have.
    pub(crate) fn outlet_over(&self, id: OutletId) -> u64 {
        if let Some(unread) = self.unread_by(id) {
            self.settle(id, unread, &Reason::of(UNREAD));
        }
        let Leftover { woken, dead, .. } = self.exchange.borrow_mut().outlet_over(id);
        self.wake(&woken);
        self.changed.notify_waiters();
        self.bury(&dead, &|attempts| Reason { attempts, ..Reason::of(UNREAD) });
        // They have come after these.
        if self.is_unread() {
            self.give_up_spilled();
        }
        self.give_up_calls(UNREAD);
        let unread = dead.iter().map(|Dead { parcel, .. }| parcel.count).sum();
        if let Some(pool) = &self.pool {
            pool.left(unread);
        }
        unread
    }

    fn wake(&self, woken: &[OutletId]) {
        let wakes = self.wakes.borrow();
        woken.iter().for_each(|id| wakes[id.0].notify_one());
    }

    /// Does it count as delivered when it is read, whoever does?
    pub(crate) fn waits_for_reading(&self) -> bool {
        self.plan.ack == Ack::Read && self.exchange.borrow().is_shared()
    }

    /// Do its writers wait for room?
    pub(crate) fn is_full(&self) -> bool {
        self.plan.full == Full::Block && self.exchange.borrow().is_full()
    }

    /// Is there something to do for another incarnation of this reader?
    pub(crate) fn has_work(&self, id: OutletId) -> bool {
        self.exchange.borrow().has_work(id)
    }

    /// Adds our standard output as a reader.
    pub(crate) fn add_our_outlet(&self, framing: Framing) -> OutletId {
        let id = self.add_outlet(framing);
        self.ours.outlet.set(Some(id));
        id
    }

    /// What a reader was given.
    pub(crate) fn counts(&self, id: OutletId) -> Counts {
        self.exchange.borrow().counts(id)
    }

    /// The reader is gone, and has left so many bytes in its pipe. Comes back with the messages that have
    /// ended one reader too many; `reason` says how.
    pub(crate) fn settle(&self, id: OutletId, unread: usize, reason: &Reason) -> Vec<Dead> {
        self.probes.borrow_mut()[id.0] = Weak::new();
        let Leftover { woken, dead, left } =
            self.exchange.borrow_mut().settle(id, unread, Instant::now());
        if let Some(pool) = &self.pool {
            pool.left(left);
        }
        self.wake(&woken);
        self.changed.notify_waiters();
        for Dead { parcel, .. } in &dead {
            let (name, number, times) = (&self.plan.name, parcel.first, parcel.attempts);
            let Reason { reason, .. } = reason;
            error!(
                "channel `{name}`, message {number}: {reason}; not sent again after {times} attempts"
            );
        }
        self.bury(&dead, &|attempts| Reason { attempts, ..reason.clone() });
        if left > 0 || !dead.is_empty() {
            self.give_up_calls(&reason.reason);
        }
        dead
    }

    /// How many bytes there are in the pipe of a reader that is not settled.
    pub(crate) fn unread_by(&self, id: OutletId) -> Option<usize> {
        self.probes.borrow()[id.0].upgrade().map(|probe| probe.unread())
    }

    /// How many messages a reader may answer by now: those that it has read whole.
    pub(crate) fn answerable(&self, id: OutletId) -> usize {
        self.exchange.borrow().read_whole(id, self.unread_by(id).unwrap_or_default())
    }

    /// A reader has answered. `None`: it was not asked.
    pub(crate) fn answered(&self, id: OutletId) -> Option<Answered> {
        let answered = self.exchange.borrow_mut().answered(id, Instant::now())?;
        self.wake(&answered.woken);
        Some(answered)
    }

    /// Waits until our standard output has everything that is meant for it by now, be it in a file.
    /// What others send meanwhile may never end.
    pub(crate) async fn said(&self) {
        let Some(id) = self.ours.outlet.get() else { return };
        let last = self.next_number() - 1;
        let has_spilled = || self.spill.as_ref().is_some_and(|spill| spill.messages() > 0);
        while has_spilled() && self.taken() < last {
            self.changed.notified().await;
        }
        let unwritten = || self.exchange.borrow().unwritten(id) as u64;
        let end = self.ours.written.get() + unwritten();
        while unwritten() > 0 && self.ours.written.get() < end {
            self.changed.notified().await;
        }
    }

    /// Passes messages on as soon as there is room for them.
    pub(crate) async fn send(
        &self,
        source: &Rc<Source>,
        batch: &Batch,
        from: Framing,
    ) -> Result<Sent, Trouble> {
        let sent = self.pass(source, batch, from).await;
        self.tell_unread(source);
        sent
    }

    /// Does so. What nobody reads any more is counted, and still to be told of.
    async fn pass(
        &self,
        source: &Rc<Source>,
        batch: &Batch,
        from: Framing,
    ) -> Result<Sent, Trouble> {
        let name = &self.plan.name;
        let count = batch.payloads().len() as u64;
        let _turn = loop {
            while self.must_wait() {
                // Who waits for what was taken may be the one that is to make room.
                self.taken_what_was_there();
                self.changed.notified().await;
            }
            let turn = self.turn.lock().await;
            // Those before us may have filled it.
            if !self.must_wait() {
                break turn;
            }
        };
        let passage = Passage { channel: name, from: &source.from, to: &self.to };
        if let Some(recorder) = &self.recorder {
            let first = self.next_number();
            let recorded = recorder.record(passage, first, batch.payloads()).await;
            recorded.map_err(Trouble::Record)?;
        }
        source.count(|counts| counts.add(batch));
        if self.exchange.borrow().is_closed() {
            if let Some(pool) = &self.pool {
                pool.left(count);
            }
            return Err(Trouble::Unread);
        }
        if self.is_unread() {
            self.lose(source, batch);
            return Err(Trouble::Unread);
        }
        let first = self.next_number();
        self.taps.pass(passage, first, batch, from);
        if self.spill(source, batch, from).await {
            if self.is_unread() {
                // Whoever was the last one has not seen these.
                self.give_up_spilled();
                return Err(Trouble::Unread);
            }
            return Ok(Sent { first, refused: Vec::new(), dropped: 0 });
        }
        // Its turn did not come: now it waits as any other.
        while self.must_wait() {
            self.changed.notified().await;
        }
        if self.is_unread() {
            self.lose(source, batch);
            return Err(Trouble::Unread);
        }
        Ok(self.put(source, batch, from))
    }

    /// Has a writer to wait until there is room?
    fn must_wait(&self) -> bool {
        match (self.plan.full, &self.spill) {
            (Full::Block, _) => self.exchange.borrow().is_full(),
            // What is in the file goes first.
            (_, Some(spill)) if spill.has_failed() => {
                spill.messages() > 0 || self.exchange.borrow().is_full()
            }
            _ => false,
        }
    }

    /// The number of the next message.
    fn next_number(&self) -> u64 {
        let spilled = self.spill.as_ref().map_or(0, Spill::messages);
        self.exchange.borrow().taken() + spilled + 1
    }

    /// Passes messages on, now.
    fn put(&self, source: &Rc<Source>, batch: &Batch, from: Framing) -> Sent {
        let name = &self.plan.name;
        let first = self.exchange.borrow().taken() + 1;
        let Accepted { woken, refused, dropped } = self.exchange.borrow_mut().push(batch, from);
        self.wake(&woken);
        for (number, refusal) in &refused {
            error!("channel `{name}`, message {number} from {}: {refusal}", source.from);
            if let Some(pool) = &self.pool {
                pool.refused(*number);
            }
            if let Some(payload) = batch.payloads().nth((number - first) as usize) {
                self.add_dead_letter(*number, &Reason::of(refusal), payload);
            }
        }
        source.count(|counts| counts.refused += refused.len() as u64);
        self.count_dropped(source, &dropped);
        if !dropped.is_empty() {
            self.give_up_calls("it was dropped, as the channel was full");
        }
        let own = dropped.iter().filter(|number| **number >= first).count() as u64;
        Sent { first, refused, dropped: own }
    }
}

#[cfg(test)]
mod tests;
