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
const BY_HAND: [(&str, &[u8]); 4] = [
    ("gipc-control.7", include_bytes!("../../man/gipc-control.7")),
    ("gipc-formats.5", include_bytes!("../../man/gipc-formats.5")),
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
        // A pool needs its input.
        let no_input = (command.get_name() != "pool").then_some("none");
        let besides: &[&str] = match command.get_name() {
            "recv" | "call" => &[],
            "pool" => &["none", "json"],
            _ => &["none"],
        };
        command.mut_args(|arg| match arg.get_id().as_str() {
            "framing" => arg.value_parser(PossibleValuesParser::new(framings())),
            "input" => arg.value_parser(PossibleValuesParser::new(framings().chain(no_input))),
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
    /// The page: a command, `toml`, `formats`, `wire` or `control` [default: gipc(1)]
    page: Option<String>,

    /// Write all pages and completions to this folder
    #[arg(long, env = "GIPC_ALL", hide_env = true, value_name = "FOLDER", conflicts_with = "page")]
    all: Option<PathBuf>,
}

impl Man {
    pub(super) fn into_plan(self) -> Result<Plan, Usage> {
        if let Some(folder) = self.all {
            let mut files = all_pages();
            let shells = [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::PowerShell, Shell::Elvish];
            for shell in shells {
                let name = clap_complete::Generator::file_name(&shell, "gipc");
                files.push((name, completions(shell)));
            }
            return Ok(Plan::Write { folder, files });
        }
        let wanted = self.page.as_deref().map_or("gipc".to_owned(), |page| format!("gipc-{page}"));
        let is_wanted = |name: &str| name.rsplit_once('.').is_some_and(|(it, _)| it == wanted);
        let found = all_pages().into_iter().find(|(name, _)| is_wanted(name));
        match found {
            Some((_, text)) => Ok(Plan::Print(text)),
            None => Err(Usage::wrong(format!("there is no manual page `{wanted}`"))),
        }
    }
}

fn all_pages() -> Vec<(String, Vec<u8>)> {
    let by_hand = BY_HAND.map(|(name, text)| (name.to_owned(), text.to_vec()));
    pages().into_iter().chain(by_hand).collect()
}

/// The pages that come from the definition: gipc(1), and one for each command.
fn pages() -> Vec<(String, Vec<u8>)> {
    let mut command = Cli::command().after_long_help(None);
    command.build();
    let commands: Vec<_> = command.get_subcommands().cloned().collect();
    let names = commands.iter().map(|command| format!("gipc-{}(1)", command.get_name()));
    let by_hand = BY_HAND.iter().filter_map(|(name, _)| name.rsplit_once('.'));
    let by_hand = by_hand.map(|(name, section)| format!("{name}({section})"));
    let all = ["gipc(1)".to_owned()].into_iter().chain(names).chain(by_hand);
    let see_also = format!(".SH \"SEE ALSO\"\n{}\n", all.collect::<Vec<_>>().join(",\n"));
    // What those have in common that run something.
    let running = |exit: &[&'static str], stop: &'static str, signals: &[&'static str]| {
        let between = [USAGE_AND_FAILURES, DIES_OF_THE_SIGNAL, ENVIRONMENT, stop, STATUS_SIGNAL];
        [exit, &between, signals, &[OTHER_SIGNALS]].concat()
    };
    let whole = running(&[EXIT_STATUS, REFUSED, SEVERAL_FAILED], STOP_SIGNALS, &[REOPEN_SIGNAL]);
    let whole = [&whole[..], &[WINDOWS]].concat();
    let mut pages = vec![page("gipc".to_owned(), command, &whole, &see_also)];
    for command in commands {
        let sections = match command.get_name() {
            "exec" => running(&[EXIT_STATUS], STOP_SIGNALS, &[]),
            "run" | "pipe" | "replay" => {
                running(&[EXIT_STATUS, REFUSED], STOP_SIGNALS, &[REOPEN_SIGNAL])
            }
            "pool" => running(&[POOL_EXIT_STATUS], POOL_STOP_SIGNALS, &[REOPEN_SIGNAL]),
            "up" => vec![
                UP_EXIT_STATUS,
                DIES_OF_THE_SIGNAL,
                ENVIRONMENT,
                UP_STOP_SIGNALS,
                STATUS_SIGNAL,
                UP_OTHER_SIGNALS,
            ],
            "send" | "recv" | "call" => vec![TALK_EXIT_STATUS, ENVIRONMENT],
            "ps" | "why" | "start" | "stop" | "restart" | "signal" | "scale" | "down" | "logs"
            | "tap" => vec![CONTROL_EXIT_STATUS],
            "reload" => vec![RELOAD_EXIT_STATUS],
            "wait" => vec![WAIT_EXIT_STATUS],
            "check" => vec![CHECK_EXIT_STATUS],
            _ => Vec::new(),
        };
        pages.push(page(format!("gipc-{}", command.get_name()), command, &sections, &see_also));
    }
    pages
}

fn page(
    name: String,
    mut command: clap::Command,
    sections: &[&str],
    see_also: &str,
) -> (String, Vec<u8>) {
    // The generator's own synopsis leaves out values, and what may be repeated.
    let usage = command.render_usage().to_string();
    let examples = command.get_after_help().map(ToString::to_string);
    let command = command
        .override_usage(usage.trim_start_matches("Usage:").trim().to_owned())
        .after_help(None)
        .after_long_help(None)
        .subcommand_help_heading("COMMANDS");
    let man = clap_mangen::Man::new(command)
        .title(name.to_uppercase())
        .source(concat!("gipc ", env!("CARGO_PKG_VERSION")))
        .manual("gipc manual")
        .date(RELEASED);
    let mut text = Vec::new();
    // Writing to memory cannot fail.
    let _ = man.render(&mut text);
    let examples = examples.map(|examples| examples_section(&examples));
    for section in sections.iter().copied().chain(examples.as_deref()).chain([see_also]) {
        text.extend_from_slice(section.as_bytes());
    }
    (format!("{name}.1"), text)
}

/// What help has below `Examples:`, as roff.
fn examples_section(help: &str) -> String {
    let mut section = String::from(".SH EXAMPLES\n.EX\n");
    for line in help.lines().skip(1) {
        for letter in line.strip_prefix("  ").unwrap_or(line).chars() {
            match letter {
                '\\' => section.push_str("\\e"),
                '-' => section.push_str("\\-"),
                '\'' => section.push_str("\\(aq"),
                '`' => section.push_str("\\(ga"),
                '^' => section.push_str("\\(ha"),
                '~' => section.push_str("\\(ti"),
                other => section.push(other),
            }
        }
        section.push('\n');
    }
    section + ".EE\n"
}

const EXIT_STATUS: &str = "\
.SH \"EXIT STATUS\"
The command's own exit code, or 128 + n if it was ended by signal n; otherwise:
";

const REFUSED: &str = "\
.TP
1
instead of 0: a message was refused, truncated or malformed
";

const SEVERAL_FAILED: &str = "\
.TP
1
several processes failed (gipc-up(1))
";

const POOL_EXIT_STATUS: &str = "\
.SH \"EXIT STATUS\"
.TP
0
every message was answered, or \\-\\-halt ended the run early and has counted no failure; with
\\-\\-ack read, every worker succeeded
.TP
1
a message was not answered, refused, truncated or malformed
.PP
If all workers fail for good and messages are left, the exit code is that of the last one that failed,
or 128 + n if it was ended by signal n. Otherwise:
";

const USAGE_AND_FAILURES: &str = "\
.TP
2
wrong usage
.TP
124
timeout
.TP
125
gipc itself failed
.TP
126
the command was found but cannot be executed
.TP
127
the command was not found
";

const DIES_OF_THE_SIGNAL: &str = "\
.PP
When a signal ends gipc, it first stops everything and then dies of that same signal, so that a
calling script stops too.
";

const WINDOWS: &str = "\
.SH WINDOWS
All commands are available. What Windows does not have is refused, with the reason: users, groups,
limits, nice values and umask, \\-\\-isolate and \\-\\-detach, sd_notify(3) and LISTEN_FDS. There
are no signals: Ctrl-C, Ctrl-Break, closing the console and logging off stop gipc in order, and a
second one kills. A command can be sent TERM, which is Ctrl-Break, and KILL.
.PP
gipc is a single process, and all commands are in one job object, which ends whatever is left, however
gipc ends. A command that does not share gipc's console cannot be asked to stop and is ended at once,
and so is whatever a command leaves behind.
.PP
Exit codes have 32 bits. If the console ended gipc, its exit code is c000013a, so that a batch file
stops too. Shell commands are run by cmd.exe, which gets them unchanged. A batch file can be run like
any other command, except with arguments that cmd.exe would change. The timeout of gipc-send(1) limits
only the wait for other senders.
";

const UP_EXIT_STATUS: &str = "\
.SH \"EXIT STATUS\"
The code of the process that decided the end of the session, by the \"exit\" rule of the file (see
gipc-toml(5)). By default that is 0 if all processes succeeded, the code of the one that failed, or 1 if
several failed or one was never started. Otherwise:
.TP
2
wrong usage, or an invalid file
.TP
124
timeout
.TP
125
gipc itself failed
";

const UP_STOP_SIGNALS: &str = "\
.SH SIGNALS
.TP
INT, TERM, HUP
The first one stops all processes, in reverse order of their dependencies and writers of channels before
readers: each gets its stop_signal and is killed if it has not ended after its stop_grace_period. A
reader whose writers have ended sees the end of its messages, and has that time to end by itself before
it gets the signal. A second one kills everything at once.
";

const UP_OTHER_SIGNALS: &str = "\
.TP
USR2
reopens the files of logs, records and dead letters
.TP
TSTP, CONT
stop and continue everything; timers do not run in between
.PP
All other signals are forwarded to every process.
";

const TALK_EXIT_STATUS: &str = "\
.SH \"EXIT STATUS\"
.TP
0
the message was sent, or received
.TP
1
the channel has ended; or the message does not fit its framing; or the channel of a session refused or
dropped messages
.TP
2
wrong usage; or the session has no such process
.TP
124
no message could be sent or received within \\-\\-timeout
.TP
125
there is no such channel, or it is broken; or there is no such session, or it ended in the meantime
";

const CHECK_EXIT_STATUS: &str = "\
.SH \"EXIT STATUS\"
.TP
0
the file is valid
.TP
2
the file is invalid or cannot be read; or wrong usage
";

const CONTROL_EXIT_STATUS: &str = "\
.SH \"EXIT STATUS\"
.TP
0
success
.TP
2
wrong usage, or there is no such process
.TP
125
the request failed, or there is no such session, or it ended in the meantime
";

const RELOAD_EXIT_STATUS: &str = "\
.SH \"EXIT STATUS\"
.TP
0
the session now follows the file
.TP
2
wrong usage, or an invalid file
.TP
125
the request failed, or there is no such session, or it ended in the meantime
";

const WAIT_EXIT_STATUS: &str = "\
.SH \"EXIT STATUS\"
The code of the process that failed, or 128 + n if it was ended by signal n; 1 if several failed or one
was never started; else 0. Otherwise:
.TP
1
with \\-\\-ready: a process ended before it was ready
.TP
2
wrong usage, or there is no such process
.TP
124
timeout
.TP
125
there is no such session, or it ended in the meantime
";

const ENVIRONMENT: &str = "\
.SH ENVIRONMENT
Every option can also be given as GIPC_<OPTION>, with _ for \\-: GIPC_TIMEOUT=10s, GIPC_LOG_FORMAT=json.
The command line overrides the environment. The commands that gipc starts do not inherit these variables.
.PP
A variable that conflicts with an option on the command line has no effect, as GIPC_QUIET=1 with
\\-\\-verbose. \\-\\-name has no variable, because GIPC_NAME tells each process its own name. A variable
applies to every command that has an option of that name: GIPC_TIMEOUT limits a run, and also how long
gipc-send(1), gipc-recv(1), gipc-wait(1) and gipc-down(1) wait; GIPC_READY is the condition of a worker,
and also \\-\\-ready of gipc-wait(1); GIPC_CHANNEL is that of gipc-up(1) and also of gipc-send(1). Such
a variable is best set for a single command.
.PP
NO_COLOR and FORCE_COLOR are honoured.
";

const STOP_SIGNALS: &str = "\
.SH SIGNALS
.TP
INT, TERM, HUP
The first one stops in order: the command gets the same signal, or that of \\-\\-stop\\-signal, and whatever
has not ended after \\-\\-grace is killed. A second one kills everything at once.
";

const POOL_STOP_SIGNALS: &str = "\
.SH SIGNALS
.TP
INT
The first one stops giving out messages and waits until the workers have answered those that they have,
with no limit but \\-\\-message\\-timeout and \\-\\-timeout. A second one kills everything at once.
With \\-\\-ack read, INT does what TERM does.
.TP
TERM, HUP
The first one stops in order: the workers get the same signal, or that of \\-\\-stop\\-signal, and
whatever has not ended after \\-\\-grace is killed. A second one, or one after INT, kills everything at
once.
";

const STATUS_SIGNAL: &str = "\
.TP
QUIT
kills everything at once
.TP
USR1
prints the status of every instance on standard error
";

const REOPEN_SIGNAL: &str = "\
.TP
USR2
reopens the files of records and dead letters
";

const OTHER_SIGNALS: &str = "\
.TP
TSTP, CONT
stop and continue everything; timers do not run in between
.PP
All other signals are forwarded to the command. On a terminal, the command of gipc-exec(1) gets Ctrl-C,
Ctrl-\\e and Ctrl-Z itself, as without gipc, and gipc follows it. A HUP that was ignored when gipc was
started, as by nohup(1), has no effect.
";
