//! A session that runs, for the tests of several subjects.

use std::fs;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use gipc::frames::{FrameReader, FrameWriter};
use gipc::framing::{DEFAULT_MAX_MESSAGE, Framing};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::*;

/// A session named `here` in a folder of its own, where its sockets are too.
pub(crate) struct Session {
    pub(crate) folder: TempDir,
    pub(crate) gipc: Running,
}

impl Session {
    /// `gipc up` with this gipc.toml, once it has said this on standard error.
    pub(crate) fn up(toml: &str, until: &str) -> Self {
        let folder = scratch();
        fs::write(folder.path().join("gipc.toml"), format!("name = 'here'\n{toml}")).unwrap();
        Self::of(folder, "up --report report.json", until)
    }

    /// This command line in this folder, once it has said this.
    pub(crate) fn of(folder: TempDir, line: &str, until: &str) -> Self {
        let gipc = in_folder(folder.path(), line).begin();
        let mut session = Self { gipc, folder };
        session.gipc.stderr_until(until);
        session
    }

    /// A command, by its words, about this session.
    pub(crate) fn gipc(&self, line: &str) -> Command {
        in_folder(self.folder.path(), line)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn written(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.path("gipc/here.sock")
    }

    /// One who speaks to it himself.
    pub(crate) fn client(&self) -> UnixStream {
        let stream = UnixStream::connect(self.socket()).unwrap();
        // Where it were not answered, the test is to fail and not to wait.
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream
    }

    /// One who has asked for this, and the answer.
    pub(crate) fn request(&self, request: &Value) -> (UnixStream, Value) {
        let stream = self.client();
        put(&stream, &serde_json::to_vec(request).unwrap());
        let reply = reply(&stream);
        (stream, reply)
    }

    /// Ends it: how it has ended, and its report.
    pub(crate) fn down(self) -> (Ended, Value) {
        let (ended, report, _) = self.end();
        (ended, report)
    }

    /// The same, and what is in its folder.
    pub(crate) fn end(self) -> (Ended, Value, TempDir) {
        self.gipc("down").end().said("");
        let ended = self.gipc.end();
        let report = fs::read(self.folder.path().join("report.json")).unwrap_or_default();
        (ended, serde_json::from_slice(&report).unwrap_or_default(), self.folder)
    }
}

/// A command line of gipc in a folder where its sockets are too.
pub(crate) fn in_folder(folder: &Path, line: &str) -> Command {
    let mut gipc = words(line);
    gipc.current_dir(folder).env("XDG_RUNTIME_DIR", folder);
    gipc
}

pub(crate) fn put(stream: &UnixStream, message: &[u8]) {
    FrameWriter::new(stream, Framing::U32).blocking_put(message).unwrap();
}

pub(crate) fn reply(stream: &UnixStream) -> Value {
    let mut replies = FrameReader::new(stream, Framing::U32, DEFAULT_MAX_MESSAGE).exact();
    serde_json::from_slice(&replies.blocking_get().unwrap().unwrap()).unwrap()
}
