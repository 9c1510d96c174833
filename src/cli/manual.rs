//! `gipc completions` and `gipc man`: what is made from the definition of the command line.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, CommandFactory, ValueHint};
use clap_complete::Shell;
use gipc::framing::Framing;

use super::{Cli, Usage};
use crate::plan::Plan;

/// The date on the pages: that of the version, not of the build.
const RELEASED: &str = "2026-11-23";

/// The pages that are written by hand.
const BY_HAND: [(&str, &[u8]); 3] = [
    ("gipc-control.7", include_bytes!("../../man/gipc-control.7")),
    ("gipc-toml.5", include_bytes!("../../man/gipc-toml.5")),
    ("gipc-wire.7", include_bytes!("../../man/gipc-wire.7")),
];

/// Print completions for a shell
#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(super) fn into_plan(self) -> Plan {
        Plan::Print(completions(self.shell))
    }
}

fn completions(shell: Shell) -> Vec<u8> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut to_complete(), "gipc", &mut text);
    text
}

/// The definition, with what a shell can offer besides: values that are of a type of their own to the
/// parser, and that may be others too.
fn to_complete() -> clap::Command {
    const SIGNALS: [&str; 7] = ["TERM", "INT", "HUP", "QUIT", "KILL", "USR1", "USR2"];
    let framings = || Framing::ALL.map(Framing::name).into_iter();
    Cli::command().mut_subcommands(|command| {
        let besides: &[&str] = match command.get_name() {
            "recv" | "call" => &[],
            "pool" => &["none", "json"],
            _ => &["none"],
        };
        command.mut_args(|arg| match arg.get_id().as_str() {
            "framing" => arg.value_parser(PossibleValuesParser::new(framings())),
            "input" => arg.value_parser(PossibleValuesParser::new(framings().chain(["none"]))),
            "output" => {
                let forms = framings().chain(besides.iter().copied());
                arg.value_parser(PossibleValuesParser::new(forms))
            }
            "signal" | "stop_signal" => arg.value_parser(PossibleValuesParser::new(SIGNALS)),
            "chdir" => arg.value_hint(ValueHint::DirPath),
            "command" if arg.is_trailing_var_arg_set() => {
                arg.value_hint(ValueHint::CommandWithArguments)
            }
            _ => arg,
        })
    })
}

/// Print a manual page, as roff: `gipc man run | man -l -`
#[derive(Debug, Args)]
pub(super) struct Man {
    /// The page: a command, `toml`, `wire` or `control`; otherwise gipc(1)
    page: Option<String>,

    /// Write all pages and completions into this folder
    #[arg(long, env = "GIPC_ALL", hide_env = true, value_name = "FOLDER", conflicts_with = "page")]
    all: Option<PathBuf>,
}

impl Man {
    pub(super) fn into_plan(self) -> Result<Plan, Usage> {
        if let Some(folder) = self.all {
            let mut files = pages();
            let shells = [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::PowerShell, Shell::Elvish];
            for shell in shells {
                let name = clap_complete::Generator::file_name(&shell, "gipc");
                files.push((name, completions(shell)));
            }
            return Ok(Plan::Write { folder, files });
        }
        let wanted = self.page.as_deref().map_or("gipc".to_owned(), |page| format!("gipc-{page}"));
        let by_hand = BY_HAND.map(|(name, text)| (name.to_owned(), text.to_vec()));
        let mut pages = pages().into_iter().chain(by_hand);
        let found =
            pages.find(|(name, _)| name.rsplit_once('.').is_some_and(|(it, _)| it == wanted));
        match found {
            Some((_, text)) => Ok(Plan::Print(text)),
            None => Err(Usage::wrong(format!("there is no manual page `{wanted}`"))),
        }
    }
}

/// The pages that come from the definition: gipc(1), and one for each command.
fn pages() -> Vec<(String, Vec<u8>)> {
    let mut command = Cli::command().after_long_help(None);
    command.build();
    let commands: Vec<_> = command.get_subcommands().cloned().collect();
    let mut pages =
        vec![page("gipc".to_owned(), command, &[EXIT_STATUS, ENVIRONMENT, SIGNALS, WINDOWS])];
    for command in commands {
        let more: &[&str] = match command.get_name() {
            "exec" | "run" | "pipe" | "pool" | "replay" => &[EXIT_STATUS, ENVIRONMENT, SIGNALS],
            "up" => &[UP_EXIT_STATUS, ENVIRONMENT, UP_SIGNALS],
            "send" | "recv" | "call" => &[TALK_EXIT_STATUS, ENVIRONMENT],
            "ps" | "why" | "start" | "stop" | "restart" | "signal" | "scale" | "down" => {
                &[CONTROL_EXIT_STATUS]
            }
            "logs" | "tap" => &[CONTROL_EXIT_STATUS],
            "reload" => &[RELOAD_EXIT_STATUS],
            "wait" => &[WAIT_EXIT_STATUS],
            "check" => &[CHECK_EXIT_STATUS],
            _ => &[],
        };
        pages.push(page(format!("gipc-{}", command.get_name()), command, more));
    }
    pages
}

fn page(name: String, command: clap::Command, more: &[&str]) -> (String, Vec<u8>) {
    let man = clap_mangen::Man::new(command)
        .title(name.to_uppercase())
        .source(concat!("gipc ", env!("CARGO_PKG_VERSION")))
        .manual("gipc manual")
        .date(RELEASED);
    let mut text = Vec::new();
    // Writing to memory cannot fail.
    let _ = man.render(&mut text);
    for section in more {
        text.extend_from_slice(section.as_bytes());
    }
    text.extend_from_slice(SEE_ALSO.as_bytes());
    (format!("{name}.1"), text)
}

