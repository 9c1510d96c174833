//! What a reader takes: its framing, and who it is.

use bytes::{Bytes, BytesMut};

use crate::delivery::Parcel;
use crate::frames::Batch;
use crate::framing::{Framing, Unfit};
use crate::node;

/// Fewer bytes than these are copied, in place of being kept with the buffer they came in.
const COPIED: usize = 16 << 10;

/// The bytes, to be kept for a while: a few are not to keep the whole of a reader's buffer.
pub fn to_keep(frames: &Bytes) -> Bytes {
    if frames.len() < COPIED { Bytes::copy_from_slice(frames) } else { frames.clone() }
}

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

/// What a reader takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) framing: Framing,
    /// What Node's own reader takes, and nothing else.
    pub(super) is_node: bool,
    /// It answers each message, so that it must notice each.
    pub(super) is_answered: bool,
}

impl Form {
    fn check(self, payload: &[u8]) -> Result<(), Refusal> {
        if self.is_answered && self.framing == Framing::Raw && payload.is_empty() {
            let able = |it: &Framing| *it != Framing::Raw && it.check(payload).is_ok();
            let able = Framing::ALL.into_iter().filter(able).collect();
            return Err(Unfit { framing: self.framing, what: "an empty message", able }.into());
        }
        if self.is_node { Ok(node::check(payload)?) } else { Ok(()) }
    }

    pub(super) fn encode(self, payload: &[u8], frames: &mut BytesMut) -> Result<(), Refusal> {
        self.check(payload)?;
        Ok(self.framing.encode(payload, frames)?)
    }
}

/// The messages as they are in another framing, together where they follow each other and none is
/// answered; those that it cannot carry are left out.
pub(super) fn encode(
    batch: &Batch,
    from: Framing,
    to: Form,
    first: u64,
    refused: &mut Vec<(u64, Refusal)>,
) -> Vec<Parcel> {
    let size = |payload: &[u8]| payload.len() as u64;
    if let (true, Some(frames)) = (from == to.framing && !to.is_answered, batch.frames())
        && (!to.is_node || batch.payloads().all(|payload| to.check(payload).is_ok()))
    {
        let (count, payload) = (batch.payloads().len() as u64, batch.payloads().map(size).sum());
        let frames = to_keep(frames);
        return vec![Parcel::of_many(frames, count, payload, first)];
    }
    let mut frames = BytesMut::new();
    let mut parcels: Vec<Parcel> = Vec::new();
    let mut together: Option<Parcel> = None;
    for (number, payload) in (first..).zip(batch.payloads()) {
        let encoded = to.encode(payload, &mut frames);
        let goes_on = encoded.is_ok() && !to.is_answered;
        match (encoded, &mut together) {
            (Err(refusal), _) => refused.push((number, refusal)),
            (Ok(()), Some(parcel)) => {
                parcel.count += 1;
                parcel.payload += size(payload);
            }
            (Ok(()), None) => together = Some(Parcel::of_one(Bytes::new(), payload, number)),
        }
        if !goes_on {
            let frames = frames.split().freeze();
            parcels.extend(together.take().map(|parcel| Parcel { frames, ..parcel }));
        }
    }
    let frames = frames.freeze();
    parcels.extend(together.map(|parcel| Parcel { frames, ..parcel }));
    parcels
}
