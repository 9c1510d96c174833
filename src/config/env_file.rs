//! Environment files: `NAME=value` lines, `#` comments, quotes as in a shell; nothing is expanded.

use std::cell::Cell;
use std::ffi::OsString;
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// An environment file that could not be read, or not be understood.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EnvFileError {
    #[error("cannot read the environment file `{}`", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("environment file `{}`, line {}: {what}", path.display(), line(text, span.start))]
    Wrong { path: PathBuf, text: String, span: Range<usize>, what: &'static str },
}

/// The variables of the file, in its order.
pub(crate) fn env_file(path: &Path) -> Result<Vec<(OsString, OsString)>, EnvFileError> {
    let text = super::text(path).map_err(|error| match error {
        super::Error::Unreadable { path, source } => EnvFileError::Unreadable { path, source },
        other => {
            let source = io::Error::other(other);
            EnvFileError::Unreadable { path: path.to_owned(), source }
        }
    })?;
    let wrong = |(span, what)| EnvFileError::Wrong {
        path: path.to_owned(),
        text: text.clone(),
        span,
        what,
    };
    variables(&text).map_err(wrong)
}

/// A place in the text, and what is wrong there.
type Wrong = (Range<usize>, &'static str);

/// What stands for a dollar sign while `dotenvy` has the text, so that it does not expand it. No
/// variable can hold it.
const DOLLAR: char = '\0';

fn variables(text: &str) -> Result<Vec<(OsString, OsString)>, Wrong> {
    if let Some(zero) = text.find(DOLLAR) {
        return Err((zero..zero + 1, "a variable cannot hold a zero byte"));
    }
    let content = text.strip_prefix('\u{feff}').unwrap_or(text);
    let left_out = text.len() - content.len();
    let mut content = hide_dollars(content);
    let mut put_in = 0;
    loop {
        let (span, what) = match parse(&content) {
            Ok(variables) => return Ok(variables),
            Err(wrong) => wrong,
        };
        let Some(quoted) = quote(&content, span.start) else {
            let original = |at: usize| (at + left_out).saturating_sub(put_in);
            return Err((original(span.start)..original(span.end), what));
        };
        put_in += quoted.len() - content.len();
        content = quoted;
    }
}

/// As foreman, honcho and systemd have it, a dollar sign is nothing special. One behind a backslash
/// is literal to `dotenvy` as well.
fn hide_dollars(text: &str) -> String {
    let mut is_escaped = false;
    let hide = |letter| {
        let shown = if letter == '$' && !is_escaped { DOLLAR } else { letter };
        is_escaped = letter == '\\' && !is_escaped;
        shown
    };
    text.chars().map(hide).collect()
}

/// As foreman, Compose and systemd have it, blanks in a value need no quotes: puts them around that
/// of the line at this place, where it is such a one.
fn quote(text: &str, at: usize) -> Option<String> {
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let end = text[at..].find('\n').map_or(text.len(), |newline| at + newline);
    let equals = start + text[start..end].find('=')?;
    let name = text[start..equals].trim().trim_start_matches("export ").trim();
    let value = &text[equals + 1..end];
    let value = value.find(" #").map_or(value, |comment| &value[..comment]);
    let is_plain = !value.contains(['\'', '"', '$', '\\']) && value.trim().contains([' ', '\t']);
    if name.is_empty() || name.contains([' ', '\t']) || !is_plain {
        return None;
    }
    let blanks = value.len() - value.trim_start().len();
    let (before, after) = text.split_at(equals + 1 + blanks);
    let (value, after) = after.split_at(value.trim().len());
    Some(format!("{before}'{value}'{after}"))
}

fn parse(text: &str) -> Result<Vec<(OsString, OsString)>, Wrong> {
    let taken = Cell::new(0);
    let lines = dotenvy::from_read_iter(Lines { text, taken: &taken });
    let wrong = |error| match error {
        dotenvy::Error::LineParse(part, at) => {
            // It names a part of what it has taken last, and a place in that.
            let taken = &text[..taken.get()];
            let begin = taken.rfind(&part).unwrap_or(taken.len());
            let start = begin + at.min(part.len());
            let is_open = taken.len() == text.len() && at == part.len();
            match is_open && part.contains(['"', '\'', '\\']) {
                true => (begin..start, "a quote is not closed"),
                false => (start..start, "this line is not `NAME=value`, with quotes as in a shell"),
            }
        }
        // Reading a text does not fail.
        _ => (0..0, "this cannot be read"),
    };
    let with_dollars = |value: String| value.replace(DOLLAR, "$");
    let variables =
        lines.map(|pair| pair.map(|(key, value)| (key.into(), with_dollars(value).into())));
    variables.collect::<Result<_, _>>().map_err(wrong)
}

/// A text that is read line by line, so that it is known how far a reader has come.
struct Lines<'a> {
    text: &'a str,
    taken: &'a Cell<usize>,
}

