//! Children on POSIX systems: each is waited for by its pid, see `waitid(2)`.

#![expect(unsafe_code, reason = "waitid and wait4 with real-time signals, which nix cannot name")]

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use libc::c_int;
use nix::unistd::Pid;

use super::{ExitStatus, Process, Signal, Usage};
use crate::failure::Error;
use crate::lock::lock;
use crate::reaper::{self, Ending};

/// The code that a process ends with: 32 bits on Windows.
pub type ExitCode = u8;

/// What there is of a child that has just been started.
pub(crate) type Started = (Pid, Ending);

pub(super) struct Child {
    name: String,
    pid: Pid,
    /// `None` only while it is dropped.
    ending: Option<Ending>,
    state: Mutex<State>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// It runs, or has ended and was not waited for.
    Unreaped,
    Reaped(ExitStatus, Usage),
    /// Somebody else has waited for it.
    Stolen,
}

/// Only POSIX systems stop processes.
impl Process {
    /// Has it been stopped by a signal since this was asked last?
    ///
    /// # Errors
    /// [`Error::Stolen`] when somebody else has waited for it.
    pub fn take_stop(&self) -> Result<bool, Error> {
        let _state = self.child.state();
        Ok(self.child.waitid(libc::WSTOPPED | libc::WNOHANG)?.is_some())
    }
}

/// Becomes readable when it has ended: a pidfd on Linux, a pipe elsewhere.
impl AsFd for Process {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.child.ending().as_fd()
    }
}

impl Child {
    pub(super) fn new(name: String, (pid, ending): Started) -> Self {
        Self { name, pid, ending: Some(ending), state: Mutex::new(State::Unreaped) }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn pid(&self) -> i32 {
        self.pid.as_raw()
    }

    /// Waits until it has ended.
    pub(super) async fn wait(&self) -> Result<(), Error> {
        self.ending().wait().await.map_err(|error| self.error(error))
    }

    /// As [`wait`](Self::wait), on this thread, until then at the most; has it ended?
    pub(super) fn wait_on_this_thread(&self, deadline: Option<Instant>) -> Result<bool, Error> {
        self.ending().wait_on_this_thread(deadline).map_err(|error| self.error(error))
    }

    pub(super) fn signal(&self, signal: Signal) -> Result<(), Error> {
        let state = self.state();
        match *state {
            State::Unreaped => self.ending().signal(signal).map_err(|error| self.error(error)),
            _ => Ok(()),
        }
    }

    pub(super) fn signal_group(&self, signal: Signal) -> Result<(), Error> {
        let state = self.state();
        match *state {
            // The group has its pid as long as that is not given free.
            State::Unreaped => signal.send_to(-self.pid()).map_err(|error| self.error(error)),
            _ => Ok(()),
        }
    }

    pub(super) fn peek(&self) -> Result<Option<ExitStatus>, Error> {
        let state = self.state();
        if let State::Reaped(status, _) = *state {
            return Ok(Some(status));
        }
        let info = self.waitid(libc::WEXITED | libc::WNOHANG | libc::WNOWAIT)?;
        Ok(info.map(|(code, status)| match code {
            libc::CLD_EXITED => ExitStatus::Code(status as u8),
            _ => ExitStatus::Signal(Signal(status)),
        }))
    }

    pub(super) fn state_in_words(&self) -> String {
        match *self.state() {
            State::Unreaped => match self.waitid(libc::WEXITED | libc::WNOHANG | libc::WNOWAIT) {
                Ok(None) => "running".to_owned(),
                _ => "ended".to_owned(),
            },
            State::Reaped(status, _) => status.to_string(),
            State::Stolen => "waited for by somebody else".to_owned(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    fn ending(&self) -> &Ending {
        self.ending.as_ref().expect("it is there until the last clone is dropped")
    }

    /// Waits for it if it has ended, and tells how.
    pub(super) fn look(&self) -> Result<Option<(ExitStatus, Usage)>, Error> {
        let mut state = self.state();
        match *state {
            State::Reaped(status, usage) => Ok(Some((status, usage))),
            State::Stolen => Err(self.stolen()),
            State::Unreaped => match wait4(self.pid, libc::WNOHANG) {
                Ok(Some((status, usage))) => {
                    *state = State::Reaped(status, usage);
                    Ok(Some((status, usage)))
                }
                Ok(None) => Ok(None),
                Err(error) if error.raw_os_error() == Some(libc::ECHILD) => {
                    *state = State::Stolen;
                    Err(self.stolen())
                }
                Err(error) => Err(self.error(error)),
            },
        }
    }

    /// The code and the status of a change of state, if there is one.
    fn waitid(&self, options: c_int) -> Result<Option<(c_int, c_int)>, Error> {
        // SAFETY: waitid fills in the siginfo that it is given; si_pid and si_status are valid for
        // what waitid fills in, and zero where it had nothing to tell.
        unsafe {
            let mut info: libc::siginfo_t = std::mem::zeroed();
            if libc::waitid(libc::P_PID, self.pid.as_raw() as _, &raw mut info, options) < 0 {
                let error = io::Error::last_os_error();
                return Err(match error.raw_os_error() {
                    Some(libc::ECHILD) => self.stolen(),
                    _ => self.error(error),
                });
            }
            Ok((info.si_pid() != 0).then(|| (info.si_code, info.si_status())))
        }
    }

    pub(super) fn stolen(&self) -> Error {
        Error::Stolen { name: self.name.clone(), pid: self.pid.as_raw() }
    }

    fn error(&self, error: io::Error) -> Error {
        Error::io(&self.name, error)
    }
}

/// `wait4(2)` for one child.
pub(crate) fn wait4(pid: Pid, options: c_int) -> io::Result<Option<(ExitStatus, Usage)>> {
    let mut status = 0;
    loop {
        // SAFETY: wait4 fills in both.
        let (result, usage) = unsafe {
            let mut usage: libc::rusage = std::mem::zeroed();
            (libc::wait4(pid.as_raw(), &raw mut status, options, &raw mut usage), usage)
        };
        match result {
            0 => return Ok(None),
            1.. => return Ok(Some((ExitStatus::from_wait_status(status), Usage::of(&usage)))),
            _ => {}
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if matches!(self.look(), Ok(None))
            && let Some(ending) = self.ending.take()
        {
            reaper::adopt(self.pid, ending);
        }
    }
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
    pub const fn shell_code(self) -> ExitCode {
        match self {
            Self::Code(code) => code,
            Self::Signal(signal) => signal.exit_code(),
        }
    }
}

impl Usage {
    fn of(usage: &libc::rusage) -> Self {
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
