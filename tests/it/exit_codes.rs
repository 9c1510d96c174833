//! Exit codes come through exactly.

use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;

use crate::support::*;

#[test]
fn every_exit_code_comes_through_exec() {
    for code in 0..=255 {
        gipc(["exec", "--", CHILD, "exit", &code.to_string()]).end().ended(code, "", "");
    }
}

#[test]
fn every_exit_code_comes_through_run() {
    for code in 0..=255 {
        gipc(["run", "--", CHILD, "exit", &code.to_string()]).end().ended(code, "", "");
    }
}

/// All that end a process by default; 32 and 33 are the C library's own.
fn fatal_signals() -> impl Iterator<Item = i32> {
    let harmless = [libc::SIGCHLD, libc::SIGCONT, libc::SIGSTOP, libc::SIGTSTP, libc::SIGTTIN];
    let harmless = harmless.into_iter().chain([libc::SIGTTOU, libc::SIGURG, libc::SIGWINCH]);
    let harmless: Vec<_> = harmless.chain([32, 33]).collect();
    (1..=64).filter(move |signal| !harmless.contains(signal))
}

#[test]
fn a_death_by_any_signal_is_128_and_the_signal() {
    for command in ["exec", "run"] {
        for signal in fatal_signals() {
            let ended = gipc([command, "--", CHILD, "die", &signal.to_string()]).end();
            ended.ended(128 + signal, "", "");
        }
    }
}

#[test]
fn gipc_dies_of_the_signal_that_ends_it() {
    for command in ["exec", "run"] {
        for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP, libc::SIGQUIT] {
            let script = "echo ready >&2; exec sleep 1000";
            let mut gipc = gipc([command, "--", "sh", "-c", script]).begin();
            gipc.stderr_until("ready");
            gipc.signal(signal);
            assert_eq!(gipc.end().status.signal(), Some(signal), "{command}");
        }
    }
}

#[test]
fn a_timeout_is_124() {
    words("exec --timeout 50ms -- sleep 1000").end().failed(124, &["timeout after"]);
    words("run --timeout 50ms -- sleep 1000").end().failed(124, &["timeout after"]);
    let ended = words("pool --timeout 500ms -- sleep 1000").with_input("one\n");
    ended.failed(124, &["timeout after"]);
}

#[test]
fn a_missing_program_is_127() {
    for command in ["exec", "run"] {
        gipc([command, "--", "no-such-program"])
            .end()
            .failed(127, &["cannot start `no-such-program` (not in PATH)"]);
        gipc([command, "--", "/no/such/program"])
            .end()
            .failed(127, &["cannot start `/no/such/program`"]);
        gipc([command, "--", "echo a | cat"]).end().failed(127, &["one by one", "`sh -c`"]);
        gipc([command, "--", ""]).end().failed(127, &["cannot start ``"]);
    }
}

#[test]
fn a_program_that_cannot_be_executed_is_126() {
    words("exec -- /etc/passwd").end().failed(126, &["cannot execute `/etc/passwd`"]);
    words("exec -- /etc").end().failed(126, &["cannot execute `/etc`"]);
    let folder = scratch();
    let script = folder.path().join("script");
    std::fs::write(&script, "#!/no/such/interpreter\n").unwrap();
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    gipc([std::ffi::OsStr::new("exec"), script.as_ref()]).end().failed(126, &["interpreter"]);
}

#[test]
fn wrong_usage_is_2() {
    for line in [
        "",
        "frobnicate",
        "exec",
        "exec --no-such-option -- true",
        "exec --timeout soon -- true",
        "exec --stop-signal BANG -- true",
        "exec --backoff 2s..1s -- true",
        "exec --max-restarts 5 -- true",
        "exec --max-restarts 5/0s -- true",
        "exec --timeout 9999999999999999999s -- true",
        "exec -q -v -- true",
        "run --ready fd:65535 -- true",
        "exec --limit sausages=1 -- true",
        "exec --limit nofile=9:8 -- true",
        "exec --env X -- true",
        "exec --report report.txt -- true",
        "exec --env-file /no/such/file -- true",
        "run --framing morse -- true",
        "run --max-message many -- true",
        "run --ready tomorrow -- true",
        "run --ready fd:1 -- true",
        "run --ready fd:3 -- true",
        "run --ready log:( -- true",
        "run --ready message --output none -- true",
        "recv -n 0",
        "man no-such-page",
    ] {
        let ended = words(line).end();
        assert_eq!(ended.code(), 2, "{line}: {ended:?}");
        assert!(ended.stdout.is_empty(), "{line}");
        assert!(!ended.stderr.is_empty(), "{line}");
    }
}

#[test]
fn a_complaint_names_the_command_that_it_is_about() {
    for (line, said) in [
        ("run --wire node --framing u32 -- true", "Usage: gipc run "),
        ("man no-such-page", "Usage: gipc man "),
        ("pool -j 0 -- true", "'--jobs <N>': expected a whole number from 1 on"),
        ("pool -j 100000 -- true", "'--jobs <N>': that is too many"),
        ("pool --window some -- true", "expected a whole number from 1 on"),
        ("run --ready log:( -- true", "`(` is not a valid regular expression: "),
    ] {
        words(line).end().failed(2, &[said]);
    }
}

#[test]
fn help_is_what_the_option_for_it_says() {
    for (line, same) in [("help", "--help"), ("help run", "run --help"), ("help -h", "help -h")] {
        let (ended, as_option) = (words(line).end(), words(same).end());
        ended.said(as_option.text());
    }
    words("help rnu").end().failed(2, &["unrecognized subcommand 'rnu'"]);
    let full = || std::fs::File::create("/dev/full").unwrap();
    for line in ["help", "--help", "run --help", "--version"] {
        let mut gipc = words(line).stdout(full()).stderr(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        gipc.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!(gipc.wait().unwrap().code(), Some(125), "{line}");
        assert!(said.contains("cannot write to standard output: No space left"), "{said}");
    }
}

#[test]
fn a_calling_script_stops_with_gipc() {
    let mut script = command("bash");
    script.args(["-c", "set -e; gipc run -- sh -c 'echo ready >&2; exec sleep 1000'; echo on"]);
    // In a group of its own, which is to be what the terminal interrupts.
    std::os::unix::process::CommandExt::process_group(&mut script, 0);
    let mut script = script.begin();
    script.stderr_until("ready");
    kill(-script.pid(), libc::SIGINT);
    let ended = script.end();
    assert_eq!(ended.status.signal(), Some(libc::SIGINT), "{ended:?}");
    assert_eq!(ended.text(), "");
}
