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

/// A file that has come to be so long is followed by another one, so that it is gone when all of it
/// has come back, be there always more.
const LONG: u64 = 64 << 20;

/// Files without names, which nobody sees and which are gone with us.
pub(crate) struct Spill {
    /// The one that is written to.
    file: RefCell<Arc<File>>,
    /// Where it ends.
    end: Cell<u64>,
    /// Writes to them and reads from them follow each other.
    turn: Mutex<()>,
    /// What is in them, in order.
    pieces: RefCell<VecDeque<Piece>>,
    /// How many messages are in them, or on their way there.
    messages: Cell<u64>,
    has_failed: Cell<bool>,
}

/// Messages of one writer, in the framing `u32`.
#[derive(Clone)]
struct Piece {
    source: Rc<Source>,
    file: Arc<File>,
    start: u64,
    len: u64,
    messages: u64,
}

impl Piece {
    /// Reads it. It is to be done where that may take its time.
    fn read(file: &File, start: u64, len: u64) -> io::Result<Batch> {
        let mut frames = vec![0; len as usize];
        stream::read_exact_at(file, &mut frames, start)?;
        Ok(messages_in(Bytes::from(frames)))
    }
}

impl Spill {
    /// In the folder for temporary files.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            file: RefCell::new(Arc::new(tempfile::tempfile()?)),
            end: Cell::new(0),
            turn: Mutex::default(),
            pieces: RefCell::default(),
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
        let file = Some(Arc::clone(&self.file.borrow())).filter(|_| self.end.get() < LONG);
        let start = if file.is_some() { self.end.get() } else { 0 };
        let written = tokio::task::spawn_blocking(move || {
            let file = file.map_or_else(|| tempfile::tempfile().map(Arc::new), Ok)?;
            stream::write_all_at(&file, &frames, start).map(|()| file)
        });
        let file = match written.await.map_err(io::Error::other).and_then(|written| written) {
            Ok(file) => file,
            Err(error) => {
                self.messages.set(self.messages.get() - messages);
                return Err(error);
            }
        };
        self.file.replace(Arc::clone(&file));
        self.end.set(start + len);
        let mut pieces = self.pieces.borrow_mut();
        match pieces.back_mut() {
            Some(last)
                if Rc::ptr_eq(&last.source, source)
                    && Arc::ptr_eq(&last.file, &file)
                    && last.start + last.len == start
                    && last.len + len <= PIECE =>
            {
                last.len += len;
                last.messages += messages;
            }
            _ => {
                let source = Rc::clone(source);
                pieces.push_back(Piece { source, file, start, len, messages });
            }
        }
        Ok(())
    }

    /// Takes the first messages out.
    async fn take(&self) -> io::Result<Option<(Piece, Batch)>> {
        let _turn = self.turn.lock().await;
        let Some(piece) = self.pieces.borrow().front().cloned() else { return Ok(None) };
        let (file, start, len) = (Arc::clone(&piece.file), piece.start, piece.len);
        let read = tokio::task::spawn_blocking(move || Piece::read(&file, start, len));
        let batch = read.await.map_err(io::Error::other)??;
        // Else it was given up meanwhile.
        if self.pieces.borrow_mut().pop_front().is_none() {
            return Ok(None);
        }
        if self.pieces.borrow().is_empty() {
            self.empty();
        }
        Ok(Some((piece, batch)))
    }

    /// Nothing of what is in the file is needed. Nobody may be writing to it.
    fn empty(&self) {
        self.end.set(0);
        // Where that fails it takes room until our end.
        let _ = self.file.borrow().set_len(0);
    }

    /// How long its files are together, in bytes.
    #[cfg(test)]
    fn size(&self) -> u64 {
        let mut files = vec![Arc::clone(&self.file.borrow())];
        files.extend(self.pieces.borrow().iter().map(|piece| Arc::clone(&piece.file)));
        files.sort_by_key(Arc::as_ptr);
        files.dedup_by(|one, other| Arc::ptr_eq(one, other));
        files.iter().map(|file| file.metadata().unwrap().len()).sum()
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
                Ok(Some((piece, batch))) if self.is_unread() => {
                    self.lose(&piece.source, &batch);
                    self.tell_unread(&piece.source);
                    spill.messages.set(spill.messages.get() - piece.messages);
                    self.spilled_less();
                }
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
        let name = &self.plan.name;
        let mut lost: Vec<(&Source, u64)> = Vec::new();
        for Piece { source, file, start, len, messages } in &pieces {
            match self.dead_letters.as_ref().map(|_| Piece::read(file, *start, *len)) {
                Some(Ok(batch)) => self.bury_unread(&batch),
                Some(Err(error)) => {
                    error!("channel `{name}`: cannot read what was spilled: {error}");
                }
                None => {}
            }
            self.exchange.borrow_mut().pass_over(*messages);
            source.count(|counts| counts.unread += messages);
            match lost.iter_mut().find(|(known, _)| std::ptr::eq(*known, &**source)) {
                Some((_, all)) => *all += messages,
                None => lost.push((source, *messages)),
            }
        }
        for (source, messages) in lost {
            let from = &source.from;
            warn!("channel `{name}`: {messages} messages from {from} that were spilled are lost");
        }
        if !pieces.is_empty() {
            // Unless something is on its way there.
            if spill.messages() == 0 {
                spill.empty();
            }
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
        assert_eq!(spill.size(), 0);
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
