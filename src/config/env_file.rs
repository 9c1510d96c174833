//! Environment files: `NAME=value` lines, `#` comments, quotes as in a shell.

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

fn variables(text: &str) -> Result<Vec<(OsString, OsString)>, Wrong> {
    let content = text.strip_prefix('\u{feff}').unwrap_or(text);
    let before = text.len() - content.len();
    let taken = Cell::new(0);
    let lines = dotenvy::from_read_iter(Lines { text: content, taken: &taken });
    let wrong = |error| match error {
        dotenvy::Error::LineParse(part, at) => {
            // It names a part of what it has taken last, and a place in that.
            let taken = &content[..taken.get()];
            let start = taken.rfind(&part).unwrap_or(taken.len()) + at.min(part.len());
            let start = before + start;
            let is_open = taken.len() == content.len() && at == part.len();
            match is_open && part.contains(['"', '\'', '\\']) {
                true => (before + taken.rfind(&part).unwrap_or(0)..start, "a quote is not closed"),
                false => (start..start, "this line is no `NAME=value`, with quotes as in a shell"),
            }
        }
        // Reading a text does not fail.
        _ => (0..0, "this cannot be read"),
    };
    lines
        .map(|pair| pair.map(|(key, value)| (key.into(), value.into())))
        .collect::<Result<_, _>>()
        .map_err(wrong)
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
    fn a_mistake_is_told_with_its_place() {
        for (text, number, words) in [
            ("A=1\nB\nC=2\n", 2, "no `NAME=value`"),
            ("A=1\n\n1=x\n", 3, "no `NAME=value`"),
            ("A=B\n#A=B c\nX=A=B c", 3, "no `NAME=value`"),
            ("A='x\n\n", 1, "not closed"),
            ("A=1\nB=\"x", 2, "not closed"),
            ("\u{feff}A\n", 1, "no `NAME=value`"),
        ] {
            let (span, what) = variables(text).unwrap_err();
            assert_eq!(line(text, span.start), number, "{text:?} {span:?}");
            assert!(what.contains(words), "{text:?}: {what}");
        }
    }
}
