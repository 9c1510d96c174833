//! `gipc run`.

use std::ffi::OsString;

use clap::Args;

use super::Usage;
use super::messages::Messages;
use super::supervision::Supervision;
use crate::plan::Plan;
use crate::plan::topology::{ProcessId, Topology};

/// Run a worker: lines of standard input become its messages, its messages become lines of
/// standard output
///
/// The worker reads messages on descriptor 3 and writes messages on descriptor 4, each preceded by
/// its length in 4 bytes; --wire and --framing change that. gipc-wire(7) has everything that the author
/// of a worker needs. What the worker prints goes to standard error. When standard input ends, the
/// worker's input channel ends; the worker is then expected to exit, and gipc exits with its code.
#[derive(Debug, Args)]
#[command(
    override_usage = "gipc run [OPTIONS] [--] COMMAND [ARGUMENT]...",
    after_help = "\
Examples:
  seq 3 | gipc run -- python3 worker.py
  printf 'one\\ntwo\\n' | gipc run --wire stdio -- tr a-z A-Z      # any filter will do"
)]
pub(super) struct Run {
    #[command(flatten)]
    messages: Messages,

    #[command(flatten)]
    supervision: Supervision,

    /// The worker and its arguments
    #[arg(required = true, trailing_var_arg = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

impl Run {
    pub(super) fn into_plan(self) -> Result<Plan, Usage> {
        let worker = ProcessId(0);
        let (input, output) = (self.messages.input(worker), self.messages.output(worker)?);
        let channels: Vec<_> = input.into_iter().chain(output).collect();
        self.messages.check_guarded(&channels)?;
        let process = self.messages.process(&self.supervision, self.command)?;
        let topology = Topology { channels, ..Topology::of_one(process) };
        Ok(Plan::Supervise(Box::new(self.supervision.into_plan(topology)?)))
    }
}
