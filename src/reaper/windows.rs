//! Windows: the handle of a process is signalled at its end, and keeps its exit code. Nobody has to
//! wait for a child, and nobody can take its end away.

use std::io;
use std::os::windows::io::{AsHandle, BorrowedHandle, OwnedHandle};
use std::time::Instant;

use crate::waiting::{self, Waiting};

/// The handle of a process.
#[derive(Debug)]
pub(crate) struct Ending(OwnedHandle);

impl Ending {
    pub(crate) const fn new(process: OwnedHandle) -> Self {
        Self(process)
    }

    /// Has the process ended?
    pub(crate) fn has_come(&self) -> io::Result<bool> {
        waiting::is_signalled(self.as_handle())
    }

    /// Waits until the process has ended.
    pub(crate) async fn wait(&self) -> io::Result<()> {
        let waiting = Waiting::new(self.as_handle())?;
        std::future::poll_fn(|context| waiting.poll(context)).await;
        Ok(())
    }

    /// Waits on this thread, until then at the most; has it ended?
    pub(crate) fn wait_on_this_thread(&self, deadline: Option<Instant>) -> io::Result<bool> {
        waiting::wait_on_this_thread(self.as_handle(), deadline)
    }
}

impl AsHandle for Ending {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.0.as_handle()
    }
}
