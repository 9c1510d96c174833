//! What only POSIX systems have: a mask of signals, SIGCHLD and waiting for any child, sockets that
//! are descriptors.

use std::net::TcpListener;
use std::process::{Command as StdCommand, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use gipc::spawn::{ChildFd, SpawnError};
use gipc::{Command, Error, blocking};
use libtest_mimic::Trial;
use nix::sys::signal::{SigSet, SigmaskHow, pthread_sigmask};

use serde::{Deserialize, Serialize};

use crate::processes::exits_with;
use crate::support::{LONG, in_both_runtimes, sh};

mod pools;
mod signals;

tests![
    bug_the_signal_mask_is_inherited,
    bug_a_stolen_waitpid_hangs_join,
    row_03_sigchld_may_be_ignored,
    row_03_a_handler_of_the_program_is_its_own,
    row_10_a_stolen_child_hides_nothing_that_the_body_says,
    row_18_a_socket_may_be_passed,
];

/// All tests that only POSIX systems have.
pub(crate) fn all() -> Vec<Trial> {
    [tests(), pools::all(), signals::tests()].into_iter().flatten().collect()
}

/// Those that make sense here: all.
pub(crate) fn fitting(all: Vec<Trial>) -> Vec<Trial> {
    all
}

/// What is done in a process of its own.
#[derive(Serialize, Deserialize)]
pub(crate) enum Task {
    BlocksSignals,
    LosesItsChildren,
    IgnoresSigchld,
    HandlesSigchld,
    HandlesAndIgnoresSignals,
    ShowsItsSignals(blocking::Writer),
    DropsPools,
    Shouts,
    Adds,
}

pub(crate) fn runs(task: Task) {
    match task {
        Task::BlocksSignals => blocks_signals_and_starts_a_child(),
        Task::LosesItsChildren => loses_its_children_to_somebody_else(),
        Task::IgnoresSigchld => ignores_sigchld(),
        Task::HandlesSigchld => has_a_handler_of_its_own(),
        Task::HandlesAndIgnoresSignals => signals::has_handlers_and_starts_a_child(),
        Task::DropsPools => pools::drops_pools(),
        Task::Shouts => pools::shouts(),
        Task::Adds => pools::adds(),
        Task::ShowsItsSignals(writer) => signals::shows_its_signals(&writer),
    }
}

fn alone(task: Task) {
    let child = blocking::start_process(runs, task).unwrap();
    assert!(child.join().unwrap().success(), "see above for why");
}

fn blocks_signals_and_starts_a_child() {
    pthread_sigmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::all()), None).unwrap();
    let (status, out) = std::io::pipe().unwrap();
    let command = Command::new("cat").arg("/proc/self/status").fd(ChildFd::STDOUT, out.into());
    let child = command.spawn().unwrap();
    let status = std::io::read_to_string(status).unwrap();
    assert_eq!(signals::signal_set(&status, "SigBlk"), 0);
    assert!(child.reap().unwrap().0.success());
}

fn bug_the_signal_mask_is_inherited() {
    alone(Task::BlocksSignals);
}

/// Somebody in this program waits for every child there is.
#[expect(unsafe_code, reason = "the `waitpid(-1)` of a careless program")]
fn loses_its_children_to_somebody_else() {
    let steal = || {
        // SAFETY: without a status there is nothing to be written.
        while unsafe { libc::waitpid(-1, std::ptr::null_mut(), 0) } > 0 {}
    };
    in_both_runtimes(async || {
        let child = sh("exit 5").spawn().unwrap();
        steal();
        for _ in 0..2 {
            let joined = child.join().await;
            assert!(matches!(joined, Err(Error::Stolen { .. })), "{joined:?}");
        }
        let joined = child.join_timeout(LONG).await;
        assert!(matches!(joined, Err(Error::Stolen { .. })), "{joined:?}");
        assert!(!child.is_alive());
        assert_eq!(child.exitcode(), None);
        assert!(format!("{child:?}").ends_with("waited for by somebody else)"), "{child:?}");
        child.terminate().unwrap();
    });
    // While we wait.
    for _ in 0..20 {
        let (reader, writer) = blocking::pipe().unwrap();
        let child = sh("read line <&3").channel("in", reader).spawn().unwrap().into_blocking();
        thread::scope(|scope| {
            let thief = scope.spawn(steal);
            drop(writer);
            // Who is first has it.
            match child.join() {
                Ok(status) => assert_eq!(status.code(), 1),
                Err(error) => assert!(matches!(error, Error::Stolen { .. }), "{error:?}"),
            }
            thief.join().unwrap();
        });
    }
    // A child of the program's own is nobody's business but its own.
    let mut own = StdCommand::new("cat").stdin(Stdio::piped()).spawn().unwrap();
    drop(own.stdin.take());
    assert!(own.wait().unwrap().success());
}

