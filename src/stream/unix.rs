//! POSIX: `poll` tells when a descriptor that does not block is ready.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, Write as _};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use tokio::net::unix::pipe;

pub(super) use std::os::fd::AsFd as AsDescriptor;
pub(super) use tokio::net::unix::pipe::{Receiver as OwnToRead, Sender as OwnToWrite};

use super::Stream;

/// What reads nothing and gives nothing.
pub(crate) const NULL: &str = "/dev/null";

/// A descriptor of our own for the same file.
pub(super) fn duplicate(of: impl AsFd) -> io::Result<File> {
    Ok(File::from(of.as_fd().try_clone_to_owned()?))
}

/// The pipe, opened anew to read from it without blocking. `None`: it is none, or this system has no
/// such way (Linux has `/proc`), or we may not.
pub(super) fn open_to_read(file: &File) -> Option<OwnToRead> {
    pipe::OpenOptions::new().open_receiver(path_of_pipe(file)?).ok()
}

/// The same to write to it; not where nobody reads it any more, either.
pub(super) fn open_to_write(file: &File) -> Option<OwnToWrite> {
    pipe::OpenOptions::new().open_sender(path_of_pipe(file)?).ok()
}

/// Where the pipe itself is found, and not only its descriptor, as in the `/dev/fd` of other systems.
fn path_of_pipe(file: &File) -> Option<String> {
    let is_pipe = file.metadata().ok()?.file_type().is_fifo();
    is_pipe.then(|| format!("/proc/self/fd/{}", file.as_raw_fd()))
}

/// Writes as much of it as is taken at once.
pub(super) fn write(mut file: &File, bytes: &[u8]) -> io::Result<usize> {
    file.write(bytes)
}

/// Waits until there is something to read, be it the end.
pub(super) fn wait_to_read(file: &File) -> io::Result<()> {
    wait(file, PollFlags::POLLIN)
}

/// Waits until there is room.
pub(super) fn wait_to_write(file: &File) -> io::Result<()> {
    wait(file, PollFlags::POLLOUT)
}

fn wait(file: &File, flags: PollFlags) -> io::Result<()> {
    match poll(&mut [PollFd::new(file.as_fd(), flags)], PollTimeout::NONE) {
        Ok(_) | Err(nix::errno::Errno::EINTR) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

/// Is there something to read, be it the end?
pub(super) fn has_something(stream: &Stream) -> bool {
    let mut fds = [PollFd::new(stream.file.0.as_fd(), PollFlags::POLLIN)];
    poll(&mut fds, PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
}

/// Our standard input, and where we are in it, for who reads in it beside us; `None` where it is no
/// file.
pub(crate) fn input_beside() -> Option<(File, u64)> {
    let mut file = duplicate(io::stdin()).ok()?;
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let place = file.stream_position().ok()?;
    Some((file, place))
}

/// Opens a file to append to it. To open a FIFO that nobody reads is an error so, and not a wait for
/// ever.
pub(crate) fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).custom_flags(libc::O_NONBLOCK).open(path)
}

/// The same for one that is written to on a thread: a FIFO that somebody reads is waited for.
pub(crate) fn append_and_wait(path: &Path) -> io::Result<File> {
    let file = append(path)?;
    fcntl(&file, FcntlArg::F_SETFL(OFlag::O_APPEND))?;
    Ok(file)
}

/// Which file it is, whatever the path that it was opened by.
pub(crate) fn identity(file: &File) -> io::Result<(u64, u64)> {
    let metadata = file.metadata()?;
    Ok((metadata.dev(), metadata.ino()))
}

/// Writes all of it at this place in the file.
pub(crate) fn write_all_at(file: &File, bytes: &[u8], place: u64) -> io::Result<()> {
    file.write_all_at(bytes, place)
}

/// Reads all of it from this place in the file.
pub(crate) fn read_exact_at(file: &File, bytes: &mut [u8], place: u64) -> io::Result<()> {
    file.read_exact_at(bytes, place)
}
