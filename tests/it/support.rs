//! Starting gipc and looking at what it does.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::Once;
use std::time::{Duration, Instant};

pub(crate) const GIPC: &str = env!("CARGO_BIN_EXE_gipc");
pub(crate) const CHILD: &str = env!("CARGO_BIN_EXE_gipc-test-child");

/// The root of the project.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where `gipc` can be found by workers that call it.
fn path() -> String {
    let folder = Path::new(GIPC).parent().unwrap().display();
    format!("{folder}:{}", std::env::var("PATH").unwrap())
}

/// A program, with `gipc` in its `PATH` and nothing in its environment that means options.
#[expect(unsafe_code, reason = "dispositions between fork and exec")]
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.env("PATH", path()).current_dir(root()).stdin(Stdio::null());
    // Sessions of the tests are found by none but the tests.
    command.env("XDG_RUNTIME_DIR", env!("CARGO_TARGET_TMPDIR"));
    for (key, _) in std::env::vars_os() {
        if key.as_encoded_bytes().starts_with(b"GIPC_")
            || key == "MAKEFLAGS"
            || key == "PYTHONUNBUFFERED"
        {
            command.env_remove(key);
        }
    }
    // Whoever runs the tests in the background, or under nohup, has these ignored.
    let defaults = || {
        for signal in [libc::SIGHUP, libc::SIGINT, libc::SIGQUIT] {
            // SAFETY: sets a default disposition.
            unsafe { libc::signal(signal, libc::SIG_DFL) };
        }
        Ok(())
    };
    // SAFETY: makes system calls only.
    unsafe { command.pre_exec(defaults) };
    command
}

pub(crate) fn gipc<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Command {
    let mut command = command(GIPC);
    command.args(args);
    command
}

/// `gipc`, with arguments that are separated by blanks.
pub(crate) fn words(line: &str) -> Command {
    gipc(line.split_whitespace())
}

pub(crate) trait Finish {
    /// Runs to the end with this standard input, and shows everything.
    fn with_input(&mut self, input: impl Into<Vec<u8>>) -> Ended;

    /// Runs to the end without input.
    fn end(&mut self) -> Ended;

    /// Starts, with pipes on all standard streams.
    fn begin(&mut self) -> Running;
}

impl Finish for Command {
    fn with_input(&mut self, input: impl Into<Vec<u8>>) -> Ended {
        let input = input.into();
        let mut child = self.begin().0;
        let mut stdin = child.stdin.take().unwrap();
        // The program may not want it all.
        let writing = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let ended = Running(child).end();
        writing.join().unwrap();
        ended
    }

    fn end(&mut self) -> Ended {
        Running(self.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()).end()
    }

    fn begin(&mut self) -> Running {
        self.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Running(self.spawn().unwrap())
    }
}

/// A program that runs.
pub(crate) struct Running(pub(crate) Child);

impl Running {
    pub(crate) fn pid(&self) -> i32 {
        self.0.id() as i32
    }

    pub(crate) fn signal(&self, signal: i32) {
        kill(self.pid(), signal);
    }

    /// Ctrl-Z, and `fg` after so long: that time has to pass is the point.
    pub(crate) fn stop_for(&self, time: Duration) {
        let is_stopped = |pid: i32| {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
            stat.rsplit(')').next().unwrap().trim().starts_with('T')
        };
        let supervisor = children(self.pid())[0];
        self.signal(libc::SIGTSTP);
        eventually(|| is_stopped(self.pid()) && is_stopped(supervisor));
        std::thread::sleep(time);
        self.signal(libc::SIGCONT);
    }

    pub(crate) fn write(&mut self, input: &[u8]) {
        self.0.stdin.as_mut().unwrap().write_all(input).unwrap();
    }

    /// A line of its standard output, without the newline.
    pub(crate) fn line(&mut self) -> String {
        line_of(self.0.stdout.as_mut().unwrap())
    }

    /// Lines of its standard error, up to one that contains this.
    pub(crate) fn stderr_until(&mut self, wanted: &str) -> String {
        let mut seen = String::new();
        loop {
            let line = line_of(self.0.stderr.as_mut().unwrap());
            assert!(!line.is_empty(), "standard error ended without `{wanted}`: {seen}");
            seen.push_str(&line);
            seen.push('\n');
            if line.contains(wanted) {
                return seen;
            }
        }
    }

    pub(crate) fn end(self) -> Ended {
        Ended::from(self.0.wait_with_output().unwrap())
    }
}

