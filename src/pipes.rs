//! The system's pipes, and what it tells of them.

#[cfg(unix)]
#[path = "pipes/unix.rs"]
mod system;
#[cfg(windows)]
#[path = "pipes/windows.rs"]
mod system;

pub use system::{Descriptor, capacity, identity, large, new, unread};

#[cfg(target_os = "linux")]
pub(crate) use system::is_of_many;
#[cfg(windows)]
pub use system::{
    Dialogue, Outgoing, both_ways, owner_only, to_child, to_child_unbuffered, wait_readable,
};
pub use system::{Incoming, from_child, from_child_large, write_end_of};
#[cfg(windows)]
pub(crate) use system::{Mode, identity_of, is_over, pair, peek};
#[cfg(unix)]
pub use system::{make_small, set_aside, set_nonblocking, small, sockets};
