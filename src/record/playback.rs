//! A record that is read again: its messages, in their order and at their times.

use std::borrow::Cow;
use std::collections::{BTreeSet, VecDeque};
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use base64::prelude::{BASE64_STANDARD, Engine};
use gipc::frames::{self, Batch, FrameReader};
use gipc::framing::Framing;
use gipc::process::ExitCode;
use jiff::Timestamp;
use serde::Deserialize;

use crate::guard::Verdict;
use crate::plan::{Replay, Speed};
use crate::stream::{Patient, Stream};

/// Why a record cannot be played.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("cannot read the record `{}`", path.display())]
    Open { path: PathBuf, source: io::Error },
    #[error("cannot read the record `{}`", path.display())]
    Read { path: PathBuf, source: frames::Error },
    #[error("there is no message of a channel `{name}` in `{}`{}", path.display(), list(.there))]
    NoSuchChannel { name: String, path: PathBuf, there: BTreeSet<String> },
}

impl Error {
    /// 2 where what was typed is to blame, else 125.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::NoSuchChannel { .. } => 2,
            Self::Open { .. } | Self::Read { .. } => Verdict::FAILED,
        }
    }
}

fn list(channels: &BTreeSet<String>) -> String {
    let names: Vec<_> = channels.iter().map(String::as_str).collect();
    match names[..] {
        [] => "; nor of any other".to_owned(),
        [only] => format!("; there are those of `{only}`"),
        _ => format!("; there are those of `{}`", names.join("`, `")),
    }
}

/// What is left out of a record.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Skipped {
    #[error("`{}`, line {number}: it is no message of a record: {why}", path.display())]
    Line { path: PathBuf, number: u64, why: String },
    #[error("`{}`: {count} more lines are no messages of a record", path.display())]
    More { path: PathBuf, count: u64 },
}

/// So many lines are told one by one: more of them, and it is another kind of file.
const TOLD: u64 = 10;

/// What is read of a line. A file of dead letters has all this too.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    time: Cow<'a, str>,
    #[serde(borrow)]
    channel: Cow<'a, str>,
    size: Option<usize>,
    #[serde(borrow)]
    text: Option<Cow<'a, str>>,
    #[serde(borrow)]
    base64: Option<Cow<'a, str>>,
}

/// A message as it was recorded.
#[derive(Debug, PartialEq, Eq)]
struct Recorded {
    time: Timestamp,
    channel: String,
    payload: Vec<u8>,
}

impl Recorded {
    fn of(line: &[u8]) -> Result<Self, String> {
        let Line { time, channel, size, text, base64 } =
            // It is one line to serde, and another one in the file.
            serde_json::from_slice(line)
                .map_err(|error| error.to_string().replace(" at line 1 column", " at column"))?;
        let time = time.parse().map_err(|_| format!("`{time}` is no time"))?;
        let payload = match (text, base64) {
            (Some(text), None) => text.into_owned().into_bytes(),
            (None, Some(base64)) => BASE64_STANDARD
                .decode(base64.as_bytes())
                .map_err(|error| format!("its `base64` is none: {error}"))?,
            _ => return Err("it must have either `text` or `base64`".to_owned()),
        };
        match size {
            Some(size) if size != payload.len() => {
                Err(format!("its `size` is {size}, and it has {} bytes", payload.len()))
            }
            _ => Ok(Self { time, channel: channel.into_owned(), payload }),
        }
    }
}

/// When each message is to go.
#[derive(Debug)]
struct Pace {
    speed: Speed,
    /// The first one: when it was recorded, and when it was played.
    first: Option<(Timestamp, Instant)>,
}

impl Pace {
    /// In how long one that was recorded then is due, where now it is `now`.
    fn wait(&mut self, time: Timestamp, now: Instant) -> Duration {
        let Speed::Times(factor) = self.speed else { return Duration::ZERO };
        let (first, begun) = *self.first.get_or_insert((time, now));
        // A clock that was set back, or a record of several runs: it is due at once.
        let after = Duration::try_from(time.duration_since(first)).unwrap_or_default();
        let after = Duration::try_from_secs_f64(after.as_secs_f64() / factor);
        after.unwrap_or(Duration::MAX).saturating_sub(now.duration_since(begun))
    }
}

/// A record on its way.
pub(crate) struct Playback {
    path: PathBuf,
    /// Where it is open.
    lines: Option<FrameReader<Stream>>,
    /// How many lines have been read.
    number: u64,
    /// Of this channel only.
    channel: Option<String>,
    /// Those that there were.
    there: BTreeSet<String>,
    /// Read, and not played.
    waiting: VecDeque<Recorded>,
    pace: Pace,
    /// Told of what is skipped.
    tell: fn(&Skipped),
    skipped: u64,
}

impl Playback {
    /// Looks for the first message.
    ///
    /// # Errors
    /// Where there is no such file, or no message of the channel that is asked for. Where it is no
    /// regular file, which may have to be waited for, that is told by [`next`](Self::next).
    pub(crate) async fn open(replay: &Replay, tell: fn(&Skipped)) -> Result<Self, Error> {
        let Replay { file: path, channel, speed } = replay.clone();
        let mut playback = Self {
            path,
            lines: None,
            number: 0,
            channel,
            there: BTreeSet::new(),
            waiting: VecDeque::new(),
            pace: Pace { speed, first: None },
            tell,
            skipped: 0,
        };
        let found = std::fs::metadata(&playback.path);
        let found = found.map_err(|source| Error::Open { path: playback.path.clone(), source })?;
        if found.is_file() {
            playback.fill().await?;
        }
        Ok(playback)
    }

