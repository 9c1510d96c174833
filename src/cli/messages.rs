//! The options about messages that `run`, `pipe` and `pool` have.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use gipc::framing::{DEFAULT_MAX_MESSAGE, Framing};
use gipc::spawn::ChildFd;

use super::Usage;
use super::supervision::Supervision;
use crate::plan::channel::{Channel, End, Place, Port};
use crate::plan::rules;
use crate::plan::topology::{Process, ProcessId, Readiness, Wiring};
use crate::ready::Condition;
use crate::value;

#[derive(Debug, Args)]
pub(super) struct Messages {
    /// How messages are encoded on standard input, or `none`
    #[arg(long, env = "GIPC_INPUT", value_name = "FRAMING", hide_env = true,
          default_value = "lines", value_parser = framing_or_none)]
    input: FramingOrNone,

    #[command(flatten)]
    worker: Worker,
}

/// Those of a worker, wherever its messages come from.
#[derive(Debug, Args)]
pub(super) struct Worker {
    /// Where the worker reads and writes its messages
    #[arg(long, env = "GIPC_WIRE", value_name = "WIRE", hide_env = true, default_value = "fds")]
    wire: Wire,

    /// How the worker's messages are encoded [default: u32; with --wire stdio or node: lines]
    #[arg(long, env = "GIPC_FRAMING", value_name = "FRAMING", hide_env = true,
          long_help = FRAMING_HELP)]
    framing: Option<Framing>,

    /// With --wire stdio: send lines of the worker's standard output that are not JSON to standard
    /// error, and do not treat them as messages
    #[arg(long, env = "GIPC_GUARD_STDOUT", hide_env = true, value_parser = value::flag())]
    guard_stdout: bool,

    /// How messages are encoded on standard output, or `none`
    #[arg(long, env = "GIPC_OUTPUT", value_name = "FRAMING", hide_env = true,
          default_value = "lines", value_parser = output_form)]
    output: OutputForm,

    /// The largest message to accept [default: 64MiB]
    #[arg(long, env = "GIPC_MAX_MESSAGE", value_name = "SIZE", hide_env = true,
          value_parser = value::size)]
    max_message: Option<usize>,

    /// Append every message to this file, one JSON object per line
    #[arg(long, env = "GIPC_RECORD", value_name = "FILE.jsonl", hide_env = true)]
    record: Option<PathBuf>,

    /// When the worker is ready for its first message: message, fd:N, log:REGEX or delay:DURATION
    #[arg(long, env = "GIPC_READY", value_name = "CONDITION", hide_env = true,
          long_help = READY_HELP)]
    ready: Option<Condition>,

    /// Stop a worker that is not ready after this long, with exit code 124
    #[arg(long, env = "GIPC_READY_TIMEOUT", value_name = "DURATION", hide_env = true,
          default_value = "30s", value_parser = value::duration)]
    ready_timeout: Duration,
}

const FRAMING_HELP: &str = "\
How the worker's messages are encoded [default: u32; with --wire stdio or node: lines]

u32: the length in 4 bytes, big-endian, then the message; lines: the message, then a newline; nul: \
the message, then a zero byte; netstring: 5:hello, ; content-length: as language servers use it; \
u32le: like u32, but little-endian; varint: the length as LEB128, then the message; json-seq: RFC \
7464; raw: bytes without boundaries, each read is one message";

const READY_HELP: &str = "\
When the worker is ready for its first message

message: it has sent one (where messages are answered, this one is not an answer and is discarded); \
fd:N: it has written a newline to descriptor N; log:REGEX: it has \
printed a line that matches; delay:DURATION: this much time has passed";

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Wire {
    /// Descriptors 3 and 4
    Fds,
    /// Standard input and output
    Stdio,
    /// The socket of Node's process.send
    Node,
}

#[derive(Clone, Copy, Debug)]
struct FramingOrNone(Option<Framing>);

/// What our standard output gets.
#[derive(Clone, Copy, Debug)]
enum OutputForm {
    Nothing,
    Messages(Framing),
    /// Of a pool: an object for each message.
    Json,
}

