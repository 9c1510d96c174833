//! The record of all messages: a JSON object on a line for each.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::prelude::{BASE64_STANDARD, Engine};
use serde::Serialize;
use tokio::io::AsyncWriteExt;
use tokio::sync::Mutex;

use crate::stream::{self, Patient, Stream};

mod dead_letters;
pub(crate) mod playback;

pub(crate) use dead_letters::{DeadLetters, Reason};

/// A file that takes the messages. Clones write to the same one.
#[derive(Clone)]
pub(crate) struct Recorder {
    path: PathBuf,
    file: Arc<Mutex<Stream>>,
}

/// Where a message came from and where it goes.
#[derive(Clone, Copy)]
pub(crate) struct Passage<'a> {
    pub(crate) channel: &'a str,
    pub(crate) from: &'a str,
    pub(crate) to: &'a str,
}

#[derive(Serialize)]
struct Entry<'a> {
    time: &'a str,
    channel: &'a str,
    from: &'a str,
    to: &'a str,
    seq: u64,
    size: usize,
    #[serde(flatten)]
    payload: Payload<'a>,
}

/// What was in a message: `text`, or `base64` where it is not UTF-8.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Payload<'a> {
    Text(&'a str),
    Base64(String),
}

impl<'a> From<&'a [u8]> for Payload<'a> {
    fn from(payload: &'a [u8]) -> Self {
        match std::str::from_utf8(payload) {
            Ok(text) => Self::Text(text),
            Err(_) => Self::Base64(BASE64_STANDARD.encode(payload)),
        }
    }
}

impl Recorder {
    /// Records into the file at `path`, behind what it holds.
    pub(crate) fn open(path: PathBuf) -> io::Result<Self> {
        let file = Arc::new(Mutex::new(append(&path)?));
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
    pub(crate) async fn reopen(&self) -> io::Result<()> {
        let new = append(&self.path)?;
        *self.file.lock().await = new;
        Ok(())
    }

    /// Records messages; the first has number `seq`.
    pub(crate) async fn record<'a>(
        &self,
        passage: Passage<'_>,
        seq: u64,
        payloads: impl Iterator<Item = &'a [u8]>,
    ) -> io::Result<()> {
        let time = now();
        let mut lines = Vec::new();
        for (seq, payload) in (seq..).zip(payloads) {
            write(passage, &time, seq, payload, &mut lines)?;
        }
        let mut file = self.file.lock().await;
        let written = match file.write_all(&lines).await {
            Ok(()) => file.flush().await,
            failed => failed,
        };
        // Each channel may have one of its own.
        written.map_err(|error| {
            io::Error::new(error.kind(), format!("`{}`: {error}", self.path.display()))
        })
    }
}

/// The time as a record has it.
pub(crate) fn now() -> String {
    format!("{:.6}", jiff::Timestamp::now())
}

/// Adds the line of a message.
pub(crate) fn write(
    passage: Passage<'_>,
    time: &str,
    seq: u64,
    payload: &[u8],
    lines: &mut Vec<u8>,
) -> io::Result<()> {
    let Passage { channel, from, to } = passage;
    let size = payload.len();
    let entry = Entry { time, channel, from, to, seq, size, payload: payload.into() };
    serde_json::to_writer(&mut *lines, &entry)?;
    lines.push(b'\n');
    Ok(())
}

fn append(path: &Path) -> io::Result<Stream> {
    Ok(Stream::from(Patient::from(stream::append(path)?)))
}
