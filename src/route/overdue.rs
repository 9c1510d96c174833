//! Waiting for what the rules say: the clock's part.

use std::cell::RefCell;
use std::time::Instant;

use tokio::sync::Notify;

use super::{Exchange, OutletId};

/// Waits until an answer is overdue. `changed` wakes all who wait when one may be due at another
/// time.
pub async fn answer_overdue(exchange: &RefCell<Exchange>, changed: &Notify, id: OutletId) {
    loop {
        // Before we look: what is told in between is not missed.
        let changed = changed.notified();
        let due = exchange.borrow().answer_due(id);
        match due {
            Some(due) if due <= Instant::now() => return,
            Some(due) => tokio::time::sleep_until(due.into()).await,
            // Something will have been written when there is one.
            None => changed.await,
        }
    }
}
