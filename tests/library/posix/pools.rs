//! Pools: workers that stay, whose crashes lose nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use gipc::codec::Json;
use gipc::framing::Framing;
use gipc::pool::Options;
use gipc::{Command, Error, Pool, blocking};
use libtest_mimic::Trial;
use serde::{Deserialize, Serialize};

use super::Task;
use crate::support::*;

tests![
    answers_come_from_functions_python_and_bash,
    without_a_runtime_it_is_the_same,
    messages_and_answers_may_be_values,
    a_pool_outlives_the_runtime_that_has_used_it,
    map_keeps_the_order_or_not_and_takes_no_more_than_it_needs,
    a_slow_pool_holds_back_who_submits,
    workers_killed_in_the_middle_lose_no_message_and_answer_none_twice,
    a_message_that_kills_is_an_error_and_the_others_are_answered,
    a_worker_that_hangs_answers_twice_or_in_part_is_replaced,
    a_message_that_the_framing_cannot_carry_is_refused_alone,
    workers_that_take_nothing_are_given_up,
    a_program_that_cannot_be_started_is_told_at_once,
    close_has_everything_answered_and_the_workers_end_by_themselves,
    a_worker_that_does_not_end_is_killed_after_its_grace,
    a_dropped_pool_leaves_nothing_behind,
    a_dropped_call_harms_nobody,
];

pub(super) fn all() -> Vec<Trial> {
    tests()
}

