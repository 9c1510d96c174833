//! `gipc.toml` → raw description: all that is wrong with its shape.

use std::ffi::OsString;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::expand::expand;
use super::foreign;
use super::mistake::{Mistakes, Place, SHOWN, did_you_mean};
use super::raw::{self, File};

/// What could be read, and what could not.
#[derive(Debug, Default)]
pub(super) struct Reading {
    pub(super) file: File,
    /// The names of all processes, and their places: of those too that could not be read.
    pub(super) processes: Vec<(String, Place)>,
    /// Where something was left out, so that its absence is no second mistake.
    pub(super) broken: Vec<Place>,
}

/// Reads the text; mistakes are added to those that there are.
pub(super) fn read(text: &str, mistakes: &mut Mistakes) -> Reading {
    let (root, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        let is_toml = mistakes.reads_toml();
        for (number, error) in errors.into_iter().take(SHOWN).enumerate() {
            let place = Place::in_file(error.span().unwrap_or(0..0));
            let help = (number == 0 && !is_toml).then(|| {
                "this is read as TOML, see gipc-toml(5); a Procfile is called so".to_owned()
            });
            mistakes.add_with_help(&place, syntax(error.message()), help);
        }
        // What was made of the rest is guesswork.
        return Reading::default();
    }
    let processes = root.get_ref().get("process").and_then(|it| it.get_ref().as_table());
    let names = processes
        .into_iter()
        .flatten()
        .map(|(name, _)| (name.get_ref().clone().into_owned(), Place::in_file(name.span())));
    let mut reading = Reading { processes: names.collect(), ..Reading::default() };
    let mut root = root;
    for _ in 0..SHOWN {
        // The first mistake ends a reading; so it is taken out, and there is another reading.
        match File::deserialize(toml::Deserializer::from(root.clone())) {
            Ok(file) => {
                reading.file = file;
                break;
            }
            Err(error) => {
                let span = error.span().unwrap_or(0..0);
                let (message, help) = rephrased(error.message());
                let help = help.or_else(|| form(root.get_ref(), &span, error.message()));
                let place = Place::in_file(span.clone());
                mistakes.add_with_help(&place, message, help);
                match remove(root.get_mut(), &span) {
                    Some(parent) => reading.broken.push(parent),
                    None => break,
                }
            }
        }
    }
    reading
}

/// The name that a text gives its session, with its variables replaced, as far as it is one.
pub(super) fn name(text: &str, variable: &dyn Fn(&str) -> Option<OsString>) -> Option<String> {
    let (root, _) = DeTable::parse_recoverable(text);
    let name = expand(root.get_ref().get("name")?.get_ref().as_str()?, variable).ok()?;
    crate::value::session_name(&name).ok()
}

/// How the value at this place is written, where it is of another type.
fn form(root: &DeTable<'_>, span: &Range<usize>, message: &str) -> Option<String> {
    if !message.starts_with("invalid type: ") {
        return None;
    }
    let mut keys = Vec::new();
    let mut table = root;
    for at in path_to(root, span)? {
        let (key, value) = table.iter().find(|(key, _)| key.span() == at)?;
        keys.push(&**key.get_ref());
        match value.get_ref() {
            DeValue::Table(inner) => table = inner,
            _ => break,
        }
    }
    foreign::form(&keys)
}

/// Removes the innermost entry that has this span in it. Comes back with the key of the process
/// that it was part of, or else with the entry's own.
fn remove(root: &mut DeTable<'_>, span: &Range<usize>) -> Option<Place> {
    let path = path_to(root, span)?;
    let mut place = None;
    let mut table = root;
    let (last, parents) = path.split_last()?;
    for (depth, key) in parents.iter().enumerate() {
        let (name, value) = table.iter_mut().find(|(name, _)| name.span() == *key)?;
        if depth <= 1 {
            place = Some(Place::in_file(name.span()));
        }
        match value.get_mut() {
            DeValue::Table(inner) => table = inner,
            _ => return None,
        }
    }
    let name = table.keys().find(|name| name.span() == *last)?.get_ref().clone();
    table.remove(&*name);
    Some(place.unwrap_or_else(|| Place::in_file(last.clone())))
}

/// The keys on the way to it, each by its span. Tables that have a header, or no place of their own,
/// do not enclose what is in them; so all are searched.
fn path_to(table: &DeTable<'_>, span: &Range<usize>) -> Option<Vec<Range<usize>>> {
    let encloses = |it: Range<usize>| it.start <= span.start && span.end <= it.end;
    table.iter().find_map(|(key, value)| {
        let deeper = match value.get_ref() {
            DeValue::Table(inner) => path_to(inner, span),
            _ => None,
        };
        let path = deeper
            .or_else(|| (encloses(key.span()) || encloses(Spanned::span(value))).then(Vec::new))?;
        Some([vec![key.span()], path].concat())
    })
}

