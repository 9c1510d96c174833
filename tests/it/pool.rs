//! `gipc pool`: workers that share messages.

use std::collections::BTreeSet;
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::Value;

use crate::support::*;

/// A pool of shell workers, each of whose messages is in `$m`.
fn shell(options: &str, answer: &str) -> std::process::Command {
    let mut gipc = words(&format!("pool {options} --"));
    gipc.args(["bash", "-c", &format!("while m=$(gipc recv); do {answer}; done")]);
    gipc
}

/// A pool of the helper program, which answers in upper case.
fn upper(options: &str) -> std::process::Command {
    let mut gipc = words(&format!("pool {options} --"));
    gipc.args([CHILD, "upper"]);
    gipc
}

fn sorted(text: &str) -> Vec<u32> {
    let mut numbers: Vec<u32> = text.lines().map(|line| line.parse().unwrap()).collect();
    numbers.sort_unstable();
    numbers
}

fn numbers(last: u32) -> Vec<u32> {
    (1..=last).collect()
}

/// The columns of each line of a joblog, without its header.
fn joblog(file: &Path) -> Vec<Vec<String>> {
    let text = fs::read_to_string(file).unwrap();
    let mut lines = text.lines();
    let header = "Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand";
    assert_eq!(lines.next(), Some(header));
    lines.map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

#[test]
fn every_message_is_answered_once() {
    for options in ["-j1", "-j2", "-j8", "-j3 --window 50"] {
        let ended = upper(options).with_input(seq(5000));
        assert_eq!(sorted(ended.text()), numbers(5000), "{options}");
        assert_eq!((ended.code(), &*ended.stderr), (0, ""), "{options}");
    }
}

#[test]
fn answers_come_in_order_where_it_is_kept() {
    upper("-j8 -k").with_input(seq(5000)).said(seq(5000));
    // The first one takes until all others are answered.
    let folder = scratch();
    let go = folder.path().join("go");
    assert!(command("mkfifo").arg(&go).end().status.success());
    let answer = format!("[ $m != 1 ] || read x < {}; gipc send $m", go.display());
    let mut gipc = shell("-j2 -k", &answer).begin();
    gipc.write(seq(20).as_bytes());
    fs::write(&go, "\n").unwrap();
    gipc.end().said(seq(20));
}

#[test]
fn what_is_held_back_for_order_does_not_grow_without_bound() {
    // Message 1 waits; with 64 KiB of answer for each of the others, some 16 of them are held back.
    let folder = scratch();
    let go = folder.path().join("go");
    assert!(command("mkfifo").arg(&go).end().status.success());
    let answer = format!(
        "[ $m != 1 ] || read x < {}; head -c 65536 /dev/zero | tr '\\0' x | gipc send -",
        go.display()
    );
    let mut gipc = shell("--name held-back -j2 -k", &answer).begin();
    gipc.write(seq(60).as_bytes());
    // What the second worker has been given, and has answered.
    let second = || {
        let ps = words("ps -s held-back --json").end();
        let ps: Value = serde_json::from_slice(&ps.stdout).unwrap_or_default();
        [0, 1].map(|place| ps[1]["channels"][place]["messages"].as_u64().unwrap_or_default())
    };
    eventually(|| second()[1] == 16);
    // With that it is told to wait, however often one looks.
    (0..3).for_each(|_| assert_eq!(second(), [16, 16]));
    fs::write(&go, "\n").unwrap();
    let ended = gipc.end();
    assert_eq!(ended.text().lines().count(), 60);
    assert_eq!(ended.code(), 0);
}

#[test]
fn any_program_will_do_on_stdio() {
    let mut expected: Vec<u32> = (2..=101).collect();
    for worker in [
        &["jq", "-c", "--unbuffered", ".+1"][..],
        &["mawk", "-W", "interactive", "{ print $1 + 1; fflush() }"],
        &["python3", "-uc", "import sys\nfor line in sys.stdin: print(int(line) + 1)"],
    ] {
        if !has(worker[0]) {
            continue;
        }
        let ended = words("pool -j4 --wire stdio --").args(worker).with_input(seq(100));
        assert_eq!(sorted(ended.text()), expected, "{worker:?}");
        assert_eq!(ended.code(), 0);
    }
    expected = numbers(100);
    for worker in ["sed -u s/^/0/", "bc"] {
        if has(worker.split(' ').next().unwrap()) {
            let line = format!("pool -j4 --wire stdio -- {worker}");
            assert_eq!(sorted(words(&line).with_input(seq(100)).text()), expected, "{worker}");
        }
    }
}

#[test]
fn workers_that_are_killed_at_random_lose_nothing() {
    let kills = rounds(20) as u32;
    let folder = scratch();
    let report = folder.path().join("report.json");
    // Each worker kills itself now and then: before it reads, with a message, after it has answered.
    let answer = "case $((RANDOM % 20)) in 0) kill -9 $$;; esac; gipc send $m; \
                  case $((RANDOM % 20)) in 0) kill -9 $$;; esac";
    let options =
        format!("-q -j4 --retries 100 --max-restarts 1000/1s --report {}", report.display());
    let count = kills * 10;
    let ended = shell(&options, answer).with_input(seq(count));
    assert_eq!(sorted(ended.text()), numbers(count));
    assert_eq!(ended.code(), 0, "{}", ended.stderr);
    let report: Value = serde_json::from_slice(&fs::read(report).unwrap()).unwrap();
    let instances = report["instances"].as_array().unwrap();
    let sum = |of: &dyn Fn(&Value) -> u64| instances.iter().map(of).sum::<u64>();
    let restarts = sum(&|it| it["restarts"].as_u64().unwrap());
    assert!(restarts > u64::from(kills / 4), "{restarts}");
    assert_eq!(sum(&|it| it["channels"][0]["messages"].as_u64().unwrap()), u64::from(count));
    assert_eq!(sum(&|it| it["channels"][0]["dead"].as_u64().unwrap()), 0);
}

#[test]
fn workers_killed_by_others_at_random_moments_lose_nothing_and_all_are_counted() {
    let kills = rounds(60) as usize;
    let folder = scratch();
    let report = folder.path().join("report.json");
    let options = format!(
        "-q -j4 --window 3 --retries 1000000 --max-restarts 1000000/1s --backoff 0s..0s --report {}",
        report.display()
    );
    let mut gipc = upper(&options).begin();
    let (mut stdin, stdout) = (gipc.0.stdin.take().unwrap(), gipc.0.stdout.take().unwrap());
    let is_enough = Arc::new(AtomicBool::new(false));
    let enough = Arc::clone(&is_enough);
    let sending = std::thread::spawn(move || {
        let mut sent = 0_u32;
        while !enough.load(Ordering::Relaxed) {
            let some: String = (1..=50).map(|more| format!("{}\n", sent + more)).collect();
            stdin.write_all(some.as_bytes()).unwrap();
            sent += 50;
        }
        sent
    });
    let answered = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&answered);
    let taking = std::thread::spawn(move || {
        let mut answers: Vec<u32> = Vec::new();
        for line in BufReader::new(stdout).lines() {
            answers.push(line.unwrap().parse().unwrap());
            count.fetch_add(1, Ordering::Relaxed);
        }
        answers
    });
    let mut killed = BTreeSet::new();
    let random = |below: usize| RandomState::new().hash_one(below) as usize % below;
    while killed.len() < kills {
        // Some answers later: at its start, in the middle of a message, while it waits.
        let later = answered.load(Ordering::Relaxed) + random(30);
        while answered.load(Ordering::Relaxed) < later {
            std::thread::yield_now();
        }
        // At the very first there is none yet.
        let Some(&supervisor) = children(gipc.pid()).first() else { continue };
        let mut workers = children(supervisor);
        workers.retain(|worker| !killed.contains(worker));
        if !workers.is_empty() {
            let worker = workers[random(workers.len())];
            kill(worker, libc::SIGKILL);
            killed.insert(worker);
        }
    }
    is_enough.store(true, Ordering::Relaxed);
    let sent = sending.join().unwrap();
    let mut answers = taking.join().unwrap();
    let ended = gipc.end();
    assert_eq!(ended.code(), 0, "{}", ended.stderr);
    answers.sort_unstable();
    assert_eq!(answers.len(), sent as usize, "each is answered once");
    assert_eq!(answers, numbers(sent));
    let report: Value = serde_json::from_slice(&fs::read(report).unwrap()).unwrap();
    let instances = report["instances"].as_array().unwrap();
    let ends = instances.iter().flat_map(|it| it["incarnations"].as_array().unwrap());
    let by_kill = ends.filter(|end| end["exit"]["signal"] == libc::SIGKILL);
    assert_eq!(by_kill.count(), kills);
    let sum = |key: &str| -> u64 {
        instances.iter().map(|it| it["channels"][0][key].as_u64().unwrap()).sum()
    };
    assert_eq!((sum("messages"), sum("dead"), sum("unread")), (sent.into(), 0, 0));
    assert!(sum("redelivered") <= 3 * kills as u64, "no more than a window for each kill");
}