fn bug_a_stolen_waitpid_hangs_join() {
    alone(Task::LosesItsChildren);
}

/// The system then waits for every child itself, and forgets how it ended.
#[expect(unsafe_code, reason = "dispositions of this process")]
fn ignores_sigchld() {
    // SAFETY: sets a disposition.
    unsafe { libc::signal(libc::SIGCHLD, libc::SIG_IGN) };
    in_both_runtimes(async || {
        let (reader, writer) = gipc::pipe().unwrap();
        let child = sh("printf '\\0\\0\\0\\2hi' >&4; exit 5").channel("out", writer);
        let child = child.spawn().unwrap();
        assert_eq!(reader.get().await.unwrap().unwrap(), "hi");
        assert_eq!(reader.get().await.unwrap(), None);
        let joined = child.join().await;
        assert!(matches!(joined, Err(Error::Stolen { .. })), "{joined:?}");
        assert!(!child.is_alive());
        assert_eq!(child.exitcode(), None);
        child.kill().unwrap();
        // An error of the start is told all the same.
        let error = Command::new("/no/such/program").spawn().unwrap_err();
        assert!(matches!(error, SpawnError::NotFound { .. }), "{error:?}");
    });
}

fn row_03_sigchld_may_be_ignored() {
    alone(Task::IgnoresSigchld);
}

static SIGCHLDS: AtomicU32 = AtomicU32::new(0);

extern "C" fn count(_: libc::c_int) {
    SIGCHLDS.fetch_add(1, Ordering::Relaxed);
}

/// The program counts its SIGCHLDs, and nobody else has a say in that.
#[expect(unsafe_code, reason = "dispositions of this process")]
fn has_a_handler_of_its_own() {
    let handler = count as extern "C" fn(libc::c_int) as libc::sighandler_t;
    // SAFETY: the handler adds to an atomic and does nothing else.
    unsafe { libc::signal(libc::SIGCHLD, handler) };
    let before = SIGCHLDS.load(Ordering::Relaxed);
    in_both_runtimes(async || {
        for code in 0..5 {
            let child = gipc::start_process(exits_with, code).unwrap();
            assert_eq!(child.join().await.unwrap().code(), i32::from(code));
        }
    });
    assert!(SIGCHLDS.load(Ordering::Relaxed) > before, "they still come");
    // SAFETY: reads a disposition.
    let now = unsafe { libc::signal(libc::SIGCHLD, libc::SIG_DFL) };
    assert_eq!(now, handler, "it is the program's still");
}

fn row_03_a_handler_of_the_program_is_its_own() {
    alone(Task::HandlesSigchld);
}

fn row_10_a_stolen_child_hides_nothing_that_the_body_says() {
    let result = blocking::scope(|scope| {
        let child = scope.spawn(sh("exit 5")).unwrap();
        nix::sys::wait::waitpid(nix::unistd::Pid::from_raw(child.pid()), None).unwrap();
        "the user's own"
    });
    assert_eq!(result.unwrap(), "the user's own");
}

fn row_18_a_socket_may_be_passed() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let script = "import socket; s, _ = socket.socket(fileno=7).accept(); s.sendall(b'hello')";
    let child = Command::new("python3").args(["-c", script]);
    let child = child.fd(ChildFd::new(7), listener.into()).spawn().unwrap();
    let stream = std::net::TcpStream::connect(address).unwrap();
    assert_eq!(std::io::read_to_string(stream).unwrap(), "hello");
    assert!(child.reap().unwrap().0.success());
}
