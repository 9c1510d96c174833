//! What processes print: on a terminal, in a pipe, in files; whole, in bounded memory.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use nix::sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr};

use crate::support::*;
use crate::up::up;

/// The line with this number that `gipc-test-child lines` prints: of any length up to a hundred or
/// so, and each `long_every`-th of a million.
fn expected_line(number: u64, long_every: u64) -> String {
    let is_long = number % long_every == long_every - 1;
    let length = if is_long { 1_000_000 } else { (number * 7 % 90) as usize };
    let filler = char::from(b'a' + (number % 26) as u8);
    let mut line = number.to_string();
    line.push(' ');
    line.extend(std::iter::repeat_n(filler, length));
    line
}

/// The lines of eight writers, as `gipc-test-child lines` makes them.
struct Expected {
    count: u64,
    long_every: u64,
    next: [u64; 8],
}

impl Expected {
    /// Takes a line of `w.N | …`.
    #[track_caller]
    fn take(&mut self, line: &[u8]) {
        let start = String::from_utf8_lossy(&line[..line.len().min(100)]);
        let writer = line.strip_prefix(b"w.").unwrap_or_else(|| panic!("{start}"));
        let (writer, text) = (usize::from(writer[0] - b'1'), &writer[4..]);
        let number = &mut self.next[writer];
        let wanted = expected_line(*number, self.long_every);
        assert!(text == wanted.as_bytes(), "line {number} of w.{} is {start}", writer + 1);
        *number += 1;
    }

    #[track_caller]
    fn has_all(&self) {
        assert_eq!(self.next, [self.count; 8]);
    }
}

/// With `GIPC_TEST_ROUNDS=1250` ten million lines.
#[test]
fn many_lines_of_many_writers_are_whole_on_a_slow_terminal_and_in_files() {
    let (count, long_every) = (rounds(20) * 1000, 5000 * rounds(20).div_ceil(100));
    let folder = scratch();
    let toml = format!(
        r#"
        [process.w]
        command = ["{CHILD}", "lines", "{count}", "{long_every}"]
        replicas = 8
        log = "w.log"
        log_max_size = "8MiB"
        log_keep = 1000
        "#
    );
    let terminal = nix::pty::openpty(None, None).unwrap();
    let mut modes = tcgetattr(&terminal.slave).unwrap();
    cfmakeraw(&mut modes);
    tcsetattr(&terminal.slave, SetArg::TCSANOW, &modes).unwrap();
    let mut gipc = up(folder.path(), &toml);
    gipc.args(["--color", "never"]).stderr(Stdio::from(terminal.slave));
    let mut running = Running(gipc.spawn().unwrap());
    drop(gipc); // It has the terminal too.
    let mut supervisor = None;
    let mut memory = 0;
    let mut shown = Expected { count, long_every, next: [0; 8] };
    // It gives 4 KiB at a time at most: whoever fills it waits for us.
    let mut lines = BufReader::with_capacity(1 << 10, File::from(terminal.master));
    let mut line = Vec::new();
    for number in 0..8 * count {
        line.clear();
        lines.read_until(b'\n', &mut line).unwrap();
        // Behind the time of day.
        shown.take(line["12:34:56 ".len()..].strip_suffix(b"\n").unwrap());
        if number % 1000 == 0 {
            let supervisor = supervisor.get_or_insert_with(|| children(running.pid())[0]);
            memory = memory.max(peak_memory(*supervisor));
        }
    }
    assert!(running.0.wait().unwrap().success());
    shown.has_all();
    assert!(memory < 64 << 10, "{memory} KiB");
    let mut kept = Expected { count, long_every, next: [0; 8] };
    let mut files: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|it| it.unwrap().path()).collect();
    files.retain(|path| path.file_name().unwrap().to_string_lossy().starts_with("w.log"));
    // The oldest has the highest number; the current one has none.
    files.sort_by_key(|path| {
        path.extension().and_then(|it| it.to_str()?.parse::<i32>().ok()).map_or(0, |it| -it)
    });
    for file in &files {
        let size = fs::metadata(file).unwrap().len();
        assert!(size <= 8 << 20, "{}: {size}", file.display());
        for line in BufReader::new(File::open(file).unwrap()).split(b'\n') {
            kept.take(&line.unwrap());
        }
    }
    kept.has_all();
    eprintln!("{} lines, {memory} KiB at the most, {} files", 8 * count, files.len());
}

/// The most memory that a process has had, in KiB.
fn peak_memory(pid: i32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or(0, |line| line.split_whitespace().next().unwrap().parse().unwrap())
}

