//! What the texts of a description mean, each with its schema.

use std::path::PathBuf;
use std::time::Duration;

use gipc::process::{self, Signal};
use serde_json::{Value, json};

use super::text::{Besides, Meaning};
use crate::plan::rules::Restart;
use crate::plan::topology::{Milestone, Strategy};
use crate::value;

/// Any text at all.
impl Meaning for String {
    const NAME: &str = "Text";
    const EXPECTED: &str = "a string";

    fn schema() -> Value {
        json!({ "type": "string" })
    }

    fn of(text: &str) -> Result<Self, String> {
        Ok(text.to_owned())
    }
}

/// A command line for a shell.
pub(super) struct ShellLine(pub(super) String);

impl Meaning for ShellLine {
    const NAME: &str = "ShellLine";
    const EXPECTED: &str = "a string with a command for the shell";

    fn schema() -> Value {
        json!({ "type": "string", "minLength": 1 })
    }

    fn of(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Err("the command for the shell is empty".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

impl Meaning for PathBuf {
    const NAME: &str = "Path";
    const EXPECTED: &str = "a string with a path";

    fn schema() -> Value {
        json!({ "type": "string", "minLength": 1 })
    }

    fn of(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("the path is empty".to_owned());
        }
        Ok(text.into())
    }
}

/// The value of an environment variable.
pub(super) struct Setting(pub(super) String);

impl Meaning for Setting {
    const NAME: &str = "Setting";
    const EXPECTED: &str = "a string, a number, `true` or `false`";
    const BESIDES: Besides = Besides::Scalars;

    fn schema() -> Value {
        json!({ "type": "string" })
    }

    fn of(text: &str) -> Result<Self, String> {
        Ok(Self(text.to_owned()))
    }
}

/// Yes or no.
pub(super) struct Flag(pub(super) bool);

impl Meaning for Flag {
    const NAME: &str = "Flag";
    const EXPECTED: &str = "`true` or `false`";
    const BESIDES: Besides = Besides::Booleans;
    const WORDS: &[&str] = &["true", "false"];

    fn schema() -> Value {
        json!({ "type": "string", "enum": Self::WORDS })
    }

    fn of(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|_| not_among(text, Self::WORDS))
    }
}

/// The name of a session: it becomes that of a socket.
pub(super) struct SessionName(pub(super) String);

impl Meaning for SessionName {
    const NAME: &str = "SessionName";
    const EXPECTED: &str = "a string with a name";

    fn schema() -> Value {
        json!({ "type": "string", "pattern": format!("^{}$", value::NAME) })
    }

    fn of(text: &str) -> Result<Self, String> {
        value::session_name(text).map(Self)
    }
}

const DURATION: &str = r"^\s*(0|(\d+\s*[A-Za-zµ]+\s*)+)\s*$";

impl Meaning for Duration {
    const NAME: &str = "Duration";
    const EXPECTED: &str = "a string with a duration, such as \"500ms\", \"10s\", \"2m\" or \"1h\"";

    fn schema() -> Value {
        json!({ "type": "string", "pattern": DURATION })
    }

    fn of(text: &str) -> Result<Self, String> {
        value::duration(text)
    }
}

/// A duration that is not zero.
pub(super) struct Period(pub(super) Duration);

impl Meaning for Period {
    const NAME: &str = "Period";
    const EXPECTED: &str = Duration::EXPECTED;

    fn schema() -> Value {
        json!({ "type": "string", "pattern": DURATION })
    }

    fn of(text: &str) -> Result<Self, String> {
        match value::duration(text)? {
            Duration::ZERO => Err("this must be longer than zero".to_owned()),
            period => Ok(Self(period)),
        }
    }
}

/// A size in bytes that is not zero.
pub(super) struct Size(pub(super) u64);

impl Meaning for Size {
    const NAME: &str = "Size";
    const EXPECTED: &str = "a size, such as 4096, \"64KiB\" or \"1MiB\"";
    const BESIDES: Besides = Besides::Integers(1, i64::MAX);

    fn schema() -> Value {
        json!({ "type": "string", "pattern": r"^\s*\d+(\.\d+)?\s*[A-Za-z]*\s*$" })
    }

