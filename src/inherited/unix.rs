//! POSIX: the numbers are this process's own.

#![expect(unsafe_code, reason = "descriptor numbers come from the environment")]

use std::os::fd::{BorrowedFd, FromRawFd, OwnedFd, RawFd};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};

use super::Untaken;

/// What is open at this number, for as long as the caller looks at it.
fn look_at<'a>(fd: RawFd, inode: Option<u64>) -> Result<BorrowedFd<'a>, Untaken> {
    if fd < 0 {
        return Err(Untaken::Closed);
    }
    // SAFETY: the number is not negative. Whether it is open is found out here.
    let inherited = unsafe { BorrowedFd::borrow_raw(fd) };
    match nix::sys::stat::fstat(inherited) {
        Err(Errno::EBADF) => Err(Untaken::Closed),
        Err(errno) => Err(Untaken::Io(errno.into())),
        Ok(stat) if inode.is_some_and(|inode| inode != stat.st_ino) => Err(Untaken::Reused),
        Ok(_) => Ok(inherited),
    }
}

/// A second descriptor for it.
pub(super) fn open(fd: RawFd, inode: Option<u64>) -> Result<OwnedFd, Untaken> {
    Ok(look_at(fd, inode)?.try_clone_to_owned()?)
}

/// Takes it for our own.
pub(super) fn take(fd: RawFd, inode: Option<u64>) -> Result<OwnedFd, Untaken> {
    look_at(fd, inode)?;
    // SAFETY: it is open, was passed to this process for whoever asks for it first, and that is we.
    let fd = unsafe { OwnedFd::from_raw_fd(fd) };
    // Not for the children of ours.
    fcntl(&fd, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)).map_err(std::io::Error::from)?;
    Ok(fd)
}
