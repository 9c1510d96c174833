//! `gipc exec`.

use std::time::{Duration, Instant};

use crate::support::*;

#[test]
fn standard_streams_are_the_commands_own() {
    words("exec -- cat").with_input(*b"through\0and\xff").said(b"through\0and\xff");
    gipc(["exec", "--", "sh", "-c", "echo out; echo err >&2"]).end().ended(0, "out\n", "err\n");
}

#[test]
fn the_output_ends_when_the_command_closes_it() {
    let script = "exec >&- 7>&-; read line; exit 3";
    let mut bash = command("bash");
    bash.args(["-c", &format!("exec gipc exec -- sh -c '{script}' 7>&1")]);
    let mut gipc = bash.begin();
    // Neither the guard nor the supervisor holds it open, or its other copy.
    assert_eq!(gipc.line(), "");
    gipc.write(b"end\n");
    gipc.end().ended(3, "", "");
}

#[test]
fn only_the_c_library_has_to_be_loaded() {
    // What the dynamic linker does for `ldd`.
    let libraries = words("exec -- true").env("LD_TRACE_LOADED_OBJECTS", "1").end();
    let libraries = String::from_utf8(libraries.stdout).unwrap();
    let names = libraries.lines().map(|line| line.split_whitespace().next().unwrap());
    let is_known =
        |name: &str| ["linux-vdso", "libc.so", "/lib"].iter().any(|it| name.starts_with(it));
    let others: Vec<_> = names.filter(|name| !is_known(name)).collect();
    assert!(libraries.contains("libc.so") && others.is_empty(), "{libraries}");
}

#[test]
fn options_of_the_command_are_the_commands() {
    words("exec echo --version -v --").end().said("--version -v --\n");
}

#[test]
fn a_script_without_an_interpreter_line_runs_in_a_shell() {
    let folder = scratch();
    let script = folder.path().join("script");
    std::fs::write(&script, "echo $1 $0\n").unwrap();
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let script = script.to_str().unwrap();
    gipc(["exec", script, "hello"]).end().said(format!("hello {script}\n"));
}

/// A command that leaves this behind, which tells when it is asked to end.
fn leaves_behind(stray: &str) {
    let mut gipc = gipc(["exec", "--", "sh", "-c", &format!("{stray} & read line")]).begin();
    assert_eq!(gipc.line(), "ready");
    gipc.write(b"end\n");
    let ended = gipc.end();
    // The shell may have a word to say about its `sleep`.
    assert_eq!((ended.code(), ended.text()), (0, "asked\n"), "{ended:?}");
}

#[test]
fn what_the_command_leaves_behind_is_asked_to_end_first() {
    leaves_behind("(trap 'echo asked; exit' TERM; echo ready; while :; do sleep 0.01; done)");
}

#[test]
fn a_stray_in_a_session_of_its_own_is_asked_to_end_too() {
    leaves_behind(
        "setsid sh -c \"trap 'echo asked; exit' TERM; echo ready; while :; do sleep 0.01; done\"",
    );
}

#[test]
fn a_grandchild_that_holds_the_pipes_delays_the_end_by_grace_at_most() {
    for command in ["exec", "run"] {
        let start = Instant::now();
        let ended = gipc([command, "--grace", "300ms", "--", CHILD, "hold-pipes"]).end();
        assert_eq!(ended.code(), 0, "{ended:?}");
        let took = start.elapsed();
        assert!(took >= Duration::from_millis(300), "it was given its grace: {took:?}");
        assert!(took < Duration::from_secs(5), "{took:?}");
    }
}

#[test]
fn the_report_tells_of_every_incarnation() {
    let folder = scratch();
    let path = folder.path().join("report.json");
    let script = "[ $GIPC_RESTARTS = 2 ] || kill -9 $$; exit 4";
    let mut gipc =
        words("exec --restart on-failure --max-restarts 2/10s --backoff 0s..0s --report");
    let ended = gipc.arg(&path).args(["--", "sh", "-c", script]).end();
    ended.failed(4, &["giving up"]);
    let report: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(report["exit"]["code"], 4);
    assert_eq!(report["instances"][0]["command"][0], "sh");
    let instance = &report["instances"][0];
    assert_eq!(instance["name"], "sh.1");
    assert_eq!(instance["restarts"], 2);
    let lives = instance["incarnations"].as_array().unwrap();
    assert_eq!(lives.len(), 3);
    assert_eq!(lives[0]["reason"], "first start");
    assert_eq!(lives[0]["exit"]["signal"], 9);
    assert_eq!(lives[0]["exit"]["name"], "SIGKILL");
    assert_eq!(lives[1]["reason"], "restart after failure");
    assert_eq!(lives[2]["exit"]["code"], 4);
    for life in lives {
        assert_eq!(life["ended_because"], "by itself");
        assert!(life["pid"].as_i64().unwrap() > 0);
        assert!(life["max_memory"].as_u64().unwrap() > 100_000);
        assert!(life["duration_seconds"].as_f64().unwrap() > 0.0);
        assert!(life["started"].as_str().unwrap() < life["ended"].as_str().unwrap());
    }
}

#[test]
fn a_report_that_cannot_be_written_is_told_before_anything_starts() {
    let ended = words("exec --report /no/such/folder/r.json -- echo started").end();
    ended.failed(125, &["cannot write the report `/no/such/folder/r.json`"]);
    assert_eq!(ended.text(), "");
}

#[test]
fn a_report_on_a_full_disk_is_an_error() {
    let folder = scratch();
    let full = folder.path().join("full.json");
    std::os::unix::fs::symlink("/dev/full", &full).unwrap();
    let ended = words("exec --report").arg(&full).args(["--", "true"]).end();
    ended.failed(125, &["cannot write the report", "No space left"]);
}

#[test]
fn more_is_said_when_asked_for() {
    let ended = words("exec -v -- true").end();
    ended.failed(0, &["gipc: started true.1 as process", "gipc: true.1 ended: exit code 0"]);
    let ended = words("exec -q --timeout 20ms -- sleep 100").end();
    ended.failed(124, &["timeout after"]);
    let ended = words("exec -v --log-format json -- true").end();
    for line in ended.stderr.lines() {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(event["level"], "INFO");
    }
}

#[test]
fn colours_are_used_as_asked_for() {
    let colourful = |command: &mut std::process::Command| command.end().stderr.contains("\x1b[");
    let line = "exec -v -- true";
    assert!(!colourful(&mut words(line)));
    assert!(colourful(&mut words("exec -v --color always -- true")));
    assert!(colourful(words(line).env("FORCE_COLOR", "1")));
    assert!(!colourful(words(line).env("FORCE_COLOR", "1").env("NO_COLOR", "1")));
    assert!(!colourful(words("exec -v --color never -- true").env("FORCE_COLOR", "1")));
}
