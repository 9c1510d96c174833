//! What a process has written, to its last byte.

use std::time::{Duration, Instant};

use tokio::sync::watch;

/// How far a process has come with its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    Running,
    Ended,
    /// And what it has left behind was killed, as far as it is known.
    Killed,
}

/// How long what was written before a kill may take to come, waiting for it in all.
const AFTER_KILL: Duration = Duration::from_secs(1);

/// How often it is read then: more than a pipe can hold.
const READS_AFTER_KILL: u32 = 10_000;

/// A stream that is drained once its writer has ended: until its end, or until nothing has come
/// for as long as `grace`, because a stranger holds it open. One who goes on writing after all that
/// is known was killed is not listened to for long.
pub(crate) struct Draining<R> {
    pub(crate) io: R,
    phase: watch::Receiver<Phase>,
    grace: Duration,
    after_kill: Duration,
    reads_after_kill: u32,
}

impl<R> Draining<R> {
    pub(crate) fn new(io: R, phase: &watch::Receiver<Phase>, grace: Duration) -> Self {
        let (after_kill, reads_after_kill) = (AFTER_KILL, READS_AFTER_KILL);
        Self { io, phase: phase.clone(), grace, after_kill, reads_after_kill }
    }

    /// What `read` gives, or `None` when it is time to give up. `read` is dropped in the middle.
    pub(crate) async fn next<T>(&mut self, mut read: impl AsyncFnMut(&mut R) -> T) -> Option<T> {
        let Self { io, phase, grace, after_kill, reads_after_kill } = self;
        if *phase.borrow() == Phase::Running {
            tokio::select! {
                biased;
                got = read(io) => return Some(got),
                _ = phase.wait_for(|phase| *phase >= Phase::Ended) => {}
            }
        }
        if *phase.borrow() == Phase::Ended {
            tokio::select! {
                biased;
                got = tokio::time::timeout(*grace, read(io)) => return got.ok(),
                _ = phase.wait_for(|phase| *phase == Phase::Killed) => {}
            }
        }
        *reads_after_kill = reads_after_kill.checked_sub(1)?;
        let begun = Instant::now();
        let got = tokio::time::timeout(*after_kill, read(io)).await.ok();
        *after_kill = after_kill.saturating_sub(begun.elapsed());
        got
    }
}