const EXIT_STATUS: &str = "\
.SH \"EXIT STATUS\"
The command's own exit code, or 128 + n when signal n ended it. Besides:
.TP
1
in place of 0: a message was refused, torn or garbled
.TP
2
wrong usage
.TP
124
a timeout
.TP
125
gipc itself failed
.TP
126
the command was found, but cannot be executed
.TP
127
the command was not found
.PP
When a signal ends gipc, it stops everything first, and then dies of that same signal, so that a
calling script stops too.
";

const WINDOWS: &str = "\
.SH WINDOWS
All commands are there. What Windows does not have is refused, with the reason: users, groups, limits,
nice values and umask, \\-\\-isolate and \\-\\-detach, sd_notify(3) and LISTEN_FDS. There
are no signals: Ctrl-C, Ctrl-Break, the end of the console and that of the user's session stop gipc in
order, and a second one kills; a command can be sent TERM, which is Ctrl-Break, and KILL.
.PP
There is one process of gipc, and a job object that all commands are in: it ends what is left, however
gipc ends. A command that has no console in common with gipc cannot be asked to end and is ended at
once, and so is what a command leaves behind.
.PP
Exit codes have 32 bits. Where the console has ended gipc, its code is c000013a, so that a batch file
stops too. A line for a shell is run by cmd.exe, which gets it as it stands; a batch file is a command
like any other, but for arguments that cmd.exe would not take as they are. The timeout of gipc-send(1)
ends the wait for its turn only.
";

const UP_EXIT_STATUS: &str = "\
.SH \"EXIT STATUS\"
By the \"exit\" rule of the file, see gipc-toml(5), the code of the process that decided it; by default
0 when all have succeeded, the code of the one that has failed, 1 where several have or one was never
started. Besides:
.TP
2
wrong usage, or a file that is not understood
.TP
124
a timeout
.TP
125
gipc itself failed
.PP
When a signal ends gipc, it stops everything first, and then dies of that same signal, so that a
calling script stops too.
";

const UP_SIGNALS: &str = "\
.SH SIGNALS
.TP
INT, TERM, HUP
The first stops all in the reverse order of their dependencies, and along channels the writers first:
each gets its stop_signal, and what has not ended after its stop_grace_period is killed. A reader
whose writers have ended sees the end of its messages, and has that time to end by itself before it
gets the signal. A second one kills at once.
.TP
QUIT
kills at once
.TP
USR1
prints how things stand on standard error
.TP
USR2
takes log files anew
.TP
TSTP, CONT
stop and continue everything; timers stand still in between
.PP
All others go to every process.
";

const TALK_EXIT_STATUS: &str = "\
.SH \"EXIT STATUS\"
.TP
0
the message was sent, or taken
.TP
1
the channel has ended, or the message does not fit its framing; or a process of a session was sent
some that its channel refused or dropped
.TP
2
wrong usage; or the session has no such process
.TP
124
nothing has moved within --timeout
.TP
125
there is no such channel, or it is broken; or there is no such session, or it has ended meanwhile
";

const CHECK_EXIT_STATUS: &str = "\
.SH \"EXIT STATUS\"
.TP
0
the description is understood
.TP
2
it is not, or it cannot be read, or wrong usage
";

const CONTROL_EXIT_STATUS: &str = "\
.SH \"EXIT STATUS\"
.TP
0
it is done
.TP
2
wrong usage, or there is no such process
.TP
125
it could not be done, or there is no such session, or it has ended meanwhile
";

const RELOAD_EXIT_STATUS: &str = "\
.SH \"EXIT STATUS\"
.TP
0
the session goes by the file as it is now
.TP
2
wrong usage, or the file is not understood
.TP
125
it could not be done, or there is no such session, or it has ended meanwhile
";

const WAIT_EXIT_STATUS: &str = "\
.SH \"EXIT STATUS\"
The code of the one that has failed, or 128 + n when signal n ended it; 1 where several have failed, or
one was never started; else 0. Besides:
.TP
1
with --ready: one has ended without being ready
.TP
2
wrong usage, or there is no such process
.TP
124
a timeout
.TP
125
there is no such session, or it has ended meanwhile
";

const ENVIRONMENT: &str = "\
.SH ENVIRONMENT
Every option can also be given as GIPC_<OPTION>, with _ for -: GIPC_TIMEOUT=10s, GIPC_LOG_FORMAT=json.
What is typed counts more. The commands that gipc starts do not inherit these variables.
.PP
NO_COLOR and FORCE_COLOR are honoured.
";

const SIGNALS: &str = "\
.SH SIGNALS
.TP
INT, TERM, HUP
The first stops in order: the command gets the signal that came, or that of --stop-signal, and what
has not ended after --grace is killed. A second one kills at once.
.TP
QUIT
kills at once
.TP
USR1
prints how things stand on standard error
.TP
USR2
takes the file of --record anew
.TP
TSTP, CONT
stop and continue everything; timers stand still in between
.PP
All others go to the command. On a terminal the command of gipc-exec(1) gets Ctrl-C, Ctrl-\\e and
Ctrl-Z itself, as without gipc, and gipc follows it. A HUP that was ignored when gipc was started, as
by nohup(1), stays without effect.
";

const SEE_ALSO: &str = "\
.SH \"SEE ALSO\"
gipc(1), gipc-exec(1), gipc-run(1), gipc-pipe(1), gipc-replay(1), gipc-up(1), gipc-ps(1), gipc-why(1),
gipc-logs(1), gipc-tap(1), gipc-start(1), gipc-stop(1), gipc-restart(1), gipc-signal(1), gipc-scale(1),
gipc-wait(1), gipc-reload(1), gipc-down(1), gipc-send(1), gipc-recv(1), gipc-call(1), gipc-check(1), gipc-toml(5),
gipc-control(7), gipc-wire(7)
";
