//! The two processes that watch each other.
//!
//! ```text
//! who called us
//!   └─ guard        the process that was started: no threads, no runtime
//!        └─ supervisor   runs the workers
//!             └─ workers and all that they start
//! ```
//!
//! The guard takes every signal and hands it on through a pipe, and mirrors how the supervisor
//! ends. Both are subreapers: what loses its parent becomes a child of the supervisor, and when
//! that is gone, of the guard. So whichever of the two is killed, every descendant is a child of the
//! other in the end, and the other kills until there is none.
//!
//! Where the system has no subreapers, orphans are lost to both. There the supervisor notes whom it
//! starts, and the guard with it: who is left kills their process groups.
//!
//! Signals go through the pipe only, so that a Ctrl-C, which the terminal sends to both, is one.

#![expect(unsafe_code, reason = "fork, before there is any other thread")]

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd, OwnedFd};
use std::rc::Rc;

use gipc::Command;
use gipc::process::{ExitStatus, Process, Signal};
use gipc::spawn::ProcessGroup;
use nix::sys::signal::SigSet;
use nix::unistd::{ForkResult, Pid};
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;

pub(crate) mod background;
#[cfg(target_os = "linux")]
#[path = "linux.rs"]
mod kernel;
#[cfg(not(target_os = "linux"))]
#[path = "posix.rs"]
mod kernel;
mod terminal;
pub(crate) mod tree;

pub(crate) use kernel::{Direct, die_with_guard, outlive_guard, wait_for_end};

use super::{Arrival, DirectSignal, Verdict};

/// How the supervisor speaks with the guard.
pub(crate) struct Link {
    arrivals: Option<OwnedFd>,
    requests: File,
    /// The process group of the guard, which is the terminal's if any is.
    group: i32,
    /// The guard, as others see it.
    guard: i32,
    /// Was gipc given descriptors that it has no use for?
    inherits: bool,
    started: Rc<RefCell<Started>>,
}

/// The signals that the guard hands on.
pub(crate) struct Arrivals {
    pipe: pipe::Receiver,
    started: Rc<RefCell<Started>>,
}

/// Who was started and has not been reaped, where [`kernel::ORPHANS_ARE_LOST`]: a process, or, below
/// zero, its group. Those numbers are nobody else's.
#[derive(Default)]
struct Started(BTreeSet<i32>);

impl Started {
    fn note(&mut self, target: i32, lives: bool) {
        if lives {
            self.0.insert(target);
        } else {
            self.0.remove(&target);
        }
    }

    fn kill(&self) {
        for target in &self.0 {
            // Where it has ended nothing is left to do.
            let _ = Signal::KILL.send_to(*target);
        }
    }
}

/// A message of the supervisor to the guard, [`Request::SIZE`] bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Request {
    /// Stop, as Ctrl-Z does, with the supervisor or without.
    Stop { supervisor: bool },
    /// Let go of standard error, as we have.
    Detach,
    /// See [`Started`].
    Note { target: i32, lives: bool },
    /// This is how to end.
    End(Verdict),
}

impl Request {
    const SIZE: usize = 5;

    /// What it is, and a number.
    fn encode(self) -> [u8; Self::SIZE] {
        let (kind, number) = match self {
            Self::Stop { supervisor } => (b's', supervisor.into()),
            Self::Detach => (b'd', 0),
            Self::Note { target, lives: true } => (b'+', target),
            Self::Note { target, lives: false } => (b'-', target),
            Self::End(Verdict::Exit(code)) => (b'e', code.into()),
            Self::End(Verdict::Signal(signal)) => (b'k', signal.number()),
        };
        let [a, b, c, d] = number.to_ne_bytes();
        [kind, a, b, c, d]
    }

    fn decode([kind, a, b, c, d]: [u8; Self::SIZE]) -> Option<Self> {
        let number = i32::from_ne_bytes([a, b, c, d]);
        Some(match kind {
            b's' => Self::Stop { supervisor: number != 0 },
            b'd' => Self::Detach,
            b'+' | b'-' => Self::Note { target: number, lives: kind == b'+' },
            b'e' => Self::End(Verdict::Exit(number.try_into().ok()?)),
            b'k' => Self::End(Verdict::Signal(Signal::new(number)?)),
            _ => return None,
        })
    }
}

impl Arrival {
    /// What goes through the pipe: the number, and whether the terminal sent it.
    fn encode(self) -> [u8; 2] {
        [self.signal.number() as u8, self.from_terminal.into()]
    }

