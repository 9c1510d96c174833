//! POSIX: each child has a descriptor that becomes readable at its end: a pidfd on Linux. So the end
//! is awaited like a message.

#![expect(unsafe_code, reason = "registration of a descriptor of our own")]

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Instant;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::Pid;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::channel::system::{NO_RUNTIME, until};
use crate::process::wait4;

#[cfg(target_os = "linux")]
#[path = "unix/linux.rs"]
mod kernel;
#[cfg(not(target_os = "linux"))]
#[path = "unix/posix.rs"]
mod kernel;

pub(crate) use kernel::Ending;

impl Ending {
    /// Waits until the child has ended.
    pub(crate) async fn wait(&self) -> io::Result<()> {
        // A descriptor of its own: a runtime takes each only once, and many may wait.
        let fd = self.as_fd().try_clone_to_owned()?;
        if tokio::runtime::Handle::try_current().is_err() {
            return Err(io::Error::other(NO_RUNTIME));
        }
        // SAFETY: an OwnedFd is open and the same for as long as it lives.
        let fd = unsafe { AsyncFd::register_with_interest(fd, Interest::READABLE) };
        let fd = fd.map_err(|refused| refused.into_parts().1)?;
        fd.readable().await.map(drop)
    }

    /// Waits on this thread, until then at the most; has it ended?
    pub(crate) fn wait_on_this_thread(&self, deadline: Option<Instant>) -> io::Result<bool> {
        loop {
            let timeout = deadline.map_or(PollTimeout::NONE, until);
            match poll(&mut [PollFd::new(self.as_fd(), PollFlags::POLLIN)], timeout) {
                Ok(1..) => return Ok(true),
                Ok(_) if deadline.is_some_and(|deadline| deadline <= Instant::now()) => {
                    return Ok(false);
                }
                Ok(_) | Err(Errno::EINTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
    }
}

/// What the thread that waits for orphans is told: through the queue, and a byte to wake it.
struct Orphanage {
    queue: Sender<(Pid, Ending)>,
    wake: OwnedFd,
}

/// Waits for a child whose handle is gone, in the background.
pub(crate) fn adopt(pid: Pid, ending: Ending) {
    static ORPHANAGE: OnceLock<Option<Orphanage>> = OnceLock::new();
    if let Some(orphanage) = ORPHANAGE.get_or_init(|| open_orphanage().ok()) {
        let _ = orphanage.queue.send((pid, ending));
        let _ = nix::unistd::write(&orphanage.wake, b"!");
    }
    // Without a thread for it, its zombie stays until this process ends.
}

fn open_orphanage() -> io::Result<Orphanage> {
    let (sleep, wake) = crate::pipes::new()?;
    let (queue, orphans) = channel();
    let name = std::thread::Builder::new().name("gipc-reaper".to_owned());
    name.stack_size(64 << 10).spawn(move || wait_for_orphans(&sleep, &orphans))?;
    Ok(Orphanage { queue, wake })
}

fn wait_for_orphans(sleep: &OwnedFd, arrivals: &Receiver<(Pid, Ending)>) {
    let mut orphans: Vec<(Pid, Ending)> = Vec::new();
    loop {
        let watched = orphans.iter().map(|(_, ending)| ending.as_fd()).chain([sleep.as_fd()]);
        let mut watched: Vec<_> = watched.map(|fd| PollFd::new(fd, PollFlags::POLLIN)).collect();
        if poll(&mut watched, PollTimeout::NONE) == Err(Errno::EINTR) {
            continue;
        }
        let ready: Vec<bool> = watched
            .iter()
            .map(|fd| fd.revents().is_some_and(|events| !events.is_empty()))
            .collect();
        let mut ready = ready.into_iter();
        orphans.retain(|(pid, _)| {
            let ended = ready.next().unwrap_or(false);
            if ended {
                let _ = wait4(*pid, libc::WNOHANG);
            }
            !ended
        });
        if ready.next().unwrap_or(false) {
            let _ = nix::unistd::read(sleep, &mut [0; 64]);
        }
        orphans.extend(arrivals.try_iter());
    }
}
