//! The last lines of a session, for whoever asks for them while it runs.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use gipc::lock;
use jiff::Timestamp;
use memchr::{memchr_iter, memrchr_iter};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

/// How many lines are kept, and how many bytes of text: whichever is less.
const LINES: u64 = 10_000;
const BYTES: usize = 1 << 20;

/// So many bytes of lines are told at once, and a line more.
const PIECE: usize = 64 << 10;

/// Who says what gipc itself has to say.
pub(crate) const GIPC: &str = "gipc";

/// The last lines. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Kept(Arc<Shared>);

#[derive(Default)]
struct Shared {
    blocks: Mutex<Blocks>,
    /// There are more lines, or there will be no more.
    news: Notify,
}

#[derive(Default)]
struct Blocks {
    blocks: VecDeque<Block>,
    /// In bytes of text.
    size: usize,
    /// The number of the next line.
    next: u64,
    ended: bool,
}

/// Lines that came in one piece.
struct Block {
    /// The number of its first line.
    first: u64,
    count: u64,
    instance: Box<str>,
    stream: &'static str,
    time: Timestamp,
    /// Each with its newline.
    text: Box<[u8]>,
}

/// A line, as it is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) time: Timestamp,
    /// Who has printed it; `gipc` where that is gipc itself.
    pub(crate) instance: String,
    pub(crate) stream: String,
    pub(crate) line: String,
}

/// Some lines, and how many there were in front of them that are not there any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Piece {
    pub(crate) skipped: u64,
    pub(crate) lines: Vec<Line>,
}

impl Kept {
    /// Keeps lines that all end with a newline.
    pub(super) fn keep(&self, instance: &str, stream: &'static str, lines: &[u8]) {
        // Of a large piece the last lines only.
        let from = memrchr_iter(b'\n', lines).nth(LINES as usize).map_or(0, |end| end + 1);
        let total = memchr_iter(b'\n', lines).count() as u64;
        let text = &lines[from..];
        let count = total.min(LINES);
        let mut blocks = self.blocks();
        let first = blocks.next + total - count;
        blocks.next += total;
        blocks.size += text.len();
        let (instance, time) = (instance.into(), Timestamp::now());
        blocks.blocks.push_back(Block { first, count, instance, stream, time, text: text.into() });
        // The last one stays, however large it is.
        while blocks.blocks.len() > 1
            && (blocks.size > BYTES || blocks.next - blocks.blocks[0].first > LINES)
            && let Some(oldest) = blocks.blocks.pop_front()
        {
            blocks.size -= oldest.text.len();
        }
        drop(blocks);
        self.0.news.notify_waiters();
    }

    /// There will be no more.
    pub(super) fn end(&self) {
        self.blocks().ended = true;
        self.0.news.notify_waiters();
    }

    /// The lines of these instances, or of all and of gipc: the last `lines`, or all that are kept;
    /// and those that come, if `follow`.
    pub(crate) fn read(
        &self,
        instances: Option<Vec<String>>,
        lines: Option<usize>,
        follow: bool,
    ) -> Reader {
        let blocks = self.blocks();
        let mut from = blocks.blocks.front().map_or(blocks.next, |block| block.first);
        if let Some(mut wanted) = lines.map(|lines| lines as u64) {
            from = blocks.next;
            for block in blocks.blocks.iter().rev() {
                if wanted == 0 {
                    break;
                }
                from = block.first;
                if is_among(&instances, &block.instance) {
                    let taken = wanted.min(block.count);
                    from += block.count - taken;
                    wanted -= taken;
                }
            }
        }
        let until = (!follow).then_some(blocks.next);
        drop(blocks);
        Reader { kept: self.clone(), instances, from, until }
    }

    fn blocks(&self) -> MutexGuard<'_, Blocks> {
        lock(&self.0.blocks)
    }
}

fn is_among(instances: &Option<Vec<String>>, instance: &str) -> bool {
    instances.as_ref().is_none_or(|all| all.iter().any(|it| it == instance))
}

/// One who reads lines, at his own pace: what he does not read in time he loses, and nobody waits.
pub(crate) struct Reader {
    kept: Kept,
    instances: Option<Vec<String>>,
    /// The number of the next line.
    from: u64,
    /// The number of the first line that is not asked for.
    until: Option<u64>,
}

impl Reader {
    /// Some lines more, once there are any; `None` when there are no more.
    pub(crate) async fn next(&mut self) -> Option<Piece> {
        loop {
            let kept = self.kept.clone();
            // Listened for before it is looked: what comes in between is not missed.
            let news = kept.0.news.notified();
            let piece = self.take();
            if piece.skipped > 0 || !piece.lines.is_empty() {
                return Some(piece);
            }
            let is_over = self.until.is_some_and(|until| self.from >= until);
            if is_over || self.kept.blocks().ended {
                return None;
            }
            news.await;
        }
    }

