//! POSIX: all that is asked of it by its arguments.

#![expect(clippy::print_stdout, clippy::exit, unsafe_code, reason = "a test program")]

use std::fs::{self, File};
use std::hint::black_box;
use std::io::{self, Read, Write};
use std::os::fd::FromRawFd;
use std::os::unix::process::CommandExt;
use std::process::{Command, exit};
use std::time::Duration;

use bytes::{Buf as _, BytesMut};
use gipc::frames::{FrameReader, FrameWriter};
use gipc::framing::{DEFAULT_MAX_MESSAGE, Decoder, Framing, Step};
use gipc::inherited::{self, Direction};

pub(crate) fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["show"] => show(),
        ["exit", code] => exit(code.parse().unwrap()),
        ["die", signal] => die(signal.parse().unwrap()),
        ["upper"] => upper(u64::MAX),
        ["crash-after", count] => {
            upper(count.parse().unwrap());
            die(libc::SIGKILL)
        }
        ["greedy-crash", count] => greedy_crash(count.parse().unwrap()),
        ["mortal-reader", log] => mortal_reader(log, false),
        ["mortal-reader", log, "answers"] => mortal_reader(log, true),
        ["exact-reader", log] => exact_reader(log),
        ["mortal-writer", state, last] => mortal_writer(state, last.parse().unwrap()),
        ["last-words"] => last_words(),
        ["half-frame"] => half_frame(),
        ["awkward"] => awkward(),
        ["lines", count, long_every] => {
            lines(count.parse().unwrap(), long_every.parse().unwrap());
        }
        ["hold-pipes"] => hold_pipes(),
        ["unreadable", fd] => {
            // SAFETY: the test declares it.
            drop(unsafe { File::from_raw_fd(fd.parse().unwrap()) });
            let mut command = Command::new("gipc");
            panic!("{}", command.arg("recv").exec());
        }
        ["nursery", what, micros, ready, ref command @ ..] => {
            nursery(what, micros.parse().unwrap(), ready == "ready", command);
        }
        ["work", what, count] => work(what, count.parse().unwrap()),
        ["with-signals-off", ref command @ ..] => with_signals_off(command),
        _ => panic!("unknown: {args:?}"),
    }
}

/// What this process was given, a line each.
fn show() {
    let mut fds: Vec<i32> = fs::read_dir("/proc/self/fd")
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_str().unwrap().parse().unwrap())
        .collect();
    // The last to be opened is the folder itself.
    fds.sort_unstable();
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let folder = fds.iter().position(|fd| fs::read_link(format!("/proc/self/fd/{fd}")).is_err());
    fds.remove(folder.unwrap());
    println!("fds {fds:?}");
    for line in status.lines().filter(|line| {
        ["SigBlk", "SigIgn", "Uid", "Gid", "Groups", "Umask"]
            .iter()
            .any(|key| line.starts_with(key))
    }) {
        println!("{}", line.replace(":\t", " ").replace('\t', " ").trim());
    }
    // SAFETY: plain system calls.
    unsafe {
        println!("leads its group {}", libc::getpgrp() == libc::getpid());
        println!("nice {}", libc::getpriority(libc::PRIO_PROCESS, 0));
        let blocking = |fd| libc::fcntl(fd, libc::F_GETFL) & libc::O_NONBLOCK == 0;
        println!("blocking {}", fds.iter().all(|fd| blocking(*fd)));
        let mut limit = std::mem::zeroed::<libc::rlimit>();
        libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit);
        println!("nofile {}:{}", limit.rlim_cur, limit.rlim_max);
    }
    println!("cwd {}", std::env::current_dir().unwrap().display());
    for (key, value) in std::env::vars() {
        println!("env {key}={value}");
    }
}

fn die(signal: i32) -> ! {
    // SAFETY: sends this process a signal.
    unsafe {
        let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        libc::setrlimit(libc::RLIMIT_CORE, &raw const none);
        libc::signal(signal, libc::SIG_DFL); // std has handlers of its own for some
        libc::kill(libc::getpid(), signal);
        libc::pause();
        exit(99)
    }
}

type Ends = (FrameReader<File>, FrameWriter<File>);

fn ends() -> Ends {
    let end = |direction| {
        let channel = inherited::channel(direction, None).unwrap();
        (File::from(channel.open().unwrap()), channel.framing)
    };
    let (read, framing_in) = end(Direction::In);
    let (write, framing_out) = end(Direction::Out);
    let reader = FrameReader::new(read, framing_in, DEFAULT_MAX_MESSAGE).exact();
    (reader, FrameWriter::new(write, framing_out))
}

