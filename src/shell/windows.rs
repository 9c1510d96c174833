//! The shell: `cmd.exe`.

/// The words of a command that has a shell run this line, which it gets as it is.
pub(crate) fn running(line: String) -> Vec<String> {
    let mut words = ["cmd.exe", "/d", "/s", "/c"].map(str::to_owned).to_vec();
    words.push(line);
    words
}
