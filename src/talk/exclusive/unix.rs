//! POSIX: locks of files, and `poll`.

#![expect(unsafe_code, reason = "struct flock has other fields on each system")]

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Instant;

use gipc::inherited::Direction;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, Flock, FlockArg, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::{Interest, TimedOut};

/// Our turn on a channel; over when this is dropped, or this process ends.
pub(in crate::talk) enum Turn {
    /// A lock on a file of our own: that of a read end.
    Reader { _lock: Flock<File> },
    /// A lock of this process on the channel: that of a write end.
    Writer(OwnedFd),
    /// This kind of descriptor cannot be locked.
    Unlocked,
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Self::Writer(fd) = self {
            let _ = fcntl(&*fd, FcntlArg::F_SETLK(&whole(libc::F_UNLCK as _)));
        }
    }
}

/// Waits for our turn.
pub(in crate::talk) fn lock(
    fd: &OwnedFd,
    direction: Direction,
    deadline: Option<Instant>,
) -> Result<Turn, TimedOut> {
    let Some(deadline) = deadline else { return Ok(take(fd.try_clone()?, direction, Wait::Yes)?) };
    match take(fd.try_clone()?, direction, Wait::No) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
        turn => return Ok(turn?),
    }
    // Neither kind of lock can be waited for with a timeout. The thread that waits on ends with us.
    let fd = fd.try_clone()?;
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || send.send(take(fd, direction, Wait::Yes)));
    match receive.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        Ok(turn) => Ok(turn?),
        Err(RecvTimeoutError::Timeout) => Err(TimedOut::Late),
        Err(RecvTimeoutError::Disconnected) => Ok(Turn::Unlocked),
    }
}

/// Locks a copy of the channel's descriptor, and keeps it: the lock of a write end goes as soon as
/// this process closes any copy.
fn take(fd: OwnedFd, direction: Direction, wait: Wait) -> io::Result<Turn> {
    match direction {
        Direction::In => lock_reader(&fd, wait),
        Direction::Out => lock_writer(fd, wait),
    }
}

/// What to do when it is somebody else's turn.
#[derive(Clone, Copy)]
enum Wait {
    Yes,
    No,
}

/// A read end takes no `fcntl` lock, but a file that is opened anew takes `flock`, which counts for
/// the pipe.
fn lock_reader(fd: &OwnedFd, wait: Wait) -> io::Result<Turn> {
    // Without O_NONBLOCK this would wait for a writer where there is none any more.
    let again = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(format!("/dev/fd/{}", fd.as_raw_fd()));
    let Ok(again) = again else { return Ok(Turn::Unlocked) }; // a socket
    let how = match wait {
        Wait::Yes => FlockArg::LockExclusive,
        Wait::No => FlockArg::LockExclusiveNonblock,
    };
    match Flock::lock(again, how) {
        Ok(lock) => Ok(Turn::Reader { _lock: lock }),
        Err((_, errno)) => Err(errno.into()),
    }
}

fn lock_writer(fd: OwnedFd, wait: Wait) -> io::Result<Turn> {
    let all = whole(libc::F_WRLCK as _);
    let how = match wait {
        Wait::Yes => FcntlArg::F_SETLKW(&all),
        Wait::No => FcntlArg::F_SETLK(&all),
    };
    match fcntl(&fd, how) {
        Ok(_) => Ok(Turn::Writer(fd)),
        // EACCES is another way to say EAGAIN, see fcntl(2).
        Err(Errno::EACCES | Errno::EAGAIN) => Err(io::ErrorKind::WouldBlock.into()),
        Err(Errno::EBADF | Errno::EINVAL) => Ok(Turn::Unlocked),
        Err(errno) => Err(errno.into()),
    }
}

/// A lock of this type on all there is.
fn whole(kind: libc::c_short) -> libc::flock {
    // SAFETY: a struct of integers, in which 0 is the start, the whole length, and nobody. Which
    // further ones it has differs from system to system.
    let mut lock: libc::flock = unsafe { std::mem::zeroed() };
    lock.l_type = kind;
    lock.l_whence = libc::SEEK_SET as _;
    lock
}

/// Waits until a byte can be read or written, or the channel's end seen.
pub(in crate::talk) fn wait(
    fd: &OwnedFd,
    interest: Interest,
    deadline: Option<Instant>,
) -> Result<(), TimedOut> {
    let flags = match interest {
        Interest::Read => PollFlags::POLLIN,
        Interest::Write => PollFlags::POLLOUT,
    };
    let Some(deadline) = deadline else { return Ok(()) };
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        // Rounded up: to wake early would be to go round in circles.
        let millis = left.as_micros().div_ceil(1000);
        let timeout = PollTimeout::try_from(millis).unwrap_or(PollTimeout::MAX);
        match poll(&mut [PollFd::new(fd.as_fd(), flags)], timeout) {
            Ok(0) if left.is_zero() => return Err(TimedOut::Late),
            Ok(0) | Err(Errno::EINTR) => {}
            Ok(_) => return Ok(()),
            Err(errno) => return Err(TimedOut::Failed(errno.into())),
        }
    }
}