fn line_of(stream: &mut impl Read) -> String {
    let mut line = Vec::new();
    let mut byte = [0];
    while stream.read(&mut byte).unwrap() == 1 && byte != *b"\n" {
        line.push(byte[0]);
    }
    String::from_utf8(line).unwrap()
}

/// A program that has ended, and all that it said.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl From<Output> for Ended {
    fn from(Output { status, stdout, stderr }: Output) -> Self {
        Self { status, stdout, stderr: String::from_utf8_lossy(&stderr).into_owned() }
    }
}

impl Ended {
    #[track_caller]
    pub(crate) fn code(&self) -> i32 {
        self.status.code().unwrap_or_else(|| panic!("{self:?}"))
    }

    pub(crate) fn text(&self) -> &str {
        str::from_utf8(&self.stdout).unwrap()
    }

    /// It ended with 0, said this, and nothing on standard error.
    #[track_caller]
    pub(crate) fn said(&self, stdout: impl AsRef<[u8]>) {
        self.ended(0, stdout, "");
    }

    /// Exactly this: surprises fail.
    #[track_caller]
    pub(crate) fn ended(&self, code: i32, stdout: impl AsRef<[u8]>, stderr: &str) {
        assert_eq!(self.stderr, stderr);
        assert_eq!(self.code(), code);
        let stdout = stdout.as_ref();
        if self.stdout != stdout {
            let short =
                |bytes: &[u8]| String::from_utf8_lossy(&bytes[..bytes.len().min(500)]).into_owned();
            assert_eq!(short(&self.stdout), short(stdout));
            panic!("{} bytes in place of {}", self.stdout.len(), stdout.len());
        }
    }

    /// It ended with this code, and its standard error has these words.
    #[track_caller]
    pub(crate) fn failed(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code(), code, "{self:?}");
        for words in words {
            assert!(self.stderr.contains(words), "`{words}` is not in: {}", self.stderr);
        }
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
    }
}

pub(crate) fn kill(pid: i32, signal: i32) {
    gipc::process::Signal::new(signal).unwrap().send_to(pid).unwrap();
}

/// Is there a program of this name?
pub(crate) fn is_installed(program: &str) -> bool {
    std::env::split_paths(&path().as_str()).any(|folder| folder.join(program).is_file())
}

/// A peer program that is needed: false, with a word on standard error, where it is missing.
pub(crate) fn has(program: &str) -> bool {
    let found = is_installed(program);
    if !found {
        assert!(
            std::env::var_os("GIPC_TEST_REQUIRE_PEERS").is_none(),
            "`{program}` is missing; tests/install-peers installs it"
        );
        eprintln!("skipped: `{program}` is not installed");
    }
    found
}

/// How often a test with random moments is to be tried.
pub(crate) fn rounds(default: u64) -> u64 {
    std::env::var("GIPC_TEST_ROUNDS").map_or(default, |rounds| rounds.parse().unwrap())
}

/// The children of a process.
pub(crate) fn children(pid: i32) -> Vec<i32> {
    let list = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
    list.split_whitespace().map(|pid| pid.parse().unwrap()).collect()
}

/// `1` to `last`, a line each.
pub(crate) fn seq(last: u32) -> String {
    (1..=last).map(|number| format!("{number}\n")).collect()
}

/// A fresh folder of this test's own.
pub(crate) fn scratch() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// Ends a session in the background when the test does, however it does.
pub(crate) struct Background(pub(crate) String);

impl Drop for Background {
    fn drop(&mut self) {
        words("down --timeout 0s -s").arg(&self.0).end();
    }
}

/// A compiled example; once for all tests.
pub(crate) fn compiled(name: &str, compile: impl FnOnce(&Path) -> Command, once: &Once) -> PathBuf {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    once.call_once(|| {
        let ended = compile(&file).end();
        assert!(ended.status.success(), "{}", ended.stderr);
    });
    file
}

/// An example of the library. Cargo builds them with the tests, unless it is told to build one of
/// the targets alone.
pub(crate) fn example(name: &str) -> PathBuf {
    let file = Path::new(GIPC).parent().unwrap().join("examples").join(name);
    assert!(file.exists(), "no {} (`cargo build --examples` makes it)", file.display());
    file
}

/// Waits for something that no event tells of, such as another process's state in `/proc`.
#[track_caller]
pub(crate) fn eventually(mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < deadline, "it never was so");
        std::thread::sleep(Duration::from_millis(5));
    }
}
