//! A started child: how it is told from others, signalled, waited for.

#![expect(unsafe_code, reason = "waitid and wait4 with real-time signals, which nix cannot name")]

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use libc::c_int;
use nix::unistd::Pid;

use crate::channel::Error;
use crate::reaper::{self, Ending};

mod signal;
mod status;

pub use signal::{Signal, UnknownSignal};
pub use status::{ExitStatus, Usage};

/// A child that was started. Clones are the same child.
///
/// It is waited for by its own pid and by nobody else's: a program may have other children, and a
/// `SIGCHLD` handler, as it likes. Until it is waited for, by [`join`](Self::join) or by asking how
/// it is, its pid cannot be given to another process.
///
/// When the last clone is dropped the child runs on (a daemon until this process ends), and is
/// waited for in the background, so that no zombie stays.
#[derive(Clone)]
pub struct Process {
    child: Arc<Child>,
}

struct Child {
    name: String,
    pid: Pid,
    daemon: bool,
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

impl Process {
    pub(crate) fn new(name: String, daemon: bool, pid: Pid, ending: Ending) -> Self {
        let state = Mutex::new(State::Unreaped);
        Self { child: Arc::new(Child { name, pid, daemon, ending: Some(ending), state }) }
    }

    /// Its name: what it was given by [`Command::name`](crate::Command::name), else its program's.
    pub fn name(&self) -> &str {
        &self.child.name
    }

    /// Its process id.
    pub fn pid(&self) -> i32 {
        self.child.pid.as_raw()
    }

    /// Does it end with this process, see [`Command::daemon`](crate::Command::daemon)?
    pub fn daemon(&self) -> bool {
        self.child.daemon
    }

    /// Has it not ended yet? One that has is waited for by this, so that its pid is free from then
    /// on; [`peek`](Self::peek) leaves it.
    pub fn is_alive(&self) -> bool {
        matches!(self.child.look(), Ok(None))
    }

    /// How it ended: its exit code, or -n when signal n ended it. `None` as long as it runs, or
    /// where somebody else has waited for it.
    pub fn exitcode(&self) -> Option<i32> {
        Some(self.child.look().ok()??.0.code())
    }

    /// Waits for its end. May be called again, and from many tasks at once.
    ///
    /// # Errors
    /// [`Error::Stolen`] when somebody else has waited for it.
    ///
    /// # Cancel safety
    /// A dropped future has no effect.
    pub async fn join(&self) -> Result<ExitStatus, Error> {
        if let Some((status, _)) = self.child.look()? {
            return Ok(status);
        }
        self.child.ending().wait().await.map_err(|error| self.child.error(error))?;
        Ok(self.reap()?.0)
    }

    /// Waits for its end for so long at the most; `None` when it runs on.
    ///
    /// # Errors
    /// As [`join`](Self::join).
    ///
    /// # Cancel safety
    /// A dropped future has no effect.
    pub async fn join_timeout(&self, timeout: Duration) -> Result<Option<ExitStatus>, Error> {
        match tokio::time::timeout(timeout, self.join()).await {
            Ok(status) => status.map(Some),
            Err(_) => Ok(None),
        }
    }

    /// The same child for code without a runtime.
    pub fn into_blocking(self) -> crate::blocking::Process {
        self.into()
    }

    /// As [`reap`](Self::reap), until then; `None` when it runs on.
    pub(crate) fn join_until(&self, deadline: Instant) -> Result<Option<ExitStatus>, Error> {
        let ended = self.child.ending().wait_on_this_thread(Some(deadline));
        match ended.map_err(|error| self.child.error(error))? {
            true => Ok(Some(self.reap()?.0)),
            false => Ok(None),
        }
    }

    /// Asks it to end: SIGTERM. No error where it has.
    ///
    /// # Errors
    /// Where it has another user now.
    pub fn terminate(&self) -> Result<(), Error> {
        self.signal(Signal::TERM)
    }

