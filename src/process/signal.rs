//! Signals by number and by name.

#![expect(unsafe_code, reason = "kill with real-time signals, which nix cannot name")]

use std::fmt;
use std::io;
use std::str::FromStr;

use libc::c_int;

/// A signal number that the system knows.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Signal(pub(super) c_int);

impl Signal {
    /// Hangup of the terminal.
    pub const HUP: Self = Self(libc::SIGHUP);
    /// Ctrl-C.
    pub const INT: Self = Self(libc::SIGINT);
    /// Ctrl-\.
    pub const QUIT: Self = Self(libc::SIGQUIT);
    /// Cannot be caught.
    pub const KILL: Self = Self(libc::SIGKILL);
    /// Nobody reads.
    pub const PIPE: Self = Self(libc::SIGPIPE);
    /// The polite request to end.
    pub const TERM: Self = Self(libc::SIGTERM);
    /// Go on after a stop.
    pub const CONT: Self = Self(libc::SIGCONT);
    /// Stop; cannot be caught.
    pub const STOP: Self = Self(libc::SIGSTOP);
    /// Ctrl-Z.
    pub const TSTP: Self = Self(libc::SIGTSTP);

    /// The signal with this number, where it is one.
    pub fn new(number: c_int) -> Option<Self> {
        // Linux has 64; elsewhere the system refuses what it does not know when it is sent.
        (1..=64).contains(&number).then_some(Self(number))
    }

    /// Its number.
    pub const fn number(self) -> c_int {
        self.0
    }

    /// Sends it to a process, or to the process group `-target`, see `kill(2)`. A target that is
    /// gone is no error.
    ///
    /// # Errors
    /// Where the target has another user.
    pub fn send_to(self, target: i32) -> io::Result<()> {
        // SAFETY: plain system call on numbers.
        if unsafe { libc::kill(target, self.0) } == 0 {
            return Ok(());
        }
        match io::Error::last_os_error() {
            error if error.raw_os_error() == Some(libc::ESRCH) => Ok(()),
            error => Err(error),
        }
    }

    /// The exit code by which shells tell of a death by this signal: 128 + n.
    pub const fn exit_code(self) -> u8 {
        128 + (self.0 & 0x7f) as u8
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match nix::sys::signal::Signal::try_from(self.0) {
            Ok(known) => f.write_str(known.as_str()),
            Err(_) => write!(f, "signal {}", self.0),
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
        let known: nix::sys::signal::Signal = name.parse().map_err(|_| unknown())?;
        Ok(Self(known as c_int))
    }
}

/// There is no signal of this name.
#[derive(Debug, thiserror::Error)]
#[error("there is no signal `{0}` (try TERM, INT, HUP, or a number from 1 to 64)")]
pub struct UnknownSignal(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_are_read_in_the_ways_that_kill_takes() {
        for text in ["TERM", "SIGTERM", "term", "15"] {
            assert_eq!(text.parse::<Signal>().unwrap(), Signal::TERM, "{text}");
        }
        assert_eq!("40".parse::<Signal>().unwrap().number(), 40);
        for text in ["", "0", "65", "-9", "TERMINATE"] {
            assert!(text.parse::<Signal>().is_err(), "{text}");
        }
    }
}
