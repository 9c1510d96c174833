//! Everything that starts real processes, a file per subject.
#![expect(clippy::print_stderr, reason = "a test that is skipped says so")]

mod support;

mod channels;
mod check;
mod control;
mod control_abuse;
mod counts;
mod defaults;
mod descriptors;
mod doors;
mod examples;
mod exec;
mod exit_codes;
mod framings;
mod generated;
mod guard_stdout;
mod idle;
mod library_examples;
mod lines;
mod listen_fds;
mod lost;
mod node;
mod pipe;
mod pool;
mod pressure;
mod progress;
mod readme;
mod replay;
mod restart;
mod run;
mod sessions;
mod signals;
mod source;
mod spawn;
mod stops;
mod survivors;
mod talk;
mod tap;
mod terminal;
mod up;
