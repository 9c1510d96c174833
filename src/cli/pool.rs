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

/// Distribute messages among persistent workers; a crash loses none
///
/// Each line of standard input is a message and goes to the worker that has been idle longest. A
/// worker answers each of its messages with one message of its own, in order, and the answers become
/// lines of standard output. Messages that a worker has not answered when it crashes, hangs
/// (--message-timeout) or answers wrongly are sent to another one; see --retries. The exit code is 0
/// if every message was answered, else 1.
#[derive(Debug, Args)]
#[command(
    override_usage = "gipc pool [OPTIONS] [--] COMMAND [ARGUMENT]...",
    // It has its size as long as there are messages.
    mut_arg("restart", |restart| restart.default_value("always")),
    mut_arg("input", |input| input.help("How messages are encoded on standard input")),
    mut_arg("output", |output| output.help(OUTPUT_HELP)),
    after_help = "\
Examples:
  seq 1000 | gipc pool -j4 --wire stdio -- jq -c --unbuffered '. + 1'
  gipc pool --keep-order --joblog log -- python3 worker.py < messages"
)]
pub(super) struct Pool {
    /// Number of workers [default: the number of CPUs]
    #[arg(short, long, env = "GIPC_JOBS", value_name = "N", hide_env = true,
          value_parser = value::count::<NonZero<u16>>)]
    jobs: Option<NonZero<u16>>,

    /// How many unanswered messages a worker may have at a time
    #[arg(long, env = "GIPC_WINDOW", value_name = "N", hide_env = true, default_value = "1",
          value_parser = value::count::<NonZero<u32>>)]
    window: NonZero<u32>,

    /// When a message counts as done
    #[arg(long, env = "GIPC_ACK", value_name = "WHEN", hide_env = true, default_value = "reply")]
    ack: Ack,

    /// Write answers in the order of their messages
    #[arg(short, long, env = "GIPC_KEEP_ORDER", hide_env = true, value_parser = value::flag())]
    keep_order: bool,

    /// How many times to resend a message whose worker crashed or timed out after starting to read it
    #[arg(long, env = "GIPC_RETRIES", value_name = "N", hide_env = true, default_value = "2")]
    retries: u32,

    /// Append messages that were not answered to this file, one JSON object per line
    #[arg(long, env = "GIPC_DEAD_LETTER", value_name = "FILE.jsonl", hide_env = true)]
    dead_letter: Option<PathBuf>,

    /// Stop a worker that takes longer than this to answer a message
    ///
    /// The time counts from when the worker gets the message or has answered the previous one,
    /// whichever is later
    #[arg(long, env = "GIPC_MESSAGE_TIMEOUT", value_name = "DURATION", hide_env = true,
          value_parser = value::duration)]
    message_timeout: Option<Duration>,

    /// End early: `now` or `soon`, a comma, `fail`, `success` or `done`, =N or =N%
    #[arg(long, env = "GIPC_HALT", value_name = "RULE", hide_env = true, default_value = "never",
          value_parser = halt, long_help = HALT_HELP)]
    halt: HaltOrNever,

    /// Show progress on standard error: a bar with the rate and the time left (--progress=never: do
    /// not)
    #[arg(long, env = "GIPC_PROGRESS", value_name = "WHEN", hide_env = true, default_value = "auto",
          num_args = 0..=1, require_equals = true, default_missing_value = "always",
          long_help = PROGRESS_HELP)]
    progress: Progress,

    /// Log each finished message to this file, with the columns of GNU parallel
    #[arg(long, env = "GIPC_JOBLOG", value_name = "FILE", hide_env = true)]
    joblog: Option<PathBuf>,

    /// Skip the messages that the joblog lists, by their numbers
    #[arg(long, env = "GIPC_RESUME", hide_env = true, requires = "joblog",
          value_parser = value::flag())]
    resume: bool,

    /// Send messages in random order, once all have been read
    #[arg(long, env = "GIPC_SHUF", hide_env = true, value_parser = value::flag())]
    shuf: bool,

    /// Replace a worker after this many messages
    #[arg(long, env = "GIPC_MAX_MESSAGES", value_name = "N", hide_env = true,
          value_parser = value::count::<NonZero<u64>>)]
    max_messages: Option<NonZero<u64>>,

    /// Replace a worker that uses more memory than this after an answer
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
How answers are encoded on standard output: a framing, `none`, or `json` for an object with the \
message's number, its worker, the number of attempts, the time taken, and the reply or the error";

const PROGRESS_HELP: &str = "\
Show progress on standard error

WHEN needs the equals sign: --progress=never. The bar is below all other lines and shows the rate and \
the time left. By default there is one if standard error is a terminal and standard output is not. With \
--progress where there can be no bar, because standard error is not a terminal or standard output is one \
too, a line is printed every 10 seconds. A last line gives the number of messages. Their total is known \
from the start if standard input is a file in a delimited framing (`lines`, `nul`), else once all have \
been read";

const HALT_HELP: &str = "\
End early: `now` or `soon`, a comma, `fail`, `success` or `done`, =N or =N%

As in GNU parallel: with `soon`, messages that workers already have are still answered; with `now`, the \
workers are killed. `fail` counts messages that could not be answered, `success` those that were, `done` \
both; percentages apply once 3 have been counted. For example now,fail=1 or soon,success=10%";

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Progress {
    /// A bar if standard error is a terminal and standard output is not
    Auto,
    /// A bar, or lines where there can be none
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
            Self::Always if is_json => {
                Err(Usage::wrong("`--progress` cannot be used with `--log-format json`"))
            }
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
    /// When it has been answered
    Reply,
    /// When it has been read; workers may send anything
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
            return Err(Usage::wrong(
                "a pool distributes its input: `--input none` is not possible",
            ));
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
                    "with `--output none` there are no answers; use `--ack read` for messages that are \
                     only read",
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
                 --message-timeout, --progress and `--output json` need answers: they cannot be used with \
                 `--ack read`",
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
