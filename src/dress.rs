//! What every command of a process has: its folder, its environment, its rights and limits.

use std::ffi::OsString;

use gipc::Command;
use gipc::spawn::Limit;

use crate::guard;
use crate::plan::topology::Process;

/// Gives the command of the process, or one that asks about it, what the process is to have.
///
/// `variables` are ours, and what the user sets is set over them; so it is with `descriptors`, the
/// limit that we had before we changed our own.
pub(crate) fn dress(
    mut command: Command,
    process: &Process,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
    descriptors: Option<Limit>,
) -> Command {
    if let Some(dir) = &process.dir {
        command = command.current_dir(dir);
    }
    if process.env_clear {
        command = command.env_clear();
    }
    let variables = variables.into_iter().map(|(key, value)| (key, Some(value)));
    for (key, value) in variables.chain(process.env.iter().cloned()) {
        command = match value {
            Some(value) => command.env(key, value),
            None => command.env_remove(key),
        };
    }
    for limit in descriptors.iter().chain(&process.limits) {
        command = command.limit(*limit);
    }
    if let Some(user) = &process.user {
        command = command.user(user);
    }
    if let Some(group) = &process.group {
        command = command.group(group);
    }
    if let Some(nice) = process.nice {
        command = command.nice(nice);
    }
    if let Some(umask) = process.umask {
        command = command.umask(umask);
    }
    guard::bind(command)
}
