//! `gipc up`: several processes together.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use crate::support::*;

/// `gipc up` in a folder with this gipc.toml.
pub(crate) fn up(folder: &Path, toml: &str) -> Command {
    fs::write(folder.join("gipc.toml"), toml).unwrap();
    let mut gipc = words("up");
    gipc.current_dir(folder);
    gipc
}

/// Where the words stand in what was said, all in this order.
#[track_caller]
pub(crate) fn in_order(said: &str, words: &[&str]) {
    let mut rest = said;
    for word in words {
        let at = rest.find(word).unwrap_or_else(|| panic!("`{word}` is not next in: {said}"));
        rest = &rest[at + word.len()..];
    }
}

#[test]
fn each_process_waits_for_what_it_depends_on() {
    let folder = scratch();
    let mut gipc = up(
        folder.path(),
        r#"
        [process.web]
        shell = "echo serving; [ -e ready ] && [ -e migrated ]"
        depends_on = { db = "ready", migrate = "completed_successfully", note = "completed" }

        [process.db]
        shell = "echo > ready; echo listening; read forever <fifo"
        ready = "log:^listening$"
        restart = "never"

        [process.migrate]
        shell = "[ -e ready ] && echo > migrated"
        depends_on = { db = "ready" }

        [process.note]
        shell = "exit 0"
        depends_on = ["migrate"]
        "#,
    );
    let fifo = folder.path().join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let mut running = gipc.begin();
    let said = running.stderr_until("serving");
    in_order(&said, &["db.1      | listening", "web.1     | serving"]);
    // The database ends when its input does.
    drop(fs::OpenOptions::new().write(true).open(fifo).unwrap());
    let ended = running.end();
    assert_eq!(ended.code(), 1, "the read has failed, and nothing else: {}", ended.stderr);
}

#[test]
fn who_can_never_start_is_named_with_the_cause() {
    let folder = scratch();
    let mut gipc = up(
        folder.path(),
        r#"
        [process.migrate]
        shell = "exit 4"
        restart = "never"
        [process.web]
        shell = "echo never"
        depends_on = { migrate = "completed_successfully" }
        "#,
    );
    let ended = gipc.end();
    let why = "gipc: migrate.1 ended: exit code 4\n\
               gipc: web.1 is not started: migrate did not reach the required state\n";
    ended.ended(4, "", why);
}

#[test]
fn the_exit_rule_decides_with_whose_code_it_ends() {
    for (rule, code) in [("all", 1), ("any", 0), ("fail", 5), ("slow", 7)] {
        let folder = scratch();
        let toml = format!(
            r#"
            exit = "{rule}"
            [defaults]
            restart = "never"
            [process.quick]
            shell = "exit 0"
            [process.fails]
            shell = "exit 5"
            depends_on = {{ quick = "completed" }}
            [process.slow]
            shell = "exit 7"
            depends_on = {{ fails = "completed" }}
            "#
        );
        let ended = up(folder.path(), &toml).end();
        assert_eq!(ended.code(), code, "{rule}: {}", ended.stderr);
    }
}

#[test]
fn a_stop_goes_against_the_order_of_the_dependencies() {
    let folder = scratch();
    let worker = "trap 'echo bye; exit 0' TERM; echo hello; while :; do read x <fifo; done";
    let toml = format!(
        r#"
        [defaults]
        ready = "log:hello"
        [process.db]
        shell = "{worker}"
        [process.web]
        shell = "{worker}"
        depends_on = {{ db = "ready" }}
        [process.proxy]
        shell = "{worker}"
        depends_on = {{ web = "ready" }}
        "#
    );
    assert!(Command::new("mkfifo").arg(folder.path().join("fifo")).status().unwrap().success());
    let mut running = up(folder.path(), &toml).begin();
    running.stderr_until("proxy.1 | hello");
    running.signal(libc::SIGINT);
    let said = running.stderr_until("db.1    | bye");
    in_order(&said, &["SIGINT: stopping all", "proxy.1 | bye", "web.1   | bye", "db.1    | bye"]);
    let ended = running.end();
    use std::os::unix::process::ExitStatusExt;
    assert_eq!(ended.status.signal(), Some(libc::SIGINT));
}

