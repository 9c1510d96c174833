//! `gipc pool`.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::num::NonZero;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use tracing::level_filters::LevelFilter;

use super::Usage;
use super::messages::Messages;
use super::supervision::Supervision;
use crate::logs;
use crate::plan::Plan;
use crate::plan::channel::{self, Channel, ChannelId, Replies};
use crate::plan::pool::{self, Halt, UnknownHalt};
use crate::plan::topology::{ExitRule, ProcessId, Topology};
use crate::value;

/// Share messages among several workers that stay; one that crashes loses nothing
///
/// Each line of standard input is a message, which goes to the idlest worker; each worker answers
/// each of its messages with one of its own, in order, and the answers become lines of standard
/// output. What a worker had not answered when it crashed, hung (--message-timeout) or answered
/// wrongly goes to another one, --retries times at the most. The exit code is 0 when every message
/// was answered, 1 when one was not.
#[derive(Debug, Args)]
#[command(
    override_usage = "gipc pool [OPTIONS] [--] COMMAND [ARGUMENT]...",
    // It has its size as long as there are messages.
    mut_arg("restart", |restart| restart.default_value("always")),
    mut_arg("output", |output| output.help(OUTPUT_HELP)),
    after_help = "\
Examples:
  seq 1000 | gipc pool -j4 --wire stdio -- jq -c --unbuffered '. + 1'
  gipc pool --keep-order --joblog log -- python3 worker.py < messages"
)]
pub(super) struct Pool {
    /// How many workers [default: the number of processors]
    #[arg(short, long, env = "GIPC_JOBS", value_name = "N", hide_env = true,
          value_parser = value::count::<NonZero<u16>>)]
    jobs: Option<NonZero<u16>>,

    /// How many messages a worker may have that it has not answered
    #[arg(long, env = "GIPC_WINDOW", value_name = "N", hide_env = true, default_value = "1",
          value_parser = value::count::<NonZero<u32>>)]
    window: NonZero<u32>,

    /// When a message is done with: when its answer has come, or when it was read
    #[arg(long, env = "GIPC_ACK", value_name = "WHEN", hide_env = true, default_value = "reply")]
    ack: Ack,

    /// Write answers in the order of their messages
    #[arg(short, long, env = "GIPC_KEEP_ORDER", hide_env = true,
          value_parser = clap::builder::FalseyValueParser::new())]
    keep_order: bool,

    /// How often a message is sent again that has ended its worker
    ///
    /// That is one that a worker had read of when it crashed, or took too long for
    #[arg(long, env = "GIPC_RETRIES", value_name = "N", hide_env = true, default_value = "2")]
    retries: u32,

    /// Append messages that were not answered to this file, a JSON object on each line
    #[arg(long, env = "GIPC_DEAD_LETTER", value_name = "FILE.jsonl", hide_env = true)]
    dead_letter: Option<PathBuf>,

    /// Stop a worker that takes longer than this for an answer
    ///
    /// From when it is given the message, or has answered the one before
    #[arg(long, env = "GIPC_MESSAGE_TIMEOUT", value_name = "DURATION", hide_env = true,
          value_parser = value::duration)]
    message_timeout: Option<Duration>,

    /// End early: `now` or `soon`, a comma, `fail`, `success` or `done`, =N or =N%
    #[arg(long, env = "GIPC_HALT", value_name = "RULE", hide_env = true, default_value = "never",
          value_parser = halt, long_help = HALT_HELP)]
    halt: HaltOrNever,

    /// Tell on standard error how far it has come: a bar with rate and remaining time
    #[arg(long, env = "GIPC_PROGRESS", value_name = "WHEN", hide_env = true, default_value = "auto",
          num_args = 0..=1, require_equals = true, default_missing_value = "always",
          long_help = PROGRESS_HELP)]
    progress: Progress,

    /// Note each message that is done in this file, with the columns of GNU parallel's
    #[arg(long, env = "GIPC_JOBLOG", value_name = "FILE", hide_env = true)]
    joblog: Option<PathBuf>,

    /// Leave out the messages that the joblog tells of, by their numbers
    #[arg(long, env = "GIPC_RESUME", hide_env = true, requires = "joblog",
          value_parser = clap::builder::FalseyValueParser::new())]
    resume: bool,

    /// Send messages in a random order, once all of them are there
    #[arg(long, env = "GIPC_SHUF", hide_env = true,
          value_parser = clap::builder::FalseyValueParser::new())]
    shuf: bool,

    /// Replace a worker after so many messages
    #[arg(long, env = "GIPC_MAX_MESSAGES", value_name = "N", hide_env = true,
          value_parser = value::count::<NonZero<u64>>)]
    max_messages: Option<NonZero<u64>>,

    /// Replace a worker that has come to use more memory than this, when it has answered
    #[arg(long, env = "GIPC_MAX_MEMORY", value_name = "SIZE", hide_env = true,
          value_parser = value::size)]
    max_memory: Option<usize>,

    #[command(flatten)]
    messages: Messages,

    #[command(flatten)]
    supervision: Supervision,

    /// The worker and its arguments
    #[arg(required = true, trailing_var_arg = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

