//! The values of options and of keys, as they are written.

use std::ffi::OsString;
use std::num::{IntErrorKind, ParseIntError};
use std::str::FromStr;
use std::time::Duration;

use bytesize::ByteSize;
use clap::builder::FalseyValueParser;
use gipc::spawn::{Limit, UnknownResource};

use crate::plan::Speed;
use crate::plan::control::Filter;
use crate::plan::rules::{Backoff, RestartLimit};

/// The longest duration, so that a moment that far away can be told: a hundred years.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let duration = humantime::parse_duration(text)
        .map_err(|error| format!("{error} (a duration is like 500ms, 10s, 2m or 1h)"))?;
    if duration > LONGEST {
        return Err("that is more than a hundred years".to_owned());
    }
    Ok(duration)
}

/// An option without a value: as a variable it is set by any, but for `0`, `false` and the like.
pub(crate) fn flag() -> FalseyValueParser {
    FalseyValueParser::new()
}

/// How many, where none makes no sense.
pub(crate) fn count<N: FromStr<Err = ParseIntError>>(text: &str) -> Result<N, String> {
    text.parse().map_err(|error: ParseIntError| match error.kind() {
        IntErrorKind::PosOverflow => "that is too many".to_owned(),
        _ => "expected a whole number from 1 on".to_owned(),
    })
}

/// `max`, `1`, `0.5`
pub(crate) fn speed(text: &str) -> Result<Speed, String> {
    match text.parse() {
        _ if text == "max" => Ok(Speed::Max),
        Ok(factor) if f64::is_finite(factor) && factor > 0.0 => Ok(Speed::Times(factor)),
        _ => Err("expected `max`, or a number above 0, such as 1 or 0.5".to_owned()),
    }
}

/// Is it a JSON pointer (RFC 6901)?
pub(crate) fn is_pointer(text: &str) -> bool {
    let is_escaped = text.split('~').skip(1).all(|it| it.starts_with(['0', '1']));
    is_escaped && (text.is_empty() || text.starts_with('/'))
}

/// `/user/id=17`
pub(crate) fn filter(text: &str) -> Result<Filter, String> {
    match text.split_once('=') {
        Some((pointer, value)) if is_pointer(pointer) => {
            Ok(Filter { pointer: pointer.to_owned(), value: value.to_owned() })
        }
        _ => Err("expected JSON-POINTER=VALUE, such as /user/id=17".to_owned()),
    }
}

/// A size in bytes.
pub(crate) fn size(text: &str) -> Result<usize, String> {
    let size: ByteSize =
        text.parse().map_err(|error| format!("{error} (a size is like 4096, 64KiB or 1MiB)"))?;
    usize::try_from(size.as_u64()).map_err(|error| error.to_string())
}

/// A size as `ls -h` writes it: 512B, 4.0K, 1.5M.
///
/// To have `bytesize` write it takes a logarithm, and for its sake the library of mathematics would be
/// loaded at every start.
pub(crate) fn shown_size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["K", "M", "G", "T", "P", "E"];
    if bytes < 1024 {
        return format!("{bytes}B");
    }
    let mut size = bytes as f64 / 1024.0;
    let mut unit = 0;
    while size >= 1024.0 {
        (size, unit) = (size / 1024.0, unit + 1);
    }
    format!("{size:.1}{}", UNITS[unit])
}

/// `100ms..30s`
pub(crate) fn backoff(text: &str) -> Result<Backoff, String> {
    let (min, max) = text.split_once("..").ok_or("expected MIN..MAX, such as 100ms..30s")?;
    let (min, max) = (duration(min)?, duration(max)?);
    if min > max {
        return Err("the shortest pause is longer than the longest".to_owned());
    }
    Ok(Backoff { min, max })
}

/// `5/10s`
pub(crate) fn restart_limit(text: &str) -> Result<RestartLimit, String> {
    let (count, within) = text.split_once('/').ok_or("expected COUNT/DURATION, such as 5/10s")?;
    let count = count.parse().map_err(|_| format!("`{count}` is not a number"))?;
    let within = duration(within)?;
    if within.is_zero() {
        return Err("within no time there is no limit; say for example 5/10s".to_owned());
    }
    Ok(RestartLimit { count, within })
}

/// `KEY=value`
pub(crate) fn variable(text: &str) -> Result<(OsString, OsString), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.into(), value.into())),
        _ => Err("expected NAME=VALUE".to_owned()),
    }
}

/// `work=4`
pub(crate) fn count_of(text: &str) -> Result<(String, usize), String> {
    let (name, count) = text.split_once('=').ok_or("expected NAME=COUNT, such as work=4")?;
    let count = count.parse().map_err(|_| format!("`{count}` is not a number of instances"))?;
    Ok((name.to_owned(), count))
}

/// The name of a process or of a channel, as a pattern.
pub(crate) const PLAIN_NAME: &str = "[A-Za-z0-9_][A-Za-z0-9_-]*";

