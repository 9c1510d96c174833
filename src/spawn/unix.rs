//! Children on POSIX systems.
//!
//! Everything that needs memory, a lock or a look-up happens in [`Prepared::new`], in the parent.
//! [`Prepared::run`] is what the child does until its `exec`: system calls on prepared arguments.
//! How the two processes come apart and how an error comes back differs: on Linux by `clone` with
//! shared memory ([`linux`]), elsewhere by `fork` and a pipe ([`posix`]).

#![expect(unsafe_code, reason = "the child's side of a start is system calls and nothing else")]

use std::collections::BTreeMap;
use std::ffi::{CString, OsStr, OsString};
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::ptr;

use libc::{c_char, c_int};
use nix::sys::signal::{SigSet, SigmaskHow};
use nix::unistd::{Gid, Group, Pid, Uid, User};

use super::{Channel, Command, Limit, ProcessGroup, Searched, Stage, announce};
use crate::reaper::Ending;
use strings::Strings;

#[cfg(target_os = "linux")]
#[path = "unix/linux.rs"]
mod kernel;
#[cfg(not(target_os = "linux"))]
#[path = "unix/posix.rs"]
mod kernel;
#[path = "unix/strings.rs"]
mod strings;

/// Where `execvp(3)` looks when there is no `PATH`.
const DEFAULT_PATH: &str = "/bin:/usr/bin";

/// Starts `command`.
pub(super) fn spawn(command: &Command) -> Result<(Pid, Ending), (Stage, io::Error)> {
    let prepared = Prepared::new(command).map_err(|error| (Stage::Prepare, error))?;
    if command.daemon {
        return kernel::on_lasting_thread(move || start(prepared));
    }
    start(prepared)
}

/// Starts what has been prepared, from this thread.
fn start(mut prepared: Prepared) -> Result<(Pid, Ending), (Stage, io::Error)> {
    let prepared = prepared.point();
    // No handler of ours may run in the child, which shares our memory; and a stop signal between
    // clone and exec would leave the parent suspended behind a stopped child.
    let mut before = SigSet::empty();
    nix::sys::signal::pthread_sigmask(
        SigmaskHow::SIG_SETMASK,
        Some(&SigSet::all()),
        Some(&mut before),
    )
    .map_err(|errno| (Stage::Start, errno.into()))?;
    let started = kernel::start(prepared);
    before.thread_set_mask().expect("a mask that was in force is a valid one");
    started
}

/// One descriptor of the child: ours, and its number there.
struct Move {
    source: RawFd,
    target: RawFd,
}

/// `LISTEN_PID=` and a number, in memory that is there before the number is known.
struct ListenPid([u8; ListenPid::SIZE]);

impl ListenPid {
    const PREFIX: &[u8] = b"LISTEN_PID=";

    /// As many as any pid has.
    const DIGITS: usize = 10;

    /// With a NUL at the end.
    const SIZE: usize = Self::PREFIX.len() + Self::DIGITS + 1;

    fn new() -> Self {
        let mut text = [0; Self::SIZE];
        text[..Self::PREFIX.len()].copy_from_slice(Self::PREFIX);
        Self(text)
    }

    /// Writes the pid, and what ends a string behind it. Allocates nothing.
    fn fill(&mut self, pid: libc::pid_t) -> *const c_char {
        let (mut digits, mut count) = ([0; Self::DIGITS], 0);
        let mut left = pid.unsigned_abs();
        while count == 0 || left > 0 {
            digits[count] = b'0' + (left % 10) as u8;
            left /= 10;
            count += 1;
        }
        let place = &mut self.0[Self::PREFIX.len()..];
        for (place, digit) in place.iter_mut().zip(digits[..count].iter().rev()) {
            *place = *digit;
        }
        place[count] = 0;
        self.0.as_ptr().cast()
    }
}

/// Who the child is to be.
struct Identity {
    groups: Option<Vec<libc::gid_t>>,
    gid: Option<libc::gid_t>,
    uid: Option<libc::uid_t>,
}

