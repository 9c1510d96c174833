//! Records, and what is made of them.

use std::time::{Duration, Instant};

use crate::support::*;

/// A folder with `r.jsonl`, which holds these messages.
fn recorded(netstrings: impl Into<Vec<u8>>) -> tempfile::TempDir {
    let folder = scratch();
    let mut gipc = words("run --record r.jsonl --input netstring --output none --wire stdio");
    gipc.args(["--framing", "u32", "--", "sh", "-c", "cat > all"]).current_dir(folder.path());
    gipc.with_input(netstrings).said("");
    folder
}

/// All bytes there are, none, and many.
fn awkward() -> Vec<u8> {
    let all: Vec<u8> = (0..=255).collect();
    let large = all.repeat(1000);
    let mut input = Vec::new();
    for message in
        [&b""[..], b"text", b"two\nlines", "\u{e9}\u{0}\"\\".as_bytes(), &all, &large, b""]
    {
        input.extend_from_slice(format!("{}:", message.len()).as_bytes());
        input.extend_from_slice(message);
        input.push(b',');
    }
    input
}

fn replay(folder: &tempfile::TempDir, line: &str) -> Ended {
    words(line).current_dir(folder.path()).end()
}

#[test]
fn what_was_recorded_comes_back_byte_by_byte() {
    let folder = recorded(awkward());
    replay(&folder, "replay r.jsonl --output netstring").said(awkward());
    let worker = "replay r.jsonl -c in --wire stdio --framing u32 --output netstring -- cat";
    replay(&folder, worker).said(awkward());
    // From a FIFO too, of which nothing is known before it is read.
    let mut shell = command("bash");
    let script = "gipc replay --output netstring <(cat r.jsonl)";
    shell.args(["-c", script]).current_dir(folder.path()).end().said(awkward());
}

#[test]
fn of_a_file_that_is_no_record_not_every_line_is_complained_of() {
    let folder = scratch();
    std::fs::write(folder.path().join("r.jsonl"), seq(1000)).unwrap();
    let ended = replay(&folder, "replay r.jsonl");
    ended.failed(1, &["line 10: it is no message", "`r.jsonl`: 990 more lines are no messages"]);
    assert_eq!(ended.stderr.lines().count(), 11);
}

#[test]
fn of_several_channels_all_are_played_in_their_order_or_one() {
    let folder = scratch();
    let mut gipc = words("run --record r.jsonl --output none --wire stdio -- sh -c");
    gipc.arg("cat > all").current_dir(folder.path()).with_input("1\n2\n").said("");
    replay(&folder, "replay r.jsonl").said("1\n2\n");
    let mut gipc = words("run --record r.jsonl -- bash -c")
        .arg("while m=$(gipc recv); do gipc send \"<$m>\"; done")
        .current_dir(folder.path())
        .begin();
    for number in 3..5 {
        gipc.write(format!("{number}\n").as_bytes());
        assert_eq!(gipc.line(), format!("<{number}>"));
    }
    gipc.end().said("");
    replay(&folder, "replay r.jsonl").said("1\n2\n3\n<3>\n4\n<4>\n");
    replay(&folder, "replay r.jsonl --channel out").said("<3>\n<4>\n");
    replay(&folder, "replay -c in r.jsonl --wire stdio -- tr 1-4 a-d").said("a\nb\nc\nd\n");
    let why = "gipc: there is no message of a channel `ni` in `r.jsonl`; there are those of `in`, `out`\n";
    replay(&folder, "replay r.jsonl -c ni").ended(2, "", why);
    replay(&folder, "replay r.jsonl -c ni -- cat").ended(2, "", why);
}

#[test]
fn a_line_that_is_no_message_is_named_and_the_others_are_played() {
    let folder = recorded("1:a,1:b,");
    let path = folder.path().join("r.jsonl");
    let good = std::fs::read_to_string(&path).unwrap();
    let (first, second) = good.split_once('\n').unwrap();
    std::fs::write(&path, format!("{first}\nno\n{second}{}", &first[..20])).unwrap();
    for worker in ["", " --wire stdio -- cat"] {
        let ended = replay(&folder, &format!("replay r.jsonl{worker}"));
        ended.failed(
            1,
            &[
                "`r.jsonl`, line 2: it is no message of a record: expected ident",
                "`r.jsonl`, line 4: it is no message of a record: EOF while parsing",
            ],
        );
        assert_eq!(ended.text(), "a\nb\n");
    }
}

