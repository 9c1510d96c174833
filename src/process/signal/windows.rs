//! Windows has no signals; these two are what its processes can be told.

use super::Signal;

/// What there is, for one who asked for something else.
pub(super) const KNOWN: &str = "TERM or KILL; Windows has no others";

impl Signal {
    /// The end, with no chance to do anything about it.
    pub const KILL: Self = Self(9);
    /// The polite request to end: Ctrl-Break.
    pub const TERM: Self = Self(15);

    /// The signal with this number, where it is one.
    pub fn new(number: i32) -> Option<Self> {
        [Self::KILL, Self::TERM].into_iter().find(|known| known.0 == number)
    }

    /// The exit code by which shells elsewhere tell of a death by this signal: 128 + n.
    pub const fn exit_code(self) -> u8 {
        128 + self.0 as u8
    }
}

/// Its name with `SIG`.
pub(super) fn name(number: i32) -> Option<&'static str> {
    match Signal(number) {
        Signal::KILL => Some("SIGKILL"),
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
