//! Pipes and sockets: reading and writing either waits in a runtime, and then never blocks; or on a
//! thread, in the call itself or, up to a deadline, in `poll(2)`.
//!
//! Whether a descriptor blocks is a property of its open file description, which all processes that
//! have it share; a child must get a blocking one. So only our own end of a pipe is ever kept from
//! blocking, as long as it is used so, and not when that end is passed on; a socket is asked not to
//! block call by call (`MSG_DONTWAIT`); and of a pipe that was passed to us we make ourselves a
//! description of our own.

#![expect(unsafe_code, reason = "send and recv with flags, on any kind of buffer")]

use std::fs::OpenOptions;
use std::io::{self, IoSlice, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt as _;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{MsgFlags, Shutdown, setsockopt, sockopt};
use nix::sys::stat::{SFlag, fstat};
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::runtime;
use tokio::task::coop;

use super::{Passed, Wanted, Way};
use crate::pipes::{self, Descriptor, set_nonblocking};

/// What we ask for as the buffer of a socket, in bytes. Where `net.core.wmem_max` is smaller, that
/// counts.
const SOCKET_BUFFER: usize = 4 << 20;

pub(crate) const NO_RUNTIME: &str = "there is no Tokio runtime here (see `gipc::blocking`)";

/// How it is kept from blocking us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// By `O_NONBLOCK`, on a description that is ours alone.
    Own {
        /// Is it not set at the moment?
        blocks: bool,
    },
    /// Every call asks for it.
    Socket,
    /// It may block where somebody else takes what `poll` has promised us; writes are of
    /// `PIPE_BUF` at the most, for which there is room when `poll` says that there is any.
    Shared,
}

#[derive(Debug)]
enum Source {
    /// Not in a runtime.
    Plain(OwnedFd),
    /// In this one.
    Registered(AsyncFd<OwnedFd>, runtime::Id),
}

/// One end of a pipe or a socket.
#[derive(Debug)]
pub(crate) struct End {
    /// `None` only once it was taken out.
    source: Option<Source>,
    kind: Kind,
    way: Way,
    /// One half of a socket, and the only one for its direction.
    ends_direction: bool,
    /// When the call that is being made gives up. Calls on a thread keep to it themselves; in a
    /// runtime it may be in the past, and then what there is now is taken.
    pub(crate) deadline: Option<Instant>,
    /// In a runtime: was there no more to read, or no more room, when last somebody tried? What
    /// has changed since then the runtime hears of.
    exhausted: bool,
}

/// Tells how much of what was written to a child it has not read.
#[derive(Debug)]
pub(crate) struct Probe(OwnedFd);

impl Probe {
    /// In bytes.
    pub(crate) fn unread(&self) -> usize {
        pipes::unread(&self.0)
    }
}

/// A pipe: the end to read from and the end to write to.
pub(crate) fn pipe() -> io::Result<(End, End)> {
    let (read, write) = pipes::large()?;
    let own = Kind::Own { blocks: true };
    Ok((End::new(read, own, Way::In), End::new(write, own, Way::Out)))
}

/// A connected pair of sockets with large buffers: of each the half to read from, and the half to
/// write to.
pub(crate) fn duplex() -> io::Result<[(End, End); 2]> {
    let ends = pipes::sockets()?;
    for end in [&ends.0, &ends.1] {
        // Fails nowhere: what is too much is cut.
        let _ = setsockopt(end, sockopt::SndBuf, &SOCKET_BUFFER);
    }
    let split = |socket| End::new(socket, Kind::Socket, Way::Both).split();
    Ok([split(ends.0)?, split(ends.1)?])
}

/// How many descriptors a child needs for both directions: a socket is one.
pub(crate) const DUPLEX_DESCRIPTORS: u16 = 1;

