//! Who gets the next message, and where those are that have not been delivered: a channel without
//! its pipes.
//!
//! No descriptor or clock is touched here, so that every rule about order, redelivery and dropping
//! is tested with values.

use std::collections::{BTreeSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::IoSlice;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes, BytesMut};
use serde_json::Value;

use crate::delivery::{Delivery, Fate, Parcel};
use crate::frames::Batch;
use crate::framing::{Decoder, Framing, Step, Unfit};
use crate::node;

/// Fewer bytes than these are copied, in place of being kept with the buffer they came in.
const COPIED: usize = 16 << 10;

/// Which readers get a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Route {
    /// One of them: the idlest.
    #[default]
    Queue,
    /// All of them.
    Broadcast,
    /// One after the other, in turn.
    RoundRobin,
    /// Always the same one for the same value at this JSON pointer (RFC 6901).
    Key(String),
}

/// When a message counts as delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ack {
    /// When its reader has taken all its bytes.
    Read,
    /// When its reader has answered it.
    Reply(Replies),
}

/// The rules for messages that are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replies {
    /// How many a reader may have that it has not answered; at least 1.
    pub window: usize,
    /// How long it may take for the first of them.
    pub timeout: Option<Duration>,
    /// How often a message is sent again that has ended its reader.
    pub retries: u32,
}

/// What happens to a message for which there is no room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Full {
    /// Its writer waits.
    #[default]
    Block,
    /// The oldest ones make room.
    DropOldest,
    /// It is dropped.
    DropNewest,
    /// It waits in a file.
    Spill,
}

/// By which rules messages are given out.
#[derive(Clone, Debug)]
pub struct Rules {
    pub route: Route,
    pub ack: Ack,
    /// How many bytes may wait.
    pub buffer: usize,
    pub full: Full,
    /// In bytes of payload.
    pub max_message: usize,
}

/// Brings what waits into another order.
pub type Shuffle = fn(&mut [Parcel]);

/// What has passed through an end of a channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    pub messages: u64,
    /// Of payload.
    pub bytes: u64,
    /// Sent again because a reader died.
    pub redelivered: u64,
    /// Never read: there was no reader any more.
    pub unread: u64,
    /// Not fit for the framing, or for the route.
    pub refused: u64,
    /// Cut off by the end of the stream.
    pub truncated: u64,
    /// There was no room for them.
    pub dropped: u64,
    /// They have ended a reader too often.
    pub dead: u64,
    /// They have waited in a file for want of room.
    pub spilled: u64,
    /// Lines among them that are no messages, where those are let through elsewhere.
    pub stray: u64,
}

impl Counts {
    /// Counts some more.
    pub fn add(&mut self, batch: &Batch) {
        self.messages += batch.payloads().len() as u64;
        self.bytes += batch.payloads().map(|payload| payload.len() as u64).sum::<u64>();
    }
}

/// Names a reader of a channel: its place among all that it ever had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OutletId(pub usize);

/// Why a message is not passed on. Those behind it are.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error(transparent)]
    Unfit(#[from] Unfit),
    #[error("it has no value at `{pointer}` to go by (`key:{pointer}`): {what}")]
    NoKey { pointer: String, what: &'static str },
    #[error(transparent)]
    Node(#[from] node::Unfit),
}

/// What is told of a batch that was taken in.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Accepted {
    /// The readers that have something to do now.
    pub woken: Vec<OutletId>,
    /// By their numbers.
    pub refused: Vec<(u64, Refusal)>,
    /// How many messages were dropped, for want of room.
    pub dropped: u64,
}

/// A message that is not sent to anybody any more.
#[derive(Debug, PartialEq, Eq)]
pub struct Dead {
    pub parcel: Parcel,
    pub framing: Framing,
}

impl Dead {
    /// The messages, by their numbers.
    pub fn messages(&self, max_message: usize) -> Vec<(u64, Bytes)> {
        let Self { parcel, framing } = self;
        if *framing == Framing::Raw {
            return vec![(parcel.first, parcel.frames.clone())];
        }
        let mut decoder = Decoder::new(*framing, max_message);
        let mut messages = Vec::new();
        let mut rest = parcel.frames.clone();
        // The frames are our own encoding, or were understood before: each is whole.
        while let Ok(Step::Frame(frame)) = decoder.decode(&rest) {
            let number = parcel.first + messages.len() as u64;
            messages.push((number, rest.slice(frame.payload.clone())));
            rest.advance(frame.len);
        }
        messages
    }
}

/// What a dead reader has left.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Leftover {
    /// The readers that have something to do now.
    pub woken: Vec<OutletId>,
    /// Messages that have ended one reader too many.
    pub dead: Vec<Dead>,
    /// How many there were that nobody gets any more, as nothing is given out.
    pub left: u64,
}

