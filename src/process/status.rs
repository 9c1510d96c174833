//! How a process ended, and what it used.

use std::fmt;
use std::time::Duration;

use super::{ExitCode, Signal};

/// How a process ended. Closed: there are no other ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    /// It ended by itself, with this code.
    Code(ExitCode),
    /// A signal ended it.
    Signal(Signal),
}

impl ExitStatus {
    /// The code as Python's `multiprocessing` has it: its own, or -n for signal n. Codes above
    /// `i32::MAX`, which are those of crashes on Windows, are negative, as in the standard library.
    pub const fn code(self) -> i32 {
        match self {
            Self::Code(code) => code as i32,
            Self::Signal(signal) => -signal.number(),
        }
    }

    /// Did it end with code 0?
    pub const fn success(self) -> bool {
        matches!(self, Self::Code(0))
    }
}

impl fmt::Display for ExitStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Signal(signal) => write!(f, "{signal}"),
        }
    }
}

/// What a process used, from `getrusage(2)`; its own children count once it has waited for them. On
/// Windows they never count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Processor time in user mode.
    pub user: Duration,
    /// Processor time in the kernel.
    pub system: Duration,
    /// The largest resident set, in bytes.
    pub max_memory: u64,
}
