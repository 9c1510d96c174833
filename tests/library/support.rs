//! What the tests have in common.

use std::fs;
use std::io::PipeWriter;
use std::time::{Duration, Instant};

use gipc::process::ExitStatus;
use gipc::spawn::ChildFd;
use gipc::{Command, Error, Reader, Writer, blocking};
use serde_json::json;
use tokio::runtime::{Builder, Runtime};

#[cfg(unix)]
#[path = "support/posix.rs"]
mod system;
#[cfg(windows)]
#[path = "support/windows.rs"]
mod system;

pub(crate) use system::is_gone;

/// Longer than anything here takes: what ends by it has failed.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// For what is not to happen: each use waits it out.
pub(crate) const SHORT: Duration = Duration::from_millis(30);

pub(crate) fn long() -> Instant {
    Instant::now() + LONG
}

pub(crate) fn short() -> Instant {
    Instant::now() + SHORT
}

pub(crate) fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

pub(crate) fn multi_thread() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// Runs a test in either kind of runtime.
pub(crate) fn in_both_runtimes(test: impl AsyncFn()) {
    current_thread().block_on(test());
    multi_thread().block_on(test());
}

/// Runs a check in a process of its own: it counts what belongs to the process, or changes what all
/// its threads share.
pub(crate) fn alone<F: Fn(())>(check: F) {
    let child = gipc::blocking::start_process(check, ()).unwrap();
    assert_eq!(child.join().unwrap(), ExitStatus::Code(0), "see above for why");
}

/// `sh -c`.
pub(crate) fn sh(script: &str) -> Command {
    Command::new("sh").args(["-c", script])
}

/// Puts until there is nobody to read: until its `exec` a child that another test is just starting has
/// a copy of every descriptor of ours.
pub(crate) fn refused(writer: blocking::Writer) -> Error {
    loop {
        if let Err(error) = writer.put_deadline(b"nobody reads this", long()) {
            return error;
        }
        std::thread::yield_now();
    }
}

/// Bytes of which no two parts are alike.
pub(crate) fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at * 31 + at / 251) as u8).collect()
}

/// A reader into which bytes can be put that are no whole frames.
pub(crate) struct Dribble {
    pub(crate) reader: Reader,
    input: Option<PipeWriter>,
    cat: gipc::Process,
}

impl Dribble {
    pub(crate) fn new() -> Self {
        let (reader, writer) = gipc::pipe().unwrap();
        Self::into(reader, writer)
    }

    pub(crate) fn into(reader: Reader, writer: Writer) -> Self {
        let (output, input) = std::io::pipe().unwrap();
        let cat = sh("exec cat >&4").fd(ChildFd::STDIN, output.into()).channel("out", writer);
        Self { reader, input: Some(input), cat: cat.spawn().unwrap() }
    }

    /// These bytes, and no frame around them.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        std::io::Write::write_all(self.input.as_mut().unwrap(), bytes).unwrap();
    }

    /// The end of the stream.
    pub(crate) fn end(&mut self) {
        drop(self.input.take());
        assert!(self.cat.reap().unwrap().0.success());
    }
}

/// The numbers of the descriptors that are open here.
pub(crate) fn descriptors() -> Vec<i32> {
    let list = || -> Vec<i32> {
        let numbers = fs::read_dir("/proc/self/fd").unwrap();
        numbers.map(|entry| entry.unwrap().file_name().to_str().unwrap().parse().unwrap()).collect()
    };
    // The first list has the descriptor that it was read from: that one is closed now.
    let is_open = |fd: &i32| fs::read_link(format!("/proc/self/fd/{fd}")).is_ok();
    let mut open: Vec<i32> = list().into_iter().filter(is_open).collect();
    open.sort_unstable();
    open
}

/// How many children of this process there are, the dead with them.
pub(crate) fn children() -> usize {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    let of = |task: fs::DirEntry| fs::read_to_string(task.path().join("children"));
    // A thread that has just ended has no children.
    tasks.map(|task| of(task.unwrap()).unwrap_or_default().split_whitespace().count()).sum()
}

/// Any value that JSON has.
pub(crate) fn many_types() -> serde_json::Value {
    json!([null, true, -1, 18_446_744_073_709_551_615_u64, 1.5, "ü\0\n", [], {}, {"a": [1, {}]}])
}