    fn of(text: &str) -> Result<Self, String> {
        match value::size(text)? {
            0 => Err("this must be more than nothing".to_owned()),
            size => Ok(Self(size as u64)),
        }
    }
}

/// Whole numbers in a range.
macro_rules! number {
    ($(#[$doc:meta])* $name:ident($type:ty), $min:literal..=$max:expr, $expected:expr) => {
        $(#[$doc])*
        pub(super) struct $name(pub(super) $type);

        impl Meaning for $name {
            const NAME: &str = stringify!($name);
            const EXPECTED: &str = $expected;
            const BESIDES: Besides = Besides::Integers($min, $max as i64);

            fn schema() -> Value {
                json!({ "type": "string", "pattern": "^-?[0-9]+$" })
            }

            fn of(text: &str) -> Result<Self, String> {
                let number = text.parse().ok().filter(|number| ($min..=$max).contains(number));
                number.map(Self).ok_or_else(|| format!("`{text}` is not {}", Self::EXPECTED))
            }
        }
    };
}

number!(
    /// How many, at least one.
    Count(u32), 1..=100_000, "a whole number from 1 to 100000");
number!(
    /// How many, perhaps none.
    Amount(u32), 0..=1_000_000, "a whole number from 0 to 1000000");
/// They have 8 bits, on Windows 32.
const AN_EXIT_CODE: &str = match process::ExitCode::BITS {
    8 => "an exit code from 0 to 255",
    _ => "an exit code from 0 to 4294967295",
};
number!(
    /// The exit code of a process.
    ExitCode(process::ExitCode), 0..=process::ExitCode::MAX, AN_EXIT_CODE);
number!(
    /// See `nice(1)`.
    Niceness(i32), -20..=19, "a whole number from -20 to 19");

impl Meaning for Signal {
    const NAME: &str = "Signal";
    const EXPECTED: &str = "a signal, such as \"TERM\" or \"INT\"";
    const BESIDES: Besides = Besides::Integers(1, 64);

    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^([A-Za-z][A-Za-z0-9]*|[0-9]+)$" })
    }

    fn of(text: &str) -> Result<Self, String> {
        text.parse().map_err(|error: gipc::process::UnknownSignal| error.to_string())
    }
}

/// The permissions that new files do not get.
pub(super) struct Umask(pub(super) u32);

impl Meaning for Umask {
    const NAME: &str = "Umask";
    const EXPECTED: &str = "a string of octal digits, such as \"022\"";

    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^[0-7]{1,4}$" })
    }

    fn of(text: &str) -> Result<Self, String> {
        let mask = u32::from_str_radix(text, 8).ok().filter(|mask| *mask <= 0o777);
        let is_octal = text.chars().all(|c| c.is_digit(8));
        mask.filter(|_| is_octal).map(Self).ok_or_else(|| {
            format!(
                "`{text}` is not a mask of permissions: octal digits from 0 to 777, as in \"022\""
            )
        })
    }
}

/// A name or a number of the system's users or groups.
macro_rules! account {
    ($(#[$doc:meta])* $name:ident, $expected:literal) => {
        $(#[$doc])*
        pub(super) struct $name(pub(super) String);

        impl Meaning for $name {
            const NAME: &str = stringify!($name);
            const EXPECTED: &str = $expected;
            const BESIDES: Besides = Besides::Integers(0, u32::MAX as i64);

            fn schema() -> Value {
                json!({ "type": "string", "minLength": 1 })
            }

            fn of(text: &str) -> Result<Self, String> {
                let is_number = text.starts_with(|c: char| c == '-' || c.is_ascii_digit());
                if text.is_empty() || (is_number && text.parse::<u32>().is_err()) {
                    return Err(format!("`{text}` is not {}", $expected));
                }
                Ok(Self(text.to_owned()))
            }
        }
    };
}

account!(
    /// A user of the system.
    User, "the name or the number of a user");
account!(
    /// A group of the system.
    Group, "the name or the number of a group");

/// The values of a resource limit; which resource, the key says.
pub(super) struct LimitValue {
    pub(super) soft: u64,
    pub(super) hard: u64,
}

impl Meaning for LimitValue {
    const NAME: &str = "Limit";
    const EXPECTED: &str = "a number, \"SOFT:HARD\" or \"unlimited\"";
    const BESIDES: Besides = Besides::Integers(0, i64::MAX);

    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^([0-9]+|unlimited)(:([0-9]+|unlimited))?$" })
    }

    fn of(text: &str) -> Result<Self, String> {
        value::limit_values(text).map(|(soft, hard)| Self { soft, hard })
    }
}

/// One of a few words.
macro_rules! words {
    ($type:ident, $name:literal, $($word:literal => $variant:ident),+) => {
        impl Meaning for $type {
            const NAME: &str = $name;
            const EXPECTED: &str = concat!("one of these:", $(" \"", $word, "\""),+);
            const WORDS: &[&str] = &[$($word),+];

            fn schema() -> Value {
                json!({ "type": "string", "enum": Self::WORDS })
            }

            fn of(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(crate::config::meaning::not_among(text, Self::WORDS)),
                }
            }
        }
    };
}

pub(super) use words;

pub(super) fn not_among(text: &str, words: &[&str]) -> String {
    let (last, others) = words.split_last().unwrap_or((&"", &[]));
    let others: Vec<_> = others.iter().map(|word| format!("`{word}`")).collect();
    format!("`{text}` is neither {} nor `{last}`", others.join(", "))
}

words!(Restart, "Restart", "never" => Never, "on-failure" => OnFailure, "always" => Always);
words!(Strategy, "Strategy", "one_for_one" => OneForOne, "one_for_all" => OneForAll,
       "rest_for_one" => RestForOne);
words!(Milestone, "Milestone", "started" => Started, "ready" => Ready, "completed" => Completed,
       "completed_successfully" => CompletedSuccessfully);