    fn take(&mut self) -> Piece {
        let kept = self.kept.clone();
        let blocks = kept.blocks();
        let oldest = blocks.blocks.front().map_or(blocks.next, |block| block.first);
        let skipped = oldest.saturating_sub(self.from);
        self.from = self.from.max(oldest);
        let (mut lines, mut size) = (Vec::new(), 0);
        let start = blocks.blocks.partition_point(|block| block.first + block.count <= self.from);
        let until = self.until.unwrap_or(blocks.next);
        for block in blocks.blocks.range(start..) {
            if block.first >= until || size > PIECE {
                break;
            }
            let past = (self.from - block.first.min(self.from)) as usize;
            self.from = block.first + block.count;
            if !is_among(&self.instances, &block.instance) {
                continue;
            }
            size += block.text.len();
            let text = block.text.strip_suffix(b"\n").unwrap_or(&block.text);
            lines.extend(text.split(|byte| *byte == b'\n').skip(past).map(|line| Line {
                time: block.time,
                instance: block.instance.to_string(),
                stream: block.stream.to_owned(),
                line: String::from_utf8_lossy(line).into_owned(),
            }));
        }
        Piece { skipped, lines }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(piece: &Piece) -> Vec<&str> {
        piece.lines.iter().map(|line| line.line.as_str()).collect()
    }

    #[tokio::test]
    async fn the_last_lines_of_some_or_of_all() {
        let kept = Kept::default();
        kept.keep("a.1", "stdout", b"one\ntwo\n");
        kept.keep("b.1", "stdout", b"three\n");
        kept.keep("a.1", "stderr", b"four\n\n");
        let all = kept.read(None, None, false).next().await.unwrap();
        assert_eq!(texts(&all), ["one", "two", "three", "four", ""]);
        let last = kept.read(None, Some(3), false).next().await.unwrap();
        assert_eq!(texts(&last), ["three", "four", ""]);
        let mut of_a = kept.read(Some(vec!["a.1".to_owned()]), Some(3), false);
        assert_eq!(texts(&of_a.next().await.unwrap()), ["two", "four", ""]);
        assert_eq!(of_a.next().await, None);
        assert_eq!(kept.read(None, Some(0), false).next().await, None);
    }

    #[tokio::test]
    async fn who_follows_gets_what_comes_and_then_the_end() {
        let kept = Kept::default();
        kept.keep("a.1", "stdout", b"before\n");
        let mut reader = kept.read(None, Some(0), true);
        let read = tokio::spawn(async move { (reader.next().await, reader.next().await) });
        tokio::task::yield_now().await;
        kept.keep("a.1", "stdout", b"after\n");
        tokio::task::yield_now().await;
        kept.end();
        let (piece, end) = read.await.unwrap();
        assert_eq!((texts(&piece.unwrap()), end), (vec!["after"], None));
    }

    #[tokio::test]
    async fn memory_is_bounded_and_who_is_late_is_told_what_he_has_lost() {
        let kept = Kept::default();
        let mut late = kept.read(None, None, true);
        for number in 0..25_000 {
            kept.keep("a.1", "stdout", format!("{number}\n").as_bytes());
        }
        let piece = late.next().await.unwrap();
        assert_eq!((piece.skipped, texts(&piece)[0]), (15_000, "15000"));
        // One piece of more lines than are kept.
        kept.keep("a.1", "stdout", &b"\n".repeat(30_000));
        assert_eq!(kept.blocks().size, 10_000);
        // And of more bytes.
        for _ in 0..10 {
            kept.keep("a.1", "stdout", &[&b"x".repeat(900_000)[..], b"\n"].concat());
        }
        assert_eq!(kept.blocks().size, 900_001);
        assert_eq!(kept.read(None, None, false).next().await.unwrap().lines.len(), 1);
    }

    #[tokio::test]
    async fn a_long_story_is_told_in_pieces() {
        let kept = Kept::default();
        for _ in 0..10 {
            kept.keep("a.1", "stdout", &b"a line of some length\n".repeat(1000));
        }
        let mut reader = kept.read(None, None, false);
        let mut lines = 0;
        let mut pieces = 0;
        while let Some(piece) = reader.next().await {
            assert_eq!(piece.skipped, 0);
            lines += piece.lines.len();
            pieces += 1;
        }
        assert_eq!(lines, 10_000);
        assert!(pieces > 1);
    }
}
