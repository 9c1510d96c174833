//! The options about the environment of commands.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

use super::Usage;
use crate::{config, value};

#[derive(Debug, Default, Args)]
pub(super) struct Environment {
    /// Set an environment variable; may be repeated
    #[arg(short, long, env = "GIPC_ENV", value_name = "NAME=VALUE", hide_env = true,
          value_parser = value::variable)]
    env: Vec<(OsString, OsString)>,

    /// Set the environment variables in this file (lines of NAME=VALUE; see env_file in
    /// gipc-toml(5))
    #[arg(long, env = "GIPC_ENV_FILE", value_name = "FILE", hide_env = true)]
    env_file: Option<PathBuf>,

    /// Start from an empty environment
    #[arg(long, env = "GIPC_CLEAR_ENV", hide_env = true, value_parser = value::flag())]
    pub(super) clear_env: bool,
}

impl Environment {
    /// The variables: those of the file, which is read each time, and then what was typed, which
    /// counts more.
    pub(super) fn variables(&self) -> Result<Vec<(OsString, OsString)>, Usage> {
        let mut variables = match &self.env_file {
            Some(file) => config::env_file(file).map_err(Usage::File)?,
            None => Vec::new(),
        };
        variables.extend(self.env.iter().cloned());
        Ok(variables)
    }
}