/// A command as the arguments of system calls.
struct Prepared {
    /// The files to try, in order.
    programs: Strings,
    args: Strings,
    env: Strings,
    /// `LISTEN_PID=`, where it is wanted, with room for the pid, which the child knows alone.
    listen_pid: Option<ListenPid>,
    program_pointers: Vec<*const c_char>,
    arg_pointers: Vec<*const c_char>,
    /// `sh`, a place for the file, and the arguments: for a script without `#!`.
    script_pointers: Vec<*const c_char>,
    env_pointers: Vec<*const c_char>,
    moves: Vec<Move>,
    /// The targets in ascending order: what stays open.
    keep: Vec<RawFd>,
    close_others: bool,
    /// 0 for one of its own.
    group: libc::pid_t,
    dir: Option<CString>,
    nice: Option<c_int>,
    umask: Option<libc::mode_t>,
    limits: Vec<Limit>,
    identity: Option<Identity>,
    /// Our pid, where the child is to end with us.
    dies_with: Option<libc::pid_t>,
    ignore_sigpipe: bool,
}

// SAFETY: the pointers lead into its own strings, which move with it.
unsafe impl Send for Prepared {}

impl Prepared {
    fn new(command: &Command) -> io::Result<Self> {
        let env = environment(command)?;
        let path = || env.behind("PATH=").unwrap_or(OsStr::new(DEFAULT_PATH));
        let mut keep: Vec<RawFd> =
            command.fds.iter().map(|(target, _)| RawFd::from(target.number())).collect();
        keep.extend(0..=2);
        keep.sort_unstable();
        keep.dedup();
        Ok(Self {
            programs: candidates(&command.program, path)?,
            args: arguments(command)?,
            env,
            listen_pid: command.listen_fds.then(ListenPid::new),
            program_pointers: Vec::new(),
            arg_pointers: Vec::new(),
            script_pointers: Vec::new(),
            env_pointers: Vec::new(),
            moves: command
                .fds
                .iter()
                .map(|(target, source)| Move {
                    source: source.as_raw_fd(),
                    target: target.number().into(),
                })
                .collect(),
            keep,
            close_others: !command.inherit_fds,
            group: match command.process_group {
                ProcessGroup::Own => 0,
                ProcessGroup::Ours => nix::unistd::getpgrp().as_raw(),
                ProcessGroup::Join(group) => group,
            },
            dir: command.dir.as_ref().map(|dir| c_string(dir.as_os_str())).transpose()?,
            nice: command.nice,
            umask: command.umask.map(|mask| mask as libc::mode_t),
            limits: command.limits.clone(),
            identity: identity(command.user.as_deref(), command.group.as_deref())?,
            dies_with: command.daemon.then(|| std::process::id() as libc::pid_t),
            ignore_sigpipe: command.ignore_sigpipe,
        })
    }

    /// Fills in the arrays of pointers that `execve` wants. From here on `self` must not change.
    fn point(&mut self) -> &mut Self {
        self.program_pointers = self.programs.pointers();
        self.arg_pointers = self.args.pointers();
        self.env_pointers = self.env.pointers();
        if self.listen_pid.is_some() {
            // A place that the child fills.
            self.env_pointers.push(ptr::null());
        }
        self.script_pointers = vec![c"sh".as_ptr(), ptr::null()];
        self.script_pointers.extend(&self.arg_pointers[1..]);
        self
    }

    /// The child's part, up to the `exec`; comes back only with an error.
    ///
    /// # Safety
    /// Must run in a process of its own that may share its memory with a parent that stands still,
    /// with all signals blocked, after [`Prepared::point`]. Allocates nothing, takes no lock.
    unsafe fn run(&mut self) -> (Stage, c_int) {
        // SAFETY: (for the whole body) each call gets pointers into `self`, which outlives it, to
        // arrays that `point` has ended with a null pointer; errno is this thread's own, and the
        // parent, which may share it, stands still.
        unsafe {
            kernel::default_signals();
            if libc::setpgid(0, self.group) < 0 {
                return (Stage::Group, errno());
            }
            if let Err(error) = self.place_descriptors() {
                return (Stage::Descriptors, error);
            }
            if let Some(dir) = &self.dir
                && libc::chdir(dir.as_ptr()) < 0
            {
                return (Stage::Directory, errno());
            }
            if let Some(mask) = self.umask {
                libc::umask(mask);
            }
            if let Some(nice) = self.nice
                && libc::setpriority(libc::PRIO_PROCESS, 0, nice) < 0
            {
                return (Stage::Nice, errno());
            }
            for limit in &self.limits {
                let value = libc::rlimit {
                    rlim_cur: kernel::limit_value(limit.soft),
                    rlim_max: kernel::limit_value(limit.hard),
                };
                if libc::setrlimit(limit.resource.number() as _, &raw const value) < 0 {
                    return (Stage::Limits, errno());
                }
            }
            if let Some(identity) = &self.identity
                && let Err(error) = kernel::become_identity(identity)
            {
                return (Stage::Identity, error);
            }
            // After the change of user, which would undo it.
            if let Some(parent) = self.dies_with
                && let Err(error) = kernel::die_with(parent)
            {
                return (Stage::Daemon, error);
            }
            if self.ignore_sigpipe {
                libc::signal(libc::SIGPIPE, libc::SIG_IGN);
            }
            if let Some(listen_pid) = &mut self.listen_pid {
                let place = self.env.len();
                self.env_pointers[place] = listen_pid.fill(libc::getpid());
            }
            // Last: what was sent to the child in the meantime comes now, by default dispositions.
            let mut empty = std::mem::zeroed();
            libc::sigemptyset(&raw mut empty);
            libc::sigprocmask(libc::SIG_SETMASK, &raw const empty, ptr::null_mut());
            (Stage::Exec, self.exec())
        }
    }

