//! Why there is no supervision.

use std::io;
use std::path::PathBuf;

use gipc::process::ExitCode;

use crate::control;
use crate::guard::Verdict;
use crate::record::playback;

/// Why supervision could not begin, or could not end well.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("cannot set up supervision")]
    Guard(#[source] io::Error),
    #[error("cannot set up supervision")]
    Runtime(#[source] io::Error),
    #[cfg_attr(windows, expect(dead_code, reason = "there is no limit"))]
    #[error(
        "{instances} instances need {needed} descriptors, but this system gives us {hard} at the \
         most (see `ulimit -Hn`)"
    )]
    Descriptors { instances: usize, needed: u64, hard: u64 },
    #[error(transparent)]
    Socket(#[from] control::Error),
    #[error("cannot listen on the control socket `{}`", path.display())]
    Server { path: PathBuf, source: io::Error },
    #[error("cannot make a pipe")]
    Pipe(#[source] io::Error),
    #[error(
        "cannot make a file to spill to in `{}` (TMPDIR is another place)",
        std::env::temp_dir().display()
    )]
    Spill(#[source] io::Error),
    #[error(transparent)]
    Playback(#[from] playback::Error),
    #[error("cannot write the record `{}`", path.display())]
    Record { path: PathBuf, source: io::Error },
    #[error("cannot use the joblog `{}`", path.display())]
    Joblog { path: PathBuf, source: io::Error },
    #[error("cannot write the dead letters `{}`", path.display())]
    DeadLetters { path: PathBuf, source: io::Error },
    #[error("cannot write the log file `{}`", path.display())]
    Log { path: PathBuf, source: io::Error },
    #[error("cannot write the report `{}`", path.display())]
    Report { path: PathBuf, source: io::Error },
}

impl Error {
    /// 2 where what was typed is to blame, else 125.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Playback(error) => error.exit_code(),
            _ => Verdict::FAILED,
        }
    }
}
