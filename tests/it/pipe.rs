//! `gipc pipe`: workers in a row.

use std::fs;

use crate::support::*;

/// `gipc pipe`, with these options and these workers.
fn pipe(options: &str, stages: &[&[&str]]) -> std::process::Command {
    let stages: Vec<_> = stages.iter().map(|stage| stage.to_vec()).collect();
    let mut gipc = words(&format!("pipe {options} --"));
    gipc.args(stages.join(&":::"));
    gipc
}

/// The process that this one is the guard of.
fn supervisor_of(guard: i32) -> i32 {
    fs::read_to_string(format!("/proc/{guard}/task/{guard}/children"))
        .unwrap()
        .trim()
        .parse()
        .unwrap()
}

/// How many bytes a process has read and written so far: its thread, as the process has those of
/// the children too that it has waited for.
fn moved(pid: i32) -> u64 {
    let io = fs::read_to_string(format!("/proc/{pid}/task/{pid}/io")).unwrap();
    let number = |line: &str| line.split(' ').nth(1).unwrap().parse::<u64>().unwrap();
    io.lines().filter(|line| line.contains("char")).map(number).sum()
}

#[test]
fn messages_go_through_all_workers_in_order() {
    let upper: &[&str] = &[CHILD, "upper"];
    let worker = ["python3", "examples/upper/upper.py"];
    let input: String = (0..5000).map(|number| format!("message {number}\n")).collect();
    pipe("", &[upper, &worker, upper]).with_input(input.clone()).said(input.to_uppercase());
}

#[test]
fn any_filters_will_do_on_stdio() {
    let stages: [&[&str]; 3] = [&["grep", "-v", "2"], &["tr", "123", "abc"], &["rev"]];
    pipe("--wire stdio", &stages).with_input("12\n13\n31\n").said("ca\nac\n");
}

#[test]
fn a_million_messages_go_from_bash_through_python_to_node() {
    if !has("node") {
        return;
    }
    let squares = "import os\n\
                   with os.fdopen(3) as numbers, os.fdopen(4, 'w') as squares:\n\
                   \x20   for number in numbers: squares.write(f'{int(number) ** 2}\\n')\n";
    let total = "const lines = require('readline').createInterface({ \
                   input: require('fs').createReadStream(null, { fd: 3 }) }); \
                 let count = 0, sum = 0n, last = 0; \
                 lines.on('line', line => { \
                   if (Number(line) !== (++last) ** 2) throw line; \
                   count += 1; sum += BigInt(line); \
                 }); \
                 lines.on('close', () => require('fs').writeSync(4, `${count} ${sum}\\n`));";
    let stages: [&[&str]; 3] =
        [&["bash", "-c", "seq 1000000 >&4"], &["python3", "-c", squares], &["node", "-e", total]];
    let n = 1_000_000_u64;
    let sum = n * (n + 1) * (2 * n + 1) / 6;
    pipe("--framing lines --input none", &stages).end().said(format!("{n} {sum}\n"));
}

#[test]
fn neighbours_have_one_pipe_and_gipc_moves_nothing_between_them() {
    let source = "yes | head -c 50000000 >&4; echo sent >&2";
    let sink = "head -c 50000000 <&3 | tail -c 2; echo taken; gipc recv; exec sleep 998";
    let options = "--input none --output none";
    let mut gipc = pipe(options, &[&["sh", "-c", source], &["sh", "-c", sink]]).begin();
    gipc.stderr_until("taken");
    let bytes = moved(supervisor_of(gipc.pid()));
    gipc.signal(libc::SIGTERM);
    gipc.end();
    assert!(bytes < 1 << 20, "{bytes}");
}

