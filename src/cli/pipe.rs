//! `gipc pipe`.

use std::ffi::OsString;

use clap::Args;

use super::Usage;
use super::messages::Messages;
use super::supervision::Supervision;
use crate::plan::Plan;
use crate::plan::channel::Channel;
use crate::plan::topology::{ExitRule, Process, ProcessId, Strategy, Topology};

/// What stands between two commands.
const BAR: &str = ":::";

/// Run several workers in a row, each reading the messages that the previous one sends
///
/// Like the shell's |, for messages: lines of standard input become the first worker's messages, the last
/// one's become lines of standard output. What the workers print goes to standard error, with their
/// names before each line. The exit code is that of the last worker that failed, else 0.
///
/// Two neighbours share a pipe, with no process between them. gipc does not see the messages in it: it
/// does not limit their size, nor count them in the report. With --restart, --record, --ready,
/// --max-message, --guard-stdout, --wire node or --name, gipc relays the messages and does both.
#[derive(Debug, Args)]
#[command(
    override_usage = "gipc pipe [OPTIONS] [--] COMMAND [ARGUMENT]... ::: COMMAND [ARGUMENT]...",
    after_help = "\
Examples:
  seq 3 | gipc pipe --wire stdio -- grep -v 2 ::: tr 123 abc"
)]
pub(super) struct Pipe {
    #[command(flatten)]
    messages: Messages,

    #[command(flatten)]
    supervision: Supervision,

    /// The workers and their arguments, separated by :::
    #[arg(required = true, trailing_var_arg = true, value_name = "COMMAND")]
    commands: Vec<OsString>,
}

impl Pipe {
    pub(super) fn into_plan(self) -> Result<Plan, Usage> {
        let mut processes: Vec<Process> = Vec::new();
        for argv in self.commands.split(|word| word == BAR) {
            if argv.is_empty() {
                return Err(Usage::wrong(format!(
                    "there must be a command on both sides of {BAR}"
                )));
            }
            let mut process = self.messages.process(&self.supervision, argv.to_vec())?;
            process.name = unique(&process.name, &processes);
            processes.push(process);
        }
        let mut channels = Vec::new();
        channels.extend(self.messages.input(ProcessId(0)));
        for (place, pair) in processes.windows(2).enumerate() {
            let name = format!("{}-{}", pair[0].name, pair[1].name);
            let channel = self.messages.between(&name, ProcessId(place), ProcessId(place + 1));
            let is_direct = !self.messages.need_relays() && !self.supervision.needs_relays();
            channels.push(Channel { is_direct, ..channel });
        }
        channels.extend(self.messages.output(ProcessId(processes.len() - 1))?);
        self.messages.check_guarded(&channels)?;
        let topology = Topology {
            name: "pipe".to_owned(),
            exit: ExitRule::LastFailure,
            strategy: Strategy::OneForOne,
            processes,
            channels,
            remarks: Vec::new(),
        };
        Ok(Plan::Supervise(Box::new(self.supervision.into_plan(topology)?)))
    }
}

/// The name, or with a number behind it where another has that name.
fn unique(name: &str, others: &[Process]) -> String {
    let is_taken = |name: &str| others.iter().any(|other| other.name == name);
    let numbered = (2..).map(|number| format!("{name}-{number}"));
    let mut names = std::iter::once(name.to_owned()).chain(numbered);
    names.find(|name| !is_taken(name)).unwrap_or_default()
}
