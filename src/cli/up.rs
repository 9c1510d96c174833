//! `gipc up`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::telling::Telling;
use super::{Usage, option_variables};
use crate::config::{self, CommandLine};
use crate::lacking::Wish;
use crate::plan::Plan;
use crate::plan::topology::Topology;
use crate::value;

/// Run the processes of a gipc.toml or a Procfile together, and leave nothing of them behind
///
/// Each is started when those that it depends on have come so far, its lines are passed on to
/// standard error with its name, and it is restarted as its file says. When all have ended, or as
/// the file's `exit` says, gipc ends with the code of the one that decided it: 1 where several
/// failed. A signal stops them in the reverse order of their dependencies, and along channels the
/// writers first; a second one kills.
/// gipc-toml(5) has all that a file may say.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gipc up
  gipc up 2>&1 | grep '^web'     # lines go to standard error
  gipc up -p web='python3 -m http.server' -p log='tail -f access.log'
  gipc up -p gen=./gen.sh -p work='python3 work.py' -c jobs=gen:work -c results=work:-")]
pub(super) struct Up {
    /// The file [default: gipc.toml, else Procfile, unless there is --process]
    #[arg(short, long, env = "GIPC_FILE", value_name = "FILE", hide_env = true)]
    file: Option<PathBuf>,

    /// A process, run by a shell; may be repeated
    #[arg(short, long, env = "GIPC_PROCESS", value_name = "NAME=COMMAND", hide_env = true,
          value_parser = value::process)]
    process: Vec<(String, String)>,

    /// A channel between them, from one to another; may be repeated. A port is a descriptor, or
    /// `stdin`, or `stdout`; gipc's own standard input and output are `-`
    #[arg(short, long, env = "GIPC_CHANNEL", value_name = "[NAME=]FROM[.PORT]:TO[.PORT]",
          hide_env = true, value_parser = value::connection, allow_hyphen_values = true)]
    channel: Vec<value::Connection>,

    /// End the whole run after this long, with exit code 124
    #[arg(long, env = "GIPC_TIMEOUT", value_name = "DURATION", hide_env = true,
          value_parser = value::duration)]
    timeout: Option<Duration>,

    /// Come back when all are ready, and go on in the background: see gipc-ps(1), gipc-logs(1) and
    /// gipc-down(1). Where one has failed, come back with its exit code
    #[arg(short, long, env = "GIPC_DETACH", hide_env = true,
          value_parser = clap::builder::FalseyValueParser::new())]
    detach: bool,

    #[command(flatten)]
    telling: Telling,

    /// The processes to run, with those that they depend on; all where none is named
    #[arg(value_name = "NAME")]
    names: Vec<String>,
}

impl Up {
    pub(super) fn into_plan(self) -> Result<Plan, Usage> {
        let Self { file, process, channel, timeout, detach, telling, names } = self;
        let described = Described { file, processes: process, channels: channel, names };
        Usage::refuse("--detach", Wish::Background, detach)?;
        let mut plan = telling.into_plan(described.read()?, timeout)?;
        plan.session.get_or_insert_with(|| plan.topology.name.clone());
        plan.detach = detach;
        plan.source = Some(Box::new(move |color| described.read_again(color)));
        Ok(Plan::Supervise(Box::new(plan)))
    }
}

/// Where a topology is described, and which processes of it are meant.
struct Described {
    file: Option<PathBuf>,
    processes: Vec<(String, String)>,
    channels: Vec<value::Connection>,
    names: Vec<String>,
}

impl Described {
    fn read(&self) -> Result<Topology, Usage> {
        let typed = CommandLine { processes: &self.processes, channels: &self.channels };
        let topology = config::load(self.file.as_deref(), typed).map_err(Usage::Config)?;
        let mut topology = topology.only(&self.names).map_err(Usage::wrong)?;
        // Ours are meant for us; what the description says counts more.
        let ours: Vec<_> = option_variables().into_iter().map(|name| (name, None)).collect();
        for process in &mut topology.processes {
            process.env.splice(0..0, ours.iter().cloned());
        }
        Ok(topology)
    }

    /// As [`Description`](crate::plan::Description) has it.
    fn read_again(&self, color: bool) -> Result<Topology, String> {
        if let Some(file) = &self.file
            && file.exists()
            && !file.is_file()
        {
            // What is read from a pipe is gone, and who waits for more may wait for ever.
            let file = file.display();
            return Err(format!("gipc: `{file}` is no file that could be read again"));
        }
        self.read().map_err(|usage| usage.render(color))
    }
}
