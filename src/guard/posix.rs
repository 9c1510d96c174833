//! POSIX systems other than Linux: no subreaper, no parent-death signal, no `signalfd`.
//!
//! What remains of the promise: the supervisor finds its pipe at its end when the guard is gone,
//! the guard is told when the supervisor is, and each then kills the process groups of the commands that
//! run. A descendant that has left its group is out of reach.

use std::collections::BTreeSet;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

use gipc::process::Signal;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::event::{EvFlags, EventFilter, FilterFlag, KEvent, Kqueue};
use nix::sys::signal::SigSet;
use tokio::signal::unix::{self as signal, SignalKind};

use super::{Arrival, DirectSignal, Link};

/// The signals that come to the guard; all are blocked and wait here.
pub(super) struct Signals;

impl Signals {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self)
    }

    /// Waits for a signal. A request is announced by one, see [`poke_guard`].
    pub(super) fn wait(&mut self, _requests: BorrowedFd<'_>) -> Option<Arrival> {
        loop {
            if let Ok(signal) = SigSet::all().wait()
                && let Some(signal) = Signal::new(signal as i32)
            {
                return Some(Arrival { signal, from_terminal: false });
            }
        }
    }

    /// What has come already is not told from what is yet to come.
    pub(super) fn pending(&mut self) -> Option<Arrival> {
        None
    }
}

pub(super) fn set_nonblocking(fd: &OwnedFd) -> nix::Result<()> {
    fcntl(fd, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).map(drop)
}

/// The signals that the supervisor gets past the guard.
pub(crate) struct Direct {
    children: signal::Signal,
    term: signal::Signal,
}

impl Direct {
    /// Must be called in the runtime.
    pub(crate) fn new(_link: &Link) -> io::Result<Self> {
        use nix::sys::signal::Signal::{SIGCHLD, SIGTERM, SIGTTIN};
        let children = signal::signal(SignalKind::child())?;
        let term = signal::signal(SignalKind::terminate())?;
        // Now that there are handlers. All else comes by the guard, but what a terminal does to
        // those who read it in the background.
        let mut mask = SigSet::all();
        for signal in [SIGCHLD, SIGTERM, SIGTTIN] {
            mask.remove(signal);
        }
        mask.thread_set_mask()?;
        Ok(Self { children, term })
    }

    /// The next one. Cancel safe.
    pub(crate) async fn next(&mut self) -> DirectSignal {
        tokio::select! {
            _ = self.children.recv() => DirectSignal::Children,
            _ = self.term.recv() => DirectSignal::Term,
        }
    }
}

/// Not asked of the system here.
pub(super) fn inherits_further() -> bool {
    false
}

/// There is nothing that tells which these are.
pub(super) fn release_further() {}

/// Lets go of our input and output.
pub(super) fn release_standard_streams() {
    if let Ok(null) = std::fs::OpenOptions::new().read(true).write(true).open("/dev/null") {
        let _ = nix::unistd::dup2_stdin(&null);
        let _ = nix::unistd::dup2_stdout(&null);
    }
}

/// The same for one who has opened nothing yet but `_own`.
pub(super) fn release_all_but(_own: [BorrowedFd<'_>; 2]) {
    release_standard_streams();
}

/// Waits until a process has ended that need not be a child of ours.
pub(crate) fn wait_for_end(pid: i32) -> io::Result<()> {
    // POSIX has no event for the end of one who is not our child; these systems do.
    let queue = Kqueue::new()?;
    let ident = pid.try_into().map_err(|_| io::ErrorKind::InvalidInput)?;
    let end =
        |flags| KEvent::new(ident, EventFilter::EVFILT_PROC, flags, FilterFlag::NOTE_EXIT, 0, 0);
    let mut told = [end(EvFlags::empty())];
    loop {
        // Asks for it again where a signal has come in between.
        match queue.kevent(&[end(EvFlags::EV_ADD | EvFlags::EV_ONESHOT)], &mut told, None) {
            Ok(0) | Err(Errno::EINTR) => {}
            // It has ended before it could be asked for.
            Err(Errno::ESRCH) => return Ok(()),
            Err(errno) => return Err(errno.into()),
            Ok(_) if told[0].flags().contains(EvFlags::EV_ERROR) => {
                return match Errno::from_raw(told[0].data() as i32) {
                    Errno::ESRCH => Ok(()),
                    errno => Err(errno.into()),
                };
            }
            Ok(_) => return Ok(()),
        }
    }
}

/// Who loses his parent is the system's.
pub(super) const ORPHANS_ARE_LOST: bool = true;

/// Has the guard, our parent, look at its pipe.
pub(super) fn poke_guard() {
    if let Some(signal) = Signal::new(libc::SIGCHLD) {
        let _ = signal.send_to(nix::unistd::getppid().as_raw());
    }
}

/// There is no signal for the death of a parent; the pipe's end tells of it.
pub(crate) fn die_with_guard() {}

/// As [`die_with_guard`].
pub(crate) fn outlive_guard() {}

pub(super) fn leave_pid_namespace() -> io::Result<()> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "only Linux has PID namespaces"))
}

pub(super) fn enter_isolation() -> io::Result<()> {
    leave_pid_namespace()
}

/// Orphans go to the first process of the system here.
pub(super) fn become_subreaper() -> io::Result<()> {
    Ok(())
}

/// Needs nothing of the system here.
pub(super) fn can_list_children() -> io::Result<()> {
    Ok(())
}

/// Not asked of the system here: groups are all that is signalled.
pub(super) fn children() -> io::Result<BTreeSet<i32>> {
    Ok(BTreeSet::new())
}

/// As [`children`].
pub(super) fn children_of(_pid: i32) -> io::Result<BTreeSet<i32>> {
    Ok(BTreeSet::new())
}

/// Not told here.
pub(super) fn parent_of(_pid: i32) -> Option<i32> {
    None
}

/// Not told here.
pub(super) fn environment_of(_pid: i32) -> Option<Vec<u8>> {
    None
}