/// The halves of a socket, on their way to a child.
pub(crate) fn pass_both(read: End, write: End, wanted: Wanted) -> io::Result<Vec<Passed>> {
    // The other half goes without ending its direction, as this one does.
    drop(write.into_fd()?);
    Ok(vec![Passed { way: Way::Both, ..read.pass(wanted)? }])
}

/// The halves of what has come for both directions.
pub(crate) fn both_passed_to_us(descriptors: Vec<Descriptor>) -> io::Result<(End, End)> {
    match <[Descriptor; DUPLEX_DESCRIPTORS as usize]>::try_from(descriptors) {
        Ok([socket]) => End::passed_to_us(socket, Way::Both)?.split(),
        Err(_) => Err(io::ErrorKind::InvalidInput.into()),
    }
}

impl End {
    fn new(fd: OwnedFd, kind: Kind, way: Way) -> Self {
        let source = Some(Source::Plain(fd));
        Self { source, kind, way, ends_direction: false, deadline: None, exhausted: false }
    }

    /// The end behind a descriptor that other processes may have too.
    pub(crate) fn passed_to_us(fd: Descriptor, way: Way) -> io::Result<Self> {
        let kind = SFlag::from_bits_truncate(fstat(&fd)?.st_mode) & SFlag::S_IFMT;
        if kind == SFlag::S_IFSOCK {
            return Ok(Self::new(fd, Kind::Socket, way));
        }
        // On Linux this opens the same pipe anew; without waiting for somebody at its other end.
        let reopened = (kind == SFlag::S_IFIFO).then(|| {
            OpenOptions::new()
                .read(way == Way::In)
                .write(way == Way::Out)
                .custom_flags(libc::O_NONBLOCK)
                .open(format!("/proc/self/fd/{}", fd.as_raw_fd()))
        });
        Ok(match reopened {
            Some(Ok(own)) => Self::new(own.into(), Kind::Own { blocks: false }, way),
            _ => Self::new(fd, Kind::Shared, way),
        })
    }

    /// A second descriptor of the same end.
    pub(crate) fn try_clone(&mut self) -> io::Result<Self> {
        // Which of the two is the last cannot be known: they may be in two processes.
        self.ends_direction = false;
        let fd = self.as_fd().try_clone_to_owned()?;
        match self.kind {
            Kind::Own { .. } => Self::passed_to_us(fd, self.way),
            kind => Ok(Self::new(fd, kind, self.way)),
        }
    }

    /// Another descriptor of an end that is to be read elsewhere. As long as it is there, whoever
    /// writes is not told that nobody reads.
    pub(crate) fn probe(&self) -> io::Result<Probe> {
        Ok(Probe(self.as_fd().try_clone_to_owned()?))
    }

    /// What a child is given, in any language.
    pub(crate) fn give_away(self) -> io::Result<Descriptor> {
        self.into_fd()
    }

    /// The halves of a socket, each with a descriptor of its own.
    fn split(mut self) -> io::Result<(Self, Self)> {
        let mut read = Self::new(self.as_fd().try_clone_to_owned()?, self.kind, Way::In);
        read.ends_direction = true;
        self.ends_direction = true;
        self.way = Way::Out;
        Ok((read, self))
    }

    /// On its way to a child.
    pub(crate) fn pass(self, _: Wanted) -> io::Result<Passed> {
        let way = self.way;
        let descriptor = self.into_fd()?;
        Ok(Passed { inode: pipes::identity(&descriptor)?, descriptor, way })
    }

    /// The descriptor, blocking, to be passed on.
    fn into_fd(mut self) -> io::Result<OwnedFd> {
        self.set_blocking(true)?;
        match self.source.take() {
            Some(Source::Plain(fd)) => Ok(fd),
            Some(Source::Registered(fd, _)) => Ok(fd.into_inner()),
            None => Err(Errno::EBADF.into()),
        }
    }

