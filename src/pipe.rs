//! Pipes, and what the system tells of them.

#![expect(unsafe_code, reason = "nix has no ready-made FIONREAD")]

use std::os::fd::{AsRawFd, OwnedFd};

#[cfg(target_os = "linux")]
#[path = "pipe/linux.rs"]
mod system;
#[cfg(not(target_os = "linux"))]
#[path = "pipe/posix.rs"]
mod system;

/// A pipe for messages, the read end first.
pub(crate) use system::large;
/// A pipe for lines, the read end first.
pub(crate) use system::new;

/// How many bytes can be in the pipe unread.
pub(crate) use system::capacity;

nix::ioctl_read_bad!(fionread, libc::FIONREAD, libc::c_int);

/// How many bytes are in the pipe unread; `pipe` is either end.
pub(crate) fn unread(pipe: &OwnedFd) -> usize {
    let mut unread = 0;
    // SAFETY: FIONREAD writes one int. It fails for no pipe.
    match unsafe { fionread(pipe.as_raw_fd(), &raw mut unread) } {
        Ok(_) => unread as usize,
        Err(_) => 0,
    }
}
