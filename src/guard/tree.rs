//! Everything that descends from this process.
//!
//! A subreaper is the parent of last resort: a process below it whose own parent has ended becomes
//! its child. So killing one's children, again and again until there is none, reaches them all, in
//! whatever session or group they are; and as a child's pid stays its own until it is reaped, no
//! signal can hit a stranger.

#![expect(unsafe_code, reason = "waitpid with real-time signals, which nix cannot name")]

use std::collections::BTreeSet;
use std::io;

use gipc::process::{ExitStatus, Signal};
use nix::unistd::Pid;

use super::kernel;

/// This process's children, those that have ended included.
///
/// # Errors
/// Where the system does not tell, on Linux without `/proc`.
pub(crate) fn children() -> io::Result<BTreeSet<i32>> {
    kernel::children()
}

/// All that descends from this process. Grandchildren may be gone, and their pids given away, by
/// the time that they are looked at.
pub(crate) fn descendants() -> io::Result<BTreeSet<i32>> {
    let mut found = children()?;
    let mut new: Vec<i32> = found.iter().copied().collect();
    while let Some(pid) = new.pop() {
        // It may have ended in the meantime.
        for child in kernel::children_of(pid).unwrap_or_default() {
            if found.insert(child) {
                new.push(child);
            }
        }
    }
    Ok(found)
}

/// Does a process descend from this one? `None` where the system does not tell.
pub(crate) fn is_below_us(pid: i32) -> Option<bool> {
    let us = std::process::id() as i32;
    let mut at = pid;
    loop {
        match kernel::parent_of(at) {
            Some(parent) if parent == us => return Some(true),
            Some(0 | 1) => return Some(false),
            Some(parent) => at = parent,
            None if at == pid => return None,
            // One on the way has ended, and those below it have another parent now.
            None => at = pid,
        }
    }
}

/// Kills every child, and tells which. Theirs become ours as they end.
///
/// # Errors
/// The first child that could not be killed, where none could: it runs as another user.
pub(crate) fn kill_children() -> io::Result<Vec<i32>> {
    let (mut killed, mut failure) = (Vec::new(), None);
    for pid in children()? {
        match Signal::KILL.send_to(pid) {
            Ok(()) => killed.push(pid),
            Err(error) => {
                let why = format!("cannot kill process {pid}: {error}");
                failure.get_or_insert(io::Error::new(error.kind(), why));
            }
        }
    }
    match failure {
        Some(error) if killed.is_empty() => Err(error),
        _ => Ok(killed),
    }
}

/// Kills and reaps until no child is left.
///
/// # Errors
/// When a child is left that cannot be killed.
pub(crate) fn kill_all() -> io::Result<()> {
    // Each end may leave orphans that were not there to be killed: look again.
    while has_child() {
        let killed = kill_children()?;
        if killed.is_empty() {
            break; // The system does not tell us who they are.
        }
        for pid in killed {
            // By its number: to wait for any would be to wait, perhaps for ever, for an orphan that
            // came since. No other thread of ours reaps meanwhile; if one did, this would not wait.
            // SAFETY: without a place for the status waitpid writes nothing.
            while unsafe { libc::waitpid(pid, std::ptr::null_mut(), 0) } < 0
                && io::Error::last_os_error().kind() == io::ErrorKind::Interrupted
            {}
        }
    }
    Ok(())
}

/// Is there a child, alive or not?
fn has_child() -> bool {
    // SAFETY: waitid fills in the siginfo that it is given; WNOWAIT reaps nobody.
    unsafe {
        let mut info: libc::siginfo_t = std::mem::zeroed();
        let options = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
        libc::waitid(libc::P_ALL, 0, &raw mut info, options) == 0
    }
}

/// Reaps every child that has ended but those who are still needed, and tells who of the others
/// lives.
///
/// # Errors
/// As [`children`].
pub(crate) fn reap_orphans(is_needed: impl Fn(i32) -> bool) -> io::Result<Vec<i32>> {
    let mut living = Vec::new();
    for pid in children()? {
        if is_needed(pid) {
            continue;
        }
        // SAFETY: without a place for the status waitpid writes nothing.
        if unsafe { libc::waitpid(pid, std::ptr::null_mut(), libc::WNOHANG) } == 0 {
            living.push(pid);
        }
    }
    Ok(living)
}

/// A variable in the environment that a process was started with, where the system tells.
pub(crate) fn variable_of(pid: i32, name: &str) -> Option<String> {
    let environment = kernel::environment_of(pid)?;
    let mut variables = environment.split(|byte| *byte == 0);
    let value = variables.find_map(|it| it.strip_prefix(name.as_bytes())?.strip_prefix(b"="))?;
    String::from_utf8(value.to_vec()).ok()
}

/// The process group of a process.
pub(crate) fn group_of(pid: i32) -> Option<i32> {
    nix::unistd::getpgid(Some(Pid::from_raw(pid))).ok().map(Pid::as_raw)
}

/// Reaps every child that has ended, and tells how `watched` did, if it is among them.
pub(crate) fn reap_all(watched: i32) -> Option<ExitStatus> {
    let mut status = None;
    while let Some((pid, ended)) = reap_any() {
        if pid == watched {
            status = Some(ended);
        }
    }
    status
}

/// Reaps any child that has ended.
fn reap_any() -> Option<(i32, ExitStatus)> {
    let mut status = 0;
    loop {
        // SAFETY: waitpid fills in the status.
        match unsafe { libc::waitpid(-1, &raw mut status, libc::WNOHANG) } {
            0 => return None,
            pid @ 1.. => return Some((pid, ExitStatus::from_wait_status(status))),
            _ if io::Error::last_os_error().kind() == io::ErrorKind::Interrupted => {}
            _ => return None,
        }
    }
}

/// Has this child been stopped by this signal since that was asked last?
pub(crate) fn was_stopped_by(pid: i32, signal: i32) -> bool {
    let mut status = 0;
    // SAFETY: waitpid fills in the status.
    let stopped = unsafe { libc::waitpid(pid, &raw mut status, libc::WNOHANG | libc::WUNTRACED) };
    stopped == pid && libc::WIFSTOPPED(status) && libc::WSTOPSIG(status) == signal
}
