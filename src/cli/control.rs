//! The commands that ask a session something: `gipc ps`, `why`, `start`, `down` and their like.

use std::time::Duration;

use clap::Args;

use crate::plan::Plan;
use crate::plan::control::{Ask, Control};
use crate::{config, value};

#[derive(Debug, Args)]
pub(super) struct Session {
    /// The name of the session [default: the session that this command was started in, else that of
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

/// Show the status of a session's processes
///
/// Prints a line for each instance: its state, process ID, uptime, number of restarts, CPU usage and
/// memory (both including its descendants), and the last line that it printed. CPU usage is CPU time
/// divided by uptime.
#[derive(Debug, Args)]
pub(super) struct Ps {
    #[command(flatten)]
    session: Session,

    /// Print everything as JSON
    #[arg(long, env = "GIPC_JSON", hide_env = true, value_parser = value::flag())]
    json: bool,

    /// Redraw the table every second until q or Ctrl-C is pressed; CPU usage is then that since the
    /// last redraw
    #[arg(short, long, env = "GIPC_WATCH", hide_env = true, conflicts_with = "json",
          value_parser = value::flag())]
    watch: bool,

    /// Processes (work) or instances (work.2) [default: all]
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

/// Explain why a process is in its current state
///
/// Prints what it is waiting for, down to the root cause; or how and why it ended; or what is holding
/// up its stop; and the last lines printed by the process that is the cause.
#[derive(Debug, Args)]
pub(super) struct Why {
    #[command(flatten)]
    session: Session,

    /// Print the explanation as JSON
    #[arg(long, env = "GIPC_JSON", hide_env = true, value_parser = value::flag())]
    json: bool,

    /// Processes (work) or instances (work.2)
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
/// Returns once they have been started, or are waiting for their dependencies.
#[derive(Debug, Args)]
pub(super) struct Start {
    #[command(flatten)]
    session: Session,

    /// Processes (work) or instances (work.2)
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
/// Returns once nothing of them is left. A process stopped in this way does not count as failed, and
/// does not make the session end. Several are stopped in reverse order of their dependencies.
#[derive(Debug, Args)]
pub(super) struct Stop {
    #[command(flatten)]
    session: Session,

    /// Processes (work) or instances (work.2)
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
/// Several are stopped in reverse order of their dependencies; once none is running, they are started
/// in order of their dependencies. Returns once they have been started.
#[derive(Debug, Args)]
pub(super) struct Restart {
    #[command(flatten)]
    session: Session,

    /// Processes (work) or instances (work.2)
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
/// The signal goes to the whole process group of each instance.
#[derive(Debug, Args)]
pub(super) struct Signal {
    #[command(flatten)]
    session: Session,

    /// The signal, such as HUP or 1
    #[arg(value_name = "SIGNAL")]
    signal: gipc::process::Signal,

    /// Processes (work) or instances (work.2)
    #[arg(value_name = "NAME", required = true)]
    names: Vec<String>,
}

impl Signal {
    pub(super) fn into_plan(self) -> Plan {
        self.session.into_plan(Ask::Signal(self.signal, self.names))
    }
}

/// Change the number of instances of a process
///
/// The instances with the highest numbers are stopped; new ones get the lowest free numbers. Returns
/// once that is done.
#[derive(Debug, Args)]
pub(super) struct Scale {
    #[command(flatten)]
    session: Session,

    /// The process, and its new number of instances
    #[arg(value_name = "NAME=COUNT", required = true, value_parser = value::count_of)]
    to: Vec<(String, usize)>,
}

impl Scale {
    pub(super) fn into_plan(self) -> Plan {
        self.session.into_plan(Ask::Scale(self.to))
    }
}

/// Wait until processes have ended, and exit with their exit code
///
/// Exits with the code of the one that failed, with 1 if several failed, else with 0. A process that
/// was stopped by gipc-stop(1) counts as ended.
#[derive(Debug, Args)]
pub(super) struct Wait {
    #[command(flatten)]
    session: Session,

    /// Wait until they are ready; exit with 1 if one ends before it is ready
    #[arg(long, env = "GIPC_READY", hide_env = true, value_parser = value::flag())]
    ready: bool,

    /// Wait no longer than this, then exit with 124
    #[arg(long, env = "GIPC_TIMEOUT", value_name = "DURATION", hide_env = true,
          value_parser = value::duration)]
    timeout: Option<Duration>,

    /// Processes (work) or instances (work.2) [default: all]
    #[arg(value_name = "NAME")]
    names: Vec<String>,
}

impl Wait {
    pub(super) fn into_plan(self) -> Plan {
        let Self { session, ready, timeout, names } = self;
        session.into_plan(Ask::Wait { names, ready, timeout })
    }
}

/// Make a session of `up` reread its file
///
/// New processes are started, removed ones are stopped, and only those that have changed are
/// restarted. Another `exit`, `strategy` or `depends_on` restarts nothing and applies from now on. What
/// was done is printed. If the file has errors, they are printed and the session goes on unchanged.
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
/// Returns once nothing of it is left.
#[derive(Debug, Args)]
pub(super) struct Down {
    #[command(flatten)]
    session: Session,

    /// Kill whatever has not ended after this long
    #[arg(long, env = "GIPC_TIMEOUT", value_name = "DURATION", hide_env = true,
          value_parser = value::duration)]
    timeout: Option<Duration>,
}

impl Down {
    pub(super) fn into_plan(self) -> Plan {
        self.session.into_plan(Ask::Down { timeout: self.timeout })
    }
}
