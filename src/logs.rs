//! What gipc and the workers have to say, on standard error: whole lines, one after the other.
//!
//! One task writes, so that nothing is spliced, and a reader that is slow or stuck keeps nobody
//! from handling a signal. Workers wait while it has much to write; gipc's own few lines do not.

use std::io;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use memchr::memrchr;
use regex_lite::Regex;
use serde::Serialize;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc};
use tracing::level_filters::LevelFilter;

use crate::stream::{Patient, Stream};

mod events;
mod file;
mod prefix;
mod tail;

use events::Events;
pub(crate) use file::LogFile;
pub(crate) use prefix::Prefix;
pub(crate) use tail::Tail;

/// How many bytes of lines may wait to be written.
const ROOM: usize = 1 << 20;

/// The longest line that is kept whole; a longer one is broken here, with a newline.
const MAX_LINE: usize = 1 << 20;

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
    queue: mpsc::UnboundedSender<Item>,
    room: Arc<Semaphore>,
    settings: Settings,
}

/// Something for the task that writes.
enum Item {
    /// Whole lines, and the room that they take until they are written.
    Lines(Bytes, Option<OwnedSemaphorePermit>),
    /// There is no more.
    End,
}

/// The task that writes.
pub(crate) struct Writing {
    task: tokio::task::JoinHandle<()>,
    closed: Arc<Notify>,
    queue: mpsc::UnboundedSender<Item>,
}

/// Starts to write to this process's standard error, and has gipc's own events written there too.
pub(crate) fn start(settings: Settings) -> io::Result<(Sink, Writing)> {
    let stderr = Stream::from(Patient::duplicate(io::stderr())?);
    let (queue, items) = mpsc::unbounded_channel();
    let room = Arc::new(Semaphore::new(ROOM));
    let sink = Sink { queue: queue.clone(), room, settings };
    // Whatever is said before there is a subscriber is lost, and a second one would be our mistake.
    tracing::subscriber::set_global_default(Events::new(sink.clone())).map_err(io::Error::other)?;
    let closed = Arc::new(Notify::new());
    let task = tokio::spawn(write_all(stderr, items, Arc::clone(&closed)));
    Ok((sink, Writing { task, closed, queue }))
}

async fn write_all(
    mut stderr: Stream,
    mut items: mpsc::UnboundedReceiver<Item>,
    closed: Arc<Notify>,
) {
    while let Some(Item::Lines(lines, _room)) = items.recv().await {
        let written = match stderr.write_all(&lines).await {
            Ok(()) => stderr.flush().await,
            error => error,
        };
        // Where standard error is closed or full there is nobody to tell, and a worker must not
        // stand still because of it.
        if written.is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
            closed.notify_one();
        }
    }
}

impl Writing {
    /// Told when nobody reads any more.
    pub(crate) fn closed(&self) -> Arc<Notify> {
        Arc::clone(&self.closed)
    }

    /// Writes what there is. What is said later is lost.
    pub(crate) async fn finish(self) {
        let _ = self.queue.send(Item::End);
        let _ = self.task.await;
    }
}

impl Sink {
    /// Adds lines at once: a few words of our own.
    pub(crate) fn say(&self, lines: Bytes) {
        let _ = self.queue.send(Item::Lines(lines, None));
    }

    /// Adds lines when there is room for them.
    async fn send_when_room(&self, lines: Bytes) {
        let permits = lines.len().min(ROOM) as u32;
        let room = Arc::clone(&self.room).acquire_many_owned(permits).await.ok();
        let _ = self.queue.send(Item::Lines(lines, room));
    }

    /// Passes on a worker's lines as they come, until `next` has no more.
    ///
    /// What does not end with a newline at the end of the stream gets one.
    pub(crate) async fn relay<R: AsyncRead + Unpin>(
        self,
        mut source: crate::relay::Draining<R>,
        origin: Origin,
        mut watch: Option<(Regex, impl FnOnce())>,
    ) {
        let mut buffer = BytesMut::with_capacity(16 << 10);
        loop {
            let read = source.next(async |io| io.read_buf(&mut buffer).await).await;
            let ended = !matches!(read, Some(Ok(1..)));
            let lines = if ended {
                if !buffer.is_empty() {
                    buffer.extend_from_slice(b"\n");
                }
                buffer.split()
            } else if let Some(end) = memrchr(b'\n', &buffer) {
                buffer.split_to(end + 1)
            } else if buffer.len() >= MAX_LINE {
                buffer.extend_from_slice(b"\n");
                buffer.split()
            } else {
                BytesMut::new()
            };
            if !lines.is_empty() {
                if watch.as_ref().is_some_and(|(regex, _)| any_line_matches(regex, &lines))
                    && let Some((_, tell)) = watch.take()
                {
                    tell();
                }
                let lines = lines.freeze();
                origin.tail.keep(&lines);
                if let Some(file) = &origin.file {
                    file.append(lines.clone()).await;
                }
                self.send_when_room(self.render(lines, &origin)).await;
            }
            if ended {
                return;
            }
            buffer.reserve(16 << 10);
        }
    }

    /// How the origin of lines is shown; `width`: of the longest name.
    pub(crate) fn prefix(&self, instance: &str, number: usize, width: usize) -> Prefix {
        Prefix::new(instance, number, width, self.settings)
    }

    fn render(&self, lines: Bytes, origin: &Origin) -> Bytes {
        match (self.settings.format, &origin.prefix) {
            (Format::Pretty, None) => lines,
            (Format::Pretty, Some(prefix)) => prefix.put_before(&lines),
            (Format::Json, _) => {
                let time = format!("{:.6}", jiff::Timestamp::now());
                let mut rendered = String::new();
                for line in lines.strip_suffix(b"\n").unwrap_or(&lines).split(|byte| *byte == b'\n')
                {
                    let entry = Line {
                        timestamp: &time,
                        instance: &origin.instance,
                        stream: origin.stream,
                        line: &String::from_utf8_lossy(line),
                    };
                    // Strings cannot fail to be JSON.
                    rendered.extend(serde_json::to_string(&entry).ok());
                    rendered.push('\n');
                }
                rendered.into()
            }
        }
    }
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

#[derive(Serialize)]
struct Line<'a> {
    timestamp: &'a str,
    instance: &'a str,
    stream: &'a str,
    line: &'a str,
}
