//! What gipc and the workers have to say, on standard error: whole lines, one after the other.
//!
//! ```text
//! pipe ──read──▶ scratch ──whole lines, with prefix──▶ what waits ──one write──▶ standard error
//!                                                  ├──▶ what waits ──one write──▶ log file
//!                                                  └──▶ the last ones, kept ──▶ gipc logs
//! ```
//!
//! One thread writes, so that nothing is spliced, and a reader that is slow or stuck keeps nobody
//! from handling a signal. Workers wait while it has much to write; gipc's own few lines do not.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io::{self, Write as _};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Poll, ready};

use gipc::lines::Begun;
pub(crate) use gipc::tail::Tail;
use regex_lite::Regex;
use serde::Serialize;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::sync::Notify;
use tracing::level_filters::LevelFilter;

use crate::stream::Patient;

mod events;
mod file;
mod kept;
mod outlet;
mod prefix;

use events::Events;
pub(crate) use file::LogFile;
pub(crate) use kept::{GIPC, Kept, Line, Piece, Reader};
use outlet::{Drain, Outlet};
pub(crate) use prefix::{Prefix, color};

/// How much is read at once: all that a pipe holds by default.
const CHUNK: usize = 64 << 10;

thread_local! {
    /// Where all streams are read into, one after the other: who says nothing has no buffer.
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; CHUNK]);
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Pretty,
    /// A JSON object on each line.
    Json,
}

/// What is logged and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) level: LevelFilter,
    pub(crate) format: Format,
    pub(crate) color: bool,
    /// The time in front of each line, which a terminal does not tell.
    pub(crate) time: bool,
}

/// Where lines go.
#[derive(Clone)]
pub(crate) struct Sink {
    stderr: Outlet,
    settings: Settings,
    /// Where somebody may ask for them: the last lines.
    kept: Option<Kept>,
}

/// The line below all others on standard error, a terminal. Clones are the same.
#[derive(Clone)]
pub(crate) struct StatusLine(Outlet);

impl StatusLine {
    /// Shows this there, which is shorter than the terminal is wide; nothing, where it is empty.
    pub(crate) fn show(&self, text: &str) {
        self.0.set_status(text);
    }
}

impl std::fmt::Debug for StatusLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StatusLine")
    }
}

/// What is being written to standard error.
pub(crate) struct Writing {
    stderr: Outlet,
    closed: Arc<Notify>,
    has_lost: Arc<AtomicBool>,
}

/// This process's standard error.
struct Stderr {
    /// Until it is let go of.
    file: Option<Patient>,
    closed: Arc<Notify>,
    has_lost: Arc<AtomicBool>,
}

impl Drain for Stderr {
    fn write(&mut self, bytes: &[u8]) {
        let Some(file) = &mut self.file else { return };
        // There is nobody to tell but by the exit code, and a worker must not stand still because
        // of it.
        match file.write_all(bytes) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => self.closed.notify_one(),
            Err(_) => self.has_lost.store(true, Ordering::Relaxed),
        }
    }

    /// There is none to take its place.
    fn reopen(&mut self) {
        self.file = None;
    }
}

/// Starts to write to this process's standard error, and has gipc's own events written there too.
pub(crate) fn start(settings: Settings, keeps: bool) -> io::Result<(Sink, Writing)> {
    let closed = Arc::new(Notify::new());
    let file = Some(Patient::duplicate(io::stderr())?);
    let has_lost = Arc::new(AtomicBool::new(false));
    let (tell, lost) = (Arc::clone(&closed), Arc::clone(&has_lost));
    let stderr = Outlet::new(Stderr { file, closed: tell, has_lost: lost });
    let kept = keeps.then(Kept::default);
    let sink = Sink { stderr: stderr.clone(), settings, kept };
    // Whatever is said before there is a subscriber is lost, and a second one would be our mistake.
    tracing::subscriber::set_global_default(Events::new(sink.clone())).map_err(io::Error::other)?;
    Ok((sink, Writing { stderr, closed, has_lost }))
}

/// An error of gipc's own that ends it, as a log line.
pub(crate) fn complaint(format: Format, error: &str) -> String {
    match format {
        Format::Pretty => format!("gipc: {error}\n"),
        Format::Json => events::json(tracing::Level::ERROR, error) + "\n",
    }
}

impl Writing {
    /// Told when nobody reads any more.
    pub(crate) fn closed(&self) -> Arc<Notify> {
        Arc::clone(&self.closed)
    }

    /// Writes what there is. What is said later may be lost.
    pub(crate) async fn finish(&self) {
        self.stderr.drained().await;
    }

    /// Could some lines not be written, to a full disk for example?
    pub(crate) fn has_lost(&self) -> bool {
        self.has_lost.load(Ordering::Relaxed)
    }
}

impl Sink {
    /// Adds lines at once: a few words of our own.
    pub(crate) fn say(&self, lines: impl AsRef<[u8]>) {
        self.stderr.add(|waiting| waiting.extend_from_slice(lines.as_ref()));
    }

    /// Is each line an object?
    pub(crate) fn is_json(&self) -> bool {
        self.settings.format == Format::Json
    }

    /// The line below all others.
    pub(crate) fn status_line(&self) -> StatusLine {
        StatusLine(self.stderr.clone())
    }

