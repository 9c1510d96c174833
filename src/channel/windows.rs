//! Pipes on Windows: an end waits for nothing but its own event, in any runtime or on a thread, up
//! to a deadline.
//!
//! Whether a handle blocks is decided as it is opened. So a channel is made when the first of its
//! ends is used or given away: an end that a program in any language is to have blocks, ours does
//! its work in the background ([`overlapped`]). What was passed to us and blocks has a thread that
//! waits for us ([`helper`]).
//!
//! To wait for something to read is to read nothing: a read of no bytes ends as soon as there are
//! some, and takes none. So whoever gives up waiting has lost nothing. A write cannot be taken back
//! once it has begun; until it is done it counts as what goes out ahead of the next message.

#![expect(unsafe_code, reason = "reading into and writing from any kind of buffer")]

use std::io::{self, Write};
use std::mem::MaybeUninit;
use std::os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, OwnedHandle};
use std::pin::{Pin, pin};
use std::ptr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::coop;
use windows_sys::Wdk::Storage::FileSystem::{
    FILE_SYNCHRONOUS_IO_ALERT, FILE_SYNCHRONOUS_IO_NONALERT, FileModeInformation,
    NtQueryInformationFile,
};
use windows_sys::Win32::Storage::FileSystem::{ReadFile, WriteFile};
use windows_sys::Win32::System::IO::IO_STATUS_BLOCK;

use super::{Passed, Wanted, Way};
use crate::lock::lock;
use crate::pipes::{self, Descriptor, Mode};
use crate::waiting::{self, Waiting};

#[path = "windows/helper.rs"]
mod helper;
#[path = "windows/overlapped.rs"]
mod overlapped;

use helper::Helper;
use overlapped::Overlapped;

/// How many bytes are written at once at the most: each is copied, as it may outlive its caller.
pub(crate) const WRITE_SIZE: usize = 64 << 10;

/// A channel that is made when the first of its ends is wanted.
#[derive(Debug)]
struct Pair(Mutex<Ends>);

#[derive(Debug)]
enum Ends {
    Unmade,
    /// It is made; the end that nobody has asked for yet is here.
    Waiting(OwnedHandle),
    /// It is not made, and one of its ends was dropped.
    Alone,
    /// Nothing is left to do.
    Settled,
}

/// An end of a channel that may not be made yet.
#[derive(Debug)]
struct Unmade {
    /// `None` once it was asked for.
    pair: Option<Arc<Pair>>,
    way: Way,
}

impl Unmade {
    /// The end, in this mode where the other one was not asked for before.
    fn make(&mut self, mode: Mode) -> io::Result<OwnedHandle> {
        let Some(pair) = &self.pair else { return Err(io::ErrorKind::NotConnected.into()) };
        let handle = pair.make(self.way, mode)?;
        self.pair = None;
        Ok(handle)
    }
}

impl Drop for Unmade {
    fn drop(&mut self) {
        if let Some(pair) = &self.pair {
            pair.leave();
        }
    }
}

impl Pair {
    fn ends(&self) -> MutexGuard<'_, Ends> {
        lock(&self.0)
    }

    fn make(&self, way: Way, mode: Mode) -> io::Result<OwnedHandle> {
        let mut ends = self.ends();
        if let Ends::Waiting(_) = *ends
            && let Ends::Waiting(handle) = std::mem::replace(&mut *ends, Ends::Settled)
        {
            return Ok(handle);
        }
        let (ours, other) = match way {
            Way::In => pipes::pair(mode, Mode::Overlapped)?,
            _ => pipes::pair(Mode::Overlapped, mode).map(|(read, write)| (write, read))?,
        };
        *ends = match *ends {
            Ends::Unmade => Ends::Waiting(other),
            // Nobody is there for the other end: it closes.
            _ => Ends::Settled,
        };
        Ok(ours)
    }

    /// One of its ends will not be asked for.
    fn leave(&self) {
        let mut ends = self.ends();
        *ends = match *ends {
            Ends::Unmade => Ends::Alone,
            _ => Ends::Settled,
        };
    }
}

