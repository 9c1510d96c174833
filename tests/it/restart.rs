//! Restarts, and what becomes of messages then.

use crate::support::*;

#[test]
fn a_worker_that_crashes_is_started_again_and_no_message_is_lost() {
    let expected = seq(100);
    let mut gipc = words("run -q --restart on-failure --backoff 0s..0s --max-restarts 1000/1s --");
    gipc.args([CHILD, "crash-after", "3"]).with_input(seq(100)).said(expected);
}

#[test]
fn a_message_that_was_read_in_part_goes_whole_to_the_next_incarnation() {
    let folder = scratch();
    let report = folder.path().join("report.json");
    let mut gipc =
        words("run -q --restart always --backoff 0s..0s --max-restarts 1000/1s --report");
    let input: String = (1..=90).map(|number| format!("message {number}\n")).collect();
    let ended =
        gipc.arg(&report).args(["--", CHILD, "greedy-crash", "4"]).with_input(input.clone());
    ended.said(input.to_uppercase());
    let report: serde_json::Value =
        serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
    let instance = &report["instances"][0];
    // Each crash tears one; how many more were waiting in the pipe is chance.
    let restarts = instance["restarts"].as_u64().unwrap();
    assert!(restarts >= 22, "{restarts}");
    assert!(instance["channels"][0]["redelivered"].as_u64().unwrap() >= restarts);
    assert_eq!(instance["channels"][0]["messages"], 90);
    assert_eq!(instance["channels"][1]["messages"], 90);
}

#[test]
fn a_crash_loop_stops_at_exactly_the_limit() {
    let folder = scratch();
    let starts = folder.path().join("starts");
    let script = format!("echo $GIPC_RESTARTS >> {}; exit 9", starts.display());
    let mut gipc = words("exec --restart always --backoff 0s..0s --max-restarts 4/1m --");
    let ended = gipc.args(["sh", "-c", &script]).end();
    ended.failed(9, &["sh.1 ended again after 4 restarts within 1m: giving up"]);
    assert_eq!(std::fs::read_to_string(starts).unwrap(), "0\n1\n2\n3\n4\n");
}

#[test]
fn success_ends_a_restart_on_failure() {
    let script = "[ $GIPC_RESTARTS = 2 ] && exit 0; exit 1";
    let mut gipc = words("exec -q --restart on-failure --backoff 0s..0s --");
    gipc.args(["sh", "-c", script]).end().said("");
}

#[test]
fn a_worker_that_has_read_everything_is_not_started_again() {
    let mut gipc = words("run -q --restart always --backoff 0s..0s --");
    let ended = gipc.args(["sh", "-c", "gipc recv --follow; exit 3"]).with_input("one\n");
    ended.ended(3, "", "one\n");
}

#[test]
fn what_an_incarnation_leaves_behind_is_gone_before_the_next_starts() {
    let script = "pids=$(pgrep -x -P $PPID sleep); [ -z \"$pids\" ] || echo left $pids >&2; \
                  setsid sleep 1000 & exit 1";
    let mut gipc = words("exec --restart always --backoff 0s..0s --max-restarts 3/1m -q --");
    let ended = gipc.args(["bash", "-c", script]).end();
    assert!(!ended.stderr.contains("left"), "{ended:?}");
}

#[test]
fn a_stop_during_the_pause_before_a_restart_ends_at_once() {
    let mut gipc = words("exec --restart always --backoff 1h..1h -v -- false").begin();
    gipc.stderr_until("false.1 ended: exit code 1");
    gipc.signal(libc::SIGTERM);
    let ended = gipc.end();
    assert_eq!(
        std::os::unix::process::ExitStatusExt::signal(&ended.status),
        Some(libc::SIGTERM),
        "{ended:?}"
    );
}
