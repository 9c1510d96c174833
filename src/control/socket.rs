//! Where a session listens, and is found by its name.

use std::io;
use std::path::PathBuf;

#[cfg(unix)]
#[path = "socket/unix.rs"]
mod system;
#[cfg(windows)]
#[path = "socket/windows.rs"]
mod system;

pub(crate) use system::Socket;
pub(super) use system::{
    Connection, Listener, Replies, Requests, Stream, hung_up, is_there, pass, path_of, sessions,
    why_not_passed,
};

/// Why there is no socket.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[cfg_attr(windows, expect(dead_code, reason = "there is no folder"))]
    #[error(
        "cannot make the folder of control sockets `{}` (XDG_RUNTIME_DIR or TMPDIR may be set to one \
         where that can be)",
        path.display()
    )]
    Folder { path: PathBuf, source: io::Error },
    #[cfg_attr(windows, expect(dead_code, reason = "there is no folder"))]
    #[error(
        "the folder of control sockets `{}` must be a folder that belongs to you, with mode 0700, \
         and is none; set XDG_RUNTIME_DIR to another place, or mend it",
        path.display()
    )]
    NotOurs { path: PathBuf },
    #[error(
        "a session `{name}` is already running, as process {pid}; end it with `gipc down -s {name}`, or \
         give this one another name with --name"
    )]
    Taken { name: String, pid: i32 },
    #[error("cannot make the control socket `{}`", path.display())]
    Bind { path: PathBuf, source: io::Error },
}