/// What the system or a thread does for us in the meantime.
#[derive(Debug)]
enum Background {
    Overlapped(Overlapped),
    Helper(Helper),
}

/// What there is to read.
enum Look {
    Nothing,
    /// So many bytes.
    Bytes(usize),
    /// The other end is gone, and everything was read.
    End,
}

/// An end that is open.
#[derive(Debug)]
struct Pipe {
    /// How its event is awaited in a task. Goes first: its event must be open.
    waiting: Option<Waiting>,
    /// How many bytes are being read (none) or written, while they are.
    running: Option<usize>,
    background: Background,
    handle: Arc<OwnedHandle>,
}

#[derive(Debug)]
enum Source {
    Unmade(Unmade),
    Open(Pipe),
}

/// One end of a pipe.
#[derive(Debug)]
pub(crate) struct End {
    source: Source,
    way: Way,
    /// When blocking calls give up.
    pub(crate) deadline: Option<Instant>,
}

/// Tells how much of what was written to a child it has not read: a second handle of its end would
/// make it another kind of handle, so here it counts as read.
#[derive(Debug)]
pub(crate) struct Probe;

impl Probe {
    /// In bytes.
    pub(crate) fn unread(&self) -> usize {
        0
    }
}

/// A pipe: the end to read from and the end to write to.
pub(crate) fn pipe() -> io::Result<(End, End)> {
    let pair = Arc::new(Pair(Mutex::new(Ends::Unmade)));
    let end = |way| {
        let unmade = Unmade { pair: Some(Arc::clone(&pair)), way };
        End { source: Source::Unmade(unmade), way, deadline: None }
    };
    Ok((end(Way::In), end(Way::Out)))
}

/// Two pipes, one for each direction: of each side the end to read from, and the end to write to.
pub(crate) fn duplex() -> io::Result<[(End, End); 2]> {
    let (one_reads, other_writes) = pipe()?;
    let (other_reads, one_writes) = pipe()?;
    Ok([(one_reads, one_writes), (other_reads, other_writes)])
}

/// How many descriptors a child needs for both directions.
pub(crate) const DUPLEX_DESCRIPTORS: u16 = 2;

/// Both directions, on their way to a child.
pub(crate) fn pass_both(read: End, write: End, wanted: Wanted) -> io::Result<Vec<Passed>> {
    Ok(vec![read.pass(wanted)?, write.pass(wanted)?])
}

/// What has come for both directions.
pub(crate) fn both_passed_to_us(descriptors: Vec<Descriptor>) -> io::Result<(End, End)> {
    match <[Descriptor; DUPLEX_DESCRIPTORS as usize]>::try_from(descriptors) {
        Ok([read, write]) => {
            Ok((End::passed_to_us(read, Way::In)?, End::passed_to_us(write, Way::Out)?))
        }
        Err(_) => Err(io::ErrorKind::InvalidInput.into()),
    }
}

impl End {
    /// The end behind a handle that other processes may have too.
    pub(crate) fn passed_to_us(handle: Descriptor, way: Way) -> io::Result<Self> {
        Ok(Self { source: Source::Open(Pipe::new(handle)?), way, deadline: None })
    }

    /// See [`Probe`].
    pub(crate) fn probe(&self) -> io::Result<Probe> {
        Ok(Probe)
    }

    /// What a child is given, in any language.
    pub(crate) fn give_away(self) -> io::Result<Descriptor> {
        Ok(self.pass(Wanted::ByAnybody)?.descriptor)
    }

    /// A second handle of the same end.
    pub(crate) fn try_clone(&mut self) -> io::Result<Self> {
        let way = self.way;
        Self::passed_to_us(self.open()?.handle.try_clone()?, way)
    }

