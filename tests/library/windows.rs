//! What only Windows has: handles, job objects, exit codes of 32 bits, programs of a C runtime that
//! find handles at numbers, batch files.

#![expect(unsafe_code, reason = "system calls on handles")]

use std::ffi::c_void;
use std::time::Instant;

use gipc::codec::Json;
use gipc::process::{ExitStatus, Signal};
use gipc::spawn::{ChildFd, Limit, ProcessGroup, Resource, SpawnError};
use gipc::{Command, Error, blocking};
use libtest_mimic::Trial;
use serde::{Deserialize, Serialize};
use windows_sys::Win32::Foundation::{GetHandleInformation, HANDLE_FLAG_INHERIT};

use crate::support::{LONG, in_both_runtimes, is_gone, long, sh, short};

#[path = "windows/workers.rs"]
mod workers;

tests![
    a_program_of_the_c_runtime_finds_its_channels_at_3_and_4,
    a_child_inherits_exactly_the_declared_handles,
    a_function_inherits_exactly_its_handles,
    exit_codes_have_32_bits,
    a_worker_takes_a_hundred_thousand_messages,
    a_worker_waits_with_deadlines_on_handles_that_block,
    a_worker_waits_in_a_runtime_on_handles_that_block,
    both_ends_of_a_channel_go_to_programs_of_the_c_runtime,
    all_that_a_child_has_started_ends_with_its_group,
    a_killed_parent_leaves_no_daemon_nor_what_it_has_started,
    what_windows_cannot_is_refused,
    arguments_arrive_as_they_were,
    a_batch_file_gets_its_arguments_and_refuses_those_that_it_would_run,
];

/// All tests that only Windows has.
pub(crate) fn all() -> Vec<Trial> {
    [tests(), workers::all()].into_iter().flatten().collect()
}

/// Those that make sense here.
pub(crate) fn fitting(mut all: Vec<Trial>) -> Vec<Trial> {
    let lines = include_str!("../windows/left-out").lines();
    let ours = lines.filter_map(|line| line.strip_prefix("library\t"));
    let left_out: Vec<&str> = ours.filter_map(|line| Some(line.split_once('\t')?.0)).collect();
    all.retain(|test| !left_out.iter().any(|name| test.name().starts_with(name)));
    all
}

/// What is done in a process of its own.
#[derive(Serialize, Deserialize)]
pub(crate) enum Task {
    CountsItsHandles(blocking::Writer<Json<usize>>),
    CountsWhatItInherits,
    WaitsWithDeadlines,
    WaitsInARuntime,
    StartsAnotherAndTells(blocking::Writer<Json<(i32, i32)>>, blocking::Writer),
    HasADaemon(blocking::Writer<Json<(i32, i32)>>, blocking::Writer),
    WritesItsArguments(blocking::Writer<Json<Vec<String>>>),
    Shouts,
}

pub(crate) fn runs(task: Task) {
    match task {
        Task::CountsItsHandles(writer) => writer.put(&inherited()).unwrap(),
        Task::CountsWhatItInherits => counts_what_it_inherits(),
        Task::WaitsWithDeadlines => waits_with_deadlines(),
        Task::WaitsInARuntime => waits_in_a_runtime(),
        Task::StartsAnotherAndTells(writer, held) => starts_another_and_tells(&writer, held),
        Task::HasADaemon(writer, held) => has_a_daemon(writer, held),
        Task::WritesItsArguments(writer) => {
            writer.put(&std::env::args().skip(2).collect()).unwrap();
        }
        Task::Shouts => shouts(),
    }
}

/// A worker: upper case.
fn shouts() {
    let channels = blocking::inherited().unwrap();
    let (messages, answers) = (channels.reader("in").unwrap(), channels.writer("out").unwrap());
    while let Some(message) = messages.get().unwrap() {
        answers.put(&message.to_ascii_uppercase()).unwrap();
    }
}

/// How many handles there are here that were inherited and not taken: those that still can be
/// inherited, as nothing that a program opens can by itself.
fn inherited() -> usize {
    let is_inherited = |value: &usize| {
        let mut flags = 0;
        let handle: *mut c_void = std::ptr::without_provenance_mut(*value);
        // SAFETY: it fails for what is no handle.
        unsafe {
            GetHandleInformation(handle, &raw mut flags) != 0 && flags & HANDLE_FLAG_INHERIT != 0
        }
    };
    (4..1 << 16).step_by(4).filter(is_inherited).count()
}

