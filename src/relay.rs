//! Messages from readers to writers, translated where the framings differ.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use gipc::frames::{Batch, Error, FrameReader, FrameWriter};
use gipc::framing::{Framing, FramingError};
use tokio::net::unix::pipe;
use tokio::sync::{oneshot, watch};
use tracing::error;

use crate::delivery::{Delivery, Leftover};
use crate::record::{Passage, Recorder};
use crate::stream::{self, Stream};

/// What has passed through a channel. Read while it is counted.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) messages: AtomicU64,
    pub(crate) bytes: AtomicU64,
    /// Sent again because their reader died.
    pub(crate) redelivered: AtomicU64,
    /// Never read: there was no reader any more.
    pub(crate) unread: AtomicU64,
    /// Not fit for the framing.
    pub(crate) refused: AtomicU64,
    /// Cut off by the end of the stream.
    pub(crate) truncated: AtomicU64,
}

impl Counts {
    pub(crate) fn add(counter: &AtomicU64, more: u64) {
        counter.fetch_add(more, Ordering::Relaxed);
    }
}

/// A way that messages take: its names, what has passed, and who writes it down.
pub(crate) struct Lane {
    pub(crate) channel: &'static str,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) counts: Arc<Counts>,
    pub(crate) recorder: Option<Recorder>,
}

impl Lane {
    /// Counts, records and translates messages. What the framing cannot carry is named, counted
    /// and left out; whether that was so is the other half of the result.
    async fn pass(
        &self,
        batch: &Batch,
        from: Framing,
        to: Framing,
    ) -> Result<(Bytes, bool), Trouble> {
        let Self { channel, counts, .. } = self;
        let first = counts.messages.load(Ordering::Relaxed) + 1;
        if let Some(recorder) = &self.recorder {
            let passage = Passage { channel, from: &self.from, to: &self.to };
            let recorded = recorder.record(passage, first, batch.payloads()).await;
            recorded.map_err(Trouble::Record)?;
        }
        Counts::add(&counts.messages, batch.payloads().len() as u64);
        Counts::add(&counts.bytes, batch.payloads().map(|payload| payload.len() as u64).sum());
        if let (true, Some(frames)) = (from == to, batch.frames()) {
            return Ok((frames.clone(), false));
        }
        let mut frames = BytesMut::new();
        let mut refused = 0;
        for (number, payload) in (first..).zip(batch.payloads()) {
            if let Err(unfit) = to.encode(payload, &mut frames) {
                refused += 1;
                error!("channel `{channel}`, message {number} from {}: {unfit}", self.from);
            }
        }
        Counts::add(&counts.refused, refused);
        Ok((frames.freeze(), refused > 0))
    }

    /// Tells of a message that the end of the stream has cut off.
    fn truncated(&self, what: &dyn std::fmt::Display) {
        Counts::add(&self.counts.truncated, 1);
        error!("channel `{}`, truncated message from {}: {what}", self.channel, self.from);
    }
}

/// Why messages stopped.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// What came are no messages.
    Garbled(Error),
    /// Nobody reads our output.
    OutputClosed,
    /// Our output cannot be written.
    Output(io::Error),
    /// The record cannot be written.
    Record(io::Error),
}

/// How the messages of one incarnation ended.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) trouble: Option<Trouble>,
    /// Some were refused or torn.
    pub(crate) lost: bool,
}

/// How far a process has come with its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    Running,
    Ended,
    /// And what it has left behind was killed, as far as it is known.
    Killed,
}

/// How long what was written before a kill may take to come, waiting for it in all.
const AFTER_KILL: Duration = Duration::from_secs(1);

/// How often it is read then: more than a pipe can hold.
const READS_AFTER_KILL: u32 = 10_000;

/// A stream that is drained once its writer has ended: until its end, or until nothing has come
/// for as long as `grace`, because a stranger holds it open. One who goes on writing after all that
/// is known was killed is not listened to for long.
pub(crate) struct Draining<R> {
    pub(crate) io: R,
    phase: watch::Receiver<Phase>,
    grace: Duration,
    after_kill: Duration,
    reads_after_kill: u32,
}

