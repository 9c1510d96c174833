//! `gipc send`, `recv` and `call` inside a worker.

use crate::support::*;

/// Runs a bash worker with this input.
fn worker(options: &str, script: &str, input: &str) -> Ended {
    let mut gipc = words(&format!("run {options} --"));
    gipc.args(["bash", "-c", script]).with_input(input)
}

#[test]
fn each_recv_takes_exactly_one_message() {
    for framing in
        ["u32", "lines", "nul", "netstring", "content-length", "u32le", "varint", "json-seq"]
    {
        let script = "gipc recv; gipc recv; gipc recv; gipc recv; echo $?";
        let ended = worker(&format!("--framing {framing}"), script, "1\n22\n333\n");
        ended.ended(0, "", "1\n22\n333\n1\n");
    }
}

#[test]
fn ten_large_messages_at_once_arrive_whole() {
    let script = "for i in 0 1 2 3 4 5 6 7 8 9; do \
                  head -c 1048576 /dev/zero | tr '\\0' $i | gipc send - & done; \
                  for i in 1 2 3 4 5 6 7 8 9; do gipc send small$i & done; wait";
    let ended = worker("", script, "");
    assert_eq!(ended.code(), 0, "{}", ended.stderr);
    let mut lines: Vec<_> = ended.text().lines().collect();
    lines.sort_unstable();
    assert_eq!(lines.len(), 19);
    for (line, digit) in lines.iter().zip('0'..='9') {
        assert_eq!(line.len(), 1_048_576);
        assert!(line.chars().all(|it| it == digit));
    }
}

#[test]
fn several_receivers_share_the_messages() {
    let script = "for i in 1 2 3 4; do (while m=$(gipc recv); do gipc send $m; done) & done; wait";
    let ended = worker("", script, &seq(100));
    assert_eq!(ended.code(), 0, "{}", ended.stderr);
    let mut numbers: Vec<u32> = ended.text().lines().map(|line| line.parse().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=100).collect::<Vec<_>>());
}

#[test]
fn send_takes_its_message_from_where_it_is_told() {
    let script =
        "gipc send 'an argument'; printf 'a\\nb' | gipc send; printf 'c\\nd\\n' | gipc send -";
    let ended = worker("--output netstring", script, "");
    ended.said("11:an argument,1:a,1:b,4:c\nd\n,");
}

#[test]
fn recv_writes_as_it_is_told() {
    let script =
        "gipc recv --output raw; gipc recv -n 2; gipc recv --output netstring; gipc recv -f";
    worker("", script, "1\n2\n3\n4\n5\n6\n").ended(0, "", "12\n3\n1:4,5\n6\n");
}

#[test]
fn recv_of_several_ends_with_1_where_there_are_fewer() {
    worker("", "gipc recv -n 3; echo $?", "1\n2\n").ended(0, "", "1\n2\n1\n");
    worker("", "gipc recv --follow; echo $?", "").ended(0, "", "0\n");
}

#[test]
fn what_lines_cannot_carry_is_refused_and_named() {
    let ended = worker("--input nul", "gipc recv -n 2; echo $?", "a\nb\0c\0");
    ended.failed(0, &["message 1: a newline cannot be carried by `lines`", "netstring", "c\n1\n"]);
    let ended = worker("--framing lines", "gipc send $'a\\nb'; echo $?; gipc send c", "");
    ended.failed(0, &["message 1: a newline cannot be carried by `lines`", "1\n"]);
    assert_eq!(ended.text(), "c\n");
}

#[test]
fn waiting_has_an_end_where_that_is_asked_for() {
    let script = "gipc recv --timeout 30ms; echo $?; gipc send ready; gipc recv --timeout 1h";
    let mut command = words("run -- bash -c");
    let mut gipc = command.arg(script).begin();
    assert_eq!(gipc.line(), "ready");
    gipc.write(b"late\n");
    drop(gipc.0.stdin.take());
    gipc.end().ended(0, "", "124\nlate\n");
}