/// The most memory that a process has had so far, in kilobytes.
fn peak(pid: i32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn of_many_messages_each_is_answered_once_and_memory_stays_as_it_is() {
    let count = u32::try_from(rounds(60)).unwrap() * 1000;
    for options in ["-j2", "-j8", "-j2 -k", "-j8 -k", "-j2 -k --window 64"] {
        let mut gipc = upper(options).begin();
        let (mut stdin, stdout) = (gipc.0.stdin.take().unwrap(), gipc.0.stdout.take().unwrap());
        let sending = std::thread::spawn(move || stdin.write_all(seq(count).as_bytes()).unwrap());
        let (mut answers, mut peaks) = (Vec::new(), Vec::new());
        for (place, line) in (1..=count).zip(BufReader::new(stdout).lines()) {
            answers.push(line.unwrap().parse::<u32>().unwrap());
            if place == count / 10 || place == count / 10 * 9 {
                peaks.push(peak(children(gipc.pid())[0]));
            }
        }
        sending.join().unwrap();
        let ended = gipc.end();
        assert_eq!((ended.code(), &*ended.stderr), (0, ""));
        if !options.contains("-k") {
            answers.sort_unstable();
        }
        assert!(answers == numbers(count), "{options}");
        // The system's counts are approximate: the later one may be the lower.
        assert!(peaks[1] < peaks[0] + 4096, "{options}: {peaks:?}");
    }
}

#[test]
fn a_message_that_kills_its_worker_alone_ends_in_the_dead_letters() {
    let folder = scratch();
    let dead = folder.path().join("dead.jsonl");
    let tries = folder.path().join("tries");
    let answer = format!(
        "[ $m != 13 ] || {{ echo x >> {}; echo unlucky; kill -9 $$; }}; gipc send $m",
        tries.display()
    );
    for (retries, attempts) in [(2, 3), (0, 1)] {
        let options = format!("-j3 --retries {retries} --dead-letter {}", dead.display());
        let ended = shell(&options, &answer).with_input(seq(30));
        let others: Vec<_> = numbers(30).into_iter().filter(|number| *number != 13).collect();
        assert_eq!(sorted(ended.text()), others);
        ended.failed(1, &["channel `in`, message 13: it ended bash.", "SIGKILL; not sent again"]);
        let letter: Value = serde_json::from_str(&fs::read_to_string(&dead).unwrap()).unwrap();
        assert_eq!((&letter["seq"], &letter["text"]), (&13.into(), &"13".into()));
        assert_eq!(letter["attempts"], attempts);
        assert_eq!(letter["last_lines"].as_array().unwrap().last().unwrap(), "unlucky");
        assert_eq!(fs::read_to_string(&tries).unwrap().lines().count(), attempts);
        fs::remove_file(&dead).unwrap();
        fs::remove_file(&tries).unwrap();
    }
}

#[test]
fn a_worker_that_hangs_or_answers_wrongly_is_replaced_and_its_message_sent_again() {
    let folder = scratch();
    let once = folder.path().join("once");
    for (wrong, words) in [
        ("sleep 998", "has not answered in time: stopping it"),
        ("printf '\\0\\0\\0\\011half' >&4; exit 3", "truncated message from bash."),
        ("echo a line and no frame >&4; sleep 998", "may be writing lines"),
        (
            "gipc send 5; gipc send again; sleep 998",
            "it has sent an answer without a message to answer",
        ),
        ("exit 0", ""),
    ] {
        let answer = format!(
            "if [ $m = 5 ] && mkdir {} 2>/dev/null; then {wrong}; else gipc send $m; fi",
            once.display()
        );
        let ended = shell("-j2 --message-timeout 500ms", &answer).with_input(seq(20));
        assert_eq!(sorted(ended.text()), numbers(20), "{wrong}");
        ended.failed(0, &[words]);
        fs::remove_dir(&once).unwrap();
    }
}

#[test]
fn a_message_that_ends_its_workers_before_they_have_read_it_whole_ends_in_the_dead_letters() {
    let large = "x".repeat(200_000);
    for (worker, message, why) in [
        ("exec sleep 997", "small", "SIGTERM (message timeout)"),
        ("exec sleep 997", &large, "SIGTERM (message timeout)"),
        // Its length is enough for it.
        ("head -c 4 <&3 > /dev/null; exit 3", &large, "exit code 3"),
    ] {
        let mut pool = words("pool -j1 --retries 1 --backoff 0s..0s --message-timeout 500ms");
        let ended = pool.args(["--", "sh", "-c", worker]).with_input(format!("{message}\n"));
        let said = format!("message 1: it ended sh.1: {why}; not sent again after 2 attempts");
        ended.failed(1, &[&said]);
    }
}

#[test]
fn what_of_the_input_is_lost_is_told_by_the_exit_code() {
    for order in ["", "-k"] {
        let line = format!("pool -j1 {order} --wire stdio --input nul -- cat");
        let ended = words(&line).with_input("one\ntwo\0three\0");
        ended.failed(1, &["channel `in`, message 1 from -: a newline"]);
        assert_eq!(ended.text(), "three\n");
        // Cut off by the end.
        let line = format!("pool -j1 {order} --wire stdio --input u32 -- cat");
        let ended = words(&line).with_input(b"\0\0\0\x03one\0\0\0\x03t");
        ended.failed(1, &["truncated message"]);
        assert_eq!(ended.text(), "one\n");
        let ended = words(&line).with_input(b"\0\0\0\x03one\x7f\xff\xff\xffx");
        ended.failed(1, &["standard input: ", "nothing after it is read"]);
        assert_eq!(ended.text(), "one\n");
    }
}

#[test]
fn the_time_for_an_answer_stands_still_while_all_is_stopped() {
    let folder = scratch();
    let go = folder.path().join("go");
    assert!(command("mkfifo").arg(&go).end().status.success());
    let answer = format!("echo has it >&2; read x < {}; gipc send $m", go.display());
    let mut gipc = shell("-j1 --retries 0 --message-timeout 3s", &answer).begin();
    // Where its worker is gone, that it may go on is not waited for.
    let mut go = fs::File::options().read(true).write(true).open(go).unwrap();
    gipc.write(b"one\n");
    gipc.stderr_until("has it");
    gipc.stop_for(std::time::Duration::from_millis(3500));
    go.write_all(b"go\n").unwrap();
    gipc.end().said("one\n");
}

#[test]
fn workers_that_do_nothing_are_given_up() {
    words("pool -j2 -- no-such-program").with_input(seq(5)).failed(127, &["no-such-program"]);
    let ended = words("pool -j2 --backoff 0s..0s -- sh -c").arg("exit 3").with_input(seq(5));
    ended.failed(3, &["sh.1 ended again after 5 restarts within 10s: giving up"]);
    // Even before there is any message, and without one.
    let mut early = words("pool -j2 --backoff 0s..0s -- sh -c");
    let mut early = early.arg("exit 3").begin();
    let _input = early.0.stdin.take();
    early.end().failed(3, &["sh.1 ended again after 5 restarts within 10s: giving up"]);
    let ended = words("pool -j1 --backoff 0s..0s -- true").with_input(seq(5));
    ended.failed(1, &["true.1 ended without reading 5 of its messages"]);
    // How a worker ends when there are no messages any more is its own affair.
    let mut after = words("pool -j2 -- bash -c");
    let ended = after.arg("gipc recv --follow | gipc send; exit 9").with_input(seq(1));
    assert_eq!((ended.code(), ended.text()), (0, "1\n"));
}

#[test]
fn the_end_may_be_early() {
    let answer = "[ $((m % 3)) != 0 ] || kill -9 $$; gipc send $m";
    let halted = |rule: &str| {
        shell(&format!("-q -j1 --retries 0 --halt {rule}"), answer).with_input(seq(50))
    };
    let ended = halted("soon,fail=1");
    assert_eq!((ended.code(), ended.text()), (1, "1\n2\n"));
    let ended = halted("now,fail=1");
    assert_eq!((ended.code(), ended.text()), (1, "1\n2\n"));
    let ended = halted("now,fail=2");
    assert_eq!((ended.code(), ended.text()), (1, "1\n2\n4\n5\n"));
    let ended = halted("soon,fail=10%");
    assert_eq!((ended.code(), ended.text()), (1, "1\n2\n4\n5\n7\n8\n"));
    let ended = halted("now,success=1");
    assert_eq!((ended.code(), ended.text()), (0, "1\n"));
    let ended = halted("soon,done=3");
    assert_eq!((ended.code(), ended.text()), (1, "1\n2\n"));
    words("pool --halt later -- true").end().failed(2, &["`later` is not a rule for an early end"]);
}

#[test]
fn the_joblog_has_the_columns_of_gnu_parallel_and_resume_goes_by_it() {
    let folder = scratch();
    let log = folder.path().join("log");
    let options = format!("-j2 -k --retries 0 --joblog {}", log.display());
    let answer = "[ $m != 3 ] || kill -9 $$; gipc send \"<$m>\"";
    shell(&options, answer).with_input("1\n2\n3\nta\tb\n").failed(1, &[]);
    let mut lines = joblog(&log);
    lines.sort();
    assert_eq!(lines.iter().map(|it| &*it[0]).collect::<Vec<_>>(), ["1", "2", "3", "4"]);
    assert!(lines[0][1].starts_with("bash."));
    assert!(lines[0][2].parse::<f64>().unwrap() > 1e9);
    assert!(lines[0][3].trim().parse::<f64>().is_ok());
    assert_eq!(lines[1][4..], ["1", "3", "0", "0", "2"]);
    assert_eq!(lines[2][4..], ["1", "0", "1", "0", "3"]);
    assert_eq!(lines[3][8], "ta\\tb");
    // A line that was cut off by a kill is none.
    fs::write(&log, fs::read_to_string(&log).unwrap() + "5\tbash").unwrap();
    let options = format!("{options} --resume");
    shell(&options, answer).with_input("1\n2\n3\n4\n5\n6\n").said("<5>\n<6>\n");
    assert_eq!(joblog(&log).len(), 6);
    // Without it the log begins anew.
    upper(&format!("-j1 --joblog {}", log.display())).with_input("a\n").said("A\n");
    assert_eq!(joblog(&log).len(), 1);
    words("pool --resume -- true").end().failed(2, &["--joblog"]);
    for (file, why) in [("/dev/full", "No space left"), ("/no/such/log", "No such file")] {
        let ended = upper(&format!("--joblog {file}")).with_input("a\n");
        ended.failed(125, &[&format!("the joblog `{file}`: {why}")]);
    }
}

#[test]
fn after_a_kill_of_gipc_resume_does_nothing_twice_that_the_joblog_says_is_done() {
    let folder = scratch();
    let (log, done) = (folder.path().join("log"), folder.path().join("done"));
    for _ in 0..rounds(3).min(20) {
        let _ = fs::remove_file(&log);
        let _ = fs::remove_file(&done);
        let options = format!("-q -j2 --joblog {}", log.display());
        let answer = format!("echo $m >> {}; gipc send $m", done.display());
        let mut gipc = shell(&options, &answer).begin();
        gipc.write(seq(200).as_bytes());
        let first: Vec<String> = (0..20).map(|_| gipc.line()).collect();
        gipc.signal(libc::SIGKILL);
        let killed = gipc.end();
        let logged: Vec<String> = joblog(&log).into_iter().map(|line| line[0].clone()).collect();
        let before = format!("{}\n{}", first.join("\n"), String::from_utf8_lossy(&killed.stdout));
        assert!(logged.iter().all(|seq| before.lines().any(|line| line == seq)));
        fs::remove_file(&done).unwrap();
        let ended = shell(&format!("{options} --resume"), &answer).with_input(seq(200));
        let again = fs::read_to_string(&done).unwrap();
        assert!(logged.iter().all(|seq| again.lines().all(|line| line != seq)));
        let mut all = sorted(ended.text());
        all.extend(before.lines().filter_map(|line| line.parse::<u32>().ok()));
        all.sort_unstable();
        all.dedup();
        assert_eq!(all, numbers(200));
    }
}

#[test]
fn answers_can_be_told_as_json() {
    let answer =
        "case $m in 2) kill -9 $$;; 3) printf '\\0\\0\\0\\002\\377x' >&4;; *) gipc send $m;; esac";
    let ended = shell("-q -j1 --retries 1 --output json", answer).with_input(seq(3));
    let mut lines: Vec<Value> =
        ended.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    lines.sort_by_key(|line| line["seq"].as_u64());
    assert_eq!(lines[0]["reply"], "1");
    assert_eq!(lines[0]["worker"], "bash.1");
    assert_eq!(lines[0]["attempts"], 1);
    assert!(lines[0]["seconds"].as_f64().unwrap() > 0.0);
    assert_eq!(lines[1]["error"], "it ended bash.1: SIGKILL");
    assert_eq!(lines[1]["attempts"], 2);
    assert_eq!(lines[2]["reply_base64"], "/3g=");
    assert_eq!(ended.code(), 1);
    words("run --output json -- true").end().failed(2, &["is for the answers of a pool"]);
}

#[test]
fn workers_are_replaced_after_so_many_messages_or_so_much_memory() {
    let folder = scratch();
    let restarts = |options: &str, answer: &str| {
        let report = folder.path().join("report.json");
        let options = format!("-j1 {options} --report {}", report.display());
        let ended = shell(&options, answer).with_input(seq(10));
        ended.said(seq(10));
        let report: Value = serde_json::from_slice(&fs::read(report).unwrap()).unwrap();
        report["instances"][0]["restarts"].as_u64().unwrap()
    };
    assert_eq!(restarts("--max-messages 3", "gipc send $m"), 3);
    assert_eq!(restarts("--max-messages 10", "gipc send $m"), 0);
    let grow = "x=$(head -c 30000000 /dev/zero | tr '\\0' x); gipc send $m; sleep 0.05";
    assert!(restarts("--max-memory 20MiB", grow) > 0);
    assert_eq!(restarts("--max-memory 1GiB", grow), 0);
}

#[test]
fn messages_can_come_in_any_order() {
    let ended = upper("-j1 --shuf").with_input(seq(500));
    assert_ne!(ended.text(), seq(500));
    assert_eq!(sorted(ended.text()), numbers(500));
}

#[test]
fn int_finishes_what_workers_have_and_a_second_one_kills() {
    use std::os::unix::process::ExitStatusExt;
    let folder = scratch();
    let go = folder.path().join("go");
    assert!(command("mkfifo").arg(&go).end().status.success());
    let answer = format!("echo has $m >&2; read x < {}; gipc send $m", go.display());
    let mut gipc = shell("-j1", &answer).begin();
    gipc.write(b"1\n2\n3\n");
    gipc.stderr_until("has 1");
    gipc.signal(libc::SIGINT);
    gipc.stderr_until("no more messages are given out");
    fs::write(&go, "\n").unwrap();
    let ended = gipc.end();
    assert_eq!((ended.text(), ended.status.signal()), ("1\n", Some(libc::SIGINT)), "{ended:?}");
    let mut gipc = shell("-j1", &answer).begin();
    gipc.write(b"1\n2\n3\n");
    gipc.stderr_until("has 1");
    gipc.signal(libc::SIGINT);
    gipc.stderr_until("no more messages are given out");
    gipc.signal(libc::SIGINT);
    let ended = gipc.end();
    assert_eq!((ended.text(), ended.status.signal()), ("", Some(libc::SIGINT)), "{ended:?}");
}

#[test]
fn messages_that_are_only_read_need_no_answers() {
    let mut gipc = words("pool -j3 --ack read -- sh -c");
    let ended = gipc.arg("gipc recv --follow | sed -n 's/5$/&!/p' | gipc send").with_input(seq(50));
    let mut lines: Vec<_> = ended.text().lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["15!", "25!", "35!", "45!", "5!"]);
    let refused = "cannot be used with `--ack read`";
    words("pool --ack read --keep-order -- true").end().failed(2, &[refused]);
    words("pool --output none -- true").end().failed(2, &["--ack read"]);
    words("pool --input none -- true").end().failed(2, &["`--input none` is not possible"]);
}

