//! How far a pool has come.

use std::fs;
use std::io::{Read, Write};
use std::process::{Command, Stdio};

use crate::support::*;

fn seq(last: u32) -> String {
    (1..=last).map(|number| format!("{number}\n")).collect()
}

/// What is on a terminal after all of this was written to it, as far as gipc makes use of one.
fn on_a_terminal(written: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for piece in written.split_inclusive(['\r', '\n']) {
        let (text, end) = piece.split_at(piece.trim_end_matches(['\r', '\n']).len());
        let text = match text.strip_prefix("\x1b[K") {
            Some(rest) => {
                lines.last_mut().unwrap().clear();
                rest
            }
            None => text,
        };
        lines.last_mut().unwrap().push_str(text);
        if end.ends_with('\n') {
            lines.push(String::new());
        }
    }
    lines
}

/// Runs with standard error on a terminal of 60 columns, and shows what was written there.
fn with_a_terminal(gipc: &mut Command, input: impl Into<Stdio>) -> (Ended, String) {
    let size = nix::pty::Winsize { ws_row: 24, ws_col: 60, ws_xpixel: 0, ws_ypixel: 0 };
    let pty = nix::pty::openpty(Some(&size), None).unwrap();
    let mut terminal = fs::File::from(pty.master);
    gipc.stdin(input).stdout(Stdio::piped()).stderr(pty.slave).env("TERM", "xterm");
    let child = gipc.spawn().unwrap();
    // Our copy of the other end: the terminal hangs up with the last one.
    gipc.stderr(Stdio::null());
    let reading = std::thread::spawn(move || {
        let mut written = Vec::new();
        // It ends with an error.
        let _ = terminal.read_to_end(&mut written);
        String::from_utf8(written).unwrap()
    });
    (Running(child).end(), reading.join().unwrap())
}

#[test]
fn on_a_terminal_a_bar_stands_below_whole_lines() {
    let folder = scratch();
    let input = folder.path().join("input");
    fs::write(&input, seq(400)).unwrap();
    // The last one takes so long that the bar is drawn once more, as it is every second.
    let worker = "while read m; do echo \"note $m\" >&2; [ $m != 7 ] || kill -9 $$; \
                  [ $m != 400 ] || sleep 1.5; echo $m; done";
    let run = |options: &str, input: Stdio| {
        let mut gipc = words(&format!("pool -j2 --retries 0 --wire stdio {options} -- bash -c"));
        let (ended, written) = with_a_terminal(gipc.arg(worker), input);
        assert_eq!((ended.code(), ended.text().lines().count()), (1, 399), "{written}");
        written
    };
    let written = run("--color never", fs::File::open(&input).unwrap().into());
    // The number of all is known from the beginning, as the input is a file.
    assert!(written.contains("/400 ") && written.contains("%, "), "{written:?}");
    assert!(written.contains(" left, 1 dead"), "{written:?}");
    let lines = on_a_terminal(&written);
    let mut statuses = written.split("\r\x1b[K").filter_map(|it| it.strip_prefix('['));
    assert!(statuses.all(|it| it.split(['\r', '\n']).next().unwrap().len() < 59), "{written:?}");
    let (last, notes) = lines.strip_suffix(&[String::new()]).unwrap().split_last().unwrap();
    assert!(last.starts_with("gipc: 400 messages done in "), "{last}");
    assert!(last.ends_with("/s, 1 dead"), "{last}");
    let mut numbers = Vec::new();
    for line in notes {
        // 12:34:56 bash.1 | note 17
        match line.split_once(" | note ") {
            Some((_, number)) => numbers.push(number.parse::<u32>().unwrap()),
            None => assert!(line.contains("bash.") && !line.contains('['), "{line}"),
        }
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=400).collect::<Vec<_>>());
    // Whoever wants none has none.
    for quiet in ["--progress=never", "-q"] {
        let written = run(quiet, fs::File::open(&input).unwrap().into());
        assert!(!written.contains("\r\x1b[K") && !written.contains("messages done"), "{written}");
    }
}

#[test]
fn the_number_of_all_is_known_when_all_have_come() {
    let (input, mut end) = std::io::pipe().unwrap();
    let writing = std::thread::spawn(move || end.write_all(seq(60).as_bytes()).unwrap());
    let worker = "while read m; do sleep 0.05; echo $m; done";
    let mut gipc = words("pool -j2 --wire stdio -- bash -c");
    let (ended, written) = with_a_terminal(gipc.arg(worker), input);
    writing.join().unwrap();
    assert_eq!(ended.text().lines().count(), 60);
    assert!(written.contains(" messages done in 0s"), "{written:?}");
    assert!(written.contains("/60 "), "{written:?}");
}

#[test]
fn without_a_terminal_progress_is_lines_and_only_where_it_is_asked_for() {
    let ended = words("pool --progress --wire stdio -- cat").with_input(seq(1000));
    ended.failed(0, &["gipc: 1,000 messages done in "]);
    words("pool -j1 --wire stdio -- cat").with_input(seq(10)).said(seq(10));
    let wrong = words("pool --progress --log-format json -- cat").end();
    wrong.failed(2, &["cannot be used with `--log-format json`"]);
    words("pool --progress --ack read -- cat")
        .end()
        .failed(2, &["cannot be used with `--ack read`"]);
    words("pool --progress=sometimes -- cat").end().failed(2, &["sometimes"]);
}
