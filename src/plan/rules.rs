//! By which rules a command is started again, asked to end, and given up.

use std::time::Duration;

use gipc::process::{ExitCode, Signal};

/// When to start the command again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Restart {
    /// Never.
    #[default]
    Never,
    /// After a code that is not 0, or a signal.
    OnFailure,
    /// After every end, as long as there is something to do.
    Always,
}

/// The pause before a restart: doubles from `min` to `max`, times a random 0.5 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Backoff {
    pub(crate) min: Duration,
    pub(crate) max: Duration,
}

impl Backoff {
    /// Where nothing else is said.
    pub(crate) const DEFAULT: Self =
        Self { min: Duration::from_millis(100), max: Duration::from_secs(30) };
}

/// So many restarts within this time, and no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RestartLimit {
    pub(crate) count: usize,
    pub(crate) within: Duration,
}

impl RestartLimit {
    /// Where nothing else is said.
    pub(crate) const DEFAULT: Self = Self { count: 5, within: Duration::from_secs(10) };
}

/// When an incarnation gets its first message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readiness {
    /// At once.
    Immediate,
    /// After this long.
    After(Duration),
    /// When it has said so, which may take this long.
    Told { timeout: Duration },
}

/// The rules for one command.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rules {
    pub(crate) restart: Restart,
    pub(crate) backoff: Backoff,
    pub(crate) limit: RestartLimit,
    /// What asks the command to end; without one, the signal that asked gipc to, or TERM.
    pub(crate) stop_signal: Option<Signal>,
    pub(crate) grace: Duration,
    /// How long an incarnation may run.
    pub(crate) timeout: Option<Duration>,
    pub(crate) readiness: Readiness,
    /// How long it may show no sign of life.
    pub(crate) watchdog: Option<Duration>,
    /// The exit codes that are no failure.
    pub(crate) success_codes: Vec<ExitCode>,
}

/// What they are where nothing else is said. The help and the schema have them as texts, which tests
/// compare with these.
impl Rules {
    pub(crate) const GRACE: Duration = Duration::from_secs(10);
    pub(crate) const READY_TIMEOUT: Duration = Duration::from_secs(30);
}