/// Answers each message in upper case, so many at the most, and takes not a byte more.
fn upper(count: u64) {
    let (mut reader, mut writer) = ends();
    for _ in 0..count {
        let Some(message) = reader.blocking_get().unwrap() else { exit(0) };
        writer.blocking_put(&message.to_ascii_uppercase()).unwrap();
    }
}

/// Takes messages whole, answers, takes a part of the next one, and dies.
fn greedy_crash(count: u64) -> ! {
    upper(count);
    let mut part = [0; 6];
    let channel = inherited::channel(Direction::In, None).unwrap();
    if File::from(channel.open().unwrap()).read(&mut part).unwrap() == 0 {
        exit(0);
    }
    die(libc::SIGKILL)
}

/// A number below this one; another one in each incarnation.
fn random(below: u64) -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(0) % below
}

/// Message `seq`: its number, and so many letters that it tells its own length.
fn message(seq: u64) -> String {
    format!("{seq}:{}", "x".repeat((seq * 37 % 700) as usize))
}

/// The number of a message, which is whole.
fn number_of(payload: &[u8]) -> u64 {
    let text = std::str::from_utf8(payload).unwrap();
    let seq = text.split_once(':').unwrap().0.parse().unwrap();
    assert_eq!(text, message(seq), "torn");
    seq
}

fn log(path: &str) -> File {
    File::options().create(true).append(true).open(path).unwrap()
}

/// Reads in pieces of any size, notes each message that it has whole, and answers it if it is to;
/// and dies at any byte.
fn mortal_reader(path: &str, answers: bool) -> ! {
    let channel = inherited::channel(Direction::In, None).unwrap();
    let mut pipe = File::from(channel.open().unwrap());
    let mut decoder = Decoder::new(channel.framing, DEFAULT_MAX_MESSAGE);
    let mut writer = answers.then(|| ends().1);
    let (mut log, mut buffer) = (log(path), Vec::new());
    let mut left = random(8000) as usize + 1;
    while left > 0 {
        let mut piece = vec![0; left.min(random(3000) as usize + 1)];
        let read = pipe.read(&mut piece).unwrap();
        if read == 0 {
            exit(0);
        }
        left -= read;
        buffer.extend_from_slice(&piece[..read]);
        while let Step::Frame(frame) = decoder.decode(&buffer).unwrap() {
            let payload = &buffer[frame.payload.clone()];
            writeln!(log, "{}", number_of(payload)).unwrap();
            if let Some(writer) = &mut writer {
                writer.blocking_put(payload).unwrap();
            }
            buffer.drain(..frame.len);
        }
    }
    die(libc::SIGKILL)
}

/// Takes one message at a time, and notes it: a note that a kill has cut off has no end.
fn exact_reader(path: &str) {
    let channel = inherited::channel(Direction::In, None).unwrap();
    let pipe = File::from(channel.open().unwrap());
    let mut reader = FrameReader::new(pipe, channel.framing, DEFAULT_MAX_MESSAGE).exact();
    let mut log = log(path);
    while let Some(message) = reader.blocking_get().unwrap() {
        log.write_all(format!("\n{}.", number_of(&message)).as_bytes()).unwrap();
    }
}

/// Sends the messages up to this one, from the first that was not sent whole, and dies at any byte.
fn mortal_writer(path: &str, last: u64) {
    let channel = inherited::channel(Direction::Out, None).unwrap();
    let mut pipe = File::from(channel.open().unwrap());
    let sent = fs::read_to_string(path).map_or(0, |sent| sent.parse().unwrap());
    for seq in sent + 1..=last {
        let mut frame = FrameWriter::new(Vec::new(), channel.framing);
        frame.blocking_put(message(seq).as_bytes()).unwrap();
        let frame = frame.into_inner();
        if random(10) == 0 {
            let part = random(frame.len() as u64) as usize;
            pipe.write_all(&frame[..part]).unwrap();
            if part > 0 {
                log(&format!("{path}.cuts")).write_all(b".").unwrap();
            }
            die(libc::SIGKILL);
        }
        pipe.write_all(&frame).unwrap();
        fs::write(path, seq.to_string()).unwrap();
    }
}

/// A line and a message, and not a moment to lose.
fn last_words() -> ! {
    ends().1.blocking_put(b"message").unwrap();
    // SAFETY: writes a static string; ends at once.
    unsafe {
        libc::write(1, c"line".as_ptr().cast(), 4);
        libc::_exit(7)
    }
}

fn half_frame() {
    let channel = inherited::channel(Direction::Out, None).unwrap();
    File::from(channel.open().unwrap()).write_all(b"\0\0\0\x05whole\0\0\0\x0aha").unwrap();
}

