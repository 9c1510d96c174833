//! The socket on which a process tells how it is, see `sd_notify(3)`.

#[cfg(unix)]
#[path = "notify/unix.rs"]
mod system;
#[cfg(windows)]
#[path = "notify/windows.rs"]
mod system;

pub(crate) use system::{Socket, user};

/// What a process may say of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// `READY=1`
    Ready,
    /// `WATCHDOG=1`
    Alive,
}

#[cfg_attr(all(windows, not(test)), expect(dead_code, reason = "nothing says anything there"))]
fn read(message: &[u8]) -> Vec<News> {
    let lines = message.split(|byte| *byte == b'\n');
    lines
        .filter_map(|line| match line {
            b"READY=1" => Some(News::Ready),
            b"WATCHDOG=1" => Some(News::Alive),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_that_matter_are_found_among_others() {
        let message = b"STATUS=almost\nREADY=1\nMAINPID=4711\nWATCHDOG=1";
        assert_eq!(read(message), [News::Ready, News::Alive]);
        assert_eq!(read(b"READY=0\nREADY=11\n"), []);
    }
}