fn a_program_of_the_c_runtime_finds_its_channels_at_3_and_4() {
    in_both_runtimes(async || {
        let (child_reads, writer) = gipc::pipe().unwrap();
        let (reader, child_writes) = gipc::pipe().unwrap();
        let child = sh("cat <&3 >&4").channel("in", child_reads).channel("out", child_writes);
        let child = child.spawn().unwrap();
        for size in [0, 1, 1000, 100_000, 3 << 20] {
            let message = crate::support::pattern(size);
            let (put, got) = tokio::join!(writer.put(&message), reader.get());
            put.unwrap();
            assert!(got.unwrap().unwrap() == message, "{size}");
        }
        drop(writer);
        assert_eq!(reader.get().await.unwrap(), None);
        assert!(child.join().await.unwrap().success());
    });
}

/// Of the standard ones, how many this process has.
fn standard() -> usize {
    blocking_count(Command::function(runs, Task::CountsWhatItInherits).unwrap(), &[])
}

/// What a child counts that writes it to the channel `count`.
fn blocking_count(command: Command, more: &[&str]) -> usize {
    let (reader, writer) = blocking::pipe_with(Json::<usize>::new()).unwrap();
    let mut command = command.channel("count", writer);
    let mut ends = Vec::new();
    for name in more {
        let (reader, writer) = gipc::pipe().unwrap();
        command = command.channel(*name, reader);
        ends.push(writer);
    }
    let child = command.spawn().unwrap();
    let count = reader.get().unwrap().unwrap();
    assert!(child.reap().unwrap().0.success());
    count
}

/// Tells it on the channel `count`, which it has taken by then, as it has its arguments.
fn counts_what_it_inherits() {
    let channels = blocking::inherited().unwrap();
    let writer = channels.writer_with("count", Json::<usize>::new()).unwrap();
    writer.put(&inherited()).unwrap();
}

fn a_child_inherits_exactly_the_declared_handles() {
    // Others that must not get through.
    let (_mine, _other) = (gipc::duplex().unwrap(), gipc::pipe().unwrap());
    let standard = standard();
    assert!(standard <= 3, "{standard}");
    let command = || Command::function(runs, Task::CountsWhatItInherits).unwrap();
    assert_eq!(blocking_count(command(), &["a"]), standard + 1);
    assert_eq!(blocking_count(command(), &["a", "b", "c"]), standard + 3);
}

fn a_function_inherits_exactly_its_handles() {
    let (reader, writer) = blocking::pipe_with(Json::<usize>::new()).unwrap();
    let child = blocking::start_process(runs, Task::CountsItsHandles(writer)).unwrap();
    assert_eq!(
        reader.get().unwrap(),
        Some(standard()),
        "it has taken its arguments and the writer"
    );
    assert!(child.join().unwrap().success());
}

fn exit_codes_have_32_bits() {
    for code in [0, 1, 255, 256, 259, 65_535, 0x7fff_ffff, 0x8000_0000, 0xc000_0005, u32::MAX] {
        in_both_runtimes(async || {
            let child = sh(&format!("exit {code}")).spawn().unwrap();
            // 259 is also what the system says of a process that runs.
            assert_eq!(child.join().await.unwrap(), ExitStatus::Code(code));
            assert_eq!(child.exitcode(), Some(code as i32));
            assert_eq!(child.join().await.unwrap().shell_code(), code);
        });
    }
}

const WORKER: &str = env!("CARGO_BIN_EXE_gipc-test-child");

fn a_worker_takes_a_hundred_thousand_messages() {
    const COUNT: u32 = 100_000;
    let (child_reads, writer) = blocking::pipe().unwrap();
    let (reader, child_writes) = blocking::pipe().unwrap();
    let child = Command::new(WORKER).channel("in", child_reads).channel("out", child_writes);
    let child = child.spawn().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..COUNT {
                writer.put(format!("message {number}").as_bytes()).unwrap();
            }
            writer.close().unwrap();
        });
        for number in 0..COUNT {
            let message = reader.get().unwrap().unwrap();
            assert_eq!(message, format!("MESSAGE {number}").as_bytes());
        }
    });
    assert_eq!(reader.get().unwrap(), None);
    assert!(child.reap().unwrap().0.success());
}

