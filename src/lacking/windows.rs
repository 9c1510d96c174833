//! Windows.

use super::Wish;

/// Why this cannot be had here.
pub(crate) const fn why_not(wish: Wish) -> Option<&'static str> {
    Some(match wish {
        Wish::Identity => "on Windows a process has the user of who starts it",
        Wish::Limits => "Windows has no limits of this kind",
        Wish::Niceness => "Windows has no nice values",
        Wish::Umask => "Windows has no file mode creation mask",
        Wish::Isolation => {
            "Windows has no PID namespaces; a job object ends all that is left there"
        }
        Wish::Background => {
            "on Windows gipc runs in the foreground (`start /b gipc up` is a way out)"
        }
        Wish::ListenFds => "Windows has no descriptors that LISTEN_FDS could tell of",
        Wish::Notify => "Windows has no sockets of this kind; a message can tell it, or a line",
    })
}
