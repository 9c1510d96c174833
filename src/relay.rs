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
use gipc::frames::{Batch, Error, FrameReader};
use gipc::framing::{Framing, FramingError};
use gipc::route::{
    Accepted, Answered, Counts, Dead, Exchange, Leftover, OutletId, Refusal, Shuffle,
};
use tokio::io::AsyncRead;
use tokio::sync::Notify;
use tracing::{error, info, warn};

use crate::answers::Pool;
use crate::plan::channel::{Ack, Channel, Full};
use crate::record::playback;
use crate::record::{DeadLetters, Passage, Reason, Recorder};

/// Fewer bytes than these are copied, in place of being kept with the buffer they came in.
const COPIED: usize = 16 << 10;

/// More bytes than can be in a pipe and in what we have read of it.
const IN_A_PIPE: usize = 4 << 20;

/// Why messages are not delivered that nobody will ever read.
const UNREAD: &str = "nobody reads the channel any more";

mod door;
mod draining;
mod inlet;
mod node;
mod origins;
mod ours;
mod reopenable;
mod sieve;
mod spill;
mod tap;

pub(crate) use door::{Door, Turned, Visit};
pub(crate) use draining::{Draining, Phase};
pub(crate) use inlet::{Inlet, Stop};
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

/// What becomes of what was heard.
#[derive(Debug)]
pub(crate) enum Heard {
    /// It is passed on.
    Pass,
    /// Somebody else has it.
    Taken,
    /// Somebody else has these, and the others are passed on.
    Shared(Batch),
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
    /// So many of its messages are lost, as nobody reads the channel any more, and nobody has been
    /// told.
    untold: Cell<u64>,
}

impl Source {
    pub(crate) fn new(from: impl Into<String>) -> Rc<Self> {
        Rc::new(Self { from: from.into(), counts: Cell::default(), untold: Cell::default() })
    }

    fn count(&self, change: impl FnOnce(&mut Counts)) {
        let mut counts = self.counts.get();
        change(&mut counts);
        self.counts.set(counts);
    }
}

/// Messages that have come already. No more than `room` bytes of them: their writer may write as fast
/// as they are read.
async fn at_once<R: AsyncRead + Unpin>(
    reader: &mut FrameReader<R>,
    room: &mut usize,
) -> Option<Result<Option<Batch>, Error>> {
    if *room == 0 {
        return None;
    }
    // The system has the time to say that there is something.
    tokio::task::yield_now().await;
    let read = tokio::select! {
        biased;
        read = tokio::task::unconstrained(reader.batch()) => read,
        () = std::future::ready(()) => return None,
    };
    if let Ok(Some(batch)) = &read {
        let bytes: usize = batch.payloads().map(|payload| payload.len() + 1).sum();
        *room = room.saturating_sub(bytes);
    }
    Some(read)
}

