//! POSIX: signals as `kill(2)` has them.

#![expect(unsafe_code, reason = "kill with real-time signals, which nix cannot name")]

use std::io;

use libc::c_int;

use super::Signal;

/// What there is, for one who asked for something else.
pub(super) const KNOWN: &str = "TERM, INT, HUP, or a number from 1 to 64";

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

    /// Sends it to a process, or to the process group `-target`, see `kill(2)`. A target that is
    /// gone is no error.
    ///
    /// # Errors
    /// Where the target has another user.
    pub fn send_to(self, target: i32) -> io::Result<()> {
        // SAFETY: plain system call on numbers.
        if unsafe { libc::kill(target, self.number()) } == 0 {
            return Ok(());
        }
        match io::Error::last_os_error() {
            error if error.raw_os_error() == Some(libc::ESRCH) => Ok(()),
            error => Err(error),
        }
    }

    /// The exit code by which shells tell of a death by this signal: 128 + n.
    pub const fn exit_code(self) -> u8 {
        128 + (self.number() & 0x7f) as u8
    }
}

/// Its name with `SIG`, where it has one.
pub(super) fn name(number: c_int) -> Option<&'static str> {
    nix::sys::signal::Signal::try_from(number).ok().map(nix::sys::signal::Signal::as_str)
}

/// The number that a name with `SIG` stands for.
pub(super) fn number(name: &str) -> Option<c_int> {
    Some(name.parse::<nix::sys::signal::Signal>().ok()? as c_int)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_time_signals_have_numbers_only() {
        assert_eq!("40".parse::<Signal>().unwrap().number(), 40);
        assert_eq!(Signal::new(40).unwrap().to_string(), "signal 40");
    }
}
