//! POSIX systems other than Linux: pipes are as large as they are.

use std::os::fd::OwnedFd;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};

/// The most that macOS and the BSDs let a pipe hold.
const CAPACITY: usize = 64 << 10;

pub(crate) fn new() -> nix::Result<(OwnedFd, OwnedFd)> {
    let (read, write) = nix::unistd::pipe()?;
    for end in [&read, &write] {
        fcntl(end, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
    }
    Ok((read, write))
}

pub(crate) fn large() -> nix::Result<(OwnedFd, OwnedFd)> {
    new()
}

pub(crate) fn capacity(_pipe: &OwnedFd) -> usize {
    CAPACITY
}
