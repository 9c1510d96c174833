//! `gipc pool` beside those who share out work otherwise: the same messages of 100 B, two workers.
//!
//! A worker is this program again, and takes as long for a message as it is told to. Peers that run
//! a command for each message run one that takes as long and ends.

use std::io::{self, BufRead as _, Write as _};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::library::CHILD;
use crate::measure::{Contender, in_turn, per_second};
use crate::peers::{Peers, is_there};
use crate::program::GIPC;
use crate::rows::{OURS, Row};

/// What a message is, with its newline where it is a line.
const SIZE: usize = 100;

/// How many messages a worker has, beside the one that it is at, where that is said.
const WINDOW: &str = "64";

/// All that gipc's row has under other names.
const ONE_AT_A_TIME: &str = "gipc, --window 1";

/// What a worker takes for a message.
#[derive(Clone, Copy)]
struct Task {
    micros: u64,
    /// How many messages whoever has workers that stay gets, and how many the others.
    many: usize,
    few: usize,
}

/// All rows of the pool.
pub(crate) fn rows(peers: &Peers, rounds: usize) -> Vec<Row> {
    let rounds = rounds.min(3);
    let nothing = Task { micros: 0, many: 300_000, few: 100 };
    let mut rows = vec![
        by_time("pool, 2 workers that do nothing", nothing, peers, rounds)
            .reach("≥ 300 k/s", |row| Some(row.ours()? >= 300e3)),
    ];
    let a_millisecond = Task { micros: 1_000, many: 4_000, few: 100 };
    let much = Task { micros: 100_000, many: 40, few: 40 };
    for (work, task) in
        [("pool, 2 workers, 1 ms each", a_millisecond), ("pool, 2 workers, 100 ms each", much)]
    {
        let row = by_time(work, task, peers, rounds);
        rows.push(row.reach("≥ 0.95 of sleep alone", |row| Some(row.ratio()? >= 0.95)));
    }
    rows.extend(SCRIPTS.iter().filter_map(|script| by_language(script, rounds)));
    rows
}

fn by_time(work: &'static str, task: Task, peers: &Peers, rounds: usize) -> Row {
    let Task { micros, many, few } = task;
    let limit = match micros {
        0 => Contender::new("the workers alone", move || alone(&worker(0), many)),
        _ => Contender::new("sleep alone", move || sleep_alone(task)),
    };
    let figures = in_turn(
        rounds,
        vec![
            limit,
            Contender::new(OURS, move || pool(&["--window", WINDOW], &worker(micros), many)),
            Contender::new(ONE_AT_A_TIME, move || {
                let many = if micros == 0 { many / 3 } else { many };
                pool(&["--window", "1"], &worker(micros), many)
            }),
            Contender::perhaps("multiprocessing.Pool.imap", move || {
                peers.pool("imap", many.min(10_000), micros)
            }),
            Contender::perhaps("multiprocessing.Pool.map, chunks", move || {
                peers.pool("map", many, micros)
            }),
            Contender::perhaps("concurrent.futures", move || {
                peers.pool("futures", many.min(4_000), micros)
            }),
            Contender::perhaps("GNU parallel --pipe", move || {
                let block = (SIZE * many / 20).max(SIZE).to_string();
                let command = ["parallel", "--pipe", "-j2", "--block", &block];
                shared_out(&command, &worker(micros), many)
            }),
            Contender::perhaps("GNU parallel, a job each", move || {
                shared_out(&["parallel", "-j2"], &job(micros), few)
            }),
            Contender::perhaps("xargs -P2, a job each", move || {
                shared_out(&["xargs", "-P2", "-n1"], &job(micros), few)
            }),
        ],
    );
    Row::new("P12", work, "messages/s", figures)
}

/// A worker in a language that many know, and which program runs it.
struct Script {
    work: &'static str,
    line: &'static [&'static str],
    count: usize,
}

const SCRIPTS: [Script; 3] = [
    Script {
        work: "pool, 2 workers in bash",
        line: &["bash", "-c", "while IFS= read -r m; do printf '%s\\n' \"$m\"; done"],
        count: 50_000,
    },
    Script {
        work: "pool, 2 workers in Python",
        line: &[
            "python3",
            "-uc",
            "import sys\nfor m in sys.stdin.buffer: sys.stdout.buffer.write(m)",
        ],
        count: 200_000,
    },
    Script {
        work: "pool, 2 workers in Node",
        line: &[
            "node",
            "-e",
            "require('readline').createInterface({ input: process.stdin })\
             .on('line', m => process.stdout.write(m + '\\n'))",
        ],
        count: 100_000,
    },
];

