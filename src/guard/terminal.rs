//! The terminal's modes, given back when a command was killed before it could do so itself.
//!
//! A shell does the same after a job that died of a signal; but what it sees of the command is our
//! exit code.

use std::fs::File;

use nix::sys::termios::{SetArg, Termios, tcgetattr, tcsetattr};

/// Our terminal as we found it.
pub(super) struct Modes(Termios);

impl Modes {
    /// Notes the modes; `None` without a terminal.
    pub(super) fn note() -> Option<Self> {
        tcgetattr(&open()?).ok().map(Self)
    }

    /// Sets them as they were, if the terminal is ours to set: not that of a job in the background.
    pub(super) fn restore(&self) {
        if let Some(terminal) = open()
            && nix::unistd::tcgetpgrp(&terminal) == Ok(nix::unistd::getpgrp())
        {
            let _ = tcsetattr(&terminal, SetArg::TCSANOW, &self.0);
        }
    }
}

fn open() -> Option<File> {
    File::options().read(true).write(true).open("/dev/tty").ok()
}
