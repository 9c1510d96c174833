//! What is wrong in a description, and where.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

/// More mistakes at once nobody reads.
pub(super) const SHOWN: usize = 50;

/// A text that descriptions are read from.
#[derive(Debug)]
pub(super) struct Source {
    /// The path of the file.
    pub(super) name: String,
    pub(super) text: String,
}

/// A part of a source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) origin: Origin,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Which of the sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Origin {
    File,
    CommandLine,
    /// A file that the description names: its number.
    Named(usize),
}

impl Place {
    pub(super) fn in_file(span: Range<usize>) -> Self {
        Self { origin: Origin::File, start: span.start, end: span.end }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Mistake {
    place: Place,
    message: String,
    help: Option<String>,
}

/// All that is wrong in a description.
#[derive(Debug)]
pub(crate) struct Mistakes {
    file: Source,
    command_line: Source,
    /// Files that the description names.
    named: Vec<Source>,
    /// In the order of the description. Those of the defaults are found again with each process.
    all: BTreeSet<Mistake>,
}

impl Mistakes {
    pub(super) fn new(file: Source, command_line: Source) -> Self {
        Self { file, command_line, named: Vec::new(), all: BTreeSet::new() }
    }

    pub(super) fn add(&mut self, place: &Place, message: impl Into<String>) {
        self.add_with_help(place, message, None);
    }

    pub(super) fn add_with_help(
        &mut self,
        place: &Place,
        message: impl Into<String>,
        help: Option<String>,
    ) {
        self.all.insert(Mistake { place: place.clone(), message: message.into(), help });
    }

    /// Adds what is wrong in a file that the description names.
    pub(super) fn add_in(&mut self, source: Source, span: Range<usize>, message: &str) {
        // Several processes may name it.
        let number = self.named.iter().position(|named| named.name == source.name);
        let number = number.unwrap_or_else(|| {
            self.named.push(source);
            self.named.len() - 1
        });
        let place = Place { origin: Origin::Named(number), start: span.start, end: span.end };
        self.add(&place, message);
    }

    /// Is the file called so?
    pub(super) fn reads_toml(&self) -> bool {
        self.file.name.ends_with(".toml")
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// All as text, in the order of the file, each with its line and a mark under it.
    pub(crate) fn render(&self, color: bool) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let shown = self.all.iter().take(SHOWN);
        let mut texts: Vec<_> = shown.map(|mistake| self.render_one(mistake, &renderer)).collect();
        if self.all.len() > SHOWN {
            texts.push(format!("and {} more", self.all.len() - SHOWN));
        }
        texts.join("\n\n")
    }

    /// `gipc.toml:3:1`, for a remark on one line.
    pub(super) fn position(&self, place: &Place) -> String {
        let source = self.source(place.origin);
        let before = &source.text[..marked(&source.text, place.start, place.end).start];
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        format!("{}:{line}:{column}", source.name)
    }

    fn source(&self, origin: Origin) -> &Source {
        match origin {
            Origin::File => &self.file,
            Origin::CommandLine => &self.command_line,
            Origin::Named(number) => &self.named[number],
        }
    }

    fn render_one(
        &self,
        Mistake { place, message, help }: &Mistake,
        renderer: &Renderer,
    ) -> String {
        let source = self.source(place.origin);
        let span = marked(&source.text, place.start, place.end);
        // Of the whole text only the lines of the mark, so that a large file takes no time.
        let first = source.text[..span.start].rfind('\n').map_or(0, |newline| newline + 1);
        let last = source.text[span.end..].find('\n').map_or(source.text.len(), |at| span.end + at);
        let line = source.text[..first].matches('\n').count() + 1;
        let snippet = Snippet::source(&source.text[first..last])
            .line_start(line)
            .path(source.name.as_str())
            .annotation(
                AnnotationKind::Primary
                    .span(span.start - first..span.end - first)
                    .label(help.as_deref()),
            );
        let title = Level::ERROR.primary_title(message.as_str());
        renderer.render(&[Group::with_title(title).element(snippet)])
    }
}

/// The span, at the boundaries of characters, on one line, and not empty where it can be.
fn marked(text: &str, start: usize, end: usize) -> Range<usize> {
    let boundary = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = boundary(start);
    let mut end = boundary(end).max(start);
    if let Some(newline) = text[start..end].find('\n') {
        end = start + newline;
    }
    if end == start && !text[start..].starts_with(['\n', '\r']) {
        end = start + text[start..].chars().next().map_or(0, char::len_utf8);
    }
    start..end
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

/// What of these may have been meant.
pub(crate) fn did_you_mean<'a>(
    word: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    let likeness = |it: &str| strsim::damerau_levenshtein(&word.to_lowercase(), &it.to_lowercase());
    let close = |(distance, it): &(usize, &str)| {
        *distance <= (it.chars().count().max(word.chars().count()) / 3).max(1)
    };
    let found = known.into_iter().map(|it| (likeness(it), it)).filter(close);
    found.min_by_key(|(distance, _)| *distance).map(|(_, it)| format!("did you mean `{it}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_close_is_suggested_and_nothing_else() {
        let known = ["command", "shell", "replicas", "on-failure", "db"];
        let meant = |word| did_you_mean(word, known);
        assert_eq!(meant("comand").as_deref(), Some("did you mean `command`?"));
        assert_eq!(meant("Shell").as_deref(), Some("did you mean `shell`?"));
        assert_eq!(meant("on_failure").as_deref(), Some("did you mean `on-failure`?"));
        assert_eq!(meant("dv").as_deref(), Some("did you mean `db`?"));
        assert_eq!(meant("image"), None);
        assert_eq!(meant(""), None);
    }

    #[test]
    fn no_more_mistakes_are_shown_than_can_be_read() {
        let source = || Source { name: "f".to_owned(), text: "x".repeat(100) };
        let mut mistakes = Mistakes::new(source(), source());
        for at in (0..53).chain(0..53) {
            mistakes.add(&Place::in_file(at..at + 1), "wrong");
        }
        let text = mistakes.render(false);
        assert_eq!(text.matches("error: wrong").count(), 50);
        assert!(text.ends_with("\n\nand 3 more"), "{text}");
        assert!(mistakes.render(true).contains('\x1b'));
    }

    #[test]
    fn a_mark_lies_on_one_line_and_between_characters() {
        assert_eq!(marked("äöü", 1, 3), 0..2);
        assert_eq!(marked("ab\ncd", 1, 5), 1..2);
        assert_eq!(marked("ab", 1, 1), 1..2);
        assert_eq!(marked("ab", 9, 12), 2..2);
        assert_eq!(marked("", 0, 0), 0..0);
    }
}