    fn decode([signal, from_terminal]: [u8; 2]) -> Option<Self> {
        Some(Self { signal: Signal::new(signal.into())?, from_terminal: from_terminal != 0 })
    }
}

impl Link {
    /// The signals that come, once.
    pub(crate) fn arrivals(&mut self) -> io::Result<Arrivals> {
        let arrivals = self.arrivals.take().ok_or(io::ErrorKind::NotFound)?;
        let pipe = pipe::Receiver::from_owned_fd(arrivals)?;
        Ok(Arrivals { pipe, started: Rc::clone(&self.started) })
    }

    /// The process group of the guard, which is the terminal's if any is.
    pub(crate) const fn group(&self) -> ProcessGroup {
        ProcessGroup::Join(self.group)
    }

    /// The guard's pid, as others see it: that of the process that was started.
    pub(crate) const fn guard(&self) -> i32 {
        self.guard
    }

    /// Lets go of what was passed to us but standard error: whoever waits for the end of our input,
    /// of our output or of an inherited pipe is to wait for the command only.
    pub(crate) fn release_inherited(&self) {
        kernel::release_standard_streams();
        if self.inherits {
            kernel::release_further();
        }
    }

    /// Has [`Direct`] tell when it has ended: SIGCHLD does. Notes it where it could be lost.
    pub(crate) fn watch(&self, process: &Process) {
        if kernel::ORPHANS_ARE_LOST {
            let pid = process.pid();
            // One that shares our terminal is in our group.
            let target = if tree::group_of(pid) == Some(pid) { -pid } else { pid };
            self.note(target, true);
        }
    }

    /// It is about to be reaped: from then on its number may be another's.
    pub(crate) fn forget(&self, process: &Process) {
        if kernel::ORPHANS_ARE_LOST {
            let pid = process.pid();
            [pid, -pid].into_iter().for_each(|target| self.note(target, false));
        }
    }

    fn note(&self, target: i32, lives: bool) {
        self.started.borrow_mut().note(target, lives);
        self.request(Request::Note { target, lives });
    }

    /// Has the guard ended? Then so are we to, as soon as we are told.
    pub(crate) fn has_lost_guard(&self) -> bool {
        let parent = nix::unistd::getppid().as_raw();
        // A namespace of its own shows no parent at all.
        parent != self.guard && parent != 0
    }

    /// Asks the guard to stop until it is continued, and to stop us with it.
    pub(crate) fn stop(&self, supervisor: bool) {
        self.request(Request::Stop { supervisor });
    }

    /// Lets go of standard error, in both processes.
    pub(crate) fn detach(&self) {
        background::release_stderr();
        self.request(Request::Detach);
    }

    fn request(&self, request: Request) {
        // Where the guard is gone there is nobody to tell, and we end for that reason.
        let _ = (&self.requests).write_all(&request.encode());
        kernel::poke_guard();
    }
}

impl Arrivals {
    /// The next one. When the guard is gone there is none: kills all that there is, and ends this
    /// process. Cancel safe.
    pub(crate) async fn next(&mut self) -> Arrival {
        let mut arrival = [0; 2];
        // What was written in one piece is read in one.
        while let Ok(2) = self.pipe.read(&mut arrival).await {
            if let Some(arrival) = Arrival::decode(arrival) {
                return arrival;
            }
        }
        self.started.borrow().kill();
        let _ = tree::kill_all();
        // SAFETY: there is nothing left to clean up for, and nobody to tell.
        unsafe { libc::_exit(Verdict::FAILED.into()) }
    }
}