#[test]
fn the_reader_of_the_answers_may_go_early() {
    let ended = command("bash")
        .args([
            "-c",
            "seq 100000 | gipc pool -j2 --wire stdio -- cat | head -n 1; echo ${PIPESTATUS[1]}",
        ])
        .end();
    assert_eq!(ended.text().lines().last(), Some("141"), "{ended:?}");
    assert_eq!(ended.stderr, "");
}

#[test]
fn its_size_can_be_changed_while_it_runs() {
    let name = format!("pool-{}", std::process::id());
    let mut gipc = shell(&format!("-q -j1 --name {name}"), "gipc send $m").begin();
    let names = || {
        let ended = words(&format!("ps --json -s {name}")).end();
        let all: Value = serde_json::from_slice(&ended.stdout).unwrap();
        let text = all.to_string();
        [1, 2, 3].into_iter().filter(|number| text.contains(&format!("\"bash.{number}\""))).count()
    };
    gipc.write(b"one\n");
    assert_eq!(gipc.line(), "one");
    assert_eq!(names(), 1);
    words(&format!("scale -s {name} bash=3")).end().failed(0, &[]);
    assert_eq!(names(), 3);
    words(&format!("scale -s {name} bash=1")).end().failed(0, &[]);
    assert_eq!(names(), 1);
    gipc.write(b"two\n");
    assert_eq!(gipc.line(), "two");
    let table = words(&format!("ps -s {name}")).end();
    assert!(table.text().contains("out: 2 messages, 6 bytes"), "{table:?}");
    gipc.end().said("");
}

