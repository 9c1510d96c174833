//! `gipc logs`.

use clap::Args;

use super::control::Session;
use super::telling::Color;
use crate::plan::{Ask, Plan};

/// Show what the processes of a session have printed
///
/// A session keeps its last 10,000 lines, or 1 MiB of them, whichever is less; those of gipc itself
/// are shown where no process is named.
#[derive(Debug, Args)]
pub(super) struct Logs {
    #[command(flatten)]
    session: Session,

    /// Go on with the lines that come, until the session ends; one who does not keep up is told how
    /// many lines were skipped
    #[arg(short, long, env = "GIPC_FOLLOW", hide_env = true,
          value_parser = clap::builder::FalseyValueParser::new())]
    follow: bool,

    /// Begin with so many lines [default: all that are kept]
    #[arg(short = 'n', long, env = "GIPC_LINES", value_name = "COUNT", hide_env = true)]
    lines: Option<usize>,

    /// Use colours
    #[arg(long, env = "GIPC_COLOR", value_name = "WHEN", hide_env = true, default_value = "auto")]
    color: Color,

    /// The processes (work) or instances (work.2); all where none is named
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