    /// The file.
    pub(crate) fn path(&self) -> &std::path::Path {
        &self.path
    }

    /// Was a line skipped?
    pub(crate) fn has_skipped(&self) -> bool {
        self.skipped > 0
    }

    /// The messages whose turn it is; waits for that. `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Batch>, Error> {
        self.fill().await?;
        let Some(first) = self.waiting.front() else { return Ok(None) };
        let wait = self.pace.wait(first.time, Instant::now());
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        let now = Instant::now();
        let is_due = |it: &&Recorded| self.pace.wait(it.time, now).is_zero();
        let due = self.waiting.iter().skip(1).take_while(is_due).count() + 1;
        Ok(Some(self.waiting.drain(..due).map(|it| it.payload).collect()))
    }

    /// Reads until a message waits, or to the end.
    async fn fill(&mut self) -> Result<(), Error> {
        while self.waiting.is_empty() {
            let lines = match &mut self.lines {
                Some(lines) => lines,
                None => self.lines.insert(open(self.path.clone()).await?),
            };
            let batch = lines.batch().await;
            let batch = batch.map_err(|source| Error::Read { path: self.path.clone(), source })?;
            let Some(batch) = batch else {
                self.tell_of_more();
                return self.check_channel();
            };
            for line in batch.payloads() {
                self.number += 1;
                self.take(Recorded::of(line));
            }
        }
        Ok(())
    }

    fn take(&mut self, recorded: Result<Recorded, String>) {
        match recorded {
            Ok(recorded) => {
                let is_wanted = self.channel.as_ref().is_none_or(|it| *it == recorded.channel);
                if !self.there.contains(&recorded.channel) {
                    self.there.insert(recorded.channel.clone());
                }
                if is_wanted {
                    self.waiting.push_back(recorded);
                }
            }
            Err(why) => {
                self.skipped += 1;
                if self.skipped <= TOLD {
                    let (path, number) = (self.path.clone(), self.number);
                    (self.tell)(&Skipped::Line { path, number, why });
                }
            }
        }
    }

    /// At the end: what was skipped and not told.
    fn tell_of_more(&mut self) {
        if let Some(count) = self.skipped.checked_sub(TOLD).filter(|count| *count > 0) {
            (self.tell)(&Skipped::More { path: self.path.clone(), count });
            // Whoever asks again what comes next is told once.
            self.skipped = TOLD;
        }
    }

    fn check_channel(&self) -> Result<(), Error> {
        match &self.channel {
            Some(name) if !self.there.contains(name) => Err(Error::NoSuchChannel {
                name: name.clone(),
                path: self.path.clone(),
                there: self.there.clone(),
            }),
            _ => Ok(()),
        }
    }
}

/// Opens the file in a thread: a FIFO may have no writer yet.
async fn open(path: PathBuf) -> Result<FrameReader<Stream>, Error> {
    let opened = tokio::task::spawn_blocking({
        let path = path.clone();
        move || File::open(path)
    });
    let opened = opened.await.map_err(io::Error::other);
    let file = opened.and_then(|opened| opened).map_err(|source| Error::Open { path, source })?;
    // A line is as long as it is: the file is the user's own.
    Ok(FrameReader::new(Stream::from(Patient::from(file)), Framing::Lines, usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_message_or_says_what_it_is_not() {
        let time = "2026-01-02T03:04:05.678901Z";
        let of = |rest: &str| {
            Recorded::of(format!(r#"{{"time":"{time}","channel":"jobs",{rest}}}"#).as_bytes())
        };
        let payload = |rest: &str| of(rest).map(|it| it.payload);
        assert_eq!(payload(r#""seq":1,"size":2,"text":"\u00e9""#), Ok("é".as_bytes().to_vec()));
        assert_eq!(payload(r#""base64":"/wA=""#), Ok(vec![0xff, 0]));
        assert_eq!(of(r#""text":"""#).unwrap().channel, "jobs");
        for (rest, why) in [
            (r#""size":3,"text":"ab""#, "its `size` is 3, and it has 2 bytes"),
            (r#""size":3"#, "it must have either `text` or `base64`"),
            (r#""text":"a","base64":"YQ==""#, "it must have either `text` or `base64`"),
            (r#""base64":"a""#, "its `base64` is none: "),
        ] {
            let error = of(rest).unwrap_err();
            assert!(error.starts_with(why), "{error}");
        }
        assert!(Recorded::of(br#"{"time":"noon","channel":"c","text":""}"#).is_err());
        assert!(Recorded::of(b"").is_err());
    }

    #[test]
    fn the_times_between_messages_are_kept_divided_by_the_speed() {
        let time =
            |text: &str| -> Timestamp { format!("2026-01-02T03:04:{text}Z").parse().unwrap() };
        let mut pace = Pace { speed: Speed::Times(2.0), first: None };
        let begun = Instant::now();
        assert_eq!(pace.wait(time("05"), begun), Duration::ZERO);
        assert_eq!(pace.wait(time("07"), begun), Duration::from_secs(1));
        let later = begun + Duration::from_millis(600);
        assert_eq!(pace.wait(time("07"), later), Duration::from_millis(400));
        assert_eq!(pace.wait(time("04"), later), Duration::ZERO);
        let mut pace = Pace { speed: Speed::Max, first: None };
        assert_eq!(pace.wait(time("59"), begun), Duration::ZERO);
    }
}
