//! Linux: `signalfd`, the parent-death signal, PID namespaces.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::time::{Duration, Instant};

use gipc::process::Signal;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::mount::{MsFlags, mount};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sched::{CloneFlags, unshare};
use nix::sys::signal::SigSet;
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::unistd::{getegid, geteuid, getppid};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::{Arrival, DirectSignal, Link};
use crate::footprint;

/// `SI_KERNEL`: neither a process nor a timer, but the kernel itself; for INT, QUIT and TSTP that is
/// the terminal's driver.
const FROM_KERNEL: i32 = 0x80;

/// Within this, the second of two equal signals from `timeout` is the first one again.
const SAME_REQUEST: Duration = Duration::from_millis(100);

/// The signals that come to the guard; all are blocked and wait here.
pub(super) struct Signals {
    fd: SignalFd,
    last: Option<(i32, Instant)>,
    /// Is there something yet to be given back that only the start has needed?
    has_start: bool,
}

impl Signals {
    pub(super) fn new() -> io::Result<Self> {
        let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
        Ok(Self { fd: SignalFd::with_flags(&SigSet::all(), flags)?, last: None, has_start: true })
    }

    /// Waits for a signal, or, without one, for something to read in `requests`.
    pub(super) fn wait(&mut self, requests: BorrowedFd<'_>) -> Option<Arrival> {
        loop {
            if let Some(arrival) = self.pending() {
                return Some(arrival);
            }
            let mut fds = [
                PollFd::new(self.fd.as_fd(), PollFlags::POLLIN),
                PollFd::new(requests, PollFlags::POLLIN),
            ];
            let settled = PollTimeout::try_from(footprint::SETTLED).unwrap_or(PollTimeout::MAX);
            match poll(&mut fds, if self.has_start { settled } else { PollTimeout::NONE }) {
                Ok(0) => {
                    self.has_start = false;
                    footprint::release();
                }
                // At its end the supervisor is about to be a SIGCHLD, which is all that is left.
                Ok(_) if fds[1].revents() == Some(PollFlags::POLLHUP) => self.wait_for_signal(),
                Ok(_) if fds[1].revents().is_some_and(|events| !events.is_empty()) => {
                    return None;
                }
                _ => {}
            }
        }
    }

    /// A signal that has come already.
    pub(super) fn pending(&mut self) -> Option<Arrival> {
        while let Ok(Some(info)) = self.fd.read_signal() {
            let Some(signal) = Signal::new(info.ssi_signo as i32) else { continue };
            let sender = info.ssi_pid as i32;
            // What we have sent ourselves is the SIGPIPE for writing to a dead supervisor: to
            // hand that on would be to get another, for ever.
            if sender != std::process::id() as i32 && !self.is_repeat(signal, sender) {
                return Some(Arrival { signal, from_terminal: info.ssi_code == FROM_KERNEL });
            }
        }
        None
    }

    fn wait_for_signal(&self) {
        let _ = poll(&mut [PollFd::new(self.fd.as_fd(), PollFlags::POLLIN)], PollTimeout::NONE);
    }

    /// coreutils' `timeout` signals its child and then its whole group, so us twice. That is one
    /// request, and must not count as the second one, which kills.
    fn is_repeat(&mut self, signal: Signal, sender: i32) -> bool {
        let is_timeout = sender == getppid().as_raw()
            && fs::read(format!("/proc/{sender}/comm")).is_ok_and(|comm| comm == b"timeout\n");
        if !is_timeout {
            return false;
        }
        let now = Instant::now();
        let again = self.last.is_some_and(|(last, at)| {
            last == signal.number() && now.duration_since(at) < SAME_REQUEST
        });
        self.last = Some((signal.number(), now));
        again
    }
}

/// The signals that the supervisor gets past the guard; blocked too, and waiting here.
pub(crate) struct Direct(AsyncFd<SignalFd>);