#[test]
fn what_is_recorded_or_restarted_is_passed_on_by_gipc() {
    let folder = scratch();
    let record = folder.path().join("record.jsonl");
    let options = format!("--record {}", record.display());
    let cat: &[&str] = &[CHILD, "upper"];
    pipe(&options, &[cat, cat]).with_input("a\nb\n").said("A\nB\n");
    let record = fs::read_to_string(record).unwrap();
    assert_eq!(record.lines().count(), 6);
    assert!(
        record.contains(r#""from":"gipc-test-child.1","to":"gipc-test-child-2.1""#),
        "{record}"
    );
    let restart = "-q --restart on-failure --backoff 0s..0s --max-restarts 1000/1s";
    let crash: &[&str] = &[CHILD, "crash-after", "7"];
    pipe(restart, &[crash, cat, crash]).with_input(seq(300)).said(seq(300));
}

#[test]
fn each_worker_gets_messages_when_it_is_ready() {
    // Each says that it is ready only once it has seen that nothing was there for it.
    let unread = "gipc recv --timeout 50ms; [ $? = 124 ] && echo nothing yet >&2;";
    let go_on = "; while m=$(gipc recv); do gipc send \"<$m>\"; done";
    for (condition, say) in [
        ("fd:5", "echo >&5"),
        ("log:^ready$", "echo ready"),
        ("message", "gipc send hello"),
        // Long after the first look, however slow the machine is.
        ("delay:2s", "true"),
    ] {
        let script = format!("{unread}{say}{go_on}");
        let stage: &[&str] = &["sh", "-c", &script];
        let ended = pipe(&format!("--ready {condition}"), &[stage, stage]).with_input("1\n2\n");
        assert_eq!(ended.code(), 0, "{condition}: {ended:?}");
        assert_eq!(ended.stderr.matches("nothing yet").count(), 2, "{condition}: {ended:?}");
        let said = if condition == "message" { "hello\n<hello>\n" } else { "" };
        assert_eq!(ended.text(), format!("{said}<<1>>\n<<2>>\n"), "{condition}");
    }
}

#[test]
fn a_worker_that_is_not_ready_in_time_is_stopped_wherever_it_stands() {
    let (good, late): (&[&str], &[&str]) = (&["sh", "-c", "gipc send up"], &["sleep", "998"]);
    for (stages, name) in [([late, good], "sleep.1"), ([good, late], "sleep.1")] {
        let ended = pipe("--ready message --ready-timeout 1s --input none", &stages).end();
        ended.failed(124, &[&format!("{name} was not ready within 1s")]);
    }
}

#[test]
fn the_largest_message_is_the_same_between_workers_and_outside() {
    let long = "gipc send \"$(printf %0101d 0)\"; gipc send end";
    let pass = "while m=$(gipc recv); do gipc send \"${#m}\"; done";
    let stages: [&[&str]; 2] = [&["sh", "-c", long], &["sh", "-c", pass]];
    pipe("--input none", &stages).end().said("101\n3\n");
    let ended = pipe("--input none --max-message 100", &stages).end();
    ended.failed(1, &["channel `sh-sh-2` from sh.1", "101 bytes exceeds the limit of 100"]);
    assert_eq!(ended.text(), "");
}

#[test]
fn the_code_is_that_of_the_last_worker_that_failed() {
    let exit = |code| ["sh", "-c", code].to_vec();
    for (codes, code) in [
        (["exit 0", "exit 0", "exit 0"], 0),
        (["exit 3", "exit 0", "exit 0"], 3),
        (["exit 3", "exit 4", "exit 0"], 4),
        (["exit 3", "exit 0", "kill -9 $$"], 137),
    ] {
        let stages: Vec<_> = codes.into_iter().map(exit).collect();
        let stages: Vec<_> = stages.iter().map(Vec::as_slice).collect();
        assert_eq!(pipe("-q --input none", &stages).end().code(), code, "{codes:?}");
    }
}

#[test]
fn a_reader_that_ends_early_ends_its_writers_as_in_a_shell() {
    let ended = pipe("--wire stdio --input none", &[&["yes"], &["head", "-n", "2"]]).end();
    ended.ended(128 + libc::SIGPIPE, "y\ny\n", "gipc: yes.1 ended: SIGPIPE\n");
}

#[test]
fn a_worker_that_cannot_be_started_is_told_and_the_others_see_its_end() {
    let after = "gipc recv || echo end";
    let ended = pipe("--input none", &[&["no-such-program"], &["sh", "-c", after]]).end();
    ended.failed(127, &["no-such-program.1: cannot start `no-such-program`", "| end"]);
    let before = "gipc send one; gipc send two; sleep 0.1; gipc send three";
    let ended = pipe("--input none", &[&["sh", "-c", before], &["no-such-program"]]).end();
    ended.failed(127, &["no-such-program.1"]);
}

#[test]
fn a_command_must_stand_on_both_sides() {
    for stages in ["true :::", "::: true", "true ::: ::: true"] {
        words(&format!("pipe -- {stages}")).end().failed(2, &["on both sides of :::"]);
    }
}

#[test]
fn a_timeout_stops_all_and_nothing_is_left() {
    let ended = pipe("--input none --timeout 200ms", &[&["sleep", "998"], &["sleep", "998"]]).end();
    ended.failed(124, &["timeout after 200ms: stopping sleep.1, sleep-2.1"]);
}
