//! The command line: what was typed, and what it means.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::builder::Resettable;
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, CommandFactory, FromArgMatches, Id, Parser, Subcommand};
use gipc::process::ExitCode;

use crate::guard::Verdict;
use crate::lacking::{self, Wish};
use crate::plan::Plan;
use crate::stream::Patient;

mod check;
mod control;
mod defaults;
mod environment;
mod exec;
mod help;
mod logs;
mod manual;
mod messages;
mod pipe;
mod pool;
mod replay;
mod run;
mod supervision;
mod talk;
mod tap;
mod telling;
mod typed;
mod up;

/// Start commands, give them message channels, and leave nothing behind.
#[derive(Debug, Parser)]
#[command(
    name = "gipc",
    version,
    about,
    long_about = "Start commands, give them message channels on inherited descriptors, and leave \
                  nothing behind.\n\n\
                  A worker, in any language, reads messages on descriptor 3 and writes messages on \
                  descriptor 4. However gipc ends, no process that it started outlives it, and no \
                  message is lost or torn silently. (The one exception is that both of gipc's \
                  processes are killed at the very same moment, without --isolate.)",
    after_help = EXAMPLES,
    after_long_help = format!("{AFTER_HELP}\n\n{EXAMPLES}"),
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
Exit status:
  The command's own exit code, or 128+n if it was ended by signal n. 124: timeout. 125: gipc itself
  failed. 126: the command was found but cannot be executed. 127: the command was not found.
  2: wrong usage. 1 instead of 0: a message was refused, truncated or malformed. 1: several
  processes failed (up). When a signal ends gipc, it first stops everything and then dies of that
  same signal.

Environment:
  Every option can also be given as GIPC_<OPTION>, such as GIPC_TIMEOUT=10s. The command line
  overrides the environment. The commands that gipc starts do not inherit these variables.";

const EXAMPLES: &str = "\
Examples:
  printf 'one\\ntwo\\n' | gipc run --wire stdio -- tr a-z A-Z
  seq 3 | gipc run -- bash -c 'while m=$(gipc recv); do gipc send \"<$m>\"; done'
  gipc exec --timeout 1m -- ./test.sh";

#[derive(Debug, Subcommand)]
enum Command {
    Exec(exec::Exec),
    Run(Box<run::Run>),
    Pipe(Box<pipe::Pipe>),
    Replay(Box<replay::Replay>),
    Pool(Box<pool::Pool>),
    Up(up::Up),
    Send(talk::Send),
    Recv(talk::Recv),
    Call(talk::Call),
    Ps(control::Ps),
    Why(control::Why),
    Logs(logs::Logs),
    Tap(tap::Tap),
    Start(control::Start),
    Stop(control::Stop),
    Restart(control::Restart),
    Signal(control::Signal),
    Scale(control::Scale),
    Wait(control::Wait),
    Reload(control::Reload),
    Down(control::Down),
    Check(check::Check),
    Schema(check::Schema),
    Completions(manual::Completions),
    Man(manual::Man),
    Help(help::Help),
}

impl Command {
    /// Takes the command line by the definition of one command only, where that can be: to make the
    /// whole definition takes longer than to start a process. Help and errors need the whole.
    fn parse_alone() -> Option<Self> {
        fn parse<A: clap::Args>(args: impl Iterator<Item = OsString>) -> Option<A> {
            let definition = A::augment_args(clap::Command::new("gipc"));
            A::from_arg_matches(&definition.try_get_matches_from(args).ok()?).ok()
        }
        let args = || std::env::args_os().skip(1);
        if !has_variables()
            && let Some(exec) = exec::Exec::without_options(args())
        {
            return Some(Self::Exec(exec));
        }
        let mut args = args().peekable();
        match args.peek()?.to_str()? {
            "exec" => parse(args).map(Self::Exec),
            "run" => parse(args).map(Self::Run),
            "pipe" => parse(args).map(Self::Pipe),
            "replay" => parse(args).map(Self::Replay),
            "pool" => parse(args).map(Self::Pool),
            "up" => parse(args).map(Self::Up),
            "send" => parse(args).map(Self::Send),
            "recv" => parse(args).map(Self::Recv),
            "call" => parse(args).map(Self::Call),
            "ps" => parse(args).map(Self::Ps),
            "why" => parse(args).map(Self::Why),
            "logs" => parse(args).map(Self::Logs),
            "tap" => parse(args).map(Self::Tap),
            "start" => parse(args).map(Self::Start),
            "stop" => parse(args).map(Self::Stop),
            "restart" => parse(args).map(Self::Restart),
            "signal" => parse(args).map(Self::Signal),
            "scale" => parse(args).map(Self::Scale),
            "wait" => parse(args).map(Self::Wait),
            "reload" => parse(args).map(Self::Reload),
            "down" => parse(args).map(Self::Down),
            _ => None,
        }
    }
}

