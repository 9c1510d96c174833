//! Linux: pipes whose capacity can be chosen, see `pipe(7)`.

use std::fs::OpenOptions;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};

/// What we ask for, in bytes; the most that is given without privilege.
const LARGE: i32 = 1 << 20;

pub(crate) fn new() -> nix::Result<(OwnedFd, OwnedFd)> {
    nix::unistd::pipe2(OFlag::O_CLOEXEC)
}

pub(crate) fn large() -> nix::Result<(OwnedFd, OwnedFd)> {
    let (read, write) = new()?;
    // Past the user's share of pipe memory this fails, and the size is what it is.
    let _ = fcntl(&write, FcntlArg::F_SETPIPE_SZ(LARGE));
    Ok((read, write))
}

pub(crate) fn small() -> nix::Result<(OwnedFd, OwnedFd)> {
    let (read, write) = new()?;
    make_small(&write)?;
    Ok((read, write))
}

pub(crate) fn make_small(pipe: &OwnedFd) -> nix::Result<()> {
    // The smallest is a page, whatever its size.
    fcntl(pipe, FcntlArg::F_SETPIPE_SZ(1))?;
    Ok(())
}

/// See `proc_pid_fd(5)`.
pub(crate) fn write_end_of(pipe: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    let path = format!("/proc/self/fd/{}", pipe.as_raw_fd());
    // Who reads is there: we are. So this does not wait.
    Ok(OpenOptions::new().write(true).open(path)?.into())
}

pub(crate) fn sockets() -> nix::Result<(OwnedFd, OwnedFd)> {
    socketpair(AddressFamily::Unix, SockType::Stream, None, SockFlag::SOCK_CLOEXEC)
}

pub(crate) fn capacity(pipe: &OwnedFd) -> usize {
    fcntl(pipe, FcntlArg::F_GETPIPE_SZ).map_or(LARGE as usize, |size| size as usize)
}