#[test]
fn the_message_by_which_a_worker_tells_that_it_is_ready_is_no_answer() {
    let work = "gipc recv --timeout 50ms; [ $? = 124 ] && echo nothing yet >&2; gipc send hello; \
                while m=$(gipc recv); do gipc send \"<$m>\"; done";
    for options in ["", "--max-messages 1"] {
        let mut gipc = words(&format!("pool -j2 -k --ready message {options} --"));
        let ended = gipc.args(["bash", "-c", work]).with_input("1\n2\n3\n");
        assert_eq!(ended.text(), "<1>\n<2>\n<3>\n", "{options}: {ended:?}");
        assert_eq!(ended.code(), 0, "{options}: {ended:?}");
        assert!(ended.stderr.contains("nothing yet"), "{options}: {ended:?}");
    }
    // Where messages are only read it is one as any other.
    let mut gipc = words("pool -j1 --ack read --ready message --");
    gipc.args(["bash", "-c", "gipc send hello; gipc recv --follow | gipc send"])
        .with_input("1\n2\n")
        .said("hello\n1\n2\n");
    // One is the sign, a second one is an answer that nobody has asked for.
    let mut gipc = words("pool -j1 --ready message --max-restarts 1/10s --backoff 0s..0s --");
    let script = "gipc send a; gipc send b; exec sleep 998";
    let ended = gipc.args(["bash", "-c", script]).with_input("1\n");
    ended.failed(1, &["it has sent an answer without a message to answer"]);
    assert_eq!(ended.text(), "");
}
