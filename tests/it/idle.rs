//! A gipc that has nothing to do does nothing.

use std::collections::BTreeMap;
use std::fs;
use std::process::Stdio;
use std::time::Duration;

use crate::support::*;

/// How long nothing may happen.
const REST: Duration = Duration::from_secs(10);

/// How often each thread of the guard and of the supervisor has been given the processor.
fn switches(guard: &Running) -> BTreeMap<String, String> {
    let guard = guard.pid();
    let children = fs::read_to_string(format!("/proc/{guard}/task/{guard}/children")).unwrap();
    let mut counts = BTreeMap::new();
    for pid in [guard, children.trim().parse().unwrap()] {
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