#[test]
fn a_second_signal_kills_all_at_once() {
    let folder = scratch();
    let mut gipc = up(
        folder.path(),
        r#"
        [process.deaf]
        command = "sh -c 'trap \"\" TERM; echo up; sleep 1000'"
        replicas = 3
        "#,
    );
    let mut running = gipc.begin();
    for _ in 0..3 {
        running.stderr_until("| up");
    }
    running.signal(libc::SIGTERM);
    running.stderr_until("stopping all; send it again to kill");
    running.signal(libc::SIGTERM);
    use std::os::unix::process::ExitStatusExt;
    assert_eq!(running.end().status.signal(), Some(libc::SIGTERM));
}

#[test]
fn a_crash_loop_stops_at_exactly_the_limit_and_is_no_affair_of_the_others() {
    for (limit, restarts) in [
        ("", "5 restarts within 10s"),
        ("restart_limit = { count = 2, within = \"1m\" }", "2 restarts within 1m"),
        ("restart_limit.count = 0", "0 restarts within 10s"),
    ] {
        let folder = scratch();
        let toml = format!(
            r#"
            [process.bad]
            shell = "echo try $GIPC_RESTARTS; exit 3"
            backoff = {{ min = "1ms", max = "1ms" }}
            {limit}
            [process.good]
            shell = "echo fine"
            depends_on = {{ bad = "completed" }}
            "#
        );
        let ended = up(folder.path(), &toml).end();
        let given_up = format!("bad.1 ended again after {restarts}: giving up");
        ended.failed(3, &[&given_up, "good.1 | fine"]);
        let count: usize = restarts.split(' ').next().unwrap().parse().unwrap();
        assert_eq!(ended.stderr.matches("| try ").count(), count + 1, "{}", ended.stderr);
    }
}