    /// Puts every declared descriptor at its number, inheritable, and closes the rest.
    ///
    /// # Safety
    /// As [`Prepared::run`].
    unsafe fn place_descriptors(&mut self) -> Result<(), c_int> {
        let first_free = self.keep.last().map_or(0, |last| last + 1);
        // First lift every source that a target could overwrite above all targets.
        for Move { source, target } in &mut self.moves {
            if source != target && *source < first_free {
                // SAFETY: plain system call on numbers.
                let lifted = unsafe { libc::fcntl(*source, libc::F_DUPFD_CLOEXEC, first_free) };
                if lifted < 0 {
                    return Err(errno());
                }
                *source = lifted;
            }
        }
        for Move { source, target } in &self.moves {
            // SAFETY: plain system calls on numbers. dup2 onto itself would leave close-on-exec set.
            let done = unsafe {
                if source == target {
                    libc::fcntl(*target, libc::F_SETFD, 0)
                } else {
                    libc::dup2(*source, *target)
                }
            };
            if done < 0 {
                return Err(errno());
            }
        }
        if self.close_others {
            let mut next = 0;
            for fd in &self.keep {
                if *fd > next {
                    // SAFETY: nobody in this process uses a descriptor that is not kept.
                    unsafe { kernel::close_range(next, fd - 1) };
                }
                next = fd + 1;
            }
            // SAFETY: as above.
            unsafe { kernel::close_range(next, RawFd::MAX) };
        }
        Ok(())
    }

    /// `execvp(3)` without its memory: tries each place, and `sh` for a script without `#!`.
    ///
    /// # Safety
    /// As [`Prepared::run`].
    unsafe fn exec(&mut self) -> c_int {
        let mut result = libc::ENOENT;
        for index in 0..self.programs.len() {
            let program = self.program_pointers[index];
            // SAFETY: null-terminated arrays of C strings that live in `self`.
            unsafe {
                libc::execve(program, self.arg_pointers.as_ptr(), self.env_pointers.as_ptr());
            }
            match errno() {
                // Not there, or on a file system that does not answer: as `execvp` has it.
                libc::ENOENT | libc::ENOTDIR | libc::ENODEV | libc::ESTALE | libc::ETIMEDOUT => {}
                libc::EACCES => result = libc::EACCES,
                libc::ENOEXEC => {
                    self.script_pointers[1] = program;
                    // SAFETY: as above.
                    unsafe {
                        libc::execve(
                            c"/bin/sh".as_ptr(),
                            self.script_pointers.as_ptr(),
                            self.env_pointers.as_ptr(),
                        );
                    }
                    return libc::ENOEXEC;
                }
                error => return error,
            }
        }
        result
    }
}

/// Is `program` a place in the file system, and no name to be looked up?
pub(super) fn is_path(program: &OsStr) -> bool {
    program.as_bytes().contains(&b'/')
}

/// What is likely wrong with a program that is there, or nothing.
pub(super) fn why_not_executable(error: &io::Error, searched: Searched) -> &'static str {
    match error.raw_os_error() {
        Some(libc::EACCES) if searched == Searched::Exactly => {
            " (is it a file with the execute permission?)"
        }
        _ => "",
    }
}

fn errno() -> c_int {
    nix::errno::Errno::last_raw()
}

fn c_string(text: &OsStr) -> io::Result<CString> {
    CString::new(text.as_bytes()).map_err(|_| holds_a_nul(text))
}

fn holds_a_nul(text: &OsStr) -> io::Error {
    let what = format!("`{}` holds a NUL byte", text.display().to_string().escape_debug());
    io::Error::new(io::ErrorKind::InvalidInput, what)
}

