//! POSIX systems other than Linux: `fork`, and a pipe that says whether the `exec` went well.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

use libc::c_int;
use nix::unistd::{Gid, Pid};

use super::{Identity, Prepared, Stage, errno};
use crate::reaper::Ending;

/// A limit as `setrlimit(2)` has it.
pub(super) fn limit_value(limit: u64) -> libc::rlim_t {
    libc::rlim_t::try_from(limit)
        .map_or(libc::RLIM_INFINITY, |limit| limit.min(libc::RLIM_INFINITY))
}

/// Starts the child and waits until it runs its program or has failed to.
pub(super) fn start(prepared: &mut Prepared) -> Result<(Pid, Ending), (Stage, io::Error)> {
    let (read, write) = report_pipe(prepared).map_err(|error| (Stage::Start, error))?;
    // SAFETY: the child makes system calls only, on what was prepared before.
    let pid = unsafe { libc::fork() };
    if pid < 0 {
        return Err((Stage::Start, io::Error::last_os_error()));
    }
    if pid == 0 {
        // SAFETY: a process of its own; `spawn` has blocked all signals and called `point`.
        let (stage, error) = unsafe { prepared.run() };
        let mut report = [0; 5];
        report[0] = stage as u8;
        report[1..].copy_from_slice(&error.to_ne_bytes());
        // SAFETY: writes a local array; ends without any destructor or exit handler of the parent.
        unsafe {
            libc::write(write.as_raw_fd(), report.as_ptr().cast(), report.len());
            libc::_exit(127)
        }
    }
    // Our copy first: the end of the report is the child's exec closing the other.
    drop(write);
    let pid = Pid::from_raw(pid);
    let mut report = Vec::new();
    File::from(read).read_to_end(&mut report).map_err(|error| (Stage::Start, error))?;
    let [stage, a, b, c, d] = report[..] else {
        return Ending::of(pid).map(|ending| (pid, ending)).map_err(|error| (Stage::Start, error));
    };
    let _ = nix::sys::wait::waitpid(pid, None);
    Err((stage_of(stage), io::Error::from_raw_os_error(c_int::from_ne_bytes([a, b, c, d]))))
}

fn stage_of(number: u8) -> Stage {
    use Stage::{
        Daemon, Descriptors, Directory, Exec, Group, Identity, Limits, Nice, Prepare, Start,
    };
    [Prepare, Start, Group, Descriptors, Directory, Nice, Limits, Identity, Daemon, Exec]
        .into_iter()
        .find(|stage| *stage as u8 == number)
        .unwrap_or(Exec)
}

/// A pipe whose ends lie above every number that the child is to have.
fn report_pipe(prepared: &Prepared) -> io::Result<(OwnedFd, OwnedFd)> {
    let above = prepared.keep.last().map_or(0, |last| last + 1);
    let lift = |fd: OwnedFd| {
        // SAFETY: plain system call; the number that it returns is ours alone.
        unsafe {
            match libc::fcntl(fd.as_raw_fd(), libc::F_DUPFD_CLOEXEC, above) {
                lifted if lifted >= 0 => Ok(OwnedFd::from_raw_fd(lifted)),
                _ => Err(io::Error::last_os_error()),
            }
        }
    };
    let (read, write) = nix::unistd::pipe()?;
    Ok((lift(read)?, lift(write)?))
}

/// Sets every disposition that is not default: an ignored signal stays ignored through `exec`.
///
/// # Safety
/// As `Prepared::run`.
pub(super) unsafe fn default_signals() {
    // All that the systems of this kind have in common.
    for signal in 1..=31 {
        // SAFETY: reads and writes one local sigaction. What the system refuses stays as it is.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            if libc::sigaction(signal, std::ptr::null(), &raw mut action) == 0
                && action.sa_sigaction != libc::SIG_DFL
            {
                action = std::mem::zeroed();
                libc::sigaction(signal, &raw const action, std::ptr::null_mut());
            }
        }
    }
}

/// Makes `first..=last` close at the `exec`: until then the report pipe, among them, must live.
///
/// # Safety
/// Nothing in this process may need one of them after its `exec`.
pub(super) unsafe fn close_range(first: RawFd, last: RawFd) {
    // SAFETY: plain system calls on numbers.
    unsafe {
        let open_max = libc::sysconf(libc::_SC_OPEN_MAX).clamp(0, 1 << 16) as RawFd;
        for fd in first..=last.min(open_max) {
            libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC);
        }
    }
}

/// These systems end nobody with his parent.
///
/// # Safety
/// None is needed.
pub(super) unsafe fn die_with(_parent: libc::pid_t) -> Result<(), c_int> {
    Ok(())
}

/// Any thread will do here.
pub(super) fn on_lasting_thread<T>(
    work: impl FnOnce() -> Result<T, (Stage, io::Error)>,
) -> Result<T, (Stage, io::Error)> {
    work()
}

/// Changes groups and user for good.
///
/// # Safety
/// As `Prepared::run`.
pub(super) unsafe fn become_identity(identity: &Identity) -> Result<(), c_int> {
    // SAFETY: the groups are an array of the length that is passed.
    unsafe {
        if let Some(groups) = &identity.groups
            && libc::setgroups(groups.len() as _, groups.as_ptr()) < 0
        {
            return Err(errno());
        }
        if let Some(gid) = identity.gid
            && libc::setgid(gid) < 0
        {
            return Err(errno());
        }
        if let Some(uid) = identity.uid
            && libc::setuid(uid) < 0
        {
            return Err(errno());
        }
    }
    Ok(())
}

/// The primary group alone: these systems look the others up by other means than Linux.
pub(super) fn groups_of(_user: &str, primary: Gid) -> io::Result<Vec<libc::gid_t>> {
    Ok(vec![primary.as_raw()])
}
