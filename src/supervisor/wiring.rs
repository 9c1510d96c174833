//! One start of a command: its descriptors, its environment, and our ends of its pipes.

use std::ffi::OsString;
use std::io;
use std::rc::Rc;

use gipc::framing::Framing;
use gipc::inherited::Direction;
use gipc::pipes::{self, Descriptor, Incoming};
use gipc::process::{ExitCode, Process};
use gipc::spawn::{ChildFd, Command, Limit, ProcessGroup, SpawnError};

use super::instance::{Junction, Side};
use crate::dress::dress;
use crate::guard::Verdict;
use crate::plan::channel::Port;
use crate::plan::topology::{self, Meeting, Readiness, Wiring};
use crate::relay::{Conversation, Inlet, NodeStream};
use crate::{jobserver, notify, stream};

mod node;

/// Why a command was not started.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    #[error("cannot make a pipe")]
    Pipe(#[from] io::Error),
}

impl StartError {
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Spawn(error) => error.exit_code(),
            Self::Pipe(_) => Verdict::FAILED,
        }
    }
}

/// Our ends of what the command was given.
#[derive(Default)]
pub(crate) struct Ends {
    /// Where its messages go in: for each junction where it reads.
    pub(crate) inlets: Vec<Option<Inlet>>,
    /// Where its messages come out: the junction with each.
    pub(crate) messages: Vec<(usize, Incoming)>,
    /// Its socket, where it is a Node process.
    pub(crate) node: Option<Node>,
    /// What it prints: the stream's name with each.
    pub(crate) lines: Vec<(&'static str, Incoming)>,
    /// Where it says that it is ready.
    pub(crate) ready: Option<Incoming>,
    /// Where it says how it is.
    pub(crate) notify: Option<notify::Socket>,
}

/// Our end of the socket of a Node process.
pub(crate) struct Node {
    pub(crate) stream: NodeStream,
    pub(crate) conversation: Rc<Conversation>,
    /// The junction that it writes to, if there is one.
    pub(crate) writes_to: Option<usize>,
}

/// A descriptor of a command that channels lead through.
struct Line {
    target: ChildFd,
    framing: Framing,
    /// By their names: the two directions of a socket.
    channels: Vec<(String, Direction)>,
    theirs: Descriptor,
}

/// What a command is given, in the making.
#[derive(Default)]
struct Gifts {
    ends: Ends,
    fds: Vec<(ChildFd, Descriptor)>,
    env: Vec<(OsString, OsString)>,
    lines: Vec<Line>,
}

impl Gifts {
    fn set(&mut self, key: impl Into<OsString>, value: impl Into<OsString>) {
        self.env.push((key.into(), value.into()));
    }

    /// What is printed there comes to us as lines.
    fn capture(&mut self, stream: &'static str, target: ChildFd) -> io::Result<()> {
        let (read, write) = pipes::from_child()?;
        self.ends.lines.push((stream, read));
        self.fds.push((target, write));
        Ok(())
    }

    /// An end of a channel, on a descriptor of its own.
    fn connect(&mut self, place: usize, junction: &Junction) -> io::Result<()> {
        let theirs = match &junction.side {
            Side::Direct(end) => end.take().ok_or(io::ErrorKind::BrokenPipe)?,
            Side::Reader(_) => {
                let (inlet, theirs) = Inlet::pipe(junction.hub.waits_for_reading())?;
                self.ends.inlets.resize_with(place + 1, || None);
                self.ends.inlets[place] = Some(inlet);
                theirs
            }
            Side::Writer(_) => {
                let (read, theirs) = pipes::from_child_large()?;
                self.ends.messages.push((place, read));
                theirs
            }
        };
        let Meeting { port, direction, framing, .. } = junction.plan;
        let channels = vec![(junction.hub.plan.name.clone(), direction)];
        self.lines.push(Line { target: port.fd(), framing, channels, theirs });
        Ok(())
    }

    /// What `plan` gives, apart from what is inherited.
    fn wire(&mut self, plan: &topology::Process, junctions: &[Junction]) -> io::Result<()> {
        if plan.wiring == Wiring::Inherited {
            return Ok(());
        }
        for (place, junction) in junctions.iter().enumerate() {
            if let Port::Fd(_) = junction.plan.port {
                self.connect(place, junction)?;
            }
        }
        self.connect_node(junctions)?;
        let mut taken: Vec<_> = self.lines.iter().map(|line| line.target).collect();
        if !taken.contains(&ChildFd::STDIN) {
            self.fds.push((ChildFd::STDIN, std::fs::File::open(stream::NULL)?.into()));
        }
        if !taken.contains(&ChildFd::STDOUT) {
            self.capture("stdout", ChildFd::STDOUT)?;
        }
        self.capture("stderr", ChildFd::STDERR)?;
        if let Some(Readiness::Fd(target)) = plan.ready {
            let (read, write) = pipes::from_child()?;
            self.ends.ready = Some(read);
            self.fds.push((target, write));
            taken.push(target);
        }
        taken.push(ChildFd::MESSAGES_OUT);
        let first_free = taken.iter().map(|fd| fd.number()).max().unwrap_or_default() + 1;
        if matches!(plan.ready, Some(Readiness::Notify)) || plan.rules.watchdog.is_some() {
            let socket = notify::Socket::new()?;
            self.set("NOTIFY_SOCKET", &socket.address);
            self.ends.notify = Some(socket);
        }
        if let Some(watchdog) = plan.rules.watchdog {
            self.set("WATCHDOG_USEC", watchdog.as_micros().to_string());
        }
        let env_clear = plan.env_clear;
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
}

/// Starts an instance of `plan`, in this process group or in one of its own.
pub(super) fn start(
    plan: &topology::Process,
    junctions: &[Junction],
    instance: &str,
    restarts: u32,
    group: Option<ProcessGroup>,
    descriptors: Option<Limit>,
) -> Result<(Process, Ends), StartError> {
    let mut gifts = Gifts::default();
    gifts.wire(plan, junctions)?;
    gifts.set("GIPC_NAME", instance);
    gifts.set("GIPC_RESTARTS", restarts.to_string());

    let mut command = Command::new(&plan.argv[0]).args(&plan.argv[1..]).name(instance);
    command = dress(command, plan, gifts.env, descriptors);
    for (target, fd) in gifts.fds {
        command = command.fd(target, fd);
    }
    let is_listener = gifts.lines.iter().any(|line| line.target > ChildFd::STDERR);
    command = command.listen_fds(plan.listen_fds && is_listener);
    for Line { target, framing, channels, theirs } in gifts.lines {
        command = command.channels_fd(target, channels, framing, theirs)?;
    }
    if plan.is_inherited() {
        command = command.inherit_fds();
    }
    if let Some(group) = group {
        command = command.process_group(group);
    }
    Ok((command.spawn()?, gifts.ends))
}