#[test]
fn lines_of_several_are_told_apart_and_whole() {
    let folder = scratch();
    let mut gipc = up(
        folder.path(),
        r#"
        [process.a]
        command = ["printf", 'one\ntwo\nno end']
        [process.longer]
        shell = "cat; echo error >&2"
        replicas = 2
        "#,
    );
    let ended = gipc.end();
    let mut lines: Vec<_> = ended.stderr.lines().collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "a.1      | no end",
            "a.1      | one",
            "a.1      | two",
            "longer.1 | error",
            "longer.2 | error",
        ]
    );
    assert_eq!(ended.code(), 0);
}

#[test]
fn lines_that_cannot_be_written_are_no_success() {
    let folder = scratch();
    for (command, code) in [("echo one", 125), ("exit 3", 3)] {
        let toml = format!("[process.it]\nshell = \"{command}\"\nrestart = \"never\"\n");
        let mut gipc = up(folder.path(), &toml);
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        assert_eq!(gipc.stderr(full).status().unwrap().code(), Some(code), "{command}");
    }
}

#[test]
fn lines_as_json_are_whole_and_say_whose_they_are() {
    let folder = scratch();
    let mut gipc = up(
        folder.path(),
        r#"
        [process.a]
        shell = '''printf 'say "hi"\n\ttab\r\n\377\n\nno end'; echo oops >&2'''
        [process.b]
        command = "false"
        restart = "never"
        "#,
    );
    let ended = gipc.args(["--log-format", "json"]).end();
    let lines = ended.stderr.lines().map(serde_json::from_str::<serde_json::Value>);
    let lines: Vec<_> = lines.map(|line| line.unwrap()).collect();
    let of = |stream: &str| -> Vec<_> {
        let own = lines.iter().filter(|line| line["instance"] == "a.1" && line["stream"] == stream);
        own.map(|line| line["line"].as_str().unwrap()).collect()
    };
    assert_eq!(of("stdout"), ["say \"hi\"", "\ttab\r", "\u{fffd}", "", "no end"]);
    assert_eq!(of("stderr"), ["oops"]);
    let own = lines.iter().find(|line| line["level"] == "WARN").unwrap();
    assert_eq!(own["message"], "b.1 ended: exit code 1");
    let is_time = |line: &serde_json::Value| line["timestamp"].as_str().unwrap().ends_with('Z');
    assert!(lines.iter().all(is_time));
}

#[test]
fn lines_go_to_a_log_file_too_which_is_rotated_and_reopened() {
    let folder = scratch();
    let mut gipc = up(
        folder.path(),
        r#"
        [process.it]
        shell = "echo one; read x <fifo; echo two"
        log = "it.log"
        "#,
    );
    let fifo = folder.path().join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let mut running = gipc.begin();
    running.stderr_until("one");
    let log = folder.path().join("it.log");
    fs::rename(&log, folder.path().join("old.log")).unwrap();
    running.signal(libc::SIGUSR2);
    while !log.exists() {
        std::thread::yield_now();
    }
    running.signal(libc::SIGUSR1);
    running.stderr_until("it.1  running");
    fs::write(fifo, "go\n").unwrap();
    assert_eq!(running.end().code(), 0);
    assert_eq!(fs::read_to_string(folder.path().join("old.log")).unwrap(), "one\n");
    assert_eq!(fs::read_to_string(log).unwrap(), "two\n");
}

#[test]
fn a_log_file_that_cannot_be_opened_is_told_before_anything_starts() {
    for (log, why) in [
        ("file/it.log", "File exists"),
        ("folder", "Is a directory"),
        ("fifo", "No such device or address"),
    ] {
        let folder = scratch();
        fs::create_dir(folder.path().join("folder")).unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        let fifo = folder.path().join("fifo");
        assert!(Command::new("mkfifo").arg(fifo).status().unwrap().success());
        let toml = format!("[process.it]\nshell = \"echo > started\"\nlog = \"{log}\"\n");
        let ended = up(folder.path(), &toml).end();
        ended.failed(125, &[&format!("cannot write the log file `{log}`: {why}")]);
        assert!(!folder.path().join("started").exists());
    }
}

#[test]
fn several_may_have_one_log_file_in_a_folder_that_is_made() {
    let folder = scratch();
    let mut gipc = up(
        folder.path(),
        r#"
        [defaults]
        log = "logs/all.log"
        [process.a]
        shell = "echo one; echo error >&2; printf 'no end'"
        [process.longer]
        command = "echo two"
        log = "./logs/../logs/all.log"
        replicas = 2
        [process.alone]
        command = "echo three"
        log = "logs/alone/alone.log"
        "#,
    );
    assert_eq!(gipc.end().code(), 0);
    let lines = |name: &str| {
        let text = fs::read_to_string(folder.path().join(name)).unwrap();
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    };
    assert_eq!(
        lines("logs/all.log"),
        [
            "a.1      | error",
            "a.1      | no end",
            "a.1      | one",
            "longer.1 | two",
            "longer.2 | two",
        ]
    );
    assert_eq!(lines("logs/alone/alone.log"), ["three"]);
}

