//! One start of a command: its descriptors, its environment, and our ends of its pipes.

use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use gipc::frames::{FrameReader, FrameWriter};
use gipc::inherited::Direction;
use gipc::pipes;
use gipc::process::Process;
use gipc::spawn::{ChildFd, Command, Limit, ProcessGroup, SpawnError};
use tokio::net::unix::pipe;

use super::Error;
use super::instance::Messages;
use crate::delivery::{Delivery, Leftover};
use crate::dress::dress;
use crate::guard::Verdict;
use crate::plan::topology::{self, Readiness, Wiring};
use crate::plan::{Channels, Wire};
use crate::record::Recorder;
use crate::relay::{Counts, Feed, Inlet, Lane, Output};
use crate::stream::{Patient, Stream};
use crate::{jobserver, notify};

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
    /// Where it says how it is.
    pub(crate) notify: Option<notify::Socket>,
}

/// What a command is given, in the making.
#[derive(Default)]
struct Gifts {
    ends: Ends,
    fds: Vec<(ChildFd, OwnedFd)>,
    env: Vec<(OsString, OsString)>,
    channels: Vec<(ChildFd, Direction, OwnedFd)>,
}

impl Gifts {
    fn set(&mut self, key: impl Into<OsString>, value: impl Into<OsString>) {
        self.env.push((key.into(), value.into()));
    }

    /// What is printed there comes to us as lines.
    fn capture(&mut self, stream: &'static str, target: ChildFd) -> io::Result<()> {
        let (read, write) = pipes::new()?;
        self.ends.lines.push((stream, pipe::Receiver::from_owned_fd(read)?));
        self.fds.push((target, write));
        Ok(())
    }

    /// What `plan` gives, apart from what is inherited.
    fn wire(&mut self, plan: &topology::Process) -> io::Result<()> {
        let stdin = || Ok::<_, io::Error>(std::fs::File::open("/dev/null")?.into());
        match &plan.wiring {
            Wiring::Inherited => return Ok(()),
            Wiring::Logged => {
                self.fds.push((ChildFd::STDIN, stdin()?));
                self.capture("stdout", ChildFd::STDOUT)?;
            }
            Wiring::Channels(Channels { wire, input, output, .. }) => {
                let (fd_in, fd_out) = match wire {
                    Wire::Fds => (ChildFd::MESSAGES_IN, ChildFd::MESSAGES_OUT),
                    Wire::Stdio => (ChildFd::STDIN, ChildFd::STDOUT),
                };
                if input.is_some() {
                    let (inlet, theirs) = Inlet::new()?;
                    self.ends.inlet = Some(inlet);
                    self.channels.push((fd_in, Direction::In, theirs));
                }
                if output.is_some() {
                    let (read, write) = pipes::large()?;
                    self.ends.messages = Some(pipe::Receiver::from_owned_fd(read)?);
                    self.channels.push((fd_out, Direction::Out, write));
                }
                if *wire == Wire::Fds || input.is_none() {
                    self.fds.push((ChildFd::STDIN, stdin()?));
                }
                if *wire == Wire::Fds || output.is_none() {
                    self.capture("stdout", ChildFd::STDOUT)?;
                }
            }
        }
        self.capture("stderr", ChildFd::STDERR)?;
        let mut first_free = ChildFd::MESSAGES_OUT.number() + 1;
        if let Some(Readiness::Fd(target)) = plan.ready {
            let (read, write) = pipes::new()?;
            self.ends.ready = Some(pipe::Receiver::from_owned_fd(read)?);
            self.fds.push((target, write));
            first_free = first_free.max(target.number() + 1);
        }
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

/// The state of an instance's channels, with our standard input and output at their other ends.
pub(super) fn messages(
    channels: &Channels,
    instance: &str,
    recorder: Option<&Recorder>,
) -> Result<Messages, Error> {
    let counts = [("in", Arc::default()), ("out", Arc::default())];
    let Channels { framing, input, output, max_message, .. } = *channels;
    let lane = |index: usize, from: &str, to: &str| {
        let (channel, counts): &(_, Arc<Counts>) = &counts[index];
        Lane {
            channel,
            from: from.to_owned(),
            to: to.to_owned(),
            counts: Arc::clone(counts),
            recorder: recorder.cloned(),
        }
    };
    let mut messages = Messages {
        feed: None,
        output: None,
        leftover: Leftover::default(),
        counts: counts.clone(),
    };
    if let Some(input) = input {
        let stream = Stream::from(Patient::duplicate(io::stdin()).map_err(Error::Runtime)?);
        messages.feed = Some(Box::new(Feed {
            input: FrameReader::new(stream, input, max_message),
            input_ended: false,
            framing,
            delivery: Delivery::new(framing, max_message),
            lane: lane(0, "-", instance),
        }));
    }
    if let Some(output) = output {
        let stream = Stream::from(Patient::duplicate(io::stdout()).map_err(Error::Runtime)?);
        messages.output = Some(Box::new(Output {
            writer: FrameWriter::new(stream, output),
            lane: lane(1, instance, "-"),
        }));
    }
    Ok(messages)
}

/// Starts an instance of `plan`, in this process group or in one of its own.
pub(super) fn start(
    plan: &topology::Process,
    instance: &str,
    restarts: u32,
    group: Option<i32>,
    descriptors: Option<Limit>,
) -> Result<(Process, Ends), StartError> {
    let mut gifts = Gifts::default();
    gifts.wire(plan)?;
    gifts.set("GIPC_NAME", instance);
    gifts.set("GIPC_RESTARTS", restarts.to_string());

    let mut command = Command::new(&plan.argv[0]).args(&plan.argv[1..]).name(instance);
    command = dress(command, plan, gifts.env, descriptors);
    for (target, fd) in gifts.fds {
        command = command.fd(target, fd);
    }
    if let Wiring::Channels(channels) = &plan.wiring {
        for (target, direction, fd) in gifts.channels {
            let name = direction.to_string();
            command = command.channel_fd(target, name, direction, channels.framing, fd)?;
        }
    }
    if plan.is_inherited() {
        command = command.inherit_fds();
    }
    if let Some(group) = group {
        command = command.process_group(ProcessGroup::Join(group));
    }
    Ok((command.spawn()?, gifts.ends))
}
