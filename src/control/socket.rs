//! The socket of a session in its folder, which is its user's alone.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use nix::fcntl::{Flock, FlockArg};
use nix::unistd::geteuid;

use super::client;

/// The ends of the names of sockets.
const SUFFIX: &str = ".sock";

/// Why there is no socket.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("cannot make the folder of control sockets `{}`", path.display())]
    Folder { path: PathBuf, source: io::Error },
    #[error(
        "the folder of control sockets `{}` must be a folder that belongs to you, with mode 0700, \
         and is none; set XDG_RUNTIME_DIR to another place, or mend it",
        path.display()
    )]
    NotOurs { path: PathBuf },
    #[error(
        "a session `{name}` runs already, as process {pid}; end it with `gipc down -s {name}`, or \
         give this one another name with --name"
    )]
    Taken { name: String, pid: i32 },
    #[error("cannot make the control socket `{}`", path.display())]
    Bind { path: PathBuf, source: io::Error },
}

/// The folder of the sockets of all sessions of this user.
pub(super) fn folder() -> PathBuf {
    match std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from) {
        // A relative one is to be ignored, by the specification.
        Some(runtime) if runtime.is_absolute() => runtime.join("gipc"),
        _ => std::env::temp_dir().join(format!("gipc-{}", geteuid())),
    }
}

/// Where the session of this name is to be found.
pub(super) fn path_of(session: &str) -> PathBuf {
    folder().join(format!("{session}{SUFFIX}"))
}

/// The names of the sessions of this user that run, in order.
pub(super) fn sessions() -> Vec<String> {
    let files = fs::read_dir(folder()).into_iter().flatten().flatten();
    let names = files.filter_map(|file| {
        let name = file.file_name().into_string().ok()?.strip_suffix(SUFFIX)?.to_owned();
        UnixStream::connect(file.path()).ok().map(|_| name)
    });
    let mut names: Vec<_> = names.collect();
    names.sort_unstable();
    names
}

/// A socket that listens. It is gone from its folder when this is dropped.
#[derive(Debug)]
pub(crate) struct Socket {
    listener: UnixListener,
    path: PathBuf,
}

impl Socket {
    /// Listens as the session of this name, in place of a dead one.
    ///
    /// # Errors
    /// When there is one that lives, or the folder is not ours alone.
    pub(crate) fn bind(session: &str) -> Result<Self, Error> {
        let path = path_of(session);
        let folder = folder();
        // Until we listen: of two that find a dead socket, one is to replace it.
        let _lock = lock(&folder)?;
        let failed = |source| Error::Bind { path: path.clone(), source };
        loop {
            match UnixStream::connect(&path) {
                // One that has lost its guard is about to end.
                Ok(stream) => match client::pid_of(stream).map_err(failed)? {
                    Some(pid) => return Err(Error::Taken { name: session.to_owned(), pid }),
                    None => client::wait_for_end_of(&path),
                },
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                    fs::remove_file(&path).map_err(failed)?;
                    break;
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => break,
                Err(error) => return Err(failed(error)),
            }
        }
        let listener = UnixListener::bind(&path).map_err(failed)?;
        let socket = Self { listener, path: path.clone() };
        let mode = Permissions::from_mode(0o600);
        fs::set_permissions(&path, mode).map_err(failed)?;
        socket.listener.set_nonblocking(true).map_err(failed)?;
        Ok(socket)
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn listener(&self) -> io::Result<UnixListener> {
        self.listener.try_clone()
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // While we listen still: nobody has taken it for a dead one and replaced it.
        let _ = fs::remove_file(&self.path);
    }
}

/// Makes sure of the folder, and has it to ourselves.
fn lock(folder: &Path) -> Result<Flock<File>, Error> {
    let failed = |source| Error::Folder { path: folder.to_owned(), source };
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(failed(error)),
        _ => {}
    }
    // In the temporary directory anybody may have made it, or a link in its place.
    let found = fs::symlink_metadata(folder).map_err(failed)?;
    let is_ours = found.uid() == geteuid().as_raw() && found.mode() & 0o077 == 0;
    if !found.is_dir() || !is_ours {
        return Err(Error::NotOurs { path: folder.to_owned() });
    }
    let opened = File::open(folder).map_err(failed)?;
    Flock::lock(opened, FlockArg::LockExclusive).map_err(|(_, errno)| failed(errno.into()))
}
