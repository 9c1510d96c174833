//! Sessions, and those who ask them things.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

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
        let name = name_of(self.folder.path());
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("gipc/{name}.sock"))
    }

    /// Ends it, and shows how it ended.
    fn down(self) -> Ended {
        self.gipc("down").said("");
        self.gipc.end()
    }
}

/// The name of a session in this folder.
fn name_of(folder: &Path) -> String {
    folder.file_name().unwrap().to_str().unwrap().trim_start_matches('.').to_owned()
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
fn a_runtime_folder_that_is_not_there_or_not_a_folder_is_as_none() {
    let folder = scratch();
    std::fs::write(folder.path().join("file"), "").unwrap();
    for runtime in ["none", "file"] {
        let mut gipc = gipc(["up", "-p", "a=echo $GIPC_SOCKET"]);
        gipc.env("XDG_RUNTIME_DIR", folder.path().join(runtime)).env("TMPDIR", folder.path());
        let ended = gipc.end();
        ended.failed(0, &[&format!("{}/gipc-", folder.path().display())]);
    }
    let mut gipc = gipc(["up", "-p", "a=true"]);
    let ended = gipc.env_remove("XDG_RUNTIME_DIR").env("TMPDIR", "/no/such").end();
    ended.failed(125, &["/no/such/gipc-", "XDG_RUNTIME_DIR or TMPDIR may be set"]);
}

#[test]
fn a_live_session_is_refused_with_its_pid_and_a_dead_one_is_replaced() {
    let mut session = Session::up(ONE, "serving");
    let name = session.socket().file_stem().unwrap().to_str().unwrap().to_owned();
    let pid = session.gipc.pid();
    let refused = begin(session.folder.path()).end();
    let why = format!(
        "gipc: a session `{name}` is already running, as process {pid}; end it with `gipc down -s {name}`, \
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
fn the_time_that_down_gives_stands_still_while_all_is_stopped() {
    let folder = scratch();
    let toml = "[process.a]\nstop_grace_period = '1h'\n\
                shell = \"trap '' TERM; echo ready; read x < go; echo $x; exit 0\"\n";
    std::fs::write(folder.path().join("gipc.toml"), toml).unwrap();
    let go = folder.path().join("go");
    assert!(command("mkfifo").arg(&go).end().status.success());
    let mut gipc = words("up -v").current_dir(folder.path()).begin();
    gipc.stderr_until("ready");
    let mut go = std::fs::File::options().read(true).write(true).open(go).unwrap();
    let down = words("down --timeout 3s").current_dir(folder.path()).begin();
    gipc.stderr_until("stopping a.1");
    gipc.stop_for(Duration::from_millis(3500));
    // It has seen that it goes on when it answers this.
    words("ps").current_dir(folder.path()).end().failed(0, &[]);
    go.write_all(b"by itself\n").unwrap();
    gipc.stderr_until("by itself");
    assert_eq!(down.end().code(), 0);
    gipc.end();
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
    assert!(why.text().contains("has not ended; what is left is killed in "), "{why:?}");
    assert!(session.gipc("ps").text().contains("stopping ("), "{why:?}");
    session.gipc("down --timeout 0s").said("");
    assert_eq!(down.0.wait().unwrap().code(), Some(0));
    assert_eq!(session.gipc.end().code(), 0);
}

impl Session {
    /// What `ps --json` tells of an instance.
    #[track_caller]
    fn ps(&self, instance: &str) -> serde_json::Value {
        let ended = self.gipc(&format!("ps --json {instance}"));
        let instances: serde_json::Value = serde_json::from_slice(&ended.stdout).unwrap();
        instances[0].clone()
    }

    /// How many messages have passed between an instance and its first channel.
    fn given(&self, instance: &str) -> u64 {
        self.ps(instance)["channels"][0]["messages"].as_u64().unwrap()
    }

    fn rewrite(&self, toml: &str) {
        fs::write(self.folder.path().join("gipc.toml"), toml).unwrap();
    }
}

/// Two that say that they are there, of which one needs the other.
const TWO: &str = r#"
[process.db]
shell = "echo listening $GIPC_RESTARTS; exec sleep 1000"
ready = "log:listening"
[process.web]
shell = "echo serving $GIPC_RESTARTS; exec sleep 1000"
depends_on = { db = "ready" }
ready = "log:serving"
"#;

#[test]
fn what_is_stopped_by_hand_has_not_failed_and_is_started_again() {
    let mut session = Session::up(TWO, "serving");
    session.gipc("stop db").said("");
    let db = session.ps("db");
    assert_eq!((db["state"].as_str(), db.get("pid")), (Some("stopped"), None), "{db}");
    assert_eq!(session.ps("web")["state"], "running", "nobody else is stopped");
    let why = session.gipc("why db");
    assert!(why.text().starts_with("db.1 was stopped by hand; it ended "), "{why:?}");
    // A stop of one that does not run is done already.
    session.gipc("stop db.1").said("");
    session.gipc("start db").said("");
    session.gipc.stderr_until("listening 1");
    assert_eq!(session.ps("db")["restarts"], 1);
    session.down().ended(0, "", "");
}

#[test]
fn who_waits_for_one_that_was_stopped_is_told() {
    let session = Session::up(TWO, "serving");
    session.gipc("stop db web").said("");
    session.gipc("start web").ended(0, "", "gipc: web.1 waits for db to be ready\n");
    session.gipc("start db").said("");
    session.gipc("wait --ready --timeout 20s").said("");
    session.down();
}

#[test]
fn a_restart_goes_in_order() {
    let mut session = Session::up(TWO, "serving");
    session.gipc("restart web db").said("");
    let said = session.gipc.stderr_until("serving 1");
    assert!(said.contains("listening 1"), "{said}");
    session.down();
}

#[test]
fn one_that_cannot_be_started_is_told() {
    let session = Session::up(
        r#"
        [process.missing]
        command = "no-such-program-at-all"
        restart = "never"
        [process.other]
        command = "sleep 1000"
        "#,
        "no-such-program",
    );
    session
        .gipc("start missing")
        .failed(125, &["missing.1 could not be started: ", "No such file"]);
    assert!(session.gipc("why missing").text().starts_with("missing.1 could not be started: "));
    session.down();
}

#[test]
fn a_signal_reaches_those_that_run() {
    let mut session = Session::up(
        r#"
        [process.a]
        shell = "trap 'echo got HUP' HUP; echo ready; while :; do sleep 0.01; done"
        "#,
        "ready",
    );
    session.gipc("signal HUP a").said("");
    session.gipc.stderr_until("got HUP");
    session.gipc("stop a").said("");
    session.gipc("signal 1 a.1").ended(125, "", "gipc: nothing of a.1 is running\n");
    session.gipc("signal NOSUCH a").failed(2, &["NOSUCH"]);
    session.down();
}

#[test]
fn a_process_is_scaled_up_and_down() {
    let session = Session::up(
        r#"
        [process.work]
        shell = "echo ready; exec sleep 1000"
        replicas = 2
        "#,
        "ready",
    );
    let names = || {
        let ended = session.gipc("ps --json");
        let instances: serde_json::Value = serde_json::from_slice(&ended.stdout).unwrap();
        let rows = instances.as_array().unwrap().iter();
        rows.map(|row| {
            format!("{} {}", row["name"].as_str().unwrap(), row["state"].as_str().unwrap())
        })
        .collect::<Vec<_>>()
    };
    let first = session.ps("work.1")["pid"].clone();
    session.gipc("scale work=4").said("");
    assert_eq!(names(), ["work.1 running", "work.2 running", "work.3 running", "work.4 running"]);
    session.gipc("scale work=1").said("");
    assert_eq!(names(), ["work.1 running"]);
    assert_eq!(session.ps("work.1")["pid"], first);
    session.gipc("scale work=0").said("");
    assert_eq!(names(), Vec::<String>::new());
    session.gipc("scale work=2").said("");
    assert_eq!(names(), ["work.1 running", "work.2 running"]);
    session.gipc("scale wrok=2").ended(
        2,
        "",
        "gipc: there is no process `wrok`; did you mean `work`?\n",
    );
    session.gipc("scale work=many").failed(2, &["`many` is not a number of instances"]);
    assert_eq!(session.down().code(), 0);
}

#[test]
fn what_has_our_own_streams_is_one() {
    let mut gipc =
        words("exec --name one-only -- sh -c").arg("echo ready; exec sleep 1000").begin();
    assert_eq!(gipc.line(), "ready");
    words("scale -s one-only sh=2").end().failed(125, &["there can be only one `sh`"]);
    words("reload -s one-only").end().failed(125, &["this session has no file"]);
    words("down -s one-only").end().said("");
    assert_eq!(gipc.end().code(), 0);
}

#[test]
fn to_wait_is_to_end_with_the_code() {
    let session = Session::up(
        r#"
        [process.seven]
        shell = "read line <fifo7; exit 7"
        restart = "never"
        [process.zero]
        shell = "read line <fifo0; exit 0"
        restart = "never"
        [process.on]
        shell = "mkfifo fifo7 fifo0; echo ready; exec sleep 1000"
        "#,
        "ready",
    );
    // They may have looked for their input before it was there.
    session.gipc("restart seven zero").said("");
    session.gipc("wait --timeout 10ms seven").ended(124, "", "");
    let folder = session.folder.path();
    let mut wait = words("wait seven").current_dir(folder).begin();
    fs::write(folder.join("fifo7"), "\n").unwrap();
    assert_eq!(wait.0.wait().unwrap().code(), Some(7));
    fs::write(folder.join("fifo0"), "\n").unwrap();
    session.gipc("wait zero").said("");
    session.gipc("wait seven zero").ended(7, "", "");
    session.gipc("wait --ready on zero").said("");
    let ended = session.gipc("wait --ready seven");
    ended.failed(1, &["gipc: seven.1 ended ", "exit code 7"]);
    let mut wait = words("wait on").current_dir(folder).begin();
    let before = session.gipc("stop on");
    before.said("");
    assert_eq!(wait.0.wait().unwrap().code(), Some(0), "who is stopped by hand has not failed");
    session.down().ended(7, "", "gipc: seven.1 ended: exit code 7\n");
}

#[test]
fn who_waits_is_told_of_the_end_of_the_session() {
    let session = Session::up(
        r#"
        [process.a]
        shell = "echo there; exec sleep 1000"
        ready = "log:never"
        "#,
        "there",
    );
    let wait = words("wait --ready a").current_dir(session.folder.path()).begin();
    eventually(|| session.gipc("ps").text().contains("starting"));
    session.gipc("down").said("");
    wait.end().failed(1, &["gipc: a.1 ended", "stopped by gipc"]);
}

#[test]
fn a_reload_tells_of_what_counts_without_a_start() {
    let file = |top: &str, db: &str| {
        format!(
            "{top}\n[process.web]\nshell = 'echo serving; exec sleep 998'\nrestart = 'never'\n{db}\n\
             [process.db]\ncommand = 'sleep 998'\nrestart = 'never'\n"
        )
    };
    let session = Session::up(&file("", ""), "serving");
    session.gipc("wait --ready").said("");
    session.rewrite(&file("", "depends_on = ['db']"));
    session.gipc("reload").said("changed depends_on of web\n");
    session.gipc("reload").said("nothing has changed\n");
    session.rewrite(&file("strategy = 'one_for_all'", ""));
    session.gipc("reload").said("changed strategy, depends_on of web\n");
    session.rewrite(&file("exit = 'db'", ""));
    session.gipc("reload").said("changed exit, strategy\n");
    // And it counts.
    session.gipc("signal KILL db").said("");
    assert_eq!(session.gipc.end().code(), 137);
}

#[test]
fn a_session_whose_name_has_variables_is_found_from_its_folder() {
    let session = Session::up(
        "name = '${UP_TEST_NAME:-expanded}'\n[process.a]\nshell = 'echo up; exec sleep 998'\n",
        "up",
    );
    session.gipc("wait --ready a").said("");
    session.gipc("wait --ready -s expanded a").said("");
    let mut other = words("ps");
    other.current_dir(session.folder.path()).env("UP_TEST_NAME", "another-expanded");
    other.end().failed(125, &["another-expanded"]);
    assert_eq!(session.down().code(), 0);
}

#[test]
fn what_is_to_be_another_after_a_reload_is_not_ready() {
    let file = |what: &str| {
        format!(
            "[process.db]\nshell = \"trap '' TERM; echo {what}; until [ -e {what} ]; do sleep 0.02; done\""
        )
    };
    let mut session = Session::up(&file("first"), "first");
    session.gipc("wait --ready db").said("");
    session.rewrite(&file("second"));
    session.gipc("reload").ended(0, "restarted db\n", "");
    session.gipc("wait --ready --timeout 100ms db").failed(124, &[]);
    fs::write(session.folder.path().join("first"), "").unwrap();
    session.gipc.stderr_until("second");
    fs::write(session.folder.path().join("second"), "").unwrap();
    assert_eq!(session.gipc.end().code(), 0);
}

#[test]
fn a_reload_restarts_only_what_has_changed() {
    let file = |db: &str, more: &str| {
        format!(
            r#"
            [process.db]
            shell = "echo {db}; exec sleep 1000"
            [process.web]
            shell = "echo serving; exec sleep 1000"
            replicas = 2
            {more}
            "#
        )
    };
    let old = "[process.old]\nshell = 'echo old; exec sleep 1000'";
    let mut session = Session::up(&file("first", old), "serving");
    session.gipc("wait --ready").said("");
    session.gipc("reload").ended(0, "nothing has changed\n", "");
    let pids = || ["db", "web.1", "web.2"].map(|name| session.ps(name)["pid"].clone());
    let before = pids();
    let new = "[process.new]\nshell = 'echo new; exec sleep 1000'\ndepends_on = ['web']";
    session.rewrite(&file("second", new));
    session.gipc("reload").ended(0, "started new\nrestarted db\nstopped old\n", "");
    session.gipc("wait --ready db web new").said("");
    let after = pids();
    assert_ne!(before[0], after[0]);
    assert_eq!(before[1..], after[1..]);
    session.gipc("ps old").failed(2, &["there is no process `old`"]);
    // A broken one changes nothing.
    session.rewrite("[process.db]\ncomand = 'true'\n");
    let ended = session.gipc("reload");
    ended.failed(2, &["error: unknown key `comand`", "gipc.toml:2:1", "did you mean `command`?"]);
    assert_eq!(pids(), after);
    // The number alone restarts nobody; and what comes back comes back.
    session
        .rewrite(&file("second", &format!("{old}\n{new}")).replace("replicas = 2", "replicas = 3"));
    session.gipc("reload").ended(0, "started old\nscaled web to 3\n", "");
    session.gipc("wait --ready").said("");
    assert_eq!(pids(), after);
    assert_eq!(session.ps("web.3")["state"], "running");
    session.gipc.stderr_until("second");
    assert_eq!(session.down().code(), 0);
}

#[test]
fn a_file_that_was_a_pipe_cannot_be_read_again() {
    let mut gipc = command("bash");
    let line =
        "exec gipc up --name piped -f <(echo 'process.a.shell = \"echo there; sleep 1000\"')";
    let mut gipc = gipc.args(["-c", line]).begin();
    gipc.stderr_until("there");
    words("reload -s piped").end().failed(2, &["is not a regular file and cannot be read again"]);
    words("down -s piped").end().said("");
    assert_eq!(gipc.end().code(), 0);
}

/// A writer that waits for its next word, and readers that tell what they have got.
const CHANNEL: &str = r#"
    [process.gen]
    shell = "echo there; while read -r line; do gipc send \"$line\"; done < fifo"
    [process.work]
    shell = "echo up; while m=$(gipc recv); do echo got $m; done; echo over"
    restart = "never"
    [channel.jobs]
    from = "gen"
    to = "work"
"#;

#[test]
fn channels_outlast_what_is_stopped_by_hand_and_new_instances_join_them() {
    let folder = scratch();
    nix::unistd::mkfifo(&folder.path().join("fifo"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    fs::write(folder.path().join("gipc.toml"), CHANNEL).unwrap();
    let mut session = Session { gipc: begin(folder.path()), folder };
    let fifo = session.folder.path().join("fifo");
    let mut words = fs::File::options().read(true).write(true).open(fifo).unwrap();
    let mut say = |word: &str| std::io::Write::write_all(&mut words, word.as_bytes()).unwrap();
    session.gipc.stderr_until("work.1 | up");
    say("one\n");
    session.gipc.stderr_until("got one");
    // It has not ended for good: its channel has not either.
    session.gipc("stop work").said("");
    say("two\n");
    session.gipc("start work").said("");
    session.gipc.stderr_until("got two");
    session.gipc("restart gen").said("");
    say("three\n");
    session.gipc.stderr_until("got three");
    // Another one that reads.
    session.gipc("scale work=2").said("");
    session.gipc.stderr_until("work.2 | up");
    session.gipc("stop work.1").said("");
    say("four\n");
    session.gipc.stderr_until("work.2 | got four");
    session.rewrite(&CHANNEL.replace("jobs", "other"));
    session.gipc("reload").failed(125, &["the channels have changed"]);
    session.down();
}

#[test]
fn what_is_started_again_that_had_ended_for_good_has_its_old_place_and_counts() {
    let text = r#"
        [process.idle]
        command = "sleep 1000"
        [process.gen]
        restart = "never"
        shell = "gipc send hello"
        [process.work]
        restart = "never"
        shell = "echo got $(gipc recv); echo got $(gipc recv)"
        [channel.jobs]
        from = ["gen", "idle"]
        to = "work"
    "#;
    let mut session = Session::up(text, "got hello");
    session.gipc("wait gen").said("");
    assert_eq!((session.given("gen.1"), session.given("work.1")), (1, 1));
    session.gipc("start gen").said("");
    session.gipc.stderr_until("got hello");
    session.gipc("wait gen work").said("");
    assert_eq!((session.given("gen.1"), session.given("work.1")), (2, 2));
    session.gipc("start work").said("");
    session.gipc("start gen").said("");
    session.gipc.stderr_until("got hello");
    session.gipc("wait gen").said("");
    assert_eq!((session.given("gen.1"), session.given("work.1")), (3, 3));
    session.down();
}

#[test]
fn a_reader_that_is_joined_by_others_goes_on_and_loses_nothing_that_it_has_not_read() {
    let folder = scratch();
    for fifo in ["fifo", "work.1", "work.2"] {
        nix::unistd::mkfifo(&folder.path().join(fifo), nix::sys::stat::Mode::S_IRWXU).unwrap();
    }
    let text = CHANNEL
        .replace("while m=", "while read -r step < $GIPC_NAME && m=")
        .replace("echo over", "exit 1");
    fs::write(folder.path().join("gipc.toml"), text).unwrap();
    let mut session = Session { gipc: begin(folder.path()), folder };
    let fifo = |name: &str| {
        let path = session.folder.path().join(name);
        fs::File::options().read(true).write(true).open(path).unwrap()
    };
    let [mut words, mut one, mut two] = ["fifo", "work.1", "work.2"].map(fifo);
    let say = |fifo: &mut fs::File, word: &str| {
        std::io::Write::write_all(fifo, format!("{word}\n").as_bytes()).unwrap();
    };
    session.gipc.stderr_until("work.1 | up");
    say(&mut words, "a");
    say(&mut one, "step");
    session.gipc.stderr_until("work.1 | got a");
    session.gipc("scale work=2").said("");
    session.gipc.stderr_until("work.2 | up");
    // Each gets one, and the other one does not read.
    say(&mut words, "b");
    say(&mut words, "c");
    eventually(|| [session.given("work.1"), session.given("work.2")] == [2, 1]);
    say(&mut one, "step");
    session.gipc.stderr_until("work.1 | got ");
    say(&mut two, "step");
    session.gipc.stderr_until("work.2 | got ");
    // They see the end.
    say(&mut one, "step");
    say(&mut two, "step");
    session.down();
}

#[test]
fn what_a_killed_reader_has_not_read_is_for_the_one_that_has_joined_it() {
    let folder = scratch();
    nix::unistd::mkfifo(&folder.path().join("fifo"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let text = CHANNEL.replace("while m=", "[ $GIPC_NAME = work.1 ] && exec sleep 1000; while m=");
    fs::write(folder.path().join("gipc.toml"), text).unwrap();
    let mut session = Session { gipc: begin(folder.path()), folder };
    let fifo = session.folder.path().join("fifo");
    let mut words = fs::File::options().read(true).write(true).open(fifo).unwrap();
    let mut say = |word: &str| std::io::Write::write_all(&mut words, word.as_bytes()).unwrap();
    session.gipc.stderr_until("work.1 | up");
    say("a\nb\n");
    // They are in the pipe of the one that does not read.
    eventually(|| session.given("work.1") == 2);
    session.gipc("scale work=2").said("");
    session.gipc.stderr_until("work.2 | up");
    say("c\n");
    session.gipc.stderr_until("work.2 | got c");
    // With this the one that does not read is told that there will be no more.
    drop(words);
    session.gipc("wait gen").said("");
    session.gipc("signal KILL work.1").said("");
    let ended = session.gipc.end();
    assert!(ended.stderr.contains("work.2 | got a\nwork.2 | got b\n"), "{ended:?}");
}

#[test]
fn what_was_printed_can_be_read_later_and_followed() {
    let session = Session::up(
        r#"
        [process.a]
        shell = "mkfifo fifo; printf 'one\ntwo\nthree\n'; echo four >&2; while :; do cat fifo; done"
        [process.b]
        shell = "echo of b; exit 3"
        restart = "never"
        "#,
        "b.1 ended",
    );
    session.gipc("wait b").code();
    eventually(|| session.gipc("logs a").text().contains("four"));
    let without_time = |ended: &Ended| {
        let lines = ended.text().lines();
        let text: Vec<_> = lines.map(|line| line.split_once(' ').unwrap().1.to_owned()).collect();
        text
    };
    let all = without_time(&session.gipc("logs"));
    for line in
        ["a.1 | one", "a.1 | two", "a.1 | four", "b.1 | of b", "gipc: b.1 ended: exit code 3"]
    {
        assert!(all.iter().any(|it| it == line), "{all:?}");
    }
    let b = session.gipc("logs b --color always");
    assert!(b.text().contains("\x1b[36m") && b.text().ends_with("b.1 |\x1b[0m of b\n"), "{b:?}");
    let last = session.gipc("logs -n 1 b.1");
    assert_eq!(without_time(&last), ["b.1 | of b"]);
    session.gipc("logs nobody").failed(2, &["there is no process `nobody`"]);
    // What comes is passed on at once, and the end of the session is the end.
    let folder = session.folder.path();
    let mut follow = words("logs -f a").current_dir(folder).begin();
    assert!(follow.line().contains(" a.1 | "), "what is kept comes first");
    fs::write(folder.join("fifo"), "news\n").unwrap();
    while !follow.line().ends_with(" a.1 | news") {}
    session.down();
    follow.end().said("");
}

#[test]
fn the_time_of_a_line_is_that_of_the_zone_that_is_named() {
    let zone = "Asia/Kathmandu";
    if !Path::new("/usr/share/zoneinfo").join(zone).exists() {
        assert!(std::env::var_os("GIPC_TEST_REQUIRE_PEERS").is_none(), "tzdata is missing");
        eprintln!("skipped: tzdata is not installed");
        return;
    }
    let session = Session::up(ONE, "serving");
    let minutes = |zone: &str| {
        let ended = words("logs web").current_dir(session.folder.path()).env("TZ", zone).end();
        let numbers = ended.text().split(':').take(2).map(|it| it.parse::<i32>().unwrap());
        numbers.fold(0, |hours, minutes| hours * 60 + minutes)
    };
    eventually(|| !session.gipc("logs web").text().is_empty());
    assert_eq!((minutes(zone) - minutes("UTC")).rem_euclid(24 * 60), 5 * 60 + 45);
    session.down();
}

#[test]
fn logs_that_nobody_reads_any_more_end_though_there_are_no_more() {
    let session = Session::up("[process.a]\nshell = 'echo one; exec sleep 1000'", "one");
    let mut grep = command("sh");
    grep.args(["-c", "gipc logs -f | grep -m1 -o one"]).current_dir(session.folder.path());
    grep.end().said("one\n");
    session.down();
}

#[test]
fn logs_that_nobody_reads_any_more_end() {
    let session = Session::up("[process.a]\nshell = 'yes'", "y");
    let mut head = command("sh");
    head.args(["-c", "gipc logs -f | head -n 2"]).current_dir(session.folder.path());
    assert_eq!(head.end().text().lines().count(), 2);
    assert_eq!(session.down().code(), 0);
}

#[test]
fn detached_it_comes_back_when_all_is_ready_and_goes_on() {
    let folder = scratch();
    fs::write(folder.path().join("gipc.toml"), TWO).unwrap();
    let run = |line: &str| words(line).current_dir(folder.path()).end();
    let _background = Background(name_of(folder.path()));
    // A pipe that comes to its end shows that nobody holds on to our standard error.
    let ended = run("up --detach");
    assert_eq!((ended.code(), ended.text()), (0, ""));
    assert_eq!(ended.stderr, "db.1  | listening 0\nweb.1 | serving 0\n");
    assert!(run("ps").text().contains("web.1  running"));
    assert!(run("logs").text().contains("web.1 | serving 0"));
    run("up").failed(125, &["is already running, as process "]);
    run("restart web").said("");
    eventually(|| run("logs").text().contains("serving 1"));
    run("down").said("");
    run("ps").failed(125, &["no session "]);
}

#[test]
fn detached_it_comes_back_with_the_code_of_what_has_failed() {
    let folder = scratch();
    let run = |line: &str| words(line).current_dir(folder.path()).end();
    let _background = Background(name_of(folder.path()));
    let failing =
        "[process.bad]\nshell = 'echo oh; exit 7'\nrestart = 'never'\nready = 'log:never'\n";
    let other = "[process.other]\ncommand = 'sleep 1000'\nready = 'log:never'\n";
    fs::write(folder.path().join("gipc.toml"), format!("{failing}{other}")).unwrap();
    let ended = run("up -d");
    ended.failed(7, &["oh\n", "bad.1 ended: exit code 7", "goes on in the background"]);
    assert!(run("ps").text().contains("failed (7)"));
    run("down").said("");
    // Where nothing is left of it, it has ended like any other.
    fs::write(folder.path().join("gipc.toml"), failing).unwrap();
    run("up -d").failed(7, &["oh\n"]);
    run("ps").failed(125, &["no session "]);
    fs::write(folder.path().join("gipc.toml"), "[process.a]\ncommand = 'true'\n").unwrap();
    assert_eq!(run("up -d").code(), 0);
}

#[test]
fn who_ends_the_one_that_waits_for_the_start_ends_all() {
    let folder = scratch();
    let slow = "[process.a]\nshell = 'echo there; exec sleep 1000'\nready = 'log:never'\n";
    fs::write(folder.path().join("gipc.toml"), slow).unwrap();
    let mut caller = words("up -d").current_dir(folder.path()).begin();
    caller.stderr_until("there");
    caller.signal(libc::SIGINT);
    caller.end();
    eventually(|| words("ps").current_dir(folder.path()).end().code() == 125);
}

/// The whole of it, as somebody would type it, over the example of the README.
#[test]
fn a_topology_from_its_start_to_its_end() {
    let folder = scratch();
    let example = fs::read_to_string(root().join("examples/shop/gipc.toml")).unwrap();
    let good = example.replace("name = \"shop\"\n", "");
    fs::write(folder.path().join("gipc.toml"), &good).unwrap();
    let mut session = Session { gipc: begin(folder.path()), folder };
    // Up: the database first, then the migration, then the services.
    let said = session.gipc.stderr_until("two tables made");
    assert!(said.contains("db.1      | listening") && !said.contains("serving"), "{said}");
    // Until the socket is there nobody can be asked; by now it is.
    session.gipc("wait --ready --timeout 20s").said("");
    let table = || {
        let ps = session.gipc("ps");
        let cells = ps.text().lines().skip(1).map(|line| {
            let cells: Vec<_> = line.split_whitespace().collect();
            format!("{} {} {}", cells[0], cells[1], cells[4])
        });
        cells.collect::<Vec<_>>()
    };
    let services = ["db.1 running 0", "migrate.1 ended 0", "api.1 running 0", "web.1 running 0"];
    let workers = ["work.1 running 0", "work.2 running 0", "work.3 running 0", "work.4 running 0"];
    assert_eq!(table(), [services, workers].concat());

    // A worker dies, and returns.
    let before = session.ps("work.2")["pid"].as_i64().unwrap();
    kill(before as i32, libc::SIGKILL);
    eventually(|| table()[5] == "work.2 running 1");
    assert_ne!(session.ps("work.2")["pid"].as_i64().unwrap(), before);

    session.gipc("scale work=6").said("");
    assert_eq!(table()[8..], ["work.5 running 0", "work.6 running 0"]);
    session.gipc("scale work=2").said("");
    assert_eq!(table().len(), 6);

    // One file that has changed, and one that is broken.
    let pids = || ["db", "api", "web", "work.1", "work.2"].map(|it| session.ps(it)["pid"].clone());
    let old = pids();
    let more = "\n[process.late]\ncommand = \"sleep 1000\"\ndepends_on = { never = \"ready\" }\n\
                [process.never]\ncommand = \"sleep 1000\"\nready = \"file:warm\"\n\
                [process.bad]\nshell = \"echo no server; exit 3\"\nrestart = \"never\"\n";
    let (head, tail) = good.split_once("[process.web]").unwrap();
    let tail = tail.replacen("echo serving", "echo serving more", 1);
    let changed = format!("{head}[process.web]{tail}{more}");
    session.rewrite(&changed);
    session.gipc("reload").ended(0, "started late, never, bad\nrestarted web\n", "");
    session.gipc("wait --timeout 20s bad").ended(3, "", "");
    session.gipc("wait --ready --timeout 20s web").said("");
    let new = pids();
    let same: Vec<_> = old.iter().zip(&new).map(|(old, new)| old == new).collect();
    assert_eq!(same, [true, true, false, true, true]);
    session.rewrite(&changed.replace("ready = \"log:listening\"", "redy = \"log:listening\""));
    session.gipc("reload").failed(2, &["unknown key `redy`", "did you mean `ready`?"]);
    assert_eq!(pids(), new);

    // Why one waits, and why one has failed.
    let why = session.gipc("why late").text().to_owned();
    assert!(why.starts_with("late.1 waits for never to be ready\n  never.1 has run for "), "{why}");
    assert!(why.contains("and is not ready: file:warm: it does not exist; it has "), "{why}");
    let why = session.gipc("why bad").text().to_owned();
    assert!(why.ends_with(" ago: exit code 3\n  bad.1 | no server\n"), "{why}");

    // Down: and the code is that of what has failed.
    session.gipc("down").said("");
    let ended = session.gipc.end();
    assert_eq!(ended.code(), 3, "{ended:?}");
    for pid in new {
        assert!(!Path::new(&format!("/proc/{pid}")).exists(), "{pid}");
    }
}
