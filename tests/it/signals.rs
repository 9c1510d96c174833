//! Signals to gipc.

use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};

use crate::support::*;

fn begin(options: &[&str], script: &str) -> Running {
    let args = options.iter().copied().chain(["--", "bash", "-c", script]);
    let mut running = gipc(args).begin();
    running.stderr_until("ready");
    running
}

/// Tells of each signal that it gets.
const TELLS: &str = "for s in HUP INT TERM USR1 ALRM WINCH URG; do trap \"echo got $s >&2\" $s; done; \
                     echo ready >&2; while :; do sleep 0.02; done";

#[test]
fn the_command_gets_the_signal_that_came() {
    for command in ["exec", "run"] {
        for (signal, name) in
            [(libc::SIGHUP, "HUP"), (libc::SIGINT, "INT"), (libc::SIGTERM, "TERM")]
        {
            let mut gipc = begin(&[command, "--grace", "200ms"], TELLS);
            gipc.signal(signal);
            gipc.stderr_until(&format!("got {name}"));
            assert_eq!(gipc.end().status.signal(), Some(signal));
        }
    }
}

#[test]
fn or_the_stop_signal_where_there_is_one() {
    let mut gipc = begin(&["run", "--stop-signal", "HUP", "--grace", "200ms"], TELLS);
    gipc.signal(libc::SIGINT);
    gipc.stderr_until("got HUP");
    assert_eq!(gipc.end().status.signal(), Some(libc::SIGINT));
}

#[test]
fn signals_without_a_meaning_of_their_own_are_forwarded() {
    for command in ["exec", "run"] {
        let mut gipc = begin(&[command, "--grace", "100ms"], TELLS);
        for (signal, name) in
            [(libc::SIGALRM, "ALRM"), (libc::SIGWINCH, "WINCH"), (libc::SIGURG, "URG")]
        {
            gipc.signal(signal);
            gipc.stderr_until(&format!("got {name}"));
        }
        gipc.signal(libc::SIGKILL);
        gipc.end();
    }
}

#[test]
fn a_second_signal_kills() {
    for command in ["exec", "run"] {
        let script = "trap 'echo asked >&2' INT; echo ready >&2; while :; do sleep 1; done";
        let mut gipc = begin(&[command, "--grace", "1h"], script);
        gipc.signal(libc::SIGINT);
        gipc.stderr_until("again");
        gipc.signal(libc::SIGINT);
        assert_eq!(gipc.end().status.signal(), Some(libc::SIGINT));
    }
}

#[test]
fn a_worker_that_does_not_stop_is_killed_after_the_grace() {
    let script = "trap '' TERM; echo ready >&2; while :; do sleep 1; done";
    let gipc = begin(&["exec", "--grace", "300ms"], script);
    let start = Instant::now();
    gipc.signal(libc::SIGTERM);
    assert_eq!(gipc.end().status.signal(), Some(libc::SIGTERM));
    assert!(start.elapsed() >= Duration::from_millis(300));
}

#[test]
fn quit_kills_at_once() {
    let script = "trap '' QUIT TERM; echo ready >&2; while :; do sleep 1; done";
    let gipc = begin(&["exec", "--grace", "1h"], script);
    gipc.signal(libc::SIGQUIT);
    assert_eq!(gipc.end().status.signal(), Some(libc::SIGQUIT));
}

#[test]
fn a_stopped_worker_is_continued_to_be_stopped() {
    let script =
        "trap 'exit 5' TERM; echo ready $$ >&2; kill -STOP $$; while :; do sleep 0.01; done";
    let mut gipc = gipc(["run", "--grace", "1h", "--", "bash", "-c", script]).begin();
    let seen = gipc.stderr_until("ready");
    let pid = seen.trim().rsplit(' ').next().unwrap().to_owned();
    eventually(|| state(&pid) == 'T');
    gipc.signal(libc::SIGTERM);
    assert_eq!(gipc.end().status.signal(), Some(libc::SIGTERM));
}

fn state(pid: &str) -> char {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(')').next().and_then(|rest| rest.trim().chars().next()).unwrap_or('-')
}

#[test]
fn tstp_stops_everything_and_timers_stand_still() {
    let script = "echo ready $$ >&2; read -u 3 x; echo $x >&2";
    let mut command = words("run --framing lines --timeout 3s -- bash -c");
    let mut gipc = command.arg(script).begin();
    let seen = gipc.stderr_until("ready");
    let worker = seen.trim().rsplit(' ').next().unwrap().to_owned();
    let guard = gipc.pid().to_string();
    gipc.signal(libc::SIGTSTP);
    eventually(|| state(&worker) == 'T' && state(&guard) == 'T');
    // Longer than the timeout: that time has to pass is the point.
    std::thread::sleep(Duration::from_millis(3500));
    gipc.signal(libc::SIGCONT);
    gipc.write(b"on\n");
    drop(gipc.0.stdin.take());
    gipc.end().ended(0, "", "on\n");
}

#[test]
fn timeout_of_coreutils_counts_as_one_request() {
    if !has("timeout") {
        return;
    }
    // It signals its child and then its whole group. Were that two requests, the trap would not
    // have the time to speak.
    let script = "trap 'sleep 0.2; echo in order >&2; exit' TERM; echo ready >&2; \
                  while :; do sleep 0.01; done";
    let mut timeout = command("timeout");
    timeout.args(["0.3", GIPC, "run", "--", "bash", "-c", script]);
    timeout.end().failed(124, &["in order"]);
}

#[test]
fn the_supervisor_may_be_asked_by_its_own_pid() {
    let gipc = begin(&["exec"], "echo ready >&2; exec sleep 1000");
    let guard = gipc.pid();
    let children = std::fs::read_to_string(format!("/proc/{guard}/task/{guard}/children")).unwrap();
    kill(children.trim().parse().unwrap(), libc::SIGTERM);
    assert_eq!(gipc.end().status.signal(), Some(libc::SIGTERM));
}

#[test]
fn what_ignores_the_signal_that_came_is_asked_in_another_way() {
    // A shell starts its background jobs with INT ignored.
    let script = "sleep 1000 & echo ready >&2; sleep 1000";
    let start = Instant::now();
    let gipc = begin(&["exec", "--grace", "1h"], script);
    gipc.signal(libc::SIGINT);
    assert_eq!(gipc.end().status.signal(), Some(libc::SIGINT));
    assert!(start.elapsed() < Duration::from_secs(600));
}

#[test]
fn nohup_is_honoured() {
    let script = "trap '' HUP; exec gipc exec -- sh -c 'echo ready >&2; read line; exit 3'";
    let mut gipc = command("sh");
    let mut gipc = gipc.args(["-c", script]).begin();
    gipc.stderr_until("ready");
    gipc.signal(libc::SIGHUP);
    gipc.write(b"end\n");
    gipc.end().ended(3, "", "");
}

#[test]
fn a_supervisor_that_was_stopped_is_continued_to_stop() {
    let gipc = begin(&["exec"], "echo ready >&2; exec sleep 1000");
    let guard = gipc.pid();
    let children = std::fs::read_to_string(format!("/proc/{guard}/task/{guard}/children")).unwrap();
    let supervisor = children.trim().to_owned();
    kill(supervisor.parse().unwrap(), libc::SIGSTOP);
    eventually(|| state(&supervisor) == 'T');
    gipc.signal(libc::SIGTERM);
    assert_eq!(gipc.end().status.signal(), Some(libc::SIGTERM));
}
