//! The words of a channel: where it begins and ends, who gets its messages, how they are encoded, and
//! when they are delivered.

use gipc::framing::Framing;
use gipc::spawn::ChildFd;
use serde_json::{Value, json};

use super::meaning::words;
use super::text::Meaning;
use crate::plan::channel::{Full, Route};
use crate::value::{self, PLAIN_NAME};

/// An end of a channel: `work`, `work.5`, `work.stdin`, `work.node`, or `-` for gipc itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Endpoint {
    Ours,
    Process { name: String, port: Option<PortWord> },
}

/// A port as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PortWord {
    Fd(ChildFd),
    Node,
}

impl Meaning for Endpoint {
    const NAME: &str = "Endpoint";
    const EXPECTED: &str = "a string with the name of a process, such as \"work\" or \"work.5\"";

    fn schema() -> Value {
        let pattern = format!(r"^(-|{PLAIN_NAME}(\.([0-9]+|stdin|stdout|node))?)$");
        json!({ "type": "string", "pattern": pattern })
    }

    fn of(text: &str) -> Result<Self, String> {
        if text == "-" {
            return Ok(Self::Ours);
        }
        let (name, port) = match text.split_once('.') {
            None => (text, None),
            Some((name, "stdin")) => (name, Some(PortWord::Fd(ChildFd::STDIN))),
            Some((name, "stdout")) => (name, Some(PortWord::Fd(ChildFd::STDOUT))),
            Some((name, "node")) => (name, Some(PortWord::Node)),
            Some((name, number)) => match number.parse() {
                Ok(number @ (0 | 1 | 3..=1023)) => (name, Some(PortWord::Fd(ChildFd::new(number)))),
                _ => {
                    return Err(format!(
                        "`{number}` is not a port: a process has `stdin`, `stdout`, `node`, and \
                         descriptors from 3 to 1023"
                    ));
                }
            },
        };
        Ok(Self::Process { name: name.to_owned(), port })
    }
}

/// Which readers get a message, in words.
impl Meaning for Route {
    const NAME: &str = "Route";
    const EXPECTED: &str = "a route, such as \"queue\" or \"key:/customer/id\"";

    fn schema() -> Value {
        json!({
            "type": "string",
            "pattern": "^(queue|broadcast|round-robin|key:(/([^~]|~[01])*)?)$",
        })
    }

    fn of(text: &str) -> Result<Self, String> {
        match text {
            "queue" => Ok(Self::Queue),
            "broadcast" => Ok(Self::Broadcast),
            "round-robin" => Ok(Self::RoundRobin),
            _ => {
                let pointer = text.strip_prefix("key:").ok_or_else(|| {
                    format!(
                        "`{text}` is not a route; the routes are: `queue`, `broadcast`, `round-robin`, \
                         `key:/JSON/POINTER`"
                    )
                })?;
                if !value::is_pointer(pointer) {
                    return Err(format!(
                        "`{pointer}` is no JSON pointer (RFC 6901), such as `/id`"
                    ));
                }
                Ok(Self::Key(pointer.to_owned()))
            }
        }
    }
}

impl Meaning for Framing {
    const NAME: &str = "Framing";
    const EXPECTED: &str = "a framing, such as \"u32\" or \"lines\"";
    const WORDS: &[&str] = &FRAMINGS;

    fn schema() -> Value {
        json!({ "type": "string", "enum": FRAMINGS })
    }

    fn of(text: &str) -> Result<Self, String> {
        text.parse().map_err(|error: gipc::framing::UnknownFraming| error.to_string())
    }
}

const FRAMINGS: [&str; Framing::ALL.len()] = {
    let mut names = [""; Framing::ALL.len()];
    let mut place = 0;
    while place < names.len() {
        names[place] = Framing::ALL[place].name();
        place += 1;
    }
    names
};

/// How it is told that a message was delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum AckWord {
    #[default]
    Read,
    Reply,
}

words!(AckWord, "Ack", "read" => Read, "reply" => Reply);
words!(Full, "Full", "block" => Block, "drop-oldest" => DropOldest, "drop-newest" => DropNewest,
    "spill" => Spill);
