//! `gipc send` and `gipc call` to a process of a session, from outside of it.

use std::fs;
use std::io::Write;
use std::net::Shutdown;

use serde_json::json;

use crate::sessions::{Session, in_folder, put, reply};
use crate::support::*;

/// A reader that writes down what it gets, and somebody who could write to it.
const STORE: &str = "[process.gen]\ncommand = 'sleep 1000'\n\
                     [process.store]\nshell = 'echo open; exec gipc recv --follow > got'\n\
                     [channel.jobs]\nfrom = 'gen'\nto = 'store'\n";

/// One that reads nothing until there is a file `go`.
const SLEEPER: &str = "[process.gen]\ncommand = 'sleep 1000'\n\
     [process.store]\n\
     shell = 'echo open; until [ -e go ]; do sleep 0.02; done; exec gipc recv --follow > got'\n\
     [channel.jobs]\nfrom = 'gen'\nto = 'store'\nbuffer = '64KiB'\n";

/// One that answers, but not to `poison`, and to `slow` when there is a file `go`.
const SERVICE: &str = "[process.gen]\n\
     shell = 'echo open; while m=$(gipc recv); do gipc send $m; done; exec sleep 1000'\n\
     [process.work]\nreplicas = 2\nrestart = 'always'\nbackoff = { min = '0s', max = '0s' }\n\
     shell = '''while m=$(gipc recv); do\n\
       case $m in poison) kill -9 $$$$;; slow) until [ -e go ]; do sleep 0.02; done;; esac\n\
       gipc send \"<$m>\"\ndone'''\n\
     [channel.input]\nfrom = '-'\nto = 'gen'\n\
     [channel.jobs]\nfrom = 'gen'\nto = 'work'\nack = 'reply'\nretries = 1\n\
     [channel.results]\nfrom = 'work'\nto = '-'\n";

#[test]
fn messages_from_outside_go_into_the_channel_that_a_process_reads() {
    let session = Session::up(STORE, "open");
    session.gipc("send store one").end().said("");
    session.gipc("send -s here store two").end().said("");
    let many: String = (0..20_000).map(|n| format!("line {n}\n")).collect();
    session.gipc("send -s here -c jobs store").with_input(many.clone()).said("");
    session.gipc("send store -").with_input("all of it").said("");
    let large = "x".repeat(3 << 20);
    session.gipc("send store -").with_input(large.clone()).said("");
    let all = format!("one\ntwo\n{many}all of it\n{large}\n");
    eventually(|| session.written("got").len() == all.len());
    assert!(session.written("got") == all);
    let (_, report) = session.down();
    assert_eq!(report["instances"][1]["channels"][0]["messages"], 20_004, "{report}");
}

#[test]
fn a_process_of_the_session_finds_it_by_its_socket() {
    let text = format!(
        "{STORE}[process.third]\nrestart = 'never'\n\
         shell = 'cd /; gipc send store hello && gipc send -s here store again; echo sent'\n"
    );
    let session = Session::up(&text, "sent");
    eventually(|| session.written("got") == "hello\nagain\n");
    session.down();
}

#[test]
fn a_call_is_answered_to_who_has_called_and_to_nobody_else() {
    let mut session = Session::up(SERVICE, "open");
    let calls = (0..20).map(|n| session.gipc(&format!("call -s here work call-{n}")).begin());
    let calls: Vec<_> = calls.collect();
    for n in 0..20 {
        session.gipc.write(format!("own-{n}\n").as_bytes());
    }
    for (n, call) in calls.into_iter().enumerate() {
        call.end().said(format!("<call-{n}>\n"));
    }
    session
        .gipc("call work - --output netstring")
        .with_input("two\nlines")
        .said("11:<two\nlines>,");
    let mut own: Vec<_> = (0..20).map(|_| session.gipc.line()).collect();
    own.sort_unstable();
    let mut expected: Vec<_> = (0..20).map(|n| format!("<own-{n}>")).collect();
    expected.sort_unstable();
    assert_eq!(own, expected);
    let (ended, report) = session.down();
    assert_eq!(ended.text(), "");
    let channels = |it: usize| report["instances"][it]["channels"].as_array().unwrap().clone();
    let sent = [1, 2].map(|it| channels(it)[1]["messages"].as_u64().unwrap());
    assert_eq!(sent.iter().sum::<u64>(), 41, "{report}");
}