    /// Ends it: SIGKILL. No error where it has.
    ///
    /// # Errors
    /// Where it has another user now.
    pub fn kill(&self) -> Result<(), Error> {
        self.signal(Signal::KILL)
    }

    /// Sends it a signal. One that has ended takes it without effect.
    ///
    /// # Errors
    /// Where it has another user now.
    pub fn signal(&self, signal: Signal) -> Result<(), Error> {
        let state = self.child.state();
        match *state {
            State::Unreaped => {
                let sent = self.child.ending().signal(signal);
                sent.map_err(|error| self.child.error(error))
            }
            _ => Ok(()),
        }
    }

    /// Sends a signal to the process group that it leads. Without effect once it was waited for.
    ///
    /// # Errors
    /// Where all in it have another user.
    pub fn signal_group(&self, signal: Signal) -> Result<(), Error> {
        let state = self.child.state();
        match *state {
            // The group has its pid as long as that is not given free.
            State::Unreaped => signal.send_to(-self.pid()).map_err(|error| self.child.error(error)),
            _ => Ok(()),
        }
    }

    /// Gives free what is held for it here. It need not be called.
    ///
    /// # Errors
    /// [`Error::Locked`] as long as it runs.
    pub fn close(self) -> Result<(), Error> {
        match self.child.look()? {
            Some(_) => Ok(()),
            None => Err(Error::Locked { name: self.child.name.clone() }),
        }
    }

    /// How it ended, if it has; it is not waited for, so that its pid and its group stay its own.
    ///
    /// # Errors
    /// [`Error::Stolen`] when somebody else has waited for it.
    pub fn peek(&self) -> Result<Option<ExitStatus>, Error> {
        let state = self.child.state();
        if let State::Reaped(status, _) = *state {
            return Ok(Some(status));
        }
        let info = self.child.waitid(libc::WEXITED | libc::WNOHANG | libc::WNOWAIT)?;
        Ok(info.map(|(code, status)| match code {
            libc::CLD_EXITED => ExitStatus::Code(status as u8),
            _ => ExitStatus::Signal(Signal(status)),
        }))
    }

    /// Has it been stopped by a signal since this was asked last?
    ///
    /// # Errors
    /// [`Error::Stolen`] when somebody else has waited for it.
    pub fn take_stop(&self) -> Result<bool, Error> {
        let _state = self.child.state();
        Ok(self.child.waitid(libc::WSTOPPED | libc::WNOHANG)?.is_some())
    }

    /// How it ended, and what it used; gives its pid free. Waits for its end on this thread.
    ///
    /// # Errors
    /// [`Error::Stolen`] when somebody else has waited for it.
    pub fn reap(&self) -> Result<(ExitStatus, Usage), Error> {
        // Not under the lock: it may take long, and `signal` is to work in the meantime.
        self.child.ending().wait_on_this_thread(None).map_err(|error| self.child.error(error))?;
        self.child.look()?.ok_or_else(|| self.child.stolen())
    }
}

impl Child {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ending(&self) -> &Ending {
        self.ending.as_ref().expect("it is there until the last clone is dropped")
    }

    /// Waits for it if it has ended, and tells how.
    fn look(&self) -> Result<Option<(ExitStatus, Usage)>, Error> {
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

    fn stolen(&self) -> Error {
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

/// Its name and how it is: `Process(worker, pid 4711, running)`.
impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match *self.child.state() {
            State::Unreaped => {
                match self.child.waitid(libc::WEXITED | libc::WNOHANG | libc::WNOWAIT) {
                    Ok(None) => "running".to_owned(),
                    _ => "ended".to_owned(),
                }
            }
            State::Reaped(status, _) => status.to_string(),
            State::Stolen => "waited for by somebody else".to_owned(),
        };
        write!(f, "Process({}, pid {}, {state})", self.child.name, self.child.pid)
    }
}