fn by_language(script: &Script, rounds: usize) -> Option<Row> {
    let Script { work, line, count } = *script;
    if !is_there(line[0]) {
        return None;
    }
    let line: Vec<String> = line.iter().map(|&word| word.to_owned()).collect();
    let line = &line;
    let figures = in_turn(
        rounds,
        vec![
            Contender::new("the workers alone", move || alone(line, count)),
            Contender::new(OURS, move || pool(&["--window", WINDOW], line, count)),
            Contender::new(ONE_AT_A_TIME, move || pool(&["--window", "1"], line, count / 2)),
        ],
    );
    let row = Row::new("P12", work, "messages/s", figures);
    Some(row.reach("≥ 0.8 of the workers alone", |row| Some(row.ratio()? >= 0.8)))
}

/// How a worker is started that takes lines on its standard input, and so long for each.
fn worker(micros: u64) -> Vec<String> {
    this("pool-worker", micros)
}

/// How a command is started that is for one message, its argument.
fn job(micros: u64) -> Vec<String> {
    this("pool-job", micros)
}

fn this(what: &str, micros: u64) -> Vec<String> {
    let this = std::env::current_exe().expect("this program");
    vec![this.display().to_string(), CHILD.to_owned(), what.to_owned(), micros.to_string()]
}

/// What those do; whether it is one of them.
pub(crate) fn be_a_worker(what: &str, micros: u64) -> bool {
    let pause = Duration::from_micros(micros);
    match what {
        "pool-job" => {
            std::thread::sleep(pause);
            io::stdout().write_all(b"done\n").expect("a reader");
        }
        "pool-worker" => work(pause).expect("streams"),
        _ => return false,
    }
    true
}

fn work(pause: Duration) -> io::Result<()> {
    let (mut input, mut output) = (io::BufReader::new(io::stdin().lock()), Vec::new());
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line)? > 0 {
        if !pause.is_zero() {
            std::thread::sleep(pause);
        }
        output.append(&mut line);
        // As any worker: what can be answered now is, before it waits.
        if !input.buffer().contains(&b'\n') {
            io::stdout().write_all(&output)?;
            output.clear();
        }
    }
    Ok(())
}

fn messages(count: usize) -> Vec<u8> {
    (0..count)
        .flat_map(|number| format!("{number:0width$}\n", width = SIZE - 1).into_bytes())
        .collect()
}

/// Gives a command this many messages, a line each, and takes as many answers: messages a second.
fn through(mut command: Command, count: usize) -> f64 {
    let messages = messages(count);
    let start = Instant::now();
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the command");
    let mut stdin = child.stdin.take().expect("piped");
    let sending = std::thread::spawn(move || stdin.write_all(&messages));
    let answers = crate::program::count_lines(child.stdout.take().expect("piped"));
    let rate = per_second(count, start.elapsed());
    assert_eq!(answers.expect("its answers"), count);
    sending.join().expect("a thread").expect("a reader");
    assert!(child.wait().is_ok_and(|status| status.success()));
    rate
}

fn pool(options: &[&str], worker: &[String], count: usize) -> f64 {
    let mut command = Command::new(GIPC);
    command.args(["pool", "-q", "-j2", "--wire", "stdio"]).args(options).arg("--").args(worker);
    through(command, count)
}

/// Each of two workers has its half, and nobody is between.
fn alone(worker: &[String], count: usize) -> f64 {
    let start = Instant::now();
    let halves = [0, 1].map(|_| {
        let mut command = Command::new(&worker[0]);
        command.args(&worker[1..]);
        std::thread::spawn(move || through(command, count / 2))
    });
    for half in halves {
        half.join().expect("a thread");
    }
    per_second(count, start.elapsed())
}

/// Nothing but the time that two workers take at least.
fn sleep_alone(task: Task) -> f64 {
    let start = Instant::now();
    let halves = [0, 1].map(|_| {
        std::thread::spawn(move || {
            (0..task.many / 2).for_each(|_| std::thread::sleep(Duration::from_micros(task.micros)));
        })
    });
    for half in halves {
        half.join().expect("a thread");
    }
    per_second(task.many, start.elapsed())
}

/// By a program that starts workers or jobs; `None` where it is not there.
fn shared_out(sharer: &[&str], command: &[String], count: usize) -> Option<f64> {
    if !is_there(sharer[0]) {
        return None;
    }
    let mut whole = Command::new(sharer[0]);
    whole.args(&sharer[1..]).args(command);
    Some(through(whole, count))
}
