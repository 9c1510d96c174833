//! Linux, and FreeBSD, which has the flag from there: a descriptor that comes is never one that a child
//! inherits.

use std::io;
use std::os::fd::OwnedFd;

use nix::sys::socket::MsgFlags;

/// With which descriptors are received.
pub(super) const FLAGS: MsgFlags = MsgFlags::MSG_CMSG_CLOEXEC;

/// Nothing more is to be done.
pub(super) fn keep_from_children(_: &OwnedFd) -> io::Result<()> {
    Ok(())
}
