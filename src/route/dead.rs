//! A message that is not sent to anybody any more.

use bytes::{Buf, Bytes};

use crate::delivery::Parcel;
use crate::framing::{Decoder, Framing, Step};

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
            let number = parcel.number(messages.len());
            messages.push((number, rest.slice(frame.payload.clone())));
            rest.advance(frame.len);
        }
        messages
    }
}
