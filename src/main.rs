//! `gipc`: parse → plan → guard → run → exit code.
//!
//! This is the only place that prints an error of a stage; what the supervisor has to say while it
//! runs goes through [`logs`].

#![cfg_attr(all(target_os = "linux", target_env = "gnu", not(test)), no_main)]

use gipc::chain;
use gipc::inherited::Channel;
use gipc::process::ExitCode;
use guard::Verdict;
use guard::background::Side;
use plan::Plan;

mod answers;
mod cli;
mod config;
mod control;
mod dress;
#[cfg(target_os = "linux")]
#[path = "footprint/linux.rs"]
mod footprint;
#[cfg(not(target_os = "linux"))]
#[path = "footprint/portable.rs"]
mod footprint;
mod guard;
#[cfg(unix)]
#[path = "jobserver/unix.rs"]
mod jobserver;
#[cfg(windows)]
#[path = "jobserver/windows.rs"]
mod jobserver;
mod lacking;
mod logs;
mod notify;
mod plan;
#[cfg(target_os = "linux")]
#[path = "priority/linux.rs"]
mod priority;
#[cfg(all(unix, not(target_os = "linux")))]
#[path = "priority/posix.rs"]
mod priority;
#[cfg(windows)]
#[path = "priority/windows.rs"]
mod priority;
mod probe;
mod ready;
mod record;
mod relay;
mod replay;
mod report;
#[cfg(unix)]
#[path = "shell/unix.rs"]
mod shell;
#[cfg(windows)]
#[path = "shell/windows.rs"]
mod shell;
mod signals;
mod standing;
#[cfg(all(target_os = "linux", target_env = "gnu", not(test)))]
mod start;
mod stream;
mod supervisor;
mod talk;
mod usage;
mod value;

// The unwinder from the compiler's own archive instead of `libgcc_s.so.1`: a library less to look
// for, to map and to relocate at every start. Its constructor moreover asks the processor for its
// kind, which a virtual machine has to ask its host.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "declares nothing; without this a library cannot be named")]
#[link(name = "gcc_eh", kind = "static", modifiers = "-bundle")]
unsafe extern "C" {}

#[cfg(not(all(target_os = "linux", target_env = "gnu", not(test))))]
fn main() {
    end(perform())
}

/// Does what the command line asks for.
fn perform() -> ExitCode {
    let plan = match cli::plan() {
        Ok(plan) => plan,
        Err(usage) => return usage.print(),
    };
    match run(plan) {
        Verdict::Exit(code) => code,
        Verdict::Signal(signal) => {
            guard::die_of(signal);
            signal.exit_code()
        }
    }
}

#[expect(clippy::exit, reason = "std's ExitCode has 8 bits, that of Windows 32")]
fn end(code: ExitCode) -> ! {
    std::process::exit(code as i32)
}

fn run(plan: Plan) -> Verdict {
    match plan {
        Plan::Supervise(plan) => {
            let (isolate, reads_terminal) = (plan.isolate, plan.reads_terminal());
            let format = plan.log.format;
            let complain =
                |error: &dyn std::error::Error| put(&logs::complaint(format, &chain(error)));
            let caller = match plan.detach.then(guard::background::detach).transpose() {
                Ok(None) => None,
                Ok(Some(Side::Background(caller))) => Some(caller),
                Ok(Some(Side::Caller(verdict))) => return verdict,
                Err(error) => {
                    complain(&error);
                    return Verdict::Exit(Verdict::FAILED);
                }
            };
            let supervise = |link| {
                supervisor::run(*plan, link, caller).unwrap_or_else(|error| {
                    complain(&error);
                    Verdict::Exit(error.exit_code())
                })
            };
            guard::run(isolate, reads_terminal, supervise).unwrap_or_else(|error| {
                complain(&supervisor::Error::Guard(error));
                Verdict::Exit(Verdict::FAILED)
            })
        }
        Plan::Talk(plan) => {
            let ask = |channel: &Channel, timeout| {
                let found = control::lost::descriptor(channel, timeout);
                found.map_err(|error| (error.exit_code(), error.into()))
            };
            talk::run(&plan, &ask).unwrap_or_else(|error| {
                complain(&error);
                Verdict::Exit(error.exit_code())
            })
        }
        Plan::Replay { replay, output } => replay::run(&replay, output).unwrap_or_else(|error| {
            complain(&error);
            Verdict::Exit(error.exit_code())
        }),
        Plan::Control(control) => control::client::run(&control).unwrap_or_else(|error| {
            complain(&error);
            Verdict::Exit(error.exit_code())
        }),
        Plan::Print(text) => cli::print(&text),
        Plan::Outline { text, remarks } => {
            remarks.iter().for_each(|remark| say(remark));
            cli::print(text.as_bytes())
        }
        Plan::Write { folder, files } => cli::write(&folder, &files),
    }
}

fn complain(error: &dyn std::error::Error) {
    say(&chain(error));
}

fn say(text: &str) {
    put(&format!("gipc: {text}\n"));
}

#[expect(clippy::print_stderr, reason = "the one place that prints errors")]
fn put(lines: &str) {
    eprint!("{lines}");
}
