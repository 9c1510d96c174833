//! Waiting for what Windows signals: a process that has ended, an event. On a thread, or in a task
//! of any runtime: the system's own pool of threads wakes it.

#![expect(unsafe_code, reason = "system calls on handles")]

use std::ffi::c_void;
use std::io;
use std::os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, FromRawHandle, OwnedHandle};
use std::ptr;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use windows_sys::Win32::Foundation::{HANDLE, INVALID_HANDLE_VALUE, WAIT_OBJECT_0, WAIT_TIMEOUT};
use windows_sys::Win32::System::Threading::{
    CreateEventW, INFINITE, RegisterWaitForSingleObject, ResetEvent, SetEvent, UnregisterWaitEx,
    WT_EXECUTEINWAITTHREAD, WT_EXECUTEONLYONCE, WaitForSingleObject,
};

use crate::lock::lock;

/// Is it signalled?
pub(crate) fn is_signalled(handle: BorrowedHandle<'_>) -> io::Result<bool> {
    wait_for(handle, 0)
}

/// Waits on this thread, until then at the most; is it signalled?
pub(crate) fn wait_on_this_thread(
    handle: BorrowedHandle<'_>,
    deadline: Option<Instant>,
) -> io::Result<bool> {
    let Some(deadline) = deadline else { return wait_for(handle, INFINITE) };
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        // What is longer than 49 days, in pieces.
        let milliseconds = left.as_micros().div_ceil(1000).min(u128::from(INFINITE - 1)) as u32;
        if wait_for(handle, milliseconds)? {
            return Ok(true);
        }
        if deadline <= Instant::now() {
            return Ok(false);
        }
    }
}

fn wait_for(handle: BorrowedHandle<'_>, milliseconds: u32) -> io::Result<bool> {
    // SAFETY: the handle is open.
    match unsafe { WaitForSingleObject(handle.as_raw_handle(), milliseconds) } {
        WAIT_OBJECT_0 => Ok(true),
        WAIT_TIMEOUT => Ok(false),
        _ => Err(io::Error::last_os_error()),
    }
}

/// A wait for one handle in the background.
#[derive(Debug)]
pub(crate) struct Waiting {
    registration: HANDLE,
    /// The callback has a pointer to this for as long as it is registered.
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    signalled: bool,
    waker: Option<Waker>,
}

// SAFETY: the registration is a token, which any thread may give back.
unsafe impl Send for Waiting {}
// SAFETY: as above; only `drop` uses it.
unsafe impl Sync for Waiting {}

impl Waiting {
    /// Begins. The handle must stay open until this is dropped.
    pub(crate) fn new(handle: BorrowedHandle<'_>) -> io::Result<Self> {
        let state = Arc::new(Mutex::new(State::default()));
        let mut registration = ptr::null_mut();
        // SAFETY: the state outlives the registration: `drop` waits for a callback that is running.
        let registered = unsafe {
            RegisterWaitForSingleObject(
                &raw mut registration,
                handle.as_raw_handle(),
                Some(signalled),
                Arc::as_ptr(&state).cast(),
                INFINITE,
                WT_EXECUTEINWAITTHREAD | WT_EXECUTEONLYONCE,
            )
        };
        if registered == 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(Self { registration, state })
    }

    /// Has it been signalled? The task is woken when it is.
    pub(crate) fn poll(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut state = lock(&self.state);
        if state.signalled {
            return Poll::Ready(());
        }
        match &mut state.waker {
            Some(waker) => waker.clone_from(context.waker()),
            none => *none = Some(context.waker().clone()),
        }
        Poll::Pending
    }
}

unsafe extern "system" fn signalled(state: *mut c_void, _timed_out: bool) {
    // SAFETY: what `Waiting::new` has registered, see there.
    let state = unsafe { &*state.cast_const().cast::<Mutex<State>>() };
    let mut state = lock(state);
    state.signalled = true;
    let waker = state.waker.take();
    // Whoever is woken may look at once.
    drop(state);
    if let Some(waker) = waker {
        waker.wake();
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        // SAFETY: it is registered, and given back once. This waits for a callback that is running.
        unsafe { UnregisterWaitEx(self.registration, INVALID_HANDLE_VALUE) };
    }
}

/// Something that is signalled until it is reset.
#[derive(Debug)]
pub(crate) struct Event(OwnedHandle);

impl Event {
    /// One that is not signalled.
    pub(crate) fn new() -> io::Result<Self> {
        // SAFETY: what the system gives is ours alone.
        unsafe {
            let event = CreateEventW(ptr::null(), 1, 0, ptr::null());
            if event.is_null() {
                return Err(io::Error::last_os_error());
            }
            Ok(Self(OwnedHandle::from_raw_handle(event)))
        }
    }

    pub(crate) fn set(&self) -> io::Result<()> {
        // SAFETY: the handle is an event's, and open.
        match unsafe { SetEvent(self.0.as_raw_handle()) } {
            0 => Err(io::Error::last_os_error()),
            _ => Ok(()),
        }
    }

    pub(crate) fn reset(&self) -> io::Result<()> {
        // SAFETY: the handle is an event's, and open.
        match unsafe { ResetEvent(self.0.as_raw_handle()) } {
            0 => Err(io::Error::last_os_error()),
            _ => Ok(()),
        }
    }
}

impl AsHandle for Event {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.0.as_handle()
    }
}
