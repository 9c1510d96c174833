//! The program on Windows. `tests/cross` runs this under Wine, which does not send Ctrl-C and
//! Ctrl-Break: what follows from those is not tested.
#![cfg(windows)]

mod commands;
mod ends;
mod messages;
mod node;
mod refusals;
mod sessions;
mod support;
