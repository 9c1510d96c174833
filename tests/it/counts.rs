//! Readers and writers that die at random moments: every message is counted.
//!
//! `GIPC_TEST_ROUNDS` says how often they die, at the least: 10,000 times each takes some minutes.

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use gipc::frames::{FrameReader, FrameWriter};
use gipc::framing::{DEFAULT_MAX_MESSAGE, Framing};
use serde_json::Value;

use crate::support::*;

/// For each death: so many that there are enough of them, be it by luck.
const MESSAGES: u64 = 15;

/// Message `seq`, which the helper program knows too.
fn message(seq: u64) -> String {
    format!("{seq}:{}\n", "x".repeat((seq * 37 % 700) as usize))
}

/// A folder with this gipc.toml, where processes are started again as often as they end.
fn folder(text: &str) -> tempfile::TempDir {
    let folder = scratch();
    let defaults = "[defaults]\nrestart = 'always'\nbackoff = { min = '0s', max = '0s' }\n\
                    restart_limit = { count = 1000000, within = '1s' }\n";
    let text = format!("{defaults}{text}").replace("CHILD", CHILD);
    std::fs::write(folder.path().join("gipc.toml"), text).unwrap();
    folder
}

fn numbers(text: &str) -> Vec<u64> {
    text.lines().map(|line| line.split(':').next().unwrap().parse().unwrap()).collect()
}

/// The report, and what an instance's end of a channel counts.
fn counts(folder: &tempfile::TempDir, instance: usize, channel: &str) -> (Value, Value) {
    let report = std::fs::read(folder.path().join("r.json")).unwrap();
    let report: Value = serde_json::from_slice(&report).unwrap();
    let instance = report["instances"][instance].clone();
    let channels = instance["channels"].as_array().unwrap();
    let channel = channels.iter().find(|it| it["name"] == channel).unwrap().clone();
    (instance, channel)
}

#[test]
fn a_reader_that_dies_at_any_byte_costs_no_message_and_none_comes_twice() {
    let deaths = rounds(100);
    let folder = folder(
        "[process.work]\ncommand = ['CHILD', 'mortal-reader', 'log']\n\
         [channel.jobs]\nfrom = '-'\nto = 'work'\n",
    );
    let last = deaths * MESSAGES;
    let input: String = (1..=last).map(message).collect();
    let mut gipc = words("up -q --report r.json");
    gipc.current_dir(folder.path()).with_input(input).ended(0, "", "");
    // It has noted all that it has read whole.
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
    assert_eq!(numbers(&log), (1..=last).collect::<Vec<_>>());
    let (instance, jobs) = counts(&folder, 0, "jobs");
    assert_eq!(jobs["messages"], last);
    assert_eq!((&jobs["unread"], &jobs["dropped"]), (&0.into(), &0.into()));
    let restarts = instance["restarts"].as_u64().unwrap();
    assert!(restarts >= deaths, "{restarts}");
    assert!(jobs["redelivered"].as_u64().unwrap() >= restarts / 2, "{jobs}");
}

