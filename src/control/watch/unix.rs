//! POSIX: signals that end us while the terminal is ours.

use std::io;

use gipc::process::Signal;
use nix::sys::signal::{SigSet, Signal as Kind};

use crate::guard;

/// Has the terminal given back first by a signal that ends us. To be called before there is any other
/// thread.
pub(super) fn give_back_on_signals(give_back: impl FnOnce() + Send + 'static) -> io::Result<()> {
    // Blocked before there is any other thread, so in all.
    let mut signals = SigSet::empty();
    for signal in [Kind::SIGTERM, Kind::SIGHUP, Kind::SIGINT, Kind::SIGQUIT] {
        signals.add(signal);
    }
    signals.thread_block()?;
    std::thread::spawn(move || {
        if let Ok(signal) = signals.wait() {
            give_back();
            if let Some(signal) = Signal::new(signal as i32) {
                guard::die_of(signal);
            }
        }
    });
    Ok(())
}
