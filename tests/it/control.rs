//! Sessions, and those who ask them things.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::support::*;

/// A session that runs, in a folder of its own.
struct Session {
    folder: tempfile::TempDir,
    gipc: Running,
}

impl Session {
    /// `gipc up` with this gipc.toml, once it has said this.
    fn up(toml: &str, until: &str) -> Self {
        let folder = scratch();
        fs::write(folder.path().join("gipc.toml"), toml).unwrap();
        let mut session = Self { gipc: begin(folder.path()), folder };
        session.gipc.stderr_until(until);
        session
    }

    /// A command, by its words, about this session.
    fn gipc(&self, line: &str) -> Ended {
        words(line).current_dir(self.folder.path()).end()
    }

    fn socket(&self) -> PathBuf {
        let name = self.folder.path().file_name().unwrap().to_str().unwrap();
        let name = name.trim_start_matches('.');
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("gipc/{name}.sock"))
    }

    /// Ends it, and shows how it ended.
    fn down(self) -> Ended {
        self.gipc("down").said("");
        self.gipc.end()
    }
}

fn begin(folder: &Path) -> Running {
    words("up").current_dir(folder).begin()
}

const ONE: &str = r#"
[process.web]
shell = "echo serving; exec sleep 1000"
"#;

#[test]
fn what_runs_is_shown_and_taken_down() {
    let session = Session::up(ONE, "serving");
    let ended = session.gipc("ps --json");
    let instances: serde_json::Value = serde_json::from_slice(&ended.stdout).unwrap();
    let web = &instances[0];
    assert_eq!(web["name"], "web.1");
    assert_eq!(web["process"], "web");
    assert_eq!(web["state"], "running");
    assert_eq!(web["ready"], true);
    assert_eq!(web["restarts"], 0);
    assert_eq!(web["last_line"], "serving");
    assert!(web["memory"].as_u64().unwrap() > 0 && web["cpu_seconds"].is_number(), "{web}");
    let pid = web["pid"].as_i64().unwrap();
    let text = session.gipc("ps web");
    let lines: Vec<_> = text.text().lines().collect();
    assert!(lines[0].starts_with("NAME   STATE") && lines[0].ends_with("LAST LINE"), "{text:?}");
    assert!(lines[1].contains(&format!("web.1  running  {pid}")), "{text:?}");
    assert!(lines[1].ends_with("  serving"), "{text:?}");
    let why = session.gipc("why web.1").text().to_owned();
    assert!(
        why.starts_with("web.1 has run for ") && why.ends_with("\n  web.1 | serving\n"),
        "{why}"
    );
    let socket = session.socket();
    session.down().ended(0, "", "");
    assert!(!socket.exists());
    assert!(!Path::new(&format!("/proc/{pid}")).exists(), "it is gone, and reaped");
}

#[test]
fn the_socket_is_its_users_alone() {
    let session = Session::up(ONE, "serving");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&session.socket()), 0o600);
    assert_eq!(mode(session.socket().parent().unwrap()), 0o700);
    session.down();
}

#[test]
fn a_folder_that_others_can_write_to_is_refused() {
    let folder = scratch();
    let sockets = folder.path().join("gipc");
    fs::create_dir(&sockets).unwrap();
    fs::set_permissions(&sockets, fs::Permissions::from_mode(0o777)).unwrap();
    let mut gipc = gipc(["up", "-p", "a=true"]);
    let ended = gipc.env("XDG_RUNTIME_DIR", folder.path()).end();
    ended.failed(125, &["gipc` must be a folder that belongs to you, with mode 0700"]);
}

#[test]
fn a_live_session_is_refused_with_its_pid_and_a_dead_one_is_replaced() {
    let mut session = Session::up(ONE, "serving");
    let name = session.socket().file_stem().unwrap().to_str().unwrap().to_owned();
    let pid = session.gipc.pid();
    let refused = begin(session.folder.path()).end();
    let why = format!(
        "gipc: a session `{name}` runs already, as process {pid}; end it with `gipc down -s {name}`, \
         or give this one another name with --name\n"
    );
    refused.ended(125, "", &why);
    // Its guard is killed; its supervisor kills the rest, and leaves the socket.
    session.gipc.signal(libc::SIGKILL);
    session.gipc.0.wait().unwrap();
    assert!(session.socket().exists());
    session.gipc = begin(session.folder.path());
    session.gipc.stderr_until("serving");
    session.down().ended(0, "", "");
}

