//! Messages on their way out: what a reader gets next, and what it has answered.

use std::io::IoSlice;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::{Exchange, Outlet};
use crate::delivery::Parcel;
use crate::route::{Ack, OutletId};

/// A message that was answered.
#[derive(Debug, PartialEq, Eq)]
pub struct Answered {
    pub parcel: Parcel,
    /// How long that took.
    pub took: Duration,
    /// The readers that have something to do now.
    pub woken: Vec<OutletId>,
}

impl Exchange {
    /// Gives what waits to those that wait for it.
    pub(super) fn wake_idle(&mut self, woken: &mut Vec<OutletId>) {
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

    /// The reader can take more: gives it what waits, or notes that it is idle. Of few messages it
    /// gets its share, however large the window: the others, which may only be about to start, get
    /// theirs.
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
        let share = window.min(self.fair_share());
        while self.outlets[id.0].unfinished() < window && !self.is_retired(id) {
            let is_served = self.outlets[id.0].unfinished() >= share;
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

    /// The reader has read all that was written to it; or, where `is_known` is false, nobody can tell
    /// before its end.
    pub fn all_read(&mut self, id: OutletId, is_known: bool) {
        let outlet = &mut self.outlets[id.0];
        outlet.is_opaque = !is_known;
        if is_known {
            outlet.delivery.all_read();
        }
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

    /// All readers for which there is nothing left to do, where that is so for any.
    pub(super) fn woken_by_the_end(&self) -> Vec<OutletId> {
        let no_more = self.senders == 0 || self.closed;
        if !no_more || !self.is_shared() || !self.waiting.is_empty() {
            return Vec::new();
        }
        let mut busy = self.all().into_iter().filter(|id| !self.outlets[id.0].delivery.is_empty());
        match (busy.next(), busy.next()) {
            (None, _) => self.all(),
            (Some(last), None) if self.is_done(last) => vec![last],
            _ => Vec::new(),
        }
    }

    /// A new incarnation of the reader, with a pipe that can hold `capacity` bytes. Tells how many
    /// messages wait for it.
    pub fn begin(&mut self, id: OutletId, capacity: usize) -> u64 {
        let outlet = &mut self.outlets[id.0];
        (outlet.given, outlet.retired, outlet.is_opaque) = (0, false, false);
        outlet.delivery.begin(capacity);
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

    /// How many bytes are to be written to the reader next: where it answers, no more than it may
    /// have unanswered.
    pub fn unwritten(&self, id: OutletId) -> usize {
        self.outlets[id.0].delivery.sendable()
    }

    /// The reader's pipe has taken `bytes` more.
    pub fn wrote(&mut self, id: OutletId, bytes: usize, now: Instant) {
        let outlet = &mut self.outlets[id.0];
        outlet.delivery.wrote(bytes);
        if outlet.delivery.is_asked() {
            outlet.since.get_or_insert(now);
        }
    }

    /// From now on no time passes for readers.
    pub fn suspend(&mut self, now: Instant) {
        self.suspended.get_or_insert(now);
    }

    /// It does again.
    pub fn resume(&mut self, now: Instant) {
        let Some(suspended) = self.suspended.take() else { return };
        for since in self.outlets.iter_mut().filter_map(|outlet| outlet.since.as_mut()) {
            *since += now.saturating_duration_since(suspended.max(*since));
        }
    }

    /// Until when the reader has time for the next answer, if that ever is.
    pub fn answer_due(&self, id: OutletId) -> Option<Instant> {
        if self.suspended.is_some() {
            return None;
        }
        match self.ack {
            Ack::Reply(replies) => self.outlets[id.0].since?.checked_add(replies.timeout?),
            Ack::Read => None,
        }
    }

    /// Is there nothing for this reader now, and never will be?
    pub fn is_done(&self, id: OutletId) -> bool {
        let Outlet { delivery, is_opaque, .. } = &self.outlets[id.0];
        if self.is_shared() && self.is_retired(id) && delivery.is_empty() {
            return true;
        }
        (self.senders == 0 || self.closed)
            && delivery.unwritten() == 0
            && (!self.is_shared() || self.is_worked_off_but_for(is_opaque.then_some(id)))
    }

    /// Is there nothing that waits for whoever is idle, nor could come back?
    fn is_worked_off(&self) -> bool {
        self.is_worked_off_but_for(None)
    }

    /// The same, where what comes back from this one is not for others alone.
    fn is_worked_off_but_for(&self, one: Option<OutletId>) -> bool {
        let mut busy = self.all().into_iter().filter(|id| !self.outlets[id.0].delivery.is_empty());
        self.waiting.is_empty() && busy.all(|id| one == Some(id))
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
}
