//! The side that asks: finds a session, and does what `ps`, `down` and the like are for.

use std::cell::Cell;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use gipc::frames::{self, FrameReader, FrameWriter};
use gipc::framing::Framing;
use gipc::process::{ExitCode, Signal};

use super::lines::Lines;
use super::socket::{self, Stream};
use super::watch;
use super::{Card, Kind, Refusal, Reloaded, Reply, Request, Until};
use super::{sending, watching};
use crate::guard::{self, Verdict};
use crate::plan::control::{Ask, Control};
use crate::report::Ending;
use crate::{standing, talk};

/// The largest reply, in bytes.
pub(super) const MAX_REPLY: usize = 64 << 20;

/// How long a session may take to tell who it is, before we go by what the system says.
const SHORT: Duration = Duration::from_secs(1);

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("no session `{name}` is running{}", others(.there))]
    NoSession { name: String, there: Vec<String> },
    #[error("the session of this process (GIPC_SOCKET is `{}`) has ended", path.display())]
    Gone { path: PathBuf },
    #[error("cannot reach the session at `{}`", path.display())]
    Unreachable { path: PathBuf, source: io::Error },
    #[error("the session `{name}` has ended in the meantime")]
    Ended { name: String },
    #[error("cannot talk to the session `{name}`")]
    Broken { name: String, source: frames::Error },
    #[error("cannot understand the session `{name}`: is it another version of gipc?")]
    Strange { name: String, source: serde_json::Error },
    #[error("the session `{name}` has sent an unexpected reply: is it another version of gipc?")]
    Unexpected { name: String },
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(
        "the session `{name}` has ended in the meantime: it is not known which messages it has accepted"
    )]
    EndedWithMessages { name: String },
    #[error(transparent)]
    Talk(#[from] talk::Error),
    #[error("cannot draw on the terminal")]
    Terminal(#[source] io::Error),
    #[error("cannot wait for the end of process {pid}")]
    Wait { pid: i32, source: io::Error },
}

fn others(sessions: &[String]) -> String {
    match sessions {
        [] => "; nor is any other".to_owned(),
        [only] => format!("; there is `{only}`: name it with -s"),
        many => format!("; there are `{}`: name one with -s", many.join("`, `")),
    }
}

impl Error {
    /// Has the session ended?
    pub(super) fn is_end(&self) -> bool {
        match self {
            Self::NoSession { .. } | Self::Gone { .. } | Self::Ended { .. } => true,
            Self::Refused(refusal) => refusal.kind == Kind::SessionEnded,
            _ => false,
        }
    }

    /// Has the session said nothing in time?
    pub(super) fn is_late(&self) -> bool {
        matches!(self, Self::Broken { source: frames::Error::Io(error), .. }
            if [io::ErrorKind::WouldBlock, io::ErrorKind::TimedOut].contains(&error.kind()))
    }

    /// 2 where what was typed is to blame, else 125.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Refused(Refusal {
                kind: Kind::NoSuchProcess | Kind::NoSuchChannel | Kind::BadRequest,
                ..
            }) => 2,
            Self::Refused(Refusal {
                kind: Kind::NotReady | Kind::ChannelEnded | Kind::Refused,
                ..
            }) => 1,
            Self::Refused(Refusal { kind: Kind::TimedOut, .. }) => Verdict::TIMED_OUT,
            Self::Talk(error) => error.exit_code(),
            _ => Verdict::FAILED,
        }
    }
}

/// Does what a session was to be asked for.
pub(crate) fn run(control: &Control) -> Result<Verdict, Error> {
    let mut client = Client::find(control)?;
    match &control.ask {
        Ask::Ps { names, json } => {
            let instances = client.instances(names)?;
            let text = if *json { pretty(&instances) } else { standing::table(&instances) };
            Ok(crate::cli::print(text.as_bytes()))
        }
        Ask::Watch { names } => {
            drop(client); // A connection is good for one question, and this one has many.
            watch::run(control, names)
        }
        Ask::Why { names, json } => match client.ask(&Request::Why { names: names.clone() })? {
            Reply::Reasons { reasons } => {
                let text = if *json { pretty(&reasons) } else { standing::reasons(&reasons) };
                Ok(crate::cli::print(text.as_bytes()))
            }
            _ => Err(client.unexpected()),
        },
        Ask::Logs { names, lines, follow, color } => {
            let (names, lines, follow) = (names.clone(), *lines, *follow);
            client.follow(&Request::Logs { names, lines, follow }, *color)
        }
        Ask::Tap(watch) => watching::watch(&client, watch),
        Ask::Send(letter) => sending::send(&mut client, letter),
        Ask::Call(letter, output) => sending::call(&mut client, letter, *output),
        Ask::Start(names) => client.have_done(&Request::Start { names: names.clone() }),
        Ask::Stop(names) => client.have_done(&Request::Stop { names: names.clone() }),
        Ask::Restart(names) => client.have_done(&Request::Restart { names: names.clone() }),
        Ask::Signal(signal, names) => {
            let signal = signal.number().to_string();
            client.have_done(&Request::Signal { signal, names: names.clone() })
        }
        Ask::Scale(to) => client.have_done(&Request::Scale { to: to.iter().cloned().collect() }),
        Ask::Wait { names, ready, timeout } => client.wait(names, *ready, *timeout),
        Ask::Reload { color } => client.reload(*color),
        Ask::Down { timeout } => {
            let timeout_ms = timeout.map(|timeout| timeout.as_millis() as u64);
            match client.ask(&Request::Down { timeout_ms })? {
                Reply::Session(Card { pid, .. }) => {
                    let ended = guard::wait_for_end(pid);
                    ended.map_err(|source| Error::Wait { pid, source })?;
                    Ok(Verdict::Exit(0))
                }
                _ => Err(client.unexpected()),
            }
        }
    }
}