/// Runs `supervise` in a process of its own and stands guard over it; comes back, in the guard
/// only, when neither it nor anything that it started is left.
///
/// Must be called while this process has no other thread.
///
/// # Errors
/// When the second process could not be started.
pub(crate) fn run(
    isolate: bool,
    reads_terminal: bool,
    supervise: impl FnOnce(io::Result<Link>) -> Verdict,
) -> io::Result<Verdict> {
    let inherits = kernel::inherits_further();
    let (arrivals_read, arrivals_write) = gipc::pipes::new()?;
    let (requests_read, requests_write) = gipc::pipes::new()?;
    // Whoever started us may have had it ignored, and then no child's end would be told.
    // SAFETY: sets a default disposition.
    unsafe { libc::signal(libc::SIGCHLD, libc::SIG_DFL) };
    let group = nix::unistd::getpgrp().as_raw();
    let guard = nix::unistd::getpid();
    // From here on no signal is lost: what comes now waits.
    SigSet::all().thread_set_mask()?;
    kernel::become_subreaper()?;
    if isolate {
        kernel::leave_pid_namespace()?;
    }
    // Before there is a supervisor: the command that it starts may set others at once.
    let terminal = terminal::Modes::note();
    // SAFETY: there is no other thread whose locks the child could find taken for ever.
    match unsafe { nix::unistd::fork() }? {
        ForkResult::Child => {
            drop((arrivals_write, requests_read));
            die_with_guard();
            if !isolate && nix::unistd::getppid() != guard {
                // It had gone before that. (Its namespace shows us no parent at all.)
                // SAFETY: ends a copy of a process that has done nothing yet.
                unsafe { libc::_exit(Verdict::FAILED.into()) }
            }
            if !reads_terminal {
                // So that a KILL of our whole group (`timeout -k`, many test harnesses) leaves one.
                let _ = nix::unistd::setpgid(Pid::from_raw(0), Pid::from_raw(0));
            }
            let requests = File::from(requests_write);
            let verdict = supervise(prepare_supervisor(isolate).and_then(|()| {
                let requests = requests.try_clone()?;
                let guard = guard.as_raw();
                let (arrivals, started) = (Some(arrivals_read), Rc::default());
                Ok(Link { arrivals, requests, group, guard, inherits, started })
            }));
            // Where the guard is gone there is nobody to tell.
            let _ = (&requests).write_all(&Request::End(verdict).encode());
            // SAFETY: ends this copy of the process without running what the guard will run.
            unsafe { libc::_exit(0) }
        }
        ForkResult::Parent { child } => {
            // What the supervisor has been given for itself alone is closed here.
            drop((arrivals_read, requests_write, supervise));
            Guard::new(child.as_raw(), arrivals_write, requests_read, terminal)?.stand()
        }
    }
}

fn prepare_supervisor(isolate: bool) -> io::Result<()> {
    if isolate {
        kernel::enter_isolation()?;
    }
    kernel::become_subreaper()?;
    kernel::can_list_children().map_err(|error| {
        let why = format!("cannot find the descendants of gipc: {error}");
        io::Error::new(error.kind(), why)
    })
}

struct Guard {
    supervisor: i32,
    arrivals: File,
    requests: File,
    signals: kernel::Signals,
    terminal: Option<terminal::Modes>,
    /// The signals that whoever started us had ignored.
    ignored: Vec<i32>,
    verdict: Option<Verdict>,
    started: Started,
    /// What the terminal sent last, to us and to a command that shares it with us.
    interrupt: Option<Signal>,
}

impl Guard {
    fn new(
        supervisor: i32,
        arrivals: OwnedFd,
        requests: OwnedFd,
        terminal: Option<terminal::Modes>,
    ) -> io::Result<Self> {
        kernel::release_all_but([arrivals.as_fd(), requests.as_fd()]);
        let signals = kernel::Signals::new()?;
        // A supervisor that is stopped and told much must not block us.
        kernel::set_nonblocking(&arrivals)?;
        kernel::set_nonblocking(&requests)?;
        let (arrivals, requests) = (File::from(arrivals), File::from(requests));
        Ok(Self {
            supervisor,
            arrivals,
            requests,
            signals,
            terminal,
            ignored: ignored_signals(),
            verdict: None,
            started: Started::default(),
            interrupt: None,
        })
    }

    fn stand(mut self) -> io::Result<Verdict> {
        let death = loop {
            match self.signals.wait(self.requests.as_fd()) {
                None => {}
                Some(arrival) if arrival.signal.number() == libc::SIGCHLD => {
                    // As PID 1 we also get children that are nobody's.
                    if let Some(status) = tree::reap_all(self.supervisor) {
                        break status;
                    }
                    // It has read from a terminal in whose background we are. The shell waits for
                    // us: it is to see us stopped, and then `fg` continues us both.
                    if tree::was_stopped_by(self.supervisor, libc::SIGTTIN) {
                        self.stop(false);
                    }
                }
                Some(arrival) => self.pass_on(arrival),
            }
            self.answer_requests();
        };
        if kernel::ORPHANS_ARE_LOST {
            self.answer_requests();
            self.started.kill();
        }
        tree::kill_all()?;
        self.answer_requests();
        // A Ctrl-C reaches the command as it reaches us, and may have ended it before we looked.
        while let Some(arrival) = self.signals.pending() {
            self.pass_on(arrival);
        }
        let verdict = self.verdict.unwrap_or(mirror(death));
        if let Some(terminal) = &self.terminal
            && !matches!(verdict, Verdict::Exit(..Verdict::TIMED_OUT))
        {
            terminal.restore();
        }
        match self.interrupt {
            // It has ended the command: so it is what ends us, or a calling script would go on.
            Some(signal) if verdict == Verdict::Exit(signal.exit_code()) => {
                Ok(Verdict::Signal(signal))
            }
            _ => Ok(verdict),
        }
    }

