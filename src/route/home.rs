//! Where the messages of a key are at home.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::Value;

use super::OutletId;
use crate::pointer;

/// What a message goes by.
pub(super) fn key(payload: &[u8], pointer: &str) -> Result<String, &'static str> {
    let found = pointer::find(payload, pointer).map_err(|_| "it is not JSON")?;
    let found = found.ok_or("there is nothing at that place")?.get();
    // The same value may be written in several ways. One that is too deep for that goes by its text.
    let value = serde_json::from_str::<Value>(found);
    Ok(value.map_or_else(|_| found.to_owned(), |value| value.to_string()))
}

/// Who has this key. Of those that were there before, one that comes takes its share of the keys, and
/// one that goes leaves its own; no other key moves.
pub(super) fn home(key: &str, open: &[OutletId]) -> Option<OutletId> {
    open.iter().copied().max_by_key(|id| weight(key, *id))
}

fn weight(key: &str, id: OutletId) -> u64 {
    let mut hasher = DefaultHasher::new();
    (key, id.0).hash(&mut hasher);
    hasher.finish()
}