/// The parser's words, where they are enough.
fn syntax(message: &str) -> String {
    match message {
        "duplicate key" => "this key occurs twice".to_owned(),
        _ => message.to_owned(),
    }
}

/// serde's words in ours, and what may have been meant.
fn rephrased(message: &str) -> (String, Option<String>) {
    let mut quoted = message.split('`').skip(1).step_by(2);
    if message.starts_with("unknown field ") {
        let key = quoted.next().unwrap_or_default().to_owned();
        let known: Vec<_> = quoted.collect();
        let help = match foreign::key(&key, &known) {
            Some(help) => Some(help.to_owned()),
            None if known.contains(&"process") && is_of_a_process(&key) => {
                Some("it belongs under [process.NAME], or under [defaults] for all".to_owned())
            }
            None => did_you_mean(&key, known),
        };
        return (format!("unknown key `{key}`"), help);
    }
    if message.starts_with("missing field ") {
        return (format!("the key `{}` is missing", quoted.next().unwrap_or_default()), None);
    }
    let types = message.strip_prefix("invalid type: ").and_then(|it| it.split_once(", expected "));
    if let Some((found, expected)) = types {
        let expected = match expected.split_once(' ') {
            Some(("struct", _)) => "a table",
            Some((_, "sequence")) => "an array",
            _ => expected,
        };
        return (format!("expected {expected}, found {}", a(found)), None);
    }
    (message.to_owned(), None)
}

/// Is this the key of a process?
pub(super) fn is_of_a_process(key: &str) -> bool {
    let table = toml::Table::from_iter([(key.to_owned(), toml::Value::Integer(0))]);
    let unknown = |error: toml::de::Error| error.message().starts_with("unknown field");
    !raw::Process::deserialize(table).is_err_and(unknown)
}

/// With an article, where serde has none.
fn a(found: &str) -> String {
    match found.split(' ').next() {
        Some("integer") => format!("the {}", found.replacen("integer", "number", 1)),
        Some("floating") => format!("the {}", found.replacen("floating point", "number", 1)),
        Some("boolean" | "string") => format!("the {found}"),
        Some("map") => "a table".to_owned(),
        Some("sequence") => "an array".to_owned(),
        _ => format!("a {found}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::mistake::Source;

    fn mistakes(text: &str) -> (Reading, String) {
        let source = |text: &str| Source { name: "f".to_owned(), text: text.to_owned() };
        let mut mistakes = Mistakes::new(source(text), source(""));
        let reading = read(text, &mut mistakes);
        let text = mistakes.to_string();
        let errors: Vec<_> = text.lines().filter(|line| line.starts_with("error: ")).collect();
        (reading, errors.join("\n"))
    }

    #[test]
    fn all_mistakes_are_found_and_the_rest_is_read() {
        let (reading, errors) = mistakes(
            "nam = 1\n\
             [process.b]\ncommand = 3\nreplicas = 2\nbackof = 1\n\
             [process.a]\ncommand = \"x\"\nbackoff = { min = 1, mux = 2 }\n\
             [process]\nc = 5\n",
        );
        assert_eq!(
            errors,
            "error: unknown key `nam`\n\
             error: expected a string or an array of strings, found the number `3`\n\
             error: unknown key `backof`\n\
             error: expected a string with a duration, such as \"500ms\", \"10s\", \"2m\" or \"1h\", \
             found the number `1`\n\
             error: unknown key `mux`\n\
             error: expected a table, found the number `5`"
        );
        let names: Vec<_> = reading.processes.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["a", "b", "c"]);
        let read: Vec<_> = reading.file.process.0.iter().map(|(it, _)| it.value.as_str()).collect();
        assert_eq!(read, ["b", "a"], "in the order of the file");
        assert!(reading.file.process.0[0].1.value.replicas.is_some());
    }

    #[test]
    fn a_syntax_error_is_told_alone() {
        let (_, errors) = mistakes("x = \n[process.a]\ncommand = \"unclosed\nnam = 1\n");
        assert!(errors.lines().count() >= 2, "{errors}");
        assert!(!errors.contains("nam"), "{errors}");
    }

    #[test]
    fn a_key_that_is_there_twice_is_told() {
        let (_, errors) = mistakes("name = 'a'\nname = 'b'\n");
        assert_eq!(errors, "error: this key occurs twice");
    }
}
