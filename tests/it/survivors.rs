//! Nothing is left behind, however gipc ends.
//!
//! The worker has five descendants: a plain one, one that ignores HUP, one that ignores TERM, INT
//! and HUP, one in a session of its own, and a double-forked one. `gipc-test-child nursery` is told
//! by the kernel when the last descendant of a gipc has ended, and fails when one never does.

use crate::support::*;

/// Ends a gipc in this way, after so many microseconds, with these options.
fn nothing_is_left(what: &str, micros: u64, wait_until_ready: bool, gipc: &[&str]) {
    let mut nursery = command(CHILD);
    let when = if wait_until_ready { "ready" } else { "at-once" };
    nursery.args(["nursery", what, &micros.to_string(), when, GIPC]).args(gipc);
    let ended = nursery.end();
    assert_eq!(ended.code(), 0, "{what} after {micros} µs {gipc:?}: {ended:?}");
}

const EXEC: [&str; 6] = ["exec", "--grace", "20ms", "--", CHILD, "awkward"];
const RUN: [&str; 6] = ["run", "--grace", "20ms", "--", CHILD, "awkward"];

/// Moments over the whole life of a gipc: before it has started anything, in the middle of
/// starting, while it runs.
fn moments(rounds: u64) -> impl Iterator<Item = u64> {
    (0..rounds).map(move |round| round * 15_000 / rounds)
}

#[test]
fn after_sigkill_of_the_guard_at_any_moment() {
    for micros in moments(rounds(40)) {
        nothing_is_left("guard", micros, false, &EXEC);
        nothing_is_left("guard", micros, false, &RUN);
    }
}

#[test]
fn after_sigkill_of_the_supervisor_at_any_moment() {
    for micros in moments(rounds(40)) {
        nothing_is_left("supervisor", micros, false, &EXEC);
        nothing_is_left("supervisor", micros, false, &RUN);
    }
}

#[test]
fn after_sigkill_of_either_in_the_middle_of_a_stop() {
    for micros in moments(rounds(40)) {
        nothing_is_left("stop-guard", micros * 2, true, &EXEC);
        nothing_is_left("stop-supervisor", micros * 2, true, &EXEC);
    }
}

#[test]
fn after_sigkill_of_both_at_once_where_they_are_isolated() {
    let isolated = ["exec", "--isolate", "--grace", "20ms", "--", CHILD, "awkward"];
    for micros in moments(rounds(10)) {
        nothing_is_left("both", micros, true, &isolated);
        nothing_is_left("guard", micros, true, &isolated);
        nothing_is_left("supervisor", micros, true, &isolated);
    }
}

#[test]
fn after_sigterm_and_sigint() {
    for what in ["term", "int"] {
        nothing_is_left(what, 0, true, &EXEC);
        nothing_is_left(what, 0, false, &EXEC);
        nothing_is_left(what, 0, false, &RUN);
    }
}

#[test]
fn after_a_normal_end_of_the_worker() {
    let script = format!("{CHILD} awkward & exit 3");
    nothing_is_left("nothing", 0, false, &["exec", "--grace", "20ms", "--", "sh", "-c", &script]);
    nothing_is_left("nothing", 0, false, &["run", "--grace", "20ms", "--", "sh", "-c", &script]);
}

#[test]
fn after_the_end_of_standard_input() {
    let script = format!("{CHILD} awkward >&2 & cat <&3 >/dev/null");
    nothing_is_left("stdin", 5000, false, &["run", "--grace", "20ms", "--", "sh", "-c", &script]);
}

#[test]
fn where_there_can_be_no_isolation_the_way_out_is_told() {
    // In a user namespace that may have no further one, without the privilege to do without.
    let script = "echo 0 > /proc/sys/user/max_user_namespaces && \
                  exec setpriv --bounding-set=-all --inh-caps=-all \"$@\"";
    let mut unshare = command("unshare");
    unshare.args(["--user", "--map-root-user", "sh", "-c", script, "sh"]);
    let ended = unshare.args([GIPC, "exec", "--isolate", "--", "true"]).end();
    let told = "which --isolate needs; see user_namespaces(7), or leave --isolate out";
    ended.failed(125, &["gipc: ", "a user namespace (", told]);
}

#[test]
fn a_run_that_is_isolated_works_as_any_other() {
    let mut gipc = words("run --isolate --");
    gipc.args([CHILD, "upper"]).with_input("a\nb\n").said("A\nB\n");
    // Its /proc shows the processes of its own namespace: gipc and the shell, and no more.
    let count = "ls -d /proc/[0-9]* | wc -l";
    let ended = gipc_isolated(&["sh", "-c", count]);
    assert!(ended.text().trim().parse::<u32>().unwrap() <= 4, "{ended:?}");
}

