//! When a child has ended, and who waits for those that nobody asks for any more.
//!
//! There is no handler for `SIGCHLD`, and no child is waited for but our own: this library lives in
//! other people's programs.

#[cfg(unix)]
#[path = "reaper/unix.rs"]
mod system;
#[cfg(windows)]
#[path = "reaper/windows.rs"]
mod system;

pub(crate) use system::Ending;
#[cfg(unix)]
pub(crate) use system::adopt;