impl Direct {
    /// Must be called in the runtime. From now on a terminal can stop us again for reading it in the
    /// background.
    pub(crate) fn new(_link: &Link) -> io::Result<Self> {
        use nix::sys::signal::Signal::{SIGCHLD, SIGTERM, SIGTTIN};
        let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
        let fd = SignalFd::with_flags(&SigSet::from_iter([SIGCHLD, SIGTERM]), flags)?;
        // SAFETY: a SignalFd owns its descriptor, which is open for as long as it lives.
        let fd = unsafe { AsyncFd::register_with_interest(fd, Interest::READABLE) };
        let direct = Self(fd.map_err(|refused| refused.into_parts().1)?);
        let mut mask = SigSet::all();
        mask.remove(SIGTTIN);
        mask.thread_set_mask()?;
        Ok(direct)
    }

    /// The next one. Cancel safe.
    pub(crate) async fn next(&mut self) -> DirectSignal {
        loop {
            let Ok(mut ready) = self.0.readable().await else { continue };
            match self.0.get_ref().read_signal() {
                Ok(Some(info)) if info.ssi_signo as i32 == libc::SIGTERM => {
                    return DirectSignal::Term;
                }
                Ok(Some(_)) => return DirectSignal::Children,
                _ => ready.clear_ready(),
            }
        }
    }
}

pub(super) fn set_nonblocking(fd: &OwnedFd) -> nix::Result<()> {
    fcntl(fd, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).map(drop)
}

/// Is anything open but the standard streams? To be asked before we have opened anything.
pub(super) fn inherits_further() -> bool {
    // As a size it tells how many there are, since Linux 6.2: to list them would take a short
    // command's time. Before that it is 0.
    fs::metadata("/proc/self/fd").map_or(true, |folder| folder.len() != 3)
}

/// Lets go of what was passed to us, standard streams apart.
pub(super) fn release_further() {
    let Ok(open) = fs::read_dir("/proc/self/fd") else { return };
    let open = open.flatten().flat_map(|entry| entry.file_name().to_str()?.parse::<RawFd>().ok());
    for fd in open.filter(|fd| *fd > 2).collect::<Vec<_>>() {
        // SAFETY: only asked for its flags here.
        let flags = fcntl(unsafe { BorrowedFd::borrow_raw(fd) }, FcntlArg::F_GETFD);
        // All that we have opened ourselves is close-on-exec, and is still needed.
        if flags.is_ok_and(|flags| flags & libc::FD_CLOEXEC == 0) {
            let _ = nix::unistd::close(fd);
        }
    }
}

/// The same for one who has opened nothing yet but `own`: without a look into `/proc`.
pub(super) fn release_all_but(own: [BorrowedFd<'_>; 2]) {
    release_standard_streams();
    let mut own = own.map(|fd| fd.as_raw_fd());
    own.sort_unstable();
    let mut first = 3;
    for last in own.into_iter().map(|fd| fd - 1).chain([RawFd::MAX]) {
        if first <= last {
            // Fails before Linux 5.9: then a pipe that was passed to us stays open with us.
            // SAFETY: nothing in this process owns one of them.
            unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
        }
        first = last.saturating_add(2);
    }
}

/// Lets go of standard input and output.
pub(super) fn release_standard_streams() {
    if let Ok(null) = fs::OpenOptions::new().read(true).write(true).open("/dev/null") {
        let _ = nix::unistd::dup2_stdin(&null);
        let _ = nix::unistd::dup2_stdout(&null);
    }
}

/// Waits until a process has ended that need not be a child of ours.
pub(crate) fn wait_for_end(pid: i32) -> io::Result<()> {
    // SAFETY: makes a descriptor, or fails.
    let opened = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    if opened < 0 {
        let error = io::Error::last_os_error();
        // It has ended already.
        return if error.raw_os_error() == Some(libc::ESRCH) { Ok(()) } else { Err(error) };
    }
    // SAFETY: nobody else has it.
    let process = unsafe { OwnedFd::from_raw_fd(opened as RawFd) };
    loop {
        match poll(&mut [PollFd::new(process.as_fd(), PollFlags::POLLIN)], PollTimeout::NONE) {
            Err(Errno::EINTR) => {}
            waited => return Ok(waited.map(drop)?),
        }
    }
}

/// Who loses his parent comes to us: see [`become_subreaper`].
pub(super) const ORPHANS_ARE_LOST: bool = false;

/// Wakes the guard after a request; on Linux it polls the pipe.
pub(super) fn poke_guard() {}

/// The system is to end this process with the guard, its parent: there is nothing to leave behind.
pub(crate) fn die_with_guard() {
    let _ = nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL);
}

