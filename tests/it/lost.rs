//! `gipc send`, `recv` and `call` in processes that have lost the descriptors of their channels.

use std::fs;

use serde_json::Value;

use crate::support::*;

/// A folder of its own for a session and its socket.
fn in_folder(folder: &tempfile::TempDir, line: &str) -> std::process::Command {
    let mut gipc = words(line);
    gipc.current_dir(folder.path()).env("XDG_RUNTIME_DIR", folder.path());
    gipc
}

/// A bash worker of a session, with this input.
fn worker(options: &str, script: &str, input: &str) -> Ended {
    let folder = scratch();
    let mut gipc = in_folder(&folder, &format!("run --name lost {options} --"));
    gipc.args(["bash", "-c", script]).with_input(input)
}

#[test]
fn a_worker_that_has_lost_both_descriptors_still_answers_every_message_in_order() {
    let script = "exec 3<&- 4>&-; while m=$(gipc recv); do gipc send \"<$m>\"; done";
    let expected: String = (1..=200).map(|number| format!("<{number}>\n")).collect();
    worker("", script, &seq(200)).said(expected);
}

#[test]
fn commands_started_by_python_which_passes_no_descriptors_take_their_turns() {
    let script = "import os, subprocess\n\
                  gipc = lambda *args: subprocess.run(['gipc', *args], capture_output=True)\n\
                  while (message := gipc('recv')).returncode == 0:\n\
                  \x20   gipc('send', 'child ' + message.stdout.decode().strip())\n\
                  \x20   own = b'own'\n\
                  \x20   os.write(4, len(own).to_bytes(4, 'big') + own)\n";
    let folder = scratch();
    let mut gipc = in_folder(&folder, "run --name lost -- python3 -c");
    let ended = gipc.arg(script).with_input(seq(20));
    // What one has sent before the other is in front of it.
    let expected: String = (1..=20).map(|number| format!("child {number}\nown\n")).collect();
    ended.said(expected);
}

#[test]
fn those_with_and_without_descriptors_share_the_messages_and_none_is_torn() {
    let script = "work() { while m=$(gipc recv); do gipc send \"$m\"; done; }; \
                  for i in 1 2 3; do work & (exec 3<&- 4>&-; work) & done; wait; \
                  for i in 1 2 3 4; do \
                    head -c 1048576 /dev/zero | tr '\\0' $i | gipc send - & \
                    head -c 1048576 /dev/zero | tr '\\0' $i | gipc send - 4>&- & \
                  done; wait";
    let ended = worker("--output netstring", script, &seq(100));
    assert_eq!(ended.code(), 0, "{}", ended.stderr);
    let mut rest = &*ended.stdout;
    let (mut numbers, mut large) = (Vec::new(), 0);
    while let Some(colon) = rest.iter().position(|byte| *byte == b':') {
        let length: usize = std::str::from_utf8(&rest[..colon]).unwrap().parse().unwrap();
        let message = &rest[colon + 1..colon + 1 + length];
        match length {
            1_048_576 => large += usize::from(message.iter().all(|byte| *byte == message[0])),
            _ => numbers.push(std::str::from_utf8(message).unwrap().parse::<u32>().unwrap()),
        }
        assert_eq!(rest[colon + 1 + length], b',');
        rest = &rest[colon + 2 + length..];
    }
    numbers.sort_unstable();
    assert_eq!((numbers, large), ((1..=100).collect(), 8));
}

#[test]
fn a_call_without_descriptors_gets_its_own_reply() {
    let folder = scratch();
    let mut gipc = in_folder(&folder, "run --name lost -- bash -c");
    let mut gipc = gipc.arg("gipc call question 3<&- 4>&-").begin();
    assert_eq!(gipc.line(), "question");
    gipc.write(b"answer\n");
    drop(gipc.0.stdin.take());
    gipc.end().ended(0, "", "answer\n");
}

#[test]
fn on_stdio_other_files_may_stand_where_the_channel_was() {
    let script = "m=$(gipc recv < /dev/null); gipc send \"<$m>\" > /dev/null; cat";
    worker("--wire stdio", script, "1\n2\n").said("<1>\n2\n");
}

#[test]
fn what_is_asked_for_waits_no_longer_than_it_may_and_ends_with_the_channel() {
    let script = "exec 3<&- 4>&-; gipc recv --timeout 50ms; echo $? >&2; gipc send ready; \
                  gipc recv; gipc recv; echo $? >&2";
    let folder = scratch();
    let mut gipc = in_folder(&folder, "run --name lost -- bash -c");
    let mut gipc = gipc.arg(script).begin();
    gipc.stderr_until("124");
    assert_eq!(gipc.line(), "ready");
    gipc.write(b"late\n");
    drop(gipc.0.stdin.take());
    let ended = gipc.end();
    assert_eq!((ended.code(), ended.text(), &*ended.stderr), (0, "", "late\n1\n"));
}

