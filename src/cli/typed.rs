//! The processes and channels that are typed, beside a file or in its place.

use clap::Args;

use crate::config::{CommandLine, Defaults};
use crate::value;

#[derive(Debug, Args)]
pub(super) struct Typed {
    /// Add a process, whose COMMAND a shell runs; may be repeated
    #[arg(short, long, env = "GIPC_PROCESS", value_name = "NAME=COMMAND", hide_env = true,
          value_parser = value::process)]
    process: Vec<(String, String)>,

    /// Add a channel from one process to another; may be repeated. A PORT is a descriptor number,
    /// `stdin`, `stdout` or `node` (Node's process.send); `-` is gipc's own standard input or output
    #[arg(short, long, env = "GIPC_CHANNEL", value_name = "[NAME=]FROM[.PORT]:TO[.PORT]",
          hide_env = true, value_parser = value::connection, allow_hyphen_values = true)]
    channel: Vec<value::Connection>,
}

impl Typed {
    /// All of them, where nothing else is typed.
    pub(super) fn command_line(&self) -> CommandLine<'_> {
        CommandLine { processes: &self.process, channels: &self.channel, ..CommandLine::default() }
    }

    /// All of them, with these defaults.
    pub(super) fn with<'a>(&'a self, defaults: &'a Defaults) -> CommandLine<'a> {
        CommandLine { defaults, ..self.command_line() }
    }
}