/// This process waits for [`Arrivals`](super::Arrivals) from now on, and so notices the end of the
/// guard itself; even while it is stopped, as the parent's death continues it.
pub(crate) fn outlive_guard() {
    let _ = nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGCONT);
}

/// Makes the next child the first process of a PID namespace: when that ends, however it ends,
/// the kernel kills all others in it.
pub(super) fn leave_pid_namespace() -> io::Result<()> {
    match unshare(CloneFlags::CLONE_NEWPID) {
        Err(Errno::EPERM) => {}
        result => return Ok(result?),
    }
    // Without privilege, by way of a user namespace in which we are who we were.
    let (uid, gid) = (geteuid(), getegid());
    unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWPID).map_err(|errno| {
        let why = format!(
            "this system does not let us have a user namespace ({}), which --isolate needs; see \
             user_namespaces(7), or leave --isolate out",
            errno.desc()
        );
        io::Error::new(io::ErrorKind::PermissionDenied, why)
    })?;
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("{uid} {uid} 1"))?;
    fs::write("/proc/self/gid_map", format!("{gid} {gid} 1"))
}

/// In the new namespace, mounts a `/proc` that shows it, for us and for the workers.
pub(super) fn enter_isolation() -> io::Result<()> {
    const NONE: Option<&str> = None;
    unshare(CloneFlags::CLONE_NEWNS)?;
    // Else our mount would be everybody's.
    mount(NONE, "/", NONE, MsFlags::MS_REC | MsFlags::MS_PRIVATE, NONE)?;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    mount(Some("proc"), "/proc", Some("proc"), flags, NONE).map_err(|errno| {
        let why = format!(
            "this system does not let us mount /proc ({}), which --isolate needs; leave it out",
            errno.desc()
        );
        io::Error::new(io::ErrorKind::PermissionDenied, why)
    })
}

/// From now on orphaned descendants become children of this process.
pub(super) fn become_subreaper() -> nix::Result<()> {
    nix::sys::prctl::set_child_subreaper(true)
}

/// Is there what [`children`] reads?
pub(super) fn can_list_children() -> io::Result<()> {
    match nix::sys::statfs::statfs("/proc") {
        Ok(found) if found.filesystem_type() == nix::sys::statfs::PROC_SUPER_MAGIC => Ok(()),
        _ => Err(io::Error::new(io::ErrorKind::NotFound, "/proc is not mounted")),
    }
}

/// The children of this process. All are the first thread's: no other starts any, and orphans go
/// to the first one that lives.
pub(super) fn children() -> io::Result<BTreeSet<i32>> {
    let pid = std::process::id();
    match fs::read_to_string(format!("/proc/self/task/{pid}/children")) {
        Ok(list) => Ok(list.split_ascii_whitespace().flat_map(str::parse).collect()),
        // A kernel without CONFIG_PROC_CHILDREN.
        Err(_) => children_by_parent(pid as i32),
    }
}

/// The environment that a process was started with, its variables ended by zero bytes.
pub(super) fn environment_of(pid: i32) -> Option<Vec<u8>> {
    fs::read(format!("/proc/{pid}/environ")).ok()
}

/// The children of another process.
pub(super) fn children_of(pid: i32) -> io::Result<BTreeSet<i32>> {
    let mut children = BTreeSet::new();
    // Each thread has its own.
    for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
        match fs::read_to_string(thread?.path().join("children")) {
            Ok(list) => children.extend(list.split_ascii_whitespace().flat_map(str::parse::<i32>)),
            // As above, or a thread that has just ended.
            Err(_) => return children_by_parent(pid),
        }
    }
    Ok(children)
}

/// The parent of a process.
pub(super) fn parent_of(pid: i32) -> Option<i32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in parentheses, may hold anything; behind it come the state and the parent.
    stat.rsplit(')').next()?.split_ascii_whitespace().nth(1)?.parse().ok()
}

/// The children of a process, by asking every process for its parent.
fn children_by_parent(parent: i32) -> io::Result<BTreeSet<i32>> {
    let mut children = BTreeSet::new();
    for entry in fs::read_dir("/proc")? {
        let entry = entry?;
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else {
            continue;
        };
        if parent_of(pid) == Some(parent) {
            children.insert(pid);
        }
    }
    Ok(children)
}
