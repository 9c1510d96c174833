//! What a child gets: descriptors, signals, environment.

use crate::support::*;

fn shown(args: &[&str]) -> Vec<String> {
    let mut command = gipc(args.iter().copied().chain(["--", CHILD, "show"]));
    let ended = command.end();
    assert_eq!(ended.code(), 0, "{ended:?}");
    // `run` prints what its worker prints on standard error.
    let shown = format!("{}{}", ended.text(), ended.stderr);
    shown.lines().map(str::to_owned).collect()
}

fn env(shown: &[String], key: &str) -> Option<String> {
    let start = format!("env {key}=");
    shown.iter().find_map(|line| line.strip_prefix(&start)).map(str::to_owned)
}

#[test]
fn a_worker_has_exactly_its_descriptors_and_default_signals() {
    // Not the helper program alone: Rust's runtime ignores SIGPIPE before `main`.
    let script = "gipc-test-child show; grep -E 'Sig(Blk|Ign)' /proc/self/status";
    for careless in [&[][..], &[CHILD, "with-signals-off"]] {
        let line: Vec<_> =
            careless.iter().copied().chain([GIPC, "run", "--", "sh", "-c", script]).collect();
        let ended = command(line[0]).args(&line[1..]).end();
        assert_eq!(ended.code(), 0, "{ended:?}");
        let has = |line: &str| {
            assert!(ended.stderr.lines().any(|it| it == line), "{line}: {}", ended.stderr);
        };
        has("fds [0, 1, 2, 3, 4]");
        has("SigBlk:\t0000000000000000");
        has("SigIgn:\t0000000000000000");
        has("blocking true");
    }
    let shown = shown(&["run"]);
    assert!(shown.contains(&"leads its group true".to_owned()), "{shown:?}");
}

#[test]
fn a_worker_on_stdio_has_the_standard_streams_only() {
    let ended = gipc(["run", "--wire", "stdio", "--", CHILD, "show"]).end();
    assert!(ended.text().contains("fds [0, 1, 2]\n"), "{ended:?}");
    assert!(ended.text().contains("env GIPC_IN=0\n"), "{ended:?}");
    assert!(ended.text().contains("env GIPC_OUT=1\n"), "{ended:?}");
}

#[test]
fn channels_are_announced_in_the_environment() {
    let shown = shown(&["run"]);
    assert_eq!(env(&shown, "GIPC_IN").unwrap(), "3");
    assert_eq!(env(&shown, "GIPC_OUT").unwrap(), "4");
    assert_eq!(env(&shown, "GIPC_FD_IN").unwrap(), "3");
    assert_eq!(env(&shown, "GIPC_FD_OUT").unwrap(), "4");
    assert_eq!(env(&shown, "GIPC_NAME").unwrap(), "gipc-test-child.1");
    assert_eq!(env(&shown, "GIPC_RESTARTS").unwrap(), "0");
    assert_eq!(env(&shown, "PYTHONUNBUFFERED").unwrap(), "1");
    let channels = env(&shown, "GIPC_CHANNELS").unwrap();
    let channels: Vec<gipc::inherited::Channel> =
        channels.split(',').map(|entry| entry.parse().unwrap()).collect();
    assert_eq!(channels.len(), 2);
    assert!(channels.iter().all(|channel| channel.inode.is_some_and(|inode| inode > 0)));
}

#[test]
fn a_channel_that_is_not_there_is_not_announced() {
    let shown = shown(&["run", "--input", "none"]);
    assert!(shown.contains(&"fds [0, 1, 2, 4]".to_owned()), "{shown:?}");
    assert_eq!(env(&shown, "GIPC_IN"), None);
    assert_eq!(env(&shown, "GIPC_OUT").unwrap(), "4");
}

#[test]
fn exec_keeps_inherited_descriptors_and_adds_no_channels() {
    let show = |before: &str| {
        let line = format!("exec 7<&0; {before} gipc-test-child show");
        command("bash").args(["-c", &line]).end()
    };
    let fds = |ended: &Ended| ended.text().lines().next().unwrap().to_owned();
    let (with, without) = (show("gipc exec --"), show(""));
    assert!(fds(&with).contains("7"), "{with:?}");
    assert_eq!(fds(&with), fds(&without));
    assert!(!with.text().contains("env GIPC_CHANNELS"), "{with:?}");
    assert!(!with.text().contains("env PYTHONUNBUFFERED"), "{with:?}");
}

#[test]
fn the_environment_is_what_was_asked_for() {
    let folder = scratch();
    let file = folder.path().join("env");
    std::fs::write(&file, "# comment\nFROM_FILE='a b'\nDOLLARS=pa$word\nBOTH=file\n").unwrap();
    let file = file.to_str().unwrap();
    let shown =
        shown(&["exec", "--clear-env", "--env-file", file, "-e", "BOTH=typed", "--env", "EMPTY="]);
    assert_eq!(env(&shown, "FROM_FILE").unwrap(), "a b");
    assert_eq!(env(&shown, "DOLLARS").unwrap(), "pa$word");
    assert_eq!(env(&shown, "BOTH").unwrap(), "typed");
    assert_eq!(env(&shown, "EMPTY").unwrap(), "");
    assert_eq!(env(&shown, "PATH"), None);
}

