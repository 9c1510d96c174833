//! Channels that begin or end at our own standard input and output.

use std::cell::Cell;
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use gipc::frames::{Batch, Error, FrameReader};
use gipc::framing::{Framing, FramingError};
use gipc::route::OutletId;
use tokio::io::AsyncWriteExt;
use tokio::sync::Notify;
use tracing::error;

use super::{Hub, Outcome, Source, Trouble};
use crate::record::playback::Playback;
use crate::stream::Stream;

/// How long a read of what was there a moment ago may take.
const SNATCHED: Duration = Duration::from_secs(1);

/// How much is written at once, in bytes.
const CHUNK: usize = 256 << 10;

/// What is at our standard input and output.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Our standard output, where it is a reader.
    pub(super) outlet: Cell<Option<OutletId>>,
    /// How many bytes it has taken.
    pub(super) written: Cell<u64>,
    /// Our standard input, or a record, is not read any further.
    closed: Cell<bool>,
    /// It waits for input.
    reading: Cell<bool>,
    /// It is to take what is there.
    asked: Notify,
    /// It has.
    answered: Notify,
    /// Who reads our standard output has gone, as in any pipeline: nobody misses what is left.
    unmissed: Cell<bool>,
}

impl Hub {
    /// Passes on our standard input until its end, or until nobody reads it any more.
    pub(crate) fn read_ours(
        self: Rc<Self>,
        source: Rc<Source>,
        framing: Framing,
    ) -> impl Future<Output = Outcome> {
        // From now on there may be something to take, be it before the first poll.
        self.ours.reading.set(true);
        async move { self.read_until_end(&source, framing).await }
    }

    async fn read_until_end(&self, source: &Rc<Source>, framing: Framing) -> Outcome {
        let mut outcome = Outcome::default();
        outcome.trouble = match Stream::stdin() {
            Ok(stdin) => {
                let mut reader = FrameReader::new(stdin, framing, self.plan.max_message);
                self.read_all(source, &mut reader, &mut outcome.lost).await.err()
            }
            Err(error) => Some(Trouble::Garbled(error.into())),
        };
        if let Some(pool) = self.pool.as_ref().filter(|_| outcome.lost) {
            pool.has_lost_input();
        }
        self.ours.reading.set(false);
        self.taken_what_was_there();
        self.sender_over();
        self.changed.notify_waiters();
        outcome
    }

    async fn read_all(
        &self,
        source: &Rc<Source>,
        reader: &mut FrameReader<Stream>,
        lost: &mut bool,
    ) -> Result<(), Trouble> {
        loop {
            self.ours.reading.set(true);
            let read = tokio::select! {
                biased;
                () = self.unread() => return Ok(()),
                () = self.ours.asked.notified() => {
                    let Some(taken) = snatch(reader).await else {
                        self.taken_what_was_there();
                        continue;
                    };
                    taken
                }
                read = reader.batch() => read,
            };
            self.ours.reading.set(false);
            let more = self.take_in(source, read, reader.framing(), lost).await;
            self.taken_what_was_there();
            if !more? {
                return Ok(());
            }
        }
    }

    /// Takes what was read; tells whether there is more.
    async fn take_in(
        &self,
        source: &Rc<Source>,
        read: Result<Option<Batch>, Error>,
        framing: Framing,
        lost: &mut bool,
    ) -> Result<bool, Trouble> {
        match read {
            Ok(Some(batch)) => {
                *lost |= !self.send(source, &batch, framing).await?.refused.is_empty();
                Ok(true)
            }
            Ok(None) => Ok(false),
            Err(error) => {
                *lost = true;
                match error {
                    Error::Framing(cut @ FramingError::Truncated { .. }) => {
                        self.truncated(source, &cut);
                    }
                    error => error!("standard input: {error}; nothing after it is read"),
                }
                Ok(false)
            }
        }
    }

    /// Passes on a record until its end, or until nobody reads it any more.
    pub(crate) async fn replay(&self, source: &Rc<Source>, mut playback: Playback) -> Outcome {
        let mut outcome = Outcome::default();
        outcome.trouble = loop {
            let next = tokio::select! {
                biased;
                () = self.unread() => break None,
                next = playback.next() => next,
            };
            match next {
                // They have come in no frames, so that one framing is as good as another.
                Ok(Some(batch)) => match self.send(source, &batch, Framing::U32).await {
                    Ok(sent) => outcome.lost |= !sent.refused.is_empty(),
                    Err(trouble) => break Some(trouble),
                },
                Ok(None) => break None,
                Err(error) => break Some(Trouble::Playback(error)),
            }
        };
        outcome.lost |= playback.has_skipped();
        self.sender_over();
        self.changed.notify_waiters();
        outcome
    }

