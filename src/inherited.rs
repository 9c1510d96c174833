//! The child's side: the channels that this process was given.
//!
//! `gipc-wire(7)` describes the environment variables that this module reads, for programs in any
//! language.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::str::FromStr;
use std::sync::Mutex;

use crate::channel::system::{DUPLEX_DESCRIPTORS, both_passed_to_us};
use crate::channel::{Duplex, End, Options, Reader, Way, Writer};
use crate::codec::{Codec, Raw};
use crate::framing::Framing;
use crate::lock::lock;
use crate::pipes::Descriptor;

pub(crate) mod blocking;
#[cfg(unix)]
#[path = "inherited/unix.rs"]
mod system;
#[cfg(windows)]
#[path = "inherited/windows.rs"]
mod system;

#[cfg(windows)]
pub(crate) use system::handles;

/// Every channel of this process.
pub(crate) const CHANNELS: &str = "GIPC_CHANNELS";

/// Which way the messages of a channel go, seen from this process. Closed: there are no others.
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

impl From<Direction> for Way {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::In => Self::In,
            Direction::Out => Self::Out,
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
    pub fd: i32,
    /// How its messages are encoded.
    pub framing: Framing,
    /// The inode number of its pipe, by which a descriptor that was closed and used again is told
    /// from the channel (on Windows a number that is made from the pipe's name, see
    /// `gipc-wire(7)`); absent where only `GIPC_IN` or `GIPC_OUT` was set.
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
    #[error("{variable} does not have the format of gipc-wire(7): `{value}`")]
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
        fd: i32,
    },
    /// The descriptor was closed and its number used again for something else.
    #[error("channel `{name}`: descriptor {fd} is no longer the channel, but another file")]
    Reused {
        /// The channel.
        name: String,
        /// Its descriptor.
        fd: i32,
    },
    /// The name is that of two channels, not of one of both directions.
    #[error("channel `{name}` comes in on one descriptor and goes out on another")]
    TwoWays {
        /// The channel.
        name: String,
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
    if std::env::var_os(CHANNELS).is_none() {
        return match name {
            None => numbered(direction)?.ok_or(Error::None(direction)),
            Some(_) => Err(Error::None(direction)),
        };
    }
    find(&channels()?, direction, name).cloned()
}

/// Every channel of this process.
fn channels() -> Result<Vec<Channel>, Error> {
    if let Ok(list) = std::env::var(CHANNELS) {
        return list.split(',').map(str::parse).collect();
    }
    let found: Vec<_> =
        [numbered(Direction::In)?, numbered(Direction::Out)?].into_iter().flatten().collect();
    if found.is_empty() { Err(Error::None(Direction::In)) } else { Ok(found) }
}

