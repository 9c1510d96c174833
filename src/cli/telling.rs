//! The options about what a run tells, and where to.

use std::ffi::OsStr;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use tracing::level_filters::LevelFilter;

use super::Usage;
use crate::lacking::Wish;
use crate::plan::Supervise;
use crate::plan::topology::Topology;
use crate::{logs, value};

#[derive(Debug, Default, Args)]
pub(super) struct Telling {
    // Without a variable: GIPC_NAME tells each instance its own.
    /// Run as session NAME, so that gipc-ps(1) and others can query and control it. `up` is always
    /// a session, by default with the name given in its file, else the name of its folder
    #[arg(long, value_name = "NAME", value_parser = value::session_name)]
    name: Option<String>,

    /// Run in a separate PID namespace, so that nothing is left behind even when both of gipc's
    /// processes are killed at once (Linux, where user namespaces are allowed)
    #[arg(long, env = "GIPC_ISOLATE", hide_env = true, value_parser = value::flag())]
    isolate: bool,

    /// Write a report of the run to this file: JSON, see gipc-formats(5), or JUnit XML if its name ends
    /// in .xml
    #[arg(long, env = "GIPC_REPORT", value_name = "FILE", hide_env = true)]
    report: Option<PathBuf>,

    /// Print errors only
    #[arg(short, long, conflicts_with = "verbose", env = "GIPC_QUIET", hide_env = true,
          value_parser = value::flag())]
    quiet: bool,

    /// Print more; twice for the details of what gipc does
    #[arg(short, long, env = "GIPC_VERBOSE", hide_env = true, action = clap::ArgAction::Count)]
    verbose: u8,

    /// The format of log lines on standard error
    #[arg(
        long,
        env = "GIPC_LOG_FORMAT",
        value_name = "FORMAT",
        hide_env = true,
        default_value = "pretty"
    )]
    log_format: LogFormat,

    /// Use colours in log lines
    #[arg(long, env = "GIPC_COLOR", value_name = "WHEN", hide_env = true, default_value = "auto")]
    color: Color,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum LogFormat {
    /// Text for people
    #[default]
    Pretty,
    /// A JSON object on each line
    Json,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless NO_COLOR or FORCE_COLOR says otherwise
    #[default]
    Auto,
    Always,
    Never,
}

impl Telling {
    /// Can it be asked and controlled while it runs?
    pub(super) fn is_session(&self) -> bool {
        self.name.is_some()
    }

    /// What these options mean for processes.
    pub(super) fn into_plan(
        self,
        mut topology: Topology,
        timeout: Option<Duration>,
    ) -> Result<Supervise, Usage> {
        Usage::refuse("--isolate", Wish::Isolation, self.isolate)?;
        let session = self.name;
        if let Some(name) = &session {
            topology.name.clone_from(name);
        }
        if let Some(report) = &self.report
            && !matches!(report.extension().and_then(OsStr::to_str), Some("json" | "xml"))
        {
            return Err(Usage::wrong(format!(
                "the report `{}` must be a .json file, or a .xml file for JUnit",
                report.display()
            )));
        }
        let level = match (self.quiet, self.verbose) {
            (true, _) => LevelFilter::ERROR,
            (false, 0) => LevelFilter::WARN,
            (false, 1) => LevelFilter::INFO,
            (false, _) => LevelFilter::DEBUG,
        };
        let format = match self.log_format {
            LogFormat::Pretty => logs::Format::Pretty,
            LogFormat::Json => logs::Format::Json,
        };
        let color = self.color.wanted();
        // Elsewhere lines are stamped by whoever takes them, or are compared.
        let time = std::io::stderr().is_terminal();
        let (isolate, report) = (self.isolate, self.report);
        let log = logs::Settings { level, format, color, time };
        Ok(Supervise {
            topology,
            pool: None,
            session,
            source: None,
            replay: None,
            timeout,
            isolate,
            detach: false,
            report,
            log,
        })
    }
}

impl Color {
    /// As <https://no-color.org> and <https://force-color.org> have it.
    pub(super) fn wanted(self) -> bool {
        self.wanted_on(&std::io::stderr())
    }

    /// The same for another stream.
    pub(super) fn wanted_on(self, stream: &impl IsTerminal) -> bool {
        let is_set = |variable| std::env::var_os(variable).is_some_and(|value| !value.is_empty());
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => !is_set("NO_COLOR") && (is_set("FORCE_COLOR") || stream.is_terminal()),
        }
    }
}
