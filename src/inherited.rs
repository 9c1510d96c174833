//! The child's side: the channels that this process was given.
//!
//! `gipc-wire(7)` describes the environment variables that this module reads, for programs in any
//! language.

#![expect(unsafe_code, reason = "descriptor numbers come from the environment")]

use std::fmt;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd, RawFd};
use std::str::FromStr;

use nix::errno::Errno;

use crate::framing::Framing;

/// Every channel of this process.
const CHANNELS: &str = "GIPC_CHANNELS";

/// Which way the messages of a channel go, seen from this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// They come in.
    In,
    /// They go out.
    Out,
}

impl Direction {
    /// The environment variable that holds the descriptor of the first channel of this direction.
    pub fn variable(self) -> &'static str {
        match self {
            Self::In => "GIPC_IN",
            Self::Out => "GIPC_OUT",
        }
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::In => "in",
            Self::Out => "out",
        })
    }
}

/// A channel that was passed to this process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    /// Its name.
    pub name: String,
    /// Which way its messages go.
    pub direction: Direction,
    /// Its descriptor number.
    pub fd: RawFd,
    /// How its messages are encoded.
    pub framing: Framing,
    /// The inode number of its pipe, by which a descriptor that was closed and used again is told
    /// from the channel; absent where only `GIPC_IN` or `GIPC_OUT` was set.
    pub inode: Option<u64>,
}

/// Writes the entry of `GIPC_CHANNELS` that [`FromStr`] reads: `jobs:in:3:u32:4711`.
impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, direction, fd, framing, inode } = self;
        write!(f, "{name}:{direction}:{fd}:{framing}:{}", inode.unwrap_or_default())
    }
}

impl FromStr for Channel {
    type Err = Error;

    fn from_str(entry: &str) -> Result<Self, Error> {
        let parse = || {
            let [name, direction, fd, framing, inode] =
                entry.split(':').collect::<Vec<_>>().try_into().ok()?;
            Some(Self {
                name: name.to_owned(),
                direction: match direction {
                    "in" => Direction::In,
                    "out" => Direction::Out,
                    _ => return None,
                },
                fd: fd.parse().ok()?,
                framing: framing.parse().ok()?,
                inode: Some(inode.parse().ok()?),
            })
        };
        parse().ok_or_else(|| Error::Malformed { variable: CHANNELS, value: entry.to_owned() })
    }
}

/// Why a channel of this process cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The process was started without channels.
    #[error(
        "this process has no channel {0}: neither GIPC_CHANNELS nor {variable} is set \
         (was it started by `gipc run`?)",
        variable = .0.variable()
    )]
    None(Direction),
    /// There are channels, but not this one.
    #[error("there is no channel `{name}` {direction}; there is {there}")]
    Unknown {
        /// The name that was asked for.
        name: String,
        /// The direction that was asked for.
        direction: Direction,
        /// What there is instead.
        there: String,
    },
    /// A variable does not hold what it should.
    #[error("{variable} is not as gipc-wire(7) has it: `{value}`")]
    Malformed {
        /// The variable.
        variable: &'static str,
        /// Its value.
        value: String,
    },
    /// The descriptor was closed on the way to this process.
    #[error(
        "channel `{name}`: descriptor {fd} is not open here (some programs close descriptors \
         above 2 for the commands that they start)"
    )]
    Closed {
        /// The channel.
        name: String,
        /// Its descriptor.
        fd: RawFd,
    },
    /// The descriptor was closed and its number used again for something else.
    #[error("channel `{name}`: descriptor {fd} is not the channel any more, but another file")]
    Reused {
        /// The channel.
        name: String,
        /// Its descriptor.
        fd: RawFd,
    },
    /// The system's own error.
    #[error("channel `{name}`")]
    Io {
        /// The channel.
        name: String,
        /// What the system said.
        source: io::Error,
    },
}

/// The channel of this process with this direction and this name; without a name the first.
///
/// # Errors
/// When there is none, or the environment is not as gipc sets it.
pub fn channel(direction: Direction, name: Option<&str>) -> Result<Channel, Error> {
    let Ok(list) = std::env::var(CHANNELS) else {
        return match name {
            None => numbered(direction),
            Some(_) => Err(Error::None(direction)),
        };
    };
    let channels = list.split(',').map(str::parse).collect::<Result<Vec<Channel>, _>>()?;
    let found = channels.iter().find(|channel| {
        channel.direction == direction && name.is_none_or(|name| channel.name == name)
    });
    match (found, name) {
        (Some(channel), _) => Ok(channel.clone()),
        (None, None) => Err(Error::None(direction)),
        (None, Some(name)) => {
            let there: Vec<_> = channels
                .iter()
                .map(|channel| format!("`{}` {}", channel.name, channel.direction))
                .collect();
            Err(Error::Unknown { name: name.to_owned(), direction, there: there.join(", ") })
        }
    }
}

/// A channel of which only the descriptor is known: another program than gipc has set it up.
fn numbered(direction: Direction) -> Result<Channel, Error> {
    let variable = direction.variable();
    let Ok(value) = std::env::var(variable) else { return Err(Error::None(direction)) };
    let Ok(fd) = value.parse() else { return Err(Error::Malformed { variable, value }) };
    let name = direction.to_string();
    Ok(Channel { name, direction, fd, framing: Framing::default(), inode: None })
}

impl Channel {
    /// A descriptor of our own for the channel. Blocking, as all inherited ones are: whether it
    /// blocks is a property that we share with every process that has it.
    ///
    /// # Errors
    /// When the descriptor is closed, or is something else by now.
    pub fn open(&self) -> Result<OwnedFd, Error> {
        let Self { name, fd, inode, .. } = self;
        let (name, fd) = (name.clone(), *fd);
        if fd < 0 {
            return Err(Error::Closed { name, fd });
        }
        // SAFETY: the number is not negative. Whether it is open is found out here, and it is
        // used no longer than this function runs.
        let inherited = unsafe { BorrowedFd::borrow_raw(fd) };
        match nix::sys::stat::fstat(inherited) {
            Err(Errno::EBADF) => return Err(Error::Closed { name, fd }),
            Err(errno) => return Err(Error::Io { name, source: errno.into() }),
            Ok(stat) if inode.is_some_and(|inode| inode != stat.st_ino) => {
                return Err(Error::Reused { name, fd });
            }
            Ok(_) => {}
        }
        inherited.try_clone_to_owned().map_err(|source| Error::Io { name, source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_reads_as_it_was_written() {
        let channel = Channel {
            name: "jobs".to_owned(),
            direction: Direction::In,
            fd: 3,
            framing: Framing::ContentLength,
            inode: Some(4711),
        };
        assert_eq!(channel.to_string(), "jobs:in:3:content-length:4711");
        assert_eq!(channel.to_string().parse::<Channel>().unwrap(), channel);
        for wrong in ["", "a:in:3:u32", "a:to:3:u32:1", "a:in:x:u32:1", "a:in:3:u33:1"] {
            assert!(wrong.parse::<Channel>().is_err(), "{wrong}");
        }
    }
}
