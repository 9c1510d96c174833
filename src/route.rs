//! Who gets the next message, and where those are that have not been delivered: a channel without
//! its pipes.
//!
//! No descriptor is touched here, and no clock but in `overdue`, so that every rule about order,
//! redelivery and dropping is tested with values.

mod counts;
mod dead;
mod exchange;
mod form;
mod home;
mod outlet;
mod overdue;
mod rules;
#[cfg(test)]
mod tests;

pub use counts::Counts;
pub use dead::Dead;
pub use exchange::{Accepted, Answered, Exchange, Leftover, Shuffle};
pub use form::{Refusal, to_keep};
pub use outlet::OutletId;
pub use overdue::answer_overdue;
pub use rules::{Ack, Full, Replies, Route, Rules};