#[test]
fn a_reader_that_is_killed_at_any_moment_costs_what_it_had_read_whole_at_most() {
    let kills = rounds(20);
    let folder = folder(
        "[process.work]\ncommand = ['CHILD', 'exact-reader', 'log']\n\
         [channel.jobs]\nfrom = '-'\nto = 'work'\n",
    );
    let mut gipc = words("up -q --name counts --report r.json");
    let gipc = gipc.current_dir(folder.path()).env("XDG_RUNTIME_DIR", folder.path());
    let mut gipc = gipc.begin();
    let mut stdin = gipc.0.stdin.take().unwrap();
    let (done, is_done) = std::sync::mpsc::channel();
    let writing = std::thread::spawn(move || {
        let mut last = 0;
        // Until there were enough of them.
        while is_done.try_recv().is_err() {
            last += 1;
            stdin.write_all(message(last).as_bytes()).unwrap();
        }
        last
    });
    let log = folder.path().join("log");
    eventually(|| log.exists());
    let mut killed = 0;
    while killed < kills {
        // There is no event to wait for: any moment is to be hit.
        std::thread::sleep(Duration::from_micros(fastrand::u64(..3000)));
        let session = UnixStream::connect(folder.path().join("gipc/counts.sock")).unwrap();
        let request = br#"{"do":"signal","signal":"KILL","names":["work"]}"#;
        FrameWriter::new(&session, Framing::U32).blocking_put(request).unwrap();
        let mut replies = FrameReader::new(&session, Framing::U32, DEFAULT_MAX_MESSAGE);
        let reply = replies.blocking_get().unwrap().unwrap();
        // Else it was not running at that moment.
        killed += u64::from(reply.starts_with(br#"{"is":"done""#));
    }
    done.send(()).unwrap();
    let last = writing.join().unwrap();
    gipc.end().ended(0, "", "");
    let log = std::fs::read_to_string(log).unwrap();
    // Where a note crosses a page of the file, a kill can end it there.
    let notes = log.lines().filter_map(|note| note.strip_suffix('.'));
    let got: Vec<u64> = notes.map(|note| note.parse().unwrap()).collect();
    let wrong: Vec<_> = got.windows(2).filter(|pair| pair[0] >= pair[1]).collect();
    assert_eq!(wrong, Vec::<&[u64]>::new(), "in order, and none twice");
    // It reads one at a time, and notes it then: between these it may have been killed.
    let lost: u64 = got.windows(2).map(|pair| pair[1] - pair[0] - 1).sum();
    assert!(lost <= killed, "{lost} {killed}");
    assert_eq!(got.last(), Some(&last));
    let (instance, jobs) = counts(&folder, 0, "jobs");
    assert_eq!(jobs["messages"], last);
    assert!(instance["restarts"].as_u64().unwrap() <= killed);
}

/// A writer that dies so often; what is around its channel `jobs`, which numbers and letters come out
/// of.
fn mortal_writer(around: &str, letters: impl Fn(String) -> String) {
    let deaths = rounds(100);
    let last = deaths * MESSAGES;
    let folder = folder(&format!(
        "[process.gen]\ncommand = ['CHILD', 'mortal-writer', 'state', '{last}']\nrestart = 'on-failure'\n\
         [channel.jobs]\nfrom = 'gen'\n{around}"
    ));
    let ended = words("up -q --report r.json").current_dir(folder.path()).end();
    assert!(ended.text() == (1..=last).map(|seq| letters(message(seq))).collect::<String>());
    let cuts = std::fs::read_to_string(folder.path().join("state.cuts")).unwrap().len();
    assert!(cuts as u64 >= deaths, "{cuts}");
    // Those are told, and counted; each was sent again.
    ended.failed(1, &["channel `jobs`, truncated message from gen.1: "]);
    assert_eq!(ended.stderr.lines().count(), cuts);
    let (_, jobs) = counts(&folder, 0, "jobs");
    assert_eq!((&jobs["messages"], &jobs["truncated"]), (&last.into(), &cuts.into()));
}

#[test]
fn a_writer_that_dies_at_any_byte_sends_no_torn_message() {
    mortal_writer("to = '-'\n", |message| message);
}

#[test]
fn a_writer_that_dies_at_any_byte_has_each_message_answered_once() {
    let around = "to = 'work'\nack = 'reply'\nwindow = 16\n\
                  [process.work]\ncommand = ['CHILD', 'upper']\nrestart = 'on-failure'\n\
                  [channel.answers]\nfrom = 'work'\nto = '-'\n";
    mortal_writer(around, |message| message.to_uppercase());
}

#[test]
fn with_replies_every_message_is_answered_whenever_its_readers_die() {
    let deaths = rounds(100);
    let folder = folder(
        "[process.work]\nreplicas = 2\ncommand = ['CHILD', 'mortal-reader', 'log', 'answers']\n\
         [channel.jobs]\nfrom = '-'\nto = 'work'\nack = 'reply'\nwindow = 4\nretries = 1000000\n\
         [channel.results]\nfrom = 'work'\nto = '-'\n",
    );
    let last = deaths * MESSAGES;
    let input: String = (1..=last).map(message).collect();
    let ended = words("up -q --report r.json").current_dir(folder.path()).with_input(input);
    let mut answered = numbers(ended.text());
    answered.sort_unstable();
    // An answer that has come whole counts, be its sender dead by then; so none comes twice either.
    assert_eq!(answered, (1..=last).collect::<Vec<_>>());
    let (mut given, mut restarts, mut answers) = (0, 0, 0);
    for place in 0..2 {
        let (instance, jobs) = counts(&folder, place, "jobs");
        assert_eq!(jobs["dead"], 0);
        given += jobs["messages"].as_u64().unwrap();
        restarts += instance["restarts"].as_u64().unwrap();
        answers += counts(&folder, place, "results").1["messages"].as_u64().unwrap();
    }
    assert_eq!((given, answers), (last, last));
    assert!(restarts >= deaths, "{restarts}");
}
