//! POSIX: a stream socket.

use std::io;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::UnixStream;

/// What comes from a Node process.
pub(crate) struct NodeStream(UnixStream);

impl NodeStream {
    pub(crate) fn new(socket: OwnedFd) -> io::Result<Self> {
        Ok(Self(UnixStream::from_std(socket.into())?))
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
pub(crate) struct Socket(pub(crate) OwnedFd);

impl Socket {
    /// It is written whole or, where the process reads nothing, not at all.
    pub(super) fn say(&self, what: &[u8]) {
        let _ = nix::unistd::write(&self.0, what);
    }
}
