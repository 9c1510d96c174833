//! An end of a channel on its way to another process.

use super::{Duplex, End, Error, Reader, Shared, Way, Writer, pending, system};
use crate::frames::{FrameReader, FrameWriter};
use crate::framing::Framing;
use crate::pipes::Descriptor;

/// An end of a channel that a child can be given: a [`Reader`], a [`Writer`], a [`Duplex`].
///
/// It closes here, for all clones of the handle, when the child starts.
#[derive(Clone, Debug)]
pub struct ChannelEnd(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Reader(Shared<FrameReader<End>>),
    Writer(Shared<FrameWriter<End>>),
    Duplex(Shared<FrameReader<End>>, Shared<FrameWriter<End>>),
}

/// An end that has closed here.
#[derive(Debug)]
pub(crate) struct Passed {
    pub(crate) descriptor: Descriptor,
    pub(crate) way: Way,
    pub(crate) inode: u64,
}

/// Whom an end is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// A program in any language: it blocks.
    ByAnybody,
    /// A function of this program.
    ByUs,
}

impl<C> From<Reader<C>> for ChannelEnd {
    fn from(reader: Reader<C>) -> Self {
        Self::from(&reader)
    }
}

impl<C> From<&Reader<C>> for ChannelEnd {
    fn from(reader: &Reader<C>) -> Self {
        Self(Kind::Reader(reader.shared.clone()))
    }
}

impl<C> From<Writer<C>> for ChannelEnd {
    fn from(writer: Writer<C>) -> Self {
        Self::from(&writer)
    }
}

impl<C> From<&Writer<C>> for ChannelEnd {
    fn from(writer: &Writer<C>) -> Self {
        Self(Kind::Writer(writer.shared.clone()))
    }
}

impl<C> From<Duplex<C>> for ChannelEnd {
    fn from(duplex: Duplex<C>) -> Self {
        Self::from(&duplex)
    }
}

impl<C> From<&Duplex<C>> for ChannelEnd {
    fn from(duplex: &Duplex<C>) -> Self {
        Self(Kind::Duplex(duplex.reader.shared.clone(), duplex.writer.shared.clone()))
    }
}

impl ChannelEnd {
    pub(crate) fn way(&self) -> Way {
        match self.0 {
            Kind::Reader(_) => Way::In,
            Kind::Writer(_) => Way::Out,
            Kind::Duplex(..) => Way::Both,
        }
    }

    /// The name of its handle.
    pub(crate) fn name(&self) -> &str {
        match &self.0 {
            Kind::Reader(reader) | Kind::Duplex(reader, _) => reader.name(),
            Kind::Writer(writer) => writer.name(),
        }
    }

    pub(crate) fn framing(&self) -> Result<Framing, Error> {
        match &self.0 {
            Kind::Reader(reader) | Kind::Duplex(reader, _) => Ok(reader.try_lock()?.framing()),
            Kind::Writer(writer) => Ok(writer.try_lock()?.framing()),
        }
    }

    /// Are both of the same handle?
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        let others = other.identities();
        self.identities().iter().any(|half| others.contains(half))
    }

    /// What its halves are told from others by.
    fn identities(&self) -> Vec<usize> {
        match &self.0 {
            Kind::Reader(reader) => vec![reader.identity()],
            Kind::Writer(writer) => vec![writer.identity()],
            Kind::Duplex(reader, writer) => vec![reader.identity(), writer.identity()],
        }
    }

    /// Can it be given away now? Changes nothing.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if let Kind::Reader(reader) | Kind::Duplex(reader, _) = &self.0 {
            let unread = reader.try_lock()?.unfinished();
            if unread > 0 {
                return Err(Error::ReadAhead { name: reader.name().to_owned(), unread });
            }
        }
        if let Kind::Writer(writer) | Kind::Duplex(_, writer) = &self.0 {
            let pending = pending(&*writer.try_lock()?);
            if pending > 0 {
                return Err(Error::Timeout { name: writer.name().to_owned(), pending });
            }
        }
        Ok(())
    }

    /// How many descriptors it takes.
    pub(crate) fn descriptors(&self) -> u16 {
        match self.0 {
            Kind::Reader(_) | Kind::Writer(_) => 1,
            Kind::Duplex(..) => system::DUPLEX_DESCRIPTORS,
        }
    }

    /// Closes it here, and gives out what it was.
    pub(crate) fn take(&self, wanted: Wanted) -> Result<Vec<Passed>, Error> {
        self.check()?;
        let passed = match &self.0 {
            Kind::Reader(reader) => {
                reader.take()?.into_inner().pass(wanted).map(|passed| vec![passed])
            }
            Kind::Writer(writer) => {
                writer.take()?.into_inner().pass(wanted).map(|passed| vec![passed])
            }
            Kind::Duplex(reader, writer) => {
                let read = reader.take()?.into_inner();
                system::pass_both(read, writer.take()?.into_inner(), wanted)
            }
        };
        passed.map_err(|error| Error::io(self.name(), error))
    }
}