impl<R> Draining<R> {
    pub(crate) fn new(io: R, phase: &watch::Receiver<Phase>, grace: Duration) -> Self {
        let (after_kill, reads_after_kill) = (AFTER_KILL, READS_AFTER_KILL);
        Self { io, phase: phase.clone(), grace, after_kill, reads_after_kill }
    }

    /// What `read` gives, or `None` when it is time to give up. `read` is dropped in the middle.
    pub(crate) async fn next<T>(&mut self, mut read: impl AsyncFnMut(&mut R) -> T) -> Option<T> {
        let Self { io, phase, grace, after_kill, reads_after_kill } = self;
        if *phase.borrow() == Phase::Running {
            tokio::select! {
                biased;
                got = read(io) => return Some(got),
                _ = phase.wait_for(|phase| *phase >= Phase::Ended) => {}
            }
        }
        if *phase.borrow() == Phase::Ended {
            tokio::select! {
                biased;
                got = tokio::time::timeout(*grace, read(io)) => return got.ok(),
                _ = phase.wait_for(|phase| *phase == Phase::Killed) => {}
            }
        }
        *reads_after_kill = reads_after_kill.checked_sub(1)?;
        let begun = Instant::now();
        let got = tokio::time::timeout(*after_kill, read(io)).await.ok();
        *after_kill = after_kill.saturating_sub(begun.elapsed());
        got
    }
}

/// Why no more messages go in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    WorkerEnded,
    Asked,
}

/// How long a read of what was there a moment ago may take.
const SNATCHED: Duration = Duration::from_secs(1);

/// Our standard input on its way to the worker; outlives each incarnation.
pub(crate) struct Feed {
    pub(crate) input: FrameReader<Stream>,
    pub(crate) input_ended: bool,
    pub(crate) framing: Framing,
    pub(crate) delivery: Delivery,
    pub(crate) lane: Lane,
}

/// Our end of a pipe into a worker.
pub(crate) struct Inlet {
    write: Option<pipe::Sender>,
    /// The other end, to ask how much is unread. Never read from.
    probe: OwnedFd,
}

impl Inlet {
    /// A pipe into a worker, and the end that is his.
    pub(crate) fn new() -> io::Result<(Self, OwnedFd)> {
        let (read, write) = gipc::pipes::large()?;
        let probe = read.try_clone()?;
        Ok((Self { write: Some(pipe::Sender::from_owned_fd(write)?), probe }, read))
    }
}

impl Feed {
    /// Takes what has come by now, without waiting for more: it was meant for a worker that has
    /// ended, so it goes to the next one, or is counted as unread.
    async fn take_what_is_there(&mut self) -> Result<bool, Trouble> {
        if self.input_ended || !stream::has_something(io::stdin()) {
            return Ok(false);
        }
        let read = self.input.batch_of_one_read();
        // Only where another process has taken it from under our eyes does this wait.
        match tokio::time::timeout(SNATCHED, read).await {
            Ok(Ok(None)) if self.input.unfinished() > 0 => Ok(false),
            Ok(read) => self.take_in(read).await,
            Err(_) => Ok(false),
        }
    }

    /// Sends what there is, until the input ends or `stop` comes, and closes the worker's channel.
    pub(crate) async fn pump(
        mut self,
        mut inlet: Inlet,
        mut stop: oneshot::Receiver<Stop>,
    ) -> (Self, Inlet, Outcome) {
        let mut outcome = Outcome::default();
        self.delivery.begin(gipc::pipes::capacity(&inlet.probe));
        if let Some(write) = inlet.write.take() {
            loop {
                tokio::select! {
                    biased;
                    why = &mut stop => {
                        if why == Ok(Stop::WorkerEnded) {
                            match self.take_what_is_there().await {
                                Ok(lost) => outcome.lost |= lost,
                                Err(trouble) => outcome.trouble = Some(trouble),
                            }
                        }
                        break;
                    }
                    step = self.step(&write) => match step {
                        Ok(Some(lost)) => outcome.lost |= lost,
                        Ok(None) => break,
                        Err(trouble) => {
                            outcome.trouble = Some(trouble);
                            break;
                        }
                    },
                }
            }
        }
        (self, inlet, outcome)
    }

