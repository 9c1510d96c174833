//! Ours, the program: whole processes, beside those that do a part of the same.

use std::fs;
use std::io::{self, BufRead as _, BufReader, Read, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::limits;
use crate::measure::{micros, millis, per_second};
use crate::peers::is_there;

const BUILT: &str = env!("CARGO_BIN_EXE_gipc");

pub(crate) const GIPC: &str = concat!(env!("CARGO_BIN_EXE_gipc"), "-as-installed");

/// Builds it anew as its users have it: the one that there is has what only benches and tests need.
/// It is copied, as `cargo install` does: what a linker has written here and there lies in pieces in
/// the system's page cache, which takes a start longer.
pub(crate) fn build() -> io::Result<()> {
    let folder = Path::new(BUILT).ancestors().nth(2).expect("target/release/gipc");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--locked", "--release", "--bin", "gipc", "--target-dir"]).arg(folder);
    match cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status()?.success() {
        true => fs::copy(BUILT, GIPC).map(drop),
        false => Err(io::Error::other("gipc could not be built")),
    }
}

/// After this a gipc at rest has given back what only its start has needed.
const SETTLED: Duration = Duration::from_secs(2);

/// A line of the lines that are passed on, with its newline.
const LINE: usize = 91;
const WRITERS: usize = 8;

/// Runs it to its end: milliseconds.
pub(crate) fn run(line: &[&str]) -> f64 {
    let start = Instant::now();
    let status = quiet(line).status();
    assert!(status.is_ok_and(|status| status.success()), "{line:?}");
    millis(start.elapsed())
}

/// As [`run`], where it is there at all.
pub(crate) fn run_if_there(line: &[&str]) -> Option<f64> {
    is_there(line[0]).then(|| run(line))
}

fn quiet(line: &[&str]) -> Command {
    let mut command = Command::new(line[0]);
    // Cargo's, with folders that would be looked through for every library.
    command.env_remove("LD_LIBRARY_PATH");
    command.args(&line[1..]).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// TERM to something that stands guard over a sleeper: milliseconds to its end.
pub(crate) fn time_to_stop(line: &[&str]) -> Option<f64> {
    if !line[0].contains('/') && !is_there(line[0]) {
        return None;
    }
    let mut child = quiet(line).spawn().expect("a guard");
    // Its sleeper is there when it sleeps.
    while !sleeps(child.id()) {
        std::thread::yield_now();
    }
    let start = Instant::now();
    terminate(&child);
    child.wait().expect("our child");
    Some(millis(start.elapsed()))
}

/// Is this process `sleep`, or has it one below it that has come as far as to sleep?
fn sleeps(pid: u32) -> bool {
    let is_asleep = || {
        fs::read_to_string(format!("/proc/{pid}/syscall")).is_ok_and(|it| it.starts_with("230 "))
    };
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    if name == "sleep\n" { is_asleep() } else { children(pid).into_iter().any(sleeps) }
}

pub(crate) fn children(pid: u32) -> Vec<u32> {
    let list = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
    list.unwrap_or_default().split_whitespace().flat_map(str::parse).collect()
}

fn terminate(child: &Child) {
    // SAFETY: plain system call on numbers; the child is ours and unreaped.
    unsafe { libc::kill(child.id() as libc::pid_t, libc::SIGTERM) };
}

/// What both processes of a gipc at rest hold, in kilobytes: pages that they share counted once, and
/// each for itself, as `ps` counts.
pub(crate) fn idle_memory() -> (f64, f64) {
    let mut gipc = quiet(&[GIPC, "exec", "--", "sleep", "1000"]).spawn().expect("gipc");
    while !sleeps(gipc.id()) {
        std::thread::yield_now();
    }
    std::thread::sleep(SETTLED);
    let both = [gipc.id(), children(gipc.id())[0]];
    let memory = [("smaps_rollup", "Pss:"), ("status", "VmRSS:")]
        .map(|(file, field)| both.iter().map(|pid| kilobytes(*pid, file, field)).sum());
    terminate(&gipc);
    gipc.wait().expect("our child");
    memory.into()
}

/// What a further idle worker costs the supervisor, in kilobytes.
pub(crate) fn memory_per_worker() -> f64 {
    const FURTHER: usize = 1000;
    let memory = |replicas| {
        let session = Session::up(replicas);
        std::thread::sleep(SETTLED);
        let pss = kilobytes(session.supervisor(), "smaps_rollup", "Pss:");
        session.down();
        pss
    };
    (memory(1 + FURTHER) - memory(1)) / FURTHER as f64
}

pub(crate) fn kilobytes(pid: u32, file: &str, field: &str) -> f64 {
    let text = fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(field));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.unwrap_or_default()
}

/// A running `gipc up` with sleepers.
struct Session {
    gipc: Child,
    folder: tempfile::TempDir,
}

impl Session {
    /// Comes back when all are up.
    fn up(replicas: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let description = format!(
            "[process.worker]\ncommand = \"sleep 1000\"\nreplicas = {replicas}\n\
             [process.last]\nshell = \"echo up; exec sleep 1000\"\ndepends_on = [\"worker\"]\n"
        );
        fs::write(folder.path().join("gipc.toml"), description).expect("a file");
        let mut command = Command::new(GIPC);
        command.arg("up").current_dir(folder.path()).stderr(Stdio::piped());
        let mut gipc = command.spawn().expect("gipc");
        let stderr = gipc.stderr.as_mut().expect("piped");
        let mut line = String::new();
        // Byte by byte: what follows is for nobody, and must find its pipe open.
        BufReader::with_capacity(1, stderr).read_line(&mut line).expect("its lines");
        assert!(line.contains("up"), "{line}");
        Self { gipc, folder }
    }

    fn supervisor(&self) -> u32 {
        children(self.gipc.id())[0]
    }

    fn down(mut self) {
        terminate(&self.gipc);
        let mut rest = Vec::new();
        self.gipc.stderr.take().expect("piped").read_to_end(&mut rest).expect("its lines");
        self.gipc.wait().expect("our child");
        self.folder.close().expect("our folder");
    }
}

/// How many descriptors a process may have, at the most.
pub(crate) fn descriptors() -> usize {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: getrlimit fills in what it is given.
    unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) };
    limit.rlim_max as usize
}

