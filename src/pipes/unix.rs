//! POSIX: pipes and sockets are descriptors.

#![expect(unsafe_code, reason = "nix has no ready-made FIONREAD, and numbers for descriptors")]

use std::io;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};

use nix::fcntl::{FcntlArg, OFlag, fcntl};

#[cfg(target_os = "linux")]
#[path = "unix/linux.rs"]
mod kernel;
#[cfg(not(target_os = "linux"))]
#[path = "unix/posix.rs"]
mod kernel;

/// An open file, pipe or socket that a child can be given: on Windows an
/// [`OwnedHandle`](https://doc.rust-lang.org/std/os/windows/io/struct.OwnedHandle.html).
pub type Descriptor = OwnedFd;

/// A pipe, the end to read from first. Both ends block and close on `exec`.
///
/// # Errors
/// When no descriptor is free.
pub fn new() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(kernel::new()?)
}

/// As [`new`], with as much room as the system gives: on Linux up to 1 MiB, see `pipe(7)`.
///
/// # Errors
/// When no descriptor is free.
pub fn large() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(kernel::large()?)
}

/// The end of a pipe that we read from in a runtime.
pub type Incoming = tokio::net::unix::pipe::Receiver;

/// A pipe out of a child: our end, and the child's, which blocks. In a runtime.
///
/// # Errors
/// When no descriptor is free.
pub fn from_child() -> io::Result<(Incoming, Descriptor)> {
    let (read, write) = new()?;
    Ok((Incoming::from_owned_fd(set_aside(read))?, write))
}

/// As [`from_child`], with as much room as [`large`] has.
///
/// # Errors
/// When no descriptor is free.
pub fn from_child_large() -> io::Result<(Incoming, Descriptor)> {
    let (read, write) = large()?;
    Ok((Incoming::from_owned_fd(set_aside(read))?, write))
}

/// The end to write to of a pipe that we read from: not a copy of the one that a child was given, but
/// as good, when all of those are closed too. Blocks, and closes on `exec`.
///
/// # Errors
/// [`io::ErrorKind::Unsupported`] where the system opens no pipe anew: only Linux does.
pub fn write_end_of(pipe: &Incoming) -> io::Result<Descriptor> {
    kernel::write_end_of(pipe.as_fd())
}

/// As [`new`], with as little room as the system gives: on Linux one page, so that the writer is
/// told when what was written has been read.
///
/// # Errors
/// When no descriptor is free.
pub fn small() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(kernel::small()?)
}

/// Makes a pipe that is empty as small as those of [`small`], by either end.
///
/// # Errors
/// When it is not empty.
pub fn make_small(pipe: &OwnedFd) -> io::Result<()> {
    Ok(kernel::make_small(pipe)?)
}

/// Whether reads and writes of this end of a pipe wait, or fail where they would have to. All who
/// have this very end share that.
///
/// # Errors
/// The system's own.
pub fn set_nonblocking(end: impl AsFd + Copy, nonblocking: bool) -> io::Result<()> {
    let flags = OFlag::from_bits_retain(fcntl(end, FcntlArg::F_GETFL)?);
    let flags = if nonblocking { flags | OFlag::O_NONBLOCK } else { flags & !OFlag::O_NONBLOCK };
    fcntl(end, FcntlArg::F_SETFL(flags))?;
    Ok(())
}

/// A connected pair of stream sockets. Both block and close on `exec`.
///
/// # Errors
/// When no descriptor is free.
pub fn sockets() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(kernel::sockets()?)
}

/// Where the numbers of descriptors that stay with us begin when there are more than a few. Those
/// below are for what is on its way to a child: the lower its number, the fewer are copied at its
/// start.
const ASIDE: RawFd = 256;
const A_FEW: RawFd = 32;

/// Gives a descriptor that is to stay a number out of the way of those that children are given.
pub fn set_aside(fd: OwnedFd) -> OwnedFd {
    if !(A_FEW..ASIDE).contains(&fd.as_raw_fd()) {
        return fd;
    }
    // Where there is no such number it keeps its own.
    let lifted = fcntl(&fd, FcntlArg::F_DUPFD_CLOEXEC(ASIDE));
    // SAFETY: the kernel has just opened it for us.
    lifted.map_or(fd, |lifted| unsafe { OwnedFd::from_raw_fd(lifted) })
}

/// Are there so many that this is the number of one that was just opened?
#[cfg(target_os = "linux")]
pub(crate) fn is_of_many(fd: &OwnedFd) -> bool {
    fd.as_raw_fd() >= 2 * ASIDE
}

/// What tells it from others: its inode number.
///
/// # Errors
/// The system's own.
pub fn identity(descriptor: &Descriptor) -> io::Result<u64> {
    Ok(nix::sys::stat::fstat(descriptor)?.st_ino)
}

/// How many bytes can be in the pipe unread.
pub fn capacity(pipe: &OwnedFd) -> usize {
    kernel::capacity(pipe)
}

mod ioctl {
    nix::ioctl_read_bad!(fionread, libc::FIONREAD, libc::c_int);
}

/// How many bytes are in the pipe unread; `pipe` is either end, of a socket the one that reads.
pub fn unread(pipe: &OwnedFd) -> usize {
    let mut unread = 0;
    // SAFETY: FIONREAD writes one int. It fails for no pipe.
    match unsafe { ioctl::fionread(pipe.as_raw_fd(), &raw mut unread) } {
        Ok(_) => unread as usize,
        Err(_) => 0,
    }
}
