//! Messages that are looked at as they pass.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::support::*;

/// A session whose `gen` says `tick` until there is a file `seen`, and then does this.
fn session(then: &str) -> (tempfile::TempDir, Running) {
    let text = format!(
        "[process.gen]\nrestart = 'never'\nshell = '''until [ -e seen ]; do gipc send \
         '{{\"t\":\"tick\"}}'; sleep 0.02; done\n{then}\ntouch done; exec sleep 997'''\n\
         [process.end]\nshell = 'gipc recv --follow > got'\n\
         [channel.jobs]\nfrom = 'gen'\nto = 'end'\n"
    );
    let folder = scratch();
    std::fs::write(folder.path().join("gipc.toml"), text).unwrap();
    let gipc = words("up").current_dir(folder.path()).begin();
    (folder, gipc)
}

/// One who looks, and has seen something.
fn tap(folder: &Path, line: &str) -> (Running, String) {
    let mut tap = Err(());
    eventually(|| {
        // Until the session is there.
        tap = words("ps")
            .current_dir(folder)
            .end()
            .status
            .success()
            .then(|| words(line).current_dir(folder).begin())
            .ok_or(());
        tap.is_ok()
    });
    let mut tap = tap.unwrap();
    let first = tap.line();
    (tap, first)
}

fn down(folder: &Path, gipc: Running) {
    words("down --timeout 5s").current_dir(folder).end().said("");
    gipc.end();
}

#[test]
fn messages_are_shown_as_they_pass_until_the_session_ends() {
    let (folder, gipc) = session("gipc send käse; printf 'two\\nlines\\033\\377' | gipc send -");
    let (tap, first) = tap(folder.path(), "tap");
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", tap.pid())).unwrap();
    let policy = stat.rsplit_once(')').unwrap().1.split_whitespace().nth(38);
    assert_eq!(policy, Some("5"), "it takes what others leave: SCHED_IDLE");
    let (words, message) = first.rsplit_once(' ').unwrap();
    let number: u64 = words.strip_prefix("jobs gen.1 -> end.1 ").unwrap().parse().unwrap();
    assert!(number > 0);
    assert_eq!(message, "{\"t\":\"tick\"}");
    std::fs::write(folder.path().join("seen"), "").unwrap();
    eventually(|| folder.path().join("done").exists());
    down(folder.path(), gipc);
    let ended = tap.end();
    assert_eq!((ended.code(), &*ended.stderr), (0, ""));
    let lines: Vec<_> = ended.text().lines().rev().take(2).collect();
    assert!(lines[1].starts_with("jobs gen.1 -> end.1 ") && lines[1].ends_with(" käse"));
    assert!(lines[0].ends_with(" two\\nlines\\x1b\\xff"), "{lines:?}");
}

#[test]
fn what_is_shown_can_be_filtered_and_played_again() {
    let send =
        "gipc send '{\"id\":17,\"t\":\"x\"}'; gipc send 17; gipc send '{\"t\":\"tick\",\"id\":18}'";
    let (folder, gipc) = session(send);
    let (tap, first) = tap(folder.path(), "tap jobs --json --filter /t=tick");
    let first: Value = serde_json::from_str(&first).unwrap();
    assert_eq!(
        (&first["channel"], &first["from"], &first["to"]),
        (&"jobs".into(), &"gen.1".into(), &"end.1".into())
    );
    assert_eq!((&first["text"], &first["size"]), (&"{\"t\":\"tick\"}".into(), &12.into()));
    let mut by_number = words("tap --filter /id=17").current_dir(folder.path()).begin();
    // It has no first message to wait for: what it asks for is served before what is asked later.
    let fds = format!("/proc/{}/fd", by_number.pid());
    // Its connection; what else there is may be ours.
    let is_socket = |fd: &std::fs::DirEntry| {
        std::fs::read_link(fd.path()).is_ok_and(|to| to.to_string_lossy().starts_with("socket:"))
    };
    eventually(|| std::fs::read_dir(&fds).unwrap().flatten().any(|fd| is_socket(&fd)));
    words("ps").current_dir(folder.path()).end();
    std::fs::write(folder.path().join("seen"), "").unwrap();
    assert!(by_number.line().ends_with(" {\"id\":17,\"t\":\"x\"}"));
    eventually(|| folder.path().join("done").exists());
    down(folder.path(), gipc);
    assert_eq!(by_number.end().text(), "");
    let text = format!("{first}\n{}", tap.end().text());
    std::fs::write(folder.path().join("r.jsonl"), text).unwrap();
    let played = words("replay r.jsonl").current_dir(folder.path()).end();
    let lines: Vec<_> = played.text().lines().collect();
    assert_eq!(lines.last(), Some(&"{\"t\":\"tick\",\"id\":18}"));
    assert!(lines[..lines.len() - 1].iter().all(|line| *line == "{\"t\":\"tick\"}"), "{lines:?}");
}

