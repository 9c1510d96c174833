//! Ours, the program: messages between two processes that it stands between, or has put together.
//!
//! Who writes and who reads are this program again, and do what they do for the limit.

use std::env;
use std::ffi::CString;
use std::fs::{self, File, OpenOptions};
use std::os::fd::{FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::library::CHILD;
use crate::limits;
use crate::measure::per_second;
use crate::processors::{Placed, settle};
use crate::program::{GIPC, children, kilobytes};

/// Where the writer is told to begin, if it is to wait for that: who looks on is to be there.
const GO: &str = "BENCH_GO";

/// The processor that the writer is to settle on, if it is to.
const PROCESSOR: &str = "BENCH_PROCESSOR";

/// The writer's part.
pub(crate) fn write(count: usize, size: usize) {
    if let Ok(processor) = env::var(PROCESSOR) {
        settle(processor.parse().expect("a number"));
    }
    if let Some(go) = env::var_os(GO) {
        // Opened when somebody opens the other end.
        File::open(go).expect("a named pipe");
    }
    limits::write_frames(channel("GIPC_OUT"), count, size).expect("a reader");
}

/// The reader's: prints how many bytes have come, and how many a second.
pub(crate) fn read() {
    let (bytes, rate) = limits::read_bytes(channel("GIPC_IN")).expect("its channel");
    println!("{bytes} {rate}");
}

/// The descriptor that this variable tells of.
fn channel(variable: &str) -> File {
    let number = env::var(variable).expect("a channel").parse().expect("a number");
    // SAFETY: we were started with it, and nobody else here uses it.
    File::from(unsafe { OwnedFd::from_raw_fd(number) })
}

/// What the two are started by.
fn lines(count: usize, size: usize) -> [String; 2] {
    let this = env::current_exe().expect("this program");
    ["frames-out", "frames-in"]
        .map(|what| format!("{} {CHILD} {what} {count} {size}", this.display()))
}

/// Who looks on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    Unseen,
    /// `gipc tap`, with all its output thrown away.
    Tapped,
}

/// As many channels of one session, each from a process of its own to another: messages a second, all
/// together, with the start and the end of all that.
pub(crate) fn through_many(channels: usize, count: usize, size: usize) -> f64 {
    let folder = tempfile::tempdir().expect("a folder");
    let [out, into] = lines(count, size);
    let description: String = (0..channels)
        .map(|number| {
            format!(
                "[process.out{number}]\ncommand = \"{out}\"\n\
                 [process.into{number}]\ncommand = \"{into}\"\n\
                 [channel.jobs{number}]\nfrom = \"out{number}\"\nto = \"into{number}\"\n"
            )
        })
        .collect();
    fs::write(folder.path().join("gipc.toml"), description).expect("a file");
    let start = Instant::now();
    let output = Command::new(GIPC).arg("up").current_dir(folder.path()).output().expect("gipc");
    let time = start.elapsed();
    let said = String::from_utf8_lossy(&output.stderr);
    let expected = format!("| {} ", count * (4 + size));
    let whole = said.lines().filter(|line| line.contains(&expected)).count();
    assert_eq!(whole, channels, "what the readers have said: {said}");
    per_second(channels * count, time)
}

/// A folder with the description of a session in which one process sends to another, when it is told
/// to.
fn described(count: usize, size: usize) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let [out, into] = lines(count, size);
    let go = folder.path().join("go");
    named_pipe(&go);
    let description = format!(
        "[process.out]\ncommand = \"{out}\"\nenvironment = {{ {GO} = \"{}\" }}\n\
         [process.into]\ncommand = \"{into}\"\n\
         [channel.jobs]\nfrom = \"out\"\nto = \"into\"\n",
        go.display()
    );
    fs::write(folder.path().join("gipc.toml"), description).expect("a file");
    folder
}

/// The most memory that the supervisor has had while it passed so many messages on, in kilobytes.
pub(crate) fn memory(count: usize, size: usize) -> f64 {
    let folder = described(count, size);
    let mut command = Command::new(GIPC);
    command.arg("up").current_dir(folder.path()).stderr(Stdio::null());
    let mut gipc = command.spawn().expect("gipc");
    begin(&folder);
    let mut most = 0.0;
    while gipc.try_wait().expect("our child").is_none() {
        if let Some(supervisor) = children(gipc.id()).first() {
            most = kilobytes(*supervisor, "status", "VmHWM:").max(most);
        }
        thread::sleep(Duration::from_millis(5));
    }
    most
}

/// Through the supervisor, `u32` at both ends: messages a second.
pub(crate) fn through(count: usize, size: usize, seen: Seen) -> f64 {
    let folder = described(count, size);
    let gipc = |args: &[&str]| {
        let mut command = Command::new(GIPC);
        command.args(args).current_dir(folder.path()).env("XDG_RUNTIME_DIR", folder.path());
        command
    };
    let session = gipc(&["up"]).stderr(Stdio::piped()).spawn().expect("gipc");
    let ps = || gipc(&["ps"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    while !ps().is_ok_and(|status| status.success()) {}
    let tap = (seen == Seen::Tapped).then(|| {
        let mut tap = gipc(&["tap"]);
        let tap = tap.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("gipc tap");
        // What it asks for is served before what is asked later.
        let open = || fs::read_dir(format!("/proc/{}/fd", tap.id())).map_or(0, Iterator::count);
        while open() < 4 {}
        ps().expect("gipc ps");
        tap
    });
    begin(&folder);
    let output = session.wait_with_output().expect("its lines");
    if let Some(mut tap) = tap {
        tap.wait().expect("our child");
    }
    rate(&String::from_utf8_lossy(&output.stderr), count, size)
}

/// Has the writer begin, once it is there.
fn begin(folder: &TempDir) {
    let go = OpenOptions::new().write(true).open(folder.path().join("go"));
    drop(go.expect("the writer"));
}

fn named_pipe(path: &Path) {
    let path = CString::new(path.as_os_str().as_bytes()).expect("a path");
    // SAFETY: the path ends with a zero.
    assert_eq!(unsafe { libc::mkfifo(path.as_ptr(), 0o600) }, 0);
}

/// Two stages of `gipc pipe`, each on a processor of its own: messages a second.
pub(crate) fn two_stages(count: usize, size: usize) -> f64 {
    let [out, into] = lines(count, size);
    let mut command = Command::new(GIPC);
    command.args(["pipe", "--input", "none", "--"]).args(out.split(' ')).arg(":::");
    command.args(into.split(' ')).stdin(Stdio::null());
    command.env(PROCESSOR, Placed::Apart.second().to_string());
    let output = Placed::first(|| command.output()).expect("gipc");
    rate(&String::from_utf8_lossy(&output.stderr), count, size)
}

/// What the reader has said.
fn rate(said: &str, count: usize, size: usize) -> f64 {
    let numbers = || said.lines().filter_map(|line| line.split("| ").nth(1)?.split_once(' '));
    let said = || format!("what the reader has said: {said}");
    let (bytes, rate) = numbers().next().unwrap_or_else(|| panic!("{}", said()));
    assert_eq!(bytes.parse(), Ok(count * (4 + size)), "{}", said());
    rate.parse::<f64>().expect("a number") / (4 + size) as f64
}