/// Numbered lines of any length, each `long_every`-th of them of a million bytes; no newline at the
/// end. They are written as they fit into a buffer, and so in pieces.
fn lines(count: u64, long_every: u64) {
    let mut stdout = io::BufWriter::new(File::create("/dev/stdout").unwrap());
    for number in 0..count {
        let is_long = number % long_every == long_every - 1;
        let length = if is_long { 1_000_000 } else { (number * 7 % 90) as usize };
        let filler = b'a' + (number % 26) as u8;
        let newline = if number == 0 { "" } else { "\n" };
        write!(stdout, "{newline}{number} ").unwrap();
        stdout.write_all(&vec![filler; length]).unwrap();
    }
    stdout.flush().unwrap();
}

fn fork(child: impl FnOnce()) {
    // SAFETY: this program has one thread.
    if unsafe { libc::fork() } == 0 {
        child();
        exit(0);
    }
}

fn pause() -> ! {
    loop {
        // SAFETY: waits for a signal.
        unsafe { libc::pause() };
    }
}

fn ignore(signals: &[i32]) {
    for signal in signals {
        // SAFETY: sets a disposition.
        unsafe { libc::signal(*signal, libc::SIG_IGN) };
    }
}

/// One process and five descendants, each of which is hard to get rid of in its own way.
fn awkward() -> ! {
    fork(|| pause());
    fork(|| {
        ignore(&[libc::SIGHUP]);
        pause()
    });
    fork(|| {
        ignore(&[libc::SIGTERM, libc::SIGINT, libc::SIGHUP]);
        pause()
    });
    fork(|| {
        // SAFETY: a plain system call.
        unsafe { libc::setsid() };
        pause()
    });
    fork(|| {
        // SAFETY: a plain system call.
        unsafe { libc::setsid() };
        fork(|| pause());
    });
    println!("ready");
    pause()
}

/// Ends at once, and leaves a child behind that keeps its descriptors and minds no signal.
fn hold_pipes() {
    ignore(&[libc::SIGTERM, libc::SIGINT, libc::SIGHUP]);
    fork(|| pause());
}

fn children(pid: i32) -> Vec<i32> {
    let list = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    list.split_whitespace().map(|pid| pid.parse().unwrap()).collect()
}

/// Starts a gipc, kills of it what it is told to after so long, and waits until nothing that
/// descends from it is left: as a subreaper this process is told of each end. Ends with 1 when
/// something is left.
fn nursery(what: &str, micros: u64, wait_until_ready: bool, command: &[&str]) {
    // SAFETY: plain system calls; this program has one thread.
    unsafe {
        libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
        let (mut read, write) = io::pipe().unwrap();
        let mut gipc = Command::new(command[0]);
        gipc.args(&command[1..]).stdout(write.try_clone().unwrap()).process_group(0);
        if what == "stdin" {
            gipc.stdin(std::process::Stdio::piped());
        }
        #[expect(clippy::zombie_processes, reason = "waitpid below waits for every child")]
        let mut gipc = gipc.spawn().unwrap();
        drop(write);
        let guard = gipc.id() as i32;
        if wait_until_ready {
            let mut byte = [0];
            while read.read(&mut byte).unwrap() == 1 && byte != *b"\n" {}
        }
        while what.ends_with("supervisor") && children(guard).is_empty() {}
        // The moment itself is what is to be random here: there is no event to wait for.
        std::thread::sleep(Duration::from_micros(micros));
        let kill = |pids: &[i32], signal| {
            for pid in pids {
                libc::kill(*pid, signal);
            }
        };
        let supervisor = children(guard);
        match what {
            "guard" => kill(&[guard], libc::SIGKILL),
            "supervisor" => kill(&supervisor, libc::SIGKILL),
            "group" => kill(&[-guard], libc::SIGKILL),
            "both" => kill(&[&[guard], &supervisor[..]].concat(), libc::SIGKILL),
            "stop-guard" | "stop-supervisor" => {
                kill(&[guard], libc::SIGTERM);
                std::thread::sleep(Duration::from_micros(micros / 2));
                let victim = if what == "stop-guard" { vec![guard] } else { supervisor };
                kill(&victim, libc::SIGKILL);
            }
            "term" => kill(&[guard], libc::SIGTERM),
            "int" => kill(&[guard], libc::SIGINT),
            "stdin" => drop(gipc.stdin.take()),
            "nothing" => {}
            _ => panic!("unknown: {what}"),
        }
        libc::alarm(20);
        libc::signal(libc::SIGALRM, report_survivors as extern "C" fn(i32) as usize);
        while libc::waitpid(-1, std::ptr::null_mut(), 0) > 0 {}
    }
}