#[test]
fn where_there_is_no_session_those_that_there_are_are_named() {
    let folder = scratch();
    let gipc = |line: &str| {
        let mut gipc = words(line);
        gipc.current_dir(folder.path()).env("XDG_RUNTIME_DIR", folder.path());
        gipc
    };
    let none = "gipc: no session `demo` is running; nor is any other\n";
    gipc("ps -s demo").end().ended(125, "", none);
    fs::write(folder.path().join("gipc.toml"), "name = 'demo'\n[this is broken").unwrap();
    gipc("ps").end().ended(125, "", none);
    let mut other = gipc("exec --name other -- sh -c").arg("echo ready; exec sleep 1000").begin();
    assert_eq!(other.line(), "ready");
    let one = "gipc: no session `demo` is running; there is `other`: name it with -s\n";
    gipc("down").end().ended(125, "", one);
    gipc("down -s other").end().said("");
    other.end().ended(0, "", "");
}

#[test]
fn inside_a_process_its_own_session_is_asked() {
    let session = Session::up(
        r#"
        name = "inside"
        [process.asks]
        shell = "cd /; gipc ps asks; exec sleep 1000"
        "#,
        "asks.1 ",
    );
    session.down().ended(0, "", "");
}

#[test]
fn a_name_that_nobody_has_is_told_with_what_may_be_meant() {
    let session = Session::up(ONE, "serving");
    let why = "gipc: there is no process `wbe`; did you mean `web`?\n";
    session.gipc("ps wbe").ended(2, "", why);
    session.gipc("why wbe").ended(2, "", why);
    session.down();
}

#[test]
fn why_follows_the_dependencies_to_the_cause() {
    let session = Session::up(
        r#"
        [process.db]
        shell = "echo reading the log; exec sleep 1000"
        ready = "log:^listening$"
        [process.web]
        command = "true"
        depends_on = { db = "ready" }
        [process.proxy]
        command = "true"
        depends_on = ["web"]
        "#,
        "reading",
    );
    let why = session.gipc("why proxy");
    let lines: Vec<_> = why.text().lines().collect();
    assert_eq!(lines[0], "proxy.1 waits for web to be started");
    assert_eq!(lines[1], "  web.1 waits for db to be ready");
    assert!(lines[2].starts_with("    db.1 has run for "), "{lines:?}");
    assert!(lines[2].contains("is not ready: no line of it matches `^listening$`"));
    assert_eq!(lines[3], "  db.1 | reading the log");
    let ps = session.gipc("ps");
    assert!(ps.text().contains("proxy.1  waiting (web)"), "{ps:?}");
    assert!(ps.text().contains("db.1     starting"), "{ps:?}");
    session.down().ended(0, "", "");
}

#[test]
fn why_tells_how_it_ended_and_who_was_never_started() {
    let session = Session::up(
        r#"
        [process.migrate]
        shell = "echo no such table; exit 3"
        restart = "never"
        [process.web]
        command = "true"
        depends_on = { migrate = "completed_successfully" }
        [process.other]
        command = "sleep 1000"
        "#,
        "web.1 is not started",
    );
    let why = session.gipc("why web");
    let lines: Vec<_> = why.text().lines().collect();
    assert_eq!(lines[0], "web.1 was never started: migrate has not ended well");
    assert!(lines[1].starts_with("  migrate.1 ended ") && lines[1].ends_with("ago: exit code 3"));
    assert_eq!(lines[2], "  migrate.1 | no such table");
    let ps = session.gipc("ps migrate web");
    assert!(ps.text().contains("failed (3)") && ps.text().contains("skipped"), "{ps:?}");
    session.down().ended(3, "", "");
}

#[test]
fn what_a_stop_waits_for_is_told_and_down_can_be_told_to_wait_no_longer() {
    let session = Session::up(
        r#"
        [process.stubborn]
        shell = "trap 'echo not me' TERM; echo ready; while :; do sleep 0.01; done"
        "#,
        "ready",
    );
    let mut down = words("down").current_dir(session.folder.path()).begin();
    let mut session = session;
    session.gipc.stderr_until("not me");
    let why = session.gipc("why stubborn");
    assert!(
        why.text().starts_with("stubborn.1 was asked to end with SIGTERM: process "),
        "{why:?}"
    );
    assert!(why.text().contains("has not ended; what is left is killed in 9s"), "{why:?}");
    assert!(session.gipc("ps").text().contains("stopping ("), "{why:?}");
    session.gipc("down --timeout 0s").said("");
    assert_eq!(down.0.wait().unwrap().code(), Some(0));
    assert_eq!(session.gipc.end().code(), 0);
}
