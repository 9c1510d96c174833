//! `gipc replay`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, FromArgMatches};
use gipc::framing::Framing;

use super::Usage;
use super::messages::Worker;
use super::supervision::Supervision;
use crate::plan;
use crate::plan::topology::{ProcessId, Topology};
use crate::plan::{Plan, Speed, Supervise};
use crate::value;

/// Play a record: its messages go to standard output, or to a worker
///
/// A record is what --record, the key `record` of gipc.toml and `gipc tap --json` write; a file of
/// dead letters can be played too. The messages come in the order of the file, those of all
/// channels unless one is named. A line that is no message of a record is told and left out.
///
/// With a COMMAND the messages go to that worker, as gipc-run(1) has it, with the record in place
/// of standard input; the options about a worker are for that.
#[derive(Debug, Args)]
#[command(
    override_usage = "gipc replay [OPTIONS] FILE [-- COMMAND [ARGUMENT]...]",
    after_help = "At the speed at which it came: gipc replay --speed 1 -c jobs session.jsonl -- ./worker.py"
)]
struct Options {
    /// The record
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Play the messages of this channel only
    #[arg(short, long, env = "GIPC_CHANNEL", value_name = "CHANNEL", hide_env = true)]
    channel: Option<String>,

    /// Wait between messages as long as it was, divided by this number; `max`: do not wait
    #[arg(long, env = "GIPC_SPEED", value_name = "NUMBER|max", hide_env = true,
          default_value = "max", value_parser = value::speed)]
    speed: Speed,

    #[command(flatten)]
    worker: Worker,

    #[command(flatten)]
    supervision: Supervision,

    /// The worker and its arguments
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// What was typed.
#[derive(Debug)]
pub(super) struct Replay {
    options: Options,
    /// An option that is for a worker, where there is none.
    for_a_worker: Option<String>,
}

/// Those that mean something without a worker.
const WITHOUT_WORKER: [&str; 5] = ["file", "channel", "speed", "output", "command"];

impl Args for Replay {
    fn augment_args(command: clap::Command) -> clap::Command {
        Options::augment_args(command)
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Options::augment_args_for_update(command)
    }
}

impl FromArgMatches for Replay {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let options = Options::from_arg_matches(matches)?;
        let mut for_a_worker = None;
        if options.command.is_empty() {
            // What is in the environment is for whoever it concerns.
            let is_typed = |option: &&clap::Arg| {
                let id = option.get_id().as_str();
                !WITHOUT_WORKER.contains(&id)
                    && matches.value_source(id) == Some(ValueSource::CommandLine)
            };
            let definition = Self::augment_args(clap::Command::new("gipc"));
            let typed = definition.get_arguments().find(is_typed);
            for_a_worker = typed.and_then(clap::Arg::get_long).map(str::to_owned);
        }
        Ok(Self { options, for_a_worker })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Replay {
    pub(super) fn into_plan(self) -> Result<Plan, Usage> {
        let Self { options, for_a_worker } = self;
        let Options { file, channel, speed, worker, supervision, command } = options;
        let replay = plan::Replay { file, channel, speed };
        if command.is_empty() {
            if let Some(option) = for_a_worker {
                return Err(Usage::wrong(format!(
                    "`--{option}` is for a worker, and there is none: gipc replay FILE -- COMMAND"
                )));
            }
            let output = worker.output_framing()?.ok_or_else(|| {
                Usage::wrong("with `--output none` nothing is written: give a worker, or a framing")
            })?;
            return Ok(Plan::Replay { replay, output });
        }
        let process = worker.process(&supervision, command)?;
        let input = worker.input(ProcessId(0), Framing::U32);
        let channels: Vec<_> = std::iter::once(input).chain(worker.output(ProcessId(0))?).collect();
        worker.check_guarded(&channels)?;
        let topology = Topology { channels, ..Topology::of_one(process) };
        let plan = Supervise { replay: Some(replay), ..supervision.into_plan(topology)? };
        Ok(Plan::Supervise(Box::new(plan)))
    }
}