    /// Writes a piece or takes a batch; `None` when there is nothing more. May be dropped anywhere.
    async fn step(&mut self, write: &pipe::Sender) -> Result<Option<bool>, Trouble> {
        let next = self.delivery.unwritten();
        if !next.is_empty() {
            // We hold the other end too: this fails only for want of room.
            if write.writable().await.is_ok()
                && let Ok(written) = write.try_write(next)
            {
                self.delivery.wrote(written);
            }
            return Ok(Some(false));
        }
        if self.input_ended {
            return Ok(None);
        }
        let read = self.input.batch().await;
        self.take_in(read).await.map(Some)
    }

    /// Takes what was read; tells whether a message was refused or torn.
    async fn take_in(&mut self, read: Result<Option<Batch>, Error>) -> Result<bool, Trouble> {
        match read {
            Ok(Some(batch)) => {
                let (frames, lost) =
                    self.lane.pass(&batch, self.input.framing(), self.framing).await?;
                self.delivery.push(&frames);
                Ok(lost)
            }
            Ok(None) => {
                self.input_ended = true;
                Ok(false)
            }
            Err(error) => {
                self.input_ended = true;
                match error {
                    Error::Framing(cut @ FramingError::Truncated { .. }) => {
                        self.lane.truncated(&cut);
                    }
                    error => error!("standard input: {error}; nothing after it is read"),
                }
                Ok(true)
            }
        }
    }

    /// The worker is gone: finds out what he has left unread, and keeps it.
    pub(crate) fn settle(&mut self, inlet: &Inlet) -> Leftover {
        self.delivery.settle(gipc::pipes::unread(&inlet.probe))
    }
}

/// The worker's messages on their way to our standard output; outlives each incarnation.
pub(crate) struct Output {
    pub(crate) writer: FrameWriter<Stream>,
    pub(crate) lane: Lane,
}

impl Output {
    /// Passes on what comes from `source` until its end. Calls `first` at the first message.
    pub(crate) async fn collect(
        mut self,
        mut source: Draining<FrameReader<pipe::Receiver>>,
        mut first: Option<impl FnOnce()>,
    ) -> (Self, Outcome) {
        let mut outcome = Outcome::default();
        let framing = source.io.framing();
        outcome.trouble = loop {
            match source.next(async |reader| reader.batch().await).await {
                Some(Ok(Some(batch))) => {
                    if let Some(tell) = first.take() {
                        tell();
                    }
                    match self.send(&batch, framing).await {
                        Ok(lost) => outcome.lost |= lost,
                        Err(trouble) => break Some(trouble),
                    }
                }
                Some(Ok(None)) => break None,
                Some(Err(Error::Framing(cut @ FramingError::Truncated { .. }))) => {
                    self.lane.truncated(&cut);
                    outcome.lost = true;
                    break None;
                }
                Some(Err(error)) => break Some(Trouble::Garbled(error)),
                // A stranger holds the stream open, and may do so for ever.
                None => {
                    outcome.lost = source.io.unfinished() > 0;
                    if outcome.lost {
                        let bytes = source.io.unfinished();
                        self.lane
                            .truncated(&format_args!("given up after {bytes} bytes of a frame"));
                    }
                    break None;
                }
            }
        };
        (self, outcome)
    }

    async fn send(&mut self, batch: &Batch, framing: Framing) -> Result<bool, Trouble> {
        let (frames, lost) = self.lane.pass(batch, framing, self.writer.framing()).await?;
        self.writer.feed_frames(&frames);
        match self.writer.flush().await {
            Ok(()) => Ok(lost),
            Err(Error::Peer) => Err(Trouble::OutputClosed),
            Err(Error::Io(error)) => Err(Trouble::Output(error)),
            // `flush` neither decodes nor encodes.
            Err(error) => Err(Trouble::Output(io::Error::other(error))),
        }
    }
}
