//! What instances print, on its way to standard error, to a file, and to whoever asks for it.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Poll, ready};

use gipc::lines::Begun;
use regex_lite::Regex;
use serde::Serialize;
use tokio::io::{AsyncRead, ReadBuf};

use super::{Format, LogFile, Prefix, Sink, Tail};

/// How much is read at once: all that a pipe holds by default.
const CHUNK: usize = 64 << 10;

thread_local! {
    /// Where all streams are read into, one after the other: who says nothing has no buffer.
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; CHUNK]);
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

impl Sink {
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

/// What a line has besides its text.
#[derive(Serialize)]
struct Head<'a> {
    timestamp: String,
    instance: &'a str,
    stream: &'a str,
}
