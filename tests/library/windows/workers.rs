//! Pools: workers that stay, whose crashes lose nothing. What bash shows elsewhere, programs of the
//! tests show here.

use std::time::Duration;

use gipc::framing::Framing;
use gipc::pool::Options;
use gipc::{Command, Error, Pool};
use libtest_mimic::Trial;
use windows_sys::Win32::Foundation::CloseHandle;
use windows_sys::Win32::System::Threading::{
    INFINITE, OpenProcess, PROCESS_SYNCHRONIZE, PROCESS_TERMINATE, TerminateProcess,
    WaitForSingleObject,
};

use super::{Task, WORKER};
use crate::support::{in_both_runtimes, is_gone, sh};

tests![
    answers_come_from_functions_and_programs,
    without_a_runtime_it_is_the_same,
    workers_killed_in_the_middle_lose_no_message_and_answer_none_twice,
    a_message_that_kills_is_an_error_and_the_others_are_answered,
    a_worker_that_hangs_is_given_up,
    a_program_that_cannot_be_started_is_told_at_once,
    close_has_everything_answered,
    a_dropped_pool_leaves_nothing_behind,
];

pub(super) fn all() -> Vec<Trial> {
    tests()
}

/// The worker of the tests, in this mode.
fn worker(mode: &'static [&'static str]) -> impl FnMut() -> Result<Command, Error> + Send {
    move || Ok(Command::new(WORKER).args(mode))
}

fn text(answer: &[u8]) -> &str {
    str::from_utf8(answer).unwrap()
}

fn numbers(count: u32) -> impl Iterator<Item = Vec<u8>> + Send {
    (0..count).map(|number| number.to_string().into_bytes())
}

fn answers_come_from_functions_and_programs() {
    in_both_runtimes(async || {
        let lines = Options::new().workers(2).stdio(true).framing(Framing::Lines);
        let pools = [
            Pool::start(|| Command::function(super::runs, Task::Shouts)).unwrap(),
            Pool::start(worker(&[])).unwrap(),
            // As it is: what it is sent is in upper case already.
            lines.start(|| Ok(sh("cat"))).unwrap(),
        ];
        for pool in pools {
            assert_eq!(pool.call(b"HELLO").await.unwrap(), "HELLO");
            assert_eq!(pool.call(b"").await.unwrap(), "");
            let (one, two) = tokio::join!(pool.call(b"ONE"), pool.call(b"TWO"));
            assert_eq!((&one.unwrap()[..], &two.unwrap()[..]), (&b"ONE"[..], &b"TWO"[..]));
            pool.close().await;
        }
    });
}

fn without_a_runtime_it_is_the_same() {
    let pool = Options::new().workers(2).name("work").start(worker(&[])).unwrap().into_blocking();
    assert_eq!(pool.call(b"one").unwrap(), "ONE");
    let large = vec![b'a'; 3 << 20];
    assert!(pool.call(&large).unwrap() == large.to_ascii_uppercase());
    for (number, answer) in pool.map(numbers(500)).enumerate() {
        assert_eq!(answer.unwrap(), number.to_string());
    }
    pool.close();
    assert!(matches!(pool.call(b"late"), Err(Error::Closed { name }) if name == "work"));
}

/// Ends a process, and waits until it has ended.
fn terminate(pid: u32) {
    // SAFETY: what the system gives is ours alone.
    unsafe {
        let process = OpenProcess(PROCESS_TERMINATE | PROCESS_SYNCHRONIZE, 0, pid);
        assert!(!process.is_null(), "{pid}");
        TerminateProcess(process, 1);
        WaitForSingleObject(process, INFINITE);
        CloseHandle(process);
    }
}

fn workers_killed_in_the_middle_lose_no_message_and_answer_none_twice() {
    in_both_runtimes(async || {
        let options = Options::new().workers(2).window(3).retries(100);
        let pool = options.start(worker(&["tells-its-pid"])).unwrap();
        for round in 0..10 {
            let answer = pool.call(b"who").await.unwrap();
            let (pid, _) = text(&answer).split_once(' ').unwrap();
            let mut answers = Vec::new();
            for number in 0..20 {
                let message = format!("{round} {number}");
                answers.push((pool.submit(message.as_bytes()).await.unwrap(), message));
            }
            terminate(pid.parse().unwrap());
            for (answer, message) in answers {
                let answer = answer.await.unwrap();
                assert_eq!(text(&answer).split_once(' ').unwrap().1, message);
            }
        }
    });
}

fn a_message_that_kills_is_an_error_and_the_others_are_answered() {
    for (retries, expected) in [(2, 3), (0, 1)] {
        let options = Options::new().workers(2).retries(retries).name("work");
        let pool = options.start(worker(&[])).unwrap().into_blocking();
        let messages = (0..40).map(|at| if at == 13 { "poison" } else { "well" }.as_bytes());
        for (at, answer) in pool.map(messages).enumerate() {
            if at != 13 {
                assert_eq!(answer.unwrap(), "WELL");
                continue;
            }
            let error = answer.unwrap_err();
            let Error::Unanswered { name, attempts, reason, .. } = &error else {
                panic!("{error}")
            };
            assert_eq!((name.as_str(), *attempts), ("work", expected));
            assert!(reason.ends_with(": exit code 9"), "{reason}");
        }
    }
}

fn a_worker_that_hangs_is_given_up() {
    let options = Options::new().workers(1).retries(0).message_timeout(Duration::from_millis(300));
    let pool = options.start(worker(&["hang"])).unwrap().into_blocking();
    let error = pool.call(b"1").unwrap_err().to_string();
    assert!(error.contains("it has not answered in time"), "{error}");
}

fn a_program_that_cannot_be_started_is_told_at_once() {
    let error = Pool::start(|| Ok(Command::new("no-such-program"))).unwrap_err();
    assert!(matches!(error, Error::Spawn(_)), "{error:?}");
}

fn close_has_everything_answered() {
    in_both_runtimes(async || {
        let pool = Options::new().workers(2).start(worker(&[])).unwrap();
        let mut answers = Vec::new();
        for number in numbers(50) {
            answers.push(pool.submit(&number).await.unwrap());
        }
        pool.close().await;
        for (number, answer) in answers.into_iter().enumerate() {
            assert_eq!(answer.await.unwrap(), number.to_string());
        }
    });
}

fn a_dropped_pool_leaves_nothing_behind() {
    in_both_runtimes(async || {
        // Each has a child of its own.
        let pool = Options::new().workers(2).start(worker(&["has-a-child"])).unwrap();
        let answer = pool.call(b"").await.unwrap();
        let pids: Vec<i32> = text(&answer).split(' ').map(|it| it.parse().unwrap()).collect();
        assert!(pids.len() == 2 && !pids.iter().copied().any(is_gone), "{pids:?}");
        drop(pool);
        assert!(pids.into_iter().all(is_gone));
    });
}
