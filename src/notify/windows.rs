//! Windows has no such socket. A plan with one is refused before it comes to this.

use std::convert::Infallible;
use std::io;

use super::News;

/// There is none.
#[derive(Debug)]
pub(crate) struct Socket {
    never: Infallible,
    /// As `NOTIFY_SOCKET` would have it.
    pub(crate) address: String,
}

impl Socket {
    pub(crate) fn new() -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Never comes back.
    pub(crate) async fn next(&self, _user: Option<u32>) -> io::Result<Vec<News>> {
        match self.never {}
    }
}

/// Who speaks on it besides us: nobody.
pub(crate) const fn user(_user: &str) -> Option<u32> {
    None
}
