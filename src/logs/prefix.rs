//! What stands in front of a line: the time, and who has written it.

use std::cell::RefCell;

use jiff::Zoned;
use memchr::memchr_iter;

use super::Settings;

/// The colours of instances, in turn: those of the terminal that are neither black nor white, nor
/// red, which is for errors.
const COLORS: [&str; 10] = ["36", "33", "32", "35", "34", "96", "93", "92", "95", "94"];

/// The colour of one of several, as in an escape sequence.
pub(crate) fn color(number: usize) -> &'static str {
    COLORS[number % COLORS.len()]
}

/// What stands in front of an instance's lines: `12:34:56 work.1 | `.
#[derive(Clone, Debug)]
pub(crate) struct Prefix {
    before: Box<[u8]>,
    after: Box<[u8]>,
    time: bool,
}

impl Prefix {
    /// `number` chooses the colour.
    pub(super) fn new(instance: &str, number: usize, width: usize, settings: Settings) -> Self {
        let (before, reset) = match settings.color {
            true => (format!("\x1b[{}m", color(number)), "\x1b[0m"),
            false => (String::new(), ""),
        };
        let after = format!("{instance:width$} |{reset} ");
        Self {
            before: before.into_bytes().into(),
            after: after.into_bytes().into(),
            time: settings.time,
        }
    }

    /// The same for a file.
    pub(super) fn plain(instance: &str, width: usize) -> Self {
        let after = format!("{instance:width$} | ").into_bytes().into();
        Self { before: Box::default(), after, time: false }
    }

    /// Adds the lines, each with this in front of it. All end with a newline.
    pub(super) fn put_before(&self, lines: &[u8], to: &mut Vec<u8>) {
        let mut prefix = self.before.to_vec();
        if self.time {
            put_time(&mut prefix);
        }
        prefix.extend_from_slice(&self.after);
        let mut start = 0;
        for end in memchr_iter(b'\n', lines) {
            to.extend_from_slice(&prefix);
            to.extend_from_slice(&lines[start..=end]);
            start = end + 1;
        }
    }
}

/// The time of day. It is made once a second.
fn put_time(buffer: &mut Vec<u8>) {
    thread_local! {
        static LAST: RefCell<(i64, String)> = const { RefCell::new((i64::MIN, String::new())) };
    }
    LAST.with_borrow_mut(|(second, text)| {
        let now = jiff::Timestamp::now();
        if *second != now.as_second() {
            *second = now.as_second();
            *text = Zoned::now().strftime("%H:%M:%S ").to_string();
        }
        buffer.extend_from_slice(text.as_bytes());
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
        let shown = |prefix: Prefix, lines: &[u8]| {
            let mut shown = b"before\n".to_vec();
            prefix.put_before(lines, &mut shown);
            String::from_utf8(shown).unwrap()
        };
        let three = "before\ndb.1   | one\ndb.1   | \ndb.1   | two\n";
        assert_eq!(shown(prefix, b"one\n\ntwo\n"), three);
        assert_eq!(shown(Prefix::plain("db.1", 6), b"one\n\ntwo\n"), three);
        let colored = Prefix::new("db.1", 1, 4, Settings { color: true, ..settings });
        assert_eq!(shown(colored, b"x\n"), "before\n\x1b[33mdb.1 |\x1b[0m x\n");
    }
}
