//! `--detach`, which is refused.

use std::convert::Infallible;
use std::io;

use crate::guard::Verdict;

/// Whoever waits for the start of what goes on in the background: nobody.
#[derive(Debug)]
pub(crate) struct Caller(Infallible);

/// Which of two processes this is.
#[expect(dead_code, reason = "there is no second one")]
pub(crate) enum Side {
    Caller(Verdict),
    Background(Caller),
}

/// # Errors
/// Always.
pub(crate) fn detach() -> io::Result<Side> {
    Err(io::ErrorKind::Unsupported.into())
}

impl Caller {
    /// Never comes back.
    pub(crate) async fn ended(&self) {
        match self.0 {}
    }

    /// Nobody is told.
    pub(crate) fn tell(self, _code: gipc::process::ExitCode) {
        match self.0 {}
    }
}
