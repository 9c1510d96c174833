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

/// Replay recorded messages to standard output or to a worker
///
/// A record is what --record, the key `record` in gipc.toml, and `gipc tap --json` write; dead-letter
/// files can be replayed too. Messages are replayed in the order of the file, from all channels unless
/// one is named. A line that is not a record entry is reported and skipped.
///
/// With a COMMAND, the messages go to that worker as with gipc-run(1), the record taking the place of
/// standard input; the options about workers and supervision are for this case only.
#[derive(Debug, Args)]
#[command(
    override_usage = "gipc replay [OPTIONS] FILE [-- COMMAND [ARGUMENT]...]",
    after_help = "\
Examples:
  gipc replay -c out session.jsonl
  gipc replay --speed 1 -c jobs session.jsonl -- ./worker.py     # at the original speed"
)]
struct Options {
    /// The record to replay
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Replay the messages of this channel only
    #[arg(short, long, env = "GIPC_CHANNEL", value_name = "CHANNEL", hide_env = true)]
    channel: Option<String>,

    /// Replay at this multiple of the original speed; `max`: without any pauses
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
                    "`--{option}` needs a worker: gipc replay FILE -- COMMAND"
                )));
            }
            let output = worker.output_framing()?.ok_or_else(|| {
                Usage::wrong(
                    "with `--output none` nothing would be written: give a worker, or a framing",
                )
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