/// A message that was answered.
#[derive(Debug, PartialEq, Eq)]
pub struct Answered {
    pub parcel: Parcel,
    /// How long that took.
    pub took: Duration,
    /// The readers that have something to do now.
    pub woken: Vec<OutletId>,
}

/// What a reader takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Form {
    framing: Framing,
    /// What Node's own reader takes, and nothing else.
    is_node: bool,
}

impl Form {
    fn check(self, payload: &[u8]) -> Result<(), Refusal> {
        if self.is_node { Ok(node::check(payload)?) } else { Ok(()) }
    }

    fn encode(self, payload: &[u8], frames: &mut BytesMut) -> Result<(), Refusal> {
        self.check(payload)?;
        Ok(self.framing.encode(payload, frames)?)
    }
}

/// A reader.
#[derive(Debug)]
struct Outlet {
    delivery: Delivery,
    is_node: bool,
    /// It will never read again.
    over: bool,
    /// It waits for a message.
    idle: bool,
    /// How many messages this incarnation was given; it gets no more where it is retired.
    given: u64,
    retired: bool,
    /// Since when it is at the first message that it has not answered.
    since: Option<Instant>,
    counts: Counts,
}

impl Outlet {
    fn form(&self) -> Form {
        Form { framing: self.delivery.framing(), is_node: self.is_node }
    }

    /// What was given to it and not sent was not given to it.
    fn take_back(&mut self, parcel: &Parcel) {
        if parcel.again {
            self.counts.redelivered -= parcel.count;
        } else {
            self.counts.messages -= parcel.count;
            self.counts.bytes -= parcel.payload;
        }
    }

    fn give(&mut self, parcel: Parcel) {
        if parcel.again {
            self.counts.redelivered += parcel.count;
        } else {
            self.counts.messages += parcel.count;
            self.counts.bytes += parcel.payload;
        }
        self.delivery.push(parcel);
    }
}

/// The messages in a channel, and its readers.
#[derive(Debug)]
pub struct Exchange {
    route: Route,
    ack: Ack,
    buffer: usize,
    full: Full,
    max_message: usize,
    outlets: Vec<Outlet>,
    /// Messages that any reader may have, where they go to the idlest.
    waiting: VecDeque<Parcel>,
    waiting_bytes: usize,
    /// Who waits for one, the longest first.
    idle: VecDeque<OutletId>,
    /// Whose turn it is.
    turn: usize,
    /// How many messages have come.
    taken: u64,
    /// How many may still send.
    senders: usize,
    /// Nothing more is taken or given out.
    closed: bool,
    /// Messages that are not sent again, by their numbers.
    known: Arc<BTreeSet<u64>>,
    /// Messages are given out in an order that this makes, once all are there.
    shuffle: Option<Shuffle>,
    /// Where it is set, no message but the one with this number is given out.
    gate: Option<u64>,
    /// So many messages an incarnation gets, and no more.
    per_incarnation: u64,
}

impl Exchange {
    /// No message has come, and there is nobody to read one.
    pub fn new(rules: Rules) -> Self {
        let Rules { route, ack, buffer, full, max_message } = rules;
        Self {
            route,
            ack,
            buffer,
            full,
            max_message,
            outlets: Vec::new(),
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            idle: VecDeque::new(),
            turn: 0,
            taken: 0,
            senders: 0,
            closed: false,
            known: Arc::default(),
            shuffle: None,
            gate: None,
            per_incarnation: u64::MAX,
        }
    }

    /// Adds a reader, which takes messages in this framing.
    pub fn add_outlet(&mut self, framing: Framing) -> OutletId {
        let delivery = Delivery::new(framing, self.max_message, self.ack);
        self.outlets.push(Outlet {
            delivery,
            is_node: false,
            over: false,
            idle: false,
            given: 0,
            retired: false,
            since: None,
            counts: Counts::default(),
        });
        OutletId(self.outlets.len() - 1)
    }