/// Why there is no plan.
pub(crate) enum Usage {
    /// Wrong usage, or a wish for help.
    Clap(clap::Error),
    /// A file that the command line names.
    File(crate::config::EnvFileError),
    /// A description of processes.
    Config(crate::config::Error),
}

impl Usage {
    /// What was typed is wrong in a way that the parser does not know.
    fn wrong(message: impl std::fmt::Display) -> Self {
        let mut all = Cli::command();
        all.build();
        // There are no options before it.
        let name = std::env::args_os().nth(1).unwrap_or_default();
        let kind = ErrorKind::ValueValidation;
        Self::Clap(match all.find_subcommand_mut(name) {
            Some(command) => command.error(kind, message),
            None => all.error(kind, message),
        })
    }

    /// An option asks for what this system does not have.
    fn refuse(option: &str, wish: Wish, is_asked_for: bool) -> Result<(), Self> {
        match lacking::why_not(wish) {
            Some(why) if is_asked_for => {
                Err(Self::wrong(format!("{option} is not available here: {why}")))
            }
            _ => Ok(()),
        }
    }

    /// Prints it where it belongs.
    pub(crate) fn print(self) -> ExitCode {
        if let Self::Clap(error) = self {
            let code = error.exit_code() as ExitCode;
            return match error.print() {
                Err(error) if code == 0 && error.kind() != io::ErrorKind::BrokenPipe => {
                    crate::say(&format!("cannot write to standard output: {error}"));
                    Verdict::FAILED
                }
                // Where a complaint cannot be written there is nobody to tell.
                _ => code,
            };
        }
        show_mistakes(&self.render(telling::Color::Auto.wanted()));
        2
    }

    /// As it stands on standard error, but for the newline at the end.
    fn render(self, color: bool) -> String {
        match self {
            Self::Clap(error) => error.render().to_string().trim_end().to_owned(),
            Self::File(error) => format!("gipc: {}", crate::chain(&error)),
            Self::Config(crate::config::Error::Mistakes(mistakes)) => mistakes.render(color),
            Self::Config(error) => format!("gipc: {}", crate::chain(&error)),
        }
    }
}

/// What the command line asks for.
pub(crate) fn plan() -> Result<Plan, Usage> {
    let command = match Command::parse_alone() {
        Some(command) => command,
        None => parse_whole().map_err(Usage::Clap)?.command,
    };
    match command {
        Command::Exec(exec) => exec.into_plan(),
        Command::Run(run) => run.into_plan(),
        Command::Pipe(pipe) => pipe.into_plan(),
        Command::Replay(replay) => replay.into_plan(),
        Command::Pool(pool) => pool.into_plan(),
        Command::Up(up) => up.into_plan(),
        Command::Send(send) => send.into_plan(),
        Command::Recv(recv) => Ok(recv.into_plan()),
        Command::Call(call) => call.into_plan(),
        Command::Ps(ps) => Ok(ps.into_plan()),
        Command::Why(why) => Ok(why.into_plan()),
        Command::Logs(logs) => Ok(logs.into_plan()),
        Command::Tap(tap) => Ok(tap.into_plan()),
        Command::Start(start) => Ok(start.into_plan()),
        Command::Stop(stop) => Ok(stop.into_plan()),
        Command::Restart(restart) => Ok(restart.into_plan()),
        Command::Signal(signal) => Ok(signal.into_plan()),
        Command::Scale(scale) => Ok(scale.into_plan()),
        Command::Wait(wait) => Ok(wait.into_plan()),
        Command::Reload(reload) => Ok(reload.into_plan()),
        Command::Down(down) => Ok(down.into_plan()),
        Command::Check(check) => check.into_plan(),
        Command::Schema(schema) => Ok(schema.into_plan()),
        Command::Completions(completions) => Ok(completions.into_plan()),
        Command::Man(man) => man.into_plan(),
        Command::Help(help) => Err(help.into_usage()),
    }
}

