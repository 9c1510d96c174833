//! Moments, and waiting for them.

use std::time::{Duration, Instant};

/// So long from now; what is too long for the clock is some years, as in Tokio.
pub(crate) fn after(timeout: Duration) -> Instant {
    const YEARS: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);
    let now = Instant::now();
    now.checked_add(timeout).unwrap_or_else(|| now + YEARS)
}

/// Until then; without a moment, for ever.
pub async fn sleep_until(moment: Option<Instant>) {
    match moment {
        // The runtime's clock would have it wait for up to a millisecond.
        Some(moment) if moment <= Instant::now() => {}
        Some(moment) => tokio::time::sleep_until(moment.into()).await,
        None => std::future::pending().await,
    }
}
