//! Arguments as one line of text: Windows passes no more than that, and each program takes it apart
//! by itself.

use std::ffi::OsStr;
use std::io;
use std::os::windows::ffi::OsStrExt;

/// The most that `CreateProcessW` takes, in characters, the zero at the end with them.
const LONGEST: usize = 32_767;

const QUOTE: u16 = b'"' as u16;
const BACKSLASH: u16 = b'\\' as u16;

/// A line that is being put together.
pub(super) struct CommandLine(Vec<u16>);

impl CommandLine {
    /// For a program that takes it apart as Microsoft's C runtime does: nearly all of them.
    pub(super) fn for_c_runtime<'a>(
        program: &OsStr,
        args: impl Iterator<Item = &'a OsStr>,
    ) -> io::Result<Vec<u16>> {
        // In the program's own name a backslash is a backslash, and a quote cannot be.
        let mut line = Self(Vec::new());
        line.push_between_quotes("the program's name", program, &[QUOTE])?;
        for arg in args {
            line.0.push(b' '.into());
            line.push_argument(arg)?;
        }
        line.finish()
    }

    /// For `cmd.exe`, which runs a batch file. What it would not take as it is, is refused: between
    /// quotes that are a quote, a `%` (a variable stands in its place), and the end of a line.
    pub(super) fn for_batch_file<'a>(
        interpreter: &OsStr,
        file: &OsStr,
        args: impl Iterator<Item = &'a OsStr>,
    ) -> io::Result<Vec<u16>> {
        const REFUSED: [u16; 4] = [QUOTE, b'%' as u16, b'\r' as u16, b'\n' as u16];
        let mut line = Self(Vec::new());
        line.push_between_quotes("the interpreter's name", interpreter, &[QUOTE])?;
        // With its own extensions, without delayed expansion (`!`), without anybody's AutoRun; the
        // outermost quotes are taken off, and nothing else is.
        line.0.extend(" /e:ON /v:OFF /d /s /c \"".encode_utf16());
        line.push_between_quotes("the name of a batch file", file, &REFUSED)?;
        for arg in args {
            line.0.push(b' '.into());
            line.push_between_quotes("an argument of a batch file", arg, &REFUSED)?;
        }
        line.0.push(QUOTE);
        line.finish()
    }

    /// For `cmd.exe` itself, which is to run a line: with `/s` it takes off the outermost quotes, and
    /// nothing else of what follows `/c`.
    pub(super) fn for_interpreter<'a>(
        interpreter: &OsStr,
        switches: impl Iterator<Item = &'a OsStr>,
        to_run: &OsStr,
    ) -> io::Result<Vec<u16>> {
        let mut line = Self(Vec::new());
        line.push_between_quotes("the interpreter's name", interpreter, &[QUOTE])?;
        for switch in switches {
            line.0.push(b' '.into());
            line.push_argument(switch)?;
        }
        line.0.push(b' '.into());
        line.push_between_quotes("a line for a shell", to_run, &[b'\r'.into(), b'\n'.into()])?;
        line.finish()
    }

    /// A backslash is one, unless a quote follows: then two are one.
    fn push_argument(&mut self, arg: &OsStr) -> io::Result<()> {
        let arg = characters("an argument", arg, &[])?;
        let bare = |character: &u16| {
            ![b' ', b'\t', b'\n', 0x0b, b'"'].contains(&(*character as u8)) || *character > 0xff
        };
        if !arg.is_empty() && arg.iter().all(bare) {
            self.0.extend(arg);
            return Ok(());
        }
        self.0.push(QUOTE);
        let mut backslashes = 0;
        for character in arg {
            if character == QUOTE {
                self.0.extend(std::iter::repeat_n(BACKSLASH, backslashes + 1));
            }
            backslashes = if character == BACKSLASH { backslashes + 1 } else { 0 };
            self.0.push(character);
        }
        self.0.extend(std::iter::repeat_n(BACKSLASH, backslashes));
        self.0.push(QUOTE);
        Ok(())
    }

    fn push_between_quotes(&mut self, what: &str, text: &OsStr, refused: &[u16]) -> io::Result<()> {
        let text = characters(what, text, refused)?;
        self.0.push(QUOTE);
        self.0.extend(text);
        self.0.push(QUOTE);
        Ok(())
    }

    fn finish(mut self) -> io::Result<Vec<u16>> {
        self.0.push(0);
        if self.0.len() > LONGEST {
            let why = format!(
                "the arguments are too long: {} characters, and Windows takes {LONGEST}",
                self.0.len()
            );
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        Ok(self.0)
    }
}