#[test]
fn a_wrong_environment_file_is_told_once() {
    let ended = words("exec --env-file /no/such/file -- true").end();
    ended.failed(2, &["environment file `/no/such/file`: No such file"]);
    assert_eq!(ended.stderr.matches("No such file").count(), 1, "{ended:?}");
}

#[test]
fn options_from_the_environment_count_and_do_not_reach_the_child() {
    let mut command = gipc(["exec", "--", CHILD, "show"]);
    let ended = command.env("GIPC_CHDIR", "/tmp").env("GIPC_TIMEOUT", "1h").end();
    assert!(ended.text().contains("cwd /tmp\n"), "{ended:?}");
    assert!(!ended.text().contains("GIPC_CHDIR"), "{ended:?}");
    assert!(!ended.text().contains("GIPC_TIMEOUT"), "{ended:?}");
    gipc(["exec", "--", "true"]).env("GIPC_TIMEOUT", "soon").end().failed(2, &["soon"]);
}

#[test]
fn switches_in_the_environment_are_on_or_off() {
    for (value, quiet) in
        [("1", true), ("true", true), ("yes", true), ("0", false), ("false", false)]
    {
        // A restart is said, unless gipc is to be quiet.
        let script = "exit $((1 - GIPC_RESTARTS))";
        let mut command = words("exec --restart on-failure --backoff 0s..0s -- sh -c");
        let ended = command.arg(script).env("GIPC_QUIET", value).end();
        assert_eq!(ended.code(), 0, "{value}: {ended:?}");
        assert_eq!(ended.stderr.is_empty(), quiet, "{value}: {ended:?}");
    }
}

#[test]
fn directory_and_limits_are_what_was_asked_for() {
    let shown = shown(&["exec", "-C", "/usr", "--limit", "nofile=77:99", "--limit", "core=0"]);
    assert!(shown.contains(&"cwd /usr".to_owned()), "{shown:?}");
    assert!(shown.contains(&"nofile 77:99".to_owned()), "{shown:?}");
    words("exec -C /no/such/folder -- true").end().failed(125, &["/no/such/folder"]);
    words("exec --limit nofile=99999999999 -- true").end().failed(125, &["resource limits"]);
}

#[test]
fn a_jobserver_is_moved_behind_the_channels() {
    if !has("make") {
        return;
    }
    let folder = scratch();
    let makefile = "all:\n\t+@gipc run -- sh -c 'echo $$MAKEFLAGS; ls /proc/self/fd' 2>&1\n";
    std::fs::write(folder.path().join("Makefile"), makefile).unwrap();
    let ended = command("make").args(["-j3", "-C", folder.path().to_str().unwrap()]).end();
    let text = ended.text();
    if text.contains("--jobserver-auth=fifo:") {
        return; // a make that needs no descriptors: nothing is in the way
    }
    assert!(text.contains("--jobserver-auth=5,6"), "{ended:?}");
    assert!(text.contains("\n5\n6\n"), "{ended:?}");
}

#[test]
fn make_keeps_its_jobserver_through_exec() {
    if !has("make") {
        return;
    }
    let folder = scratch();
    let makefile = "all: a b c d\na b c d:\n\t+@gipc exec -- $(MAKE) -f sub.mk\n";
    std::fs::write(folder.path().join("Makefile"), makefile).unwrap();
    std::fs::write(folder.path().join("sub.mk"), "all:\n\t@true\n").unwrap();
    let ended = command("make").args(["-j4", "-C", folder.path().to_str().unwrap()]).end();
    assert_eq!(ended.code(), 0, "{ended:?}");
    // Without it make would warn that the jobserver is unavailable.
    assert_eq!(ended.stderr, "");
}

#[test]
fn what_is_typed_counts_more_than_a_variable_that_it_excludes() {
    let with = |variable: &str, line: &str| {
        let mut gipc = words(line);
        gipc.env(variable, "1").end()
    };
    with("GIPC_QUIET", "run -v -- true").failed(0, &["gipc: started true.1"]);
    with("GIPC_VERBOSE", "run -q -- sh -c exit").said("");
    let page = std::fs::read(root().join("man/gipc-run.1")).unwrap();
    with("GIPC_ALL", "man run").said(page);
    for (variable, line) in [("GIPC_JSON", "ps --watch"), ("GIPC_WATCH", "ps --json")] {
        with(variable, &format!("{line} -s no-such-session")).failed(125, &["`no-such-session`"]);
    }
    let script = "GIPC_FOLLOW=1 gipc recv -n 2 >&2; GIPC_COUNT=1 gipc recv --follow >&2";
    gipc(["run", "--", "sh", "-c", script]).with_input("a\nb\nc\n").failed(0, &["a\nb\nc\n"]);
    // Of two variables, or of two options, none counts more.
    let conflict = "cannot be used with";
    words("run -q -v -- true").end().failed(2, &[conflict]);
    let mut gipc = words("run -- true");
    gipc.env("GIPC_QUIET", "1").env("GIPC_VERBOSE", "1").end().failed(2, &[conflict]);
}