#[test]
fn who_is_to_end_is_asked_with_its_own_signal_and_killed_after_its_own_grace() {
    let folder = scratch();
    let mut gipc = up(
        folder.path(),
        r#"
        exit = "done"
        [process.asked]
        shell = "trap 'echo asked; exit 0' INT; trap '' TERM; echo up; while :; do sleep 0.01; done"
        stop_signal = "INT"
        ready = "log:up"
        [process.deaf]
        shell = "trap '' TERM INT; echo up; while :; do sleep 0.01; done"
        stop_grace_period = "50ms"
        ready = "log:up"
        [process.done]
        command = "true"
        restart = "never"
        depends_on = { asked = "ready", deaf = "ready" }
        "#,
    );
    let ended = gipc.args(["--report", "report.json"]).end();
    ended.failed(0, &["asked.1 | asked"]);
    let report = fs::read(folder.path().join("report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_slice(&report).unwrap();
    let last = |instance: usize| &report["instances"][instance]["incarnations"][0];
    assert_eq!(last(0)["exit"]["code"], 0, "{report}");
    assert_eq!(last(1)["exit"]["name"], "SIGKILL", "{report}");
}

#[test]
fn a_process_may_have_the_rights_of_another_user() {
    let folder = scratch();
    // To be another takes rights.
    let is_root = nix::unistd::geteuid().is_root();
    let user = if is_root { "nobody".to_owned() } else { nix::unistd::geteuid().to_string() };
    let toml = format!("[process.it]\ncommand = \"id -u\"\nuser = \"{user}\"\n");
    let uid = match is_root {
        true => nix::unistd::User::from_name("nobody").unwrap().unwrap().uid.to_string(),
        false => user,
    };
    // Where the folder is another user's, he may look into it all the same.
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(folder.path(), mode).unwrap();
    up(folder.path(), &toml).end().ended(0, "", &format!("{uid}\n"));
}

#[test]
fn with_one_for_all_the_others_are_restarted_too() {
    for (strategy, restarted) in [("one_for_one", 0), ("one_for_all", 2), ("rest_for_one", 1)] {
        let folder = scratch();
        let toml = format!(
            r#"
            exit = "crash"
            strategy = "{strategy}"
            [defaults]
            backoff = {{ min = "1ms", max = "1ms" }}
            [process.before]
            shell = "echo start $GIPC_RESTARTS; sleep 1000"
            ready = "log:start"
            [process.crash]
            shell = "[ $GIPC_RESTARTS = 1 ] && {{ while [ $(grep -c '' restarted) -lt {restarted} ]; do sleep 0.01; done; exit 0; }}; while [ ! -e up ]; do sleep 0.01; done; exit 1"
            depends_on = {{ before = "ready" }}
            [process.after]
            shell = "echo start $GIPC_RESTARTS; echo > up; sleep 1000"
            depends_on = {{ crash = "started" }}
            "#
        );
        // Each that is restarted leaves a line.
        let toml = toml.replace(
            "echo start $GIPC_RESTARTS;",
            "[ $GIPC_RESTARTS = 0 ] || echo $GIPC_NAME >> restarted; echo start;",
        );
        fs::write(folder.path().join("restarted"), "").unwrap();
        let ended = up(folder.path(), &toml).end();
        assert_eq!(ended.code(), 0, "{strategy}: {}", ended.stderr);
        let restarted_ones = fs::read_to_string(folder.path().join("restarted")).unwrap();
        let mut names: Vec<_> = restarted_ones.lines().collect();
        names.sort_unstable();
        let expected: &[&str] = match strategy {
            "one_for_one" => &[],
            "one_for_all" => &["after.1", "before.1"],
            _ => &["after.1"],
        };
        assert_eq!(names, expected, "{strategy}");
    }
}

#[test]
fn every_way_to_be_ready_is_seen() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let tcp = listener.local_addr().unwrap();
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let http = server.local_addr().unwrap();
    let answering = std::thread::spawn(move || {
        for status in ["503 Not yet", "200 OK"] {
            let (mut client, _) = server.accept().unwrap();
            let mut request = [0; 1024];
            let read = client.read(&mut request).unwrap();
            assert!(request[..read].starts_with(b"GET /health HTTP/1.1\r\n"));
            let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
            client.write_all(answer.as_bytes()).unwrap();
        }
    });
    let notify = "python3 -c 'import os, socket; \
        s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); a = os.environ[\\\"NOTIFY_SOCKET\\\"]; \
        s.sendto(b\\\"STATUS=up\\\\nREADY=1\\\", a.replace(\\\"@\\\", \\\"\\\\0\\\", 1))'";
    for (ready, shell) in [
        ("fd:5", "echo >&5".to_owned()),
        ("notify", notify.to_owned()),
        ("log:^it is", "echo it is".to_owned()),
        ("delay:10ms", "true".to_owned()),
        ("file:there", "echo > there".to_owned()),
        ("exec:[ -e here ]", "echo > here".to_owned()),
        (&format!("tcp:{tcp}"), "true".to_owned()),
        (&format!("http://{http}/health"), "true".to_owned()),
    ] {
        let folder = scratch();
        let ready = ready
            .strip_prefix("http://")
            .map_or(ready.to_owned(), |rest| format!("http:http://{rest}"));
        let toml = format!(
            r#"
            exit = "after"
            [process.it]
            shell = "{shell}; sleep 1000"
            ready = "{ready}"
            [process.after]
            shell = "exit 0"
            depends_on = {{ it = "ready" }}
            "#
        );
        let ended = up(folder.path(), &toml).end();
        assert_eq!(ended.code(), 0, "{ready}: {}", ended.stderr);
    }
    answering.join().unwrap();
}

#[test]
fn descriptors_that_come_with_a_word_of_readiness_are_closed_and_it_is_heard() {
    let folder = scratch();
    let script = r#"
import os, socket
to_us = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
to_us.connect(os.environ["NOTIFY_SOCKET"].replace("@", "\0", 1))
read, write = os.pipe()
socket.send_fds(to_us, [b"FDSTORE=1\nREADY=1"], [write])
os.close(write)
print("closed", os.read(read, 1))
"#;
    fs::write(folder.path().join("it.py"), script).unwrap();
    let toml = r#"
        [process.it]
        command = "python3 it.py"
        ready = "notify"
        restart = "never"
        [process.after]
        command = "echo it is ready"
        depends_on = { it = "ready" }
        restart = "never"
        "#;
    let ended = up(folder.path(), toml).end();
    ended.failed(0, &["it.1    | closed b''", "after.1 | it is ready"]);
}

#[test]
fn who_is_not_ready_in_time_is_stopped_with_the_reason() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let http = server.local_addr().unwrap();
    std::thread::spawn(move || {
        for client in server.incoming() {
            let mut client = client.unwrap();
            assert!(client.read(&mut [0; 1024]).unwrap() > 0);
            client.write_all(b"HTTP/1.1 503 Not yet\r\nContent-Length: 0\r\n\r\n").unwrap();
        }
    });
    for (ready, why) in [
        ("notify", "it has not sent READY=1 to its NOTIFY_SOCKET"),
        ("fd:5", "it has written no newline to descriptor 5"),
        ("log:^up$", "no line of it matches `^up$`"),
        ("file:there", "file:sub/there: it does not exist"),
        ("exec:exit 3", "exec:exit 3: exit code 3"),
        (&format!("tcp:{closed}"), &format!("tcp:{closed}: Connection refused (os error 111)")),
        (&format!("http://{http}/"), &format!("http://{http}/: HTTP 503 Service Unavailable")),
    ] {
        let folder = scratch();
        fs::create_dir(folder.path().join("sub")).unwrap();
        let toml = format!(
            r#"
            [process.it]
            command = "sleep 1000"
            working_dir = "sub"
            ready = "{ready}"
            ready_timeout = "300ms"
            restart = "never"
            "#
        );
        let ended = up(folder.path(), &toml).end();
        ended.failed(124, &[&format!("it.1 was not ready within 300ms ({why}): stopping it")]);
    }
}

