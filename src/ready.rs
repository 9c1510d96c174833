//! When a worker counts as ready for its first message.

use std::str::FromStr;
use std::time::Duration;

use gipc::spawn::ChildFd;
use regex_lite::Regex;

use crate::value::duration;

/// What a worker is to have done, or what is to have passed.
#[derive(Clone, Debug)]
pub(crate) enum Condition {
    /// It has sent a message.
    Message,
    /// It has written a newline to this descriptor (s6's notification).
    Fd(ChildFd),
    /// It has written a line that matches.
    Log(Regex),
    /// So much time has passed.
    Delay(Duration),
}

impl FromStr for Condition {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, value) = text.split_once(':').unwrap_or((text, ""));
        match kind {
            "message" if !text.contains(':') => Ok(Self::Message),
            "fd" => match value.parse() {
                Ok(0..=2) => Err("descriptors 0 to 2 are the standard streams".to_owned()),
                Ok(number @ 3..=1000) => Ok(Self::Fd(ChildFd::new(number))),
                Ok(_) => Err("descriptor numbers go up to 1000 here".to_owned()),
                Err(_) => Err(format!("`{value}` is not a descriptor number")),
            },
            "log" => Regex::new(value)
                .map(Self::Log)
                .map_err(|error| format!("`{value}` is not a valid regular expression: {error}")),
            "delay" => duration(value).map(Self::Delay),
            _ => Err("expected `message`, `fd:N`, `log:REGEX` or `delay:DURATION`".to_owned()),
        }
    }
}