/// Is it the name of a process or of a channel?
pub(crate) fn is_plain_name(text: &str) -> bool {
    is_name(text) && !text.contains('.')
}

/// The name of a session, as a pattern.
pub(crate) const NAME: &str = "[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}";

/// The longest name of a session, in bytes.
pub(crate) const LONGEST_NAME: usize = 64;

/// May it stand in the name of a session?
pub(crate) fn is_of_a_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_-.".contains(c)
}

/// Is it the name of a session, but for its length?
fn is_name(text: &str) -> bool {
    !text.is_empty() && !text.starts_with(['-', '.']) && text.chars().all(is_of_a_name)
}

/// The name of a session, which is part of a file's.
pub(crate) fn session_name(text: &str) -> Result<String, String> {
    if !is_name(text) {
        return Err(format!(
            "`{text}` is not a valid session name: use letters, digits, `_`, `-` and `.`, and begin with \
             neither `-` nor `.`"
        ));
    }
    if text.len() > LONGEST_NAME {
        return Err("the name of a session has 64 characters at most".to_owned());
    }
    Ok(text.to_owned())
}

pub(crate) fn process(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, command)) if !name.is_empty() && !command.trim().is_empty() => {
            Ok((name.to_owned(), command.to_owned()))
        }
        _ => Err("expected NAME=COMMAND".to_owned()),
    }
}

/// A channel as it is typed: `[NAME=]FROM[.PORT]:TO[.PORT]`.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    pub(crate) text: String,
    pub(crate) name: String,
    pub(crate) from: String,
    pub(crate) to: String,
}

pub(crate) fn connection(text: &str) -> Result<Connection, String> {
    let (name, ends) = match text.split_once('=') {
        Some((name, ends)) => (Some(name), ends),
        None => (None, text),
    };
    let expected = "expected [NAME=]FROM[.PORT]:TO[.PORT], such as gen:work or jobs=gen:work.stdin";
    let (from, to) = ends.split_once(':').ok_or(expected)?;
    if from.is_empty() || to.is_empty() || name.is_some_and(str::is_empty) {
        return Err(expected.to_owned());
    }
    // Its own name is that of its ends, without what a name cannot have.
    let plain = |end: &str| match end.split('.').next() {
        Some("-") => "gipc".to_owned(),
        name => name.unwrap_or_default().to_owned(),
    };
    let name = name.map_or_else(|| format!("{}-{}", plain(from), plain(to)), str::to_owned);
    let (text, from, to) = (text.to_owned(), from.to_owned(), to.to_owned());
    Ok(Connection { text, name, from, to })
}

/// `nofile=1024`, `core=0:unlimited`
pub(crate) fn limit(text: &str) -> Result<Limit, String> {
    let (name, values) = text.split_once('=').ok_or("expected NAME=VALUE, such as nofile=1024")?;
    let resource = name.parse().map_err(|error: UnknownResource| error.to_string())?;
    let (soft, hard) = limit_values(values)?;
    Ok(Limit { resource, soft, hard })
}

/// `1024`, `0:unlimited`: the soft limit and the hard one.
pub(crate) fn limit_values(values: &str) -> Result<(u64, u64), String> {
    let value = |text: &str| match text {
        "unlimited" => Ok(Limit::UNLIMITED),
        _ => text.parse().map_err(|_| format!("`{text}` is neither a number nor `unlimited`")),
    };
    let (soft, hard) = values.split_once(':').unwrap_or((values, values));
    let (soft, hard) = (value(soft)?, value(hard)?);
    if soft > hard {
        return Err(format!("the soft limit {soft} is above the hard limit {hard}"));
    }
    Ok((soft, hard))
}

#[cfg(test)]
mod tests {
    use regex_lite::Regex;

    use super::*;

    #[test]
    fn the_patterns_of_names_and_the_functions_say_the_same() {
        let (longest, longer) = ("n".repeat(LONGEST_NAME), "n".repeat(LONGEST_NAME + 1));
        let words = [
            "", "a", "Z", "0", "_", "-", ".", "a-", "a_b", "-a", "_a", "a.b", ".a", "a.", "a b",
            "\u{e4}", "a/b", "a\n", &longest, &longer,
        ];
        let is = |pattern: &str, word: &str| {
            Regex::new(&format!("^(?:{pattern})$")).unwrap().is_match(word)
        };
        for word in words {
            assert_eq!(is(PLAIN_NAME, word), is_plain_name(word), "{word:?}");
            assert_eq!(is(NAME, word), session_name(word).is_ok(), "{word:?}");
        }
        let names = words.iter().filter(|word| session_name(word).is_ok());
        assert_eq!(names.count(), 10, "and a plain name has no dot");
        assert!(is_plain_name(&longer) && !is_plain_name("a.b"));
    }
}