/// Its characters, where none of them is refused.
fn characters(what: &str, text: &OsStr, refused: &[u16]) -> io::Result<Vec<u16>> {
    let characters: Vec<u16> = text.encode_wide().collect();
    match characters.iter().find(|character| **character == 0 || refused.contains(character)) {
        None => Ok(characters),
        Some(character) => {
            let character = char::from_u32((*character).into()).unwrap_or_default();
            let text = text.display();
            let why =
                format!("{what} cannot hold {character:?}: `{}`", text.to_string().escape_debug());
            Err(io::Error::new(io::ErrorKind::InvalidInput, why))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(line: io::Result<Vec<u16>>) -> String {
        let line = line.unwrap();
        let (zero, line) = line.split_last().unwrap();
        assert_eq!(*zero, 0);
        String::from_utf16(line).unwrap()
    }

    fn for_c_runtime(arg: &str) -> io::Result<Vec<u16>> {
        CommandLine::for_c_runtime(OsStr::new("a b"), [OsStr::new(arg)].into_iter())
    }

    fn for_batch_file(arg: &str) -> io::Result<Vec<u16>> {
        let (cmd, file) = (OsStr::new("cmd.exe"), OsStr::new("x.bat"));
        CommandLine::for_batch_file(cmd, file, [OsStr::new(arg)].into_iter())
    }

    #[test]
    fn arguments_are_quoted_where_they_must_be() {
        // What the rules of `CommandLineToArgvW` turn back into the first.
        for (arg, quoted) in [
            ("a", "a"),
            ("", r#""""#),
            ("a b", r#""a b""#),
            ("a\tb", "\"a\tb\""),
            (r"a\b", r"a\b"),
            (r"a\", r"a\"),
            (r"a b\", r#""a b\\""#),
            (r#"a"b"#, r#""a\"b""#),
            (r#"a\"b"#, r#""a\\\"b""#),
            (r"\\server\x y\\", r#""\\server\x y\\\\""#),
            ("ü%PATH%", "ü%PATH%"),
        ] {
            assert_eq!(text(for_c_runtime(arg)), format!("\"a b\" {quoted}"), "{arg}");
        }
        for_c_runtime("a\0b").unwrap_err();
        let longest = LONGEST - 1 - r#""a b" "#.len();
        assert_eq!(for_c_runtime(&"x".repeat(longest)).unwrap().len(), LONGEST);
        let error = for_c_runtime(&"x".repeat(longest + 1)).unwrap_err();
        assert!(error.to_string().contains("too long"), "{error}");
    }

    #[test]
    fn what_a_batch_file_would_not_take_as_it_is_is_refused() {
        let head = r#""cmd.exe" /e:ON /v:OFF /d /s /c ""x.bat" "#;
        for arg in ["a", "", "a b", "a&b|c>d<e^f(g)", r"a\", "!x!", "ü"] {
            assert_eq!(text(for_batch_file(arg)), format!("{head}\"{arg}\"\""));
        }
        for arg in ["\"", "%PATH%", "a\nb", "a\rb", "a\0b"] {
            let error = for_batch_file(arg).unwrap_err();
            assert!(
                error.to_string().contains("an argument of a batch file cannot hold"),
                "{error}"
            );
        }
    }
}
