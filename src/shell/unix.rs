//! The shell: `/bin/sh`, as in POSIX.

/// The words of a command that has a shell run this line.
pub(crate) fn running(line: String) -> Vec<String> {
    vec!["/bin/sh".to_owned(), "-c".to_owned(), line]
}
