//! POSIX systems without a descriptor for a process: a thread waits for each child, without taking
//! it away, and then closes a pipe.

#![expect(unsafe_code, reason = "waitid")]

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::unistd::Pid;

use crate::process::Signal;

/// What becomes readable when the child has ended.
#[derive(Debug)]
pub(crate) struct Ending {
    pid: Pid,
    pipe: OwnedFd,
}

impl Ending {
    pub(crate) fn of(pid: Pid) -> io::Result<Self> {
        let (read, write) = crate::pipes::new()?;
        let wait = move || {
            // SAFETY: waitid fills in the siginfo that it is given; WNOWAIT leaves the child.
            unsafe {
                let mut info: libc::siginfo_t = std::mem::zeroed();
                let options = libc::WEXITED | libc::WNOWAIT;
                while libc::waitid(libc::P_PID, pid.as_raw() as _, &raw mut info, options) < 0
                    && io::Error::last_os_error().kind() == io::ErrorKind::Interrupted
                {
                }
            }
            drop(write);
        };
        let thread = std::thread::Builder::new().name("gipc-child".to_owned());
        thread.stack_size(64 << 10).spawn(wait)?;
        Ok(Self { pid, pipe: read })
    }

    /// Sends the child a signal.
    pub(crate) fn signal(&self, signal: Signal) -> io::Result<()> {
        signal.send_to(self.pid.as_raw())
    }
}

impl AsFd for Ending {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pipe.as_fd()
    }
}
