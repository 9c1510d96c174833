//! What the system does in the background, for a handle that was opened for that.

use std::fmt;
use std::io;
use std::mem::MaybeUninit;
use std::os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, OwnedHandle};
use std::ptr;
use std::sync::Arc;

use windows_sys::Win32::Foundation::{ERROR_IO_PENDING, STATUS_PENDING};
use windows_sys::Win32::Storage::FileSystem::{ReadFile, WriteFile};
use windows_sys::Win32::System::IO::{CancelIoEx, GetOverlappedResult, OVERLAPPED};

use crate::waiting::{self, Event};

/// One call at a time: a read of nothing, or a write.
pub(super) struct Overlapped {
    handle: Arc<OwnedHandle>,
    event: Event,
    /// The system writes to it while a call is running.
    overlapped: Box<OVERLAPPED>,
    /// The system reads from it while a write is running.
    bytes: Vec<u8>,
    /// Was the call not done at once?
    pending: bool,
}

// SAFETY: the system does not mind which thread looks at its result.
unsafe impl Send for Overlapped {}
// SAFETY: what is shared is the handle of the event.
unsafe impl Sync for Overlapped {}

impl fmt::Debug for Overlapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Overlapped").field("handle", &self.handle).finish_non_exhaustive()
    }
}

impl Overlapped {
    pub(super) fn new(handle: Arc<OwnedHandle>) -> io::Result<Self> {
        let (event, overlapped) = (Event::new()?, Box::default());
        Ok(Self { handle, event, overlapped, bytes: Vec::new(), pending: false })
    }

    /// Is signalled when the call is done.
    pub(super) fn event(&self) -> BorrowedHandle<'_> {
        self.event.as_handle()
    }

    /// Is the call done that has begun? The system says so in the struct
    /// (`HasOverlappedIoCompleted`).
    pub(super) fn is_done(&self) -> bool {
        // SAFETY: reads a number of ours, which the system may be writing.
        let status = unsafe { ptr::read_volatile(&raw const self.overlapped.Internal) };
        let told = status != STATUS_PENDING as usize;
        told && (!self.pending || waiting::is_signalled(self.event()).unwrap_or(true))
    }

    /// For the next call; none may be running.
    fn clear(&mut self) -> *mut OVERLAPPED {
        *self.overlapped = OVERLAPPED::default();
        self.overlapped.hEvent = self.event.as_handle().as_raw_handle();
        &raw mut *self.overlapped
    }

    /// Begins to read nothing. None may be running.
    pub(super) fn begin_read(&mut self) -> io::Result<()> {
        let (handle, overlapped) = (self.handle.as_raw_handle(), self.clear());
        // SAFETY: the struct stays where it is until the call is done: `Pipe` sees to that.
        let done = unsafe { ReadFile(handle, ptr::null_mut(), 0, ptr::null_mut(), overlapped) };
        self.begun(done)
    }

    /// Begins to write a copy of these bytes. None may be running.
    pub(super) fn begin_write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.bytes.clear();
        self.bytes.extend_from_slice(bytes);
        let (handle, overlapped) = (self.handle.as_raw_handle(), self.clear());
        let (at, len) = (self.bytes.as_ptr(), self.bytes.len() as u32);
        // SAFETY: the struct and the bytes stay where they are until the call is done: `Pipe` sees
        // to that.
        let done = unsafe { WriteFile(handle, at, len, ptr::null_mut(), overlapped) };
        self.begun(done)
    }

    /// Reads, and waits for it. None may be running.
    pub(super) fn read_through(&mut self, buffer: &mut [MaybeUninit<u8>]) -> io::Result<usize> {
        let (handle, overlapped) = (self.handle.as_raw_handle(), self.clear());
        let len = u32::try_from(buffer.len()).unwrap_or(u32::MAX);
        // SAFETY: the buffer outlives the call, whose end is awaited here.
        let done = unsafe {
            ReadFile(handle, buffer.as_mut_ptr().cast(), len, ptr::null_mut(), overlapped)
        };
        self.begun(done)?;
        self.result()
    }

    /// Has a call begun that came back with this?
    fn begun(&mut self, done: i32) -> io::Result<()> {
        self.pending = false;
        if done != 0 {
            return Ok(());
        }
        let error = io::Error::last_os_error();
        self.pending = error.raw_os_error() == Some(ERROR_IO_PENDING as i32);
        if self.pending { Ok(()) } else { Err(error) }
    }

    /// What came of the call that has begun, when it is done.
    pub(super) fn result(&mut self) -> io::Result<usize> {
        // A moment may lie between the result and the event, which then would be the next call's.
        if self.pending {
            waiting::wait_on_this_thread(self.event(), None)?;
        }
        let mut bytes = 0;
        let (handle, overlapped) = (self.handle.as_raw_handle(), &raw const *self.overlapped);
        // SAFETY: the call that the struct is of has begun on this handle.
        match unsafe { GetOverlappedResult(handle, overlapped, &raw mut bytes, 1) } {
            0 => Err(io::Error::last_os_error()),
            _ => Ok(bytes as usize),
        }
    }

    /// Ends the call that is running.
    pub(super) fn cancel(&mut self) {
        // SAFETY: the call that the struct is of has begun on this handle.
        unsafe { CancelIoEx(self.handle.as_raw_handle(), &raw const *self.overlapped) };
        // Until it is done it has our memory.
        let _ = self.result();
    }
}
