//! A description as it was written: the keys of `gipc.toml`, from which the schema is made as well.
//!
//! The comments on the keys are what an editor shows.

use std::path::PathBuf;
use std::time::Duration;

use gipc::framing::Framing;
use gipc::process::Signal;
use schemars::JsonSchema;
use serde::Deserialize;

use super::depends_on::DependsOn;
use super::endpoint::{AckWord, Endpoint};
use super::meaning::{
    Amount, Count, ExitCode, Flag, Group, LimitValue, Niceness, Period, SessionName, Setting,
    ShellLine, Size, Umask, User,
};
use super::probe::Ready;
use super::text::{At, Named, OneOrMany, Text};
use crate::plan::channel::{Full, Route};
use crate::plan::rules::Restart;
use crate::plan::topology::{Probe, Strategy};

/// What `gipc up` runs, see gipc-toml(5)
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "gipc.toml")]
pub(super) struct File {
    /// The name of the session; by default the name of the folder
    pub(super) name: Option<At<Text<SessionName>>>,
    /// When the session ends: when `all` processes have ended, when `any` of them has, at the first
    /// failure (`fail`), or when the process with this name has ended
    #[schemars(extend("default" = "all"))]
    pub(super) exit: Option<At<Text<String>>>,
    /// Which other processes are restarted with a process: none, all, or those started after it
    #[schemars(extend("default" = "one_for_one"))]
    pub(super) strategy: Option<At<Text<Strategy>>>,
    /// Default values for the keys of all processes
    #[schemars(schema_with = "super::schema::defaults")]
    pub(super) defaults: Option<At<Process>>,
    /// The processes, by name
    #[serde(default)]
    #[schemars(schema_with = "super::schema::processes")]
    pub(super) process: Named<Process>,
    /// The channels between them, by name
    #[serde(default)]
    #[schemars(schema_with = "super::schema::channels")]
    pub(super) channel: Named<Channel>,
}

/// A one-way stream of messages
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Channel {
    /// The writers: a process, or several. With a port if it is not descriptor 4: `gen.5`,
    /// `gen.stdout`, or `gen.node` for Node's process.send. `-` is gipc's own standard input; with `[]`
    /// messages come only from `gipc send` and `gipc call`
    #[schemars(required)]
    pub(super) from: Option<At<OneOrMany<Endpoint>>>,
    /// The readers: a process, or several. With a port if it is not descriptor 3: `work.5`,
    /// `work.stdin`, or `work.node` for Node's process.on("message"). `-` is gipc's own standard output
    #[schemars(required)]
    pub(super) to: Option<At<OneOrMany<Endpoint>>>,
    /// Which of several readers gets a message: the one that has been idle longest (`queue`), all
    /// (`broadcast`), each in turn (`round-robin`), or the same one for the same value
    /// (`key:/JSON/POINTER`)
    #[schemars(extend("default" = "queue"))]
    pub(super) route: Option<At<Text<Route>>>,
    /// How messages are encoded at both ends; by default `u32` on descriptors from 3 on, and `lines`
    /// on standard streams
    pub(super) framing: Option<At<Text<Framing>>>,
    /// The framing of the writers
    pub(super) from_framing: Option<At<Text<Framing>>>,
    /// The framing of the readers
    pub(super) to_framing: Option<At<Text<Framing>>>,
    /// When a message counts as delivered: when it has been read (`read`), or when its reader has
    /// answered it with a message of its own (`reply`)
    #[schemars(extend("default" = "read"))]
    pub(super) ack: Option<At<Text<AckWord>>>,
    /// With `ack = "reply"`: how many unanswered messages a reader may have at a time
    #[schemars(extend("default" = 1))]
    pub(super) window: Option<At<Text<Count>>>,
    /// With `ack = "reply"`: how long a reader may take to answer a message
    pub(super) message_timeout: Option<At<Text<Period>>>,
    /// With `ack = "reply"`: how many times to resend a message whose reader crashed or timed out after
    /// starting to read it
    #[schemars(extend("default" = 2))]
    pub(super) retries: Option<At<Text<Amount>>>,
    /// How many bytes of messages may wait for each reader
    #[schemars(extend("default" = "1MiB"))]
    pub(super) buffer: Option<At<Text<Size>>>,
    /// What happens to a message for which there is no room in the buffer
    #[schemars(extend("default" = "block"))]
    pub(super) full: Option<At<Text<Full>>>,
    /// The largest message to accept
    #[schemars(extend("default" = "64MiB"))]
    pub(super) max_message: Option<At<Text<Size>>>,
    /// A file to which every message is appended, relative to the folder of this file
    pub(super) record: Option<At<Text<PathBuf>>>,
    /// A file for messages that cannot be delivered, relative to the folder of this file
    pub(super) dead_letter: Option<At<Text<PathBuf>>>,
}

