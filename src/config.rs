//! Files that describe what to do, read into raw values.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// A file that could not be read, or not be understood.
#[derive(Debug, thiserror::Error)]
#[error("environment file `{}`: {what}", path.display())]
pub(crate) struct EnvFileError {
    path: PathBuf,
    /// With its cause, which dotenvy tells twice.
    what: dotenvy::Error,
}

/// The variables of an environment file (`KEY=value` lines, `#` comments, quotes as in a shell).
pub(crate) fn env_file(path: &Path) -> Result<Vec<(OsString, OsString)>, EnvFileError> {
    let fail = |what| EnvFileError { path: path.to_owned(), what };
    dotenvy::from_path_iter(path)
        .map_err(fail)?
        .map(|pair| pair.map(|(key, value)| (key.into(), value.into())).map_err(fail))
        .collect()
}
