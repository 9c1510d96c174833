//! What GitHub Actions shows beside a run, see its "workflow commands": it is told on standard
//! error, among the log lines.

use super::{Instance, Report};

/// Are we in a job of GitHub Actions?
pub(crate) fn is_there() -> bool {
    std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true")
}

/// What follows can be folded away under this title, until [`END_GROUP`].
pub(crate) fn group(title: &str) -> String {
    format!("::group::{}\n", escape(title))
}

pub(crate) const END_GROUP: &str = "::endgroup::\n";

impl Report<'_> {
    /// An annotation for each instance that has failed.
    pub(crate) fn annotations(&self) -> String {
        let failures = self.instances.iter().filter(|instance| instance.has_failed());
        failures.map(annotation).collect()
    }
}

fn annotation(instance: &Instance<'_>) -> String {
    let mut text = instance.summary();
    for line in &instance.last_lines {
        text.push('\n');
        text.push_str(line);
    }
    // A property ends at a comma or a colon.
    let title = escape(instance.name).replace(':', "%3A").replace(',', "%2C");
    format!("::error title={title}::{}\n", escape(&text))
}

fn escape(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_command_is_escaped() {
        assert_eq!(escape("100%\r\nof it"), "100%25%0D%0Aof it");
        assert_eq!(group("a\nb"), "::group::a%0Ab\n");
    }
}
