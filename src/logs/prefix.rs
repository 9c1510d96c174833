//! What stands in front of a line: the time, and who has written it.

use std::cell::RefCell;

use bytes::{BufMut, Bytes, BytesMut};
use jiff::Zoned;
use memchr::memchr_iter;

use super::Settings;

/// The colours of instances, in turn: those of the terminal that are neither black nor white, nor
/// red, which is for errors.
const COLORS: [&str; 10] = ["36", "33", "32", "35", "34", "96", "93", "92", "95", "94"];

/// What stands in front of an instance's lines: `12:34:56 work.1 | `.
#[derive(Clone, Debug)]
pub(crate) struct Prefix {
    before: Bytes,
    after: Bytes,
    time: bool,
}

impl Prefix {
    /// `number` chooses the colour.
    pub(super) fn new(instance: &str, number: usize, width: usize, settings: Settings) -> Self {
        let (before, reset) = match settings.color {
            true => (format!("\x1b[{}m", COLORS[number % COLORS.len()]), "\x1b[0m"),
            false => (String::new(), ""),
        };
        let after = format!("{instance:width$} |{reset} ");
        Self { before: before.into(), after: after.into(), time: settings.time }
    }

    /// The lines, each with this in front of it. All end with a newline.
    pub(super) fn put_before(&self, lines: &[u8]) -> Bytes {
        let mut prefix = BytesMut::from(&self.before[..]);
        if self.time {
            put_time(&mut prefix);
        }
        prefix.extend_from_slice(&self.after);
        let count = memchr_iter(b'\n', lines).count();
        let mut rendered = BytesMut::with_capacity(lines.len() + count * prefix.len());
        let mut start = 0;
        for end in memchr_iter(b'\n', lines) {
            rendered.put_slice(&prefix);
            rendered.put_slice(&lines[start..=end]);
            start = end + 1;
        }
        rendered.freeze()
    }
}

/// The time of day. It is made once a second.
fn put_time(buffer: &mut BytesMut) {
    thread_local! {
        static LAST: RefCell<(i64, String)> = const { RefCell::new((i64::MIN, String::new())) };
    }
    LAST.with_borrow_mut(|(second, text)| {
        let now = jiff::Timestamp::now();
        if *second != now.as_second() {
            *second = now.as_second();
            *text = Zoned::now().strftime("%H:%M:%S ").to_string();
        }
        buffer.put_slice(text.as_bytes());
    });
}

#[cfg(test)]
mod tests {
    use tracing::level_filters::LevelFilter;

    use super::*;
    use crate::logs::Format;

    #[test]
    fn each_line_gets_it_and_names_line_up() {
        let level = LevelFilter::WARN;
        let settings = Settings { level, format: Format::Pretty, color: false, time: false };
        let prefix = Prefix::new("db.1", 0, 6, settings);
        assert_eq!(prefix.put_before(b"one\n\ntwo\n"), "db.1   | one\ndb.1   | \ndb.1   | two\n");
        let colored = Prefix::new("db.1", 1, 4, Settings { color: true, ..settings });
        assert_eq!(colored.put_before(b"x\n"), "\x1b[33mdb.1 |\x1b[0m x\n");
    }
}
