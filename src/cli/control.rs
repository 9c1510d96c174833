//! The commands that ask a session something: `gipc ps`, `why`, `start`, `down` and their like.

use std::time::Duration;

use clap::Args;

use crate::plan::{Ask, Control, Plan};
use crate::{config, value};

#[derive(Debug, Args)]
pub(super) struct Session {
    /// The session, by its name [default: the one that this command was started by, else that of
    /// the current folder]
    #[arg(short, long, env = "GIPC_SESSION", value_name = "NAME", hide_env = true,
          value_parser = value::session_name)]
    session: Option<String>,
}

impl Session {
    pub(super) fn is_named(&self) -> bool {
        self.session.is_some()
    }

    pub(super) fn into_plan(self, ask: Ask) -> Plan {
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

    /// Draw the table anew every second, until q or Ctrl-C; then the processor time is that since
    /// the last one
    #[arg(short, long, env = "GIPC_WATCH", hide_env = true, conflicts_with = "json",
          value_parser = clap::builder::FalseyValueParser::new())]
    watch: bool,

    /// The processes (work) or instances (work.2); all where none is named
    #[arg(value_name = "NAME")]
    names: Vec<String>,
}

impl Ps {
    pub(super) fn into_plan(self) -> Plan {
        if self.watch {
            return self.session.into_plan(Ask::Watch { names: self.names });
        }
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

/// Start processes that have ended or were stopped
///
/// Comes back when they have been started, or wait for what they depend on.
#[derive(Debug, Args)]
pub(super) struct Start {
    #[command(flatten)]
    session: Session,

    /// The processes (work) or instances (work.2)
    #[arg(value_name = "NAME", required = true)]
    names: Vec<String>,
}

impl Start {
    pub(super) fn into_plan(self) -> Plan {
        self.session.into_plan(Ask::Start(self.names))
    }
}

/// Stop processes, until they are started again
///
/// Comes back when nothing of them is left. What is stopped so has not failed, and the session does
/// not end by it. Several are stopped in the reverse order of their dependencies.
#[derive(Debug, Args)]
pub(super) struct Stop {
    #[command(flatten)]
    session: Session,

    /// The processes (work) or instances (work.2)
    #[arg(value_name = "NAME", required = true)]
    names: Vec<String>,
}

impl Stop {
    pub(super) fn into_plan(self) -> Plan {
        self.session.into_plan(Ask::Stop(self.names))
    }
}

/// Stop processes and start them again
///
/// Several are stopped in the reverse order of their dependencies, and when none runs any more all
/// are started in that order. Comes back when they have been started.
#[derive(Debug, Args)]
pub(super) struct Restart {
    #[command(flatten)]
    session: Session,

    /// The processes (work) or instances (work.2)
    #[arg(value_name = "NAME", required = true)]
    names: Vec<String>,
}

impl Restart {
    pub(super) fn into_plan(self) -> Plan {
        self.session.into_plan(Ask::Restart(self.names))
    }
}

/// Send a signal to processes
///
/// Each gets it with its whole process group.
#[derive(Debug, Args)]
pub(super) struct Signal {
    #[command(flatten)]
    session: Session,

    /// The signal, such as HUP or 1
    #[arg(value_name = "SIGNAL")]
    signal: gipc::process::Signal,

    /// The processes (work) or instances (work.2)
    #[arg(value_name = "NAME", required = true)]
    names: Vec<String>,
}

impl Signal {
    pub(super) fn into_plan(self) -> Plan {
        self.session.into_plan(Ask::Signal(self.signal, self.names))
    }
}

/// Have another number of instances of a process
///
/// The highest numbers are stopped, the lowest that are free are started. Comes back when that is
/// done.
#[derive(Debug, Args)]
pub(super) struct Scale {
    #[command(flatten)]
    session: Session,

    /// The process, and how many instances of it there are to be
    #[arg(value_name = "NAME=COUNT", required = true, value_parser = value::count_of)]
    to: Vec<(String, usize)>,
}

impl Scale {
    pub(super) fn into_plan(self) -> Plan {
        self.session.into_plan(Ask::Scale(self.to))
    }
}

/// Wait until processes have ended, and end with their exit code
///
/// With the code of the one that has failed, 1 where several have, else 0. One that is stopped by
/// hand counts as ended.
#[derive(Debug, Args)]
pub(super) struct Wait {
    #[command(flatten)]
    session: Session,

    /// Wait until they are ready; with exit code 1 where one has ended without being it
    #[arg(long, env = "GIPC_READY", hide_env = true,
          value_parser = clap::builder::FalseyValueParser::new())]
    ready: bool,

    /// Wait no longer than this; then end with 124
    #[arg(long, env = "GIPC_TIMEOUT", value_name = "DURATION", hide_env = true,
          value_parser = value::duration)]
    timeout: Option<Duration>,

    /// The processes (work) or instances (work.2); all where none is named
    #[arg(value_name = "NAME")]
    names: Vec<String>,
}

impl Wait {
    pub(super) fn into_plan(self) -> Plan {
        let Self { session, ready, timeout, names } = self;
        session.into_plan(Ask::Wait { names, ready, timeout })
    }
}

/// Have a session of `up` read its file anew
///
/// What is new is started, what is gone is stopped, and only what has changed is started again. Where
/// the file is not understood, its mistakes are told, and the session goes on as it was.
#[derive(Debug, Args)]
pub(super) struct Reload {
    #[command(flatten)]
    session: Session,
}

impl Reload {
    pub(super) fn into_plan(self) -> Plan {
        self.session.into_plan(Ask::Reload { color: super::telling::Color::Auto.wanted() })
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
