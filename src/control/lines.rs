//! Lines of a session as `gipc logs` shows them.

use jiff::tz::TimeZone;

use crate::logs::{self, GIPC, Line, Piece};

/// How lines are shown.
pub(super) struct Lines {
    color: bool,
    /// The time in front of each line, where they are not those of a moment ago.
    zone: TimeZone,
    /// Whose lines there have been, in the order of their first ones.
    names: Vec<String>,
    /// Of the longest name.
    width: usize,
}

impl Lines {
    pub(super) fn new(color: bool) -> Self {
        Self { color, zone: TimeZone::system(), names: Vec::new(), width: 0 }
    }

    /// The lines as text.
    pub(super) fn render(&mut self, piece: &Piece) -> String {
        for Line { instance, .. } in &piece.lines {
            if instance != GIPC && !self.names.contains(instance) {
                self.width = self.width.max(instance.len());
                self.names.push(instance.clone());
            }
        }
        let mut text = String::new();
        for Line { time, instance, line, .. } in &piece.lines {
            let time = time.to_zoned(self.zone.clone()).strftime("%H:%M:%S").to_string();
            let number = self.names.iter().position(|name| name == instance);
            let (before, after) = match (self.color, number) {
                (true, Some(number)) => (format!("\x1b[{}m", logs::color(number)), "\x1b[0m"),
                (true, None) => ("\x1b[33m".to_owned(), "\x1b[0m"),
                (false, _) => (String::new(), ""),
            };
            match number {
                Some(_) => {
                    let width = self.width;
                    text.push_str(&format!("{before}{time} {instance:width$} |{after} {line}\n"));
                }
                None => text.push_str(&format!("{before}{time} gipc:{after} {line}\n")),
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_line_up_and_gipc_speaks_for_itself() {
        let line = |instance: &str, line: &str| Line {
            time: "2026-01-02T03:04:05Z".parse().unwrap(),
            instance: instance.to_owned(),
            stream: "stdout".to_owned(),
            line: line.to_owned(),
        };
        let lines = vec![line("a.1", "one"), line("gipc", "a.1 ended"), line("long.1", "two")];
        let piece = Piece { skipped: 0, lines };
        let mut plain = Lines { zone: TimeZone::UTC, ..Lines::new(false) };
        let shown = "03:04:05 a.1    | one\n03:04:05 gipc: a.1 ended\n03:04:05 long.1 | two\n";
        assert_eq!(plain.render(&piece), shown);
        let mut colored = Lines { zone: TimeZone::UTC, ..Lines::new(true) };
        let first = "\x1b[36m03:04:05 a.1    |\x1b[0m one\n\x1b[33m03:04:05 gipc:\x1b[0m";
        assert!(colored.render(&piece).starts_with(first));
    }
}