fn gipc_isolated(command: &[&str]) -> Ended {
    gipc(["exec", "--isolate", "--"].iter().chain(command)).end()
}

#[test]
fn as_the_first_process_of_a_container_it_reaps_orphans_and_stops() {
    if !has("unshare") {
        return;
    }
    // No zombie is left to be seen when the orphan has ended, and TERM works though PID 1 has no
    // default dispositions.
    let script = "setsid sh -c 'sleep 0.01 & exit' ; echo ready; while :; do sleep 1000; done";
    let mut container = command("unshare");
    container.args(["-Urpf", "--mount-proc", GIPC, "exec", "--", "sh", "-c", script]);
    let mut container = container.begin();
    assert_eq!(container.line(), "ready");
    let children = |pid: i32| {
        let path = format!("/proc/{pid}/task/{pid}/children");
        std::fs::read_to_string(path).unwrap_or_default()
    };
    // The one child of `unshare` is our PID 1.
    let first = children(container.pid()).trim().parse::<i32>().unwrap();
    kill(first, libc::SIGTERM);
    let ended = container.end();
    // PID 1 cannot die of a signal.
    assert_eq!(ended.code(), 128 + libc::SIGTERM, "{ended:?}");
}

#[test]
fn after_sigkill_of_the_whole_process_group() {
    // As `timeout -k` and many test harnesses end what they have started.
    nothing_is_left("group", 2_000, true, &EXEC);
    nothing_is_left("group", 50_000, false, &RUN);
}

#[test]
fn after_sigkill_of_the_guard_while_the_record_is_stuck() {
    let folder = scratch();
    let fifo = folder.path().join("fifo");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
    // Opened for both, so that opening waits for nobody; and nobody ever reads.
    let _held = std::fs::File::options().read(true).write(true).open(&fifo).unwrap();
    let record = fifo.to_str().unwrap();
    let script = "echo ready >&2; yes | head -n 1000000 | gipc send";
    let run = ["run", "--grace", "20ms", "--record", record, "--", "sh", "-c", script];
    for what in ["guard", "supervisor", "term"] {
        nothing_is_left(what, 100_000, false, &run);
    }
}

/// A topology that is never at rest: it is scaled, restarted and stopped by one of its own.
const BUSY: &str = r#"
name = "busy-NUMBER"
[defaults]
stop_grace_period = "20ms"
backoff = { min = "1ms", max = "5ms" }
restart_limit = { count = 1000, within = "1s" }
[process.db]
command = ["gipc-test-child", "awkward"]
ready = "log:ready"
[process.web]
command = ["gipc-test-child", "awkward"]
depends_on = { db = "ready" }
replicas = 2
[process.crash]
shell = "sleep 0.01; exit 1"
[process.driver]
shell = """while :; do
    gipc scale web=4; gipc restart db & gipc scale web=1; gipc stop web; gipc start web; wait
done 2>/dev/null"""
"#;

/// Kills a busy topology at random moments; the next one starts in its place, each time.
fn a_busy_topology_is_killed(what: &str) {
    let folder = scratch();
    let name = format!("busy-{}-{what}", std::process::id());
    let toml = BUSY.replace("busy-NUMBER", &name);
    std::fs::write(folder.path().join("gipc.toml"), toml).unwrap();
    let file = folder.path().join("gipc.toml");
    let file = file.to_str().unwrap();
    let rounds = rounds(10);
    for round in 0..rounds {
        nothing_is_left(what, round * 400_000 / rounds, false, &["up", "-q", "-f", file]);
        // The socket that it has left is no hindrance.
        gipc(["exec", "--name", &name, "--", "true"]).end().said("");
    }
}

#[test]
fn after_sigkill_of_the_guard_of_a_busy_topology() {
    a_busy_topology_is_killed("guard");
}

#[test]
fn after_sigkill_of_the_supervisor_of_a_busy_topology() {
    a_busy_topology_is_killed("supervisor");
}

#[test]
fn after_sigkill_of_the_guard_in_the_middle_of_the_stop_of_a_busy_topology() {
    a_busy_topology_is_killed("stop-guard");
}

#[test]
fn after_sigkill_of_the_supervisor_in_the_middle_of_the_stop_of_a_busy_topology() {
    a_busy_topology_is_killed("stop-supervisor");
}
