//! The options that every command under supervision has.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};
use gipc::process::Signal;
use gipc::spawn::Limit;

use super::environment::Environment;
use super::telling::Telling;
use super::{Usage, option_variables};
use crate::plan::Supervise;
use crate::plan::rules::{Backoff, Readiness, Restart, RestartLimit, Rules};
use crate::plan::topology::{self, Process, Topology, Wiring};
use crate::value;

#[derive(Debug, Args)]
pub(super) struct Supervision {
    /// Run in this directory
    #[arg(short = 'C', long, env = "GIPC_CHDIR", value_name = "DIR", hide_env = true)]
    chdir: Option<PathBuf>,

    #[command(flatten)]
    environment: Environment,

    /// Stop the whole run after this long, with exit code 124
    #[arg(long, env = "GIPC_TIMEOUT", value_name = "DURATION", hide_env = true,
          value_parser = value::duration)]
    timeout: Option<Duration>,

    /// The signal that asks the command to stop [default: the one that gipc received]
    #[arg(long, env = "GIPC_STOP_SIGNAL", value_name = "SIGNAL", hide_env = true)]
    stop_signal: Option<Signal>,

    /// Kill whatever has not ended this long after the stop signal
    #[arg(long, env = "GIPC_GRACE", value_name = "DURATION", hide_env = true,
          default_value = "10s", value_parser = value::duration)]
    grace: Duration,

    /// When to restart the command after it ends
    #[arg(
        long,
        env = "GIPC_RESTART",
        value_name = "WHEN",
        hide_env = true,
        default_value = "never"
    )]
    restart: When,

    /// Pause before a restart; it doubles from MIN to MAX, with jitter
    #[arg(long, env = "GIPC_BACKOFF", value_name = "MIN..MAX", hide_env = true,
          default_value = "100ms..30s", value_parser = value::backoff)]
    backoff: Backoff,

    /// Give up after more than COUNT restarts within DURATION
    #[arg(long, env = "GIPC_MAX_RESTARTS", value_name = "COUNT/DURATION", hide_env = true,
          default_value = "5/10s", value_parser = value::restart_limit)]
    max_restarts: RestartLimit,

    /// Set a resource limit: NAME=SOFT[:HARD], see setrlimit(2); may be repeated
    #[arg(long, env = "GIPC_LIMIT", value_name = "NAME=VALUE", hide_env = true,
          value_parser = value::limit)]
    limit: Vec<Limit>,

    #[command(flatten)]
    telling: Telling,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum When {
    /// Never
    #[default]
    Never,
    /// After a non-zero exit code, or a signal
    OnFailure,
    /// Whenever it ends; for a worker of `run`, until standard input has ended and has been read
    Always,
}

/// What they are where nothing is said.
impl Default for Supervision {
    fn default() -> Self {
        Self {
            chdir: None,
            environment: Environment::default(),
            timeout: None,
            stop_signal: None,
            grace: Rules::GRACE,
            restart: When::default(),
            backoff: Backoff::DEFAULT,
            max_restarts: RestartLimit::DEFAULT,
            limit: Vec::new(),
            telling: Telling::default(),
        }
    }
}

impl Supervision {
    /// What these options mean for a command.
    pub(super) fn process(
        &self,
        argv: Vec<OsString>,
        wiring: Wiring,
        readiness: Readiness,
        ready: Option<topology::Readiness>,
    ) -> Result<Process, Usage> {
        // Those of our own options are meant for us.
        let ours = option_variables().into_iter().map(|variable| (variable, None));
        let theirs =
            self.environment.variables()?.into_iter().map(|(key, value)| (key, Some(value)));
        Ok(Process {
            name: process_name(&argv),
            argv,
            dir: self.chdir.clone(),
            env_clear: self.environment.clear_env,
            env: ours.chain(theirs).collect(),
            wiring,
            replicas: 1,
            depends_on: Vec::new(),
            rules: Rules {
                restart: match self.restart {
                    When::Never => Restart::Never,
                    When::OnFailure => Restart::OnFailure,
                    When::Always => Restart::Always,
                },
                backoff: self.backoff,
                limit: self.max_restarts,
                stop_signal: self.stop_signal,
                grace: self.grace,
                timeout: None,
                readiness,
                watchdog: None,
                success_codes: vec![0],
            },
            ready,
            health: None,
            user: None,
            group: None,
            umask: None,
            nice: None,
            limits: self.limit.clone(),
            guard_stdout: false,
            listen_fds: false,
            log: None,
        })
    }

    /// Must messages between processes pass through gipc, so that they outlive a process, or can be
    /// watched?
    pub(super) fn needs_relays(&self) -> bool {
        !matches!(self.restart, When::Never) || self.telling.is_session()
    }

    /// What is to be done with processes that these options are for.
    pub(super) fn into_plan(self, topology: Topology) -> Result<Supervise, Usage> {
        self.telling.into_plan(topology, self.timeout)
    }
}

/// The process is called as its program is.
fn process_name(argv: &[OsString]) -> String {
    let program = argv.first().map(Path::new).and_then(Path::file_stem);
    program.map_or("command".to_owned(), |name| name.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn the_defaults_are_those_of_the_help() {
        let all = Cli::command();
        for command in ["exec", "run", "pipe", "replay", "pool"] {
            let text = |option: &str| {
                let command = all.find_subcommand(command).unwrap();
                let option = command.get_arguments().find(|it| it.get_id() == option)?;
                Some(option.get_default_values()[0].to_str().unwrap().to_owned())
            };
            let grace = value::duration(&text("grace").unwrap());
            assert_eq!(grace, Ok(Rules::GRACE), "{command}");
            let backoff = value::backoff(&text("backoff").unwrap());
            assert_eq!(backoff, Ok(Backoff::DEFAULT), "{command}");
            let limit = value::restart_limit(&text("max_restarts").unwrap());
            assert_eq!(limit, Ok(RestartLimit::DEFAULT), "{command}");
            let ready = text("ready_timeout").map(|text| value::duration(&text));
            let expected = (command != "exec").then_some(Ok(Rules::READY_TIMEOUT));
            assert_eq!(ready, expected, "{command}");
        }
    }
}