    /// On its way to a child.
    pub(crate) fn pass(self, wanted: Wanted) -> io::Result<Passed> {
        let mode = match wanted {
            Wanted::ByAnybody => Mode::Blocking,
            Wanted::ByUs => Mode::Overlapped,
        };
        let descriptor = match self.source {
            Source::Unmade(mut unmade) => unmade.make(mode)?,
            Source::Open(pipe) => pipe.into_handle()?,
        };
        Ok(Passed { inode: pipes::identity(&descriptor)?, descriptor, way: self.way })
    }

    /// The handle, where it is open.
    pub(crate) fn raw_handle(&self) -> std::os::windows::io::RawHandle {
        match &self.source {
            Source::Open(pipe) => pipe.handle.as_raw_handle(),
            Source::Unmade(_) => ptr::null_mut(),
        }
    }

    /// How many bytes were taken and have not gone out.
    pub(crate) fn in_flight(&self) -> usize {
        match &self.source {
            Source::Open(pipe) if self.way != Way::In && !pipe.is_done() => {
                pipe.running.unwrap_or(0)
            }
            _ => 0,
        }
    }

    /// It, made now where it was not.
    fn open(&mut self) -> io::Result<&mut Pipe> {
        if let Source::Unmade(unmade) = &mut self.source {
            self.source = Source::Open(Pipe::new(unmade.make(Mode::Overlapped)?)?);
        }
        match &mut self.source {
            Source::Open(pipe) => Ok(pipe),
            Source::Unmade(_) => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    /// Is there something to read, or the end? Takes nothing of it.
    pub(crate) fn poll_readable(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(take_turn(context));
        let pipe = self.open()?;
        while !pipe.is_readable()? {
            ready!(pipe.poll_done(context))?;
        }
        Poll::Ready(Ok(()))
    }

    /// As [`poll_readable`](Self::poll_readable), on this thread, up to the deadline.
    pub(crate) fn wait_readable(&mut self) -> io::Result<()> {
        let deadline = self.deadline;
        let pipe = self.open()?;
        while !pipe.is_readable()? {
            pipe.wait_until_done(deadline)?;
        }
        Ok(())
    }
}

/// A task that always finds something to do must let others have their turn all the same.
fn take_turn(context: &mut Context<'_>) -> Poll<()> {
    pin!(coop::consume_budget()).poll(context)
}

impl Pipe {
    fn new(handle: OwnedHandle) -> io::Result<Self> {
        let handle = Arc::new(handle);
        let background = match mode_of(handle.as_handle())? {
            Mode::Overlapped => Background::Overlapped(Overlapped::new(Arc::clone(&handle))?),
            Mode::Blocking => Background::Helper(Helper::new(Arc::clone(&handle))?),
        };
        Ok(Self { waiting: None, running: None, background, handle })
    }

    fn into_handle(mut self) -> io::Result<OwnedHandle> {
        self.cancel();
        let handle = Arc::clone(&self.handle);
        drop(self);
        // Nobody else has it any more.
        Arc::try_unwrap(handle).or_else(|shared| shared.try_clone())
    }

    /// What is signalled when nothing is running any more.
    fn event(&self) -> BorrowedHandle<'_> {
        match &self.background {
            Background::Overlapped(overlapped) => overlapped.event(),
            Background::Helper(helper) => helper.event(),
        }
    }

    fn is_done(&self) -> bool {
        self.running.is_none()
            || match &self.background {
                Background::Overlapped(overlapped) => overlapped.is_done(),
                Background::Helper(helper) => helper.is_done(),
            }
    }

    /// What came of what was running, if it is done; how many bytes.
    fn take_result(&mut self) -> Option<io::Result<usize>> {
        if self.running.is_none() || !self.is_done() {
            return None;
        }
        self.waiting = None;
        self.running = None;
        Some(match &mut self.background {
            Background::Overlapped(overlapped) => overlapped.result(),
            Background::Helper(helper) => helper.take_result(),
        })
    }

    fn cancel(&mut self) {
        self.waiting = None;
        if self.running.take().is_some() {
            match &mut self.background {
                Background::Overlapped(overlapped) => overlapped.cancel(),
                Background::Helper(helper) => helper.cancel(),
            }
        }
    }

    fn poll_done(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_done() {
            return Poll::Ready(Ok(()));
        }
        let waiting = match self.waiting.take() {
            Some(waiting) => waiting,
            None => Waiting::new(self.event())?,
        };
        ready!(self.waiting.insert(waiting).poll(context));
        Poll::Ready(self.wait_until_done(None))
    }

    fn wait_until_done(&self, deadline: Option<Instant>) -> io::Result<()> {
        // The event may be seen a moment before the result, which alone counts: under Wine it is.
        while !self.is_done() {
            if !waiting::wait_on_this_thread(self.event(), deadline)? {
                return Err(io::ErrorKind::TimedOut.into());
            }
        }
        Ok(())
    }

    /// What there is to read. Where there is nothing, it is awaited from now on.
    fn look(&mut self) -> io::Result<Look> {
        // While a thread waits in a read every other call would wait for it.
        if self.running.is_some() && self.take_result().is_none() {
            return Ok(Look::Nothing);
        }
        match pipes::peek(self.handle.as_handle())? {
            Some(0) => {}
            Some(unread) => return Ok(Look::Bytes(unread)),
            None => return Ok(Look::End),
        }
        let begun = match &mut self.background {
            Background::Overlapped(overlapped) => overlapped.begin_read(),
            Background::Helper(helper) => helper.begin_read(),
        };
        match begun {
            Ok(()) => self.running = Some(0),
            Err(error) if pipes::is_over(&error) => return Ok(Look::End),
            Err(error) => return Err(error),
        }
        Ok(Look::Nothing)
    }

    fn is_readable(&mut self) -> io::Result<bool> {
        Ok(!matches!(self.look()?, Look::Nothing))
    }

    /// Reads what there is, or says [`io::ErrorKind::WouldBlock`] and waits from then on.
    fn read_now(&mut self, buffer: &mut [MaybeUninit<u8>]) -> io::Result<usize> {
        match self.look()? {
            Look::Nothing => Err(io::ErrorKind::WouldBlock.into()),
            Look::End => Ok(0),
            Look::Bytes(unread) => {
                let len = buffer.len().min(unread);
                self.read_through(&mut buffer[..len])
            }
        }
    }

    /// Reads, and waits for it.
    fn read_through(&mut self, buffer: &mut [MaybeUninit<u8>]) -> io::Result<usize> {
        let read = match &mut self.background {
            Background::Overlapped(overlapped) => overlapped.read_through(buffer),
            Background::Helper(_) => {
                let len = u32::try_from(buffer.len()).unwrap_or(u32::MAX);
                let mut read = 0;
                let (handle, at) = (self.handle.as_raw_handle(), buffer.as_mut_ptr().cast());
                // SAFETY: it writes at most `len` bytes there before it returns.
                match unsafe { ReadFile(handle, at, len, &raw mut read, ptr::null_mut()) } {
                    0 => Err(io::Error::last_os_error()),
                    _ => Ok(read as usize),
                }
            }
        };
        match read {
            Err(error) if pipes::is_over(&error) => Ok(0),
            read => read,
        }
    }

    /// Begins to write, or says [`io::ErrorKind::WouldBlock`] while it still does. How many bytes
    /// are on their way.
    fn write_now(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.running.is_some() {
            match self.take_result() {
                None => return Err(io::ErrorKind::WouldBlock.into()),
                Some(written) => written.map_err(for_writer)?,
            };
        }
        let bytes = &bytes[..bytes.len().min(WRITE_SIZE)];
        let begun = match &mut self.background {
            Background::Overlapped(overlapped) => overlapped.begin_write(bytes),
            Background::Helper(helper) => helper.begin_write(bytes),
        };
        begun.map_err(for_writer)?;
        self.running = Some(bytes.len());
        Ok(bytes.len())
    }

    /// Writes, and waits for it.
    fn write_through(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let mut written = 0;
        let (handle, at) = (self.handle.as_raw_handle(), bytes.as_ptr());
        // SAFETY: it reads at most `len` bytes there before it returns.
        match unsafe { WriteFile(handle, at, len, &raw mut written, ptr::null_mut()) } {
            0 => Err(for_writer(io::Error::last_os_error())),
            _ => Ok(written as usize),
        }
    }

    /// May a call on its handle wait by itself?
    fn blocks(&self) -> bool {
        matches!(self.background, Background::Helper(_)) && self.running.is_none()
    }
}

/// There are several ways to say that nobody reads.
fn for_writer(error: io::Error) -> io::Error {
    if pipes::is_over(&error) { io::ErrorKind::BrokenPipe.into() } else { error }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        // What is running has memory of ours, and keeps the other side from seeing an end.
        self.cancel();
    }
}

