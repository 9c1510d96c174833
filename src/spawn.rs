//! Starting a command: which descriptors, which group, which limits, which program.
//!
//! [`Command`] only collects; everything is checked and prepared before the child exists, so that
//! between the start and the `exec` nothing is left to do but system calls. How a child comes into
//! being is the business of the module of the system, `unix` or
//! `windows`.

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::channel::ChannelEnd;
use crate::failure::Error;
use crate::framing::Framing;
use crate::inherited::{Channel, Direction};
use crate::pipes::{self, Descriptor};
use crate::process::Process;

mod announce;
mod ends;
mod failure;
mod limit;
#[cfg(unix)]
#[path = "spawn/unix.rs"]
mod system;
#[cfg(windows)]
#[path = "spawn/windows.rs"]
mod system;

pub use failure::{Searched, SpawnError};
pub use limit::{Limit, Resource, UnknownResource};

/// A descriptor number in the child.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChildFd(u16);

impl ChildFd {
    /// Standard input.
    pub const STDIN: Self = Self(0);
    /// Standard output.
    pub const STDOUT: Self = Self(1);
    /// Standard error.
    pub const STDERR: Self = Self(2);
    /// Where messages come in unless something else is said (Erlang's convention for port
    /// programs, see `erlang:open_port/2`, `nouse_stdio`).
    pub const MESSAGES_IN: Self = Self(3);
    /// Where messages go out unless something else is said.
    pub const MESSAGES_OUT: Self = Self(4);

    /// The descriptor with this number.
    pub const fn new(number: u16) -> Self {
        Self(number)
    }

    /// Its number.
    pub const fn number(self) -> u16 {
        self.0
    }
}

impl fmt::Display for ChildFd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Which process group the child is in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProcessGroup {
    /// It leads a new one, so that a signal to the group reaches it and what it starts.
    #[default]
    Own,
    /// It stays in the one of this process: Ctrl-C at the terminal reaches both.
    Ours,
    /// It joins this one, which must be in our session: a terminal's foreground job stays one job.
    /// Not on Windows.
    Join(i32),
}

/// A command to start, and everything that it is to be given.
///
/// Descriptors 0, 1 and 2 are inherited unless others are declared for them; above 2 the child
/// has exactly the declared ones. All signal dispositions of the child are default, its signal
/// mask is empty.
///
/// # Examples
/// ```no_run
/// # fn main() -> Result<(), gipc::spawn::SpawnError> {
/// let child = gipc::Command::new("sort").arg("-u").current_dir("/tmp").spawn()?;
/// println!("{}", child.pid());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Command {
    name: Option<String>,
    program: OsString,
    args: Vec<OsString>,
    dir: Option<PathBuf>,
    env_clear: bool,
    env: Vec<(OsString, Option<OsString>)>,
    fds: Vec<(ChildFd, Descriptor)>,
    /// What of them are channels, as the environment will tell.
    channels: Vec<Channel>,
    /// Ends that are yet to close here, and to get a number: each has a name.
    ends: Vec<(String, ChannelEnd)>,
    /// Ends that have a number, and are nobody's business but the child's.
    placed: Vec<(ChildFd, ChannelEnd)>,
    inherit_fds: bool,
    listen_fds: bool,
    daemon: bool,
    ignore_sigpipe: bool,
    process_group: ProcessGroup,
    limits: Vec<Limit>,
    user: Option<String>,
    group: Option<String>,
    nice: Option<i32>,
    umask: Option<u32>,
}

impl Command {
    /// A command that runs `program`, looked up in the child's `PATH` unless it holds a `/`.
    pub fn new(program: impl Into<OsString>) -> Self {
        Self {
            name: None,
            program: program.into(),
            args: Vec::new(),
            dir: None,
            env_clear: false,
            env: Vec::new(),
            fds: Vec::new(),
            channels: Vec::new(),
            ends: Vec::new(),
            placed: Vec::new(),
            inherit_fds: false,
            listen_fds: false,
            daemon: false,
            ignore_sigpipe: false,
            process_group: ProcessGroup::Own,
            limits: Vec::new(),
            user: None,
            group: None,
            nice: None,
            umask: None,
        }
    }

