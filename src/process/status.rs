//! How a process ended, and what it used.

use std::fmt;
use std::time::Duration;

use libc::c_int;

use super::Signal;

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    /// It ended by itself, with this code.
    Code(u8),
    /// A signal ended it.
    Signal(Signal),
}

impl ExitStatus {
    /// Reads a status of `waitpid(2)` for a process that has ended.
    pub fn from_wait_status(status: c_int) -> Self {
        if libc::WIFSIGNALED(status) {
            Self::Signal(Signal(libc::WTERMSIG(status)))
        } else {
            Self::Code(libc::WEXITSTATUS(status) as u8)
        }
    }

    /// The code by which a shell would tell of it: its own, or 128 + n for signal n.
    pub const fn shell_code(self) -> u8 {
        match self {
            Self::Code(code) => code,
            Self::Signal(signal) => signal.exit_code(),
        }
    }

    /// The code as Python's `multiprocessing` has it: its own, or -n for signal n.
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

/// What a process used, from `getrusage(2)`; its own children count once it has waited for them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Processor time in user mode.
    pub user: Duration,
    /// Processor time in the kernel.
    pub system: Duration,
    /// The largest resident set, in bytes.
    pub max_memory: u64,
}

impl Usage {
    pub(super) fn of(usage: &libc::rusage) -> Self {
        let duration = |time: libc::timeval| {
            Duration::from_secs(time.tv_sec as u64) + Duration::from_micros(time.tv_usec as u64)
        };
        // Kilobytes everywhere but on macOS, see getrusage(2) there.
        let unit = if cfg!(target_vendor = "apple") { 1 } else { 1024 };
        Self {
            user: duration(usage.ru_utime),
            system: duration(usage.ru_stime),
            max_memory: usage.ru_maxrss as u64 * unit,
        }
    }
}