#[test]
fn a_call_whose_message_ends_its_readers_ends_too() {
    let session = Session::up(SERVICE, "open");
    let ended = session.gipc("call work poison").end();
    ended.failed(1, &["gipc: there will be no answer: it ended work.", ": SIGKILL"]);
    session.gipc("call work next").end().said("<next>\n");
    session.down();
}

#[test]
fn a_call_that_takes_too_long_ends_and_its_answer_is_dropped() {
    let session = Session::up(SERVICE, "open");
    let ended = session.gipc("call --timeout 200ms work slow").end();
    ended.failed(124, &["gipc: there was no answer in time"]);
    let waiting = session.gipc("call work slow").begin();
    waiting.signal(libc::SIGKILL);
    waiting.end();
    fs::write(session.path("go"), "").unwrap();
    session.gipc("call work next").end().said("<next>\n");
    let (ended, _) = session.down();
    assert_eq!(ended.text(), "");
    let words = "message 1: the caller no longer waits for the answer of work.1: it is dropped";
    assert!(ended.stderr.contains(words), "{ended:?}");
}

#[test]
fn names_that_are_not_there_are_told_with_what_may_be_meant() {
    let session = Session::up(SERVICE, "open");
    for (line, code, words) in [
        ("send wrok x", 2, "there is no process `wrok`; did you mean `work`?"),
        ("call wrok x", 2, "there is no process `wrok`; did you mean `work`?"),
        ("send work.1 x", 2, "`work.1` is an instance: messages go to a process"),
        ("send -c job work x", 2, "`work` reads no channel `job`; did you mean `jobs`?"),
        ("call gen x", 2, "a message of channel `input` is not known: it has no `ack = \"reply\"`"),
        ("send -s nowhere work x", 125, "no session `nowhere` is running; there is `here`"),
        ("send -s here", 2, "the process is missing"),
        ("call -s here work", 2, "the message is missing"),
    ] {
        session.gipc(line).end().failed(code, &[words]);
    }
    session.down();
    let session = Session::up("[process.a]\nshell = 'echo open; exec sleep 1000'\n", "open");
    session.gipc("send a x").end().failed(2, &["`a` reads no channel"]);
    session.down();
}

#[test]
fn in_a_full_channel_messages_wait_and_after_a_timeout_they_are_not_there() {
    let session = Session::up(SLEEPER, "open");
    let large = "x".repeat(200 << 10);
    // More than the pipe and the channel hold.
    let first = format!("{large}\n").repeat(10);
    let waiting = session.gipc("send -s here store").begin();
    let mut waiting = waiting.0;
    let mut stdin = waiting.stdin.take().unwrap();
    let writing = std::thread::spawn(move || {
        stdin.write_all(first.as_bytes()).unwrap();
        stdin.write_all(b"last\n").unwrap();
    });
    let is_full = "its channel `jobs` is full: store.1 must read";
    eventually(|| session.gipc("why gen").end().text().contains(is_full));
    let ended = session.gipc("send --timeout 200ms store late").end();
    ended.failed(124, &["there was no room in channel `jobs`; no message was taken"]);
    // Whoever goes meanwhile has sent nothing.
    let (gone, _) = session.request(&json!({ "do": "send", "to": "store" }));
    put(&gone, b"gone");
    drop(gone);
    fs::write(session.path("go"), "").unwrap();
    writing.join().unwrap();
    Running(waiting).end().said("");
    session.gipc("send store end").end().said("");
    eventually(|| session.written("got").ends_with("end\n"));
    let got = session.written("got");
    let short: Vec<_> = got.lines().filter(|line| **line != large).collect();
    assert_eq!((short, got.lines().count()), (vec!["last", "end"], 12));
    let (ended, _) = session.down();
    let words =
        "the sender of messages from outside (1) disconnected while they were waiting for room";
    assert!(ended.stderr.contains(words), "{ended:?}");
}

#[test]
fn what_a_full_channel_drops_is_told_to_who_has_sent_it() {
    let session = Session::up(&format!("{SLEEPER}full = 'drop-newest'\n"), "open");
    let line = format!("{}\n", "x".repeat(100 << 10));
    let ended = session.gipc("send -s here store").with_input(line.repeat(100));
    ended.failed(1, &["gipc: the channel was full: ", " messages were dropped"]);
    session.down();
}

