//! `send`, `recv` and `call`: one message at a time, over channels that others use too.
//!
//! The descriptors are shared with the program that called us and with whatever else it starts, so
//! they stay blocking, a read takes not a byte too much, and each message is written and read under
//! a lock that other processes see. A timeout only ever ends the wait for the first byte: what has
//! begun is done whole.
//!
//! A descriptor that was lost on the way to this process is had again from its session, where there is
//! one: it is the same one, so that all of this holds for it too.

use std::borrow::Cow;
use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use gipc::frames::{self, FrameReader, FrameWriter};

use gipc::framing::{Framing, Unfit};
use gipc::inherited::{self, Channel, Direction};
use gipc::pipes::Descriptor;
use gipc::process::{ExitCode, Signal};

use crate::guard::Verdict;
use crate::plan::talk::{Count, Source, Talk, What};
use crate::stream::Patient;

mod exclusive;

use exclusive::{Interest, TimedOut};

/// The channel has ended, or could not take the message.
const ENDED: Verdict = Verdict::Exit(1);

/// Nothing has moved in time.
const TIMED_OUT: Verdict = Verdict::Exit(Verdict::TIMED_OUT);

/// Why a message was not sent or taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Inherited(#[from] inherited::Error),
    #[error("{0}; in a session (--name) it could be obtained again")]
    Lost(inherited::Error),
    #[error("{lost}; nor could it be obtained from the session")]
    NotAgain {
        lost: inherited::Error,
        code: ExitCode,
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("channel `{name}`")]
    Channel { name: String, source: frames::Error },
    #[error("message {number}: {unfit}")]
    Unfit { number: u64, unfit: Unfit },
    #[error("cannot wait for the channel")]
    Wait(#[source] io::Error),
    #[error("standard input")]
    Stdin(#[source] io::Error),
    #[error("standard input")]
    StdinMessage(#[source] frames::Error),
    #[error("standard output")]
    Stdout(#[source] io::Error),
}

impl Error {
    /// 1 where the message or the channel is to blame, 125 where we could not do our part.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Unfit { .. }
            | Self::Channel { source: frames::Error::Unfit(_) | frames::Error::Peer, .. } => 1,
            Self::NotAgain { code, .. } => *code,
            _ => Verdict::FAILED,
        }
    }
}

/// What has come of asking the session for a descriptor that was lost.
pub(crate) enum Found {
    Descriptor(Descriptor),
    /// There is none to ask.
    NoSession,
    /// No session gives any here.
    Nothing,
    /// It has not answered in time.
    Late,
}

/// Asks the session of this process for the descriptor of a channel, for so long.
pub(crate) type Ask<'a> = &'a dyn Fn(&Channel, Option<Duration>) -> Result<Found, Refused>;

/// Why the session gives none: with which code this process ends, and what to say.
pub(crate) type Refused = (ExitCode, Box<dyn std::error::Error + Send + Sync>);

/// Does what `send`, `recv` or `call` was asked for. What is not open here any more is asked for.
pub(crate) fn run(talk: &Talk, ask: Ask<'_>) -> Result<Verdict, Error> {
    match converse(talk, ask) {
        Err(Stop::Error(Error::Stdout(error))) if error.kind() == io::ErrorKind::BrokenPipe => {
            Ok(Verdict::Signal(Signal::PIPE))
        }
        Err(Stop::Error(error)) => Err(error),
        Err(Stop::TimedOut) => Ok(TIMED_OUT),
        Ok(verdict) => Ok(verdict),
    }
}

fn converse(talk: &Talk, ask: Ask<'_>) -> Result<Verdict, Stop> {
    let end = |direction, name: &Option<String>| End::open(direction, name.as_deref(), talk, ask);
    match &talk.what {
        What::Send { channel, source } => end(Direction::Out, channel)?.send(source),
        What::Receive { channel, count, output } => {
            end(Direction::In, channel)?.receive(*count, *output)
        }
        What::Call { message, output } => {
            let (take, give) = (end(Direction::In, &None)?, end(Direction::Out, &None)?);
            call(&take, &give, message, *output)
        }
    }
}

/// Why a conversation stops early.
enum Stop {
    Error(Error),
    TimedOut,
}

impl<E: Into<Error>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

impl From<TimedOut> for Stop {
    fn from(timed_out: TimedOut) -> Self {
        match timed_out {
            TimedOut::Late => Self::TimedOut,
            TimedOut::Failed(error) => Self::Error(Error::Wait(error)),
        }
    }
}

/// A channel that this process was given.
struct End<'a> {
    channel: Channel,
    fd: Descriptor,
    talk: &'a Talk,
}

impl<'a> End<'a> {
    fn open(
        direction: Direction,
        name: Option<&str>,
        talk: &'a Talk,
        ask: Ask<'_>,
    ) -> Result<Self, Stop> {
        let channel = inherited::channel(direction, name).map_err(Error::from)?;
        let fd = match channel.open() {
            Ok(fd) => fd,
            Err(lost @ (inherited::Error::Closed { .. } | inherited::Error::Reused { .. }))
                if channel.inode.is_some() =>
            {
                match ask(&channel, talk.timeout) {
                    Ok(Found::Descriptor(fd)) => fd,
                    Ok(Found::NoSession) => return Err(Error::Lost(lost).into()),
                    Ok(Found::Nothing) => return Err(Error::Inherited(lost).into()),
                    Ok(Found::Late) => return Err(Stop::TimedOut),
                    Err((code, source)) => {
                        return Err(Error::NotAgain { lost, code, source }.into());
                    }
                }
            }
            Err(error) => return Err(Error::from(error).into()),
        };
        Ok(Self { channel, fd, talk })
    }

