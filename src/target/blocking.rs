//! The same for code without a runtime.

use serde::Serialize;

use crate::blocking::Process;
use crate::failure::Error;

/// As [`gipc::start_process`](crate::start_process).
///
/// # Errors
/// As [`Command::function`](crate::Command::function) and
/// [`Command::spawn`](crate::Command::spawn).
pub fn start_process<F, A, R>(target: F, args: A) -> Result<Process, Error>
where
    F: Fn(A) -> R,
    A: Serialize,
{
    super::start_process(target, args).map(Process::from)
}
