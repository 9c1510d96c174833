//! One worker from its start to its end.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, ReadBuf};

use super::Options;
use crate::channel::{Reader, Writer, system};
use crate::codec::Raw;
use crate::failure::Error;
use crate::lines::Begun;
use crate::process::{ExitStatus, Process, Signal};
use crate::spawn::{ChildFd, Command};
use crate::tail::Tail;

/// How much of its standard error is read at once.
const CHUNK: usize = 16 << 10;

/// A child, and our ends of its channels. When it is dropped nothing is left of it and its group.
pub(super) struct Worker {
    process: Process,
    pub(super) ends: Option<Ends>,
    pub(super) probe: system::Probe,
    pub(super) started: Instant,
}

/// Our ends, which those take that use them.
pub(super) struct Ends {
    pub(super) messages: system::End,
    pub(super) answers: system::End,
    /// Unless it has another one.
    pub(super) stderr: Option<system::End>,
}

impl Worker {
    /// Starts one.
    pub(super) fn start(command: Command, name: &str, options: &Options) -> Result<Self, Error> {
        let of_system = |error| Error::io(name, error);
        let (theirs, messages) = system::pipe().map_err(of_system)?;
        let probe = theirs.probe().map_err(of_system)?;
        let (answers, replies) = system::pipe().map_err(of_system)?;
        let mut command = command.name(name).daemon(true);
        let mut stderr = None;
        if !command.declares(ChildFd::STDERR) {
            let (ours, said) = system::pipe().map_err(of_system)?;
            stderr = Some(ours);
            command = command.fd(ChildFd::STDERR, said.give_away().map_err(of_system)?);
        }
        let options_of_channel = options.of_channel();
        command = if options.stdio {
            let theirs = theirs.give_away().map_err(of_system)?;
            let replies = replies.give_away().map_err(of_system)?;
            command.fd(ChildFd::STDIN, theirs).fd(ChildFd::STDOUT, replies)
        } else {
            let theirs = Reader::new(format!("{name}, in"), theirs, options_of_channel, Raw);
            let replies = Writer::new(format!("{name}, out"), replies, options_of_channel, Raw);
            command.channel("in", theirs).channel("out", replies)
        };
        let process = command.spawn()?;
        let ends = Some(Ends { messages, answers, stderr });
        Ok(Self { process, ends, probe, started: Instant::now() })
    }

    /// Waits for its end, and leaves it unreaped: its group is still its own.
    pub(super) async fn ended(&self) {
        // Where the system does not tell, nobody else can know more.
        let _ = self.process.ended().await;
    }

    /// Asks it and its group to end.
    pub(super) fn ask(&self) {
        // One that has another user now is killed, or is not: nothing else can be done.
        let _ = self.process.signal_group(Signal::TERM);
        let _ = self.process.terminate();
    }

    /// Kills it and its group.
    pub(super) fn kill(&self) {
        let _ = self.process.signal_group(Signal::KILL);
        let _ = self.process.kill();
    }

    /// How it has ended. Nothing of its group is left then.
    pub(super) fn reap(&self) -> Result<ExitStatus, Error> {
        self.kill();
        Ok(self.process.reap()?.0)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Somebody else may have waited for it: then it has ended too.
        let _ = self.reap();
    }
}

/// Passes on what a worker says, in whole lines, and keeps the last ones.
pub(super) async fn hear(mut stderr: system::End, tail: Tail) {
    let (mut buffer, mut begun) = (vec![0; CHUNK], Begun::default());
    loop {
        let mut lines = Vec::new();
        let mut pass_on = |whole: &[u8]| {
            tail.keep(whole);
            lines.extend_from_slice(whole);
        };
        let mut read = ReadBuf::new(&mut buffer);
        let result = std::future::poll_fn(|context| {
            std::pin::Pin::new(&mut stderr).poll_read(context, &mut read)
        });
        let is_over = result.await.is_err() || read.filled().is_empty();
        if is_over {
            begun.end(&mut pass_on);
        } else {
            begun.take(read.filled(), &mut pass_on);
        }
        if !lines.is_empty() {
            // Where ours makes us wait, only this worker does too.
            let said = tokio::task::spawn_blocking(move || io::stderr().write_all(&lines));
            let _ = said.await;
        }
        if is_over {
            return;
        }
    }
}

/// How long what was written before an end may take to come, where a stranger holds a pipe open.
pub(super) const LAST_WORDS: Duration = Duration::from_secs(1);
