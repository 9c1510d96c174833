//! Children that do not outlive a piece of code.

use std::sync::{Mutex, MutexGuard};

use crate::failure::Error;
use crate::lock::lock;
use crate::process::{ExitStatus, Process};
use crate::spawn::{Command, SpawnError};

pub(crate) mod blocking;

/// Runs `body` with a [`Scope`], then waits for the children that it has started there; daemons
/// are asked to end first.
///
/// Returns what `body` returned. When this future is dropped, or `body` panics, the children
/// are killed.
///
/// # Errors
/// [`Error::Io`] when the system does not let us wait.
///
/// # Cancel safety
/// A dropped future kills the children.
///
/// # Examples
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), gipc::Error> {
/// let answer = gipc::scope(async |scope| {
///     let (reader, writer) = gipc::pipe()?;
///     scope.spawn(gipc::Command::new("./worker.sh").channel("in", reader)).ok();
///     Ok::<_, gipc::Error>(42)
/// })
/// .await?;
/// assert_eq!(answer?, 42);
/// # Ok(())
/// # }
/// ```
pub async fn scope<T>(body: impl AsyncFnOnce(&Scope) -> T) -> Result<T, Error> {
    let scope = Scope::default();
    let result = body(&scope).await;
    for child in scope.to_be_joined()? {
        ended(child.join().await)?;
        scope.forget(&child);
    }
    Ok(result)
}

/// One that somebody else has waited for has ended too.
fn ended(status: Result<ExitStatus, Error>) -> Result<(), Error> {
    match status {
        Ok(_) | Err(Error::Stolen { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

/// The children of a [`scope`](scope()).
#[derive(Debug, Default)]
pub struct Scope {
    children: Mutex<Vec<Process>>,
}

impl Scope {
    /// Starts a command that ends with the scope at the latest.
    ///
    /// # Errors
    /// As [`Command::spawn`].
    pub fn spawn(&self, command: Command) -> Result<Process, SpawnError> {
        let child = command.spawn()?;
        self.add(child.clone());
        Ok(child)
    }

    /// Takes in a child that was started elsewhere, such as by
    /// [`start_process`](crate::start_process).
    pub fn add(&self, child: Process) {
        self.children().push(child);
    }

    fn children(&self) -> MutexGuard<'_, Vec<Process>> {
        lock(&self.children)
    }

    /// All that are left, the daemons asked to end.
    fn to_be_joined(&self) -> Result<Vec<Process>, Error> {
        let children = self.children().clone();
        for daemon in children.iter().filter(|child| child.daemon()) {
            daemon.terminate()?;
        }
        Ok(children)
    }

    fn forget(&self, child: &Process) {
        self.children().retain(|other| other.pid() != child.pid());
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        for child in self.children().drain(..) {
            // Where that fails nothing can be done.
            if child.kill().is_ok() {
                let _ = child.reap();
            }
        }
    }
}