fn output_form(text: &str) -> Result<OutputForm, String> {
    match text {
        "json" => Ok(OutputForm::Json),
        _ => framing_or_none(text).map(|FramingOrNone(framing)| match framing {
            None => OutputForm::Nothing,
            Some(framing) => OutputForm::Messages(framing),
        }),
    }
}

fn framing_or_none(text: &str) -> Result<FramingOrNone, String> {
    match text {
        "none" => Ok(FramingOrNone(None)),
        _ => text
            .parse()
            .map(|framing| FramingOrNone(Some(framing)))
            .map_err(|error: gipc::framing::UnknownFraming| format!("{error}; or `none`")),
    }
}

impl Messages {
    /// Are the messages between two workers gipc's business?
    pub(super) fn need_relays(&self) -> bool {
        let Worker { record, wire, guard_stdout, ready, max_message, .. } = &self.worker;
        record.is_some()
            || matches!(wire, Wire::Node)
            || *guard_stdout
            || ready.is_some()
            || max_message.is_some()
    }

    /// From one process to the next.
    pub(super) fn between(&self, name: &str, from: ProcessId, to: ProcessId) -> Channel {
        self.worker.between(name, from, to)
    }

    /// As [`Worker::process`].
    pub(super) fn process(
        &self,
        supervision: &Supervision,
        argv: Vec<OsString>,
    ) -> Result<Process, Usage> {
        self.worker.process(supervision, argv)
    }

    /// From our standard input to a process, unless there is to be none.
    pub(super) fn input(&self, to: ProcessId) -> Option<Channel> {
        Some(self.worker.input(to, self.input.0?))
    }

    /// As [`Worker::check_guarded`].
    pub(super) fn check_guarded(&self, channels: &[Channel]) -> Result<(), Usage> {
        self.worker.check_guarded(channels)
    }

    /// As [`Worker::output`].
    pub(super) fn output(&self, from: ProcessId) -> Result<Option<Channel>, Usage> {
        self.worker.output(from)
    }

    /// From a process to our standard output, unless there is to be none; whether its answers are to
    /// be told as JSON, each with what it took.
    pub(super) fn answers(&self, from: ProcessId) -> (Option<Channel>, bool) {
        match self.worker.output {
            OutputForm::Nothing => (None, false),
            OutputForm::Messages(framing) => (Some(self.worker.channel_out(from, framing)), false),
            OutputForm::Json => (Some(self.worker.channel_out(from, Framing::Lines)), true),
        }
    }
}

impl Worker {
    /// A worker, which these options and those of its supervision are for.
    pub(super) fn process(
        &self,
        supervision: &Supervision,
        argv: Vec<OsString>,
    ) -> Result<Process, Usage> {
        let readiness = match &self.ready {
            None => rules::Readiness::Immediate,
            Some(Condition::Delay(delay)) => rules::Readiness::After(*delay),
            Some(_) => rules::Readiness::Told { timeout: self.ready_timeout },
        };
        let (port_in, port_out) = self.ports();
        if matches!(self.wire, Wire::Node) && self.framing() != Framing::Lines {
            return Err(Usage::wrong(
                "`--wire node` needs `--framing lines`: its messages are lines of JSON",
            ));
        }
        self.check_guard()?;
        match &self.ready {
            Some(Condition::Message) if matches!(self.output, OutputForm::Nothing) => {
                return Err(Usage::wrong(
                    "with `--output none` there are no messages, so `--ready message` cannot \
                     be used",
                ));
            }
            Some(Condition::Fd(fd)) if [port_in, port_out].map(Port::fd).contains(fd) => {
                return Err(Usage::wrong(format!(
                    "descriptor {fd} carries the worker's messages; use another one, as in `--ready fd:5`"
                )));
            }
            _ => {}
        }
        let ready = match &self.ready {
            None | Some(Condition::Delay(_)) => None,
            Some(Condition::Message) => Some(Readiness::Message),
            Some(Condition::Fd(fd)) => Some(Readiness::Fd(*fd)),
            Some(Condition::Log(regex)) => Some(Readiness::Log(regex.clone())),
        };
        let process = supervision.process(argv, Wiring::Piped, readiness, ready)?;
        Ok(Process { guard_stdout: self.guard_stdout, ..process })
    }

