//! Log files: appended to, rotated by size, taken anew when they were moved away.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use gipc::lock;
use memchr::{memchr, memrchr};
use tracing::{error, warn};

use super::outlet::{Drain, Outlet};
use super::prefix::Prefix;
use crate::plan::topology;
use crate::stream;

/// A file that takes lines. Clones write to the same one.
#[derive(Clone)]
pub(crate) struct LogFile {
    outlet: Outlet,
    identity: Identity,
    /// Where several write to it, whose lines these are.
    prefix: Option<Prefix>,
}

/// Which file it is now, whatever the path that it was opened by: another one after each rotation.
#[derive(Clone, Default)]
struct Identity(Arc<Mutex<(u64, u64)>>);

impl Identity {
    fn get(&self) -> (u64, u64) {
        *lock(&self.0)
    }

    fn set(&self, identity: (u64, u64)) {
        *lock(&self.0) = identity;
    }
}

struct Open {
    plan: topology::LogFile,
    identity: Identity,
    file: File,
    size: u64,
    /// How many bytes could not be written since it was said that it cannot be.
    missing: Option<u64>,
    /// The last line in it was cut off.
    is_torn: bool,
}

impl LogFile {
    /// Appends to the file of this plan, behind what it holds. Its folder is made where there is
    /// none.
    pub(crate) fn open(plan: &topology::LogFile) -> io::Result<Self> {
        if let Some(folder) = plan.path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder)?;
        }
        let open = Open::new(plan.clone(), Identity::default())?;
        let identity = open.identity.clone();
        Ok(Self { outlet: Outlet::new(open), identity, prefix: None })
    }

    /// The same file, for one of several that write to it.
    pub(crate) fn shared_by(&self, instance: &str, width: usize) -> Self {
        Self { prefix: Some(Prefix::plain(instance, width)), ..self.clone() }
    }

    /// Is it the same file?
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.identity.get() == other.identity.get()
    }

    /// Appends whole lines. Where that cannot be, it is said.
    pub(super) fn append(&self, lines: &[u8]) {
        self.outlet.add(|waiting| match &self.prefix {
            None => waiting.extend_from_slice(lines),
            Some(prefix) => prefix.put_before(lines, waiting),
        });
    }

    pub(super) fn has_room(&self) -> bool {
        self.outlet.has_room()
    }

    pub(super) async fn room(&self) {
        self.outlet.room().await;
    }

    /// Takes the file at the same path anew: the old one has been moved away. What was appended
    /// before goes into the old one.
    pub(crate) fn reopen(&self) {
        self.outlet.reopen();
    }

    /// When all is written.
    pub(crate) async fn finish(&self) {
        self.outlet.drained().await;
    }
}

impl Drain for Open {
    fn write(&mut self, lines: &[u8]) {
        let appended = self.append(lines);
        let path = self.plan.path.display();
        match (appended, self.missing) {
            (Ok(()), None) => {}
            (Ok(()), Some(missing)) => {
                warn!("the log file `{path}` can be written again; {missing} bytes are missing");
                self.missing = None;
            }
            (Err((error, missing)), None) => {
                error!("cannot write the log file `{path}`: {error}; lines are missing from it");
                self.missing = Some(missing);
            }
            (Err((_, missing)), Some(before)) => self.missing = Some(before + missing),
        }
    }

    fn reopen(&mut self) {
        match Self::new(self.plan.clone(), self.identity.clone()) {
            Ok(open) => *self = Self { missing: self.missing, ..open },
            Err(error) => {
                error!("cannot reopen the log file `{}`: {error}", self.plan.path.display());
            }
        }
    }
}

impl Open {
    fn new(plan: topology::LogFile, identity: Identity) -> io::Result<Self> {
        let (file, size) = append(&plan.path, &identity)?;
        Ok(Self { plan, identity, file, size, missing: None, is_torn: false })
    }

    /// Appends lines, and rotates the file in between wherever it would grow too large. An error
    /// comes with how many bytes were not written.
    fn append(&mut self, mut lines: &[u8]) -> Result<(), (io::Error, u64)> {
        while !lines.is_empty() {
            let room = self.plan.max_size.saturating_sub(self.size);
            let room = usize::try_from(room).unwrap_or(usize::MAX);
            let fits = match memrchr(b'\n', &lines[..room.min(lines.len())]) {
                Some(newline) => newline + 1,
                // A line that is too long for any file gets one of its own.
                None if self.size == 0 => {
                    memchr(b'\n', lines).map_or(lines.len(), |newline| newline + 1)
                }
                None => match self.rotate() {
                    Ok(true) => continue,
                    // Where it cannot be rotated it grows on: no line is to be missing.
                    Ok(false) => lines.len(),
                    Err(error) => {
                        let path = self.plan.path.display();
                        error!("cannot rotate the log file `{path}`: {error}");
                        // Later, not with every line.
                        self.size = 0;
                        lines.len()
                    }
                },
            };
            let (these, rest) = lines.split_at(fits);
            self.write_whole(these)
                .map_err(|(error, missing)| (error, missing + rest.len() as u64))?;
            lines = rest;
        }
        Ok(())
    }