fn find<'a>(
    channels: &'a [Channel],
    direction: Direction,
    name: Option<&str>,
) -> Result<&'a Channel, Error> {
    let found = channels.iter().find(|channel| {
        channel.direction == direction && name.is_none_or(|name| channel.name == name)
    });
    match (found, name) {
        (Some(channel), _) => Ok(channel),
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
fn numbered(direction: Direction) -> Result<Option<Channel>, Error> {
    let variable = direction.variable();
    let Ok(value) = std::env::var(variable) else { return Ok(None) };
    let Ok(fd) = value.parse() else { return Err(Error::Malformed { variable, value }) };
    let name = direction.to_string();
    Ok(Some(Channel { name, direction, fd, framing: Framing::default(), inode: None }))
}

impl Channel {
    /// Takes it for this process's own.
    fn take(&self, way: Way) -> Result<End, Error> {
        let taken = self.take_descriptor()?;
        End::passed_to_us(taken, way).map_err(|error| self.error(error.into()))
    }

    fn take_descriptor(&self) -> Result<Descriptor, Error> {
        take(self.fd, self.inode).map_err(|why| self.error(why))
    }

    fn error(&self, why: Untaken) -> Error {
        let (name, fd) = (self.name.clone(), self.fd);
        match why {
            Untaken::Closed => Error::Closed { name, fd },
            Untaken::Reused => Error::Reused { name, fd },
            Untaken::Io(source) => Error::Io { name, source },
        }
    }

    fn options(&self) -> Options {
        Options::new().framing(self.framing)
    }

    /// A descriptor of our own for the channel. Blocking, as all inherited ones are: whether it
    /// blocks is a property that we share with every process that has it.
    ///
    /// # Errors
    /// When the descriptor is closed, or is something else by now.
    pub fn open(&self) -> Result<Descriptor, Error> {
        system::open(self.fd, self.inode).map_err(|why| self.error(why))
    }
}

/// Why a descriptor cannot be had.
pub(crate) enum Untaken {
    /// It is not open here, or was taken before.
    Closed,
    /// It is something else by now.
    Reused,
    Io(io::Error),
}

impl From<io::Error> for Untaken {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Untaken> for io::Error {
    fn from(why: Untaken) -> Self {
        match why {
            Untaken::Closed => Self::new(io::ErrorKind::NotFound, "it is not open here"),
            Untaken::Reused => Self::new(io::ErrorKind::NotFound, "it is something else by now"),
            Untaken::Io(error) => error,
        }
    }
}

/// Takes a descriptor that was passed to this process for its own: the second to ask for it does
/// not get it.
pub(crate) fn take(fd: i32, inode: Option<u64>) -> Result<Descriptor, Untaken> {
    static TAKEN: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());
    let mut taken = lock(&TAKEN);
    if taken.contains(&fd) {
        return Err(Untaken::Closed);
    }
    let descriptor = system::take(fd, inode)?;
    taken.insert(fd);
    Ok(descriptor)
}

/// The channels that this process was given, to be taken by their names.
///
/// # Errors
/// [`Error::None`] where there are none, or the environment is not as gipc sets it.
///
/// # Examples
/// ```no_run
/// # async fn worker() -> Result<(), gipc::Error> {
/// let channels = gipc::inherited()?;
/// let (jobs, results) = (channels.reader("in")?, channels.writer("out")?);
/// while let Some(job) = jobs.get().await? {
///     results.put(&job.to_ascii_uppercase()).await?;
/// }
/// # Ok(())
/// # }
/// ```
pub fn inherited() -> Result<Inherited, crate::Error> {
    Ok(Inherited { channels: channels()? })
}

/// The channels that this process was given; made by [`inherited`].
#[derive(Clone, Debug)]
pub struct Inherited {
    channels: Vec<Channel>,
}

impl Inherited {
    /// What there is.
    pub fn channels(&self) -> &[Channel] {
        &self.channels
    }

    /// Takes the end that messages come out of.
    ///
    /// # Errors
    /// [`Error::Unknown`], and [`Error::Closed`] where it was taken before, or has been closed on
    /// the way to this process.
    pub fn reader(&self, name: &str) -> Result<Reader, crate::Error> {
        self.reader_with(name, Raw)
    }

    /// As [`reader`](Self::reader), for the values of a codec.
    ///
    /// # Errors
    /// As [`reader`](Self::reader).
    pub fn reader_with<C: Codec>(&self, name: &str, codec: C) -> Result<Reader<C>, crate::Error> {
        let channel = self.find(Direction::In, name)?;
        Ok(Reader::new(name.to_owned(), channel.take(Way::In)?, channel.options(), codec))
    }

    /// Takes the end that messages go into.
    ///
    /// # Errors
    /// As [`reader`](Self::reader).
    pub fn writer(&self, name: &str) -> Result<Writer, crate::Error> {
        self.writer_with(name, Raw)
    }

    /// As [`writer`](Self::writer), for the values of a codec.
    ///
    /// # Errors
    /// As [`writer`](Self::writer).
    pub fn writer_with<C: Codec>(&self, name: &str, codec: C) -> Result<Writer<C>, crate::Error> {
        let channel = self.find(Direction::Out, name)?;
        Ok(Writer::new(name.to_owned(), channel.take(Way::Out)?, channel.options(), codec))
    }

    /// Takes an end of both directions.
    ///
    /// # Errors
    /// As [`reader`](Self::reader).
    pub fn duplex(&self, name: &str) -> Result<Duplex, crate::Error> {
        self.duplex_with(name, Raw)
    }

    /// As [`duplex`](Self::duplex), for the values of a codec.
    ///
    /// # Errors
    /// As [`duplex`](Self::duplex).
    pub fn duplex_with<C: Codec + Clone>(
        &self,
        name: &str,
        codec: C,
    ) -> Result<Duplex<C>, crate::Error> {
        let (read, write) = (self.find(Direction::In, name)?, self.find(Direction::Out, name)?);
        let mut channels = vec![read];
        if DUPLEX_DESCRIPTORS == 2 {
            channels.push(write);
        } else if read.fd != write.fd {
            return Err(Error::TwoWays { name: name.to_owned() }.into());
        }
        let taken = channels.into_iter().map(Channel::take_descriptor);
        let halves = both_passed_to_us(taken.collect::<Result<_, _>>()?);
        let halves = halves.map_err(|error| read.error(error.into()))?;
        Ok(Duplex::new(name, halves, read.options(), codec))
    }

    fn find(&self, direction: Direction, name: &str) -> Result<&Channel, Error> {
        find(&self.channels, direction, Some(name))
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
