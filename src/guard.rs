//! How gipc ends, what it is told from outside, and that nothing is left behind whatever becomes of
//! it: the business of the module of the system.

use gipc::process::{ExitCode, Signal};

#[cfg(unix)]
#[path = "guard/unix.rs"]
mod system;
#[cfg(windows)]
#[path = "guard/windows.rs"]
mod system;

#[cfg(unix)]
pub(crate) use system::tree;
pub(crate) use system::{
    Arrivals, Direct, Link, background, bind, die_of, die_with_guard, has_terminal, outlive_guard,
    run, wait_for_end,
};

/// How gipc is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// With this exit code.
    Exit(ExitCode),
    /// By the signal that ended it, so that a calling shell stops too.
    Signal(Signal),
}

/// The exit codes that are gipc's own; all others are the command's, or 126 and 127 of
/// [`SpawnError`](gipc::spawn::SpawnError), or clap's 2 for wrong usage.
impl Verdict {
    /// In place of 0: a message was refused, torn or garbled.
    pub(crate) const MESSAGES_LOST: ExitCode = 1;
    /// More than one process of a topology has failed, or was never started.
    pub(crate) const SEVERAL_FAILED: ExitCode = 1;
    /// The health check of a process has failed too often.
    pub(crate) const UNHEALTHY: ExitCode = 1;
    /// It took too long.
    pub(crate) const TIMED_OUT: ExitCode = 124;
    /// gipc did not do what it was asked for.
    pub(crate) const FAILED: ExitCode = 125;
}

/// A signal that came to gipc.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arrival {
    pub(crate) signal: Signal,
    /// The terminal's driver sent it, to the whole foreground group.
    pub(crate) from_terminal: bool,
}

/// A signal that the supervisor gets past the guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DirectSignal {
    /// A child has ended, has stopped, or has come to us.
    Children,
    /// TERM, to the supervisor alone.
    #[cfg_attr(windows, expect(dead_code, reason = "there is only one process"))]
    Term,
}
