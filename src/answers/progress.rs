//! How far a pool has come, for people.

use std::cell::Cell;
use std::convert::Infallible;
use std::fs::File;
use std::io;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use console::Term;
use gipc::framing::Framing;
use gipc::lock;
use indicatif::{
    HumanCount, HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike,
};

use crate::logs::{Sink, StatusLine};
use crate::plan::channel::Place;
use crate::plan::pool::Progress as Kind;
use crate::relay::Hub;
use crate::stream;

/// How often the bar is drawn at the most, a second.
const DRAWN: u8 = 10;

/// How often it is looked at, though no message is done.
const LOOK: Duration = Duration::from_secs(1);

/// How often there is a line where there is no bar.
const PAUSE: Duration = Duration::from_secs(10);

/// How much of the input is counted at once, in bytes.
const CHUNK: usize = 1 << 20;

/// How far it has come.
pub(super) struct Progress {
    bar: ProgressBar,
    kind: Kind,
    sink: Sink,
    began: Instant,
    /// So many were done before.
    before: u64,
    dead: Cell<u64>,
    has_total: Cell<bool>,
}

impl Progress {
    pub(super) fn new(kind: Kind, sink: &Sink, before: u64) -> Self {
        let target = match kind {
            Kind::Bar => {
                let line = Terminal { line: sink.status_line(), text: Mutex::default() };
                ProgressDrawTarget::term_like_with_hz(Box::new(line), DRAWN)
            }
            // What it knows of rate and time is of use all the same.
            Kind::Lines => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(None, target).with_position(before);
        bar.set_style(style("{human_pos} messages done in {elapsed}, {rate}{msg}"));
        let (dead, has_total) = (Cell::new(0), Cell::new(false));
        Self { bar, kind, sink: sink.clone(), began: Instant::now(), before, dead, has_total }
    }

    /// One more is done; so many are dead.
    pub(super) fn step(&self, dead: u64) {
        if self.dead.replace(dead) != dead {
            self.bar.set_message(format!(", {} dead", HumanCount(dead)));
        }
        self.bar.inc(1);
    }

    /// Keeps it up to date.
    pub(super) async fn tell(&self, messages: &Hub) -> Infallible {
        let counting = count_input(messages);
        tokio::pin!(counting);
        let (mut counts, mut line_at) = (true, self.began + PAUSE);
        loop {
            tokio::select! {
                total = &mut counting, if counts => {
                    counts = false;
                    if let Some(total) = total {
                        self.set_total(total);
                    }
                }
                () = tokio::time::sleep(LOOK) => {}
            }
            if messages.has_ended() {
                self.set_total(messages.taken());
            }
            match self.kind {
                Kind::Bar => self.bar.tick(),
                Kind::Lines if Instant::now() >= line_at => {
                    self.sink.say(self.line());
                    line_at += PAUSE;
                }
                Kind::Lines => {}
            }
        }
    }

    fn set_total(&self, total: u64) {
        self.bar.set_length(total);
        if !self.has_total.replace(true) {
            self.bar.set_style(style(
                "[{wide_bar}] {human_pos}/{human_len} {percent}%, {rate}, {eta} left{msg}",
            ));
        }
    }

    /// Where it is now.
    fn line(&self) -> String {
        let position = HumanCount(self.bar.position());
        let dead = self.bar.message();
        let rate = Rate(self.bar.per_sec());
        match self.bar.length() {
            None => format!("gipc: {position} messages done, {rate}{dead}\n"),
            Some(all) => {
                let (all, left) = (HumanCount(all), HumanDuration(self.bar.eta()));
                format!("gipc: {position} of {all} messages done, {rate}, {left} left{dead}\n")
            }
        }
    }

    /// Gives the line back, and tells how far it has come.
    pub(super) fn end(&self) {
        let (done, took) = (self.bar.position() - self.before, self.began.elapsed());
        self.bar.finish_and_clear();
        self.sink.status_line().show("");
        let (rate, dead) = (Rate(done as f64 / took.as_secs_f64()), self.bar.message());
        let took = humantime::format_duration(Duration::from_millis(took.as_millis() as u64));
        self.sink
            .say(format!("gipc: {} messages done in {took}, {rate}{dead}\n", HumanCount(done)));
    }
}

/// So many a second.
struct Rate(f64);

impl std::fmt::Display for Rate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            few if few < 10.0 => write!(f, "{few:.1}/s"),
            many => write!(f, "{}/s", HumanCount(many as u64)),
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    let rate = |state: &indicatif::ProgressState, out: &mut dyn std::fmt::Write| {
        // There is nobody to tell that a string cannot be written to.
        let _ = write!(out, "{}", Rate(state.per_sec()));
    };
    let style = ProgressStyle::with_template(template).expect("the template is ours");
    style.with_key("rate", rate).progress_chars("=> ")
}

