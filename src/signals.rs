//! Signals that came to gipc, as what they ask for.

use gipc::process::Signal;

#[cfg(unix)]
#[path = "signals/unix.rs"]
mod system;
#[cfg(windows)]
#[path = "signals/windows.rs"]
mod system;

pub(crate) use system::request;

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(windows, expect(dead_code, reason = "a console asks for an end only"))]
pub(crate) enum Request {
    /// End in order; a second time: at once.
    Stop(Signal),
    /// End at once.
    Kill(Signal),
    /// Tell how things stand.
    Status,
    /// Take log and record files anew.
    Reopen,
    /// Stand still until continued, the command with us.
    Suspend(Signal),
    /// Go on, the command with us.
    Continue(Signal),
    /// Pass it on to the command.
    Forward(Signal),
    /// Nothing: the command has it from the terminal as we have, and what it makes of it is its own
    /// affair.
    Ignore,
}
