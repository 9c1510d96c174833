//! Signals by number and by name.

use std::fmt;
use std::str::FromStr;

#[cfg(unix)]
#[path = "signal/unix.rs"]
mod system;
#[cfg(windows)]
#[path = "signal/windows.rs"]
mod system;

/// A signal that the system knows. Windows has none; what is there under the names of some of them
/// is told at them, at [`Process::terminate`](super::Process::terminate) and
/// [`Process::kill`](super::Process::kill).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Signal(pub(super) i32);

impl Signal {
    /// Its number.
    pub const fn number(self) -> i32 {
        self.0
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match system::name(self.0) {
            Some(name) => f.write_str(name),
            None => write!(f, "signal {}", self.0),
        }
    }
}

impl fmt::Debug for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Takes `TERM`, `SIGTERM`, `term` and `15`.
impl FromStr for Signal {
    type Err = UnknownSignal;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || UnknownSignal(text.to_owned());
        if let Ok(number) = text.parse() {
            return Self::new(number).ok_or_else(unknown);
        }
        let upper = text.to_ascii_uppercase();
        let name = if upper.starts_with("SIG") { upper } else { format!("SIG{upper}") };
        system::number(&name).map(Self).ok_or_else(unknown)
    }
}

/// There is no signal of this name.
#[derive(Debug, thiserror::Error)]
#[error("there is no signal `{0}` (try {known})", known = system::KNOWN)]
pub struct UnknownSignal(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_are_read_in_the_ways_that_kill_takes() {
        for text in ["TERM", "SIGTERM", "term", "15"] {
            assert_eq!(text.parse::<Signal>().unwrap(), Signal::TERM, "{text}");
        }
        for text in ["", "0", "65", "-9", "TERMINATE"] {
            assert!(text.parse::<Signal>().is_err(), "{text}");
        }
    }
}