/// How many gipc needs for so many instances without channels: their two outputs and a pidfd each.
pub(crate) fn descriptors_for(instances: usize) -> usize {
    // Those that come first have one more that waits for them.
    3 * (instances + 1) + 64
}

/// So many instances up, then down: milliseconds.
pub(crate) fn up_and_down(instances: usize) -> f64 {
    let start = Instant::now();
    Session::up(instances).down();
    millis(start.elapsed())
}

/// The same number of bare processes, started, terminated, reaped.
pub(crate) fn bare_up_and_down(instances: usize) -> f64 {
    let start = Instant::now();
    let sleepers: Vec<_> =
        (0..instances).map(|_| Command::new("sleep").arg("1000").spawn().expect("sleep")).collect();
    sleepers.iter().for_each(terminate);
    for mut sleeper in sleepers {
        sleeper.wait().expect("our child");
    }
    millis(start.elapsed())
}

/// From the end of an incarnation to the start of the next: milliseconds for one round of starting a
/// command that fails at once.
pub(crate) fn restart(rounds: usize) -> f64 {
    let restarts = format!("{rounds}/1h");
    let line = [GIPC, "exec", "-q", "--restart", "on-failure", "--backoff", "0s..0s"];
    let mut command = quiet(&line);
    command.args(["--max-restarts", &restarts, "--", "/bin/false"]);
    let start = Instant::now();
    let status = command.status().expect("gipc");
    assert_eq!(status.code(), Some(1));
    millis(start.elapsed()) / (rounds + 1) as f64
}

/// The same without anybody who looks.
pub(crate) fn bare_restart(rounds: usize) -> f64 {
    let start = Instant::now();
    (0..rounds).for_each(|_| limits::vfork_and_wait(c"/bin/false"));
    millis(start.elapsed()) / rounds as f64
}

/// What eight writers print comes out of `command` as lines with a prefix: lines a second.
fn lines_through(mut command: Command, count: usize) -> f64 {
    let start = Instant::now();
    let mut child = command.spawn().expect("the command");
    let (out, error) = (child.stdout.take(), child.stderr.take());
    let count_in = |stream: Box<dyn Read>| count_lines(stream).expect("its lines");
    let lines =
        out.map_or(0, |it| count_in(Box::new(it))) + error.map_or(0, |it| count_in(Box::new(it)));
    child.wait().expect("our child");
    let rate = per_second(lines, start.elapsed());
    assert_eq!(lines, count * WRITERS);
    rate
}

pub(crate) fn count_lines(mut stream: impl Read) -> io::Result<usize> {
    let (mut buffer, mut lines) = (vec![0; 256 << 10], 0);
    loop {
        match stream.read(&mut buffer)? {
            0 => return Ok(lines),
            read => lines += memchr::memchr_iter(b'\n', &buffer[..read]).count(),
        }
    }
}

/// How a writer of lines is started.
fn writer(count: usize) -> String {
    let this = std::env::current_exe().expect("this program");
    format!("{} {} lines {count} {LINE}", this.display(), crate::library::CHILD)
}

/// What a writer does.
pub(crate) fn write_lines(count: usize) {
    let mut line = [b'x'; LINE];
    line[LINE - 1] = b'\n';
    let many = line.repeat(700);
    let mut out = io::stdout().lock();
    let mut left = count;
    while left > 0 {
        let now = left.min(700);
        out.write_all(&many[..now * LINE]).expect("a reader");
        left -= now;
    }
}

pub(crate) fn lines(count: usize) -> f64 {
    let mut command = Command::new(GIPC);
    command.arg("up").stdout(Stdio::null()).stderr(Stdio::piped());
    for number in 1..=WRITERS {
        command.arg("-p").arg(format!("writer{number}={}", writer(count)));
    }
    lines_through(command, count)
}

pub(crate) fn lines_through_parallel(count: usize) -> Option<f64> {
    if !is_there("parallel") {
        return None;
    }
    let mut command = Command::new("parallel");
    command.args(["--line-buffer", "--tag", "-j", "8", ":::"]);
    command.args((0..WRITERS).map(|_| writer(count)));
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    Some(lines_through(command, count))
}

/// Nothing between: the writers, one after the other, into a pipe.
pub(crate) fn lines_as_they_are(count: usize) -> f64 {
    let mut command = Command::new("sh");
    let all = format!("for n in 1 2 3 4 5 6 7 8; do {}; done", writer(count));
    command.args(["-c", &all]).stdout(Stdio::piped());
    lines_through(command, count)
}

/// Spawn, exec, reap, by the library: microseconds.
pub(crate) fn spawn_true() -> f64 {
    let start = Instant::now();
    gipc::Command::new("/bin/true").spawn().expect("/bin/true").reap().expect("our child");
    micros(start.elapsed())
}

pub(crate) fn vfork_true() -> f64 {
    let start = Instant::now();
    limits::vfork_and_wait(c"/bin/true");
    micros(start.elapsed())
}
