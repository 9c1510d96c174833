//! Windows: the screen of a program that was ended is given back by the console; Ctrl-C is a key here.

use std::io;

/// There is nothing to be done.
#[expect(clippy::unnecessary_wraps, reason = "as elsewhere")]
pub(super) fn give_back_on_signals(_give_back: impl FnOnce() + Send + 'static) -> io::Result<()> {
    Ok(())
}
