//! This process's standard error, and who is told how it fares.

use std::io::{self, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

use super::outlet::{Drain, Outlet};
use crate::stream::Patient;

/// Starts to write to it.
pub(super) fn open() -> io::Result<(Outlet, Writing)> {
    let closed = Arc::new(Notify::new());
    let file = Some(Patient::duplicate(io::stderr())?);
    let has_lost = Arc::new(AtomicBool::new(false));
    let (tell, lost) = (Arc::clone(&closed), Arc::clone(&has_lost));
    let stderr = Outlet::new(Stderr { file, closed: tell, has_lost: lost });
    Ok((stderr.clone(), Writing { stderr, closed, has_lost }))
}

/// What is being written to standard error.
pub(crate) struct Writing {
    stderr: Outlet,
    closed: Arc<Notify>,
    has_lost: Arc<AtomicBool>,
}

impl Writing {
    /// Told when nobody reads any more.
    pub(crate) fn closed(&self) -> Arc<Notify> {
        Arc::clone(&self.closed)
    }

    /// Writes what there is. What is said later may be lost.
    pub(crate) async fn finish(&self) {
        self.stderr.drained().await;
    }

    /// Could some lines not be written, to a full disk for example?
    pub(crate) fn has_lost(&self) -> bool {
        self.has_lost.load(Ordering::Relaxed)
    }
}

/// This process's standard error.
struct Stderr {
    /// Until it is let go of.
    file: Option<Patient>,
    closed: Arc<Notify>,
    has_lost: Arc<AtomicBool>,
}

impl Drain for Stderr {
    fn write(&mut self, bytes: &[u8]) {
        let Some(file) = &mut self.file else { return };
        // There is nobody to tell but by the exit code, and a worker must not stand still because
        // of it.
        match file.write_all(bytes) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => self.closed.notify_one(),
            Err(_) => self.has_lost.store(true, Ordering::Relaxed),
        }
    }

    /// There is none to take its place.
    fn reopen(&mut self) {
        self.file = None;
    }
}