/// The environment that the child gets. What the user sets counts most.
fn environment(command: &Command) -> io::Result<Strings> {
    let announced = announce::variables(&command.channels);
    let listened = if command.listen_fds { listened(&command.channels).into() } else { Vec::new() };
    let mut set: BTreeMap<&OsStr, Option<&OsStr>> = BTreeMap::new();
    set.extend(announced.iter().chain(&listened).map(|(key, value)| (&**key, Some(&**value))));
    set.extend(command.env.iter().map(|(key, value)| (&**key, value.as_deref())));
    if command.listen_fds {
        // The child's own, which it knows alone.
        set.insert(OsStr::new(announce::LISTEN_PID), None);
    }
    let mut env = Strings::default();
    let equals = OsStr::new("=");
    if !command.env_clear {
        for (key, value) in std::env::vars_os() {
            // Those told us of our descriptors, which the child does not have.
            let is_ours = !command.inherit_fds && announce::is_of_descriptors(&key);
            if !is_ours && !set.contains_key(&*key) {
                env.push(&[&key, equals, &value])?;
            }
        }
    }
    for (key, value) in set {
        if let Some(value) = value {
            env.push(&[key, equals, value])?;
        }
    }
    Ok(env)
}

fn arguments(command: &Command) -> io::Result<Strings> {
    let mut args = Strings::default();
    args.push(&[&command.program])?;
    for arg in &command.args {
        args.push(&[arg])?;
    }
    Ok(args)
}

/// How many descriptors of channels there are, and their names.
fn listened(channels: &[Channel]) -> [(OsString, OsString); 2] {
    let numbers = announce::numbers(channels);
    let name = |fd: &i32| channels.iter().find(|it| it.fd == *fd).map(|it| it.name.as_str());
    let names: Vec<_> = numbers.iter().filter_map(name).collect();
    [
        (announce::LISTEN_FDS.into(), numbers.len().to_string().into()),
        (announce::LISTEN_FDNAMES.into(), names.join(":").into()),
    ]
}

/// The files that `program` may stand for.
fn candidates<'a>(program: &OsStr, path: impl FnOnce() -> &'a OsStr) -> io::Result<Strings> {
    let mut files = Strings::default();
    if program.is_empty() {
        return Ok(files);
    }
    if is_path(program) {
        files.push(&[program])?;
        return Ok(files);
    }
    for folder in path().as_bytes().split(|byte| *byte == b':') {
        // An empty entry is the current directory, see environ(7).
        let folder = if folder.is_empty() { b"." } else { folder };
        files.push(&[OsStr::from_bytes(folder), OsStr::new("/"), program])?;
    }
    Ok(files)
}

fn unknown(kind: &str, name: &str) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, format!("there is no {kind} `{name}`"))
}

fn identity(user: Option<&str>, group: Option<&str>) -> io::Result<Option<Identity>> {
    if user.is_none() && group.is_none() {
        return Ok(None);
    }
    let group = match group {
        None => None,
        Some(name) => Some(match name.parse() {
            Ok(number) => Gid::from_raw(number),
            Err(_) => Group::from_name(name)?.ok_or_else(|| unknown("group", name))?.gid,
        }),
    };
    let mut identity = Identity { groups: None, gid: group.map(Gid::as_raw), uid: None };
    if let Some(name) = user {
        let entry = match name.parse() {
            Ok(number) => User::from_uid(Uid::from_raw(number))?,
            Err(_) => Some(User::from_name(name)?.ok_or_else(|| unknown("user", name))?),
        };
        match entry {
            Some(user) => {
                let gid = group.unwrap_or(user.gid);
                identity.groups = Some(kernel::groups_of(&user.name, gid)?);
                identity.gid = Some(gid.as_raw());
                identity.uid = Some(user.uid.as_raw());
            }
            // A number without an entry: no groups but the one that was named.
            None => {
                identity.groups = Some(group.iter().map(|gid| gid.as_raw()).collect());
                identity.uid = name.parse().ok();
            }
        }
    }
    Ok(Some(identity))
}

#[cfg(test)]
mod tests {
    use std::ffi::CStr;

    use super::*;

    #[test]
    fn the_pid_is_written_as_a_number_whatever_its_length() {
        for pid in [1, 42, 4_194_304, libc::pid_t::MAX] {
            let mut listen_pid = ListenPid::new();
            let text = listen_pid.fill(pid);
            // SAFETY: a string with its end, in `listen_pid`, which lives still.
            let text = unsafe { CStr::from_ptr(text) };
            assert_eq!(text.to_str().unwrap(), format!("LISTEN_PID={pid}"));
        }
    }
}
