//! POSIX: a socket in a folder that is its user's alone.

#![expect(unsafe_code, reason = "a descriptor that has come with a message is a number")]

use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::net::Shutdown;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use gipc::pipes::Descriptor;
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, recvmsg, sendmsg};
use nix::unistd::geteuid;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

use super::Error;
use crate::control::client;
use crate::guard::tree;

#[cfg(any(target_os = "linux", target_os = "freebsd"))]
#[path = "linux.rs"]
mod kernel;
#[cfg(not(any(target_os = "linux", target_os = "freebsd")))]
#[path = "posix.rs"]
mod kernel;

/// The ends of the names of sockets.
const SUFFIX: &str = ".sock";

/// The folder of the sockets of all sessions of this user.
pub(in crate::control) fn folder() -> PathBuf {
    match std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from) {
        // By the specification it is absolute and its user's own: after `su` it may be another's,
        // and without a login it may not be there.
        Some(runtime) if runtime.is_absolute() && is_own(&runtime) => runtime.join("gipc"),
        _ => std::env::temp_dir().join(format!("gipc-{}", geteuid())),
    }
}

fn is_own(folder: &Path) -> bool {
    fs::metadata(folder).is_ok_and(|it| it.is_dir() && it.uid() == geteuid().as_raw())
}

/// Where the session of this name is to be found.
pub(in crate::control) fn path_of(session: &str) -> PathBuf {
    folder().join(format!("{session}{SUFFIX}"))
}