#[test]
fn send_gives_up_when_nobody_takes_and_leaves_no_half_message() {
    // The second message has no room until the first is taken.
    let script = "exec 7<&3; a=$(mktemp -u); mkfifo $a; exec 3<>$a 4>&3; \
                  export GIPC_CHANNELS= GIPC_IN=3 GIPC_OUT=4; unset GIPC_CHANNELS; \
                  head -c 65000 /dev/zero | tr '\\0' x > $a.big; head -c 65532 /dev/zero | tr '\\0' y > $a.full; \
                  gipc send - < $a.full; gipc send --timeout 50ms short; echo $?; \
                  gipc recv | wc -c; gipc send - < $a.big; gipc recv | wc -c; rm $a*";
    worker("", script, "").ended(0, "", "124\n65533\n65001\n");
}

#[test]
fn call_sends_and_takes_the_reply() {
    // The worker asks; we, as the test, answer.
    let mut command = words("run -- bash -c");
    let mut gipc = command.arg("gipc call question").begin();
    assert_eq!(gipc.line(), "question");
    gipc.write(b"answer\n");
    drop(gipc.0.stdin.take());
    gipc.end().ended(0, "", "answer\n");
}

#[test]
fn calls_at_once_never_take_each_others_replies() {
    let script = "for i in $(seq 20); do \
                  (r=$(gipc call $i); [ \"$r\" = $i ] || echo $i got $r >&2) & done; wait";
    let echo = "coproc W { gipc run -- bash -c \"$1\"; }; \
                while read -r l <&\"${W[0]}\"; do echo \"$l\" >&\"${W[1]}\"; done; wait $W_PID";
    let ended = command("bash").args(["-c", echo, "-", script]).end();
    assert_eq!(ended.stderr, "");
}

#[test]
fn outside_of_a_worker_there_is_no_channel() {
    words("recv").end().failed(125, &["no channel in", "GIPC_IN", "gipc run"]);
    words("send x").end().failed(125, &["no channel out", "GIPC_OUT", "gipc run"]);
}

#[test]
fn a_channel_can_be_named_and_a_wrong_name_is_told() {
    worker("", "gipc recv -c in; gipc send -c out x", "1\n").ended(0, "x\n", "1\n");
    let ended = worker("", "gipc recv -c jobs; echo $?", "1\n");
    ended.failed(0, &["there is no channel `jobs` in; there is `in` in, `out` out", "125"]);
}

#[test]
fn a_descriptor_that_was_closed_or_reused_is_refused() {
    let ended = worker("", "exec 3<&-; gipc recv; echo $?", "1\n");
    ended.failed(0, &["channel `in`: descriptor 3 is not open here", "125"]);
    let ended = worker("", "exec 3</dev/null; gipc recv; echo $?", "1\n");
    ended.failed(0, &["channel `in`: descriptor 3 is no longer the channel", "125"]);
}

#[test]
fn a_message_that_nobody_reads_is_an_error_of_1() {
    let script = "exec 5> >(exit); wait $!; unset GIPC_CHANNELS; export GIPC_OUT=5; \
                  gipc send x; echo $?";
    worker("", script, "").failed(0, &["channel `out`: nobody reads any more", "1\n"]);
}

#[test]
fn a_truncated_message_is_an_error() {
    let script = "exec 5< <(printf '\\0\\0\\0\\5he'); unset GIPC_CHANNELS; export GIPC_IN=5; \
                  gipc recv; echo $?";
    worker("", script, "").failed(0, &["channel `in`", "cut off after 6 of 9 bytes", "125"]);
}

#[test]
fn a_channel_that_does_not_block_is_waited_for_all_the_same() {
    // Node and asyncio leave their descriptors so, and it is a property that all share.
    let script = "python3 -c 'import os; os.set_blocking(3, False); os.set_blocking(4, False)'; \
                  head -c 5000000 /dev/zero | tr '\\0' x | gipc send -; gipc recv | gipc send";
    let mut command = words("run -- bash -c");
    let mut gipc = command.arg(script).begin();
    assert_eq!(gipc.line().len(), 5_000_000);
    gipc.write(b"late\n");
    drop(gipc.0.stdin.take());
    gipc.end().ended(0, "late\n", "");
}

#[test]
fn a_timeout_of_nothing_takes_what_is_there() {
    let script = "gipc recv; for i in 1 2 3; do gipc recv --timeout 0s; done; gipc recv --timeout 0s; echo $?";
    worker("", script, "1\n2\n3\n4\n").ended(0, "", "1\n2\n3\n4\n1\n");
}