    /// A name for the child, which appears in errors; without one, the program's.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// The child's working directory. A relative program is looked up from there, as `env -C` does.
    #[must_use]
    pub fn current_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.dir = Some(dir.into());
        self
    }

    /// Starts from an empty environment.
    #[must_use]
    pub fn env_clear(mut self) -> Self {
        self.env_clear = true;
        self
    }

    /// Sets an environment variable; the last call for a name counts.
    #[must_use]
    pub fn env(mut self, key: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.push((key.into(), Some(value.into())));
        self
    }

    /// Leaves an environment variable out.
    #[must_use]
    pub fn env_remove(mut self, key: impl Into<OsString>) -> Self {
        self.env.push((key.into(), None));
        self
    }

    /// Gives the child `source` as its descriptor `target`. Our copy closes as the child starts.
    #[must_use]
    pub fn fd(mut self, target: ChildFd, source: Descriptor) -> Self {
        self.fds.push((target, source));
        self
    }

    /// Gives the child an end of a channel, under this name. It closes here as the child starts.
    ///
    /// The first end that messages come out of is the child's descriptor 3, the first one that they
    /// go into its descriptor 4, and further ones follow. The environment tells of them as
    /// `gipc-wire(7)` describes: the child finds them with [`inherited`](crate::inherited()), with
    /// `gipc send` and `gipc recv`, or by number.
    #[must_use]
    pub fn channel(mut self, name: impl Into<String>, end: impl Into<ChannelEnd>) -> Self {
        self.ends.push((name.into(), end.into()));
        self
    }

    /// Gives the child an end at this number, of which the environment does not tell.
    pub(crate) fn end_at(mut self, target: ChildFd, end: ChannelEnd) -> Self {
        self.placed.push((target, end));
        self
    }

    /// Is something declared for this descriptor?
    pub(crate) fn declares(&self, target: ChildFd) -> bool {
        self.fds.iter().any(|(taken, _)| *taken == target)
    }

    /// Gives the child `source`, whatever is behind it, as a channel at this descriptor.
    ///
    /// # Errors
    /// When the system does not tell what the descriptor is.
    pub fn channel_fd(
        self,
        target: ChildFd,
        name: impl Into<String>,
        direction: Direction,
        framing: Framing,
        source: Descriptor,
    ) -> io::Result<Self> {
        self.channels_fd(target, [(name, direction)], framing, source)
    }

    /// As [`channel_fd`](Self::channel_fd), where several channels have one descriptor: the two
    /// directions of a socket.
    ///
    /// # Errors
    /// When the system does not tell what the descriptor is.
    pub fn channels_fd<N: Into<String>>(
        mut self,
        target: ChildFd,
        channels: impl IntoIterator<Item = (N, Direction)>,
        framing: Framing,
        source: Descriptor,
    ) -> io::Result<Self> {
        let (fd, inode) = (target.number().into(), Some(pipes::identity(&source)?));
        let entry = |(name, direction): (N, _)| {
            let name = name.into();
            Channel { name, direction, fd, framing, inode }
        };
        self.channels.extend(channels.into_iter().map(entry));
        Ok(self.fd(target, source))
    }

    /// Ends the child with this process, however that ends (on Linux and Windows; elsewhere the child
    /// runs on when this process is killed). The child is killed; what it has started itself is killed
    /// too on Windows, but not on Linux.
    #[must_use]
    pub fn daemon(mut self, daemon: bool) -> Self {
        self.daemon = daemon;
        self
    }

    /// Leaves SIGPIPE ignored in the child, as programs in Rust, Python and Go have it; without
    /// this it is default there, as programs in C and in the shell expect.
    #[must_use]
    pub fn ignore_sigpipe(mut self, ignore: bool) -> Self {
        self.ignore_sigpipe = ignore;
        self
    }

    /// Leaves the descriptors above 2 that are not close-on-exec to the child, as a shell does.
    #[must_use]
    pub fn inherit_fds(mut self) -> Self {
        self.inherit_fds = true;
        self
    }

    /// Tells the child of its channels in `LISTEN_FDS`, `LISTEN_FDNAMES` and `LISTEN_PID` too, as
    /// `sd_listen_fds(3)` describes: their descriptors must follow each other from 3 on. Not on
    /// Windows.
    #[must_use]
    pub fn listen_fds(mut self, listen_fds: bool) -> Self {
        self.listen_fds = listen_fds;
        self
    }

    /// The process group that the child is in; its own by default.
    #[must_use]
    pub fn process_group(mut self, group: ProcessGroup) -> Self {
        self.process_group = group;
        self
    }

    /// Sets a resource limit.
    #[must_use]
    pub fn limit(mut self, limit: Limit) -> Self {
        self.limits.push(limit);
        self
    }

    /// Runs as this user (a name or a number), with the user's groups.
    #[must_use]
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.user = Some(user.into());
        self
    }

    /// Runs with this group (a name or a number).
    #[must_use]
    pub fn group(mut self, group: impl Into<String>) -> Self {
        self.group = Some(group.into());
        self
    }

    /// The child's nice value, -20 to 19, see `setpriority(2)`.
    #[must_use]
    pub fn nice(mut self, nice: i32) -> Self {
        self.nice = Some(nice);
        self
    }

    /// The child's file mode creation mask, see `umask(2)`.
    #[must_use]
    pub fn umask(mut self, umask: u32) -> Self {
        self.umask = Some(umask);
        self
    }

    /// Starts the command.
    ///
    /// Takes the command with all its descriptors: a process that reads the other side would not see
    /// the end of file as long as a copy is open here.
    ///
    /// # Errors
    /// [`SpawnError`] says which step failed. Nothing was started then, and nothing was written
    /// to any of the descriptors.
    pub fn spawn(mut self) -> Result<Process, SpawnError> {
        self.place_ends()?;
        let mut targets: Vec<_> = self.fds.iter().map(|(target, _)| *target).collect();
        targets.sort_unstable();
        if let Some(twice) = targets.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(self.refused(format!("descriptor {} is declared twice", twice[0])));
        }
        if self.listen_fds {
            let numbers = announce::numbers(&self.channels);
            if let Some((fd, _)) = numbers.iter().zip(3..).find(|(fd, follows)| **fd != *follows) {
                return Err(self.refused(format!(
                    "the descriptors of its channels are not 3 and those that follow: there is {fd}"
                )));
            }
        }
        let name = self.name.clone().unwrap_or_else(|| self.program.display().to_string());
        match system::spawn(&self) {
            Ok(child) => Ok(Process::new(name, self.daemon, child)),
            Err((stage, error)) => Err(self.error(stage, error)),
        }
    }

    /// A handle cannot be given away.
    fn unavailable(&self, error: Error) -> SpawnError {
        SpawnError::Channel { program: self.program.clone(), source: Box::new(error) }
    }

    /// What is wrong with the command as it was put together.
    fn refused(&self, why: String) -> SpawnError {
        self.error(Stage::Prepare, io::Error::new(io::ErrorKind::InvalidInput, why))
    }

    fn error(&self, stage: Stage, source: io::Error) -> SpawnError {
        let program = self.program.clone();
        let what = match stage {
            Stage::Exec => return SpawnError::exec(program, self.dir.as_deref(), source),
            Stage::Prepare => "prepare it".to_owned(),
            Stage::Start => "start a process".to_owned(),
            Stage::Descriptors => "pass its descriptors".to_owned(),
            Stage::Group => "give it a process group".to_owned(),
            Stage::Directory => {
                let dir = self.dir.as_deref().unwrap_or(Path::new("."));
                format!("enter its directory `{}`", dir.display())
            }
            Stage::Limits => "set its resource limits".to_owned(),
            Stage::Nice => format!("set its nice value to {}", self.nice.unwrap_or_default()),
            Stage::Daemon => "tie it to this process".to_owned(),
            Stage::Identity => match (&self.user, &self.group) {
                (Some(user), _) => format!("become user `{user}`"),
                (None, group) => format!("become group `{}`", group.as_deref().unwrap_or("")),
            },
        };
        SpawnError::Setup { program, what, source }
    }
}

/// The steps of a start, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Stage {
    Prepare,
    Start,
    Group,
    Descriptors,
    Directory,
    Nice,
    Limits,
    Identity,
    Daemon,
    Exec,
}
