//! GNU make's jobserver, where its two descriptors would be in the way of ours.
//!
//! A make before 4.4 tells its children by `MAKEFLAGS=… --jobserver-auth=3,4` on which descriptors
//! its tokens are. A command that is given a channel on 3 would take messages for tokens; so the
//! jobserver moves behind the channels, or, where make did not pass it on, is not spoken of.

#![expect(unsafe_code, reason = "descriptor numbers come from the environment")]

use std::os::fd::{BorrowedFd, OwnedFd, RawFd};

use nix::fcntl::{FcntlArg, FdFlag, fcntl};

/// How the two descriptors are named, by newer and older makes.
const OPTIONS: [&str; 2] = ["--jobserver-auth=", "--jobserver-fds="];

/// A word in `MAKEFLAGS` that names descriptors.
struct Mention<'a> {
    option: &'a str,
    word: &'a str,
    read: RawFd,
    write: RawFd,
}

fn mention(flags: &str) -> Option<Mention<'_>> {
    flags.split_whitespace().find_map(|word| {
        let option = OPTIONS.into_iter().find(|option| word.starts_with(option))?;
        let (read, write) = word.strip_prefix(option)?.split_once(',')?;
        Some(Mention { option, word, read: read.parse().ok()?, write: write.parse().ok()? })
    })
}

/// What `MAKEFLAGS` is to be for a command with channels, and what it is to have on which number;
/// `None` where nothing is in the way.
pub(crate) fn move_behind(flags: &str, first_free: u16) -> Option<(String, Vec<(u16, OwnedFd)>)> {
    let Mention { option, word, read, write } = mention(flags)?;
    let Some(ends) = inherited(read).zip(inherited(write)) else {
        return Some((flags.replace(word, "").trim_end().to_owned(), Vec::new()));
    };
    let [read, write] = [first_free, first_free + 1];
    let moved = flags.replace(word, &format!("{option}{read},{write}"));
    Some((moved, vec![(read, ends.0), (write, ends.1)]))
}

/// A copy of a descriptor that was passed to us.
fn inherited(fd: RawFd) -> Option<OwnedFd> {
    if fd < 0 {
        return None; // make's way of saying that there is none
    }
    // SAFETY: not negative, and used here only; whether it is open is what is asked.
    let fd = unsafe { BorrowedFd::borrow_raw(fd) };
    let flags = FdFlag::from_bits_truncate(fcntl(fd, FcntlArg::F_GETFD).ok()?);
    // All that we have opened ourselves is close-on-exec.
    (!flags.contains(FdFlag::FD_CLOEXEC)).then(|| fd.try_clone_to_owned().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_jobserver_on_descriptors_is_a_mention() {
        let found = mention(" -j4 --jobserver-auth=3,4 -- A=b").unwrap();
        assert_eq!((found.word, found.read, found.write), ("--jobserver-auth=3,4", 3, 4));
        assert!(mention("-j4 --jobserver-auth=fifo:/tmp/GMfifo1").is_none());
        assert!(mention("ks").is_none());
    }

    #[test]
    fn a_jobserver_that_was_not_passed_on_is_not_spoken_of() {
        let (flags, fds) = move_behind("-j4 --jobserver-auth=-2,-2", 5).unwrap();
        assert_eq!(flags, "-j4");
        assert!(fds.is_empty());
    }
}
