//! The options of `up` about its processes.

use std::path::PathBuf;

use clap::Args;
use gipc::process::{Signal, UnknownSignal};

use super::Usage;
use super::environment::Environment;
use crate::config::{self, Key};
use crate::value;

/// What counts for each process and channel whose description says nothing of it.
#[derive(Debug, Args)]
pub(super) struct Defaults {
    /// Run processes in this directory, unless they have a working_dir [default: that of the file]
    #[arg(short = 'C', long, env = "GIPC_CHDIR", value_name = "DIR", hide_env = true)]
    chdir: Option<PathBuf>,

    #[command(flatten)]
    environment: Environment,

    /// The signal that asks processes to stop [default: TERM]
    #[arg(long, env = "GIPC_STOP_SIGNAL", value_name = "SIGNAL", hide_env = true,
          value_parser = text_of(signal))]
    stop_signal: Option<String>,

    /// Kill whatever has not ended this long after the stop signal [default: 10s]
    #[arg(long, env = "GIPC_GRACE", value_name = "DURATION", hide_env = true,
          value_parser = text_of(value::duration))]
    grace: Option<String>,

    /// When to restart processes after they end [default: on-failure; in a Procfile: never]
    #[arg(long, env = "GIPC_RESTART", value_name = "WHEN", hide_env = true,
          value_parser = ["never", "on-failure", "always"])]
    restart: Option<String>,

    /// Pause before a restart; it doubles from MIN to MAX, with jitter
    /// [default: 100ms..30s]
    #[arg(long, env = "GIPC_BACKOFF", value_name = "MIN..MAX", hide_env = true,
          value_parser = text_of(value::backoff))]
    backoff: Option<String>,

    /// Give up a process after more than COUNT restarts within DURATION [default: 5/10s]
    #[arg(long, env = "GIPC_MAX_RESTARTS", value_name = "COUNT/DURATION", hide_env = true,
          value_parser = text_of(value::restart_limit))]
    max_restarts: Option<String>,

    /// When a process is ready: any condition of `ready` in gipc-toml(5) [default: at once]
    #[arg(long, env = "GIPC_READY", value_name = "CONDITION", hide_env = true,
          value_parser = text_of(config::readiness))]
    ready: Option<String>,

    /// Stop a process that is not ready after this long; it counts as failed [default: 30s]
    #[arg(long, env = "GIPC_READY_TIMEOUT", value_name = "DURATION", hide_env = true,
          value_parser = text_of(value::duration))]
    ready_timeout: Option<String>,

    /// Set a resource limit: NAME=SOFT[:HARD], see setrlimit(2); may be repeated
    #[arg(long, env = "GIPC_LIMIT", value_name = "NAME=VALUE", hide_env = true,
          value_parser = text_of(value::limit))]
    limit: Vec<String>,

    /// Append every message of all channels to this file, one JSON object per line
    #[arg(long, env = "GIPC_RECORD", value_name = "FILE.jsonl", hide_env = true)]
    record: Option<PathBuf>,
}

/// Looks whether the text has a meaning, which is taken from it where all is read.
fn text_of<T: 'static>(
    meaning: fn(&str) -> Result<T, String>,
) -> impl Fn(&str) -> Result<String, String> + Clone + Send + Sync + 'static {
    move |text| meaning(text).map(|_| text.to_owned())
}

fn signal(text: &str) -> Result<Signal, String> {
    text.parse().map_err(|error: UnknownSignal| error.to_string())
}

impl Defaults {
    /// As whoever reads descriptions takes them.
    pub(super) fn read(&self) -> Result<config::Defaults, Usage> {
        let key = |key: Key, text: &Option<String>| text.clone().map(|text| (key, text));
        let keys = [
            key(Key::StopSignal, &self.stop_signal),
            key(Key::Grace, &self.grace),
            key(Key::Restart, &self.restart),
            key(Key::Backoff, &self.backoff),
            key(Key::MaxRestarts, &self.max_restarts),
            key(Key::Ready, &self.ready),
            key(Key::ReadyTimeout, &self.ready_timeout),
        ];
        let limits = self.limit.iter().map(|limit| (Key::Limit, limit.clone()));
        Ok(config::Defaults {
            dir: self.chdir.clone(),
            env: self.environment.variables()?,
            clear_env: self.environment.clear_env,
            keys: keys.into_iter().flatten().chain(limits).collect(),
            record: self.record.clone(),
        })
    }
}
