//! `gipc logs`.

use clap::Args;

use super::control::Session;
use super::telling::Color;
use crate::plan::Plan;
use crate::plan::control::Ask;
use crate::value;

/// Show the output of a session's processes
///
/// A session keeps its last 10,000 lines, or the last 1 MiB of them, whichever is less. Lines of gipc
/// itself are shown only if no process is named.
#[derive(Debug, Args)]
pub(super) struct Logs {
    #[command(flatten)]
    session: Session,

    /// Keep printing new lines until the session ends; a reader that does not keep up is told how
    /// many lines were skipped
    #[arg(short, long, env = "GIPC_FOLLOW", hide_env = true, value_parser = value::flag())]
    follow: bool,

    /// Start with this many of the last lines [default: all that are kept]
    #[arg(short = 'n', long, env = "GIPC_LINES", value_name = "COUNT", hide_env = true)]
    lines: Option<usize>,

    /// Use colours
    #[arg(long, env = "GIPC_COLOR", value_name = "WHEN", hide_env = true, default_value = "auto")]
    color: Color,

    /// Processes (work) or instances (work.2) [default: all]
    #[arg(value_name = "NAME")]
    names: Vec<String>,
}

impl Logs {
    pub(super) fn into_plan(self) -> Plan {
        let Self { session, follow, lines, color, names } = self;
        let color = color.wanted_on(&std::io::stdout());
        session.into_plan(Ask::Logs { names, lines, follow, color })
    }
}