/// Messages in the framing `u32`, which carries all of them.
fn in_u32(batch: &Batch, framing: Framing) -> Bytes {
    match batch.frames().filter(|_| framing == Framing::U32) {
        // A few bytes are not to keep the whole of a reader's buffer.
        Some(frames) if frames.len() < COPIED => Bytes::copy_from_slice(frames),
        Some(frames) => frames.clone(),
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

    /// A reader will never read again.
    pub(crate) fn outlet_over(&self, id: OutletId) -> u64 {
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

    /// The reader is gone, and has left this in its pipe. Comes back with the messages that have
    /// ended one reader too many; `reason` says how.
    pub(crate) fn settle(&self, id: OutletId, inlet: &Inlet, reason: &Reason) -> Vec<Dead> {
        let unread = inlet.unread();
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

    /// Puts messages that are not sent to anybody any more into the file for those.
    fn bury(&self, dead: &[Dead], reason: &dyn Fn(u32) -> Reason) {
        for dead in dead {
            for (number, payload) in dead.messages(self.plan.max_message) {
                self.add_dead_letter(number, &reason(dead.parcel.attempts), &payload);
            }
        }
    }

    fn add_dead_letter(&self, number: u64, reason: &Reason, payload: &[u8]) {
        if let Some(letters) = &self.dead_letters
            && let Err(error) = letters.add(&self.plan.name, number, reason, payload)
        {
            let name = &self.plan.name;
            error!("channel `{name}`, message {number}: cannot write the dead letter: {error}");
        }
    }

    /// How many messages a reader may answer by now: those that it has read whole.
    pub(crate) fn answerable(&self, id: OutletId) -> usize {
        let unread = self.probes.borrow()[id.0].upgrade().map_or(0, |it| it.unread());
        self.exchange.borrow().read_whole(id, unread)
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

    /// Nobody will ever read these.
    fn lose(&self, source: &Source, batch: &Batch) {
        let count = batch.payloads().len() as u64;
        self.bury_unread(batch);
        self.exchange.borrow_mut().pass_over(count);
        source.count(|counts| counts.unread += count);
        source.untold.set(source.untold.get() + count);
    }

    /// Puts the next messages into the file for those that are not delivered: nobody reads them.
    fn bury_unread(&self, batch: &Batch) {
        let reason = Reason::of(UNREAD);
        for (number, payload) in (self.taken() + 1..).zip(batch.payloads()) {
            self.add_dead_letter(number, &reason, payload);
        }
    }

    /// Tells of messages that nobody reads.
    fn tell_unread(&self, source: &Source) {
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

    /// Notes of each writer what was dropped of its messages, for those that one of them has just put.
    fn count_dropped(&self, source: &Rc<Source>, dropped: &[u64]) {
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
    fn truncated(&self, source: &Source, what: &dyn std::fmt::Display) {
        source.count(|counts| counts.truncated += 1);
        error!("channel `{}`, truncated message from {}: {what}", self.plan.name, source.from);
    }

    /// Passes on what an incarnation of a writer sends until its end, without what the sieve takes
    /// out. `heard` is told of it first, and may object. Where nobody reads it any more, what has
    /// come by then is lost, and counted.
    pub(crate) async fn collect<R: AsyncRead + Unpin>(
        &self,
        source: &Rc<Source>,
        mut pipe: Draining<FrameReader<R>>,
        mut sieve: Sieve,
        mut heard: impl FnMut(&mut Batch) -> (Heard, Option<Trouble>),
    ) -> Outcome {
        let mut outcome = Outcome::default();
        let framing = pipe.io.framing();
        let mut unread = None;
        let trouble = loop {
            let next = match &mut unread {
                None => pipe.next(async |reader| reader.batch().await).await,
                Some(room) => match at_once(&mut pipe.io, room).await {
                    Some(read) => Some(read),
                    None => break None,
                },
            };
            match next {
                Some(Ok(Some(mut batch))) => {
                    let refused = sieve.sift(&mut batch, &self.plan.name, source).await;
                    source.count(|counts| counts.refused += refused);
                    outcome.lost |= refused > 0;
                    if batch.payloads().len() == 0 {
                        continue;
                    }
                    let (heard, objection) = heard(&mut batch);
                    match heard {
                        Heard::Taken => {
                            source.count(|counts| counts.add(&batch));
                            batch.truncate(0);
                        }
                        Heard::Shared(taken) => source.count(|counts| counts.add(&taken)),
                        Heard::Pass => {}
                    }
                    if batch.payloads().len() > 0 {
                        match self.pass(source, &batch, framing).await {
                            Ok(sent) => outcome.lost |= !sent.refused.is_empty(),
                            Err(Trouble::Unread) => _ = unread.get_or_insert(IN_A_PIPE),
                            Err(trouble) => break Some(trouble),
                        }
                    }
                    if objection.is_some() {
                        break objection;
                    }
                }
                Some(Ok(None)) => break None,
                Some(Err(Error::Framing(cut @ FramingError::Truncated { .. }))) => {
                    self.truncated(source, &cut);
                    outcome.lost = true;
                    break None;
                }
                Some(Err(error)) => break Some(Trouble::Garbled(error)),
                // A stranger holds the stream open, and may do so for ever.
                None => {
                    let bytes = pipe.io.unfinished();
                    if bytes > 0 {
                        outcome.lost = true;
                        let what = format_args!("given up after {bytes} bytes of a frame");
                        self.truncated(source, &what);
                    }
                    break None;
                }
            }
        };
        self.tell_unread(source);
        outcome.trouble = trouble.or(unread.map(|_| Trouble::Unread));
        // What it has said is said before its end is told.
        self.said().await;
        outcome
    }
}

#[cfg(test)]
mod tests;
