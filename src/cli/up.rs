//! `gipc up`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::defaults::Defaults;
use super::telling::Telling;
use super::typed::Typed;
use super::{Usage, option_variables};
use crate::config;
use crate::lacking::Wish;
use crate::plan::Plan;
use crate::plan::topology::Topology;
use crate::value;

/// Run the processes of a gipc.toml or Procfile together, and leave none of them behind
///
/// Each process is started once its dependencies have reached the state that it needs, and is
/// restarted as the file says. Its output goes to standard error, with its name before each line. When
/// all processes have ended, or when the file's `exit` rule says so, gipc exits with the code of the
/// process that decided it, or with 1 if several failed. A signal stops all processes, in reverse order
/// of their dependencies and writers of channels before readers; a second one kills them.
///
/// gipc-toml(5) describes the file. The options from --chdir to --record are the defaults of all
/// processes and channels: they apply where the file says nothing itself.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gipc up
  gipc up 2>&1 | grep '^web'     # output goes to standard error
  gipc up -p web='python3 -m http.server' -p log='tail -f access.log'
  gipc up -p gen=./gen.sh -p work='python3 work.py' -c jobs=gen:work -c results=work:-")]
pub(super) struct Up {
    /// The file to read [default: gipc.toml, else Procfile; none if there is a --process]
    #[arg(short, long, env = "GIPC_FILE", value_name = "FILE", hide_env = true)]
    file: Option<PathBuf>,

    #[command(flatten)]
    typed: Typed,

    /// Stop the whole run after this long, with exit code 124
    #[arg(long, env = "GIPC_TIMEOUT", value_name = "DURATION", hide_env = true,
          value_parser = value::duration)]
    timeout: Option<Duration>,

    /// Return once all processes are ready, and go on in the background; see gipc-ps(1),
    /// gipc-logs(1) and gipc-down(1). If one fails before that, return its exit code
    #[arg(short, long, env = "GIPC_DETACH", hide_env = true, value_parser = value::flag())]
    detach: bool,

    #[command(flatten)]
    defaults: Defaults,

    #[command(flatten)]
    telling: Telling,

    /// The processes to run, along with their dependencies [default: all]
    #[arg(value_name = "NAME")]
    names: Vec<String>,
}

impl Up {
    pub(super) fn into_plan(self) -> Result<Plan, Usage> {
        let Self { file, typed, timeout, detach, defaults, telling, names } = self;
        let described = Described { file, typed, defaults, names };
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
    typed: Typed,
    defaults: Defaults,
    names: Vec<String>,
}

impl Described {
    fn read(&self) -> Result<Topology, Usage> {
        let defaults = self.defaults.read()?;
        let typed = self.typed.with(&defaults);
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
            return Err(format!("gipc: `{file}` is not a regular file and cannot be read again"));
        }
        self.read().map_err(|usage| usage.render(color))
    }
}
