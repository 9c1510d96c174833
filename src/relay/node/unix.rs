//! POSIX: a stream socket.

use std::io;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use gipc::pipes;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::UnixStream;

/// Our end.
pub(crate) struct NodeEnd(pub(in crate::relay) OwnedFd);

impl NodeEnd {
    /// With the end that is the process's. A socket is no smaller for messages that go to whoever is
    /// idle: the system tells what was read of it in any case.
    pub(crate) fn pair(_is_shared: bool) -> io::Result<(Self, OwnedFd)> {
        let (ours, theirs) = pipes::sockets()?;
        let ours = pipes::set_aside(ours);
        pipes::set_nonblocking(&ours, true)?;
        Ok((Self(ours), theirs))
    }

    /// The same end once more.
    pub(crate) fn try_clone(&self) -> io::Result<Self> {
        Ok(Self(self.0.try_clone()?))
    }
}

/// What comes from a Node process.
pub(crate) struct NodeStream(UnixStream);

impl NodeStream {
    pub(crate) fn new(end: NodeEnd) -> io::Result<Self> {
        Ok(Self(UnixStream::from_std(end.0.into())?))
    }
}

/// Descriptors that come along are closed by the system: they are not asked for.
impl AsyncRead for NodeStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match ready!(Pin::new(&mut self.0).poll_read(context, buffer)) {
            // The process has left something unread. What it has sent has come before this.
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Poll::Ready(Ok(())),
            read => Poll::Ready(read),
        }
    }
}

/// Our end, for one who only answers.
pub(crate) struct Socket(OwnedFd);

impl Socket {
    pub(crate) fn new(end: NodeEnd) -> io::Result<Self> {
        Ok(Self(end.0))
    }

    /// It is written whole or, where the process reads nothing, not at all.
    pub(super) fn say(&self, what: &[u8]) {
        let _ = nix::unistd::write(&self.0, what);
    }
}