#[test]
fn messages_that_make_room_for_others_are_told_of_as_those_of_their_own_writer() {
    let session = Session::up(&format!("{SLEEPER}full = 'drop-oldest'\n"), "open");
    // More than the pipe holds; the last ones wait.
    let line = format!("{}\n", "x".repeat(2000));
    let ended = session.gipc("send -s here store").with_input(line.repeat(1000));
    ended.failed(1, &["gipc: the channel was full: ", " messages were dropped"]);
    let large = "y".repeat(60 << 10);
    let (client, _) = session.request(&json!({ "do": "send", "to": "store" }));
    put(&client, large.as_bytes());
    client.shutdown(Shutdown::Write).unwrap();
    let taken = reply(&client);
    assert_eq!((&taken["messages"], &taken["dropped"]), (&1.into(), &0.into()), "{taken}");
    fs::write(session.path("go"), "").unwrap();
    eventually(|| session.written("got").ends_with(&format!("{large}\n")));
    session.down();
}

#[test]
fn what_a_reader_cannot_have_is_refused_and_the_rest_is_taken() {
    let text = STORE.replace("to = 'store'", "to = 'store'\nto_framing = 'lines'");
    let session = Session::up(&text, "open");
    let ended = session.gipc("send store -").with_input("two\nlines");
    ended.failed(1, &["gipc: message 1: a newline cannot be carried by `lines`"]);
    let (client, open) = session.request(&json!({ "do": "send", "to": "store" }));
    assert_eq!(open, json!({ "is": "open", "channel": "jobs", "max_message": 64 << 20 }));
    for message in ["one", "a\nb", "two", "c\nd"] {
        put(&client, message.as_bytes());
    }
    client.shutdown(Shutdown::Write).unwrap();
    let taken = reply(&client);
    assert_eq!((&taken["messages"], &taken["refused"]), (&2.into(), &2.into()), "{taken}");
    assert!(taken["why"].as_str().unwrap().starts_with("message 2: a newline"), "{taken}");
    eventually(|| session.written("got") == "one\ntwo\n");
    session.down();
}

#[test]
fn who_goes_in_the_middle_of_a_message_leaves_nothing_of_it() {
    let session = Session::up(STORE, "open");
    for request in [json!({ "do": "send", "to": "store" }), json!({ "do": "send", "to": "store" })]
    {
        let (mut client, _) = session.request(&request);
        put(&client, b"whole");
        client.write_all(b"\0\0\0\x0a12345").unwrap();
        drop(client);
    }
    session.gipc("send store next").end().said("");
    eventually(|| session.written("got").ends_with("next\n"));
    assert_eq!(session.written("got"), "whole\nwhole\nnext\n");
    let (too_large, _) = session.request(&json!({ "do": "send", "to": "store" }));
    (&too_large).write_all(b"\x7f\xff\xff\xff").unwrap();
    let refused = reply(&too_large);
    assert_eq!((&refused["is"], &refused["kind"]), (&"error".into(), &"bad_request".into()));
    let (ended, _) = session.down();
    let words = "channel `jobs`, truncated message from outside: ";
    assert_eq!(ended.stderr.matches(words).count(), 2, "{ended:?}");
}

#[test]
fn when_the_session_ends_meanwhile_that_is_told() {
    let session = Session::up(STORE, "open");
    let mut sender = session.gipc("send -s here store").begin();
    sender.write(b"one\n");
    eventually(|| session.written("got") == "one\n");
    session.down();
    sender.0.stdin.as_mut().unwrap().write_all(b"two\n").unwrap();
    sender.end().failed(125, &["the session is about to end; one message was taken"]);

    let session = Session::up(STORE, "open");
    let mut sender = session.gipc("send -s here store").begin();
    sender.write(b"one\n");
    eventually(|| session.written("got") == "one\n");
    kill(session.gipc.pid(), libc::SIGKILL);
    session.gipc.end();
    sender.end().failed(
        125,
        &["has ended in the meantime: it is not known which messages it has accepted"],
    );
}

#[test]
fn a_channel_that_has_ended_takes_nothing() {
    let text = "[process.gen]\ncommand = 'gipc send first'\n\
                [process.store]\nshell = 'gipc recv --follow; echo all; exec sleep 1000'\n\
                [channel.jobs]\nfrom = 'gen'\nto = 'store'\n";
    let session = Session::up(text, "all");
    let ended = session.gipc("send store late").end();
    ended.failed(1, &["channel `jobs` has ended: all its writers have"]);
    session.down();
}