/// Takes the command line by the whole definition. Where what was typed excludes what a variable
/// says, it is as if there were no such variable.
fn parse_whole() -> Result<Cli, clap::Error> {
    let excluded = |error: &clap::Error| error.kind() == ErrorKind::ArgumentConflict;
    let error = match Cli::try_parse() {
        Err(error) if excluded(&error) && has_variables() => error,
        parsed => return parsed,
    };
    let without = |is_excluded: &dyn Fn(&Id) -> bool| {
        Cli::command().mut_subcommands(|command| {
            command.mut_args(|arg| {
                if is_excluded(arg.get_id()) { arg.env(Resettable::Reset) } else { arg }
            })
        })
    };
    let typed = without(&|_| true).try_get_matches();
    let Some((name, typed)) = typed.as_ref().ok().and_then(clap::ArgMatches::subcommand) else {
        return Err(error);
    };
    let all = Cli::command();
    let command = all.find_subcommand(name).unwrap_or(&all);
    let is_typed = |arg: &&Arg| {
        let source = typed
            .try_contains_id(arg.get_id().as_str())
            .ok()
            .and_then(|_| typed.value_source(arg.get_id().as_str()));
        source == Some(ValueSource::CommandLine)
    };
    let (typed, others): (Vec<&Arg>, Vec<&Arg>) = command.get_arguments().partition(is_typed);
    let excludes = |one: &Arg, other: &Arg| {
        command.get_arg_conflicts_with(one).iter().any(|it| it.get_id() == other.get_id())
    };
    let loses = |other: &&&Arg| typed.iter().any(|it| excludes(it, other) || excludes(other, it));
    let losers: Vec<_> = others.iter().filter(loses).map(|it| it.get_id()).collect();
    let matches = without(&|id| losers.contains(&id)).try_get_matches()?;
    Cli::from_arg_matches(&matches)
}

/// May a variable in the environment stand for an option?
fn has_variables() -> bool {
    std::env::vars_os().any(|(key, _)| key.as_encoded_bytes().starts_with(b"GIPC_"))
}

/// The environment variables that stand for options: they are meant for this gipc only.
fn option_variables() -> Vec<OsString> {
    // To make the whole definition once more takes longer than to start a command.
    if !has_variables() {
        return Vec::new();
    }
    let all = Cli::command();
    let options = all.get_subcommands().flat_map(clap::Command::get_arguments);
    options.filter_map(|option| option.get_env()).map(OsString::from).collect()
}

/// Shows mistakes of a description, or whatever else has to be said as it is.
pub(crate) fn show_mistakes(text: &str) {
    // Where that cannot be there is nobody to tell.
    let _ = io::stderr().write_all(format!("{text}\n").as_bytes());
}

/// Writes text to standard output.
pub(crate) fn print(text: &[u8]) -> Verdict {
    // Not by `Stdout`, to which one that was closed is as good as any other.
    match Patient::duplicate(io::stdout()).and_then(|mut stdout| stdout.write_all(text)) {
        Ok(()) => Verdict::Exit(0),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
            Verdict::Signal(gipc::process::Signal::PIPE)
        }
        Err(error) => {
            crate::say(&format!("cannot write to standard output: {error}"));
            Verdict::Exit(Verdict::FAILED)
        }
    }
}

/// A file or folder cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write `{}`", path.display())]
struct Unwritten {
    path: PathBuf,
    source: io::Error,
}

/// Writes files into a folder.
pub(crate) fn write(folder: &Path, files: &[(String, Vec<u8>)]) -> Verdict {
    let at = |path: &Path, done: io::Result<()>| {
        done.map_err(|source| Unwritten { path: path.to_owned(), source })
    };
    let write = |(name, text): &(String, Vec<u8>)| {
        let path = folder.join(name);
        at(&path, std::fs::write(&path, text))
    };
    let made = at(folder, std::fs::create_dir_all(folder));
    match made.and_then(|()| files.iter().try_for_each(write)) {
        Ok(()) => Verdict::Exit(0),
        Err(error) => {
            crate::complain(&error);
            Verdict::Exit(Verdict::FAILED)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_is_a_variable_of_its_name() {
        for command in Cli::command().get_subcommands() {
            for option in command.get_arguments().filter(|argument| !argument.is_positional()) {
                let long = option.get_long().unwrap();
                if long == "name" {
                    assert_eq!(option.get_env(), None, "GIPC_NAME tells an instance its own");
                    continue;
                }
                let variable = format!("GIPC_{}", long.to_uppercase().replace('-', "_"));
                assert_eq!(option.get_env().unwrap(), variable.as_str(), "{}", command.get_name());
            }
        }
    }

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }
}
