//! `gipc help`: as `--help`, where people look for it first.

use clap::{Args, Parser as _};

use super::{Cli, Usage};

/// Print help for gipc or for a command
#[derive(Debug, Args)]
pub(super) struct Help {
    /// The command [default: gipc itself]
    command: Option<String>,
}

impl Help {
    /// What `--help` says.
    pub(super) fn into_usage(self) -> Usage {
        let words = ["gipc".to_owned()].into_iter().chain(self.command);
        let asked = Cli::try_parse_from(words.chain(["--help".to_owned()]));
        asked.map_or_else(Usage::Clap, |_| Usage::wrong("there is no help for this"))
    }
}
