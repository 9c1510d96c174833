//! A started child: how it is told from others, signalled, waited for.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::failure::Error;

mod signal;
mod status;
#[cfg(unix)]
#[path = "process/unix.rs"]
mod system;
#[cfg(windows)]
#[path = "process/windows.rs"]
mod system;

pub use signal::{Signal, UnknownSignal};
pub use status::{ExitStatus, Usage};
pub use system::ExitCode;

pub(crate) use system::Started;
#[cfg(unix)]
pub(crate) use system::wait4;

use system::Child;

/// A child that was started. Clones are the same child.
///
/// It is waited for by its own pid and no other: a program may have other children, and a `SIGCHLD`
/// handler, as it likes. Until it is waited for, by [`join`](Self::join) or by asking how it is, its
/// pid cannot be given to another process.
///
/// When the last clone is dropped the child runs on (a daemon until this process ends), and is
/// waited for in the background, so that no zombie stays.
#[derive(Clone)]
pub struct Process {
    child: Arc<Child>,
    daemon: bool,
}

impl Process {
    pub(crate) fn new(name: String, daemon: bool, started: Started) -> Self {
        Self { child: Arc::new(Child::new(name, started)), daemon }
    }

    /// Its name: what it was given by [`Command::name`](crate::Command::name), else its program's.
    pub fn name(&self) -> &str {
        self.child.name()
    }

    /// Its process id.
    pub fn pid(&self) -> i32 {
        self.child.pid()
    }

    /// Does it end with this process, see [`Command::daemon`](crate::Command::daemon)?
    pub fn daemon(&self) -> bool {
        self.daemon
    }

    /// Is it still running? One that has ended is waited for by this call, so that its pid is free
    /// from then on; [`peek`](Self::peek) leaves it.
    pub fn is_alive(&self) -> bool {
        matches!(self.child.look(), Ok(None))
    }

    /// How it ended: its exit code, or -n when signal n ended it. `None` as long as it runs, or
    /// where other code has waited for it.
    pub fn exitcode(&self) -> Option<i32> {
        Some(self.child.look().ok()??.0.code())
    }

    /// Waits for its end. May be called again, and from many tasks at once.
    ///
    /// # Errors
    /// [`Error::Stolen`] when other code has waited for it.
    ///
    /// # Cancel safety
    /// A dropped future has no effect.
    pub async fn join(&self) -> Result<ExitStatus, Error> {
        if let Some((status, _)) = self.child.look()? {
            return Ok(status);
        }
        self.child.wait().await?;
        Ok(self.reap()?.0)
    }

    /// Waits for its end for `timeout` at the most; `None` when it runs on.
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

    /// Waits for its end and leaves it unreaped: its pid and its group stay its own.
    pub(crate) async fn ended(&self) -> Result<(), Error> {
        self.child.wait().await
    }

    /// As [`reap`](Self::reap), until then; `None` when it runs on.
    pub(crate) fn join_until(&self, deadline: Instant) -> Result<Option<ExitStatus>, Error> {
        match self.child.wait_on_this_thread(Some(deadline))? {
            true => Ok(Some(self.reap()?.0)),
            false => Ok(None),
        }
    }

    /// Asks it to end: SIGTERM. No error when it has ended already.
    ///
    /// On Windows this is Ctrl-Break, to it and what it has started in its group. Where it leads no
    /// group, or has no console in common with us, it cannot be asked, and is ended.
    ///
    /// # Errors
    /// When it runs as another user now.
    pub fn terminate(&self) -> Result<(), Error> {
        self.signal(Signal::TERM)
    }

    /// Ends it: SIGKILL, on Windows `TerminateProcess`. No error when it has
    /// ended already.
    ///
    /// # Errors
    /// When it runs as another user now.
    pub fn kill(&self) -> Result<(), Error> {
        self.signal(Signal::KILL)
    }

    /// Sends it a signal; without effect once it has ended.
    ///
    /// # Errors
    /// When it runs as another user now.
    pub fn signal(&self, signal: Signal) -> Result<(), Error> {
        self.child.signal(signal)
    }

    /// Sends a signal to the process group that it leads. Without effect once it was waited for.
    ///
    /// On Windows `KILL` ends all that it has started, also after its own end.
    ///
    /// # Errors
    /// When all in it run as another user.
    pub fn signal_group(&self, signal: Signal) -> Result<(), Error> {
        self.child.signal_group(signal)
    }

    /// Frees what is held for it here. It need not be called.
    ///
    /// # Errors
    /// [`Error::Locked`] as long as it runs.
    pub fn close(self) -> Result<(), Error> {
        match self.child.look()? {
            Some(_) => Ok(()),
            None => Err(Error::Locked { name: self.child.name().to_owned() }),
        }
    }

    /// How it ended, if it has; it is not waited for, so that its pid and its group stay its own.
    ///
    /// # Errors
    /// [`Error::Stolen`] when other code has waited for it.
    pub fn peek(&self) -> Result<Option<ExitStatus>, Error> {
        self.child.peek()
    }

    /// How it ended, and what it used; frees its pid. Waits for its end on this thread.
    ///
    /// # Errors
    /// [`Error::Stolen`] when other code has waited for it.
    pub fn reap(&self) -> Result<(ExitStatus, Usage), Error> {
        // Not under the lock: it may take long, and `signal` is to work in the meantime.
        self.child.wait_on_this_thread(None)?;
        self.child.look()?.ok_or_else(|| self.child.stolen())
    }
}

/// Its name and how it is: `Process(worker, pid 4711, running)`.
impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Process({}, pid {}, {})", self.name(), self.pid(), self.child.state_in_words())
    }
}
