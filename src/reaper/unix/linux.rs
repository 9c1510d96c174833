//! Linux: a pidfd, which comes with the child (`CLONE_PIDFD`, Linux 5.2; to be polled, 5.3).

#![expect(unsafe_code, reason = "nix has no pidfd")]

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;

use crate::process::Signal;

/// What becomes readable when the child has ended.
#[derive(Debug)]
pub(crate) struct Ending(OwnedFd);

impl Ending {
    pub(crate) const fn new(pidfd: OwnedFd) -> Self {
        Self(pidfd)
    }

    /// Sends the child a signal, and nobody else, even where somebody has waited for it.
    pub(crate) fn signal(&self, signal: Signal) -> io::Result<()> {
        let (fd, signal) = (self.0.as_raw_fd(), signal.number());
        let info = std::ptr::null::<libc::siginfo_t>();
        // SAFETY: a system call on numbers; without a siginfo the kernel makes its own.
        let sent = unsafe { libc::syscall(libc::SYS_pidfd_send_signal, fd, signal, info, 0) };
        match Errno::result(sent) {
            Ok(_) | Err(Errno::ESRCH) => Ok(()),
            Err(errno) => Err(errno.into()),
        }
    }
}

impl AsFd for Ending {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
