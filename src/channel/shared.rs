//! A handle and its clones: who has a turn, and that it is closed for all of them at once.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::{Mutex, MutexGuard, OwnedMutexGuard};

use super::{Error, on_this_thread};
use crate::frames;

/// What the clones of a handle share: one at a time has it, and none once it is closed.
#[derive(Debug)]
pub(crate) struct Shared<T> {
    name: Arc<str>,
    state: Arc<Mutex<Option<T>>>,
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self { name: Arc::clone(&self.name), state: Arc::clone(&self.state) }
    }
}

/// The handle, open, for as long as this is held.
pub(crate) type Held<'a, T> = tokio::sync::MappedMutexGuard<'a, T>;

impl<T> Shared<T> {
    pub(crate) fn new(name: impl Into<Arc<str>>, state: T) -> Self {
        Self { name: name.into(), state: Arc::new(Mutex::new(Some(state))) }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn rename(&mut self, name: &str) {
        self.name = name.into();
    }

    /// Equal for clones, and for nothing else that lives.
    pub(crate) fn identity(&self) -> usize {
        Arc::as_ptr(&self.state).addr()
    }

    pub(crate) fn closed(&self) -> Error {
        Error::Closed { name: self.name.to_string() }
    }

    pub(crate) fn error(&self, error: frames::Error) -> Error {
        Error::of_frames(&self.name, error)
    }

    fn open<'a>(&self, guard: MutexGuard<'a, Option<T>>) -> Result<Held<'a, T>, Error> {
        MutexGuard::try_map(guard, Option::as_mut).map_err(|_| self.closed())
    }

    /// Waits for a turn.
    pub(crate) async fn lock(&self) -> Result<Held<'_, T>, Error> {
        self.open(self.state.lock().await)
    }

    /// Waits for a turn on this thread, until then at the most.
    pub(crate) fn blocking_lock(&self, deadline: Option<Instant>) -> Result<Held<'_, T>, Error> {
        // Mostly nobody else has it.
        if let Ok(guard) = self.state.try_lock() {
            return self.open(guard);
        }
        match on_this_thread(self.state.lock(), deadline) {
            Some(guard) => self.open(guard),
            None => Err(Error::Timeout { name: self.name.to_string(), pending: 0 }),
        }
    }

    /// A turn that lasts as long as its owner likes.
    pub(crate) fn try_lock_owned(&self) -> Result<OwnedMutexGuard<Option<T>>, Error> {
        let guard = Arc::clone(&self.state).try_lock_owned().map_err(|_| self.locked())?;
        if guard.is_some() { Ok(guard) } else { Err(self.closed()) }
    }

    /// A turn, where nobody has it.
    pub(crate) fn try_lock(&self) -> Result<Held<'_, T>, Error> {
        self.open(self.state.try_lock().map_err(|_| self.locked())?)
    }

    /// Closes it for all clones, and gives out what it was.
    pub(crate) fn take(&self) -> Result<T, Error> {
        let mut guard = self.state.try_lock().map_err(|_| self.locked())?;
        guard.take().ok_or_else(|| self.closed())
    }

    fn locked(&self) -> Error {
        Error::Locked { name: self.name.to_string() }
    }
}
