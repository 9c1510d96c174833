//! What the processes write, into their channels.

use std::rc::Rc;

use gipc::frames::{Batch, Error, FrameReader};
use gipc::framing::FramingError;
use tokio::io::AsyncRead;

use super::{Draining, Hub, Outcome, Sieve, Source, Trouble};

/// More bytes than can be in a pipe and in what we have read of it.
const IN_A_PIPE: usize = 4 << 20;

/// What becomes of what was heard.
#[derive(Debug)]
pub(crate) enum Heard {
    /// It is passed on.
    Pass,
    /// Somebody else has it.
    Taken,
    /// Somebody else has these, and the others are passed on.
    Shared(Batch),
}

/// Messages that have come already. No more than `room` bytes of them: their writer may write as fast
/// as they are read.
async fn at_once<R: AsyncRead + Unpin>(
    reader: &mut FrameReader<R>,
    room: &mut usize,
) -> Option<Result<Option<Batch>, Error>> {
    if *room == 0 {
        return None;
    }
    // The system has the time to say that there is something.
    tokio::task::yield_now().await;
    let read = tokio::select! {
        biased;
        read = tokio::task::unconstrained(reader.batch()) => read,
        () = std::future::ready(()) => return None,
    };
    if let Ok(Some(batch)) = &read {
        let bytes: usize = batch.payloads().map(|payload| payload.len() + 1).sum();
        *room = room.saturating_sub(bytes);
    }
    Some(read)
}

impl Hub {
    /// Passes on what an incarnation of a writer sends until its end, without what the sieve takes
    /// out. `heard` is told of it first, and may object. Where nobody reads it any more, what has
    /// come by then is lost, and counted.
    pub(crate) async fn collect<R: AsyncRead + Unpin>(
        &self,
        source: &Rc<Source>,
        mut pipe: Draining<FrameReader<R>>,
        mut sieve: Sieve,
        mut heard: impl FnMut(&mut Batch) -> (Heard, Option<Trouble>),
    ) -> Outcome {
        let mut outcome = Outcome::default();
        let framing = pipe.io.framing();
        let mut unread = None;
        let mut turn = None;
        let trouble = loop {
            let next = match &mut unread {
                None => pipe.next(async |reader| reader.batch().await).await,
                Some(room) => match at_once(&mut pipe.io, room).await {
                    Some(read) => Some(read),
                    None => break None,
                },
            };
            match next {
                Some(Ok(Some(mut batch))) => {
                    let refused = sieve.sift(&mut batch, &self.plan.name, source).await;
                    source.count(|counts| counts.refused += refused);
                    outcome.lost |= refused > 0;
                    if batch.payloads().len() == 0 {
                        continue;
                    }
                    let (heard, objection) = heard(&mut batch);
                    match heard {
                        Heard::Taken => {
                            source.count(|counts| counts.add(&batch));
                            batch.truncate(0);
                        }
                        Heard::Shared(taken) => source.count(|counts| counts.add(&taken)),
                        Heard::Pass => {}
                    }
                    if batch.payloads().len() > 0 {
                        if turn.is_none() {
                            turn = Some(source.order.lock().await);
                        }
                        match self.pass(source, &batch, framing).await {
                            Ok(sent) => outcome.lost |= !sent.refused.is_empty(),
                            Err(Trouble::Unread) => _ = unread.get_or_insert(IN_A_PIPE),
                            Err(trouble) => break Some(trouble),
                        }
                    }
                    if objection.is_some() {
                        break objection;
                    }
                }
                Some(Ok(None)) => break None,
                Some(Err(Error::Framing(cut @ FramingError::Truncated { .. }))) => {
                    self.truncated(source, &cut);
                    outcome.lost = true;
                    break None;
                }
                Some(Err(error)) => break Some(Trouble::Garbled(error)),
                // A stranger holds the stream open, and may do so for ever.
                None => {
                    let bytes = pipe.io.unfinished();
                    if bytes > 0 {
                        outcome.lost = true;
                        let what = format_args!("given up after {bytes} bytes of a frame");
                        self.truncated(source, &what);
                    }
                    break None;
                }
            }
        };
        self.tell_unread(source);
        outcome.trouble = trouble.or(unread.map(|_| Trouble::Unread));
        // What it has said is said before its end is told.
        self.said().await;
        outcome
    }
}