    /// Takes no more from our standard input, or from a record.
    pub(crate) fn close_ours(&self) {
        self.ours.closed.set(true);
        self.changed.notify_waiters();
    }

    /// Waits until nobody reads the channel any more, or our end of it is closed.
    async fn unread(&self) {
        while !self.exchange.borrow().is_unread() && !self.ours.closed.get() {
            self.changed.notified().await;
        }
    }

    /// A reader has ended: has what has come by now on our standard input taken, without waiting
    /// for more. It was meant for that reader, so it goes to the next one or is counted as unread.
    pub(super) async fn take_what_is_there(&self) {
        if self.ours.reading.get() {
            self.ours.asked.notify_one();
            self.ours.answered.notified().await;
        }
    }

    /// Nobody is to wait for it any longer.
    pub(super) fn taken_what_was_there(&self) {
        self.ours.answered.notify_waiters();
    }

    /// Nobody misses its messages any more, as who reads our standard output has gone.
    pub(crate) fn forgo(&self) {
        self.ours.unmissed.set(true);
    }

    /// Would nobody miss them?
    pub(crate) fn is_forgone(&self) -> bool {
        self.ours.unmissed.get()
    }

    /// Writes what there is for our standard output, until there is no more.
    pub(crate) async fn write_ours(&self, id: OutletId) -> Outcome {
        let trouble = self.write_to_ours(id).await.err().map(|error| match error.kind() {
            io::ErrorKind::BrokenPipe => Trouble::OutputClosed,
            _ => Trouble::Output(error),
        });
        if matches!(trouble, Some(Trouble::OutputClosed)) {
            self.forgo();
        }
        // Whoever waits for what is left waits in vain.
        self.outlet_over(id);
        Outcome { trouble, lost: false }
    }

    async fn write_to_ours(&self, id: OutletId) -> io::Result<()> {
        let mut stdout = Stream::stdout()?;
        let wake = Rc::clone(&self.wakes.borrow()[id.0]);
        loop {
            let next = self.next_piece(id);
            if !next.is_empty() {
                stdout.write_all(&next).await?;
                stdout.flush().await?;
                self.has_written(id, next.len());
                continue;
            }
            let woken = self.exchange.borrow_mut().ready(id);
            self.wake(&woken);
            if self.exchange.borrow().is_done(id) {
                return Ok(());
            }
            if self.exchange.borrow().unwritten(id) == 0 {
                wake.notified().await;
            }
        }
    }

    /// Our standard output has taken so many bytes more.
    pub(super) fn has_written(&self, id: OutletId, bytes: usize) {
        self.exchange.borrow_mut().wrote(id, bytes, Instant::now());
        self.ours.written.set(self.ours.written.get() + bytes as u64);
        self.changed.notify_waiters();
    }

    /// What is to be written next, in one piece.
    fn next_piece(&self, id: OutletId) -> Bytes {
        let exchange = self.exchange.borrow();
        let mut pieces = exchange.pieces(id);
        let Some(first) = pieces.next() else { return Bytes::new() };
        let mut next = BytesMut::new();
        for piece in pieces {
            if next.is_empty() && first.len() < CHUNK {
                next.extend_from_slice(&first);
            }
            if next.is_empty() || next.len() + piece.len() > CHUNK {
                break;
            }
            next.extend_from_slice(&piece);
        }
        if next.is_empty() { first } else { next.freeze() }
    }
}

/// What is there to be read. `None`: nothing.
async fn snatch(reader: &mut FrameReader<Stream>) -> Option<Result<Option<Batch>, Error>> {
    if !reader.get_ref().has_something() {
        return None;
    }
    // Only where another process has taken it from under our eyes does this wait.
    match tokio::time::timeout(SNATCHED, reader.batch_of_one_read()).await {
        Ok(Ok(None)) if reader.unfinished() > 0 => None,
        Ok(read) => Some(read),
        Err(_) => None,
    }
}
