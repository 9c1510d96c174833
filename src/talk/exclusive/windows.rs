//! Windows: a mutex that is named after the channel, and a pipe that is looked at.

#![expect(unsafe_code, reason = "system calls on handles")]

use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::ptr;
use std::time::Instant;

use gipc::inherited::Direction;
use gipc::pipes::{self, Descriptor};
use windows_sys::Win32::Foundation::{WAIT_ABANDONED, WAIT_OBJECT_0, WAIT_TIMEOUT};
use windows_sys::Win32::System::Threading::{
    CreateMutexW, INFINITE, ReleaseMutex, WaitForSingleObject,
};

use super::{Interest, TimedOut};

/// Our turn on a channel; over when this is dropped, or this process ends. It is this thread's.
pub(in crate::talk) struct Turn(OwnedHandle);

impl Drop for Turn {
    fn drop(&mut self) {
        // SAFETY: the handle is a mutex's, and open.
        unsafe { ReleaseMutex(self.0.as_raw_handle()) };
    }
}

/// Waits for our turn.
pub(in crate::talk) fn lock(
    fd: &Descriptor,
    direction: Direction,
    deadline: Option<Instant>,
) -> Result<Turn, TimedOut> {
    // Of this session of the user: nobody else has the channel.
    let name = format!("Local\\gipc-{:016x}-{direction:?}", pipes::identity(fd)?);
    let name: Vec<u16> = name.encode_utf16().chain([0]).collect();
    // SAFETY: the name ends with a zero; what the system gives is ours alone.
    let mutex = unsafe {
        let mutex = CreateMutexW(ptr::null(), 0, name.as_ptr());
        if mutex.is_null() {
            return Err(io::Error::last_os_error().into());
        }
        OwnedHandle::from_raw_handle(mutex)
    };
    // SAFETY: the handle is a mutex's, and open.
    match unsafe { WaitForSingleObject(mutex.as_raw_handle(), milliseconds(deadline)) } {
        // Whoever had it before has ended.
        WAIT_OBJECT_0 | WAIT_ABANDONED => Ok(Turn(mutex)),
        WAIT_TIMEOUT => Err(TimedOut::Late),
        _ => Err(io::Error::last_os_error().into()),
    }
}

/// Waits until a byte can be read, or the channel's end seen. Of a handle that blocks nobody tells when
/// there is room.
pub(in crate::talk) fn wait(
    fd: &Descriptor,
    interest: Interest,
    deadline: Option<Instant>,
) -> Result<(), TimedOut> {
    match interest {
        Interest::Read if deadline.is_some() && !pipes::wait_readable(fd, deadline)? => {
            Err(TimedOut::Late)
        }
        Interest::Read | Interest::Write => Ok(()),
    }
}

/// From now until then, rounded up.
fn milliseconds(deadline: Option<Instant>) -> u32 {
    let Some(deadline) = deadline else { return INFINITE };
    let left = deadline.saturating_duration_since(Instant::now());
    left.as_micros().div_ceil(1000).min(u128::from(INFINITE - 1)) as u32
}
