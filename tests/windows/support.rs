//! Starting gipc and looking at what it does.

#![expect(unsafe_code, reason = "system calls on handles")]

use std::ffi::OsStr;
use std::fmt::{Display, Write as _};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use windows_sys::Win32::Foundation::WAIT_OBJECT_0;
use windows_sys::Win32::System::Threading::{
    OpenProcess, PROCESS_SYNCHRONIZE, WaitForSingleObject,
};

pub(crate) const GIPC: &str = env!("CARGO_BIN_EXE_gipc");
pub(crate) const CHILD: &str = env!("CARGO_BIN_EXE_gipc-test-child");

/// How long to wait for what is to come, in milliseconds.
const LONG: u32 = 60_000;

/// One of the library's examples.
pub(crate) fn example(name: &str) -> PathBuf {
    Path::new(GIPC).with_file_name("examples").join(name).with_extension("exe")
}

/// Is this program there? Where `GIPC_TEST_REQUIRE_PEERS` is set it has to be.
pub(crate) fn has(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let program = format!("{program}.exe");
    let is_there = std::env::split_paths(&path).any(|folder| folder.join(&program).is_file());
    assert!(
        is_there || std::env::var_os("GIPC_TEST_REQUIRE_PEERS").is_none(),
        "{program} is missing: see tests/install-cross"
    );
    is_there
}

/// Each of these on a line.
pub(crate) fn lines_of(all: impl Iterator<Item: Display>) -> String {
    all.fold(String::new(), |mut lines, one| {
        writeln!(lines, "{one}").unwrap();
        lines
    })
}

pub(crate) fn gipc<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(GIPC);
    for (key, _) in std::env::vars_os() {
        // Where the tests are told of Wine is no option.
        if key.as_encoded_bytes().starts_with(b"GIPC_") {
            command.env_remove(key);
        }
    }
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// How a command has ended, and what it has said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: u32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs it to its end, with this as its standard input.
pub(crate) fn run(command: &mut Command, input: &str) -> Said {
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    // Whoever does not read it to its end may have his reasons.
    let feeding = thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
    let said = end(child);
    feeding.join().unwrap();
    said
}

/// Waits for its end.
pub(crate) fn end(mut child: Child) -> Said {
    let mut read = child.stderr.take().unwrap();
    let stderr = thread::spawn(move || {
        let mut text = String::new();
        read.read_to_string(&mut text).unwrap();
        text
    });
    let mut stdout = String::new();
    if let Some(mut read) = child.stdout.take() {
        read.read_to_string(&mut stdout).unwrap();
    }
    let code = child.wait().unwrap().code().unwrap() as u32;
    Said { code, stdout: stdout.replace("\r\n", "\n"), stderr: stderr.join().unwrap() }
}

/// The first line of its standard output.
pub(crate) fn first_line(child: &mut Child) -> String {
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    line.trim_end().to_owned()
}

/// A process that is looked at from outside.
pub(crate) struct Other(OwnedHandle);

impl Other {
    /// One that runs.
    pub(crate) fn of(pid: &str) -> Self {
        // SAFETY: makes a handle that is ours alone.
        unsafe {
            let handle = OpenProcess(PROCESS_SYNCHRONIZE, 0, pid.parse().unwrap());
            assert!(!handle.is_null(), "{pid}");
            Self(OwnedHandle::from_raw_handle(handle))
        }
    }

    /// Waits for its end.
    pub(crate) fn ends(&self) {
        // SAFETY: the handle is a process's, and open.
        let waited = unsafe { WaitForSingleObject(self.0.as_raw_handle(), LONG) };
        assert_eq!(waited, WAIT_OBJECT_0, "it runs on");
    }
}

/// Does it run?
pub(crate) fn is_running(pid: &str) -> bool {
    // SAFETY: makes a handle that is ours alone, or fails.
    let handle = unsafe { OpenProcess(PROCESS_SYNCHRONIZE, 0, pid.parse().unwrap()) };
    if handle.is_null() {
        return false;
    }
    // SAFETY: as above.
    let handle = unsafe { OwnedHandle::from_raw_handle(handle) };
    // SAFETY: the handle is a process's, and open.
    unsafe { WaitForSingleObject(handle.as_raw_handle(), 0) != WAIT_OBJECT_0 }
}