/// Answers after waiting in vain, in either direction.
fn waits_with_deadlines() {
    let channels = blocking::inherited().unwrap();
    let (reader, writer) = (channels.reader("in").unwrap(), channels.writer("out").unwrap());
    for _ in 0..3 {
        assert!(matches!(reader.get_deadline(short()), Err(Error::Timeout { .. })));
        assert!(!reader.poll(crate::support::SHORT).unwrap());
    }
    writer.put_deadline(b"in vain", long()).unwrap();
    let message = reader.get_deadline(long()).unwrap().unwrap();
    // The channel holds less, and nobody reads it yet.
    let large = crate::support::pattern(3 << 20);
    let put = writer.put_deadline(&large, short());
    assert!(matches!(put, Err(Error::Timeout { pending: 1.., .. })), "{put:?}");
    channels.writer("gave-up").unwrap().close().unwrap();
    writer.put(&message).unwrap();
    assert_eq!(reader.get_timeout(LONG).unwrap(), None);
}

fn a_worker_waits_with_deadlines_on_handles_that_block() {
    let (child_reads, writer) = blocking::pipe().unwrap();
    let (reader, child_writes) = blocking::pipe().unwrap();
    let command = Command::function(runs, Task::WaitsWithDeadlines).unwrap();
    let (gave_up, gives_up) = blocking::pipe().unwrap();
    let command = command.channel("in", child_reads).channel("out", child_writes);
    let child = command.channel("gave-up", gives_up).spawn().unwrap().into_blocking();
    assert_eq!(reader.get().unwrap().unwrap(), "in vain");
    writer.put(b"hello").unwrap();
    assert_eq!(gave_up.get().unwrap(), None);
    assert!(reader.get().unwrap().unwrap() == crate::support::pattern(3 << 20));
    assert_eq!(reader.get().unwrap().unwrap(), "hello");
    drop(writer);
    assert_eq!(reader.get().unwrap(), None);
    assert!(child.join().unwrap().success());
}

/// Takes and answers at the same time.
fn waits_in_a_runtime() {
    let channels = gipc::inherited().unwrap();
    let both = channels.duplex("both").unwrap();
    crate::support::current_thread().block_on(async {
        while let Some(message) = both.get().await.unwrap() {
            both.put(&message.to_ascii_uppercase()).await.unwrap();
        }
    });
}

fn a_worker_waits_in_a_runtime_on_handles_that_block() {
    in_both_runtimes(async || {
        let (here, there) = gipc::duplex().unwrap();
        let command = Command::function(runs, Task::WaitsInARuntime).unwrap();
        let child = command.channel("both", there).spawn().unwrap();
        let (reader, writer) = here.split();
        for size in [0, 1, 100_000, 1 << 20] {
            let message = vec![b'a'; size];
            let (put, got) = tokio::join!(writer.put(&message), reader.get());
            put.unwrap();
            assert!(got.unwrap().unwrap() == message.to_ascii_uppercase(), "{size}");
        }
        writer.close().unwrap();
        assert_eq!(reader.get().await.unwrap(), None);
        assert!(child.join().await.unwrap().success());
    });
}

fn both_ends_of_a_channel_go_to_programs_of_the_c_runtime() {
    let (between_out, between_in) = blocking::pipe().unwrap();
    let (reader, last) = blocking::pipe().unwrap();
    let one = sh("printf '\\0\\0\\0\\5hello' >&4").channel("out", between_in).spawn().unwrap();
    let other = sh("cat <&3 >&4").channel("in", between_out).channel("out", last).spawn().unwrap();
    assert_eq!(reader.get().unwrap().unwrap(), "hello");
    assert_eq!(reader.get().unwrap(), None);
    for child in [one, other] {
        assert!(child.reap().unwrap().0.success());
    }
}

/// Has a child of its own, tells both pids, and lives until it is killed.
fn starts_another_and_tells(writer: &blocking::Writer<Json<(i32, i32)>>, held: blocking::Writer) {
    let child = sh("exec sleep 1000").channel("out", held).spawn().unwrap();
    writer.put(&(std::process::id() as i32, child.pid())).unwrap();
    child.reap().unwrap();
}

fn all_that_a_child_has_started_ends_with_its_group() {
    in_both_runtimes(async || {
        let (reader, writer) = gipc::pipe_with(Json::<(i32, i32)>::new()).unwrap();
        let (alive, held) = gipc::pipe().unwrap();
        let task = Task::StartsAnotherAndTells(writer.into_blocking(), held.into_blocking());
        let child = gipc::start_process(runs, task).unwrap();
        let (pid, other) = reader.get().await.unwrap().unwrap();
        assert_eq!(pid, child.pid());
        assert!(!is_gone(other));
        child.signal_group(Signal::KILL).unwrap();
        assert_eq!(child.join().await.unwrap(), ExitStatus::Signal(Signal::KILL));
        assert_eq!(alive.get_timeout(LONG).await.unwrap(), None);
        child.signal_group(Signal::KILL).unwrap();
    });
}

