//! The same for code without a runtime.

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
