//! `gipc exec`.

use std::ffi::OsString;

use clap::Args;

use super::Usage;
use super::supervision::Supervision;
use crate::plan::Plan;
use crate::plan::rules::Readiness;
use crate::plan::topology::{Topology, Wiring};

/// Run a command as it is, and leave none of its processes behind
///
/// The command has the standard streams, inherited descriptors and terminal that it would have without
/// gipc. When it ends, or gipc does, every process that it started is stopped, and killed if it does
/// not stop: also those that are in a session of their own or were double-forked.
#[derive(Debug, Args)]
#[command(
    override_usage = "gipc exec [OPTIONS] [--] COMMAND [ARGUMENT]...",
    after_help = "\
Examples:
  gipc exec --timeout 10m -- make test
  gipc exec --name web --restart on-failure -- python3 -m http.server"
)]
pub(super) struct Exec {
    #[command(flatten)]
    supervision: Supervision,

    /// The command and its arguments
    #[arg(required = true, trailing_var_arg = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

impl Exec {
    /// Takes `exec COMMAND…` and `exec -- COMMAND…`, where nothing can stand for an option, without
    /// the parser: only to define what may be said costs a short command a tenth of its time.
    pub(super) fn without_options(mut args: impl Iterator<Item = OsString>) -> Option<Self> {
        args.next().filter(|name| name == "exec")?;
        let first = args.next()?;
        let first = match first.as_encoded_bytes() {
            b"--" => args.next()?,
            [] | [b'-', ..] => return None,
            _ => first,
        };
        let command = std::iter::once(first).chain(args).collect();
        Some(Self { supervision: Supervision::default(), command })
    }

    pub(super) fn into_plan(self) -> Result<Plan, Usage> {
        let (wiring, readiness) = (Wiring::Inherited, Readiness::Immediate);
        let process = self.supervision.process(self.command, wiring, readiness, None)?;
        let plan = self.supervision.into_plan(Topology::of_one(process))?;
        Ok(Plan::Supervise(Box::new(plan)))
    }
}

#[cfg(test)]
mod tests {
    use clap::FromArgMatches as _;

    use super::*;

    fn by_the_parser(line: &[&str]) -> Option<Exec> {
        let definition = Exec::augment_args(clap::Command::new("gipc"));
        Exec::from_arg_matches(&definition.try_get_matches_from(line).ok()?).ok()
    }

    #[test]
    fn without_options_it_is_what_the_parser_makes_of_it() {
        let lines: [&[&str]; 8] = [
            &["exec", "true"],
            &["exec", "--", "true"],
            &["exec", "sh", "-c", "exit 3"],
            &["exec", "--", "--version"],
            &["exec", "env", "--", "true"],
            &["exec", "--", "env", "--", "true"],
            &["exec", "--", "--", "true"],
            &["exec", "--", ""],
        ];
        for line in lines {
            let alone = Exec::without_options(line.iter().map(OsString::from)).unwrap();
            let parsed = by_the_parser(line).unwrap();
            assert_eq!(format!("{alone:?}"), format!("{parsed:?}"), "{line:?}");
        }
    }

    #[test]
    fn what_may_be_an_option_is_left_to_the_parser() {
        let lines: [&[&str]; 7] = [
            &["exec"],
            &["exec", "--"],
            &["exec", ""],
            &["exec", "-q", "true"],
            &["exec", "--timeout", "1s", "true"],
            &["exec", "-"],
            &["run", "true"],
        ];
        for line in lines {
            let alone = Exec::without_options(line.iter().map(OsString::from));
            assert!(alone.is_none(), "{line:?}");
        }
    }
}
