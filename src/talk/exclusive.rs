//! Turns and waiting on descriptors that other processes have too.

use std::io;

#[cfg(unix)]
#[path = "exclusive/unix.rs"]
mod system;
#[cfg(windows)]
#[path = "exclusive/windows.rs"]
mod system;

pub(super) use system::{lock, wait};

/// It is not our turn, or nothing has moved.
pub(super) enum TimedOut {
    /// In time.
    Late,
    /// At all: the system's own error.
    Failed(io::Error),
}

impl From<io::Error> for TimedOut {
    fn from(error: io::Error) -> Self {
        Self::Failed(error)
    }
}

/// What is waited for.
pub(super) enum Interest {
    Read,
    Write,
}
