//! POSIX systems other than Linux: pipes are as large as they are.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};

/// The most that macOS and the BSDs let a pipe hold.
const CAPACITY: usize = 64 << 10;

pub(crate) fn new() -> nix::Result<(OwnedFd, OwnedFd)> {
    closing_on_exec(nix::unistd::pipe()?)
}

pub(crate) fn large() -> nix::Result<(OwnedFd, OwnedFd)> {
    new()
}

pub(crate) fn small() -> nix::Result<(OwnedFd, OwnedFd)> {
    new()
}

pub(crate) fn make_small(_pipe: &OwnedFd) -> nix::Result<()> {
    Ok(())
}

pub(crate) fn write_end_of(_pipe: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    let why = "this system cannot open a pipe a second time";
    Err(io::Error::new(io::ErrorKind::Unsupported, why))
}

pub(crate) fn sockets() -> nix::Result<(OwnedFd, OwnedFd)> {
    // SOCK_CLOEXEC is not everywhere.
    closing_on_exec(socketpair(AddressFamily::Unix, SockType::Stream, None, SockFlag::empty())?)
}

fn closing_on_exec(ends: (OwnedFd, OwnedFd)) -> nix::Result<(OwnedFd, OwnedFd)> {
    for end in [&ends.0, &ends.1] {
        fcntl(end, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
    }
    Ok(ends)
}

pub(crate) fn capacity(_pipe: &OwnedFd) -> usize {
    CAPACITY
}