    /// The last lines, where they are kept.
    pub(crate) fn kept(&self) -> Option<&Kept> {
        self.kept.as_ref()
    }

    /// Writes what there is to standard error, and lets go of it.
    pub(crate) async fn let_go(self) {
        self.stderr.reopen();
        self.stderr.drained().await;
    }

    /// Whoever follows the lines is told that there are no more.
    pub(crate) fn end(&self) {
        if let Some(kept) = &self.kept {
            kept.end();
        }
    }

    /// How the origin of lines is shown; `width`: of the longest name.
    pub(crate) fn prefix(&self, instance: &str, number: usize, width: usize) -> Prefix {
        Prefix::new(instance, number, width, self.settings)
    }

    /// Adds the lines, as they are shown, to those that wait.
    fn render(&self, lines: &[u8], origin: &Origin, waiting: &mut Vec<u8>) {
        match (self.settings.format, &origin.prefix) {
            (Format::Pretty, None) => waiting.extend_from_slice(lines),
            (Format::Pretty, Some(prefix)) => prefix.put_before(lines, waiting),
            (Format::Json, _) => {
                let timestamp = format!("{:.6}", jiff::Timestamp::now());
                let Origin { instance, stream, .. } = origin;
                // Strings cannot fail to be JSON, nor memory to be written to.
                let head = serde_json::to_vec(&Head { timestamp, instance, stream });
                let head = head.unwrap_or_default();
                let head = head.strip_suffix(b"}").unwrap_or(&head);
                let lines = lines.strip_suffix(b"\n").unwrap_or(lines);
                for line in String::from_utf8_lossy(lines).split('\n') {
                    waiting.extend_from_slice(head);
                    waiting.extend_from_slice(b",\"line\":");
                    let _ = serde_json::to_writer(&mut *waiting, line);
                    waiting.extend_from_slice(b"}\n");
                }
            }
        }
    }
}

/// What an instance prints on one of its streams, on its way.
pub(crate) struct Printing {
    sink: Sink,
    origin: Origin,
    /// What is to be told when a line matches.
    watch: Option<(Regex, Box<dyn FnOnce()>)>,
}

impl Printing {
    pub(crate) fn new(
        sink: Sink,
        origin: Origin,
        watch: Option<(Regex, Box<dyn FnOnce()>)>,
    ) -> Self {
        Self { sink, origin, watch }
    }

    /// Passes on lines, each with its newline. Who has many waits for room first.
    pub(crate) fn pass_on(&mut self, lines: &[u8]) {
        let Self { sink, origin, watch } = self;
        if watch.as_ref().is_some_and(|(regex, _)| any_line_matches(regex, lines))
            && let Some((_, tell)) = watch.take()
        {
            tell();
        }
        origin.tail.keep(lines);
        if let Some(kept) = &sink.kept {
            kept.keep(&origin.instance, origin.stream, lines);
        }
        if let Some(file) = &origin.file {
            file.append(lines);
        }
        sink.stderr.add(|waiting| sink.render(lines, origin, waiting));
    }

    fn has_room(&self) -> bool {
        self.origin.file.as_ref().is_none_or(LogFile::has_room) && self.sink.stderr.has_room()
    }

    /// Waits until there is room.
    pub(crate) async fn room(&self) {
        if let Some(file) = &self.origin.file {
            file.room().await;
        }
        self.sink.stderr.room().await;
    }

    /// Passes on lines as they come.
    ///
    /// What does not end with a newline at the end of the stream gets one. While a file has much to
    /// write nothing is read.
    pub(crate) async fn relay<R: AsyncRead + Unpin>(
        mut self,
        mut source: crate::relay::Draining<R>,
    ) {
        let mut begun = Begun::default();
        loop {
            let read = source.next(async |io| {
                let read = poll_fn(|context| {
                    if !self.has_room() {
                        return Poll::Ready(Read::NoRoom);
                    }
                    SCRATCH.with_borrow_mut(|scratch| {
                        let mut buffer = ReadBuf::new(scratch);
                        let read = ready!(Pin::new(&mut *io).poll_read(context, &mut buffer));
                        begun.take(buffer.filled(), |lines| self.pass_on(lines));
                        let is_end = read.is_err() || buffer.filled().is_empty();
                        Poll::Ready(if is_end { Read::End } else { Read::Some })
                    })
                });
                read.await
            });
            match read.await {
                Some(Read::Some) => {}
                Some(Read::NoRoom) => self.room().await,
                Some(Read::End) | None => break,
            }
        }
        begun.end(|lines| self.pass_on(lines));
    }
}

/// How a read has ended.
enum Read {
    Some,
    /// It was not made.
    NoRoom,
    End,
}

fn any_line_matches(regex: &Regex, lines: &[u8]) -> bool {
    String::from_utf8_lossy(lines).lines().any(|line| regex.is_match(line))
}

/// Who has written a line, and where.
pub(crate) struct Origin {
    pub(crate) instance: String,
    pub(crate) stream: &'static str,
    /// Where it is not the only one.
    pub(crate) prefix: Option<Prefix>,
    /// Where its lines go too.
    pub(crate) file: Option<LogFile>,
    pub(crate) tail: Tail,
}

/// What a line has besides its text.
#[derive(Serialize)]
struct Head<'a> {
    timestamp: String,
    instance: &'a str,
    stream: &'a str,
}
