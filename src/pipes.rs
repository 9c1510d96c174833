//! The system's pipes, for descriptors that a child is given as they are.

#[cfg(unix)]
#[path = "pipes/unix.rs"]
mod system;
#[cfg(windows)]
#[path = "pipes/windows.rs"]
mod system;

#[cfg(unix)]
pub use system::sockets;
pub use system::{Descriptor, Incoming, from_child, identity, large, new};

// For the program gipc.
#[cfg(windows)]
#[doc(hidden)]
pub use system::{
    Dialogue, Outgoing, both_ways, owner_only, to_child, to_child_unbuffered, wait_readable,
};
#[doc(hidden)]
pub use system::{capacity, from_child_large, unread, write_end_of};
#[cfg(unix)]
#[doc(hidden)]
pub use system::{make_small, set_aside, set_nonblocking, small};

#[cfg(target_os = "linux")]
pub(crate) use system::is_of_many;
#[cfg(windows)]
pub(crate) use system::{Mode, identity_of, is_over, pair, peek};
