//! Clients of a session that are hostile, careless or many: the session goes on.

use std::fs;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;

use gipc::frames::{FrameReader, FrameWriter};
use gipc::framing::{DEFAULT_MAX_MESSAGE, Framing};
use serde_json::{Value, json};

use crate::sessions::{Session, put, reply};
use crate::support::*;

/// It answers as it should, and ends as it should.
#[track_caller]
fn ends_well(session: Session) {
    let ps = session.gipc("ps").end();
    let is_there = |line: &str| line.starts_with("a.1 ") && line.contains(" running ");
    assert!(ps.text().lines().any(is_there), "{ps:?}");
    let (ended, _) = session.down();
    assert_eq!(ended.code(), 0, "{}", ended.stderr);
}

const ONE: &str = "[process.a]\nshell = 'echo ready; exec sleep 1000'";

fn ask(stream: &UnixStream, request: &Value) {
    put(stream, &serde_json::to_vec(request).unwrap());
}

#[test]
fn garbage_is_refused_with_a_word() {
    let session = Session::up(ONE, "ready");
    let frame = |payload: &[u8]| {
        let mut frame = (payload.len() as u32).to_be_bytes().to_vec();
        frame.extend_from_slice(payload);
        frame
    };
    for garbage in [
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        frame(b"{}"),
        frame(b"\xff\xfe"),
        frame(br#"{"do":"ps","names":7}"#),
        frame(br#"{"do":"ps","surprise":1}"#),
        frame(&b"[".repeat(60_000)),
    ] {
        let mut client = session.client();
        client.write_all(&garbage).unwrap();
        let reply = reply(&client);
        assert_eq!((&reply["is"], &reply["kind"]), (&json!("error"), &json!("bad_request")));
        assert_eq!(client.read(&mut [0]).unwrap(), 0, "one reply, and the end");
    }
    // One who says nothing, half of something, or goes away in the middle.
    let _silent = session.client();
    session.client().write_all(b"\0\0").unwrap();
    ask(&session.client(), &json!({ "do": "wait", "until": "ended" }));
    ends_well(session);
}

#[test]
fn a_request_of_a_million_bytes_is_refused_before_it_is_read() {
    let session = Session::up(ONE, "ready");
    let mut client = session.client();
    let names = vec!["x".repeat(999); 1000];
    let request = json!({ "do": "ps", "names": names }).to_string();
    assert!(request.len() > 1_000_000);
    client.write_all(&(request.len() as u32).to_be_bytes()).unwrap();
    // It is let go of before it has all of it.
    let _ = client.write_all(request.as_bytes());
    let mut answer = Vec::new();
    let _ = client.read_to_end(&mut answer);
    // What was not read may have cost us the answer: that is how sockets are.
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.is_empty() || answer.contains("bad_request"), "{answer}");
    ends_well(session);
}

#[test]
fn one_who_only_listens_once_it_has_asked_gets_its_answer() {
    let session = Session::up(ONE, "ready");
    let client = session.client();
    ask(&client, &json!({ "do": "wait", "until": "ended", "names": ["a"] }));
    client.shutdown(std::net::Shutdown::Write).unwrap();
    session.gipc("stop a").end().said("");
    assert_eq!(reply(&client)["exit"]["code"], 0);
    session.gipc("start a").end().said("");
    ends_well(session);
}

#[test]
fn one_who_reads_nothing_loses_its_own_view_only() {
    let session = Session::up(
        r#"
        [process.a]
        shell = "echo ready; sleep 1000"
        [process.loud]
        shell = "read begin <fifo; i=0; while [ $i -lt 100 ]; do seq -f '%.0f of many lines' 2000; i=$((i+1)); done; echo over"
        restart = "never"
        depends_on = { fifo = "completed" }
        [process.fifo]
        command = "mkfifo fifo"
        restart = "never"
        "#,
        "ready",
    );
    session.gipc("wait fifo").end().said("");
    let client = session.client();
    ask(&client, &json!({ "do": "logs", "names": ["loud"], "lines": 0, "follow": true }));
    fs::write(session.path("fifo"), "\n").unwrap();
    let mut all = session.gipc;
    let reading = std::thread::spawn(move || {
        all.stderr_until("loud.1 | over");
        all
    });
    let session = Session { gipc: reading.join().unwrap(), ..session };
    // Whoever reads has it all by now. Only now does the other begin to.
    let mut replies = FrameReader::new(&client, Framing::U32, DEFAULT_MAX_MESSAGE);
    let (mut lines, mut skipped) = (0, 0);
    loop {
        let piece: Value =
            serde_json::from_slice(&replies.blocking_get().unwrap().unwrap()).unwrap();
        skipped += piece["skipped"].as_u64().unwrap();
        let new = piece["lines"].as_array().unwrap();
        lines += new.len() as u64;
        for line in new {
            let line = line["line"].as_str().unwrap();
            assert!(line.ends_with(" of many lines") || line == "over", "{line}");
        }
        if new.last().is_some_and(|line| line["line"] == "over") {
            break;
        }
    }
    assert!(skipped > 100_000, "{skipped}");
    assert!((200_001..200_010).contains(&(lines + skipped)), "{lines} and {skipped}");
    drop(client);
    ends_well(session);
}

#[test]
fn five_hundred_at_once_are_all_answered() {
    let session = Session::up(ONE, "ready");
    // These say nothing, and are sent away in the end.
    let silent: Vec<_> = (0..100).map(|_| session.client()).collect();
    let asking: Vec<_> = (0..500)
        .map(|number| {
            let client = session.client();
            std::thread::spawn(move || {
                let request = if number % 2 == 0 { "ps" } else { "why" };
                ask(&client, &json!({ "do": request }));
                reply(&client)["is"].as_str().unwrap().to_owned()
            })
        })
        .collect();
    for (number, answer) in asking.into_iter().enumerate() {
        let expected = if number % 2 == 0 { "instances" } else { "reasons" };
        assert_eq!(answer.join().unwrap(), expected);
    }
    drop(silent);
    ends_well(session);
}

#[test]
fn who_has_said_all_and_is_gone_is_waited_for_no_longer() {
    let session = Session::up(ONE, "ready");
    // Together they are more than are served at once.
    for _ in 0..2 {
        let wait = |_| {
            let client = session.client();
            ask(&client, &json!({"do": "wait", "until": "ended"}));
            client.shutdown(Shutdown::Write).unwrap();
            client
        };
        let waiting: Vec<_> = (0..120).map(wait).collect();
        // By now they have been heard.
        let last = session.client();
        ask(&last, &json!({"do": "hello"}));
        assert_eq!(reply(&last)["is"], "session");
        drop(waiting);
    }
    ends_well(session);
}

#[test]
fn another_user_is_refused_even_where_the_files_are_open_to_him() {
    if !nix::unistd::geteuid().is_root() {
        eprintln!("skipped: only root can be another user");
        return;
    }
    let session = Session::up(ONE, "ready");
    let open = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    open(session.folder.path(), 0o755);
    open(session.socket().parent().unwrap(), 0o755);
    open(&session.socket(), 0o666);
    let socket = session.socket();
    let nobody = std::thread::spawn(move || {
        as_nobody();
        let client = UnixStream::connect(socket).unwrap();
        let _ = FrameWriter::new(&client, Framing::U32).blocking_put(br#"{"do":"down"}"#);
        reply(&client)
    });
    let refused = nobody.join().unwrap();
    assert_eq!(refused["kind"], "foreign", "{refused}");
    assert_eq!(refused["message"], "this is a session of user 0, and you are user 65534");
    ends_well(session);
}

/// This thread, and no other one, is another user from now on.
#[expect(unsafe_code, reason = "the library's own call changes all threads")]
fn as_nobody() {
    // SAFETY: a plain system call.
    let done = unsafe { libc::syscall(libc::SYS_setresuid, -1, 65534, -1) };
    assert_eq!(done, 0);
}