impl Read for Lines<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = &self.text.as_bytes()[self.taken.get()..];
        let line = memchr::memchr(b'\n', rest).map_or(rest.len(), |newline| newline + 1);
        let read = line.min(buffer.len());
        buffer[..read].copy_from_slice(&rest[..read]);
        self.taken.set(self.taken.get() + read);
        Ok(read)
    }
}

/// The number of the line at this place, from 1.
fn line(text: &str, at: usize) -> usize {
    text.as_bytes()[..at.min(text.len())].iter().filter(|byte| **byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_read_as_a_shell_has_them() {
        let text = "\u{feff}# first\nA=1\nexport B='two words'\r\n\nC=\"a\nb\" # end\nD=\n";
        let read = variables(text).unwrap();
        let read: Vec<_> = read
            .iter()
            .map(|(key, value)| (key.to_str().unwrap(), value.to_str().unwrap()))
            .collect();
        assert_eq!(read, [("A", "1"), ("B", "two words"), ("C", "a\nb"), ("D", "")]);
    }

    #[test]
    fn blanks_in_a_value_need_no_quotes() {
        let read = variables("A=one two # three\nexport B= four  five \nC=it's 6\n");
        assert_eq!(read.unwrap_err().0.start, 40, "an open quote");
        let read = variables("A=one two # three\nexport B= four  five \nC=6").unwrap();
        let values: Vec<_> = read.iter().map(|(_, value)| value.to_str().unwrap()).collect();
        assert_eq!(values, ["one two", "four  five", "6"]);
    }

    #[test]
    fn dollars_are_not_expanded() {
        let lines = [
            ("A=pa$word", "pa$word"),
            ("A=${HOME}", "${HOME}"),
            ("A=\"$HOME/x $$\" # $HOME", "$HOME/x $$"),
            ("A='$HOME'", "$HOME"),
            (r"A=\$HOME", "$HOME"),
            (r"A=\\$HOME", r"\$HOME"),
            (r"A='\$HOME'", r"\$HOME"),
            ("A=costs 5$ or $more", "costs 5$ or $more"),
            ("A=$", "$"),
        ];
        for (line, value) in lines {
            let read = variables(line).unwrap();
            assert_eq!(read, [(OsString::from("A"), OsString::from(value))], "{line}");
        }
    }

    #[test]
    fn a_mistake_is_told_with_its_place() {
        for (text, number, words) in [
            ("A=1\nB\nC=2\n", 2, "not `NAME=value`"),
            ("A=1\n\n1=x\n", 3, "not `NAME=value`"),
            ("A=B\n#A=B \"c\nX=A=B \"c\"", 3, "not `NAME=value`"),
            ("A=two words\nB=more words\nC\n", 3, "not `NAME=value`"),
            ("A='x\n\n", 1, "not closed"),
            ("A=1\nB=\"x", 2, "not closed"),
            ("\u{feff}A\n", 1, "not `NAME=value`"),
            ("A=$1\nB=a\0b\n", 2, "zero byte"),
        ] {
            let (span, what) = variables(text).unwrap_err();
            assert_eq!(line(text, span.start), number, "{text:?} {span:?}");
            assert!(what.contains(words), "{text:?}: {what}");
        }
    }
}
