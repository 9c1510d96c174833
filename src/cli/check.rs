//! `gipc check` and `gipc schema`: about descriptions of processes, without running them.

use std::path::PathBuf;

use clap::Args;

use super::Usage;
use crate::config::{self, CommandLine};
use crate::plan::{Plan, outline};
use crate::value;

/// Check a description of processes, and print what it means
///
/// Reads gipc.toml, see gipc-toml(5), or a Procfile, and prints its processes in the order of their
/// start. All mistakes are told at once, with exit code 2; what may be said so but is hardly meant is
/// remarked on. Nothing is run.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// The description: a Procfile where it is called so, otherwise as gipc.toml; by default the
    /// gipc.toml, or else the Procfile, of the current folder
    file: Option<PathBuf>,

    /// Describe a process, whose command a shell is to run; may be repeated. Without FILE none is
    /// read
    #[arg(short, long, env = "GIPC_PROCESS", value_name = "NAME=COMMAND", hide_env = true,
          value_parser = value::process)]
    process: Vec<(String, String)>,

    /// A channel between them, from one to another; may be repeated. A port is a descriptor, or
    /// `stdin`, or `stdout`; gipc's own standard input and output are `-`
    #[arg(short, long, env = "GIPC_CHANNEL", value_name = "[NAME=]FROM[.PORT]:TO[.PORT]",
          hide_env = true, value_parser = value::connection, allow_hyphen_values = true)]
    channel: Vec<value::Connection>,

    /// Print everything, as JSON
    #[arg(long, env = "GIPC_JSON", hide_env = true,
          value_parser = clap::builder::FalseyValueParser::new())]
    json: bool,
}

impl Check {
    pub(super) fn into_plan(self) -> Result<Plan, Usage> {
        let (processes, channels) = (&self.process[..], &self.channel[..]);
        let typed = CommandLine { processes, channels };
        let topology = config::load(self.file.as_deref(), typed).map_err(Usage::Config)?;
        let text = if self.json { outline::json(&topology) } else { outline::text(&topology) };
        Ok(Plan::Outline { text, remarks: topology.remarks })
    }
}

/// Print the JSON Schema of gipc.toml, for editors
#[derive(Debug, Args)]
pub(super) struct Schema {}

impl Schema {
    pub(super) fn into_plan(self) -> Plan {
        Plan::Print(config::schema().into_bytes())
    }
}