#[test]
fn a_probe_has_all_that_its_process_has() {
    let folder = scratch();
    fs::create_dir(folder.path().join("sub")).unwrap();
    // To have another group takes rights.
    let own = nix::unistd::getgid().as_raw();
    let group = if nix::unistd::geteuid().is_root() { 54321 } else { own };
    let toml = format!("[defaults]\ngroup = {group}\n")
        + r#"
        [process.it]
        command = "sleep 1000"
        working_dir = "sub"
        environment = { OWN = "own" }
        umask = "027"
        nice = 5
        limits = { nofile = 100 }
        ready = "exec:(pwd; echo $GIPC_NAME $OWN; umask; nice; ulimit -n; id -g) > told"
        [process.after]
        command = "true"
        depends_on = { it = "ready" }
        "#;
    let ended = up(folder.path(), &format!("exit = \"after\"\n{toml}")).end();
    assert_eq!(ended.code(), 0, "{}", ended.stderr);
    let sub = folder.path().join("sub").canonicalize().unwrap();
    let told = fs::read_to_string(sub.join("told")).unwrap();
    assert_eq!(told, format!("{}\nit.1 own\n0027\n5\n100\n{group}\n", sub.display()));
}

#[test]
fn who_runs_too_long_has_failed_and_is_restarted_with_the_whole_time_again() {
    let folder = scratch();
    let mut gipc = up(
        folder.path(),
        r#"
        exit = "it"
        [process.it]
        shell = "[ $GIPC_RESTARTS = 2 ] && exit 0; exec sleep 1000"
        timeout = "50ms"
        backoff = { min = "1ms", max = "1ms" }
        "#,
    );
    let ended = gipc.end();
    ended.failed(0, &["a failure of `it` does not end the session", "(restart 2)"]);
    let said = "it.1 took longer than 50ms (timeout): stopping it";
    assert_eq!(ended.stderr.matches(said).count(), 2, "{}", ended.stderr);
}

#[test]
fn what_fails_its_health_check_is_restarted() {
    let folder = scratch();
    let mut gipc = up(
        folder.path(),
        r#"
        [process.it]
        shell = "[ $GIPC_RESTARTS = 1 ] && exit 0; echo well; sleep 1000"
        backoff = { min = "1ms", max = "1ms" }
        [process.it.healthcheck]
        test = "exec:[ ! -e sick ]"
        interval = "10ms"
        retries = 2
        "#,
    );
    let mut running = gipc.begin();
    running.stderr_until("well");
    fs::write(folder.path().join("sick"), "").unwrap();
    running
        .stderr_until("it.1 fails its health check (exec:[ ! -e sick ]: exit code 1): stopping it");
    assert_eq!(running.end().code(), 0);
}

#[test]
fn a_health_check_that_takes_too_long_has_failed() {
    let folder = scratch();
    let mut gipc = up(
        folder.path(),
        r#"
        [process.it]
        command = "sleep 1000"
        restart = "never"
        healthcheck = { test = "exec:sleep 999", interval = "10ms", timeout = "20ms", retries = 2 }
        "#,
    );
    let why = "it.1 fails its health check (exec:sleep 999: no answer within 20ms): stopping it";
    gipc.end().failed(1, &[why]);
}

#[test]
fn who_shows_no_sign_of_life_is_restarted() {
    let folder = scratch();
    let mut gipc = up(
        folder.path(),
        r#"
        [process.it]
        shell = "[ $GIPC_RESTARTS = 1 ] && exit 0; echo $WATCHDOG_USEC; sleep 1000"
        backoff = { min = "1ms", max = "1ms" }
        watchdog = "100ms"
        "#,
    );
    let ended = gipc.end();
    ended.failed(0, &["100000", "it.1 has shown no sign of life for 100ms (watchdog)"]);
}

