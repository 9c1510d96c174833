//! `gipc exec`.

use std::ffi::OsString;

use clap::Args;

use super::Usage;
use super::supervision::Supervision;
use crate::plan::Plan;
use crate::plan::rules::Readiness;
use crate::plan::topology::Wiring;

/// Run a command as it is, and leave nothing of it behind
///
/// Standard streams, inherited descriptors and the terminal are the command's, as they would be
/// without gipc. When it ends, or gipc does, all that it started is stopped and, where it does not
/// stop, killed: in a session of its own or not, double-forked or not.
#[derive(Debug, Args)]
#[command(override_usage = "gipc exec [OPTIONS] [--] COMMAND [ARGUMENT]...")]
pub(super) struct Exec {
    #[command(flatten)]
    supervision: Supervision,

    /// The command and its arguments
    #[arg(required = true, trailing_var_arg = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

impl Exec {
    pub(super) fn into_plan(self) -> Result<Plan, Usage> {
        let (wiring, readiness) = (Wiring::Inherited, Readiness::Immediate);
        let plan = self.supervision.into_plan(self.command, wiring, readiness, None)?;
        Ok(Plan::Supervise(Box::new(plan)))
    }
}