const OUTPUT_HELP: &str = "\
How answers are written to standard output: a framing, `none`, or `json` for an object with the \
message's number, its worker, how often and how long it was tried, and the reply or the error";

const PROGRESS_HELP: &str = "\
Tell on standard error how far it has come

On a terminal it is a bar with the rate and the remaining time, below all other lines. Without this \
option it is there where standard error is a terminal and standard output is not. Asked for where \
there can be none, because standard error is no terminal or standard output is one too, it is a line \
every 10 seconds. At the end a line tells how many there were. The whole number is known at once where \
standard input is a file of messages that end with a mark (`lines`, `nul`), else when all have come";

const HALT_HELP: &str = "\
End early: `now` or `soon`, a comma, `fail`, `success` or `done`, =N or =N%

As GNU parallel: with `soon` the messages that workers have are still answered, with `now` the workers \
are killed. `fail` counts messages that end in the dead letters, `success` those that are answered, \
`done` both; a share counts from 3 on. For example now,fail=1 or soon,success=10%";

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Progress {
    /// A bar, where standard error is a terminal and standard output is not
    Auto,
    /// A bar, or lines
    Always,
    /// Nothing
    Never,
}

impl Progress {
    fn wanted(self, log: &logs::Settings) -> Result<Option<pool::Progress>, Usage> {
        let (error, output) = (std::io::stderr().is_terminal(), std::io::stdout().is_terminal());
        let may_draw = error && !output && std::env::var_os("TERM").is_none_or(|it| it != "dumb");
        let is_json = log.format == logs::Format::Json;
        match self {
            Self::Always if is_json => Err(Usage::wrong(
                "`--progress` is for people: it does not go with `--log-format json`",
            )),
            Self::Always if !may_draw => Ok(Some(pool::Progress::Lines)),
            Self::Always => Ok(Some(pool::Progress::Bar)),
            Self::Auto if may_draw && !is_json && log.level > LevelFilter::ERROR => {
                Ok(Some(pool::Progress::Bar))
            }
            Self::Auto | Self::Never => Ok(None),
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Ack {
    /// When its answer has come
    Reply,
    /// When it was read; workers send what they like
    Read,
}

#[derive(Clone, Copy, Debug)]
struct HaltOrNever(Option<Halt>);

fn halt(text: &str) -> Result<HaltOrNever, UnknownHalt> {
    match text {
        "never" => Ok(HaltOrNever(None)),
        _ => text.parse().map(|halt| HaltOrNever(Some(halt))),
    }
}

impl Pool {
    pub(super) fn into_plan(self) -> Result<Plan, Usage> {
        let workers = ProcessId(0);
        let mut process = self.messages.process(&self.supervision, self.command)?;
        let processors = || std::thread::available_parallelism().map_or(1, NonZero::get);
        process.replicas = self.jobs.map_or_else(processors, |jobs| jobs.get().into());
        let Some(input) = self.messages.input(workers) else {
            return Err(Usage::wrong("a pool shares out its input: there must be one"));
        };
        let is_answered = matches!(self.ack, Ack::Reply);
        let mut channels = vec![Channel { dead_letter: self.dead_letter, ..input }];
        let (answers, as_json) = self.messages.answers(workers);
        channels.extend(answers);
        self.messages.check_guarded(&channels)?;
        let mut pool = pool::Pool {
            keep_order: self.keep_order,
            as_json,
            halt: self.halt.0,
            progress: None,
            joblog: self.joblog,
            resume: self.resume,
            shuffle: self.shuf,
            max_messages: self.max_messages.map(NonZero::get),
            max_memory: self.max_memory.map(|size| size as u64),
        };
        if is_answered {
            if channels.len() == 1 {
                return Err(Usage::wrong(
                    "with `--output none` there are no answers; messages that are only read are for \
                     `--ack read`",
                ));
            }
            channels[0].ack = channel::Ack::Reply(Replies {
                window: self.window.get() as usize,
                timeout: self.message_timeout,
                retries: self.retries,
            });
            channels[0].answers = Some(ChannelId(1));
        } else if pool != pool::Pool::default()
            || self.message_timeout.is_some()
            || self.progress == Progress::Always
        {
            return Err(Usage::wrong(
                "--keep-order, --halt, --joblog, --resume, --shuf, --max-messages, --max-memory, \
                 --message-timeout, --progress and `--output json` are for messages that are answered: they do not \
                 go with `--ack read`",
            ));
        }
        let topology = Topology {
            name: "pool".to_owned(),
            exit: ExitRule::LastFailure,
            channels,
            ..Topology::of_one(process)
        };
        let mut plan = self.supervision.into_plan(topology)?;
        if is_answered {
            pool.progress = self.progress.wanted(&plan.log)?;
            plan.pool = Some(pool);
        }
        Ok(Plan::Supervise(Box::new(plan)))
    }
}