    fn deadline(&self) -> Option<Instant> {
        self.talk.timeout.map(|timeout| Instant::now() + timeout)
    }

    fn error(&self, source: frames::Error) -> Error {
        Error::Channel { name: self.channel.name.clone(), source }
    }

    fn file(&self) -> Result<Patient, Error> {
        Patient::duplicate(&self.fd).map_err(|error| self.error(frames::Error::Io(error)))
    }

    fn send(&self, source: &Source) -> Result<Verdict, Stop> {
        match source {
            Source::Argument(_) | Source::Stdin => self.put(1, &source.message()?)?,
            Source::Lines => {
                let stdin = io::stdin().lock();
                let mut lines = FrameReader::new(stdin, Framing::Lines, self.talk.max_message);
                let mut number = 0;
                while let Some(line) = lines.blocking_next_ref().map_err(Error::StdinMessage)? {
                    number += 1;
                    self.put(number, line)?;
                }
            }
        }
        Ok(Verdict::Exit(0))
    }

    /// Sends one message.
    fn put(&self, number: u64, payload: &[u8]) -> Result<(), Stop> {
        // Before our turn, so that it is dropped after it: to close a copy of the descriptor is to
        // give the lock up.
        let mut writer = FrameWriter::new(self.file()?, self.channel.framing);
        writer.feed(payload).map_err(|unfit| Error::Unfit { number, unfit })?;
        let deadline = self.deadline();
        let _turn = exclusive::lock(&self.fd, Direction::Out, deadline)?;
        exclusive::wait(&self.fd, Interest::Write, deadline)?;
        writer.blocking_flush().map_err(|error| self.error(error))?;
        Ok(())
    }

    fn receive(&self, count: Count, output: Option<Framing>) -> Result<Verdict, Stop> {
        let several = count != Count::One;
        let mut screen =
            Screen::new(if several { output.or(Some(Framing::Lines)) } else { output });
        let wanted = match count {
            Count::One => 1,
            Count::Exactly(count) => count,
            Count::UntilEnd => u64::MAX,
        };
        for number in 1..=wanted {
            let deadline = self.deadline();
            let message = {
                let _turn = exclusive::lock(&self.fd, Direction::In, deadline)?;
                self.get(deadline)?
            };
            match message {
                Some(message) => screen.show(number, &message)?,
                None if count == Count::UntilEnd => break,
                None => return Ok(ENDED),
            }
        }
        Ok(screen.verdict)
    }

    /// Takes one message; the lock is the caller's.
    fn get(&self, deadline: Option<Instant>) -> Result<Option<Bytes>, Stop> {
        exclusive::wait(&self.fd, Interest::Read, deadline)?;
        let reader = FrameReader::new(self.file()?, self.channel.framing, self.talk.max_message);
        Ok(reader.exact().blocking_get().map_err(|error| self.error(error))?)
    }
}

/// Sends a message and takes the reply, with no other `call` or `recv` in between.
fn call(
    take: &End<'_>,
    give: &End<'_>,
    message: &Source,
    output: Option<Framing>,
) -> Result<Verdict, Stop> {
    let deadline = take.deadline();
    let _turn = exclusive::lock(&take.fd, Direction::In, deadline)?;
    give.send(message)?;
    match take.get(deadline)? {
        Some(reply) => {
            let mut screen = Screen::new(output);
            screen.show(1, &reply)?;
            Ok(screen.verdict)
        }
        None => Ok(ENDED),
    }
}

impl Source {
    /// All of it as one message.
    pub(crate) fn message(&self) -> Result<Cow<'_, [u8]>, Error> {
        if let Self::Argument(message) = self {
            return Ok(Cow::Borrowed(message));
        }
        let mut message = Vec::new();
        io::stdin().lock().read_to_end(&mut message).map_err(Error::Stdin)?;
        Ok(Cow::Owned(message))
    }
}

/// Messages on their way to standard output.
pub(crate) struct Screen {
    /// Without one, each message as it is, and a newline.
    framing: Option<Framing>,
    pub(crate) verdict: Verdict,
}

impl Screen {
    pub(crate) fn new(framing: Option<Framing>) -> Self {
        Self { framing, verdict: Verdict::Exit(0) }
    }

    pub(crate) fn show(&mut self, number: u64, message: &[u8]) -> Result<(), Error> {
        let mut text = BytesMut::new();
        match self.framing {
            Some(framing) => {
                if let Err(unfit) = framing.encode(message, &mut text) {
                    // It is named, and the next ones are not to suffer for it.
                    crate::complain(&Error::Unfit { number, unfit });
                    self.verdict = Verdict::Exit(1);
                }
            }
            None => {
                text.extend_from_slice(message);
                text.extend_from_slice(b"\n");
            }
        }
        let mut stdout = io::stdout().lock();
        stdout.write_all(&text).and_then(|()| stdout.flush()).map_err(Error::Stdout)
    }
}