    fn write_whole(&mut self, lines: &[u8]) -> Result<(), (io::Error, u64)> {
        if self.is_torn {
            self.file.write_all(b"\n").map_err(|error| (error, lines.len() as u64))?;
            self.is_torn = false;
        }
        let mut rest = lines;
        while !rest.is_empty() {
            match self.file.write(rest) {
                Ok(written) => {
                    self.size += written as u64;
                    rest = &rest[written..];
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let written = &lines[..lines.len() - rest.len()];
                    self.is_torn = !written.is_empty() && !written.ends_with(b"\n");
                    return Err((error, rest.len() as u64));
                }
            }
        }
        Ok(())
    }

    /// `log.1` becomes `log.2` and so on; the oldest goes. Not so with a device: it is the system's.
    fn rotate(&mut self) -> io::Result<bool> {
        if !self.file.metadata()?.is_file() {
            return Ok(false);
        }
        let Some(oldest) = self.plan.keep.checked_sub(1) else {
            self.file.set_len(0)?;
            self.size = 0;
            return Ok(true);
        };
        let path = &self.plan.path;
        for number in (0..=oldest).rev() {
            let from = if number == 0 { path.clone() } else { numbered(path, number) };
            match fs::rename(from, numbered(path, number + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        (self.file, self.size) = append(path, &self.identity)?;
        Ok(true)
    }
}

fn numbered(path: &Path, number: usize) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{number}"));
    name.into()
}

/// Opens the file, which is this one from now on; with how large it is.
fn append(path: &Path, identity: &Identity) -> io::Result<(File, u64)> {
    let file = stream::append_and_wait(path)?;
    let size = file.metadata()?.len();
    identity.set(stream::identity(&file)?);
    Ok((file, size))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(folder: &Path, max_size: u64, keep: usize) -> Open {
        Open::new(plan(folder, max_size, keep), Identity::default()).unwrap()
    }

    fn plan(folder: &Path, max_size: u64, keep: usize) -> topology::LogFile {
        topology::LogFile { path: folder.join("log"), max_size, keep }
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
    fn many_lines_at_once_are_spread_over_files_at_their_ends() {
        let folder = tempfile::tempdir().unwrap();
        log(folder.path(), 8, 3).append(b"one\ntwo\nthree\nlonger than it\nend\n").unwrap();
        let files = ["log.3", "log.2", "log.1", "log"].map(|name| read(folder.path(), name));
        assert_eq!(files, ["one\ntwo\n", "three\n", "longer than it\n", "end\n"]);
    }

    #[test]
    fn where_it_cannot_be_rotated_no_line_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = log(folder.path(), 4, 1);
        log.append(b"one\n").unwrap();
        // In the way of what it is to be called.
        fs::create_dir_all(folder.path().join("log.1/full")).unwrap();
        log.append(b"two\nthree\n").unwrap();
        assert_eq!(read(folder.path(), "log"), "one\ntwo\nthree\n");
    }

    #[test]
    fn what_a_full_disk_has_cut_off_is_a_line_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = log(folder.path(), 100, 1);
        let full = File::options().append(true).open("/dev/full").unwrap();
        let file = std::mem::replace(&mut log.file, full);
        log.write(b"one\n");
        log.write(b"two\n");
        assert_eq!(log.missing, Some(8));
        log.file = file;
        // As if a part of it had been written.
        log.is_torn = true;
        log.write(b"three\n");
        assert_eq!((log.missing, read(folder.path(), "log")), (None, "\nthree\n".to_owned()));
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

    #[tokio::test]
    async fn it_is_known_again_after_it_was_rotated_and_after_it_was_reopened() {
        let folder = tempfile::tempdir().unwrap();
        let log = LogFile::open(&plan(folder.path(), 4, 1)).unwrap();
        let is_known = || LogFile::open(&plan(folder.path(), 4, 1)).unwrap().is(&log);
        log.append(b"one\ntwo\n");
        log.finish().await;
        assert_eq!(read(folder.path(), "log"), "two\n");
        assert!(is_known());
        fs::rename(folder.path().join("log"), folder.path().join("old")).unwrap();
        log.reopen();
        log.finish().await;
        assert!(is_known());
        let another = folder.path().join("another");
        fs::create_dir(&another).unwrap();
        assert!(!LogFile::open(&plan(&another, 4, 1)).unwrap().is(&log));
    }

    #[test]
    fn a_later_run_goes_on_behind_an_earlier_one() {
        let folder = tempfile::tempdir().unwrap();
        log(folder.path(), 100, 2).append(b"one\n").unwrap();
        log(folder.path(), 100, 2).append(b"two\n").unwrap();
        assert_eq!(read(folder.path(), "log"), "one\ntwo\n");
    }
}
