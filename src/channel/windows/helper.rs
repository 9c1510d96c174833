//! A thread that waits in our place, for a handle that blocks.

use std::io;
use std::os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, OwnedHandle};
use std::ptr;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use windows_sys::Win32::Storage::FileSystem::{ReadFile, WriteFile};
use windows_sys::Win32::System::IO::CancelSynchronousIo;

use crate::lock::lock;
use crate::waiting::{self, Event};

/// One call at a time: a read of nothing, or a write.
#[derive(Debug)]
pub(super) struct Helper {
    handle: Arc<OwnedHandle>,
    done: Arc<Done>,
    /// Started with the first call.
    thread: Option<(Sender<Call>, JoinHandle<()>)>,
}

#[derive(Debug)]
struct Done {
    event: Event,
    result: Mutex<Option<io::Result<usize>>>,
}

enum Call {
    Read,
    Write(Vec<u8>),
}

impl Helper {
    pub(super) fn new(handle: Arc<OwnedHandle>) -> io::Result<Self> {
        let done = Arc::new(Done { event: Event::new()?, result: Mutex::new(None) });
        Ok(Self { handle, done, thread: None })
    }

    /// Is signalled when the call is done.
    pub(super) fn event(&self) -> BorrowedHandle<'_> {
        self.done.event.as_handle()
    }

    /// Is the call done that has begun?
    pub(super) fn is_done(&self) -> bool {
        lock(&self.done.result).is_some()
    }

    /// Begins to read nothing. None may be running.
    pub(super) fn begin_read(&mut self) -> io::Result<()> {
        self.begin(Call::Read)
    }

    /// Begins to write a copy of these bytes. None may be running.
    pub(super) fn begin_write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.begin(Call::Write(bytes.to_vec()))
    }

    fn begin(&mut self, call: Call) -> io::Result<()> {
        if self.thread.is_none() {
            let (calls, to_do) = mpsc::channel();
            let (handle, done) = (Arc::clone(&self.handle), Arc::clone(&self.done));
            let work = move || to_do.into_iter().for_each(|call| done.say(run(&handle, &call)));
            let thread = std::thread::Builder::new().name("gipc-pipe".to_owned());
            self.thread = Some((calls, thread.stack_size(64 << 10).spawn(work)?));
        }
        self.done.event.reset()?;
        match &self.thread {
            Some((calls, _)) => calls.send(call).map_err(io::Error::other),
            None => Ok(()),
        }
    }

    /// What came of the call that was running, and is done.
    pub(super) fn take_result(&mut self) -> io::Result<usize> {
        let mut result = lock(&self.done.result);
        result.take().unwrap_or(Ok(0))
    }

    /// Ends the call that is running.
    pub(super) fn cancel(&mut self) {
        const AGAIN: Duration = Duration::from_millis(5);
        let Some((_, thread)) = &self.thread else { return };
        loop {
            // SAFETY: the handle of the thread is open.
            unsafe { CancelSynchronousIo(thread.as_raw_handle()) };
            // It may have been on its way into the call, and of that nobody tells.
            match waiting::wait_on_this_thread(self.event(), Some(Instant::now() + AGAIN)) {
                Ok(false) => {}
                _ => break,
            }
        }
        let _ = self.take_result();
    }
}

impl Done {
    fn say(&self, result: io::Result<usize>) {
        *lock(&self.result) = Some(result);
        // Where that cannot be said, nobody can be told.
        let _ = self.event.set();
    }
}

/// Waits for as long as it takes.
fn run(handle: &OwnedHandle, call: &Call) -> io::Result<usize> {
    let mut bytes = 0;
    let handle = handle.as_raw_handle();
    // SAFETY: both are done with the memory when they return.
    let done = unsafe {
        match call {
            Call::Read => ReadFile(handle, ptr::null_mut(), 0, &raw mut bytes, ptr::null_mut()),
            Call::Write(from) => {
                let len = from.len() as u32;
                WriteFile(handle, from.as_ptr(), len, &raw mut bytes, ptr::null_mut())
            }
        }
    };
    if done == 0 { Err(io::Error::last_os_error()) } else { Ok(bytes as usize) }
}

impl Drop for Helper {
    fn drop(&mut self) {
        // Nothing is running: `Pipe` has seen to that. The thread has the handle until it ends.
        if let Some((calls, thread)) = self.thread.take() {
            drop(calls);
            let _ = thread.join();
        }
    }
}