#[test]
fn the_settings_of_a_process_reach_it() {
    let folder = scratch();
    fs::create_dir(folder.path().join("sub")).unwrap();
    fs::write(folder.path().join("vars"), "FROM_FILE=fi$le\n").unwrap();
    let mut gipc = up(
        folder.path(),
        r#"
        [process.it]
        shell = "pwd; echo $FROM_FILE $OWN $GIPC_NAME; umask; ulimit -n; nice"
        working_dir = "sub"
        environment = { OWN = "${UP_TEST:-default} $$x" }
        env_file = "vars"
        umask = "027"
        nice = 5
        limits = { nofile = 100 }
        success_codes = [0, 3]
        "#,
    );
    gipc.env_remove("UP_TEST");
    let sub = folder.path().join("sub").canonicalize().unwrap();
    let expected = format!("{}\nfi$le default $x it.1\n0027\n100\n5\n", sub.display());
    gipc.end().ended(0, "", &expected);
}

#[test]
fn named_processes_come_with_those_that_they_depend_on() {
    let folder = scratch();
    let toml = r#"
        [process.db]
        shell = "echo db"
        [process.web]
        shell = "echo web"
        depends_on = ["db"]
        [process.other]
        shell = "echo other"
        "#;
    let ended = up(folder.path(), toml).arg("web").end();
    assert_eq!(ended.code(), 0);
    assert!(ended.stderr.contains("db.1  | db") && ended.stderr.contains("web.1 | web"));
    assert!(!ended.stderr.contains("other"));
    let ended = up(folder.path(), toml).arg("wob").end();
    ended.failed(2, &["there is no process `wob`; there are `db`, `web`, `other`"]);
}

#[test]
fn processes_of_the_command_line_need_no_file() {
    let folder = scratch();
    let mut gipc = words("up -q");
    gipc.current_dir(folder.path());
    let ended = gipc.args(["-p", "a=echo one; exit 2", "-p", "b=echo two"]).end();
    assert_eq!(ended.code(), 2);
    assert!(ended.stderr.contains("a.1 | one\n") && ended.stderr.contains("b.1 | two\n"));
}

#[test]
fn a_procfile_works_as_it_is() {
    let folder = scratch();
    let procfile = "# of a web application\nweb: echo web on $PORT; sleep 1000\n\
                    worker: echo working on $PORT with $PASSWORD in $DIR; exit 6\n";
    fs::write(folder.path().join("Procfile"), procfile).unwrap();
    // As honcho and foreman have it, a dollar sign there is nothing special.
    fs::write(folder.path().join(".env"), "PASSWORD=pa$word\nDIR=\"${HOME}/x\"\n").unwrap();
    let mut gipc = words("up");
    gipc.current_dir(folder.path()).env_remove("PORT");
    let ended = gipc.end();
    ended.failed(6, &["worker.1 | working on 5100 with pa$word in ${HOME}/x"]);
}

