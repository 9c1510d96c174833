//! `gipc send` and `gipc call` to a process of a session.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use gipc::frames::{self, FrameReader, FrameWriter};
use gipc::framing::Framing;

use super::client::{Client, Error, MAX_REPLY};
use super::socket::Stream;
use super::{Reply, Request};
use crate::guard::Verdict;
use crate::plan::control::Letter;
use crate::plan::talk::Source;
use crate::talk::{self, Screen};

const TIMED_OUT: Verdict = Verdict::Exit(Verdict::TIMED_OUT);

/// How much later than the session we give up: it is the one to say how far it has come.
const LATER: Duration = Duration::from_secs(1);

/// Sends messages, and hears what has become of them.
pub(super) fn send(client: &mut Client, letter: &Letter) -> Result<Verdict, Error> {
    let Letter { channel, source, max_message, .. } = letter;
    match source {
        Source::Lines => {
            let stdin = io::stdin().lock();
            let mut lines = FrameReader::new(stdin, Framing::Lines, *max_message);
            let mut next = || lines.blocking_get().map_err(talk::Error::StdinMessage);
            if Stream::CAN_END {
                return send_all(client, letter, channel, None, || Ok(next()?));
            }
            let mut all = Vec::new();
            while let Some(line) = next()? {
                all.push(line);
            }
            let (count, mut all) = (all.len() as u64, all.into_iter());
            send_all(client, letter, channel, Some(count), || Ok(all.next()))
        }
        Source::Argument(_) | Source::Stdin => {
            let mut message = Some(Bytes::copy_from_slice(&source.message()?));
            send_all(client, letter, channel, Some(1), || Ok(message.take()))
        }
    }
}

/// Sends all that there are: so many, where that is known.
fn send_all(
    client: &mut Client,
    letter: &Letter,
    channel: &Option<String>,
    messages: Option<u64>,
    mut next: impl FnMut() -> Result<Option<Bytes>, Error>,
) -> Result<Verdict, Error> {
    let (to, channel, timeout_ms) = (letter.to.clone(), channel.clone(), letter.milliseconds());
    let request = Request::Send { to, messages, channel, timeout_ms };
    if !is_let_in(client, letter, &request)? {
        return Ok(TIMED_OUT);
    }
    if messages != Some(1) {
        // There may be any number, and each has its time.
        client.give_up_after(None)?;
    }
    while let Some(message) = next()? {
        if !is_taken(client, &message)? {
            break;
        }
    }
    if messages.is_none() {
        client.stream.end();
    }
    match last_reply(client, &mut FrameReader::new(&client.stream, Framing::U32, MAX_REPLY))? {
        None => Ok(TIMED_OUT),
        Some(Reply::Taken { refused, why, dropped, .. }) => {
            if let Some(why) = why {
                crate::say(&why);
            }
            if refused > 1 {
                crate::say(&format!("{refused} messages were refused; this is why the first was"));
            }
            if dropped > 0 {
                crate::say(&format!("the channel was full: {dropped} messages were dropped"));
            }
            Ok(Verdict::Exit((refused + dropped > 0).into()))
        }
        Some(_) => Err(client.unexpected()),
    }
}

/// Sends a message, and shows its answer.
pub(super) fn call(
    client: &mut Client,
    letter: &Letter,
    output: Option<Framing>,
) -> Result<Verdict, Error> {
    let message = letter.source.message()?;
    let request = Request::Call { to: letter.to.clone(), timeout_ms: letter.milliseconds() };
    if !is_let_in(client, letter, &request)? {
        return Ok(TIMED_OUT);
    }
    is_taken(client, &message)?;
    // The answer behind it is for another reader, with another limit.
    let mut replies = FrameReader::new(&client.stream, Framing::U32, MAX_REPLY).exact();
    match last_reply(client, &mut replies)? {
        None => Ok(TIMED_OUT),
        Some(Reply::Answer {}) => {
            let mut answers = FrameReader::new(&client.stream, Framing::U32, letter.max_message);
            let answer = client.frame(&mut answers)?;
            let mut screen = Screen::new(output);
            screen.show(1, &answer)?;
            Ok(screen.verdict)
        }
        Some(_) => Err(client.unexpected()),
    }
}

impl Letter {
    fn milliseconds(&self) -> Option<u64> {
        self.timeout.map(|timeout| timeout.as_millis() as u64)
    }
}

/// May messages come? No: it has not said so in time.
fn is_let_in(client: &mut Client, letter: &Letter, request: &Request) -> Result<bool, Error> {
    client.give_up_after(letter.timeout)?;
    match client.ask(request) {
        Ok(Reply::Open { .. }) => {
            client.give_up_after(letter.timeout.map(|timeout| timeout + LATER))?;
            Ok(true)
        }
        Ok(_) => Err(client.unexpected()),
        Err(error) if error.is_late() => Ok(false),
        Err(error) => Err(error),
    }
}

/// Sends a message. No: the session takes no more, and its reply tells why.
fn is_taken(client: &Client, message: &[u8]) -> Result<bool, Error> {
    match FrameWriter::new(&client.stream, Framing::U32).blocking_put(message) {
        Ok(()) => Ok(true),
        Err(frames::Error::Peer) => Ok(false),
        Err(source) => Err(client.broken(source)),
    }
}

/// What has become of what was sent; `None`: it is not told in time.
fn last_reply(client: &Client, replies: &mut FrameReader<&Stream>) -> Result<Option<Reply>, Error> {
    match client.reply(replies) {
        Ok(reply) => Ok(Some(reply)),
        Err(error) if error.is_late() => Ok(None),
        Err(Error::Ended { name }) => Err(Error::EndedWithMessages { name }),
        Err(error) => Err(error),
    }
}