/// A worker that is a function: upper case.
pub(super) fn shouts() {
    let channels = blocking::inherited().unwrap();
    let (messages, answers) = (channels.reader("in").unwrap(), channels.writer("out").unwrap());
    while let Some(message) = messages.get().unwrap() {
        answers.put(&message.to_ascii_uppercase()).unwrap();
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Sum {
    of: Vec<u32>,
}

/// A worker that adds.
pub(super) fn adds() {
    let channels = blocking::inherited().unwrap();
    let messages = channels.reader_with("in", Json::<Sum>::new()).unwrap();
    let answers = channels.writer_with("out", Json::<u32>::new()).unwrap();
    while let Some(Sum { of }) = messages.get().unwrap() {
        answers.put(&of.iter().sum()).unwrap();
    }
}

const PYTHON: &str = "
from multiprocessing.connection import Connection
i, o = Connection(3, writable=False), Connection(4, readable=False)
while True:
    try: message = i.recv_bytes()
    except EOFError: break
    o.send_bytes(message.upper())
";

/// What bash does with each message `$m`, a line; it answers with a line.
fn bash(each: &str) -> impl FnMut() -> Result<Command, Error> + Send + use<> {
    let script = format!("while IFS= read -r m; do {each}; done");
    move || Ok(Command::new("bash").args(["-c", &script]))
}

fn lines(workers: usize) -> Options {
    Options::new().workers(workers).stdio(true).framing(Framing::Lines).name("work")
}

fn text(answer: &[u8]) -> &str {
    str::from_utf8(answer).unwrap()
}

/// The pid that a worker answers with.
fn pid(answer: &[u8]) -> i32 {
    text(answer).parse().unwrap()
}

fn answers_come_from_functions_python_and_bash() {
    in_both_runtimes(async || {
        let pools = [
            Pool::start(|| Command::function(super::runs, Task::Shouts)).unwrap(),
            Pool::start(|| Ok(Command::new("python3").args(["-c", PYTHON]))).unwrap(),
            lines(2).start(bash("echo \"${m^^}\"")).unwrap(),
        ];
        for pool in pools {
            assert_eq!(pool.call(b"hello").await.unwrap(), "HELLO");
            assert_eq!(pool.call(b"").await.unwrap(), "");
            let (one, two) = tokio::join!(pool.call(b"one"), pool.call(b"two"));
            assert_eq!((&one.unwrap()[..], &two.unwrap()[..]), (&b"ONE"[..], &b"TWO"[..]));
            pool.close().await;
        }
    });
    let pool = Pool::start(|| Command::function(super::runs, Task::Shouts)).unwrap();
    let large = vec![b'a'; 3 << 20];
    let answer = current_thread().block_on(pool.call(&large)).unwrap();
    assert!(answer == large.to_ascii_uppercase());
}

fn without_a_runtime_it_is_the_same() {
    let pool = lines(2).start(bash("echo \"<$m>\"")).unwrap().into_blocking();
    assert_eq!(pool.call(b"one").unwrap(), "<one>");
    let answers: Vec<_> = ["two", "three"]
        .map(|message| pool.submit(message.as_bytes()).unwrap())
        .map(|answer| answer.get().unwrap())
        .into();
    assert_eq!(answers, ["<two>", "<three>"]);
    let all: Vec<_> = pool.map((0..100).map(|it| it.to_string().into_bytes())).collect();
    for (at, answer) in all.into_iter().enumerate() {
        assert_eq!(answer.unwrap(), format!("<{at}>"));
    }
    let mut all: Vec<_> = pool.map_unordered([b"a", b"b"].map(|it| &it[..])).collect();
    all.sort_by_key(|(at, _)| *at);
    assert_eq!(all.into_iter().map(|(_, it)| it.unwrap()).collect::<Vec<_>>(), ["<a>", "<b>"]);
    let threads: Vec<_> = (0..4)
        .map(|number| {
            let pool = pool.clone();
            std::thread::spawn(move || pool.call(format!("{number}").as_bytes()).unwrap())
        })
        .collect();
    for (number, thread) in threads.into_iter().enumerate() {
        assert_eq!(thread.join().unwrap(), format!("<{number}>"));
    }
    pool.close();
    assert!(matches!(pool.call(b"late"), Err(Error::Closed { name }) if name == "work"));
}

fn messages_and_answers_may_be_values() {
    in_both_runtimes(async || {
        let options = Options::new().workers(2).window(4);
        let (sums, numbers) = (Json::<Sum>::new(), Json::<u32>::new());
        let pool = options
            .start_with(sums, numbers, || Command::function(super::runs, Task::Adds))
            .unwrap();
        assert_eq!(pool.call(&Sum { of: vec![1, 2, 39] }).await.unwrap(), 42);
        let mut answers = pool.map((0..500).map(|number| Sum { of: vec![number, 1] }));
        for number in 0..500 {
            assert_eq!(answers.next().await.unwrap().unwrap(), number + 1);
        }
        assert!(answers.next().await.is_none());
    });
    // An answer that cannot be decoded is told, and the next one is well.
    let pool = lines(1).start_with(Json::<u32>::new(), Json::<u32>::new(), bash("echo ${m/5/x}"));
    let pool = pool.unwrap().into_blocking();
    assert!(matches!(pool.call(&5), Err(Error::Codec { encoding: false, .. })));
    assert_eq!(pool.call(&6).unwrap(), 6);
}

fn a_pool_outlives_the_runtime_that_has_used_it() {
    let pool = lines(1).start(bash("echo $$")).unwrap();
    let first = current_thread().block_on(pool.call(b"")).unwrap();
    let second = multi_thread().block_on(pool.call(b"")).unwrap();
    assert_eq!(first, second, "by the same worker");
}

fn map_keeps_the_order_or_not_and_takes_no_more_than_it_needs() {
    in_both_runtimes(async || {
        // The first message is answered when somebody says so: by then all others that may go are.
        let (told, tell) = std::io::pipe().unwrap();
        let wait = "if [ \"$m\" = 0 ]; then read -r x <&9; fi; echo $m";
        let mut make = bash(wait);
        let told = std::sync::Mutex::new(told);
        let worker = move || {
            let told = told.lock().unwrap().try_clone().unwrap();
            Ok(make()?.fd(gipc::spawn::ChildFd::new(9), told.into()))
        };
        let pool = lines(2).start(worker).unwrap();
        let taken = AtomicUsize::new(0);
        let messages = (0..100_000_u32).map(|number| {
            taken.fetch_add(1, Ordering::Relaxed);
            number.to_string().into_bytes()
        });
        let mut as_they_come = pool.map_unordered(messages.clone().take(50));
        let first = as_they_come.next().await.unwrap();
        assert_ne!(first.0, 0);
        std::io::Write::write_all(&mut &tell, b"\n").unwrap();
        let mut places = vec![first.0];
        while let Some((at, answer)) = as_they_come.next().await {
            assert_eq!(answer.unwrap(), at.to_string());
            places.push(at);
        }
        places.sort_unstable();
        assert_eq!(places, (0..50).collect::<Vec<_>>());
        taken.store(0, Ordering::Relaxed);
        let mut in_order = pool.map(messages.take(20_000));
        std::io::Write::write_all(&mut &tell, b"\n").unwrap();
        for number in 0..100 {
            assert_eq!(in_order.next().await.unwrap().unwrap(), number.to_string());
        }
        let taken = taken.load(Ordering::Relaxed);
        assert!(taken < 1000, "{taken} messages were taken for 100 answers");
    });
}

fn a_slow_pool_holds_back_who_submits() {
    current_thread().block_on(async {
        let pool = lines(1).start(bash("exec sleep 1000")).unwrap();
        let large = vec![b'x'; 256 << 10];
        let mut answers = Vec::new();
        // Nobody answers: at some point there is no room for one more.
        while let Ok(answer) =
            tokio::time::timeout(SHORT.max(Duration::from_millis(300)), pool.submit(&large)).await
        {
            answers.push(answer.unwrap());
            assert!(answers.len() < 200, "it would go on for ever");
        }
        drop(pool);
        for answer in answers {
            assert!(matches!(answer.await, Err(Error::Closed { .. })));
        }
    });
}

fn workers_killed_in_the_middle_lose_no_message_and_answer_none_twice() {
    in_both_runtimes(async || {
        let options = lines(3).window(3).retries(100);
        let pool = options.start(bash("echo $$ $m")).unwrap();
        let mut workers = std::collections::BTreeSet::new();
        // In rounds: while one answer is waited for the others may all have come, from workers that
        // are gone when it is their turn to be killed.
        for round in 0..20 {
            let numbers = round * 100..(round + 1) * 100;
            let messages = numbers.clone().map(|number: u32| number.to_string().into_bytes());
            let mut answers = pool.map(messages);
            for number in numbers {
                let answer = answers.next().await.unwrap().unwrap();
                let (pid, rest) = text(&answer).split_once(' ').unwrap();
                assert_eq!(rest, number.to_string());
                let pid: i32 = pid.parse().unwrap();
                workers.insert(pid);
                if number % 20 == 0 {
                    // It may have ended, and cannot be somebody else: pids are not used again so soon.
                    let _ = nix::sys::signal::kill(
                        nix::unistd::Pid::from_raw(pid),
                        nix::sys::signal::Signal::SIGKILL,
                    );
                }
            }
            assert!(answers.next().await.is_none());
        }
        assert!(workers.len() > 10, "{} workers", workers.len());
    });
}

fn a_message_that_kills_is_an_error_and_the_others_are_answered() {
    in_both_runtimes(async || {
        let unlucky = "[ $m != 13 ] || { echo so unlucky >&2; kill -9 $$; }; echo $m";
        for (retries, expected) in [(2, 3), (0, 1)] {
            let pool = lines(3).retries(retries).start(bash(unlucky)).unwrap();
            let mut answers = pool.map((0..40).map(|number: u32| number.to_string().into_bytes()));
            for number in 0..40 {
                let answer = answers.next().await.unwrap();
                if number != 13 {
                    assert_eq!(answer.unwrap(), number.to_string());
                    continue;
                }
                let error = answer.unwrap_err();
                let text = error.to_string();
                let Error::Unanswered { name, attempts, reason, last_lines } = error else {
                    panic!("{text}")
                };
                assert_eq!((&*name, attempts), ("work", expected));
                assert!(reason.starts_with("it ended work.") && reason.ends_with(": SIGKILL"));
                assert_eq!(last_lines.last().unwrap(), "so unlucky");
                assert!(
                    text.starts_with(&format!("`work`: no answer after {expected} attempts: "))
                );
                assert!(text.ends_with("; it has said last: so unlucky"), "{text}");
            }
        }
    });
}

fn a_worker_that_hangs_answers_twice_or_in_part_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let once = folder.path().join("once");
    for (wrong, why) in [
        ("exec sleep 1000", "it has not answered in time"),
        (
            "echo 5; echo again; exec sleep 1000",
            "it has sent an answer without a message to answer",
        ),
        ("exit 3", "exit code 3"),
    ] {
        // The first time it goes wrong, the second time well.
        let each =
            format!("if [ $m = 5 ] && mkdir {} 2>&-; then {wrong}; fi; echo $m", once.display());
        let options = lines(2).message_timeout(Duration::from_millis(500));
        let pool = options.clone().start(bash(&each)).unwrap().into_blocking();
        let answers = pool.map((0..20).map(|number: u32| number.to_string().into_bytes()));
        for (number, answer) in answers.enumerate() {
            assert_eq!(answer.unwrap(), number.to_string(), "{wrong}");
        }
        std::fs::remove_dir(&once).unwrap();
        // Without another try the reason is told; what was answered twice was answered.
        let each = format!("if [ $m = 5 ]; then {wrong}; fi; echo $m");
        let pool = options.retries(0).start(bash(&each)).unwrap().into_blocking();
        match pool.call(b"5") {
            Ok(answer) => assert_eq!((answer, wrong.contains("again")), ("5".into(), true)),
            Err(error) => assert!(error.to_string().contains(why), "{error}"),
        }
        assert_eq!(pool.call(b"6").unwrap(), "6");
    }
    // A frame that is cut off.
    let half = || Ok(sh("head -c 5 <&3 >/dev/null; printf '\\0\\0\\0\\011half' >&4"));
    let pool = Options::new().workers(1).retries(1).start(half).unwrap().into_blocking();
    let error = pool.call(b"1").unwrap_err().to_string();
    assert!(error.contains("no answer after 2 attempts") && error.contains("cut off"), "{error}");
    // Lines where there are to be frames.
    let talks =
        || Ok(sh("head -c 5 <&3 >/dev/null; echo a line and no frame >&4; exec sleep 1000"));
    let pool = Options::new().workers(1).retries(0).start(talks).unwrap().into_blocking();
    let error = pool.call(b"1").unwrap_err().to_string();
    assert!(error.contains("what it sends are no messages"), "{error}");
}

fn a_message_that_the_framing_cannot_carry_is_refused_alone() {
    let pool = lines(1).start(bash("echo $m")).unwrap().into_blocking();
    assert!(matches!(pool.call(b"two\nlines"), Err(Error::Framing { name, .. }) if name == "work"));
    assert_eq!(pool.call(b"one").unwrap(), "one");
}

fn workers_that_take_nothing_are_given_up() {
    current_thread().block_on(async {
        let broken = || Ok(sh("echo no licence >&2; exit 3"));
        let pool = Options::new().workers(2).name("broken").start(broken).unwrap();
        let answers = [pool.call(b"1"), pool.call(b"2")];
        for answer in answers {
            let error = answer.await.unwrap_err();
            let text = error.to_string();
            let Error::NoWorkers { reason, last_lines, .. } = error else { panic!("{text}") };
            assert!(reason.contains("exit code 3"), "{reason}");
            assert_eq!(last_lines, ["no licence"]);
        }
        assert!(matches!(pool.call(b"3").await, Err(Error::NoWorkers { .. })));
        pool.close().await;
    });
}

fn a_program_that_cannot_be_started_is_told_at_once() {
    let error = Pool::start(|| Ok(Command::new("no-such-program"))).unwrap_err();
    assert!(matches!(error, Error::Spawn(_)), "{error:?}");
    // Those that could be are ended.
    let mut first = true;
    let started = Options::new().workers(2).start(move || match std::mem::take(&mut first) {
        true => Ok(sh("exec cat <&3 >&4")),
        false => Ok(Command::new("no-such-program")),
    });
    assert!(matches!(started.unwrap_err(), Error::Spawn(_)));
}

fn close_has_everything_answered_and_the_workers_end_by_themselves() {
    in_both_runtimes(async || {
        let folder = tempfile::tempdir().unwrap();
        let ends = folder.path().join("ends");
        let script =
            format!("while IFS= read -r m; do echo $m; done; echo by itself >> {}", ends.display());
        let pool = lines(2).start(move || Ok(Command::new("bash").args(["-c", &script]))).unwrap();
        let mut answers = Vec::new();
        for number in 0..50 {
            answers.push(pool.submit(format!("{number}").as_bytes()).await.unwrap());
        }
        pool.close().await;
        pool.close().await;
        for (number, answer) in answers.into_iter().enumerate() {
            assert_eq!(answer.await.unwrap(), number.to_string());
        }
        assert_eq!(std::fs::read_to_string(&ends).unwrap(), "by itself\nby itself\n");
        assert!(matches!(pool.submit(b"late").await, Err(Error::Closed { .. })));
    });
}

fn a_worker_that_does_not_end_is_killed_after_its_grace() {
    current_thread().block_on(async {
        let stubborn = || Ok(sh("trap '' TERM; read m; echo $$; while :; do sleep 1000; done"));
        let options = lines(1).grace(Duration::from_millis(100));
        let pool = options.start(stubborn).unwrap();
        let worker = pid(&pool.call(b"").await.unwrap());
        pool.close().await;
        assert!(is_gone(worker));
    });
}

fn a_dropped_pool_leaves_nothing_behind() {
    let child = blocking::start_process(super::runs, Task::DropsPools).unwrap();
    assert_eq!(child.join().unwrap().code(), 0, "see above for why");
}

/// In a process of its own: it counts descriptors and children.
pub(super) fn drops_pools() {
    for runtime in [current_thread(), multi_thread()] {
        let before = descriptors();
        runtime.block_on(async {
            // Each has a child of its own in its group, and ignores what asks it to end.
            let script = "trap '' TERM; sleep 1000 & while read m; do echo $$ $!; done; sleep 1000";
            let pool = lines(3).start(move || Ok(Command::new("bash").args(["-c", script])));
            let pool = pool.unwrap();
            let answer = pool.call(b"").await.unwrap();
            let pids: Vec<i32> = text(&answer).split(' ').map(|it| it.parse().unwrap()).collect();
            // One is in the middle of something.
            let busy = lines(1).start(bash("sleep 1000")).unwrap();
            let answer = busy.submit(b"").await.unwrap();
            drop((pool.clone(), pool, busy));
            assert!(is_gone(pids[0]));
            // It has been killed too, but is nobody's to wait for.
            let end = long();
            while !is_gone(pids[1]) {
                assert!(Instant::now() < end, "{} is still there", pids[1]);
                thread::sleep(Duration::from_millis(1));
            }
            assert!(matches!(answer.await, Err(Error::Closed { .. })));
        });
        assert_eq!(children(), 0);
        assert_eq!(descriptors(), before);
    }
    let before = descriptors();
    let pool = Arc::new(lines(2).start(bash("echo $m")).unwrap());
    assert_eq!(children(), 2);
    // The last handle may go anywhere: in a thread, or in a task of a runtime.
    std::thread::spawn({
        let pool = Arc::clone(&pool);
        move || drop(pool)
    })
    .join()
    .unwrap();
    current_thread().block_on(async move { drop(pool) });
    assert_eq!((children(), descriptors()), (0, before));
}

fn a_dropped_call_harms_nobody() {
    in_both_runtimes(async || {
        let pool = lines(1).start(bash("echo $m")).unwrap();
        for round in 0..50_u32 {
            let lost = pool.call(b"lost");
            // Sometimes before it is handed over, sometimes in the middle.
            let _ = tokio::time::timeout(Duration::from_micros((round * 20).into()), lost).await;
            let message = format!("{round}");
            assert_eq!(pool.call(message.as_bytes()).await.unwrap(), message);
        }
    });
}
