//! The library's examples, as their readers would run them: they print what those of Python's gipc
//! print.

use std::path::Path;

use crate::support::*;

/// The number between two texts.
#[track_caller]
fn number(line: &str, before: &str, after: &str) -> f64 {
    let number = line.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
    number.unwrap_or_else(|| panic!("`{line}`")).parse().unwrap()
}

/// The children of a process.
fn children(pid: i32) -> Vec<i32> {
    let of_thread = |thread: std::fs::DirEntry| {
        let children = std::fs::read_to_string(thread.path().join("children")).unwrap_or_default();
        children.split_whitespace().map(|pid| pid.parse().unwrap()).collect::<Vec<i32>>()
    };
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    threads.flat_map(|thread| of_thread(thread.unwrap())).collect()
}

#[test]
fn send_forever_sends_until_ctrl_c_and_leaves_no_process() {
    let mut parent: Running = command(example("send_forever")).begin();
    for _ in 0..2 {
        assert_eq!(parent.line(), "Child process got message from pipe:");
        assert_eq!(parent.line(), "\t'written to the pipe by a task in the parent'");
    }
    let children = children(parent.pid());
    let [child] = children[..] else { panic!("{children:?}") };
    // As it has printed a second message, a second has passed since it began to wait for signals.
    parent.signal(libc::SIGINT);
    parent.end().said("");
    assert!(!Path::new(&format!("/proc/{child}")).exists());
}

#[test]
fn serve_clients_serves_a_thousand() {
    let ended = command(example("serve_clients")).end();
    ended.said(&ended.stdout);
    let seconds = number(ended.text(), "1000 clients served within ", " s.\n");
    assert!(seconds < 60.0, "{seconds}");
}

#[test]
fn synchronize_goes_on_in_both_processes_within_a_millisecond() {
    // The median of five: what the system's scheduler does to one of them on a busy machine says
    // nothing about the library.
    let mut deltas: Vec<f64> = (0..5)
        .map(|_| {
            let ended = command(example("synchronize")).end();
            ended.said(&ended.stdout);
            let delta = ended.text().strip_suffix(" s.\n").unwrap();
            assert_eq!(delta.rsplit('.').next().unwrap().len(), 8, "{delta}");
            number(delta, "Time delta: ", "")
        })
        .collect();
    deltas.sort_by(f64::total_cmp);
    assert!(deltas[2] < 1e-3, "{deltas:?}");
}
