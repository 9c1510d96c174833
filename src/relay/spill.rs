//! Messages for which there is no room, in a file until there is: `full = "spill"`.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::rc::Rc;
use std::sync::Arc;

use bytes::{Buf, Bytes};
use gipc::frames::Batch;
use gipc::framing::{Decoder, Framing, Step};
use tokio::sync::Mutex;
use tracing::{error, warn};

use super::{Hub, Source};
use crate::stream;

/// Up to how many bytes come back at once.
const PIECE: u64 = 256 << 10;

/// A file without a name, which nobody sees and which is gone with us.
pub(crate) struct Spill {
    file: Arc<File>,
    /// Writes to it and reads from it follow each other.
    turn: Mutex<()>,
    /// What is in the file, in order, from one place on.
    pieces: RefCell<VecDeque<Piece>>,
    start: Cell<u64>,
    /// How many messages are in it, or on their way there.
    messages: Cell<u64>,
    has_failed: Cell<bool>,
}

/// Messages of one writer, in the framing `u32`.
#[derive(Clone)]
struct Piece {
    source: Rc<Source>,
    len: u64,
    messages: u64,
}

impl Spill {
    /// In the folder for temporary files.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            file: Arc::new(tempfile::tempfile()?),
            turn: Mutex::default(),
            pieces: RefCell::default(),
            start: Cell::new(0),
            messages: Cell::new(0),
            has_failed: Cell::new(false),
        })
    }

    /// How many messages wait in it.
    pub(super) fn messages(&self) -> u64 {
        self.messages.get()
    }

    /// Does it take no more?
    pub(super) fn has_failed(&self) -> bool {
        self.has_failed.get()
    }

    /// Adds messages behind those that are there.
    async fn add(&self, source: &Rc<Source>, frames: Bytes, messages: u64) -> io::Result<()> {
        // Noted first: whoever comes next goes behind these.
        self.messages.set(self.messages.get() + messages);
        let _turn = self.turn.lock().await;
        let len = frames.len() as u64;
        let end = self.start.get() + self.pieces.borrow().iter().map(|it| it.len).sum::<u64>();
        let file = Arc::clone(&self.file);
        let written =
            tokio::task::spawn_blocking(move || stream::write_all_at(&file, &frames, end)).await;
        if let Err(error) = written.map_err(io::Error::other).and_then(|written| written) {
            self.messages.set(self.messages.get() - messages);
            return Err(error);
        }
        let mut pieces = self.pieces.borrow_mut();
        match pieces.back_mut() {
            Some(last) if Rc::ptr_eq(&last.source, source) && last.len + len <= PIECE => {
                last.len += len;
                last.messages += messages;
            }
            _ => pieces.push_back(Piece { source: Rc::clone(source), len, messages }),
        }
        Ok(())
    }

    /// Takes the first messages out.
    async fn take(&self) -> io::Result<Option<(Piece, Batch)>> {
        let _turn = self.turn.lock().await;
        let Some(piece) = self.pieces.borrow().front().cloned() else { return Ok(None) };
        let (file, start) = (Arc::clone(&self.file), self.start.get());
        let mut frames = vec![0; piece.len as usize];
        let read = tokio::task::spawn_blocking(move || {
            stream::read_exact_at(&file, &mut frames, start).map(|()| Bytes::from(frames))
        });
        let frames = read.await.map_err(io::Error::other)??;
        // Else it was given up meanwhile.
        if self.pieces.borrow_mut().pop_front().is_none() {
            return Ok(None);
        }
        self.start.set(start + piece.len);
        if self.pieces.borrow().is_empty() {
            self.start.set(0);
            self.file.set_len(0)?;
        }
        Ok(Some((piece, messages_in(frames))))
    }

    #[cfg(test)]
    fn size(&self) -> u64 {
        self.file.metadata().unwrap().len()
    }

    /// Forgets all that is in it.
    fn give_up(&self) -> Vec<Piece> {
        let pieces: Vec<_> = self.pieces.take().into();
        let messages: u64 = pieces.iter().map(|it| it.messages).sum();
        self.messages.set(self.messages.get() - messages);
        pieces
    }
}

fn messages_in(mut frames: Bytes) -> Batch {
    // A message is as large as its channel allows, and each is whole.
    let mut decoder = Decoder::new(Framing::U32, usize::MAX);
    let mut messages = Vec::new();
    while let Ok(Step::Frame(frame)) = decoder.decode(&frames) {
        messages.push(frames.slice(frame.payload.clone()));
        frames.advance(frame.len);
    }
    messages.into_iter().collect()
}

