//! POSIX: a descriptor that comes is one that children inherit, until it is said otherwise.

use std::io;
use std::os::fd::OwnedFd;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::socket::MsgFlags;

/// With which descriptors are received.
pub(super) const FLAGS: MsgFlags = MsgFlags::empty();

/// Says otherwise. A child that is started just now has it nevertheless.
pub(super) fn keep_from_children(descriptor: &OwnedFd) -> io::Result<()> {
    fcntl(descriptor, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
    Ok(())
}
