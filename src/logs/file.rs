//! Log files: appended to, rotated by size, taken anew when they were moved away.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tracing::error;

use crate::plan::topology;

/// A file that takes lines. Clones write to the same one.
#[derive(Clone)]
pub(crate) struct LogFile(Arc<Mutex<Open>>);

struct Open {
    plan: topology::LogFile,
    file: File,
    size: u64,
    /// It was said already that it cannot be written.
    failed: bool,
}

impl LogFile {
    /// Appends to the file of this plan, behind what it holds.
    pub(crate) fn open(plan: &topology::LogFile) -> io::Result<Self> {
        let (file, size) = append(&plan.path)?;
        let open = Open { plan: plan.clone(), file, size, failed: false };
        Ok(Self(Arc::new(Mutex::new(open))))
    }

    /// Appends whole lines. Where that cannot be, it is said once.
    pub(super) async fn append(&self, lines: Bytes) {
        let open = Arc::clone(&self.0);
        let write = move || {
            let mut open = open.lock().unwrap_or_else(PoisonError::into_inner);
            if let Err(error) = open.append(&lines)
                && !std::mem::replace(&mut open.failed, true)
            {
                error!("cannot write the log file `{}`: {error}", open.plan.path.display());
            }
        };
        // A disk may take its time.
        let _ = tokio::task::spawn_blocking(write).await;
    }

    /// Is it this file?
    pub(crate) fn is_at(&self, path: &Path) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).plan.path == path
    }

    /// Takes the file at the same path anew: the old one has been moved away.
    pub(crate) fn reopen(&self) {
        let open = Arc::clone(&self.0);
        let reopen = move || {
            let mut open = open.lock().unwrap_or_else(PoisonError::into_inner);
            match append(&open.plan.path) {
                Ok((file, size)) => (open.file, open.size, open.failed) = (file, size, false),
                Err(error) => {
                    error!("cannot reopen the log file `{}`: {error}", open.plan.path.display());
                }
            }
        };
        // A disk may take its time. What is appended from now on waits for it.
        drop(tokio::task::spawn_blocking(reopen));
    }
}

impl Open {
    fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        let is_full = self.size > 0 && self.size + lines.len() as u64 > self.plan.max_size;
        // Where it cannot be rotated it grows on: no line is to be missing.
        let rotated = if is_full { self.rotate() } else { Ok(()) };
        self.file.write_all(lines)?;
        self.size += lines.len() as u64;
        rotated
    }

    /// `log.1` becomes `log.2` and so on; the oldest goes.
    fn rotate(&mut self) -> io::Result<()> {
        if !self.file.metadata()?.is_file() {
            return Ok(()); // A device is the system's.
        }
        let Some(oldest) = self.plan.keep.checked_sub(1) else {
            self.file.set_len(0)?;
            self.size = 0;
            return Ok(());
        };
        let path = &self.plan.path;
        for number in (0..=oldest).rev() {
            let from = if number == 0 { path.clone() } else { numbered(path, number) };
            match std::fs::rename(from, numbered(path, number + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        (self.file, self.size) = append(path)?;
        Ok(())
    }
}

fn numbered(path: &Path, number: usize) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{number}"));
    name.into()
}

fn append(path: &Path) -> io::Result<(File, u64)> {
    // A pipe that nobody reads is an error, and not a wait.
    let file =
        OpenOptions::new().append(true).create(true).custom_flags(libc::O_NONBLOCK).open(path)?;
    let size = file.metadata()?.len();
    Ok((file, size))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(folder: &Path, max_size: u64, keep: usize) -> Open {
        let plan = topology::LogFile { path: folder.join("log"), max_size, keep };
        let (file, size) = append(&plan.path).unwrap();
        Open { plan, file, size, failed: false }
    }

    fn read(folder: &Path, name: &str) -> String {
        std::fs::read_to_string(folder.join(name)).unwrap_or_default()
    }

    #[test]
    fn a_file_that_is_full_is_rotated_and_the_oldest_goes() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = log(folder.path(), 8, 2);
        for line in ["one\n", "two\n", "three\n", "four\n", "more than eight\n", "six\n"] {
            log.append(line.as_bytes()).unwrap();
        }
        assert_eq!(read(folder.path(), "log"), "six\n");
        assert_eq!(read(folder.path(), "log.1"), "more than eight\n");
        assert_eq!(read(folder.path(), "log.2"), "four\n");
        assert_eq!(read(folder.path(), "log.3"), "");
    }

    #[test]
    fn without_old_files_it_begins_anew() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = log(folder.path(), 8, 0);
        for line in ["one\n", "two\n", "three\n"] {
            log.append(line.as_bytes()).unwrap();
        }
        assert_eq!(read(folder.path(), "log"), "three\n");
    }

    #[test]
    fn a_later_run_goes_on_behind_an_earlier_one() {
        let folder = tempfile::tempdir().unwrap();
        log(folder.path(), 100, 2).append(b"one\n").unwrap();
        log(folder.path(), 100, 2).append(b"two\n").unwrap();
        assert_eq!(read(folder.path(), "log"), "one\ntwo\n");
    }
}