    /// Can what is to be guarded be told from messages?
    fn check_guard(&self) -> Result<(), Usage> {
        let wrong = match (self.wire, self.framing()) {
            _ if !self.guard_stdout => return Ok(()),
            (Wire::Fds | Wire::Node, _) => {
                "`--guard-stdout` is for messages on standard output, as with `--wire stdio`; here \
                 what is printed there goes to standard error anyway"
                    .to_owned()
            }
            (Wire::Stdio, Framing::Lines) => return Ok(()),
            (Wire::Stdio, framing) => format!(
                "`--guard-stdout` tells messages from other lines where they are lines of JSON: it \
                 does not go with `--framing {framing}`"
            ),
        };
        Err(Usage::wrong(wrong))
    }

    /// Is there a channel whose messages are guarded, where that is asked for?
    pub(super) fn check_guarded(&self, channels: &[Channel]) -> Result<(), Usage> {
        let from_a_worker =
            |channel: &Channel| channel.from.iter().any(|end| end.process().is_some());
        if self.guard_stdout && !channels.iter().any(from_a_worker) {
            return Err(Usage::wrong(
                "with `--output none` there are no messages that `--guard-stdout` could guard",
            ));
        }
        Ok(())
    }

    /// Where a worker's messages go in, and where they come out.
    fn ports(&self) -> (Port, Port) {
        match self.wire {
            Wire::Fds => (Port::Fd(ChildFd::MESSAGES_IN), Port::Fd(ChildFd::MESSAGES_OUT)),
            Wire::Stdio => (Port::Fd(ChildFd::STDIN), Port::Fd(ChildFd::STDOUT)),
            Wire::Node => (Port::Node(ChildFd::MESSAGES_IN), Port::Node(ChildFd::MESSAGES_IN)),
        }
    }

    fn framing(&self) -> Framing {
        self.framing.unwrap_or(match self.wire {
            Wire::Fds => Framing::U32,
            Wire::Stdio | Wire::Node => Framing::Lines,
        })
    }

    fn worker(&self, process: ProcessId, port: Port) -> End {
        End { at: Place::Process(process, port), framing: self.framing() }
    }

    fn channel(&self, name: &str, from: End, to: End) -> Channel {
        let max_message = self.max_message.unwrap_or(DEFAULT_MAX_MESSAGE);
        Channel { max_message, record: self.record.clone(), ..Channel::new(name, from, to) }
    }

    /// From what we read to a process.
    pub(super) fn input(&self, to: ProcessId, framing: Framing) -> Channel {
        let from = End { at: Place::Ours, framing };
        self.channel("in", from, self.worker(to, self.ports().0))
    }

    /// How messages are encoded on our standard output, unless there are to be none.
    pub(super) fn output_framing(&self) -> Result<Option<Framing>, Usage> {
        match self.output {
            OutputForm::Nothing => Ok(None),
            OutputForm::Messages(framing) => Ok(Some(framing)),
            OutputForm::Json => Err(Usage::wrong("`--output json` is for the answers of a pool")),
        }
    }

    /// From one process to the next.
    fn between(&self, name: &str, from: ProcessId, to: ProcessId) -> Channel {
        let (port_in, port_out) = self.ports();
        self.channel(name, self.worker(from, port_out), self.worker(to, port_in))
    }

    /// From a process to our standard output, unless there is to be none.
    pub(super) fn output(&self, from: ProcessId) -> Result<Option<Channel>, Usage> {
        Ok(self.output_framing()?.map(|framing| self.channel_out(from, framing)))
    }

    fn channel_out(&self, from: ProcessId, framing: Framing) -> Channel {
        let to = End { at: Place::Ours, framing };
        self.channel("out", self.worker(from, self.ports().1), to)
    }
}

const _: () = assert!(DEFAULT_MAX_MESSAGE == 64 << 20, "as the help says");
