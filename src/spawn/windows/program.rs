//! Which file a program's name stands for, and how it is started.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};

use super::command_line::CommandLine;
use super::{Command, system_folder};

/// What a name without an extension may stand for, in this order, as in `cmd.exe`.
const EXTENSIONS: [&str; 4] = ["com", "exe", "bat", "cmd"];

/// Is `program` a place in the file system, and no name to be looked up?
pub(in crate::spawn) fn is_path(program: &OsStr) -> bool {
    program.as_encoded_bytes().iter().any(|byte| br"\/:".contains(byte))
}

/// A file that is there.
pub(super) enum Program {
    Binary(PathBuf),
    /// `cmd.exe` runs it.
    Batch {
        interpreter: PathBuf,
        file: PathBuf,
    },
}

impl Program {
    /// Looks in the folders of `path` for what is no path itself.
    pub(super) fn find(command: &Command, path: Option<&OsString>) -> io::Result<Self> {
        let name = Path::new(&command.program);
        let found = if is_path(&command.program) {
            let place = command.dir.as_deref().unwrap_or(Path::new("")).join(name);
            candidates(&place).find(|file| file.is_file())
        } else {
            let folders = path.map(std::env::split_paths).into_iter().flatten();
            // An empty entry is nothing here: the current folder is not looked in by itself.
            let folders = folders.filter(|folder| !folder.as_os_str().is_empty());
            let mut files = folders.flat_map(|folder| candidates(&folder.join(name)));
            files.find(|file| file.is_file())
        };
        let file = match found {
            Some(file) if !command.program.is_empty() => std::path::absolute(file)?,
            _ => return Err(io::ErrorKind::NotFound.into()),
        };
        let extension = file.extension().unwrap_or_default().to_ascii_lowercase();
        if extension == "bat" || extension == "cmd" {
            // Not the one of `COMSPEC` or `PATH`, which are anybody's.
            return Ok(Self::Batch { interpreter: system_folder()?.join("cmd.exe"), file });
        }
        Ok(Self::Binary(file))
    }

    /// The file that the system loads.
    pub(super) fn to_execute(&self) -> &Path {
        match self {
            Self::Binary(file) => file,
            Self::Batch { interpreter, .. } => interpreter,
        }
    }

    /// In UTF-16, with a zero at its end.
    pub(super) fn command_line(&self, command: &Command) -> io::Result<Vec<u16>> {
        let args = command.args.iter().map(OsString::as_os_str);
        match self {
            Self::Binary(file) => match line_for(file, &command.args) {
                Some((switches, line)) => {
                    let switches = switches.iter().map(OsString::as_os_str);
                    CommandLine::for_interpreter(&command.program, switches, line)
                }
                None => CommandLine::for_c_runtime(&command.program, args),
            },
            Self::Batch { interpreter, file } => {
                CommandLine::for_batch_file(interpreter.as_os_str(), file.as_os_str(), args)
            }
        }
    }
}

/// Is this `cmd.exe /s /c LINE`? Then the switches, and the line, which is taken as it stands.
fn line_for<'a>(file: &Path, args: &'a [OsString]) -> Option<(&'a [OsString], &'a OsString)> {
    let (line, switches) = args.split_last()?;
    let is = |arg: Option<&OsString>, switch| arg.is_some_and(|it| it.eq_ignore_ascii_case(switch));
    let has_s = switches.iter().any(|arg| is(Some(arg), "/s"));
    let is_cmd = file.file_stem()?.eq_ignore_ascii_case("cmd");
    (is_cmd && has_s && is(switches.last(), "/c")).then_some((switches, line))
}

/// The file itself, where it has an extension; with each of the extensions, in any case.
fn candidates(place: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let itself = place.extension().map(|_| place.to_owned());
    let place = place.as_os_str().to_owned();
    let extended = EXTENSIONS.into_iter().map(move |extension| {
        let mut file = place.clone();
        file.push(".");
        file.push(extension);
        PathBuf::from(file)
    });
    itself.into_iter().chain(extended)
}