fn pretty(value: &impl serde::Serialize) -> String {
    // What has come as JSON can be JSON.
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}

/// What comes from a session, as long as somebody reads what we make of it.
struct Watched<'a> {
    stream: &'a Stream,
    is_heard: Cell<bool>,
}

impl Read for &Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (read, is_heard) = self.stream.read_while_heard(buffer);
        self.is_heard.set(is_heard);
        read
    }
}

/// A connection to a session.
pub(super) struct Client {
    name: String,
    pub(super) stream: Stream,
}

impl Client {
    /// To the one that is named; else that of the gipc that has started us; else that of this folder.
    pub(super) fn find(control: &Control) -> Result<Self, Error> {
        let inherited = std::env::var_os("GIPC_SOCKET").map(PathBuf::from);
        let (path, name) = match (&control.session, inherited) {
            (Some(name), _) => (socket::path_of(name), Some(name.clone())),
            (None, Some(path)) => (path, None),
            (None, None) => (socket::path_of(&control.of_folder), Some(control.of_folder.clone())),
        };
        Self::connect(path, name)
    }

    /// To the one whose socket this is.
    pub(super) fn connect(path: PathBuf, name: Option<String>) -> Result<Self, Error> {
        match Stream::connect(&path) {
            Ok(stream) => {
                let file = || path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                Ok(Self { name: name.unwrap_or_else(file), stream })
            }
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused
                ) =>
            {
                Err(match name {
                    Some(name) => Error::NoSession { name, there: socket::sessions() },
                    None => Error::Gone { path },
                })
            }
            Err(source) => Err(Error::Unreachable { path, source }),
        }
    }

    pub(super) fn instances(&mut self, names: &[String]) -> Result<Vec<standing::Standing>, Error> {
        match self.ask(&Request::Ps { names: names.to_vec() })? {
            Reply::Instances { instances } => Ok(instances),
            _ => Err(self.unexpected()),
        }
    }

    /// Has something done that has no answer but what there is to be said of it.
    fn have_done(&mut self, request: &Request) -> Result<Verdict, Error> {
        match self.ask(request)? {
            Reply::Done { remarks } => {
                remarks.iter().for_each(|remark| crate::say(remark));
                Ok(Verdict::Exit(0))
            }
            _ => Err(self.unexpected()),
        }
    }

    fn wait(
        &mut self,
        names: &[String],
        ready: bool,
        timeout: Option<Duration>,
    ) -> Result<Verdict, Error> {
        self.give_up_after(timeout)?;
        let until = if ready { Until::Ready } else { Until::Ended };
        match self.ask(&Request::Wait { names: names.to_vec(), until }) {
            Ok(Reply::Ended { exit: Ending::Code { code } }) => Ok(Verdict::Exit(code)),
            Ok(Reply::Ended { exit: Ending::Signal { signal, .. } }) => {
                Ok(Verdict::Exit(ExitCode::saturating_add(128, signal as ExitCode)))
            }
            Ok(Reply::Done { .. }) => Ok(Verdict::Exit(0)),
            Ok(_) => Err(self.unexpected()),
            Err(error) if error.is_late() => Ok(Verdict::Exit(Verdict::TIMED_OUT)),
            Err(error) => Err(error),
        }
    }

    /// Waits no longer than this for what the session says next, or takes.
    pub(super) fn give_up_after(&self, timeout: Option<Duration>) -> Result<(), Error> {
        // No time at all would be for ever.
        let limit = timeout.map(|timeout| timeout.max(Duration::from_millis(1)));
        self.stream.set_timeout(limit).map_err(|source| self.broken(source.into()))
    }

    fn reload(&mut self, color: bool) -> Result<Verdict, Error> {
        let Reloaded { started, restarted, stopped, scaled, changed } =
            match self.ask(&Request::Reload { color }) {
                Ok(Reply::Reloaded(reloaded)) => reloaded,
                Ok(_) => return Err(self.unexpected()),
                Err(Error::Refused(Refusal { kind: Kind::BadDescription, message })) => {
                    crate::cli::show_mistakes(&message);
                    return Ok(Verdict::Exit(2));
                }
                Err(error) => return Err(error),
            };
        let mut text = String::new();
        for (what, names) in [
            ("started", started),
            ("restarted", restarted),
            ("stopped", stopped),
            ("scaled", scaled),
            ("changed", changed),
        ] {
            if !names.is_empty() {
                text.push_str(&format!("{what} {}\n", names.join(", ")));
            }
        }
        if text.is_empty() {
            text.push_str("nothing has changed\n");
        }
        Ok(crate::cli::print(text.as_bytes()))
    }

    /// Prints lines as they come.
    fn follow(&mut self, request: &Request, color: bool) -> Result<Verdict, Error> {
        self.say(request)?;
        let watched = Watched { stream: &self.stream, is_heard: Cell::new(true) };
        let mut replies = FrameReader::new(&watched, Framing::U32, MAX_REPLY);
        let mut lines = Lines::new(color);
        loop {
            let reply = self.reply(&mut replies);
            if !watched.is_heard.get() {
                return Ok(Verdict::Signal(Signal::PIPE));
            }
            match reply? {
                Reply::Lines(piece) => {
                    if piece.skipped > 0 {
                        crate::say(&format!("{} lines were skipped", piece.skipped));
                    }
                    match crate::cli::print(lines.render(&piece).as_bytes()) {
                        Verdict::Exit(0) => {}
                        verdict => return Ok(verdict),
                    }
                }
                Reply::Done { .. } => return Ok(Verdict::Exit(0)),
                _ => return Err(self.unexpected()),
            }
        }
    }

    /// Asks, and takes the first reply.
    pub(super) fn ask(&mut self, request: &Request) -> Result<Reply, Error> {
        self.say(request)?;
        self.reply(&mut FrameReader::new(&self.stream, Framing::U32, MAX_REPLY))
    }

    /// The next frame.
    pub(super) fn frame<R: Read>(&self, replies: &mut FrameReader<R>) -> Result<Bytes, Error> {
        match replies.blocking_get() {
            Ok(Some(frame)) => Ok(frame),
            Ok(None) | Err(frames::Error::Peer) => Err(Error::Ended { name: self.name.clone() }),
            Err(source) => Err(self.broken(source)),
        }
    }

    pub(super) fn broken(&self, source: frames::Error) -> Error {
        Error::Broken { name: self.name.clone(), source }
    }

    /// The next reply, unless it is a refusal.
    pub(super) fn reply<R: Read>(&self, replies: &mut FrameReader<R>) -> Result<Reply, Error> {
        match serde_json::from_slice(&self.frame(replies)?) {
            Ok(Reply::Error(refusal)) => Err(refusal.into()),
            Ok(reply) => Ok(reply),
            Err(source) => Err(Error::Strange { name: self.name.clone(), source }),
        }
    }

    pub(super) fn say(&self, request: &Request) -> Result<(), Error> {
        let strange = |source| Error::Strange { name: self.name.clone(), source };
        let request = serde_json::to_vec(request).map_err(strange)?;
        let sent = FrameWriter::new(&self.stream, Framing::U32).blocking_put(&request);
        match sent {
            // It may have refused us without listening: its reply tells why.
            Ok(()) | Err(frames::Error::Peer) => Ok(()),
            Err(source) => Err(Error::Broken { name: self.name.clone(), source }),
        }
    }

    pub(super) fn unexpected(&self) -> Error {
        Error::Unexpected { name: self.name.clone() }
    }
}

/// The process that was started as the session at the other end: as it says itself, or where it
/// does not, the one that listens. `None` where that has ended. In a runtime.
pub(super) fn pid_of(stream: Stream) -> io::Result<Option<i32>> {
    stream.set_timeout(Some(SHORT))?;
    let mut client = Client { name: String::new(), stream };
    match client.ask(&Request::Hello {}) {
        Ok(Reply::Session(Card { pid, .. })) => Ok(Some(pid)),
        Err(Error::Ended { .. } | Error::Refused(Refusal { kind: Kind::SessionEnded, .. })) => {
            Ok(None)
        }
        _ => client.stream.listener().map(Some),
    }
}

/// Waits until the session at this path has ended, but not long.
pub(super) fn wait_for_end_of(path: &Path) {
    if let Ok(stream) = Stream::connect(path)
        && stream.set_timeout(Some(SHORT)).is_ok()
    {
        // It has nothing to say to who asks for nothing.
        let _ = (&stream).read(&mut [0]);
    }
}
