//! Processes: how they are, how they end, and who waits for them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use gipc::codec::Json;
use gipc::process::{ExitStatus, Signal};
use gipc::spawn::SpawnError;
use gipc::{Command, Error, Process, blocking};

use crate::support::*;

tests![
    row_01_no_state_of_the_parent_runs_on_in_the_child,
    row_02_a_process_is_alive_before_its_end_and_not_after,
    row_02_exit_codes,
    row_02_a_signal_is_a_negative_code,
    row_02_terminate_ends_and_on_the_dead_is_no_error,
    row_02_a_status_comes_without_join,
    row_02_join_repeats,
    row_02_join_has_a_timeout,
    row_02_many_tasks_join_one_process,
    row_02_a_process_shows_its_name_and_state,
    row_02_close_is_refused_while_it_runs,
    row_02_a_function_may_fail_or_panic,
    row_03_children_that_are_not_ours_are_left_alone,
    row_03_a_child_without_a_handle_leaves_no_zombie,
    row_14_a_daemon_lives_on_when_its_thread_ends,
    three_generations_deep,
    a_child_per_http_request_in_a_threaded_parent,
    a_program_that_is_missing_is_an_error,
];

pub(crate) fn exits_with(code: u8) -> u8 {
    code
}

pub(crate) fn panics(_: ()) {
    panic!("as the test wants it");
}

pub(crate) fn fails(message: String) -> Result<(), String> {
    Err(message)
}

/// Lives as long as there is a writer.
pub(crate) fn waits_for_the_end(reader: blocking::Reader) {
    assert_eq!(reader.get().unwrap(), None);
}

/// A child that lives until the writer is dropped.
fn living() -> (Process, gipc::Writer) {
    let (reader, writer) = gipc::pipe().unwrap();
    (gipc::start_process(waits_for_the_end, reader.into_blocking()).unwrap(), writer)
}

static COUNT: AtomicU32 = AtomicU32::new(0);

/// Tells what is in it of its parent's.
pub(crate) fn has_a_static(writer: blocking::Writer<Json<(u32, usize)>>) {
    let threads = std::fs::read_dir("/proc/self/task").unwrap().count();
    writer.put(&(COUNT.load(Ordering::Relaxed), threads)).unwrap();
}

fn row_01_no_state_of_the_parent_runs_on_in_the_child() {
    COUNT.store(7, Ordering::Relaxed);
    for runtime in [current_thread(), multi_thread()] {
        runtime.block_on(async {
            // A task that would go on in a copy of this process.
            let background = tokio::spawn(std::future::pending::<()>());
            let (reader, writer) = gipc::pipe_with(Json::<(u32, usize)>::new()).unwrap();
            let child = gipc::start_process(has_a_static, writer.into_blocking()).unwrap();
            // The thread of `main`, and that of the function.
            assert_eq!(reader.get().await.unwrap(), Some((0, 2)));
            assert!(child.join().await.unwrap().success());
            background.abort();
        });
    }
}

fn row_02_a_process_is_alive_before_its_end_and_not_after() {
    in_both_runtimes(async || {
        let (child, writer) = living();
        assert!(child.is_alive());
        assert_eq!(child.exitcode(), None);
        assert_eq!(child.peek().unwrap(), None);
        assert!(child.pid() > 1);
        assert!(!child.daemon());
        drop(writer);
        assert_eq!(child.join().await.unwrap(), ExitStatus::Code(0));
        assert!(!child.is_alive());
        assert_eq!(child.exitcode(), Some(0));
        assert_eq!(child.peek().unwrap(), Some(ExitStatus::Code(0)));
        child.close().unwrap();
    });
}

fn row_02_exit_codes() {
    for code in [0, 1, 5, 255] {
        in_both_runtimes(async || {
            let child = gipc::start_process(exits_with, code).unwrap();
            assert_eq!(child.join().await.unwrap().code(), i32::from(code));
            assert_eq!(child.exitcode(), Some(code.into()));
            let child = sh(&format!("exit {code}")).spawn().unwrap();
            assert_eq!(child.join().await.unwrap().code(), i32::from(code));
        });
        let child = blocking::start_process(exits_with, code).unwrap();
        assert_eq!(child.join().unwrap().code(), i32::from(code));
        assert_eq!(child.exitcode(), Some(code.into()));
    }
}

fn row_02_a_signal_is_a_negative_code() {
    in_both_runtimes(async || {
        for signal in [Signal::KILL, Signal::TERM] {
            let (child, _writer) = living();
            child.signal(signal).unwrap();
            assert_eq!(child.join().await.unwrap(), ExitStatus::Signal(signal));
            assert_eq!(child.exitcode(), Some(-signal.number()));
        }
        let (child, _writer) = living();
        child.kill().unwrap();
        assert_eq!(child.join().await.unwrap().code(), -9);
    });
}