/// A process
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Process {
    /// The program and its arguments: a string that is split into words as by a shell, or an array. No
    /// shell runs it
    pub(super) command: Option<At<OneOrMany<String>>>,
    /// A command line for /bin/sh, instead of `command`
    pub(super) shell: Option<At<Text<ShellLine>>>,
    /// The working directory, relative to the folder of this file; by default that folder
    pub(super) working_dir: Option<At<Text<PathBuf>>>,
    /// Environment variables
    pub(super) environment: Option<Named<Text<Setting>>>,
    /// Files with environment variables, relative to the folder of this file; `environment` overrides
    /// them
    pub(super) env_file: Option<At<OneOrMany<PathBuf>>>,
    /// The processes that this one waits for before it starts, and the state each must have reached
    pub(super) depends_on: Option<At<DependsOn>>,
    /// The number of instances
    #[schemars(extend("default" = 1))]
    pub(super) replicas: Option<At<Text<Count>>>,
    /// When an instance that has ended is started again
    #[schemars(extend("default" = "on-failure"))]
    pub(super) restart: Option<At<Text<Restart>>>,
    /// The pause before a restart; it doubles from `min` to `max`
    pub(super) backoff: Option<At<Backoff>>,
    /// After more restarts than this the process has failed for good
    pub(super) restart_limit: Option<At<RestartLimit>>,
    /// The exit codes that count as success
    #[schemars(extend("default" = [0]))]
    pub(super) success_codes: Option<At<Vec<At<Text<ExitCode>>>>>,
    /// How long an instance may run; then it is stopped and counts as failed (124)
    pub(super) timeout: Option<At<Text<Period>>>,
    /// When an instance counts as ready
    pub(super) ready: Option<At<Text<Ready>>>,
    /// How long an instance may take to become ready; then it is stopped and counts as failed (124)
    #[schemars(extend("default" = "30s"))]
    pub(super) ready_timeout: Option<At<Text<Period>>>,
    /// A test that is repeated; an instance that fails it too often is stopped and counts as failed (1)
    pub(super) healthcheck: Option<At<HealthCheck>>,
    /// An instance that gives no sign of life for this long, `WATCHDOG=1` (see sd_notify(3)) or any
    /// message, is stopped and counts as failed (124)
    pub(super) watchdog: Option<At<Text<Period>>>,
    /// The signal that asks an instance to end
    #[schemars(extend("default" = "TERM"))]
    pub(super) stop_signal: Option<At<Text<Signal>>>,
    /// How long after the stop signal whatever has not ended is killed
    #[schemars(extend("default" = "10s"))]
    pub(super) stop_grace_period: Option<At<Text<Duration>>>,
    /// The user that it runs as: a name or a number
    pub(super) user: Option<At<Text<User>>>,
    /// The group that it runs as: a name or a number
    pub(super) group: Option<At<Text<Group>>>,
    /// The permissions that new files do not get, in octal digits
    pub(super) umask: Option<At<Text<Umask>>>,
    /// The scheduling priority, from -20 to 19, see nice(1)
    pub(super) nice: Option<At<Text<Niceness>>>,
    /// Resource limits, see setrlimit(2): a number, `SOFT:HARD`, or `unlimited`
    #[serde(default)]
    #[schemars(schema_with = "super::schema::limits")]
    pub(super) limits: Option<Named<Text<LimitValue>>>,
    /// Treat lines on its standard output that are not JSON as log lines, not as messages
    #[schemars(extend("default" = false))]
    pub(super) guard_stdout: Option<At<Text<Flag>>>,
    /// Announce its channels in `LISTEN_FDS`, `LISTEN_FDNAMES` and `LISTEN_PID` too, see
    /// sd_listen_fds(3)
    #[schemars(extend("default" = false))]
    pub(super) listen_fds: Option<At<Text<Flag>>>,
    /// A file to which the lines that it prints are appended, relative to the folder of this file
    pub(super) log: Option<At<Text<PathBuf>>>,
    /// The size past which a log is rotated
    #[schemars(extend("default" = "50MiB"))]
    pub(super) log_max_size: Option<At<Text<Size>>>,
    /// The number of rotated logs to keep
    #[schemars(extend("default" = 10))]
    pub(super) log_keep: Option<At<Text<Amount>>>,
}

impl Channel {
    /// One that says no more than where it begins and ends.
    pub(super) fn between(from: At<OneOrMany<Endpoint>>, to: At<OneOrMany<Endpoint>>) -> Self {
        Self { from: Some(from), to: Some(to), ..Self::default() }
    }
}

/// The pause before a restart
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Backoff {
    /// The first pause
    #[schemars(extend("default" = "100ms"))]
    pub(super) min: Option<At<Text<Duration>>>,
    /// The longest pause
    #[schemars(extend("default" = "30s"))]
    pub(super) max: Option<At<Text<Duration>>>,
}

/// How many restarts are allowed within a time
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RestartLimit {
    /// The number of restarts
    #[schemars(extend("default" = 5))]
    pub(super) count: Option<At<Text<Amount>>>,
    /// The time within which they are counted
    #[schemars(extend("default" = "10s"))]
    pub(super) within: Option<At<Text<Period>>>,
}

/// A test that is repeated
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HealthCheck {
    /// The test
    pub(super) test: At<Text<Probe>>,
    /// The time from one test to the next
    #[schemars(extend("default" = "10s"))]
    pub(super) interval: Option<At<Text<Period>>>,
    /// How long one test may take
    #[schemars(extend("default" = "1s"))]
    pub(super) timeout: Option<At<Text<Period>>>,
    /// How many failures in a row make the instance unhealthy
    #[schemars(extend("default" = 3))]
    pub(super) retries: Option<At<Text<Count>>>,
}