#[test]
fn a_full_disk_under_a_log_file_is_said_once_and_stops_nobody() {
    let folder = scratch();
    let toml = "[process.it]\nshell = \"seq 100000\"\nlog = \"/dev/full\"\n";
    let ended = up(folder.path(), toml).end();
    let said = "gipc: cannot write the log file `/dev/full`: No space left on device (os error \
                28); lines are missing from it\n";
    assert_eq!(ended.stderr.matches(said).count(), 1, "{}", ended.stderr);
    assert_eq!(ended.stderr.replace(said, ""), seq(100_000));
    assert_eq!(ended.code(), 0);
}

#[test]
fn no_line_is_lost_when_the_rule_ends_it_and_the_reader_is_slow() {
    let folder = scratch();
    fs::write(
        folder.path().join("gipc.toml"),
        "exit = \"tests\"\n[process.tests]\nshell = \"seq 1 60000\"\n\
         [process.other]\ncommand = \"sleep 1000\"\n",
    )
    .unwrap();
    // Slower than any patience of gipc's; there is no event for time that passes.
    let script = format!("{GIPC} up 2>&1 | (sleep 2; grep -c '^tests.1 | ')");
    let mut shell = command("bash");
    shell.args(["-c", &script]).current_dir(folder.path()).end().said("60000\n");
}

#[test]
fn it_ends_with_whoever_reads_its_lines() {
    let script = format!("{GIPC} up -p a='while :; do echo x; sleep 0.01; done' 2>&1 | head -n 1");
    let script = format!("{script}; echo ${{PIPESTATUS[0]}}");
    // A session is named for its folder.
    let folder = scratch();
    command("bash").args(["-c", &script]).current_dir(folder.path()).end().said("x\n141\n");
}

#[test]
fn with_json_every_line_of_standard_error_is_an_object() {
    let folder = scratch();
    let toml = "name = 'all-json'\n\
                [process.bad]\nshell = 'echo wrong; read x < fifo; exit 3'\nrestart = 'never'\n\
                [process.next]\ncommand = 'true'\ndepends_on = { bad = 'completed_successfully' }\n";
    std::fs::write(folder.path().join("gipc.toml"), toml).unwrap();
    let fifo = folder.path().join("fifo");
    assert!(command("mkfifo").arg(&fifo).end().status.success());
    // It can be opened, and is full at the end.
    std::os::unix::fs::symlink("/dev/full", folder.path().join("report.json")).unwrap();
    let mut gipc = words("up -v --log-format json --report report.json");
    gipc.current_dir(folder.path()).env("GITHUB_ACTIONS", "true");
    let mut gipc = gipc.begin();
    let mut said = gipc.stderr_until("wrong");
    gipc.signal(libc::SIGUSR1);
    said += &gipc.stderr_until("because");
    std::fs::write(fifo, "\n").unwrap();
    let ended = gipc.end();
    said += &ended.stderr;
    assert_eq!(ended.code(), 125, "{said}");
    let lines: Vec<serde_json::Value> = said
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("`{line}` in: {said}")))
        .collect();
    assert!(lines.iter().all(|line| line["timestamp"].is_string()), "{said}");
    let has = |is_it: &dyn Fn(&serde_json::Value) -> bool| lines.iter().any(is_it);
    assert!(has(&|it| it["standing"]["name"] == "bad.1" && it["standing"]["state"] == "running"));
    assert!(has(&|it| it["reason"]["name"] == "next.1" && it["reason"]["root"] == "bad.1"));
    assert!(has(&|it| it["instance"] == "bad.1" && it["line"] == "wrong"));
    let last = lines.last().unwrap();
    let message = last["message"].as_str().unwrap();
    assert!(message.starts_with("cannot write the report `report.json`: No space"), "{last}");
    assert_eq!(last["level"], "ERROR");
}

#[test]
fn with_json_what_cannot_begin_is_told_in_an_object_too() {
    let ended = words("run --log-format json --record /no/such/r.jsonl -- true").end();
    assert_eq!(ended.code(), 125);
    let line: serde_json::Value = serde_json::from_str(&ended.stderr).unwrap();
    assert_eq!(
        line["message"],
        "cannot write the record `/no/such/r.jsonl`: No such file or directory (os error 2)"
    );
}