fn row_02_terminate_ends_and_on_the_dead_is_no_error() {
    in_both_runtimes(async || {
        let (child, _writer) = living();
        child.terminate().unwrap();
        child.terminate().unwrap();
        assert_eq!(child.join().await.unwrap(), ExitStatus::Signal(Signal::TERM));
        child.terminate().unwrap();
        child.kill().unwrap();
        child.signal_group(Signal::TERM).unwrap();
        assert_eq!(child.exitcode(), Some(-15), "it stays as it was");
    });
}

fn row_02_a_status_comes_without_join() {
    in_both_runtimes(async || {
        let (reader, writer) = gipc::pipe().unwrap();
        let child = sh("exit 5").channel("out", writer).spawn().unwrap();
        assert_eq!(reader.get().await.unwrap(), None);
        // Its descriptors close a moment before it has ended, and no event but `join` and the like
        // tells of that.
        let asked = async {
            while child.exitcode().is_none() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(LONG, asked).await.unwrap();
        assert_eq!(child.exitcode(), Some(5));
        assert!(!child.is_alive());
    });
}

fn row_02_join_repeats() {
    in_both_runtimes(async || {
        let child = gipc::start_process(exits_with, 5).unwrap();
        for _ in 0..3 {
            assert_eq!(child.join().await.unwrap().code(), 5);
            assert_eq!(child.join_timeout(SHORT).await.unwrap().unwrap().code(), 5);
        }
        let child = child.into_blocking();
        assert_eq!(child.join().unwrap().code(), 5);
        assert_eq!(child.join_timeout(SHORT).unwrap().unwrap().code(), 5);
        assert_eq!(child.reap().unwrap().0.code(), 5);
    });
}

fn row_02_join_has_a_timeout() {
    in_both_runtimes(async || {
        let (child, writer) = living();
        assert_eq!(child.join_timeout(SHORT).await.unwrap(), None);
        assert!(child.is_alive());
        drop(writer);
        assert!(child.join_timeout(LONG).await.unwrap().unwrap().success());
    });
    let (child, writer) = living();
    let child = child.into_blocking();
    assert_eq!(child.join_timeout(SHORT).unwrap(), None);
    drop(writer);
    assert!(child.join_timeout(LONG).unwrap().unwrap().success());
}

fn row_02_many_tasks_join_one_process() {
    for runtime in [current_thread(), multi_thread()] {
        runtime.block_on(async {
            let (child, writer) = living();
            let mut tasks = tokio::task::JoinSet::new();
            for _ in 0..20 {
                let child = child.clone();
                tasks.spawn(async move { child.join().await.unwrap().code() });
            }
            tokio::task::yield_now().await;
            drop(writer);
            assert_eq!(tasks.join_all().await, [0; 20]);
        });
    }
    let (child, writer) = living();
    let child = child.into_blocking();
    thread::scope(|scope| {
        for _ in 0..5 {
            scope.spawn(|| assert!(child.join().unwrap().success()));
        }
        drop(writer);
    });
}

fn row_02_a_process_shows_its_name_and_state() {
    let (reader, writer) = gipc::pipe().unwrap();
    let child =
        Command::function(waits_for_the_end, reader.into_blocking()).unwrap().name("worker");
    let child = child.spawn().unwrap();
    let pid = child.pid();
    assert_eq!(child.name(), "worker");
    assert_eq!(format!("{child:?}"), format!("Process(worker, pid {pid}, running)"));
    child.kill().unwrap();
    child.reap().unwrap();
    assert_eq!(format!("{child:?}"), format!("Process(worker, pid {pid}, SIGKILL)"));
    drop(writer);
    let child = gipc::start_process(exits_with, 5).unwrap().into_blocking();
    assert_eq!(child.name(), "exits_with");
    child.join().unwrap();
    let pid = child.pid();
    assert_eq!(format!("{child:?}"), format!("Process(exits_with, pid {pid}, exit code 5)"));
    assert_eq!(Command::new("true").spawn().unwrap().name(), "true");
}

fn row_02_close_is_refused_while_it_runs() {
    let (child, writer) = living();
    let same = child.clone();
    assert!(matches!(child.close(), Err(Error::Locked { .. })));
    drop(writer);
    same.reap().unwrap();
    same.close().unwrap();
}

fn row_02_a_function_may_fail_or_panic() {
    let child = blocking::start_process(fails, "as the test wants it".to_owned()).unwrap();
    assert_eq!(child.join().unwrap().code(), 1);
    let child = blocking::start_process(panics, ()).unwrap();
    assert_eq!(child.join().unwrap().code(), 101);
}

/// Children of the program's own, ended and not waited for, among those of the library.
pub(crate) fn has_its_own_children(_: ()) {
    let mut own: Vec<_> = (0..5)
        .map(|code| {
            let mut command = std::process::Command::new("sh");
            command.args(["-c", &format!("exit {code}")]).spawn().unwrap()
        })
        .collect();
    in_both_runtimes(async || {
        for code in 0..10 {
            let child = gipc::start_process(exits_with, code).unwrap();
            assert_eq!(child.join().await.unwrap().code(), i32::from(code));
            // Another one is dropped, and waited for in the background.
            gipc::start_process(exits_with, code).unwrap();
        }
    });
    for (code, child) in own.iter_mut().enumerate() {
        assert_eq!(child.wait().unwrap().code(), Some(code as i32));
    }
}

fn row_03_children_that_are_not_ours_are_left_alone() {
    alone(has_its_own_children);
}

fn row_03_a_child_without_a_handle_leaves_no_zombie() {
    let (reader, writer) = blocking::pipe().unwrap();
    let child = sh("read line <&3").channel("in", reader).spawn().unwrap();
    let pid = child.pid();
    drop(child);
    assert!(!is_gone(pid), "it lives on without a handle");
    drop(writer);
    // Who waits for it does so in the background, and tells nobody.
    let end = long();
    while std::fs::exists(format!("/proc/{pid}")).unwrap() {
        assert!(std::time::Instant::now() < end, "there is a zombie");
        thread::yield_now();
    }
}

/// A daemon that a thread has started which is gone.
pub(crate) fn starts_a_daemon_on_a_thread_that_ends(_: ()) {
    let (reader, writer) = blocking::pipe().unwrap();
    let start = move || {
        let command = Command::function(waits_for_the_end, reader).unwrap().daemon(true);
        command.spawn().unwrap().into_blocking()
    };
    let daemon = thread::spawn(start).join().unwrap();
    assert!(daemon.daemon());
    // That it is not killed cannot be seen by an event: a kill would come at once.
    assert_eq!(daemon.join_timeout(10 * SHORT).unwrap(), None);
    drop(writer);
    assert!(daemon.join().unwrap().success());
}

fn row_14_a_daemon_lives_on_when_its_thread_ends() {
    alone(starts_a_daemon_on_a_thread_that_ends);
}

/// As many generations more, each of which ends as the one below.
pub(crate) fn starts_another(generations: u32) -> u8 {
    if generations == 0 {
        return 42;
    }
    let child = blocking::start_process(starts_another, generations - 1).unwrap();
    child.join().unwrap().code() as u8
}

fn three_generations_deep() {
    in_both_runtimes(async || {
        let child = gipc::start_process(starts_another, 3).unwrap();
        assert_eq!(child.join().await.unwrap().code(), 42);
    });
}

fn a_child_per_http_request_in_a_threaded_parent() {
    const REQUESTS: u32 = 20;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serve = |mut stream: TcpStream| {
        let mut request = String::new();
        BufReader::new(&stream).read_line(&mut request).unwrap();
        let number: u32 = request.split(['/', ' ']).nth(2).unwrap().parse().unwrap();
        let (reader, writer) = blocking::pipe_with(Json::<u32>::new()).unwrap();
        let args = (writer, number, number + 2);
        let child = blocking::start_process(crate::messages::sends_numbers, args).unwrap();
        let body: String = reader.iter().map(|number| format!("{}\n", number.unwrap())).collect();
        assert!(child.join().unwrap().success());
        write!(stream, "HTTP/1.0 200 OK\r\n\r\n{body}").unwrap();
    };
    thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..REQUESTS {
                let (stream, _) = listener.accept().unwrap();
                scope.spawn(move || serve(stream));
            }
        });
        for number in 0..REQUESTS {
            scope.spawn(move || {
                let mut stream = TcpStream::connect(address).unwrap();
                write!(stream, "GET /{number} HTTP/1.0\r\n\r\n").unwrap();
                let mut answer = String::new();
                stream.read_to_string(&mut answer).unwrap();
                let body = answer.split("\r\n\r\n").nth(1).unwrap();
                assert_eq!(body, format!("{number}\n{}\n", number + 1));
            });
        }
    });
}

fn a_program_that_is_missing_is_an_error() {
    let (reader, writer) = blocking::pipe().unwrap();
    let error = Command::new("no-such-program").channel("out", writer).spawn().unwrap_err();
    assert!(matches!(error, SpawnError::NotFound { .. }), "{error:?}");
    assert_eq!(reader.get().unwrap(), None, "nothing was written to it");
}
