//! A gipc that has nothing to do does nothing.

use std::collections::BTreeMap;
use std::fs;
use std::process::Stdio;
use std::time::Duration;

use crate::support::*;

/// How long nothing may happen.
const REST: Duration = Duration::from_secs(10);

/// The guard and the supervisor.
fn both(guard: &Running) -> [i32; 2] {
    let guard = guard.pid();
    [guard, children(guard)[0]]
}

/// How often each thread of the guard and of the supervisor has been given the processor.
fn switches(guard: &Running) -> BTreeMap<String, String> {
    let mut counts = BTreeMap::new();
    for pid in both(guard) {
        for thread in fs::read_dir(format!("/proc/{pid}/task")).unwrap() {
            let file = thread.unwrap().path().join("status");
            // The thread may have ended since.
            let status = fs::read_to_string(&file).unwrap_or_default();
            let lines = status.lines().filter(|line| line.contains("ctxt_switches"));
            counts.insert(file.display().to_string(), lines.collect::<Vec<_>>().join(" "));
        }
    }
    counts
}

/// What both processes hold together, in kilobytes, and have held at the most.
fn resident(guard: &Running) -> [usize; 2] {
    ["VmRSS:", "VmHWM:"].map(|field| {
        let of = |pid: i32| -> usize {
            let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
            let value = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
            value.trim().trim_end_matches(" kB").parse().unwrap()
        };
        both(guard).map(of).iter().sum()
    })
}

#[test]
fn what_only_the_start_has_needed_is_given_back() {
    let mut exec = gipc(["exec", "--", "sh", "-c", "echo up; exec sleep 1000"]).begin();
    assert_eq!(exec.line(), "up");
    let mut run = gipc(["run", "--", "sh", "-c", "echo up; exec sleep 1000"]);
    let mut run = run.stdin(Stdio::piped()).begin();
    run.stderr_until("up");
    for gipc in [exec, run] {
        eventually(|| {
            let [now, most] = resident(&gipc);
            now * 3 < most * 2
        });
        gipc.signal(libc::SIGTERM);
        gipc.end();
    }
}

#[test]
fn at_rest_nothing_wakes_up() {
    let folder = scratch();
    let many = "[process.idle]\nshell = \"echo up; exec sleep 1000\"\nreplicas = 100\n";
    fs::write(folder.path().join("gipc.toml"), many).unwrap();

    let mut exec = gipc(["exec", "--", "sh", "-c", "echo up; exec sleep 1000"]).begin();
    let mut run = gipc(["run", "--", "sh", "-c", "echo up; exec sleep 1000"]);
    let mut run = run.stdin(Stdio::piped()).begin();
    let mut up = words("up").current_dir(folder.path()).begin();
    assert_eq!(exec.line(), "up");
    run.stderr_until("up");
    for _ in 0..100 {
        up.stderr_until("| up");
    }

    let all = [exec, run, up];
    let is_at_rest = || {
        let before: Vec<_> = all.iter().map(switches).collect();
        // That nothing happens has no event.
        std::thread::sleep(REST);
        before == all.iter().map(switches).collect::<Vec<_>>()
    };
    // In the first of these times what has just happened may still come to its end: a thread that
    // has written the last line is kept for a while.
    assert!((0..3).any(|_| is_at_rest()), "it wakes up by itself");
    for gipc in all {
        gipc.signal(libc::SIGTERM);
        gipc.end();
    }
}
