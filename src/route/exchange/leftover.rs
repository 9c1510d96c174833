//! What a dead reader has left: who gets it, or that nobody does.

use std::time::Instant;

use bytes::BytesMut;

use super::Exchange;
use crate::delivery::{Fate, Parcel};
use crate::route::home::{home, key};
use crate::route::{Ack, Dead, OutletId, Route};

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

impl Exchange {
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
        let mut again: Vec<Parcel> = Vec::new();
        let mut was_at = true;
        for (fate, mut parcel) in outlet.delivery.settle(unread) {
            let goes_elsewhere = if self.closed { parcel.again } else { is_shared };
            match fate {
                // Whoever gets it in its place, if anybody does, will have it counted.
                Fate::Unsent if goes_elsewhere => outlet.take_back(&parcel),
                Fate::Unsent => {}
                Fate::Unread | Fate::Begun | Fate::Unanswered => parcel.again = true,
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
            if fate != Fate::Unsent && !is_shared && !self.closed {
                outlet.counts.redelivered += parcel.count;
            }
            again.push(parcel);
        }
        if self.closed {
            let unread = again.iter().map(|parcel| parcel.count).sum::<u64>();
            outlet.counts.unread += unread;
            leftover.left += unread;
            leftover.woken = self.woken_by_the_end();
        } else if is_shared {
            // Whoever takes them gets one at a time.
            let singles = again.into_iter().flat_map(|parcel| outlet.delivery.singles(parcel));
            let singles: Vec<_> = singles.collect();
            for parcel in singles.into_iter().rev() {
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
        // These are not sent again after all.
        orphans.iter().filter(|parcel| parcel.again).for_each(|parcel| outlet.take_back(parcel));
        let open: Vec<_> = self.open().collect();
        if open.is_empty() {
            orphans.extend(self.waiting.drain(..));
            self.waiting_bytes = 0;
        }
        let mut turns = open.clone().into_iter().cycle();
        for parcel in orphans {
            match &self.route {
                Route::RoundRobin | Route::Key(_) if !open.is_empty() => {
                    let dead = self.deal_anew(id, parcel, &open, &mut turns);
                    leftover.dead.extend(dead);
                }
                _ => leftover.dead.push(Dead { parcel, framing }),
            }
        }
        let unread = leftover.dead.iter().map(|dead| dead.parcel.count).sum::<u64>();
        self.outlets[id.0].counts.unread += unread;
        leftover.woken = open;
        leftover
    }

    /// Gives messages whose reader is over to others: those of a key to the one that has it now. Comes
    /// back with those that they cannot have.
    fn deal_anew(
        &mut self,
        from: OutletId,
        parcel: Parcel,
        open: &[OutletId],
        turns: &mut impl Iterator<Item = OutletId>,
    ) -> Vec<Dead> {
        let framing = self.outlets[from.0].delivery.framing();
        let mut refused = Vec::new();
        for parcel in self.outlets[from.0].delivery.singles(parcel) {
            let dead = Dead { parcel, framing };
            let Some((number, payload)) = dead.messages(self.max_message).pop() else { continue };
            let to = match &self.route {
                Route::Key(pointer) => key(&payload, pointer).ok().and_then(|key| home(&key, open)),
                _ => turns.next(),
            };
            let mut frames = BytesMut::new();
            // What one reader could have another may not.
            let carried =
                to.filter(|to| self.outlets[to.0].form().encode(&payload, &mut frames).is_ok());
            let Some(to) = carried else {
                refused.push(dead);
                continue;
            };
            let Parcel { attempts, again, .. } = dead.parcel;
            if !again {
                // Whoever gets it in its place will have it counted.
                self.outlets[from.0].take_back(&dead.parcel);
            }
            let parcel = Parcel::of_one(frames.freeze(), &payload, number);
            self.outlets[to.0].give(Parcel { attempts, again, ..parcel });
        }
        refused
    }
}
