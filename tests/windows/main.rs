//! The program on Windows. `tests/cross` runs this under Wine.
#![cfg(windows)]

mod commands;
mod console;
mod ends;
mod messages;
mod node;
mod python;
mod refusals;
mod sessions;
mod support;
