//! The system's pipes, and what it tells of them.

#[cfg(unix)]
#[path = "pipes/unix.rs"]
mod system;
#[cfg(windows)]
#[path = "pipes/windows.rs"]
mod system;

pub use system::{Descriptor, capacity, large, new, unread};

pub(crate) use system::identity;
#[cfg(windows)]
pub(crate) use system::{Mode, identity_of, is_over, pair, peek};
#[cfg(unix)]
pub use system::{set_nonblocking, small, sockets};