#[test]
fn a_channel_stays_open_as_long_as_somebody_sends() {
    let text = "[process.gen]\nshell = 'until [ -e go ]; do sleep 0.02; done'\n\
                [process.store]\nshell = 'echo open; exec gipc recv --follow > got'\n\
                [channel.jobs]\nfrom = 'gen'\nto = 'store'\n";
    let session = Session::up(text, "open");
    let mut sender = session.gipc("send -s here store").begin();
    sender.write(b"one\n");
    eventually(|| session.written("got") == "one\n");
    fs::write(session.path("go"), "").unwrap();
    session.gipc("wait gen").end().said("");
    sender.write(b"two\n");
    sender.end().said("");
    // Now nobody does any more: all ends by itself.
    let got = session.path("got");
    let ended = session.gipc.end();
    assert_eq!(ended.code(), 0, "{ended:?}");
    assert_eq!(fs::read_to_string(got).unwrap(), "one\ntwo\n");
}

#[test]
fn a_channel_that_nobody_writes_to_is_there_for_whoever_asks() {
    let text = "[process.work]\nreplicas = 2\n\
                shell = '''echo open; while m=$(gipc recv); do gipc send \"<$m>\"; done; echo end'''\n\
                [channel.questions]\nfrom = []\nto = 'work'\nack = 'reply'\n\
                [channel.answers]\nfrom = 'work'\nto = '-'\n";
    let mut session = Session::up(text, "open");
    let checked = session.gipc("check").end();
    assert!(checked.text().contains("questions  outside  work.3"), "{checked:?}");
    session.gipc("call work one").end().said("<one>\n");
    session.gipc("send work two").end().said("");
    assert_eq!(session.gipc.line(), "<two>");
    let (ended, _) = session.down();
    // They have seen the end.
    assert_eq!(ended.stderr.matches("| end\n").count(), 2, "{ended:?}");
    assert_eq!(ended.code(), 0);
}

#[test]
fn a_pool_answers_calls_besides_its_own_messages() {
    let worker = "while m=$(gipc recv); do gipc send \"<$m>\"; done";
    for options in ["--keep-order", "--window 3", "--output json"] {
        let mut gipc =
            in_folder(scratch().path(), &format!("pool -q -j2 --name here {options} --"));
        let folder = scratch();
        gipc.current_dir(folder.path()).env("XDG_RUNTIME_DIR", folder.path());
        let gipc = gipc.args(["bash", "-c", worker]).begin();
        let mut session = Session { folder, gipc };
        session.gipc.write(b"1\n");
        assert!(session.gipc.line().contains("<1>"));
        session.gipc("call -s here bash outside").end().said("<outside>\n");
        session.gipc.write(b"2\n");
        assert!(session.gipc.line().contains("<2>"));
        session.gipc.end().said("");
    }
}

#[test]
fn a_joblog_knows_no_messages_from_outside() {
    let folder = scratch();
    let mut gipc =
        in_folder(folder.path(), "pool -q -j1 --name here --joblog log --wire stdio cat");
    let mut session = Session { gipc: gipc.begin(), folder };
    session.gipc.write(b"1\n");
    session.gipc.line();
    let ended = session.gipc("send -s here cat x").end();
    ended
        .failed(125, &["the joblog of this pool identifies messages by their places in its input"]);
    session.gipc.end().said("");
}

#[test]
fn many_who_wait_for_room_keep_nobody_from_asking_what_is_wrong() {
    let session = Session::up(SLEEPER, "open");
    let request = json!({ "do": "send", "to": "store" });
    let clients: Vec<_> = (0..128)
        .map(|_| {
            let (client, open) = session.request(&request);
            assert_eq!(open["is"], "open");
            put(&client, &[b'x'; 100 << 10]);
            client
        })
        .collect();
    let (_, refused) = session.request(&request);
    assert!(refused["message"].as_str().unwrap().contains("try again"), "{refused}");
    session.gipc("ps").end().failed(0, &[]);
    session.gipc("why store").end().failed(0, &[]);
    fs::write(session.path("go"), "").unwrap();
    for client in clients {
        client.shutdown(Shutdown::Write).unwrap();
        assert_eq!(reply(&client)["messages"], 1);
    }
    session.down();
}
