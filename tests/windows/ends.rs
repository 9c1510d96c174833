//! Nothing is left behind.

use crate::support::{CHILD, Other, first_line, gipc};

#[test]
fn terminating_gipc_leaves_no_process() {
    let mut gipc = gipc(["exec", "--", CHILD, "leave"]).spawn().unwrap();
    let line = first_line(&mut gipc);
    let others: Vec<_> = line.split(' ').map(Other::of).collect();
    assert_eq!(others.len(), 2, "{line}");
    // TerminateProcess.
    gipc.kill().unwrap();
    others.iter().for_each(Other::ends);
    gipc.wait().unwrap();
}

#[test]
fn what_a_command_has_left_ends_with_it() {
    let mut gipc = gipc(["exec", "--", CHILD, "leave-and-end"]).spawn().unwrap();
    let line = first_line(&mut gipc);
    assert!(gipc.wait().unwrap().success());
    // Its number may be another's by now, but nobody's of ours.
    assert!(!line.is_empty());
    let left = crate::support::is_running(&line);
    assert!(!left, "{line} runs on");
}

#[test]
fn a_timeout_ends_all_that_the_command_has_started() {
    let args = ["exec", "--timeout", "2s", "--grace", "50ms", "--", CHILD, "leave"];
    let mut gipc = gipc(args).spawn().unwrap();
    let line = first_line(&mut gipc);
    let others: Vec<_> = line.split(' ').map(Other::of).collect();
    assert_eq!(gipc.wait().unwrap().code(), Some(124));
    others.iter().for_each(Other::ends);
}
