//! `gipc run`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use gipc::framing::{DEFAULT_MAX_MESSAGE, Framing};
use gipc::spawn::ChildFd;

use super::Usage;
use super::supervision::Supervision;
use crate::plan::Plan;
use crate::plan::channel::{Channel, End, Place, Port};
use crate::plan::rules::Readiness;
use crate::plan::topology::{self, ProcessId, Topology, Wiring};
use crate::ready::Condition;
use crate::value;

/// Run a worker: lines of standard input become its messages, its messages become lines of
/// standard output
///
/// The worker takes messages on descriptor 3 and sends messages on descriptor 4, each with a
/// length of 4 bytes before it, or as --wire and --framing say; gipc-wire(7) has all that its
/// author needs. What it prints goes to standard error. When standard input ends, the worker's
/// channel ends, the worker is expected to end, and gipc ends with its exit code.
#[derive(Debug, Args)]
#[command(
    override_usage = "gipc run [OPTIONS] [--] COMMAND [ARGUMENT]...",
    after_help = "Any filter will do: printf 'one\\ntwo\\n' | gipc run --wire stdio -- tr a-z A-Z"
)]
pub(super) struct Run {
    /// Where the worker's messages go in and out
    #[arg(long, env = "GIPC_WIRE", value_name = "WIRE", hide_env = true, default_value = "fds")]
    wire: Wire,

    /// How the worker's messages are encoded [default: u32, with --wire stdio lines]
    #[arg(long, env = "GIPC_FRAMING", value_name = "FRAMING", hide_env = true,
          long_help = FRAMING_HELP)]
    framing: Option<Framing>,

    /// How messages are encoded on standard input, or `none`
    #[arg(long, env = "GIPC_INPUT", value_name = "FRAMING", hide_env = true,
          default_value = "lines", value_parser = framing_or_none)]
    input: FramingOrNone,

    /// How messages are encoded on standard output, or `none`
    #[arg(long, env = "GIPC_OUTPUT", value_name = "FRAMING", hide_env = true,
          default_value = "lines", value_parser = framing_or_none)]
    output: FramingOrNone,

    /// The largest message that is accepted
    #[arg(long, env = "GIPC_MAX_MESSAGE", value_name = "SIZE", hide_env = true,
          default_value = "64MiB", value_parser = value::size)]
    max_message: usize,

    /// When the worker is ready for its first message: message, fd:N, log:REGEX or delay:DURATION
    #[arg(long, env = "GIPC_READY", value_name = "CONDITION", hide_env = true,
          long_help = READY_HELP)]
    ready: Option<Condition>,

    /// Stop a worker that is not ready after so long, with exit code 124
    #[arg(long, env = "GIPC_READY_TIMEOUT", value_name = "DURATION", hide_env = true,
          default_value = "30s", value_parser = value::duration)]
    ready_timeout: Duration,

    /// Append every message to this file, a JSON object on each line
    #[arg(long, env = "GIPC_RECORD", value_name = "FILE.jsonl", hide_env = true)]
    record: Option<PathBuf>,

    #[command(flatten)]
    supervision: Supervision,
    /// The worker and its arguments
    #[arg(required = true, trailing_var_arg = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

const FRAMING_HELP: &str = "\
How the worker's messages are encoded [default: u32, with --wire stdio lines]

u32: a length of 4 bytes, big-endian, then the message; lines: a newline after it; nul: a zero \
byte after it; netstring: 5:hello, ; content-length: as language servers do; u32le: as u32, \
little-endian; varint: a LEB128 length, then the message; json-seq: RFC 7464; raw: bytes without \
boundaries, one read is one message";

const READY_HELP: &str = "\
When the worker is ready for its first message

message: it has sent one; fd:N: it has written a newline to descriptor N; log:REGEX: it has \
printed a line that matches; delay:DURATION: so much time has passed";

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Wire {
    /// Descriptors 3 and 4
    Fds,
    /// Standard input and output
    Stdio,
}

#[derive(Clone, Copy, Debug)]
struct FramingOrNone(Option<Framing>);

fn framing_or_none(text: &str) -> Result<FramingOrNone, String> {
    match text {
        "none" => Ok(FramingOrNone(None)),
        _ => text
            .parse()
            .map(|framing| FramingOrNone(Some(framing)))
            .map_err(|error: gipc::framing::UnknownFraming| format!("{error}; or `none`")),
    }
}

impl Run {
    pub(super) fn into_plan(self) -> Result<Plan, Usage> {
        let (fd_in, fd_out, default) = match self.wire {
            Wire::Fds => (ChildFd::MESSAGES_IN, ChildFd::MESSAGES_OUT, Framing::U32),
            Wire::Stdio => (ChildFd::STDIN, ChildFd::STDOUT, Framing::Lines),
        };
        let readiness = match &self.ready {
            None => Readiness::Immediate,
            Some(Condition::Delay(delay)) => Readiness::After(*delay),
            Some(_) => Readiness::Told { timeout: self.ready_timeout },
        };
        match &self.ready {
            Some(Condition::Message) if self.output.0.is_none() => {
                return Err(Usage::wrong(
                    "with `--output none` there are no messages by which `--ready message` \
                     could tell",
                ));
            }
            Some(Condition::Fd(fd)) if *fd == fd_in || *fd == fd_out => {
                return Err(Usage::wrong(
                    "descriptors 3 and 4 are the worker's messages; use `--ready fd:5`",
                ));
            }
            _ => {}
        }
        let framing = self.framing.unwrap_or(default);
        let worker = |port| End { at: Place::Process(ProcessId(0), Port::Fd(port)), framing };
        let ours = |framing| End { at: Place::Ours, framing };
        let input = self.input.0.map(|input| Channel::new("in", ours(input), worker(fd_in)));
        let output = self.output.0.map(|output| Channel::new("out", worker(fd_out), ours(output)));
        let channels = input.into_iter().chain(output).map(|channel| Channel {
            max_message: self.max_message,
            record: self.record.clone(),
            ..channel
        });
        let channels = channels.collect();
        let ready = match self.ready {
            None | Some(Condition::Delay(_)) => None,
            Some(Condition::Message) => Some(topology::Readiness::Message),
            Some(Condition::Fd(fd)) => Some(topology::Readiness::Fd(fd)),
            Some(Condition::Log(regex)) => Some(topology::Readiness::Log(regex)),
        };
        let process = self.supervision.process(self.command, Wiring::Piped, readiness, ready)?;
        let topology = Topology { channels, ..Topology::of_one(process) };
        Ok(Plan::Supervise(Box::new(self.supervision.into_plan(topology)?)))
    }
}

const _: () = assert!(DEFAULT_MAX_MESSAGE == 64 << 20, "as the help says");