#[test]
fn a_message_that_the_output_cannot_carry_is_named_and_the_others_are_played() {
    let folder = recorded("1:a,3:b\nc,1:d,");
    let ended = replay(&folder, "replay r.jsonl");
    ended.failed(1, &["gipc: message 2: "]);
    assert_eq!(ended.text(), "a\nd\n");
    let ended = replay(&folder, "replay r.jsonl --wire stdio -- cat");
    ended.failed(1, &["channel `in`, message 2 from r.jsonl: "]);
    assert_eq!(ended.text(), "a\nd\n");
}

#[test]
fn at_its_own_speed_a_record_takes_its_time() {
    let folder = scratch();
    let line = |millis, text| {
        format!(
            "{{\"time\":\"2026-01-02T03:04:05.{millis:03}Z\",\"channel\":\"c\",\"text\":\"{text}\"}}\n"
        )
    };
    let record = [line(100, "a"), line(400, "b"), line(700, "c")].concat();
    std::fs::write(folder.path().join("r.jsonl"), record).unwrap();
    let took = |line: &str| {
        let begun = Instant::now();
        replay(&folder, line).said("a\nb\nc\n");
        begun.elapsed()
    };
    assert!(took("replay r.jsonl --speed 1") >= Duration::from_millis(600));
    assert!(took("replay r.jsonl --speed 0.5 --wire stdio -- cat") >= Duration::from_millis(1200));
    // Each comes when it is due, and not all at the end.
    let mut gipc = words("replay r.jsonl --speed 0.01").current_dir(folder.path()).begin();
    assert_eq!(gipc.line(), "a");
    gipc.signal(libc::SIGTERM);
    assert!(gipc.end().stdout.is_empty());
}

#[test]
fn what_cannot_be_played_is_told() {
    let folder = recorded("1:a,");
    let why = "gipc: cannot read the record `no`: No such file or directory (os error 2)\n";
    replay(&folder, "replay no").ended(125, "", why);
    replay(&folder, "replay no -- cat").ended(125, "", why);
    let why = "`--wire` needs a worker: gipc replay FILE -- COMMAND";
    replay(&folder, "replay r.jsonl --wire stdio").failed(2, &[why]);
    replay(&folder, "replay r.jsonl --output none").failed(2, &["nothing would be written"]);
    for speed in ["0", "-1", "fast", "inf"] {
        let ended = replay(&folder, &format!("replay r.jsonl --speed={speed}"));
        ended.failed(2, &["expected `max`, or a number above 0"]);
    }
    // Those in the environment are for whoever they concern.
    words("replay r.jsonl").env("GIPC_GRACE", "1s").current_dir(folder.path()).end().said("a\n");
}

#[test]
fn whoever_has_seen_enough_ends_a_replay() {
    let folder = scratch();
    let line = "{\"time\":\"2026-01-02T03:04:05Z\",\"channel\":\"c\",\"text\":\"a\"}\n";
    std::fs::write(folder.path().join("r.jsonl"), line.repeat(100_000)).unwrap();
    let mut shell = command("bash");
    let script = "gipc replay r.jsonl | head -n 1; echo ${PIPESTATUS[0]}";
    shell.args(["-c", script]).current_dir(folder.path()).end().said("a\n141\n");
}

#[test]
fn a_worker_that_crashes_loses_nothing_of_a_record() {
    let folder =
        recorded((1..=50).map(|n| format!("{}:{n},", n.to_string().len())).collect::<String>());
    let mut gipc =
        words("replay r.jsonl -q --restart always --backoff 0s..0s --max-restarts 1000/1s --");
    gipc.args([CHILD, "crash-after", "3"]).current_dir(folder.path()).end().said(seq(50));
}

#[test]
fn dead_letters_can_be_played() {
    let folder = scratch();
    let text = "[process.work]\nrestart = 'never'\nshell = 'gipc recv; kill -9 $$$$'\n\
                [channel.jobs]\nfrom = '-'\nto = 'work'\nack = 'reply'\nretries = 0\n\
                dead_letter = 'dead.jsonl'\n\
                [channel.results]\nfrom = 'work'\nto = '-'\n";
    std::fs::write(folder.path().join("gipc.toml"), text).unwrap();
    let ended = words("up").current_dir(folder.path()).with_input("\u{e9}\n2\n");
    assert_eq!(ended.code(), 137, "{ended:?}");
    replay(&folder, "replay dead.jsonl -c jobs").said("\u{e9}\n2\n");
}