    /// Has a description of our own block or not, where it did otherwise up to now.
    #[inline]
    fn set_blocking(&mut self, wanted: bool) -> io::Result<()> {
        if self.kind == (Kind::Own { blocks: !wanted }) {
            set_nonblocking(self.as_fd(), !wanted)?;
            self.kind = Kind::Own { blocks: wanted };
        }
        Ok(())
    }

    /// How many bytes were taken and have not gone out: none ever, what was written is in the pipe.
    pub(crate) fn in_flight(&self) -> usize {
        0
    }

    /// Waits in `poll(2)` until the system has something to say about `events`.
    fn wait(&self, events: PollFlags) -> io::Result<()> {
        loop {
            let timeout = match self.deadline {
                None => PollTimeout::NONE,
                Some(deadline) => until(deadline),
            };
            match poll(&mut [PollFd::new(self.as_fd(), events)], timeout) {
                Ok(1..) => return Ok(()),
                Ok(_) if self.deadline.is_some_and(|deadline| deadline <= Instant::now()) => {
                    return Err(io::ErrorKind::TimedOut.into());
                }
                Ok(_) | Err(Errno::EINTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
    }

    /// Is something known about `events` now?
    fn is_ready(&self, events: PollFlags) -> io::Result<bool> {
        Ok(poll(&mut [PollFd::new(self.as_fd(), events)], PollTimeout::ZERO)? > 0)
    }

    /// Reads what there is. Where that is nothing it waits, if it `waits` and can; or says
    /// [`io::ErrorKind::WouldBlock`].
    fn read_once(&self, buffer: &mut [MaybeUninit<u8>], waits: bool) -> io::Result<usize> {
        let (fd, at, len) = (self.as_fd().as_raw_fd(), buffer.as_mut_ptr().cast(), buffer.len());
        if self.kind == Kind::Shared && !waits && !self.is_ready(PollFlags::POLLIN)? {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        // SAFETY: both write at most `len` bytes at the pointer.
        let read = unsafe {
            match self.kind {
                Kind::Own { .. } | Kind::Shared => libc::read(fd, at, len),
                Kind::Socket => libc::recv(fd, at, len, unless(waits, libc::MSG_DONTWAIT)),
            }
        };
        match Errno::result(read) {
            // The other end has closed with bytes of ours unread, and all that it sent has come.
            Err(Errno::ECONNRESET) if self.kind == Kind::Socket => Ok(0),
            read => Ok(read? as usize),
        }
    }

    /// Writes what there is room for. Where that is none it waits, if it `waits` and can; or says
    /// [`io::ErrorKind::WouldBlock`].
    fn write_once(&self, bytes: &[u8], waits: bool) -> io::Result<usize> {
        let fd = self.as_fd();
        match self.kind {
            Kind::Own { .. } => Ok(nix::unistd::write(fd, bytes)?),
            Kind::Socket => {
                let flags = unless(waits, libc::MSG_DONTWAIT) | libc::MSG_NOSIGNAL;
                // SAFETY: send reads at most `len` bytes at the pointer.
                let written = unsafe {
                    libc::send(fd.as_raw_fd(), bytes.as_ptr().cast(), bytes.len(), flags)
                };
                Ok(Errno::result(written)? as usize)
            }
            Kind::Shared if !waits && !self.is_ready(PollFlags::POLLOUT)? => {
                Err(io::ErrorKind::WouldBlock.into())
            }
            Kind::Shared => Ok(nix::unistd::write(fd, &bytes[..bytes.len().min(libc::PIPE_BUF)])?),
        }
    }

    /// As [`write_once`](Self::write_once), from several places.
    fn write_vectored_once(&self, slices: &[IoSlice<'_>], waits: bool) -> io::Result<usize> {
        match self.kind {
            Kind::Own { .. } => Ok(nix::sys::uio::writev(self.as_fd(), slices)?),
            Kind::Socket => {
                let flags = unless(waits, libc::MSG_DONTWAIT) | libc::MSG_NOSIGNAL;
                let flags = MsgFlags::from_bits_retain(flags);
                let fd = self.as_fd().as_raw_fd();
                Ok(nix::sys::socket::sendmsg::<()>(fd, slices, &[], flags, None)?)
            }
            Kind::Shared => {
                let first = slices.iter().find(|slice| !slice.is_empty());
                first.map_or(Ok(0), |slice| self.write_once(slice, waits))
            }
        }
    }

    /// Reads on this thread, and waits, up to the deadline.
    pub(crate) fn read_on_this_thread(&mut self, buffer: &mut ReadBuf<'_>) -> io::Result<()> {
        // SAFETY: nothing that has been initialised is made uninitialised.
        let unfilled = unsafe { buffer.unfilled_mut() };
        let read =
            self.until_ready(PollFlags::POLLIN, |end, waits| end.read_once(unfilled, waits))?;
        // SAFETY: so many bytes have just been written there.
        unsafe { buffer.assume_init(read) };
        buffer.advance(read);
        Ok(())
    }

    /// Tries on this thread until it does not say [`io::ErrorKind::WouldBlock`] any more, up to the
    /// deadline.
    fn until_ready(
        &mut self,
        events: PollFlags,
        mut attempt: impl FnMut(&Self, bool) -> io::Result<usize>,
    ) -> io::Result<usize> {
        // Without a deadline the call itself is to wait: one system call, where an attempt,
        // `poll(2)` and the next attempt are three.
        let waits = self.deadline.is_none();
        self.set_blocking(waits)?;
        loop {
            match attempt(self, waits) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.wait(events)?,
                result => return result,
            }
        }
    }

    /// Has the runtime that we are in watch it, unless it is what nobody ever waits for, such as a
    /// file. Another one, where it was used before, may have ended by now.
    fn register(&mut self) -> io::Result<()> {
        let here = runtime::Handle::try_current().map(|runtime| runtime.id());
        if let (Some(Source::Registered(_, there)), Ok(here)) = (&self.source, &here)
            && there == here
        {
            return Ok(());
        }
        let here = here.map_err(|_| io::Error::other(NO_RUNTIME))?;
        let fd = match self.source.take() {
            Some(Source::Plain(fd)) => fd,
            Some(Source::Registered(fd, _)) => fd.into_inner(),
            None => return Err(Errno::EBADF.into()),
        };
        let interest = match self.way {
            Way::In => Interest::READABLE,
            Way::Out => Interest::WRITABLE,
            Way::Both => Interest::READABLE | Interest::WRITABLE,
        };
        // SAFETY: an OwnedFd is open and the same for as long as it lives.
        match unsafe { AsyncFd::register_with_interest(fd, interest) } {
            Ok(registered) => {
                self.source = Some(Source::Registered(registered, here));
                self.exhausted = false;
                Ok(())
            }
            Err(refused) => {
                let (fd, error) = refused.into_parts();
                self.source = Some(Source::Plain(fd));
                // epoll takes no files.
                if error.raw_os_error() == Some(libc::EPERM) { Ok(()) } else { Err(error) }
            }
        }
    }
}

impl End {
    /// Is there something to read, or the end? Takes nothing of it.
    pub(crate) fn poll_readable(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let is_readable = |end: &Self| match end.is_ready(PollFlags::POLLIN)? {
            true => Ok(0),
            false => Err(io::ErrorKind::WouldBlock.into()),
        };
        self.poll_io(context, Way::In, 0, is_readable).map_ok(|_| ())
    }

    /// As [`poll_readable`](Self::poll_readable), on this thread, up to the deadline.
    pub(crate) fn wait_readable(&mut self) -> io::Result<()> {
        self.wait(PollFlags::POLLIN)
    }

    /// Tries to move `asked` bytes until it does not say [`io::ErrorKind::WouldBlock`] any more.
    fn poll_io(
        &mut self,
        context: &mut Context<'_>,
        way: Way,
        asked: usize,
        mut attempt: impl FnMut(&Self) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        self.register()?;
        self.set_blocking(false)?;
        let mut looks = !self.exhausted || self.deadline.is_some();
        loop {
            let Some(Source::Registered(fd, _)) = &self.source else {
                return Poll::Ready(attempt(self));
            };
            let ready = match way {
                Way::In => fd.poll_read_ready(context),
                Way::Out | Way::Both => fd.poll_write_ready(context),
            };
            let mut guard = match ready {
                Poll::Ready(guard) => Some(guard?),
                // The runtime has not heard of it. That may be because it has not listened yet, and
                // whoever has a deadline in the past wants to know what there is now.
                Poll::Pending if looks && coop::has_budget_remaining() => None,
                Poll::Pending => return Poll::Pending,
            };
            looks = false;
            let is_of_runtime = guard.is_some();
            let result = attempt(self);
            let is_nothing =
                result.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock);
            // Of a pipe less than was asked for is all: the next attempt would only say so. (A socket
            // also stops at a descriptor that somebody sends along.)
            let is_rest = matches!(self.kind, Kind::Own { .. })
                && result.as_ref().is_ok_and(|&moved| 0 < moved && moved < asked);
            let is_exhausted = is_nothing || is_rest;
            if is_exhausted && let Some(guard) = &mut guard {
                guard.clear_ready();
            }
            self.exhausted = is_exhausted;
            match (is_nothing, is_of_runtime) {
                (true, true) => {}
                (true, false) => return Poll::Pending,
                (false, true) => return Poll::Ready(result),
                (false, false) => {
                    // Else a task with a busy peer would never let the runtime listen. It is ready:
                    // there is budget.
                    let _ = pin!(coop::consume_budget()).poll(context);
                    return Poll::Ready(result);
                }
            }
        }
    }
}

impl AsyncRead for End {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let asked = buffer.remaining();
        // SAFETY: nothing that has been initialised is made uninitialised.
        let unfilled = unsafe { buffer.unfilled_mut() };
        let attempt = |end: &Self| end.read_once(unfilled, false);
        let read = ready!(self.poll_io(context, Way::In, asked, attempt))?;
        // SAFETY: so many bytes have just been written there.
        unsafe { buffer.assume_init(read) };
        buffer.advance(read);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for End {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_io(context, Way::Out, bytes.len(), |end| end.write_once(bytes, false))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let asked = slices.iter().map(|slice| slice.len()).sum();
        self.poll_io(context, Way::Out, asked, |end| end.write_vectored_once(slices, false))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Waits, up to the deadline.
impl Write for End {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.until_ready(PollFlags::POLLOUT, |end, waits| end.write_once(bytes, waits))
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.until_ready(PollFlags::POLLOUT, |end, waits| end.write_vectored_once(slices, waits))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl AsFd for End {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self.source.as_ref().expect("it is there until `into_fd` or `drop`") {
            Source::Plain(fd) => fd.as_fd(),
            Source::Registered(fd, _) => fd.get_ref().as_fd(),
        }
    }
}

/// Whoever is at the other end of half a socket must see its end though the other half lives on.
impl Drop for End {
    fn drop(&mut self) {
        if self.source.is_some() && self.ends_direction {
            let direction = if self.way == Way::In { Shutdown::Read } else { Shutdown::Write };
            let _ = nix::sys::socket::shutdown(self.as_fd().as_raw_fd(), direction);
        }
    }
}

/// A flag of a call that is not to wait.
fn unless(waits: bool, flag: libc::c_int) -> libc::c_int {
    if waits { 0 } else { flag }
}

/// How long until then, in the milliseconds that `poll(2)` takes, rounded up.
pub(crate) fn until(deadline: Instant) -> PollTimeout {
    let left = deadline.saturating_duration_since(Instant::now()).as_micros().div_ceil(1000);
    PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)
}