impl AsyncRead for End {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(take_turn(context));
        let pipe = self.open()?;
        // SAFETY: nothing that has been initialised is made uninitialised.
        let unfilled = unsafe { buffer.unfilled_mut() };
        let read = loop {
            match pipe.read_now(unfilled) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready!(pipe.poll_done(context))?;
                }
                read => break read?,
            }
        };
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
        ready!(take_turn(context));
        let pipe = self.open()?;
        loop {
            match pipe.write_now(bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready!(pipe.poll_done(context))?;
                }
                written => return Poll::Ready(written),
            }
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let pipe = self.open()?;
        ready!(pipe.poll_done(context))?;
        Poll::Ready(match pipe.take_result() {
            Some(Err(error)) => Err(for_writer(error)),
            _ => Ok(()),
        })
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(context)
    }
}

impl End {
    /// Reads on this thread, and waits, up to the deadline.
    pub(crate) fn read_on_this_thread(&mut self, buffer: &mut ReadBuf<'_>) -> io::Result<()> {
        let deadline = self.deadline;
        let pipe = self.open()?;
        // SAFETY: nothing that has been initialised is made uninitialised.
        let unfilled = unsafe { buffer.unfilled_mut() };
        let read = loop {
            if deadline.is_none() && pipe.blocks() {
                break pipe.read_through(unfilled)?;
            }
            match pipe.read_now(unfilled) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    pipe.wait_until_done(deadline)?;
                }
                read => break read?,
            }
        };
        // SAFETY: so many bytes have just been written there.
        unsafe { buffer.assume_init(read) };
        buffer.advance(read);
        Ok(())
    }
}

