//! A started child: its pid, signals to it, how it ended, what it used.

#![expect(unsafe_code, reason = "waitid and wait4 with real-time signals, which nix cannot name")]

use std::fmt;
use std::io;
use std::str::FromStr;
use std::time::Duration;

use libc::c_int;
use nix::unistd::Pid;

/// A signal number that the system knows.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Signal(c_int);

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

/// A started child that has not been reaped.
///
/// Until [`reap`](Self::reap) its pid cannot be given to another process, so that signals to it and
/// to its group are safe even after its end.
#[derive(Debug)]
pub struct Process {
    pid: Pid,
}

impl Process {
    pub(crate) fn new(pid: Pid) -> Self {
        Self { pid }
    }

    /// Its process id.
    pub fn pid(&self) -> i32 {
        self.pid.as_raw()
    }

    /// Sends it a signal. One that has ended but is not reaped takes it without effect.
    ///
    /// # Errors
    /// Where the process has another user now.
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        signal.send_to(self.pid.as_raw())
    }

    /// Sends a signal to the process group that it leads.
    ///
    /// # Errors
    /// Where it leads none, or all in it have another user.
    pub fn signal_group(&self, signal: Signal) -> io::Result<()> {
        signal.send_to(-self.pid.as_raw())
    }

    /// How it ended, if it has. It stays a zombie, with its pid kept.
    ///
    /// # Errors
    /// `ECHILD` when somebody else has waited for it.
    pub fn peek(&self) -> io::Result<Option<ExitStatus>> {
        let info = self.waitid(libc::WEXITED | libc::WNOHANG | libc::WNOWAIT)?;
        Ok(info.map(|(code, status)| match code {
            libc::CLD_EXITED => ExitStatus::Code(status as u8),
            _ => ExitStatus::Signal(Signal(status)),
        }))
    }

    /// Has it been stopped by a signal since this was asked last?
    ///
    /// # Errors
    /// `ECHILD` when somebody else has waited for it.
    pub fn take_stop(&self) -> io::Result<bool> {
        Ok(self.waitid(libc::WSTOPPED | libc::WNOHANG)?.is_some())
    }

    /// The code and the status of a change of state, if there is one.
    fn waitid(&self, options: c_int) -> io::Result<Option<(c_int, c_int)>> {
        // SAFETY: waitid fills in the siginfo that it is given; si_pid and si_status are valid for
        // what waitid fills in, and zero where it had nothing to tell.
        unsafe {
            let mut info: libc::siginfo_t = std::mem::zeroed();
            if libc::waitid(libc::P_PID, self.pid.as_raw() as _, &raw mut info, options) < 0 {
                return Err(io::Error::last_os_error());
            }
            Ok((info.si_pid() != 0).then(|| (info.si_code, info.si_status())))
        }
    }

    /// Waits for its end and gives its pid free.
    ///
    /// # Errors
    /// `ECHILD` when somebody else has waited for it.
    pub fn reap(self) -> io::Result<(ExitStatus, Usage)> {
        let mut status = 0;
        loop {
            // SAFETY: wait4 fills in both.
            let (result, usage) = unsafe {
                let mut usage: libc::rusage = std::mem::zeroed();
                (libc::wait4(self.pid.as_raw(), &raw mut status, 0, &raw mut usage), usage)
            };
            if result >= 0 {
                return Ok((ExitStatus::from_wait_status(status), usage_of(&usage)));
            }
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
    }
}

fn usage_of(usage: &libc::rusage) -> Usage {
    let duration = |time: libc::timeval| {
        Duration::from_secs(time.tv_sec as u64) + Duration::from_micros(time.tv_usec as u64)
    };
    // Kilobytes everywhere but on macOS, see getrusage(2) there.
    let unit = if cfg!(target_vendor = "apple") { 1 } else { 1024 };
    Usage {
        user: duration(usage.ru_utime),
        system: duration(usage.ru_stime),
        max_memory: usage.ru_maxrss as u64 * unit,
    }
}

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
