//! One start of a command: its descriptors, its environment, and our ends of its pipes.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use gipc::framing::Framing;
use gipc::inherited::{Channel, Direction};
use gipc::process::Process;
use gipc::spawn::{ChildFd, Command, ProcessGroup, SpawnError};
use tokio::net::unix::pipe;

use crate::guard::Verdict;
use crate::plan::{Channels, Supervise, Wire, Wiring};
use crate::ready::Condition;
use crate::relay::Inlet;
use crate::{jobserver, pipe as pipes};

/// Why a command was not started.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    #[error("cannot make a pipe")]
    Pipe(#[from] io::Error),
}

impl StartError {
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Spawn(error) => error.exit_code(),
            Self::Pipe(_) => Verdict::FAILED,
        }
    }
}

/// Our ends of what the command was given.
#[derive(Default)]
pub(crate) struct Ends {
    /// Where its messages go in.
    pub(crate) inlet: Option<Inlet>,
    /// Where its messages come out.
    pub(crate) messages: Option<pipe::Receiver>,
    /// What it prints: the stream's name with each.
    pub(crate) lines: Vec<(&'static str, pipe::Receiver)>,
    /// Where it says that it is ready.
    pub(crate) ready: Option<pipe::Receiver>,
}

/// What a command is given, in the making.
#[derive(Default)]
struct Gifts {
    ends: Ends,
    fds: Vec<(ChildFd, OwnedFd)>,
    /// Variables to set or to leave out.
    env: Vec<(OsString, Option<OsString>)>,
    /// As `GIPC_CHANNELS` tells of them.
    channels: Vec<Channel>,
}

impl Gifts {
    fn set(&mut self, key: impl Into<OsString>, value: impl Into<OsString>) {
        self.env.push((key.into(), Some(value.into())));
    }

    fn unset(&mut self, key: impl Into<OsString>) {
        self.env.push((key.into(), None));
    }

    fn channel(
        &mut self,
        direction: Direction,
        target: ChildFd,
        framing: Framing,
        fd: OwnedFd,
    ) -> io::Result<()> {
        let inode = nix::sys::stat::fstat(fd.as_fd())?.st_ino;
        self.channels.push(Channel {
            name: direction.to_string(),
            direction,
            fd: target.number().into(),
            framing,
            inode: Some(inode),
        });
        self.fds.push((target, fd));
        Ok(())
    }

    /// What is printed there comes to us as lines.
    fn capture(&mut self, stream: &'static str, target: ChildFd) -> io::Result<()> {
        let (read, write) = pipes::new()?;
        self.ends.lines.push((stream, pipe::Receiver::from_owned_fd(read)?));
        self.fds.push((target, write));
        Ok(())
    }

    fn wire(&mut self, channels: &Channels, env_clear: bool) -> io::Result<()> {
        let Channels { wire, framing, input, output, ready, .. } = channels;
        let (fd_in, fd_out) = match wire {
            Wire::Fds => (ChildFd::MESSAGES_IN, ChildFd::MESSAGES_OUT),
            Wire::Stdio => (ChildFd::STDIN, ChildFd::STDOUT),
        };
        if input.is_some() {
            let (inlet, theirs) = Inlet::new()?;
            self.ends.inlet = Some(inlet);
            self.channel(Direction::In, fd_in, *framing, theirs)?;
        }
        if output.is_some() {
            let (read, write) = pipes::large()?;
            self.ends.messages = Some(pipe::Receiver::from_owned_fd(read)?);
            self.channel(Direction::Out, fd_out, *framing, write)?;
        }
        if *wire == Wire::Fds || input.is_none() {
            let null = std::fs::File::open("/dev/null")?;
            self.fds.push((ChildFd::STDIN, null.into()));
        }
        if *wire == Wire::Fds || output.is_none() {
            self.capture("stdout", ChildFd::STDOUT)?;
        }
        self.capture("stderr", ChildFd::STDERR)?;
        let mut first_free = ChildFd::MESSAGES_OUT.number() + 1;
        if let Some(Condition::Fd(target)) = ready {
            let (read, write) = pipes::new()?;
            self.ends.ready = Some(pipe::Receiver::from_owned_fd(read)?);
            self.fds.push((*target, write));
            first_free = first_free.max(target.number() + 1);
        }
        self.announce();
        if env_clear || std::env::var_os("PYTHONUNBUFFERED").is_none() {
            self.set("PYTHONUNBUFFERED", "1");
        }
        if !env_clear
            && let Ok(flags) = std::env::var("MAKEFLAGS")
            && let Some((flags, fds)) = jobserver::move_behind(&flags, first_free)
        {
            self.set("MAKEFLAGS", flags);
            self.fds.extend(fds.into_iter().map(|(target, fd)| (ChildFd::new(target), fd)));
        }
        Ok(())
    }

    /// Sets the variables that tell of the channels, in the place of those that told us of ours.
    fn announce(&mut self) {
        for (key, _) in std::env::vars_os() {
            if key.as_encoded_bytes().starts_with(b"GIPC_FD_") {
                self.unset(key);
            }
        }
        for direction in [Direction::In, Direction::Out] {
            let variable = direction.variable();
            match self.channels.iter().find(|channel| channel.direction == direction) {
                None => self.unset(variable),
                Some(channel) => {
                    let (name, fd) = (channel.name.to_uppercase().replace('-', "_"), channel.fd);
                    self.set(variable, fd.to_string());
                    self.set(format!("GIPC_FD_{name}"), fd.to_string());
                }
            }
        }
        let list: Vec<_> = self.channels.iter().map(Channel::to_string).collect();
        if list.is_empty() {
            self.unset("GIPC_CHANNELS");
        } else {
            self.set("GIPC_CHANNELS", list.join(","));
        }
    }
}

/// Starts the command of `plan`, in this process group or in one of its own.
pub(crate) fn start(
    plan: &Supervise,
    restarts: u32,
    group: Option<i32>,
) -> Result<(Process, Ends), StartError> {
    let mut gifts = Gifts::default();
    if let Wiring::Channels(channels) = &plan.wiring {
        gifts.wire(channels, plan.env_clear)?;
    }
    gifts.set("GIPC_NAME", plan.instance());
    gifts.set("GIPC_RESTARTS", restarts.to_string());

    let mut command = Command::new(&plan.argv[0]).args(&plan.argv[1..]);
    if let Some(dir) = &plan.dir {
        command = command.current_dir(dir);
    }
    if plan.env_clear {
        command = command.env_clear();
    }
    // The user's last: what he sets is what the command gets.
    for (key, value) in gifts.env.into_iter().chain(plan.env.iter().cloned()) {
        command = match value {
            Some(value) => command.env(key, value),
            None => command.env_remove(key),
        };
    }
    for (target, fd) in gifts.fds {
        command = command.fd(target, fd);
    }
    for limit in &plan.limits {
        command = command.limit(*limit);
    }
    if matches!(plan.wiring, Wiring::Inherited) {
        command = command.inherit_fds();
    }
    if let Some(group) = group {
        command = command.process_group(ProcessGroup::Join(group));
    }
    Ok((command.spawn()?, gifts.ends))
}
