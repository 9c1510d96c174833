//! Windows has no signals; two of these are what its processes can be told.

use super::Signal;
use crate::process::ExitCode;

/// What there is, for one who asked for something else.
pub(super) const KNOWN: &str = "TERM or KILL; Windows has no others";

impl Signal {
    /// The console is closed, or the user logs off: why a program ends. No process can be sent it.
    pub const HUP: Self = Self(1);
    /// Ctrl-C at the console: why a program ends. No process can be sent it.
    pub const INT: Self = Self(2);
    /// The end, with no chance to do anything about it.
    pub const KILL: Self = Self(9);
    /// Nobody reads what is written: why a program ends. No process can be sent it.
    pub const PIPE: Self = Self(13);
    /// The polite request to end: Ctrl-Break.
    pub const TERM: Self = Self(15);

    /// The signal with this number, where it is one that a process can be sent.
    pub fn new(number: i32) -> Option<Self> {
        [Self::KILL, Self::TERM].into_iter().find(|known| known.0 == number)
    }

    /// The exit code by which shells elsewhere tell of a death by this signal: 128 + n.
    pub const fn exit_code(self) -> ExitCode {
        128 + self.0 as ExitCode
    }
}

/// Its name with `SIG`.
pub(super) fn name(number: i32) -> Option<&'static str> {
    match Signal(number) {
        Signal::HUP => Some("SIGHUP"),
        Signal::INT => Some("SIGINT"),
        Signal::KILL => Some("SIGKILL"),
        Signal::PIPE => Some("SIGPIPE"),
        Signal::TERM => Some("SIGTERM"),
        _ => None,
    }
}

/// The number that a name with `SIG` stands for.
pub(super) fn number(name: &str) -> Option<i32> {
    match name {
        "SIGKILL" => Some(Signal::KILL.0),
        "SIGTERM" => Some(Signal::TERM.0),
        _ => None,
    }
}
