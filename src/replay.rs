//! `gipc replay` without a worker: the messages of a record on standard output.

use std::io;

use gipc::frames::{self, FrameWriter};
use gipc::framing::{Framing, Unfit};
use gipc::process::{ExitCode, Signal};

use crate::guard::Verdict;
use crate::plan::Replay;
use crate::record::playback::{self, Playback};
use crate::stream::Stream;

/// Why not all was written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("cannot replay")]
    Runtime(#[source] io::Error),
    #[error(transparent)]
    Playback(#[from] playback::Error),
    #[error("standard output")]
    Stdout(#[source] frames::Error),
}

/// A message that the framing of standard output cannot carry. Those behind it are written.
#[derive(Debug, thiserror::Error)]
#[error("message {number}: {unfit}")]
struct Refused {
    number: u64,
    unfit: Unfit,
}

impl Error {
    /// 2 where what was typed is to blame, else 125.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Playback(error) => error.exit_code(),
            Self::Runtime(_) | Self::Stdout(_) => Verdict::FAILED,
        }
    }
}

/// Writes the messages.
pub(crate) fn run(replay: &Replay, output: Framing) -> Result<Verdict, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(Error::Runtime)?;
    let written = runtime.block_on(write(replay, output));
    // A thread may still wait for a record that never goes on.
    runtime.shutdown_background();
    match written {
        Err(Error::Stdout(frames::Error::Peer)) => Ok(Verdict::Signal(Signal::PIPE)),
        written => written,
    }
}

async fn write(replay: &Replay, output: Framing) -> Result<Verdict, Error> {
    let mut playback = Playback::open(replay, |skipped| crate::complain(skipped)).await?;
    let stdout = Stream::stdout().map_err(|error| Error::Stdout(error.into()))?;
    let mut stdout = FrameWriter::new(stdout, output);
    let mut number = 0;
    let mut has_refused = false;
    while let Some(batch) = playback.next().await? {
        for payload in batch.payloads() {
            number += 1;
            if let Err(unfit) = stdout.feed(payload) {
                crate::complain(&Refused { number, unfit });
                has_refused = true;
            }
        }
        stdout.flush().await.map_err(Error::Stdout)?;
    }
    let lost = has_refused || playback.has_skipped();
    Ok(Verdict::Exit(if lost { Verdict::MESSAGES_LOST } else { 0 }))
}