impl Hub {
    /// Puts messages into the file, if that is what is to be done with them now; whether it was.
    pub(super) async fn spill(&self, source: &Rc<Source>, batch: &Batch, framing: Framing) -> bool {
        let Some(spill) = &self.spill else { return false };
        let has_room = spill.messages() == 0 && !self.exchange.borrow().is_full();
        if has_room || spill.has_failed() {
            return false;
        }
        let messages = batch.payloads().len() as u64;
        if spill.messages() == 0 {
            // Nobody sees the end before what is in the file.
            self.add_sender();
        }
        let added = spill.add(source, super::in_u32(batch, framing), messages).await;
        self.changed.notify_waiters();
        match added {
            Ok(()) => {
                source.count(|counts| counts.spilled += messages);
                true
            }
            Err(error) => {
                if !spill.has_failed.replace(true) {
                    let name = &self.plan.name;
                    error!("channel `{name}`: cannot spill: {error}; from now on its writers wait");
                }
                self.spilled_less();
                false
            }
        }
    }

    /// Where nothing is in the file any more, it sends no more.
    fn spilled_less(&self) {
        if self.spill.as_ref().is_some_and(|spill| spill.messages() == 0) {
            self.sender_over();
        }
        self.changed.notify_waiters();
    }

    /// Brings back what is in the file as soon as there is room for it, for as long as the session.
    /// `refused` is told when some of that is not for the readers: its writer may have ended.
    pub(crate) async fn bring_back(&self, refused: impl Fn()) {
        let Some(spill) = &self.spill else { return };
        loop {
            let is_idle = spill.pieces.borrow().is_empty() || self.exchange.borrow().is_full();
            if is_idle {
                self.changed.notified().await;
                continue;
            }
            match spill.take().await {
                Ok(Some((piece, batch))) => {
                    if !self.put(&piece.source, &batch, Framing::U32).refused.is_empty() {
                        refused();
                    }
                    spill.messages.set(spill.messages.get() - piece.messages);
                    self.spilled_less();
                }
                Ok(None) => {}
                Err(error) => {
                    error!("channel `{}`: cannot read what was spilled: {error}", self.plan.name);
                    self.give_up_spilled();
                }
            }
        }
    }

    /// Nobody will ever have what is in the file.
    pub(super) fn give_up_spilled(&self) {
        let Some(spill) = &self.spill else { return };
        let pieces = spill.give_up();
        for Piece { source, messages, .. } in &pieces {
            source.count(|counts| counts.unread += messages);
            let (name, from) = (&self.plan.name, &source.from);
            warn!("channel `{name}`: {messages} messages from {from} that were spilled are lost");
        }
        if !pieces.is_empty() {
            self.spilled_less();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_spilled_comes_back_in_order_by_its_writer() {
        let spill = Spill::new().unwrap();
        let (a, b) = (Source::new("a"), Source::new("b"));
        let batch = |words: &str| -> Batch { words.split(' ').collect() };
        for (source, words) in [(&a, "1 2"), (&a, "3"), (&b, "4 5"), (&a, "6")] {
            let batch = batch(words);
            let messages = batch.payloads().len() as u64;
            let frames = super::super::in_u32(&batch, Framing::Lines);
            spill.add(source, frames, messages).await.unwrap();
        }
        assert_eq!(spill.messages(), 6);
        let mut got = Vec::new();
        while let Some((piece, batch)) = spill.take().await.unwrap() {
            let words: Vec<_> = batch.payloads().map(|it| it.escape_ascii().to_string()).collect();
            got.push(format!("{} {}", piece.source.from, words.join(" ")));
        }
        assert_eq!(got, ["a 1 2 3", "b 4 5", "a 6"]);
        assert_eq!(spill.file.metadata().unwrap().len(), 0);
    }

    #[tokio::test]
    async fn what_has_come_back_takes_no_room_however_long_others_wait() {
        let spill = Spill::new().unwrap();
        let source = Source::new("a");
        let frames = super::super::in_u32(&[vec![0; 1 << 20]].into_iter().collect(), Framing::U32);
        spill.add(&source, frames.clone(), 1).await.unwrap();
        // Never is there nothing in it.
        for _ in 0..200 {
            spill.add(&source, frames.clone(), 1).await.unwrap();
            spill.take().await.unwrap().unwrap();
        }
        assert!(spill.size() <= 100 << 20, "{}", spill.size());
    }
}
