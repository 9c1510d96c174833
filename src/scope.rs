//! Children that do not outlive a piece of code.

use std::sync::{Mutex, MutexGuard};

use crate::failure::Error;
use crate::lock::lock;
use crate::process::{ExitStatus, Process};
use crate::spawn::{Command, SpawnError};

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

pub(crate) mod blocking {
    use crate::blocking::Process;
    use crate::failure::Error;
    use crate::spawn::{Command, SpawnError};

    /// As [`gipc::scope`](crate::scope()).
    ///
    /// # Errors
    /// [`Error::Io`] when the system does not let us wait.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> Result<(), gipc::Error> {
    /// let status = gipc::blocking::scope(|scope| {
    ///     let child = scope.spawn(gipc::Command::new("true"))?;
    ///     Ok::<_, gipc::Error>(child)
    /// })??
    /// .join()?;
    /// assert!(status.success());
    /// # Ok(())
    /// # }
    /// ```
    pub fn scope<T>(body: impl FnOnce(&Scope) -> T) -> Result<T, Error> {
        let scope = Scope::default();
        let result = body(&scope);
        for child in scope.0.to_be_joined()? {
            super::ended(child.reap().map(|(status, _)| status))?;
            scope.0.forget(&child);
        }
        Ok(result)
    }

    /// As [`gipc::Scope`](crate::Scope).
    #[derive(Debug, Default)]
    pub struct Scope(super::Scope);

    impl Scope {
        /// As [`gipc::Scope::spawn`](crate::Scope::spawn).
        ///
        /// # Errors
        /// As [`Command::spawn`].
        pub fn spawn(&self, command: Command) -> Result<Process, SpawnError> {
            self.0.spawn(command).map(Process::from)
        }

        /// As [`gipc::Scope::add`](crate::Scope::add).
        pub fn add(&self, child: Process) {
            self.0.add(child.into_async());
        }
    }
}