#[test]
fn a_reader_without_descriptors_that_dies_has_its_unread_messages_sent_again() {
    let folder = scratch();
    let text = "[process.work]\nrestart = 'on-failure'\nbackoff = { min = '0s', max = '0s' }\n\
                restart_limit = { count = 1000, within = '1s' }\n\
                shell = '''exec 3<&-; for i in 1 2 3; do m=$(gipc recv) || exit 0; \
                echo $m >> got; done; kill -9 $$$$'''\n\
                [channel.jobs]\nfrom = '-'\nto = 'work'\n";
    fs::write(folder.path().join("gipc.toml"), text).unwrap();
    let mut gipc = in_folder(&folder, "up -q --report report.json");
    gipc.with_input(seq(50)).said("");
    assert_eq!(fs::read_to_string(folder.path().join("got")).unwrap(), seq(50));
    let report = fs::read(folder.path().join("report.json")).unwrap();
    let report: Value = serde_json::from_slice(&report).unwrap();
    let instance = &report["instances"][0];
    assert_eq!(
        (&instance["restarts"], &instance["channels"][0]["messages"]),
        (&16.into(), &50.into())
    );
}

#[test]
fn answers_of_a_pool_whose_workers_have_lost_their_descriptors_are_theirs() {
    let script = "exec 3<&- 4>&-; while m=$(gipc recv); do gipc send \"<$m>\"; done";
    let folder = scratch();
    let mut gipc = in_folder(&folder, "pool -q -j3 --keep-order --name lost -- bash -c");
    let expected: String = (1..=60).map(|number| format!("<{number}>\n")).collect();
    gipc.arg(script).with_input(seq(60)).said(expected);
}

#[test]
fn node_and_what_it_starts_send_on_its_one_socket() {
    if !has("node") {
        return;
    }
    let script = "const run = require('child_process').execFileSync; \
                  process.on('message', m => { \
                    run('gipc', ['send', JSON.stringify({ child: m })]); \
                    process.send({ own: m }); \
                  });";
    let folder = scratch();
    let mut gipc = in_folder(&folder, "run --name lost --wire node -- node -e");
    let ended = gipc.arg(script).with_input("1\n2\n");
    ended.said("{\"child\":1}\n{\"own\":1}\n{\"child\":2}\n{\"own\":2}\n");
}

#[test]
fn nobody_else_is_given_the_descriptors_of_a_process() {
    let folder = scratch();
    let script = "env | grep ^GIPC_ > env; gipc send ready; exec sleep 999";
    let mut gipc = in_folder(&folder, "run --name lost -- bash -c");
    let mut gipc = gipc.arg(script).begin();
    assert_eq!(gipc.line(), "ready");
    let text = fs::read_to_string(folder.path().join("env")).unwrap();
    let variables: Vec<_> = text.lines().map(|line| line.split_once('=').unwrap()).collect();
    for line in ["recv", "send x"] {
        let ended = in_folder(&folder, line).envs(variables.clone()).end();
        let why = "the descriptors of a process are for those only that it has started";
        // Whoever runs the tests may have something else there.
        ended.failed(125, &["channel `", "nor could it be obtained from the session", why]);
    }
    gipc.signal(libc::SIGTERM);
    gipc.end();
    let ended = in_folder(&folder, "recv").envs(variables).end();
    ended.failed(125, &["channel `", "the session of this process", "has ended"]);
}

#[test]
fn what_is_left_of_an_incarnation_does_not_take_the_messages_of_the_next() {
    let folder = scratch();
    // The first writes down what it was given, the second goes by that.
    let script = "if [ $GIPC_RESTARTS = 0 ]; then echo $GIPC_CHANNELS > old; exit 1; fi; \
                  export GIPC_CHANNELS=$(cat old); exec 3<&- 4>&-; \
                  gipc recv; echo $? >&2; gipc send x; echo $? >&2";
    let mut gipc = in_folder(&folder, "run --name lost --restart on-failure --backoff 0s..0s --");
    let ended = gipc.args(["bash", "-c", script]).with_input("1\n");
    let why = "channel `in` of this incarnation of `bash.1` has ended\n1\n";
    ended.failed(0, &[why, "channel `out` of this incarnation of `bash.1` has ended\n1\n"]);
}

#[test]
fn without_a_session_the_way_out_is_named() {
    let mut gipc = words("run -- bash -c");
    let ended = gipc.arg("exec 3<&-; gipc recv; echo $?").with_input("1\n");
    ended.failed(0, &["descriptor 3 is not open here", "in a session (--name)", "125"]);
}