/// Waits, up to the deadline.
impl Write for End {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let deadline = self.deadline;
        let pipe = self.open()?;
        if deadline.is_none() && pipe.blocks() {
            return pipe.write_through(bytes);
        }
        loop {
            match pipe.write_now(bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    pipe.wait_until_done(deadline)?;
                }
                written => return written,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        let deadline = self.deadline;
        let pipe = self.open()?;
        pipe.wait_until_done(deadline)?;
        match pipe.take_result() {
            Some(Err(error)) => Err(for_writer(error)),
            _ => Ok(()),
        }
    }
}

/// How it was opened.
fn mode_of(handle: BorrowedHandle<'_>) -> io::Result<Mode> {
    let mut status = IO_STATUS_BLOCK::default();
    let mut mode = 0_u32;
    // SAFETY: it writes the one number, on a handle that is open.
    let told = unsafe {
        NtQueryInformationFile(
            handle.as_raw_handle(),
            &raw mut status,
            (&raw mut mode).cast(),
            size_of_val(&mode) as u32,
            FileModeInformation,
        )
    };
    if told < 0 {
        return Err(io::Error::other(format!("it is not known how it was opened: {told:#x}")));
    }
    let blocks = mode & (FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT) != 0;
    Ok(if blocks { Mode::Blocking } else { Mode::Overlapped })
}
