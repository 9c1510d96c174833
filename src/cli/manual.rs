//! `gipc completions` and `gipc man`: what is made from the definition of the command line.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, CommandFactory, ValueHint};
use clap_complete::Shell;
use gipc::framing::Framing;

use super::{Cli, Usage};
use crate::plan::Plan;

mod sections;

use sections::{
    CHECK_EXIT_STATUS, CONTROL_EXIT_STATUS, DIES_OF_THE_SIGNAL, ENVIRONMENT, EXIT_STATUS,
    OTHER_SIGNALS, POOL_EXIT_STATUS, POOL_STOP_SIGNALS, REFUSED, RELOAD_EXIT_STATUS, REOPEN_SIGNAL,
    SEVERAL_FAILED, STATUS_SIGNAL, STOP_SIGNALS, TALK_EXIT_STATUS, UP_EXIT_STATUS,
    UP_OTHER_SIGNALS, UP_STOP_SIGNALS, USAGE_AND_FAILURES, WAIT_EXIT_STATUS, WINDOWS,
};

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