extern "C" fn report_survivors(_: i32) {
    let left = children(std::process::id() as i32);
    for pid in &left {
        let command = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        println!("left behind: {pid} {}", command.replace('\0', " "));
        // SAFETY: it is our child.
        unsafe { libc::kill(*pid, libc::SIGKILL) };
    }
    exit(1)
}

/// Runs a command as a careless parent would: signals blocked and ignored, descriptors left open.
fn with_signals_off(command: &[&str]) -> ! {
    ignore(&(1..=64).collect::<Vec<_>>());
    for _ in 0..3 {
        // SAFETY: opens a file without close-on-exec, and leaves it.
        unsafe { libc::open(c"/dev/null".as_ptr(), libc::O_RDWR) };
    }
    // SAFETY: changes this process's own mask.
    unsafe {
        let mut all = std::mem::zeroed();
        libc::sigfillset(&raw mut all);
        libc::sigprocmask(libc::SIG_BLOCK, &raw const all, std::ptr::null_mut());
    }
    panic!("{}", Command::new(command[0]).args(&command[1..]).exec())
}

/// A part of what gipc does all the time, so often: `tests/costs` counts what it takes.
fn work(what: &str, count: usize) {
    const MESSAGE: [u8; 64] = [7; 64];
    let frames = || {
        let mut frames = BytesMut::new();
        (0..count).for_each(|_| Framing::U32.encode(&MESSAGE, &mut frames).unwrap());
        frames.freeze()
    };
    match what {
        // With all others but `spawn`: what they take more is their own.
        "encode" => drop(black_box(frames())),
        "decode" => {
            let frames = frames().reader();
            let mut reader = FrameReader::new(frames, Framing::U32, DEFAULT_MAX_MESSAGE);
            while let Some(message) = reader.blocking_get().unwrap() {
                black_box(message);
            }
        }
        "batch" => {
            let frames = frames();
            let mut reader = FrameReader::new(&frames[..], Framing::U32, DEFAULT_MAX_MESSAGE);
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(async {
                while let Some(batch) = reader.batch().await.unwrap() {
                    black_box(batch);
                }
            });
        }
        "lend" => {
            let frames = frames().reader();
            let mut reader = FrameReader::new(frames, Framing::U32, DEFAULT_MAX_MESSAGE);
            while let Some(message) = reader.blocking_next_ref().unwrap() {
                black_box(message);
            }
        }
        "turns" => {
            let (reader, writer) = gipc::blocking::pipe().unwrap();
            let (answers, answer) = gipc::blocking::pipe().unwrap();
            let this = std::env::current_exe().unwrap();
            let echo = gipc::Command::new(this).args(["work", "echo", "0"]);
            let echo = echo.channel("in", reader).channel("out", answer).spawn().unwrap();
            let mut answers = answers.into_messages().unwrap();
            for _ in 0..count {
                writer.put(&MESSAGE).unwrap();
                answers.next_ref().unwrap().unwrap();
            }
            drop(writer);
            echo.reap().unwrap();
        }
        "echo" => {
            let channels = gipc::blocking::inherited().unwrap();
            let (reader, writer) =
                (channels.reader("in").unwrap(), channels.writer("out").unwrap());
            let mut messages = reader.into_messages().unwrap();
            while let Some(message) = messages.next_ref().unwrap() {
                writer.put(message).unwrap();
            }
        }
        "turns-in-a-runtime" => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                let (reader, writer) = gipc::pipe().unwrap();
                let (answers, answer) = gipc::pipe().unwrap();
                let this = std::env::current_exe().unwrap();
                let echo = gipc::Command::new(this).args(["work", "echo-in-a-runtime", "0"]);
                let echo = echo.channel("in", reader).channel("out", answer).spawn().unwrap();
                for _ in 0..count {
                    writer.put(&MESSAGE).await.unwrap();
                    answers.get().await.unwrap().unwrap();
                }
                drop(writer);
                echo.join().await.unwrap();
            });
        }
        "echo-in-a-runtime" => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                let channels = gipc::inherited().unwrap();
                let reader = channels.reader("in").unwrap();
                let writer = channels.writer("out").unwrap();
                while let Some(message) = reader.get().await.unwrap() {
                    writer.put(&message).await.unwrap();
                }
            });
        }
        "spawn" => {
            for _ in 0..count {
                let child = gipc::Command::new("/bin/true").spawn().unwrap();
                assert!(child.reap().unwrap().0.success());
            }
        }
        _ => panic!("unknown: {what}"),
    }
}