    /// Adds a Node process that reads on its socket.
    pub fn add_node_outlet(&mut self) -> OutletId {
        let id = self.add_outlet(Framing::Lines);
        self.outlets[id.0].is_node = true;
        id
    }

    /// Sends a reader something besides its messages, behind those that it has been given.
    pub fn interject(&mut self, id: OutletId, frames: Bytes) {
        self.outlets[id.0].delivery.interject(frames);
    }

    /// Adds a writer.
    pub fn add_sender(&mut self) {
        self.senders += 1;
    }

    /// Has it go by the rules of a pool: these were done before.
    pub fn be_of_a_pool(
        &mut self,
        known: Arc<BTreeSet<u64>>,
        shuffle: Option<Shuffle>,
        per_incarnation: Option<u64>,
    ) {
        self.known = known;
        self.shuffle = shuffle;
        self.per_incarnation = per_incarnation.unwrap_or(u64::MAX);
    }

    /// Nothing more is taken, and nothing that waits is given out; how many messages those are.
    pub fn close(&mut self) -> (u64, Vec<OutletId>) {
        self.closed = true;
        self.waiting_bytes = 0;
        (self.waiting.drain(..).map(|parcel| parcel.count).sum(), self.all())
    }

    /// Lets anything be given out, or nothing but the message with this number. Comes back with the
    /// readers that have something to do.
    pub fn set_gate(&mut self, gate: Option<u64>) -> Vec<OutletId> {
        let mut woken = Vec::new();
        if self.gate != gate {
            self.gate = gate;
            self.wake_idle(&mut woken);
        }
        woken
    }

    /// The incarnation of a reader gets no more messages: it is to end when it has answered.
    /// Comes back with the readers that have something to do: what it was woken for is for others.
    pub fn retire(&mut self, id: OutletId) -> Vec<OutletId> {
        self.outlets[id.0].retired = true;
        self.outlets[id.0].idle = false;
        self.idle.retain(|idle| *idle != id);
        let mut woken = Vec::new();
        self.wake_idle(&mut woken);
        woken.push(id);
        woken
    }

    /// A writer will never write again. Comes back with the readers that have something to do.
    pub fn sender_over(&mut self) -> Vec<OutletId> {
        self.senders -= 1;
        if self.senders > 0 {
            return Vec::new();
        }
        if let Some(shuffle) = self.shuffle {
            shuffle(self.waiting.make_contiguous());
        }
        self.all()
    }

    fn all(&self) -> Vec<OutletId> {
        (0..self.outlets.len()).map(OutletId).collect()
    }

