//! What not every system has, and why it cannot be had where it is lacking: asked where options and
//! keys are read, so that it is refused before anything starts.

#[cfg(unix)]
#[path = "lacking/unix.rs"]
mod system;
#[cfg(windows)]
#[path = "lacking/windows.rs"]
mod system;

pub(crate) use system::why_not;

/// Something that may be wished for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// Another user, or group.
    Identity,
    Limits,
    Niceness,
    Umask,
    /// A PID namespace.
    Isolation,
    /// To go on behind the back of who has called us.
    Background,
    /// The socket of `sd_notify(3)`.
    Notify,
    /// The variables of `sd_listen_fds(3)`.
    ListenFds,
}
