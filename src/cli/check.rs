//! `gipc check` and `gipc schema`: about descriptions of processes, without running them.

use std::path::PathBuf;

use clap::{Arg, Args};

use super::Usage;
use super::typed::Typed;
use crate::config;
use crate::plan::{Plan, outline};
use crate::value;

/// Check a gipc.toml or Procfile, and print what it means
///
/// Prints the processes in the order in which they start. All errors are reported at once, with exit
/// code 2; what is valid but probably not intended is pointed out. Nothing is run. gipc-toml(5)
/// describes the file.
#[derive(Debug, Args)]
#[command(mut_args(unless_run))]
pub(super) struct Check {
    /// The file to check, read as a Procfile if it is named so, else as gipc.toml [default:
    /// gipc.toml, else Procfile, of the current folder; none if there is a --process]
    file: Option<PathBuf>,

    /// The same as FILE, as with gipc-up(1)
    #[arg(short, long = "file", env = "GIPC_FILE", value_name = "FILE", hide_env = true)]
    file_option: Option<PathBuf>,

    #[command(flatten)]
    typed: Typed,

    /// Print everything as JSON
    #[arg(long, env = "GIPC_JSON", hide_env = true, value_parser = value::flag())]
    json: bool,
}

/// The option as it is where nothing is run.
fn unless_run(arg: Arg) -> Arg {
    match arg.get_id().as_str() {
        "process" => arg.help("Add a process, whose COMMAND a shell would run; may be repeated"),
        _ => arg,
    }
}

impl Check {
    pub(super) fn into_plan(self) -> Result<Plan, Usage> {
        let file = match (self.file, self.file_option) {
            (Some(_), Some(other))
                if std::env::var_os("GIPC_FILE").as_deref() != Some(other.as_os_str()) =>
            {
                return Err(Usage::wrong("there are two files: give FILE or `--file FILE`"));
            }
            (file, other) => file.or(other),
        };
        let topology =
            config::load(file.as_deref(), self.typed.command_line()).map_err(Usage::Config)?;
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