    fn open(&self) -> impl Iterator<Item = OutletId> + '_ {
        let open = self.outlets.iter().enumerate().filter(|(_, outlet)| !outlet.over);
        open.map(|(place, _)| OutletId(place))
    }

    /// Will nobody ever read again?
    pub fn is_unread(&self) -> bool {
        self.closed || self.open().next().is_none()
    }

    /// Is the message with this number still to be delivered, or to be answered?
    pub fn has(&self, number: u64) -> bool {
        let given = self.outlets.iter().flat_map(|outlet| outlet.delivery.parcels());
        self.waiting.iter().chain(given).any(|parcel| parcel.has(number))
    }

    /// How many messages have come.
    pub fn taken(&self) -> u64 {
        self.taken
    }

    /// Do messages wait for whoever is idle, and not for one reader in particular?
    pub fn is_shared(&self) -> bool {
        self.route == Route::Queue && (self.outlets.len() > 1 || matches!(self.ack, Ack::Reply(_)))
    }

    /// Is nothing more taken or given out?
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// How a reader takes messages.
    pub fn framing(&self, id: OutletId) -> Framing {
        self.outlets[id.0].delivery.framing()
    }

    /// Will nothing more come?
    pub fn has_ended(&self) -> bool {
        self.senders == 0
    }

    /// Must a writer wait before it may add to this?
    pub fn is_full(&self) -> bool {
        if self.is_shared() {
            return self.waiting_bytes >= self.buffer && self.shuffle.is_none();
        }
        let mut open = self.outlets.iter().filter(|outlet| !outlet.over);
        open.any(|outlet| outlet.delivery.unwritten() >= self.buffer)
    }

    /// Takes messages in, which came in `from`. Whoever blocks when it is full asks
    /// [`is_full`](Self::is_full) first.
    pub fn push(&mut self, batch: &Batch, from: Framing) -> Accepted {
        let mut accepted = Accepted::default();
        let first = self.taken + 1;
        let count = size_of(batch);
        self.taken += count;
        let drops = match self.full {
            Full::DropNewest => self.is_full(),
            _ => false,
        };
        let is_shared = self.is_shared();
        match &self.route {
            _ if drops => accepted.dropped += count,
            Route::Queue if is_shared => self.share(batch, first, &mut accepted),
            Route::Queue | Route::Broadcast => {
                let mut encoded: Vec<(Form, Parcel)> = Vec::new();
                for id in self.open().collect::<Vec<_>>() {
                    let form = self.outlets[id.0].form();
                    let known = encoded.iter().find(|(known, _)| *known == form);
                    let parcel = match known {
                        Some((_, parcel)) => parcel.clone(),
                        None => {
                            let parcel = encode(batch, from, form, first, &mut accepted.refused);
                            encoded.push((form, parcel.clone()));
                            parcel
                        }
                    };
                    if parcel.count > 0 {
                        self.outlets[id.0].give(parcel);
                        accepted.woken.push(id);
                    }
                }
            }
            Route::RoundRobin | Route::Key(_) => self.deal(batch, first, &mut accepted),
        }
        if self.full == Full::DropOldest {
            self.drop_oldest(&mut accepted);
        }
        // What several readers cannot have is refused once.
        accepted.refused.sort_by_key(|(number, _)| *number);
        accepted.refused.dedup_by_key(|(number, _)| *number);
        accepted
    }

    /// Each message for whoever is idle.
    fn share(&mut self, batch: &Batch, first: u64, accepted: &mut Accepted) {
        // Whoever takes it must be able to.
        let is_node = self.outlets.iter().any(|outlet| outlet.is_node);
        let form = Form { is_node, ..self.outlets[0].form() };
        let mut frames = BytesMut::new();
        let known = Arc::clone(&self.known);
        let new = (first..).zip(batch.payloads()).filter(|(number, _)| !known.contains(number));
        for (number, payload) in new {
            match form.encode(payload, &mut frames) {
                Ok(()) => {
                    let parcel = Parcel::of_one(frames.split().freeze(), payload, number);
                    self.waiting_bytes += parcel.cost();
                    self.waiting.push_back(parcel);
                }
                Err(refusal) => accepted.refused.push((number, refusal)),
            }
        }
        self.wake_idle(&mut accepted.woken);
    }

    /// Gives what waits to those that wait for it.
    fn wake_idle(&mut self, woken: &mut Vec<OutletId>) {
        while !self.waiting.is_empty()
            && let Some(id) = self.idle.pop_front()
        {
            self.outlets[id.0].idle = false;
            // Where nothing of it is for this one, it is asked again.
            woken.push(id);
            if woken.len() >= self.waiting.len() {
                break;
            }
        }
    }

    /// Each message for the one whose turn it is, or whose key it has.
    fn deal(&mut self, batch: &Batch, first: u64, accepted: &mut Accepted) {
        let open: Vec<_> = self.open().collect();
        if open.is_empty() {
            return;
        }
        let mut frames = BytesMut::new();
        for (number, payload) in (first..).zip(batch.payloads()) {
            let id = match &self.route {
                Route::Key(pointer) => match key(payload, pointer) {
                    // The same one as long as it is there, whoever else comes or goes.
                    Ok(key) => home(&key, &open),
                    Err(what) => {
                        let refusal = Refusal::NoKey { pointer: pointer.clone(), what };
                        accepted.refused.push((number, refusal));
                        continue;
                    }
                },
                _ => {
                    self.turn += 1;
                    Some(open[(self.turn - 1) % open.len()])
                }
            };
            let Some(id) = id else { continue };
            let outlet = &mut self.outlets[id.0];
            match outlet.form().encode(payload, &mut frames) {
                Ok(()) => {
                    outlet.give(Parcel::of_one(frames.split().freeze(), payload, number));
                    if !accepted.woken.contains(&id) {
                        accepted.woken.push(id);
                    }
                }
                Err(refusal) => accepted.refused.push((number, refusal)),
            }
        }
    }

    /// Gives messages whose reader is over to others: those of a key to the one that has it now.
    fn deal_anew(
        &mut self,
        dead: &Dead,
        open: &[OutletId],
        turns: &mut impl Iterator<Item = OutletId>,
    ) {
        for (number, payload) in dead.messages(self.max_message) {
            let to = match &self.route {
                Route::Key(pointer) => key(&payload, pointer).ok().and_then(|key| home(&key, open)),
                _ => turns.next(),
            };
            let Some(to) = to else { continue };
            let delivery = &mut self.outlets[to.0].delivery;
            let mut frames = BytesMut::new();
            // What one reader's framing could carry another's may not.
            if delivery.framing().encode(&payload, &mut frames).is_ok() {
                let (frames, again) = (frames.freeze(), dead.parcel.again);
                delivery.push(Parcel { again, ..Parcel::of_one(frames, &payload, number) });
            }
        }
    }

    fn drop_oldest(&mut self, accepted: &mut Accepted) {
        while self.waiting_bytes > self.buffer
            && self.waiting.len() > 1
            && let Some(parcel) = self.waiting.pop_front()
        {
            self.waiting_bytes -= parcel.cost();
            accepted.dropped += parcel.count;
        }
        for outlet in &mut self.outlets {
            accepted.dropped += outlet.delivery.drop_down_to(self.buffer);
        }
    }

    /// The reader can take more: gives it what waits, or notes that it is idle. Of few messages it
    /// gets its share, however large the window: the others, which may only be about to start, get
    /// theirs. Where messages count as delivered when they are read, it has read all that was
    /// written.
    ///
    /// Comes back with the readers that have something to do.
    pub fn ready(&mut self, id: OutletId) -> Vec<OutletId> {
        if !self.is_shared() {
            return Vec::new();
        }
        let window = match self.ack {
            Ack::Reply(replies) => replies.window,
            Ack::Read => 1,
        };
        self.outlets[id.0].delivery.all_read();
        let share = window.min(self.fair_share());
        while self.outlets[id.0].delivery.len() < window && !self.is_retired(id) {
            let is_served = self.outlets[id.0].delivery.len() >= share;
            let next = if is_served { None } else { self.next_waiting() };
            let outlet = &mut self.outlets[id.0];
            let Some(parcel) = next else {
                if !std::mem::replace(&mut outlet.idle, true) {
                    self.idle.push_back(id);
                }
                break;
            };
            outlet.given += 1;
            outlet.give(parcel);
        }
        self.woken_by_the_end()
    }

    /// How many messages each reader has, if all that there are were shared out evenly; at least 1.
    fn fair_share(&self) -> usize {
        let given: usize = self.outlets.iter().map(|outlet| outlet.delivery.len()).sum();
        (given + self.waiting.len()).div_ceil(self.open().count().max(1)).max(1)
    }

    /// What is given out next.
    fn next_waiting(&mut self) -> Option<Parcel> {
        let place = match self.gate {
            _ if self.shuffle.is_some() && self.senders > 0 => return None,
            None => 0,
            Some(only) => self.waiting.iter().position(|parcel| parcel.first == only)?,
        };
        let parcel = self.waiting.remove(place)?;
        self.waiting_bytes -= parcel.cost();
        Some(parcel)
    }

    /// Has this incarnation had all that it gets?
    fn is_retired(&self, id: OutletId) -> bool {
        let outlet = &self.outlets[id.0];
        outlet.retired || outlet.given >= self.per_incarnation
    }

    /// All readers, where there is nothing left to do for any of them.
    fn woken_by_the_end(&self) -> Vec<OutletId> {
        let no_more = self.senders == 0 || self.closed;
        if no_more && self.is_shared() && self.is_worked_off() { self.all() } else { Vec::new() }
    }

    /// A new incarnation of the reader, with a pipe that can hold `capacity` bytes. Tells how many
    /// messages wait for it.
    pub fn begin(&mut self, id: OutletId, capacity: usize) -> u64 {
        let outlet = &mut self.outlets[id.0];
        (outlet.given, outlet.retired) = (0, false);
        outlet.delivery.begin(capacity);
        outlet.counts.redelivered += outlet.delivery.redelivered();
        outlet.delivery.count()
    }

    /// What is to be written to the reader next, piece by piece.
    pub fn pieces(&self, id: OutletId) -> impl Iterator<Item = Bytes> + '_ {
        self.outlets[id.0].delivery.pieces()
    }

    /// The same, in as many pieces as there is room for; how many there are.
    pub fn next<'a>(&'a self, id: OutletId, pieces: &mut [IoSlice<'a>]) -> usize {
        self.outlets[id.0].delivery.next(pieces)
    }

    /// How many bytes are to be written to the reader.
    pub fn unwritten(&self, id: OutletId) -> usize {
        self.outlets[id.0].delivery.unwritten()
    }

    /// The reader's pipe has taken `bytes` more.
    pub fn wrote(&mut self, id: OutletId, bytes: usize, now: Instant) {
        let outlet = &mut self.outlets[id.0];
        outlet.delivery.wrote(bytes);
        if outlet.delivery.is_asked() {
            outlet.since.get_or_insert(now);
        }
    }

    /// Until when the reader has time for the next answer, if that ever is.
    pub fn answer_due(&self, id: OutletId) -> Option<Instant> {
        match self.ack {
            Ack::Reply(replies) => self.outlets[id.0].since?.checked_add(replies.timeout?),
            Ack::Read => None,
        }
    }

    /// Is there nothing for this reader now, and never will be?
    pub fn is_done(&self, id: OutletId) -> bool {
        let delivery = &self.outlets[id.0].delivery;
        if self.is_shared() && self.is_retired(id) && delivery.is_empty() {
            return true;
        }
        (self.senders == 0 || self.closed)
            && delivery.unwritten() == 0
            && (!self.is_shared() || self.is_worked_off())
    }

    /// Is there nothing that waits for whoever is idle, nor could come back?
    fn is_worked_off(&self) -> bool {
        self.waiting.is_empty() && self.outlets.iter().all(|outlet| outlet.delivery.is_empty())
    }

    /// Is there something to do for another incarnation of this reader?
    pub fn has_work(&self, id: OutletId) -> bool {
        (self.senders > 0 && !self.closed)
            || !self.outlets[id.0].delivery.is_empty()
            || (self.is_shared() && !self.is_worked_off())
    }

    /// How many of its messages the reader has read whole, where it has left so many bytes unread.
    pub fn read_whole(&self, id: OutletId, unread: usize) -> usize {
        self.outlets[id.0].delivery.read_whole(unread)
    }

    /// The reader has answered. `None`: it was not asked.
    pub fn answered(&mut self, id: OutletId, now: Instant) -> Option<Answered> {
        let outlet = &mut self.outlets[id.0];
        let parcel = outlet.delivery.answered()?;
        let took = outlet.since.take().map_or(Duration::ZERO, |since| now.duration_since(since));
        outlet.since = outlet.delivery.is_asked().then_some(now);
        let mut woken = self.woken_by_the_end();
        if woken.is_empty() {
            woken.push(id);
        }
        Some(Answered { parcel, took, woken })
    }

    /// The reader is gone, and has left `unread` bytes in its pipe. What it has not read whole, or
    /// not answered, goes to its next incarnation or to others.
    pub fn settle(&mut self, id: OutletId, unread: usize, now: Instant) -> Leftover {
        let mut leftover = Leftover::default();
        self.idle.retain(|idle| *idle != id);
        let is_shared = self.is_shared();
        let is_overdue = self.answer_due(id).is_some_and(|due| due <= now);
        let outlet = &mut self.outlets[id.0];
        outlet.idle = false;
        outlet.since = None;
        let framing = outlet.delivery.framing();
        let mut again = Vec::new();
        let mut was_at = true;
        for (fate, mut parcel) in outlet.delivery.settle(unread) {
            parcel.again |= fate != Fate::Unsent;
            if fate == Fate::Unsent && is_shared && !self.closed {
                // Whoever gets it in its place will have it counted.
                outlet.take_back(&parcel);
            }
            // The first of those that it had is the one that it was at. One that has ended before it
            // read anything of it has another reason, unless it was ended for that.
            let may_have_ended_it = match fate {
                Fate::Unsent => false,
                Fate::Unread => is_overdue,
                Fate::Begun | Fate::Unanswered => true,
            };
            if may_have_ended_it && std::mem::take(&mut was_at) {
                parcel.attempts += 1;
                if let Ack::Reply(replies) = self.ack
                    && parcel.attempts > replies.retries
                {
                    outlet.counts.dead += parcel.count;
                    leftover.dead.push(Dead { parcel, framing });
                    continue;
                }
            }
            again.push(parcel);
        }
        if self.closed {
            let unread = again.iter().map(|parcel| parcel.count).sum::<u64>();
            outlet.counts.unread += unread;
            leftover.left += unread;
            leftover.woken = self.woken_by_the_end();
        } else if is_shared {
            for parcel in again.into_iter().rev() {
                self.waiting_bytes += parcel.cost();
                self.waiting.push_front(parcel);
            }
            self.wake_idle(&mut leftover.woken);
            leftover.woken.extend(self.woken_by_the_end());
        } else {
            again.into_iter().for_each(|parcel| outlet.delivery.push(parcel));
        }
        leftover
    }

    /// What was given to this reader.
    pub fn counts(&self, id: OutletId) -> Counts {
        self.outlets[id.0].counts
    }

    /// The reader, which is gone and settled, will never read again. What was meant for it goes to
    /// others where that may be, and is given out otherwise.
    pub fn outlet_over(&mut self, id: OutletId) -> Leftover {
        let mut leftover = Leftover::default();
        let outlet = &mut self.outlets[id.0];
        if std::mem::replace(&mut outlet.over, true) {
            return leftover;
        }
        let framing = outlet.delivery.framing();
        let orphans = outlet.delivery.settle(0).into_iter().map(|(_, parcel)| parcel);
        let mut orphans: Vec<_> = orphans.collect();
        let open: Vec<_> = self.open().collect();
        if open.is_empty() {
            orphans.extend(self.waiting.drain(..));
            self.waiting_bytes = 0;
        }
        let mut turns = open.clone().into_iter().cycle();
        for parcel in orphans {
            let dead = Dead { parcel, framing };
            match &self.route {
                Route::RoundRobin | Route::Key(_) if !open.is_empty() => {
                    self.deal_anew(&dead, &open, &mut turns)
                }
                _ => leftover.dead.push(dead),
            }
        }
        let unread = leftover.dead.iter().map(|dead| dead.parcel.count).sum::<u64>();
        self.outlets[id.0].counts.unread += unread;
        leftover.woken = open;
        leftover
    }
}