#[test]
fn in_ci_the_code_the_report_and_the_annotations_tell_of_the_one_that_failed() {
    let folder = scratch();
    let mut gipc = up(
        folder.path(),
        r#"
        name = "suite"
        [defaults]
        restart = "never"
        [process.good]
        shell = "echo fine"
        replicas = 4
        [process.bad]
        shell = "echo 100% wrong; exit 3"
        "#,
    );
    gipc.env("CI", "true").env("GITHUB_ACTIONS", "true");
    let ended = gipc.args(["--report", "report.xml"]).end();
    assert_eq!(ended.code(), 3);
    in_order(
        &ended.stderr,
        &[
            "::group::gipc up suite\n",
            "::endgroup::\n",
            "::error title=bad.1::bad.1 ended: exit code 3%0A100%25 wrong\n",
        ],
    );
    let report = fs::read_to_string(folder.path().join("report.xml")).unwrap();
    assert!(
        report
            .contains(r#"<testsuite name="suite" tests="5" disabled="0" errors="0" failures="1""#)
    );
    assert!(report.contains(r#"<failure message="bad.1 ended: exit code 3">100% wrong</failure>"#));
}

#[test]
fn a_timeout_ends_a_single_process_with_124_too() {
    let folder = scratch();
    let mut gipc = words("up --timeout 100ms");
    gipc.current_dir(folder.path()).args(["-p", "a=sleep 1000"]);
    gipc.end().failed(124, &["timeout after 100ms: stopping a.1"]);
}

#[test]
fn who_is_ready_and_ends_at_once_was_ready() {
    let folder = scratch();
    let toml = r#"
        [process.init]
        shell = "echo it is"
        ready = "log:it is"
        [process.web]
        shell = "echo web"
        depends_on = { init = "ready" }
        "#;
    for _ in 0..20 {
        up(folder.path(), toml).end().failed(0, &["web.1  | web"]);
    }
}

#[test]
fn a_check_during_a_stop_makes_no_failure_of_it() {
    let folder = scratch();
    let mut gipc = up(
        folder.path(),
        r#"
        [process.it]
        shell = "trap 'sleep 0.3; exit 0' TERM; echo well; while :; do sleep 0.01; done"
        [process.it.healthcheck]
        test = "exec:false"
        interval = "100ms"
        retries = 3
        "#,
    );
    let mut running = gipc.args(["--report", "report.json"]).begin();
    running.stderr_until("well");
    running.signal(libc::SIGTERM);
    let ended = running.end();
    assert!(!ended.stderr.contains("health check"), "{}", ended.stderr);
    let report = fs::read(folder.path().join("report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_slice(&report).unwrap();
    assert_eq!(report["instances"][0]["outcome"]["success"], true);
}

#[test]
fn a_timeout_ends_with_124_and_the_report_says_who_was_running() {
    let folder = scratch();
    let mut gipc = up(
        folder.path(),
        "[process.quick]\nshell = \"exit 0\"\n[process.slow]\ncommand = \"sleep 1000\"\n",
    );
    let ended = gipc.args(["--timeout", "300ms", "--report", "report.json"]).end();
    ended.failed(124, &["timeout after 300ms: stopping slow.1"]);
    let report = fs::read(folder.path().join("report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_slice(&report).unwrap();
    assert_eq!(report["exit"]["code"], 124);
    let because =
        |instance: usize| &report["instances"][instance]["incarnations"][0]["ended_because"];
    assert_eq!(because(0), "by itself");
    assert_eq!(because(1), "timeout");
}

#[test]
fn there_is_room_for_many_and_they_have_the_limit_as_it_was() {
    let folder = scratch();
    fs::write(
        folder.path().join("gipc.toml"),
        "[process.many]\nshell = \"ulimit -Sn; sleep 0.1\"\nreplicas = 100\n",
    )
    .unwrap();
    let script = format!("ulimit -Sn 128 && exec {GIPC} up");
    let mut shell = command("bash");
    let ended = shell.args(["-c", &script]).current_dir(folder.path()).end();
    assert_eq!(ended.code(), 0, "{}", ended.stderr);
    assert_eq!(ended.stderr.matches(" | 128\n").count(), 100, "{}", ended.stderr);
}

#[test]
fn more_instances_than_there_are_descriptors_for_are_refused_before_any_starts() {
    let up = |replicas: usize, more: &str| {
        let folder = scratch();
        let toml = format!("[process.many]\nshell = \"echo up\"\nreplicas = {replicas}\n{more}");
        fs::write(folder.path().join("gipc.toml"), toml).unwrap();
        let script = format!("ulimit -n 400 && exec {GIPC} up");
        command("bash").args(["-c", &script]).current_dir(folder.path()).end()
    };
    // Three for each, and those of gipc's own.
    let ended = up(100, "");
    assert_eq!(ended.code(), 0, "{}", ended.stderr);
    assert_eq!(ended.stderr.matches(" | up\n").count(), 100, "{}", ended.stderr);
    up(113, "").failed(125, &["113 instances need 403 descriptors", "400 at the most"]);
    up(100, "ready = \"fd:5\"\n").failed(125, &["100 instances need 464 descriptors"]);
}

/// With `GIPC_TEST_ROUNDS=100` a thousand.
#[test]
fn many_instances_are_ready_cost_little_memory_and_nothing_of_them_is_left() {
    let count = rounds(20) * 10;
    let peak = |replicas: u64| {
        let folder = scratch();
        let toml = format!(
            r#"
            [process.many]
            shell = "echo >&5; exec sleep 1000"
            ready = "fd:5"
            replicas = {replicas}
            [process.after]
            command = "echo all are ready"
            restart = "never"
            depends_on = {{ many = "ready" }}
            "#
        );
        let mut running = up(folder.path(), &toml).begin();
        running.stderr_until("| all are ready");
        let supervisor = children(running.pid())[0];
        // `after` may not have been reaped yet.
        eventually(|| children(supervisor).len() as u64 == replicas);
        let workers = children(supervisor);
        let status = fs::read_to_string(format!("/proc/{supervisor}/status")).unwrap();
        // Pages of the program itself are given back in the meantime.
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
        let memory: u64 = line.split_whitespace().next().unwrap().parse().unwrap();
        running.signal(libc::SIGTERM);
        use std::os::unix::process::ExitStatusExt;
        assert_eq!(running.end().status.signal(), Some(libc::SIGTERM));
        let is_left = |pid: &i32| fs::exists(format!("/proc/{pid}")).unwrap();
        assert!(!workers.iter().any(is_left));
        memory
    };
    let each = peak(count).saturating_sub(peak(1)) as f64 / count as f64;
    assert!(each <= 16.0, "each of {count} instances takes {each:.1} KiB");
}

#[test]
fn a_clock_that_is_set_back_and_forth_changes_nothing() {
    let library = fs::read_dir("/usr/lib").unwrap().find_map(|folder| {
        let library = folder.unwrap().path().join("faketime/libfaketimeMT.so.1");
        library.is_file().then_some(library)
    });
    let (true, Some(library)) = (has("faketime"), library) else { return };
    let folder = scratch();
    let mut gipc = up(
        folder.path(),
        r#"
        exit = "work"
        [process.crash]
        shell = "exit 1"
        restart_limit = { count = 3, within = "1m" }
        backoff = { min = "100ms", max = "100ms" }
        [process.work]
        shell = "read x < fifo; exit 7"
        restart = "never"
        watchdog = "5m"
        timeout = "5m"
        "#,
    );
    let path = |name: &str| folder.path().join(name);
    let clock = path("clock");
    let set = |shift: &str| fs::write(&clock, shift).unwrap();
    set("+0");
    assert!(Command::new("mkfifo").arg(path("fifo")).status().unwrap().success());
    gipc.env("LD_PRELOAD", library).env("FAKETIME_TIMESTAMP_FILE", &clock);
    gipc.env("FAKETIME_NO_CACHE", "1").env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    let mut running = gipc.args(["--report", "report.json"]).begin();
    running.stderr_until("restart 1");
    set("+3600");
    running.stderr_until("restart 2");
    set("-3600");
    running.stderr_until("crash.1 ended again after 3 restarts within 1m: giving up");
    fs::write(path("fifo"), "go\n").unwrap();
    assert_eq!(running.end().code(), 7);
    // The clock was another one indeed.
    let report: serde_json::Value =
        serde_json::from_slice(&fs::read(path("report.json")).unwrap()).unwrap();
    let crash = &report["instances"][0]["incarnations"];
    let times = [1, 2].map(|at: usize| crash[at]["started"].as_str().unwrap());
    assert!(
        times[0] != times[1] && report["duration_seconds"].as_f64().unwrap() < 60.0,
        "{report}"
    );
}

#[test]
fn nothing_is_left_of_a_busy_topology_whenever_gipc_is_killed() {
    let folder = scratch();
    let toml = format!(
        r#"
        [defaults]
        backoff = {{ min = "1ms", max = "2ms" }}
        restart_limit = {{ count = 100000, within = "1s" }}
        stop_grace_period = "20ms"
        [process.awkward]
        command = "{CHILD} awkward"
        replicas = 2
        [process.crash]
        shell = "sleep 0.002; exit 1"
        replicas = 2
        [process.late]
        shell = "sleep 1000"
        depends_on = {{ awkward = "started" }}
        ready = "exec:sleep 0.01; false"
        "#
    );
    let file = folder.path().join("gipc.toml");
    fs::write(&file, toml).unwrap();
    let file = file.to_str().unwrap();
    for round in 0..rounds(20) {
        let micros = (round * 40_000 / rounds(20)).to_string();
        for what in ["guard", "supervisor", "stop-guard", "stop-supervisor", "term"] {
            let mut nursery = command(CHILD);
            nursery.args(["nursery", what, &micros, "at-once", GIPC, "up", "-q", "-f", file]);
            let ended = nursery.end();
            assert_eq!(ended.code(), 0, "{what} after {micros} µs: {}", ended.text());
        }
    }
}
