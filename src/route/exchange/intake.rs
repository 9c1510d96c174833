//! Messages on their way in: whom each is for, and what becomes of those for which there is no room.

use std::sync::Arc;

use bytes::BytesMut;

use super::Exchange;
use crate::delivery::Parcel;
use crate::frames::Batch;
use crate::framing::Framing;
use crate::route::form::{self, Form};
use crate::route::home::{home, key};
use crate::route::{Full, OutletId, Refusal, Route};

/// What is told of a batch that was taken in.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Accepted {
    /// The readers that have something to do now.
    pub woken: Vec<OutletId>,
    /// By their numbers.
    pub refused: Vec<(u64, Refusal)>,
    /// The numbers of those that were dropped for want of room, each once, and not only of these.
    pub dropped: Vec<u64>,
}

impl Exchange {
    /// Must a writer wait before it may add to this?
    pub fn is_full(&self) -> bool {
        if self.is_shared() {
            return self.waiting_bytes >= self.buffer && self.shuffle.is_none();
        }
        let mut open = self.outlets.iter().filter(|outlet| !outlet.over);
        open.any(|outlet| outlet.delivery.room_taken() >= self.buffer)
    }

    /// Takes messages in, which came in `from`. Whoever blocks when it is full asks
    /// [`is_full`](Self::is_full) first.
    pub fn push(&mut self, batch: &Batch, from: Framing) -> Accepted {
        let mut accepted = Accepted::default();
        let first = self.taken + 1;
        let count = batch.payloads().len() as u64;
        self.taken += count;
        let is_shared = self.is_shared();
        match &self.route {
            Route::Queue if is_shared && self.full == Full::DropNewest && self.is_full() => {
                accepted.dropped.extend(first..first + count);
            }
            Route::Queue if is_shared => self.share(batch, first, &mut accepted),
            Route::Queue | Route::Broadcast => {
                let mut encoded: Vec<(Form, Vec<Parcel>)> = Vec::new();
                for id in self.open().collect::<Vec<_>>() {
                    if self.drops_newest(id) {
                        self.outlets[id.0].counts.dropped += count;
                        accepted.dropped.extend(first..first + count);
                        continue;
                    }
                    let form = self.outlets[id.0].form();
                    let known = encoded.iter().find(|(known, _)| *known == form);
                    let parcels = match known {
                        Some((_, parcels)) => parcels.clone(),
                        None => {
                            let parcels =
                                form::encode(batch, from, form, first, &mut accepted.refused);
                            encoded.push((form, parcels.clone()));
                            parcels
                        }
                    };
                    if !parcels.is_empty() {
                        accepted.woken.push(id);
                    }
                    parcels.into_iter().for_each(|parcel| self.outlets[id.0].give(parcel));
                }
            }
            Route::RoundRobin | Route::Key(_) => self.deal(batch, first, &mut accepted),
        }
        if self.full == Full::DropOldest {
            self.drop_oldest(&mut accepted);
        }
        // What several readers cannot have is refused, or dropped, once.
        accepted.dropped.sort_unstable();
        accepted.dropped.dedup();
        accepted.refused.sort_by_key(|(number, _)| *number);
        accepted.refused.dedup_by_key(|(number, _)| *number);
        accepted
    }

    /// Is there no room for what comes for this reader, so that it is dropped?
    fn drops_newest(&self, id: OutletId) -> bool {
        self.full == Full::DropNewest && self.outlets[id.0].delivery.room_taken() >= self.buffer
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
            let drops = self.drops_newest(id);
            let outlet = &mut self.outlets[id.0];
            if drops {
                outlet.counts.dropped += 1;
                accepted.dropped.push(number);
                continue;
            }
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

    fn drop_oldest(&mut self, accepted: &mut Accepted) {
        while self.waiting_bytes > self.buffer
            && self.waiting.len() > 1
            && let Some(parcel) = self.waiting.pop_front()
        {
            self.waiting_bytes -= parcel.cost();
            accepted.dropped.extend(parcel.numbers());
        }
        for outlet in &mut self.outlets {
            for parcel in outlet.drop_down_to(self.buffer) {
                accepted.dropped.extend(parcel.numbers());
            }
        }
        if self.route == Route::Broadcast && !accepted.dropped.is_empty() {
            // What one reader has not got may be dropped for another later: it is told of once.
            accepted.dropped.retain(|number| self.missed.insert(*number));
            let unsent = self.outlets.iter().filter_map(|outlet| outlet.delivery.first_unsent());
            let oldest = unsent.min().unwrap_or(u64::MAX);
            self.missed = self.missed.split_off(&oldest);
        }
    }
}