/// The messages as they are in another framing; those that it cannot carry are left out.
fn encode(
    batch: &Batch,
    from: Framing,
    to: Form,
    first: u64,
    refused: &mut Vec<(u64, Refusal)>,
) -> Parcel {
    let size = |payload: &[u8]| payload.len() as u64;
    if let (true, Some(frames)) = (from == to.framing, batch.frames())
        && (!to.is_node || batch.payloads().all(|payload| to.check(payload).is_ok()))
    {
        let (count, payload) = (size_of(batch), batch.payloads().map(size).sum());
        // A few bytes are not to keep the whole of a reader's buffer.
        let is_small = frames.len() < COPIED;
        let frames = if is_small { Bytes::copy_from_slice(frames) } else { frames.clone() };
        return Parcel { frames, count, payload, first, attempts: 0, again: false };
    }
    let mut frames = BytesMut::new();
    let (mut count, mut bytes) = (0, 0);
    for (number, payload) in (first..).zip(batch.payloads()) {
        match to.encode(payload, &mut frames) {
            Ok(()) => {
                count += 1;
                bytes += size(payload);
            }
            Err(refusal) => refused.push((number, refusal)),
        }
    }
    let frames = frames.freeze();
    Parcel { frames, count, payload: bytes, first, attempts: 0, again: false }
}

fn size_of(batch: &Batch) -> u64 {
    batch.payloads().len() as u64
}

/// What a message goes by.
fn key(payload: &[u8], pointer: &str) -> Result<String, &'static str> {
    let value: Value = serde_json::from_slice(payload).map_err(|_| "it is not JSON")?;
    let found = value.pointer(pointer).ok_or("there is nothing at that place")?;
    Ok(found.to_string())
}

/// Who has this key: the same one as long as it is there, whoever else comes or goes.
fn home(key: &str, open: &[OutletId]) -> Option<OutletId> {
    open.iter().copied().max_by_key(|id| weight(key, *id))
}

fn weight(key: &str, id: OutletId) -> u64 {
    let mut hasher = DefaultHasher::new();
    (key, id.0).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
#[path = "route_tests.rs"]
mod tests;