/// A daemon that has a child of its own.
fn a_killed_parent_leaves_no_daemon_nor_what_it_has_started() {
    let (reader, writer) = blocking::pipe_with(Json::<(i32, i32)>::new()).unwrap();
    let (alive, held) = blocking::pipe().unwrap();
    let parent = blocking::start_process(runs, Task::HasADaemon(writer, held)).unwrap();
    let (daemon, its_child) = reader.get().unwrap().unwrap();
    assert!(!is_gone(daemon) && !is_gone(its_child));
    parent.kill().unwrap();
    assert_eq!(parent.join().unwrap().code(), -9);
    // The child of the daemon holds a writer for as long as it lives.
    assert_eq!(alive.get_timeout(LONG).unwrap(), None);
    let end = Instant::now() + LONG;
    while !is_gone(daemon) || !is_gone(its_child) {
        assert!(Instant::now() < end, "they live on");
        std::thread::yield_now();
    }
}

/// Lives until it is killed.
fn has_a_daemon(writer: blocking::Writer<Json<(i32, i32)>>, held: blocking::Writer) {
    let task = Task::StartsAnotherAndTells(writer, held);
    let daemon = Command::function(runs, task).unwrap().daemon(true).spawn().unwrap();
    daemon.reap().unwrap();
}

fn what_windows_cannot_is_refused() {
    let refused = |command: Command, expected: &str| {
        let error = command.spawn().unwrap_err();
        let SpawnError::Setup { source, .. } = error else { panic!("{error:?}") };
        assert!(source.to_string().contains(expected), "{source}");
    };
    refused(sh("true").user("nobody"), "has the user of its parent");
    refused(sh("true").group("nobody"), "has the user of its parent");
    refused(sh("true").nice(5), "no nice values");
    refused(sh("true").umask(0o77), "no file mode creation mask");
    refused(sh("true").process_group(ProcessGroup::Join(1)), "stays in ours");
    assert!("nofile".parse::<Resource>().unwrap_err().to_string().contains("none on this system"));
    assert_eq!(Limit::UNLIMITED, u64::MAX);
    "HUP".parse::<Signal>().unwrap_err();
    let (_, writer) = std::io::pipe().unwrap();
    refused(sh("true").fd(ChildFd::new(10_000), writer.into()), "10000 is too high");
    let ours = sh("exit 3").process_group(ProcessGroup::Ours).spawn().unwrap();
    assert_eq!(ours.reap().unwrap().0.code(), 3);
}

fn arguments_arrive_as_they_were() {
    let (reader, writer) = blocking::pipe_with(Json::<Vec<String>>::new()).unwrap();
    let arguments = ["", "a b", "tab\there", r"back\slash", r"end\", r"end \", "quo\"te", "%PATH%"];
    let arguments = [&arguments[..], &["\\\"", "a\\\\\"b c", "ü", "&|<>^", "!x!", "*"]].concat();
    let command = Command::function(runs, Task::WritesItsArguments(writer)).unwrap();
    let child = command.args(arguments.clone()).spawn().unwrap();
    assert_eq!(reader.get().unwrap().unwrap(), arguments);
    assert!(child.reap().unwrap().0.success());
}

fn a_batch_file_gets_its_arguments_and_refuses_those_that_it_would_run() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a script.bat");
    std::fs::write(&file, "@echo [%1] [%2]\r\n@exit 7\r\n").unwrap();
    let (text, out) = std::io::pipe().unwrap();
    let command = Command::new(&file).args(["a b&echo injected", "c"]);
    let child = command.fd(ChildFd::STDOUT, out.into()).spawn().unwrap();
    let text = std::io::read_to_string(text).unwrap();
    assert_eq!(text.trim_end(), "[\"a b&echo injected\"] [\"c\"]");
    assert_eq!(child.reap().unwrap().0.code(), 7);
    for arg in ["\" & echo injected", "%PATH%", "a\nb"] {
        let error = Command::new(&file).arg(arg).spawn().unwrap_err();
        assert!(matches!(error, SpawnError::Setup { .. }), "{error:?}");
    }
    // By its name alone, from PATH.
    let child = Command::new("a script").env("PATH", folder.path()).spawn().unwrap();
    assert_eq!(child.reap().unwrap().0.code(), 7);
}