#[test]
fn one_who_does_not_keep_up_misses_messages_and_holds_nobody_up() {
    let (folder, gipc) = session("seq 100000 | gipc send");
    let (mut tap, first) = tap(folder.path(), "tap --json");
    std::fs::write(folder.path().join("seen"), "").unwrap();
    // Nothing of what it shows is read, and all goes on.
    eventually(|| folder.path().join("done").exists());
    let last = || {
        let got = std::fs::read_to_string(folder.path().join("got")).unwrap();
        got.ends_with("\n100000\n").then(|| got.lines().count() as u64)
    };
    eventually(|| last().is_some());
    let (shown, lines) = std::sync::mpsc::channel();
    let mut stdout = BufReader::new(tap.0.stdout.take().unwrap());
    let reading = std::thread::spawn(move || {
        let mut text = String::new();
        while stdout.read_line(&mut text).unwrap() > 0 {
            shown.send(()).unwrap();
        }
        text
    });
    // Not before it has shown what waited for it: at its end a session does not wait for long.
    while lines.recv_timeout(Duration::from_secs(1)).is_ok() {}
    // What it has missed it is told with what it sees next, or at the end.
    down(folder.path(), gipc);
    let (text, ended) = (reading.join().unwrap(), tap.end());
    assert_eq!(ended.code(), 0);
    let seq = |line: &str| -> u64 {
        serde_json::from_str::<Value>(line).unwrap()["seq"].as_u64().unwrap()
    };
    let seen: Vec<_> = std::iter::once(&*first).chain(text.lines()).map(seq).collect();
    assert!(seen.is_sorted_by(|a, b| a < b));
    let told = |line: &str| -> u64 {
        let number = line.strip_prefix("gipc: ").unwrap().strip_suffix(" messages were missed");
        number.unwrap().parse().unwrap()
    };
    let missed: u64 = ended.stderr.lines().map(told).sum();
    assert!(missed > 0);
    assert_eq!(seen.len() as u64 + missed, last().unwrap() - seen[0] + 1);
}

#[test]
fn a_channel_that_is_not_there_is_told() {
    let (folder, gipc) = session("");
    drop(tap(folder.path(), "tap jobs").0.0.kill());
    let tap = |line: &str| words(line).current_dir(folder.path()).end();
    tap("tap jbos").ended(2, "", "gipc: there is no channel `jbos`; did you mean `jobs`?\n");
    tap("tap --filter id=17").failed(2, &["expected JSON-POINTER=VALUE"]);
    down(folder.path(), gipc);
    tap("tap").failed(125, &["no session"]);
    let mut other = words("exec --name tap-none -- sh -c").arg("echo; exec sleep 997").begin();
    other.line();
    words("tap -s tap-none").end().ended(2, "", "gipc: the session has no channels\n");
    words("down -s tap-none").end().said("");
    other.end();
}
