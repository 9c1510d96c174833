//! `--detach`: gipc goes on in the background, and the process that was started waits until it is
//! told how the start went.
//!
//! ```text
//! who called us
//!   └─ caller       the process that was started: ends when all is ready, or something has failed
//!        └─ guard        in a session of its own
//!             └─ supervisor
//! ```

use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;

use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, dup2_stderr, dup2_stdin, dup2_stdout, setsid};
use tokio::io::Interest;

use super::Verdict;
use gipc::process::Signal;

/// The end of the line to the process that was started. Where that ends without having been told
/// anything, somebody has ended it, and means us.
#[derive(Debug)]
pub(crate) struct Caller(UnixStream);

/// Which of the two processes this is.
pub(crate) enum Side {
    /// The one that was started; how it is to end.
    Caller(Verdict),
    /// The one that goes on.
    Background(Caller),
}

/// Goes into the background with a copy of this process; in the one that was started, comes back
/// when the other has told how it went, or has ended.
///
/// Must be called while this process has no other thread.
///
/// # Errors
/// When there can be no other process.
pub(crate) fn detach() -> io::Result<Side> {
    let (mut ours, theirs) = UnixStream::pair()?;
    // SAFETY: there is no other thread whose locks the child could find taken for ever.
    match unsafe { nix::unistd::fork() }? {
        ForkResult::Child => {
            drop(ours);
            // Neither a Ctrl-C nor the end of the terminal is meant for us.
            setsid()?;
            let null = std::fs::File::options().read(true).write(true).open("/dev/null")?;
            dup2_stdin(&null)?;
            dup2_stdout(&null)?;
            Ok(Side::Background(Caller(theirs)))
        }
        ForkResult::Parent { child } => {
            drop(theirs);
            let mut code = [0];
            match ours.read_exact(&mut code) {
                Ok(()) => Ok(Side::Caller(Verdict::Exit(code[0]))),
                // It has ended, and has said why.
                Err(_) => Ok(Side::Caller(end_of(child))),
            }
        }
    }
}

/// How the copy has ended.
fn end_of(child: Pid) -> Verdict {
    loop {
        match waitpid(child, None) {
            Err(nix::errno::Errno::EINTR) => {}
            Ok(WaitStatus::Exited(_, code)) => return Verdict::Exit(code as u8),
            Ok(WaitStatus::Signaled(_, signal, _)) => {
                let signal = Signal::new(signal as i32);
                return signal.map_or(Verdict::Exit(Verdict::FAILED), Verdict::Signal);
            }
            _ => return Verdict::Exit(Verdict::FAILED),
        }
    }
}

/// Lets go of standard error, which is the caller's.
pub(crate) fn release_stderr() {
    if let Ok(null) = std::fs::File::options().write(true).open("/dev/null") {
        let _ = dup2_stderr(&null);
    }
}

impl Caller {
    /// Waits until the caller has ended. Cancel safe. In a runtime.
    pub(crate) async fn ended(&self) {
        let watch = || {
            let stream = self.0.try_clone()?;
            stream.set_nonblocking(true)?;
            tokio::net::UnixStream::from_std(stream)
        };
        match watch() {
            Ok(stream) => while stream.ready(Interest::READABLE).await.is_err() {},
            // Then it is not noticed.
            Err(_) => std::future::pending().await,
        }
    }

    /// Tells the caller how to end, with which we are on our own.
    pub(crate) fn tell(self, code: u8) {
        // Where it has ended there is nobody to tell.
        let _ = (&self.0).write_all(&[code]);
    }
}