/// The names of the sessions of this user that run, in order.
pub(in crate::control) fn sessions() -> Vec<String> {
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
            match Stream::connect(&path) {
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

    /// In a runtime.
    pub(in crate::control) fn listener(&self) -> io::Result<Listener> {
        Ok(Listener(tokio::net::UnixListener::from_std(self.listener.try_clone()?)?))
    }
}

/// What takes connections.
pub(in crate::control) struct Listener(tokio::net::UnixListener);

impl Listener {
    /// The next one. Cancel safe.
    pub(in crate::control) async fn accept(&mut self) -> io::Result<Connection> {
        Ok(Connection(self.0.accept().await?.0))
    }
}

/// A client.
pub(in crate::control) struct Connection(tokio::net::UnixStream);

/// Where its requests come from.
pub(in crate::control) type Requests = OwnedReadHalf;

/// Where its replies go.
pub(in crate::control) type Replies = OwnedWriteHalf;

impl Connection {
    /// Why it is not listened to: it is another user's.
    pub(in crate::control) fn refusal(&self) -> io::Result<Option<String>> {
        let (client, ours) = (self.0.peer_cred()?.uid(), geteuid().as_raw());
        let is_foreign = client != ours && client != 0;
        Ok(is_foreign
            .then(|| format!("this is a session of user {ours}, and you are user {client}")))
    }

    /// Its process.
    pub(in crate::control) fn pid(&self) -> Option<i32> {
        self.0.peer_cred().ok()?.pid()
    }

    pub(in crate::control) fn split(self) -> (Requests, Replies) {
        self.0.into_split()
    }
}

/// Has a client gone that has said all that it will say? Else it listens still.
fn has_hung_up(requests: &Requests) -> bool {
    let stream: &tokio::net::UnixStream = requests.as_ref();
    let mut fds = [PollFd::new(stream.as_fd(), PollFlags::empty())];
    poll(&mut fds, PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
}

/// Waits until a client has hung up that has said all that it will say.
pub(in crate::control) async fn hung_up(requests: &Requests) {
    let stream: &tokio::net::UnixStream = requests.as_ref();
    // With events of its own: that there is nothing to wait for yet is not to be noted for those who
    // write to it.
    let own = stream.as_fd().try_clone_to_owned();
    let own = own.and_then(|own| {
        // SAFETY: an `OwnedFd` is the same open descriptor as long as it lives.
        let own = unsafe { AsyncFd::register_with_interest(own, Interest::WRITABLE) };
        own.map_err(io::Error::from)
    });
    while !has_hung_up(requests) {
        match &own {
            Ok(own) => match own.writable().await {
                Ok(mut ready) => ready.clear_ready(),
                Err(_) => std::future::pending().await,
            },
            // There is no descriptor left.
            Err(_) => tokio::time::sleep(Duration::from_secs(1)).await,
        }
    }
}

/// Is a client there that has not said all? Where its messages wait they are not sent in vain.
pub(in crate::control) fn is_there(requests: &Requests) -> bool {
    !has_hung_up(requests)
}

/// Why this process is not given descriptors of others: only those that descend from us are, which end
/// with the one whose descriptors they are.
pub(in crate::control) fn why_not_passed(pid: Option<i32>) -> Option<&'static str> {
    match pid.and_then(tree::is_below_us) {
        Some(true) => None,
        Some(false) => Some("the descriptors of a process are for those only that it has started"),
        None => Some("this system does not tell whose process asks"),
    }
}

/// Sends a few bytes, which there is room for, and a descriptor with them.
pub(in crate::control) async fn pass(
    replies: &Replies,
    bytes: &[u8],
    descriptor: Descriptor,
) -> io::Result<()> {
    let stream: &tokio::net::UnixStream = replies.as_ref();
    let (bytes, rights) = ([IoSlice::new(bytes)], [descriptor.as_raw_fd()]);
    let rights = [ControlMessage::ScmRights(&rights)];
    let send = || {
        let fd = stream.as_raw_fd();
        Ok(sendmsg::<()>(fd, &bytes, &rights, MsgFlags::empty(), None)?)
    };
    stream.async_io(Interest::WRITABLE, send).await.map(drop)
}

/// A connection to a session, on the side that asks.
#[derive(Debug)]
pub(in crate::control) struct Stream(UnixStream);

impl Stream {
    /// [`io::ErrorKind::NotFound`] or [`io::ErrorKind::ConnectionRefused`] where there is no session.
    pub(in crate::control) fn connect(path: &Path) -> io::Result<Self> {
        Ok(Self(UnixStream::connect(path)?))
    }

    /// How long a read or a write may take.
    pub(in crate::control) fn set_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.0.set_read_timeout(timeout)?;
        self.0.set_write_timeout(timeout)
    }

    /// Can it tell that nothing more will be said, and still listen?
    pub(in crate::control) const CAN_END: bool = true;

    /// Tells that.
    pub(in crate::control) fn end(&self) {
        // Where the session has gone its reply tells.
        let _ = self.0.shutdown(Shutdown::Write);
    }

    /// Can a descriptor come with what is read?
    pub(in crate::control) const CAN_PASS: bool = true;

    /// As a read; with what has come of descriptors, the last one. No child inherits it.
    pub(in crate::control) fn receive(
        &self,
        buffer: &mut [u8],
    ) -> io::Result<(usize, Option<Descriptor>)> {
        let mut space = nix::cmsg_space!(RawFd);
        let mut buffers = [IoSliceMut::new(buffer)];
        let fd = self.0.as_raw_fd();
        let received = recvmsg::<()>(fd, &mut buffers, Some(&mut space), kernel::FLAGS)?;
        let mut descriptor = None;
        for message in received.cmsgs()? {
            if let ControlMessageOwned::ScmRights(rights) = message {
                for fd in rights {
                    // SAFETY: the system has just opened it for us.
                    let fd = unsafe { OwnedFd::from_raw_fd(fd) };
                    kernel::keep_from_children(&fd)?;
                    descriptor = Some(fd);
                }
            }
        }
        Ok((received.bytes, descriptor))
    }

    /// The process that listens at the other end. In a runtime.
    pub(in crate::control) fn listener(self) -> io::Result<i32> {
        self.0.set_nonblocking(true)?;
        let listener = tokio::net::UnixStream::from_std(self.0)?.peer_cred()?;
        listener.pid().ok_or_else(|| io::ErrorKind::Unsupported.into())
    }

    /// As a read; an error where nobody reads our standard output any more, which is told by the
    /// other half of the result.
    pub(in crate::control) fn read_while_heard(
        &self,
        buffer: &mut [u8],
    ) -> (io::Result<usize>, bool) {
        let stdout = io::stdout();
        loop {
            let mut fds = [
                PollFd::new(self.0.as_fd(), PollFlags::POLLIN),
                // Nothing but that nobody reads it any more.
                PollFd::new(stdout.as_fd(), PollFlags::empty()),
            ];
            match poll(&mut fds, PollTimeout::NONE) {
                Err(Errno::EINTR) => continue,
                Err(errno) => return (Err(errno.into()), true),
                Ok(_) => {}
            }
            if fds[1].revents().is_some_and(|events| events.contains(PollFlags::POLLERR)) {
                return (Err(io::ErrorKind::BrokenPipe.into()), false);
            }
            if fds[0].revents().is_some_and(|events| !events.is_empty()) {
                return ((&self.0).read(buffer), true);
            }
        }
    }
}

impl Read for &Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&self.0).read(buffer)
    }
}

impl Write for &Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&self.0).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
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

#[cfg(test)]
mod tests {
    use nix::fcntl::{FcntlArg, FdFlag, fcntl};

    use super::*;

    #[test]
    fn a_descriptor_that_comes_is_no_childs() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let sent = File::open("/dev/null").unwrap();
        let (bytes, rights) = ([IoSlice::new(b"x")], [sent.as_raw_fd()]);
        let rights = [ControlMessage::ScmRights(&rights)];
        sendmsg::<()>(theirs.as_raw_fd(), &bytes, &rights, MsgFlags::empty(), None).unwrap();
        let (length, come) = Stream(ours).receive(&mut [0; 8]).unwrap();
        let come = come.unwrap();
        assert_eq!(length, 1);
        let flags = FdFlag::from_bits_retain(fcntl(&come, FcntlArg::F_GETFD).unwrap());
        assert!(flags.contains(FdFlag::FD_CLOEXEC), "{flags:?}");
    }
}