/// The line below all others as a terminal of one line.
#[derive(Debug)]
struct Terminal {
    line: StatusLine,
    text: Mutex<String>,
}

impl Terminal {
    fn text(&self) -> MutexGuard<'_, String> {
        lock(&self.text)
    }
}

impl TermLike for Terminal {
    /// One column less than there are: behind the last one a terminal may begin a new line.
    fn width(&self) -> u16 {
        let size = Term::stderr().size_checked();
        size.map_or(80, |(_, columns)| columns).max(2) - 1
    }

    fn move_cursor_up(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_down(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_right(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_left(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.write_str(text)
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.text().push_str(text);
        Ok(())
    }

    fn clear_line(&self) -> io::Result<()> {
        self.text().clear();
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        self.line.show(self.text().trim_end());
        Ok(())
    }
}

/// How many messages are in our standard input, from where we begin to read it; `None` where that
/// cannot be told without taking them.
async fn count_input(messages: &Hub) -> Option<u64> {
    let end = messages.plan.from.iter().find(|end| end.at == Place::Ours)?;
    let mark = match end.framing {
        Framing::Lines => b'\n',
        Framing::Nul => b'\0',
        _ => return None,
    };
    let (input, from) = stream::input_beside()?;
    tokio::task::spawn_blocking(move || count(&input, from, mark).ok()).await.ok()?
}

/// How many messages there are from there on that end with this; the last one need not.
fn count(input: &File, mut from: u64, mark: u8) -> io::Result<u64> {
    let size = input.metadata()?.len();
    let mut chunk = vec![0; CHUNK];
    let (mut count, mut last) = (0, mark);
    while from < size {
        let piece = &mut chunk[..CHUNK.min((size - from) as usize)];
        stream::read_exact_at(input, piece, from)?;
        count += memchr::memchr_iter(mark, piece).count() as u64;
        last = piece[piece.len() - 1];
        from += piece.len() as u64;
    }
    Ok(count + u64::from(last != mark))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn messages_are_counted_from_where_they_are_read_to_the_last_without_its_end() {
        let mut file = tempfile::tempfile().unwrap();
        assert_eq!(count(&file, 0, b'\n').unwrap(), 0);
        file.write_all(b"one\ntwo\n\n").unwrap();
        assert_eq!(count(&file, 0, b'\n').unwrap(), 3);
        assert_eq!(count(&file, 4, b'\n').unwrap(), 2);
        file.write_all(b"four").unwrap();
        assert_eq!(count(&file, 0, b'\n').unwrap(), 4);
        assert_eq!(count(&file, 0, b'\0').unwrap(), 1);
        file.write_all(&vec![b'\n'; CHUNK]).unwrap();
        assert_eq!(count(&file, 0, b'\n').unwrap(), 3 + CHUNK as u64);
    }

    #[test]
    fn a_rate_has_as_many_digits_as_say_something() {
        assert_eq!(Rate(0.25).to_string(), "0.2/s");
        assert_eq!(Rate(9.9).to_string(), "9.9/s");
        assert_eq!(Rate(1234.5).to_string(), "1,234/s");
    }
}