    fn pass_on(&mut self, arrival: Arrival) {
        let Arrival { signal, from_terminal } = arrival;
        let was_ignored = self.ignored.contains(&signal.number());
        // `nohup`; and a script's background job, which a Ctrl-C is not meant for.
        if was_ignored && (signal == Signal::HUP || from_terminal) {
            return;
        }
        if from_terminal && (signal == Signal::INT || signal == Signal::QUIT) {
            self.interrupt = Some(signal);
        }
        // Where the supervisor is gone, or is stopped and has been told much, it is lost.
        let _ = self.arrivals.write(&arrival.encode());
        if matches!(signal, Signal::INT | Signal::TERM | Signal::HUP | Signal::QUIT) {
            // Somebody may have stopped it.
            let _ = Signal::CONT.send_to(self.supervisor);
        }
    }

    fn answer_requests(&mut self) {
        let mut request = [0; Request::SIZE];
        while self.requests.read_exact(&mut request).is_ok() {
            match Request::decode(request) {
                Some(Request::Stop { supervisor }) => self.stop(supervisor),
                Some(Request::Detach) => background::release_stderr(),
                Some(Request::Note { target, lives }) => self.started.note(target, lives),
                Some(Request::End(verdict)) => self.verdict = Some(verdict),
                None => {}
            }
        }
    }

    /// Stops this process until somebody continues it.
    fn stop(&self, supervisor: bool) {
        if nix::unistd::getpid().as_raw() == 1 {
            return; // The kernel would not stop us, and so nobody would continue the supervisor.
        }
        if supervisor {
            let _ = Signal::STOP.send_to(self.supervisor);
        }
        let _ = nix::sys::signal::raise(nix::sys::signal::Signal::SIGSTOP);
        // Continued. The CONT itself is waiting for us, and goes the way of all signals.
        let _ = Signal::CONT.send_to(self.supervisor);
    }
}

/// The signals that whoever started us had ignored; the start adds SIGPIPE.
fn ignored_signals() -> Vec<i32> {
    let is_ignored = |signal: &i32| {
        // SAFETY: reads a disposition into a local struct.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            libc::sigaction(*signal, std::ptr::null(), &raw mut action) == 0
                && action.sa_sigaction == libc::SIG_IGN
        }
    };
    (1..32).filter(is_ignored).collect()
}

/// How to end when the supervisor has ended without a verdict.
fn mirror(death: ExitStatus) -> Verdict {
    match death {
        // Not without having said so: it has panicked.
        ExitStatus::Code(_) => Verdict::Exit(Verdict::FAILED),
        ExitStatus::Signal(signal) => match signal.number() {
            // A fault of our own, not somebody's wish.
            libc::SIGABRT | libc::SIGSEGV | libc::SIGBUS | libc::SIGILL | libc::SIGFPE => {
                Verdict::Exit(Verdict::FAILED)
            }
            _ => Verdict::Signal(signal),
        },
    }
}

/// What this command starts is killed by whichever of us two is left.
pub(crate) const fn bind(command: Command) -> Command {
    command
}

/// Is there a terminal that a command could share with us?
pub(crate) fn has_terminal() -> bool {
    File::open("/dev/tty").is_ok()
}

/// Ends this process by `signal`, so that whoever called us sees it; returns only where that
/// cannot be, as for PID 1.
pub(crate) fn die_of(signal: Signal) {
    // The core, if any, would be ours and not that of what the signal was meant for.
    let _ = nix::sys::resource::setrlimit(nix::sys::resource::Resource::RLIMIT_CORE, 0, 0);
    // SAFETY: restores a default disposition and sends this process a signal, which is blocked
    // still and comes when the mask is lifted.
    unsafe {
        libc::signal(signal.number(), libc::SIG_DFL);
        libc::raise(signal.number());
    }
    let _ = SigSet::empty().thread_set_mask();
}
