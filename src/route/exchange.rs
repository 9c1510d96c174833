//! The messages in a channel, and its readers.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;

use super::outlet::Outlet;
use super::{Ack, Counts, Full, OutletId, Route, Rules};
use crate::delivery::{Delivery, Parcel};
use crate::framing::Framing;

mod feeding;
mod intake;
mod leftover;

pub use feeding::Answered;
pub use intake::Accepted;
pub use leftover::Leftover;

/// Brings what waits into another order.
pub type Shuffle = fn(&mut [Parcel]);

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
    /// Of a broadcast: messages that were dropped for some readers, and may be for others.
    missed: BTreeSet<u64>,
    /// So many messages an incarnation gets, and no more.
    per_incarnation: u64,
    /// Since when no time passes for readers.
    suspended: Option<Instant>,
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
            missed: BTreeSet::new(),
            per_incarnation: u64::MAX,
            suspended: None,
        }
    }

    /// Adds a reader, which takes messages in this framing.
    ///
    /// Whoever had a queue alone shares it from now on: there may be something to do for it.
    pub fn add_outlet(&mut self, framing: Framing) -> OutletId {
        let was_shared = self.is_shared();
        let delivery = Delivery::new(framing, self.max_message, self.ack);
        self.outlets.push(Outlet {
            delivery,
            is_node: false,
            over: false,
            is_opaque: false,
            idle: false,
            given: 0,
            retired: false,
            since: None,
            counts: Counts::default(),
        });
        if self.is_shared() && !was_shared {
            self.share_unsent();
        }
        OutletId(self.outlets.len() - 1)
    }

    /// A reader that was over will read again, in its old place.
    pub fn reopen(&mut self, id: OutletId) {
        self.outlets[id.0].over = false;
    }

    /// What those that there are have not been sent is for whoever is idle.
    fn share_unsent(&mut self) {
        for outlet in &mut self.outlets {
            for parcel in outlet.delivery.take_unsent() {
                outlet.take_back(&parcel);
                self.waiting_bytes += parcel.cost();
                self.waiting.push_back(parcel);
            }
        }
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

    /// So many messages have come that nobody will have.
    pub fn pass_over(&mut self, messages: u64) {
        self.taken += messages;
    }

    /// The number of the first message that is to be delivered, or to be answered; where there is
    /// none, of the next to come.
    pub fn oldest(&self) -> u64 {
        let given = self.outlets.iter().flat_map(|outlet| outlet.delivery.parcels());
        let messages = self.waiting.iter().chain(given).filter(|parcel| parcel.count > 0);
        messages.map(|parcel| parcel.first).min().unwrap_or(self.taken + 1)
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

    /// What was given to this reader.
    pub fn counts(&self, id: OutletId) -> Counts {
        self.outlets[id.0].counts
    }
}
