//! The commands that control a session: `gipc ps`, `why`, `down`.

use std::time::Duration;

use clap::Args;

use crate::plan::{Ask, Control, Plan};
use crate::{config, value};

#[derive(Debug, Args)]
struct Session {
    /// The session, by its name [default: the one that this command was started by, else that of
    /// the current folder]
    #[arg(short, long, env = "GIPC_SESSION", value_name = "NAME", hide_env = true,
          value_parser = value::session_name)]
    session: Option<String>,
}

impl Session {
    fn into_plan(self, ask: Ask) -> Plan {
        Plan::Control(Control { session: self.session, of_folder: config::session_name(), ask })
    }
}

/// Show how the processes of a session stand
///
/// A line for each instance: its state, the process, since when it runs, how often it was restarted,
/// the processor time of it and its descendants as a part of its life, their memory, and its last
/// line.
#[derive(Debug, Args)]
pub(super) struct Ps {
    #[command(flatten)]
    session: Session,

    /// Print everything, as JSON
    #[arg(long, env = "GIPC_JSON", hide_env = true,
          value_parser = clap::builder::FalseyValueParser::new())]
    json: bool,

    /// The processes (work) or instances (work.2); all where none is named
    #[arg(value_name = "NAME")]
    names: Vec<String>,
}

impl Ps {
    pub(super) fn into_plan(self) -> Plan {
        self.session.into_plan(Ask::Ps { names: self.names, json: self.json })
    }
}

/// Say why a process stands as it does
///
/// What it waits for, down to the one that is the cause; or how and why it has ended; or what its
/// stop still waits for; and the last lines of the one that is the cause.
#[derive(Debug, Args)]
pub(super) struct Why {
    #[command(flatten)]
    session: Session,

    /// Print it as JSON
    #[arg(long, env = "GIPC_JSON", hide_env = true,
          value_parser = clap::builder::FalseyValueParser::new())]
    json: bool,

    /// The processes (work) or instances (work.2)
    #[arg(value_name = "NAME", required = true)]
    names: Vec<String>,
}

impl Why {
    pub(super) fn into_plan(self) -> Plan {
        self.session.into_plan(Ask::Why { names: self.names, json: self.json })
    }
}

/// Stop all processes of a session, in order, and end it
///
/// Comes back when nothing of it is left.
#[derive(Debug, Args)]
pub(super) struct Down {
    #[command(flatten)]
    session: Session,

    /// Kill what has not ended after this long
    #[arg(long, env = "GIPC_TIMEOUT", value_name = "DURATION", hide_env = true,
          value_parser = value::duration)]
    timeout: Option<Duration>,
}

impl Down {
    pub(super) fn into_plan(self) -> Plan {
        self.session.into_plan(Ask::Down { timeout: self.timeout })
    }
}
