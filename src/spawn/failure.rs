//! Why a command could not be started.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;

use super::system;
use crate::failure::Error;
use crate::process::ExitCode;

/// Why a command could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpawnError {
    /// There is no such program.
    #[error("cannot start `{}`{}", .program.display(), place(*.searched, .program))]
    NotFound {
        /// As it was asked for.
        program: OsString,
        /// Where it was looked for.
        searched: Searched,
        /// What the system said.
        source: io::Error,
    },
    /// There is such a program, but it cannot be executed.
    #[error("cannot execute `{}`{}", .program.display(), .hint)]
    NotExecutable {
        /// As it was asked for.
        program: OsString,
        /// What is likely wrong with it, or empty.
        hint: String,
        /// What the system said.
        source: io::Error,
    },
    /// The handle of a channel cannot be given away.
    #[error("cannot start `{}`", .program.display())]
    Channel {
        /// As it was asked for.
        program: OsString,
        /// Why not.
        source: Box<Error>,
    },
    /// Something that the child was to be given could not be had.
    #[error("cannot start `{}`: could not {what}", .program.display())]
    Setup {
        /// As it was asked for.
        program: OsString,
        /// What could not be done.
        what: String,
        /// What the system said.
        source: io::Error,
    },
}

/// Where a program was looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Searched {
    /// In the folders of `PATH`.
    Path,
    /// At the very place that was named.
    Exactly,
}

fn place(searched: Searched, program: &OsStr) -> &'static str {
    match searched {
        Searched::Path if program.as_encoded_bytes().contains(&b' ') => {
            " (not in PATH; give its arguments one by one, or use `sh -c`)"
        }
        Searched::Path => " (not in PATH)",
        Searched::Exactly => "",
    }
}

impl SpawnError {
    pub(super) fn exec(program: OsString, dir: Option<&Path>, source: io::Error) -> Self {
        let searched = if system::is_path(&program) { Searched::Exactly } else { Searched::Path };
        if source.kind() != io::ErrorKind::NotFound {
            let hint = system::why_not_executable(&source, searched);
            return Self::NotExecutable { program, hint: hint.to_owned(), source };
        }
        let file = dir.unwrap_or(Path::new("")).join(&program);
        if searched == Searched::Exactly && file.exists() {
            let hint = " (the file is there, but not the interpreter or loader that it names)";
            return Self::NotExecutable { program, hint: hint.to_owned(), source };
        }
        Self::NotFound { program, searched, source }
    }

    /// The exit code that says this to a shell: 127 not found, 126 found but not executable, 125
    /// for all else, as in `env(1)` and `timeout(1)`.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::NotFound { .. } => 127,
            Self::NotExecutable { .. } => 126,
            Self::Setup { .. } | Self::Channel { .. } => 125,
        }
    }
}
