//! Signals: what a child has of its parent's, which is nothing.

use std::sync::atomic::{AtomicU32, Ordering};

use gipc::process::Signal;
use gipc::spawn::{ChildFd, ProcessGroup};
use gipc::{Command, blocking};
use nix::sys::signal::{SigSet, SigmaskHow, pthread_sigmask};

use super::{Task, runs};
use crate::support::sh;

tests![
    row_13_all_signals_are_default_in_the_child,
    row_13_a_function_starts_with_default_signals,
    row_13_sigpipe_may_stay_ignored,
    the_parents_handlers_never_fire_in_the_child,
    any_signal_is_a_negative_code,
    a_child_has_a_group_of_its_own_unless_it_stays_in_ours,
];

/// A line of `/proc/…/status`, as a number in hexadecimal.
pub(super) fn signal_set(status: &str, line: &str) -> u64 {
    let value = status.lines().find_map(|each| each.strip_prefix(line)).unwrap();
    u64::from_str_radix(value.trim_start_matches(':').trim(), 16).unwrap()
}

/// The signals of a child that shows its own: blocked, ignored, caught.
fn of(command: Command) -> [u64; 3] {
    let (status, out) = std::io::pipe().unwrap();
    let child = command.fd(ChildFd::STDOUT, out.into()).spawn().unwrap();
    let status = std::io::read_to_string(status).unwrap();
    assert!(child.reap().unwrap().0.success());
    ["SigBlk", "SigIgn", "SigCgt"].map(|line| signal_set(&status, line))
}

fn status() -> Command {
    Command::new("cat").arg("/proc/self/status")
}

fn bit(signal: i32) -> u64 {
    1 << (signal - 1)
}

static FIRED: AtomicU32 = AtomicU32::new(0);

extern "C" fn fire(_: libc::c_int) {
    FIRED.fetch_add(1, Ordering::Relaxed);
}

/// Catches some signals, ignores some, blocks all; its children have nothing of that.
#[expect(unsafe_code, reason = "dispositions of this process")]
pub(super) fn has_handlers_and_starts_a_child() {
    let handler = fire as extern "C" fn(libc::c_int) as libc::sighandler_t;
    for (signal, disposition) in [
        (libc::SIGTERM, handler),
        (libc::SIGUSR1, handler),
        (libc::SIGRTMIN() + 3, handler),
        (libc::SIGHUP, libc::SIG_IGN),
        (libc::SIGINT, libc::SIG_IGN),
        (libc::SIGPIPE, libc::SIG_IGN),
    ] {
        // SAFETY: the handler adds to an atomic and does nothing else.
        unsafe { libc::signal(signal, disposition) };
    }
    let mut before = SigSet::empty();
    pthread_sigmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::all()), Some(&mut before)).unwrap();
    assert_eq!(of(status()), [0, 0, 0]);
    assert_eq!(of(status().daemon(true)), [0, 0, 0]);
    assert_eq!(of(status().ignore_sigpipe(true)), [0, bit(libc::SIGPIPE), 0]);
    // Our own mask is as it was.
    let own = std::fs::read_to_string("/proc/thread-self/status").unwrap();
    assert_ne!(signal_set(&own, "SigBlk") & bit(libc::SIGTERM), 0);
    before.thread_set_mask().unwrap();

    // What we would survive, the child does not.
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        let child = Command::new("sleep").arg("1000").spawn().unwrap();
        child.signal(signal).unwrap();
        assert_eq!(child.reap().unwrap().0.code(), -signal.number());
    }
    assert_eq!(FIRED.load(Ordering::Relaxed), 0);
}

fn row_13_all_signals_are_default_in_the_child() {
    super::alone(Task::HandlesAndIgnoresSignals);
}

fn the_parents_handlers_never_fire_in_the_child() {
    // A child in which a handler of ours would run has the same memory and adds to `FIRED`.
    let (reader, writer) = blocking::pipe().unwrap();
    let child = blocking::start_process(runs, Task::ShowsItsSignals(writer)).unwrap();
    assert_eq!(reader.get().unwrap().unwrap().len(), 24);
    assert!(child.join().unwrap().success());
    let child = gipc::start_process(crate::handles::reads_none, blocking::pipe().unwrap().0);
    let child = child.unwrap();
    child.signal(Signal::TERM).unwrap();
    let code = child.reap().unwrap().0.code();
    assert!([0, -15].contains(&code), "it has ended by itself or by default: {code}");
    assert_eq!(FIRED.load(Ordering::Relaxed), 0);
}

/// Its blocked, ignored and caught signals.
pub(super) fn shows_its_signals(writer: &blocking::Writer) {
    let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
    let sets = ["SigBlk", "SigIgn", "SigCgt"].map(|line| signal_set(&status, line).to_be_bytes());
    writer.put(&sets.concat()).unwrap();
}

fn row_13_a_function_starts_with_default_signals() {
    let (reader, writer) = blocking::pipe().unwrap();
    let child = blocking::start_process(runs, Task::ShowsItsSignals(writer)).unwrap();
    let sets = reader.get().unwrap().unwrap();
    let [blocked, ignored, caught] =
        [0, 8, 16].map(|at| u64::from_be_bytes(sets[at..at + 8].try_into().unwrap()));
    assert_eq!(blocked, 0);
    // Every program in Rust ignores SIGPIPE, and watches its stack by these two.
    assert_eq!(ignored & !bit(libc::SIGPIPE), 0);
    let of_the_stack = bit(libc::SIGSEGV) | bit(libc::SIGBUS);
    // The C library's own, once there are threads.
    let of_libc = bit(32) | bit(33);
    assert_eq!(caught & !(of_the_stack | of_libc), 0);
    assert!(child.join().unwrap().success());
}

fn row_13_sigpipe_may_stay_ignored() {
    let command = |ignore| {
        // Nobody reads: by default `yes` dies of that, else it is told by an error.
        let (_, out) = std::io::pipe().unwrap();
        let (_, quiet) = std::io::pipe().unwrap();
        let command = Command::new("yes").fd(ChildFd::STDOUT, out.into());
        command.fd(ChildFd::STDERR, quiet.into()).ignore_sigpipe(ignore)
    };
    assert_eq!(command(false).spawn().unwrap().reap().unwrap().0.code(), -libc::SIGPIPE);
    assert_eq!(command(true).spawn().unwrap().reap().unwrap().0.code(), 1);
}

fn a_child_has_a_group_of_its_own_unless_it_stays_in_ours() {
    let group_of = |group| {
        let (text, out) = std::io::pipe().unwrap();
        let cut = Command::new("cut").args(["-d", " ", "-f", "5", "/proc/self/stat"]);
        let child = cut.process_group(group).fd(ChildFd::STDOUT, out.into()).spawn().unwrap();
        let number: i32 = std::io::read_to_string(text).unwrap().trim().parse().unwrap();
        assert!(child.reap().unwrap().0.success());
        (number, child.pid())
    };
    let (group, pid) = group_of(ProcessGroup::Own);
    assert_eq!(group, pid);
    let (group, _) = group_of(ProcessGroup::Ours);
    assert_eq!(group, nix::unistd::getpgrp().as_raw());
}

fn any_signal_is_a_negative_code() {
    for signal in [Signal::HUP, Signal::new(40).unwrap()] {
        let child = sh("exec sleep 1000").spawn().unwrap();
        child.signal(signal).unwrap();
        assert_eq!(child.reap().unwrap().0.code(), -signal.number());
    }
    let child = sh("kill -9 $$").spawn().unwrap().into_blocking();
    assert_eq!(child.join().unwrap().code(), -9);
}
