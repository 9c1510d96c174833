//! A reader of a channel.

use std::time::Instant;

use super::Counts;
use super::form::Form;
use crate::delivery::{Delivery, Parcel};

/// Names a reader of a channel: its place among all that it ever had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OutletId(pub usize);

/// A reader.
#[derive(Debug)]
pub(super) struct Outlet {
    pub(super) delivery: Delivery,
    pub(super) is_node: bool,
    /// It will never read again.
    pub(super) over: bool,
    /// It has a pipe that cannot tell when all is read.
    pub(super) is_opaque: bool,
    /// It waits for a message.
    pub(super) idle: bool,
    /// How many messages this incarnation was given; it gets no more where it is retired.
    pub(super) given: u64,
    pub(super) retired: bool,
    /// Since when it is at the first message that it has not answered.
    pub(super) since: Option<Instant>,
    pub(super) counts: Counts,
}

impl Outlet {
    pub(super) fn form(&self) -> Form {
        let is_answered = self.delivery.is_answered();
        Form { framing: self.delivery.framing(), is_node: self.is_node, is_answered }
    }

    /// How many parcels it has that it is not through with, as far as that can be told.
    pub(super) fn unfinished(&self) -> usize {
        if self.is_opaque { self.delivery.unsent() } else { self.delivery.len() }
    }

    /// What was given to it and not sent was not given to it.
    pub(super) fn take_back(&mut self, parcel: &Parcel) {
        if parcel.again {
            self.counts.redelivered -= parcel.count;
        } else {
            self.counts.messages -= parcel.count;
            self.counts.bytes -= parcel.payload;
        }
    }

    /// Drops the oldest that it has not been sent, until no more than `bytes` are to be.
    pub(super) fn drop_down_to(&mut self, bytes: usize) -> Vec<Parcel> {
        let dropped = self.delivery.drop_down_to(bytes);
        for parcel in &dropped {
            self.counts.dropped += parcel.count;
            self.take_back(parcel);
        }
        dropped
    }

    pub(super) fn give(&mut self, parcel: Parcel) {
        if parcel.again {
            self.counts.redelivered += parcel.count;
        } else {
            self.counts.messages += parcel.count;
            self.counts.bytes += parcel.payload;
        }
        // An empty message in no framing is nothing that could be written, and is there at once.
        if !parcel.frames.is_empty() {
            self.delivery.push(parcel);
        }
    }
}
