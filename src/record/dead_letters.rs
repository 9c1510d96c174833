//! The file for messages that cannot be delivered: a JSON object on a line for each.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use serde::Serialize;

use super::Payload;
use crate::stream;

/// The file. Clones write to the same one.
#[derive(Clone)]
pub(crate) struct DeadLetters {
    path: PathBuf,
    file: Rc<RefCell<File>>,
}

/// Why messages are not delivered.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Reason {
    pub(crate) reason: String,
    /// How many readers had it.
    pub(crate) attempts: u32,
    /// The last that its reader has printed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) last_lines: Vec<String>,
}

impl Reason {
    /// For a message that no reader had.
    pub(crate) fn of(reason: impl ToString) -> Self {
        Self { reason: reason.to_string(), ..Self::default() }
    }
}

#[derive(Serialize)]
struct Letter<'a> {
    time: &'a str,
    channel: &'a str,
    seq: u64,
    #[serde(flatten)]
    reason: &'a Reason,
    #[serde(flatten)]
    payload: Payload<'a>,
}

impl DeadLetters {
    /// Writes into the file at `path`, behind what it holds.
    pub(crate) fn open(path: PathBuf) -> io::Result<Self> {
        let file = Rc::new(RefCell::new(stream::append(&path)?));
        Ok(Self { path, file })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Is it for the file at this path?
    pub(crate) fn is_at(&self, path: &Path) -> bool {
        self.path == path
    }

    /// Takes the file at the same path anew: the old one has been moved away. Where that fails it
    /// goes on with the old one.
    pub(crate) fn reopen(&self) -> io::Result<()> {
        let new = stream::append(&self.path)?;
        *self.file.borrow_mut() = new;
        Ok(())
    }

    /// Adds a message. It is in the file when this comes back: letters are rare, and gipc may end
    /// any moment.
    pub(crate) fn add(
        &self,
        channel: &str,
        seq: u64,
        reason: &Reason,
        payload: &[u8],
    ) -> io::Result<()> {
        let time = &format!("{:.6}", jiff::Timestamp::now());
        let payload = payload.into();
        let mut line = serde_json::to_vec(&Letter { time, channel, seq, reason, payload })?;
        line.push(b'\n');
        self.file.borrow_mut().write_all(&line)
    }
}
