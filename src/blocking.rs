//! The same without a runtime: for workers, threads and scripts.
//!
//! The names are those of the crate's root, and so is what they promise; each call waits on its
//! thread. A handle can be turned into its asynchronous twin and back.
//!
//! # Examples
//! ```
//! # fn main() -> Result<(), gipc::Error> {
//! let (reader, writer) = gipc::blocking::pipe()?;
//! let child = gipc::Command::new("sh")
//!     .args(["-c", "printf '\\0\\0\\0\\5hello' >&4"])
//!     .channel("out", writer)
//!     .spawn()?
//!     .into_blocking();
//! assert_eq!(reader.get()?.unwrap(), "hello");
//! assert_eq!(reader.get()?, None);
//! assert!(child.join()?.success());
//! # Ok(())
//! # }
//! ```

use std::fmt;
use std::ops::Deref;
use std::time::{Duration, Instant};

use crate::channel::{self, ChannelEnd, End, readable_on_this_thread};
use crate::clock::after;
use crate::codec::{Codec, Raw};
use crate::failure::Error;
use crate::process::{self, ExitStatus};

pub use crate::inherited::blocking::{Inherited, inherited};
pub use crate::pool::blocking::{Answer, Pool};
pub use crate::scope::blocking::{Scope, scope};
pub use crate::target::blocking::start_process;

/// As [`gipc::pipe`](crate::pipe()).
///
/// # Errors
/// [`Error::Io`] when no descriptor is free.
pub fn pipe() -> Result<(Reader, Writer), Error> {
    pipe_with(Raw)
}

/// As [`gipc::pipe_with`](crate::pipe_with).
///
/// # Errors
/// [`Error::Io`] when no descriptor is free.
pub fn pipe_with<C: Codec + Clone>(codec: C) -> Result<(Reader<C>, Writer<C>), Error> {
    let (reader, writer) = channel::pipe_with(codec)?;
    Ok((Reader(reader), Writer(writer)))
}

/// As [`gipc::duplex`](crate::duplex()).
///
/// # Errors
/// [`Error::Io`] when no descriptor is free.
pub fn duplex() -> Result<(Duplex, Duplex), Error> {
    duplex_with(Raw)
}

/// As [`gipc::duplex_with`](crate::duplex_with).
///
/// # Errors
/// [`Error::Io`] when no descriptor is free.
pub fn duplex_with<C: Codec + Clone>(codec: C) -> Result<(Duplex<C>, Duplex<C>), Error> {
    let (one, other) = channel::duplex_with(codec)?;
    Ok((Duplex(one), Duplex(other)))
}

/// As [`gipc::Reader`](crate::Reader).
#[derive(Clone, Debug)]
pub struct Reader<C = Raw>(pub(crate) channel::Reader<C>);

impl<C> Reader<C> {
    /// As [`gipc::Reader::named`](crate::Reader::named).
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        Self(self.0.named(name))
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// As [`gipc::Reader::exact`](crate::Reader::exact).
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Locked`].
    pub fn exact(self) -> Result<Self, Error> {
        self.0.exact().map(Self)
    }

    /// As [`gipc::Reader::close`](crate::Reader::close).
    ///
    /// # Errors
    /// [`Error::Locked`] while it is being read, [`Error::Closed`] the second time.
    pub fn close(&self) -> Result<(), Error> {
        self.0.close()
    }

    /// As [`gipc::Reader::try_clone`](crate::Reader::try_clone).
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Locked`], [`Error::Io`].
    pub fn try_clone(&self) -> Result<Self, Error>
    where
        C: Clone,
    {
        self.0.try_clone().map(Self)
    }

    /// The same end for asynchronous code.
    pub fn into_async(self) -> channel::Reader<C> {
        self.0
    }
}

impl<C: Codec> Reader<C> {
    /// As [`gipc::Reader::get`](crate::Reader::get).
    ///
    /// # Errors
    /// As [`gipc::Reader::get`](crate::Reader::get).
    pub fn get(&self) -> Result<Option<C::Decoded>, Error> {
        self.get_within(None, None)
    }

    /// As [`gipc::Reader::get_timeout`](crate::Reader::get_timeout).
    ///
    /// # Errors
    /// As [`gipc::Reader::get_timeout`](crate::Reader::get_timeout).
    pub fn get_timeout(&self, first_byte: Duration) -> Result<Option<C::Decoded>, Error> {
        self.get_within(Some(after(first_byte)), None)
    }

    /// As [`gipc::Reader::get_deadline`](crate::Reader::get_deadline).
    ///
    /// # Errors
    /// As [`gipc::Reader::get_deadline`](crate::Reader::get_deadline).
    pub fn get_deadline(&self, deadline: Instant) -> Result<Option<C::Decoded>, Error> {
        self.get_within(Some(deadline), Some(deadline))
    }

    /// As [`gipc::Reader::poll`](crate::Reader::poll).
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Io`].
    pub fn poll(&self, timeout: Duration) -> Result<bool, Error> {
        let deadline = Some(after(timeout));
        let ready = self.0.shared.blocking_lock(deadline).and_then(|mut held| {
            held.get_mut().deadline = deadline;
            readable_on_this_thread(&mut held).map_err(|error| self.0.shared.error(error))
        });
        match ready {
            Ok(()) => Ok(true),
            Err(Error::Timeout { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The messages until the end of the channel. It has the end to itself: clones wait until it is
    /// dropped.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Locked`].
    pub fn into_messages(self) -> Result<Messages<C>, Error> {
        self.0.into_stream().map(Messages)
    }

    /// Each message until the end of the channel, in turn with other users of the end.
    pub fn iter(&self) -> impl Iterator<Item = Result<C::Decoded, Error>> {
        std::iter::from_fn(|| self.get().transpose())
    }

    fn get_within(
        &self,
        first_byte: Option<Instant>,
        whole: Option<Instant>,
    ) -> Result<Option<C::Decoded>, Error> {
        let mut held = self.0.shared.blocking_lock(first_byte)?;
        held.get_mut().deadline = first_byte;
        let mut message = readable_on_this_thread(&mut held).map(|()| None);
        if message.is_ok() {
            held.get_mut().deadline = whole;
            message = held.blocking_get_by(End::read_on_this_thread);
        }
        drop(held);
        self.0.decode(message)
    }
}

/// The messages of a [`Reader`], one after the other; made by [`Reader::into_messages`].
///
/// # Examples
/// ```
/// # fn main() -> Result<(), gipc::Error> {
/// let (reader, writer) = gipc::blocking::pipe()?;
/// for line in ["one", "two", "three"] {
///     writer.put(line.as_bytes())?;
/// }
/// drop(writer);
/// let (mut messages, mut bytes) = (reader.into_messages()?, 0);
/// assert_eq!(messages.next().unwrap()?, "one");
/// while let Some(message) = messages.next_ref()? {
///     bytes += message.len();
/// }
/// assert_eq!(bytes, 8);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Messages<C>(channel::MessageStream<C>);

impl<C: Codec> Iterator for Messages<C> {
    type Item = Result<C::Decoded, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next_on_this_thread()
    }
}

impl Messages<Raw> {
    /// As [`MessageStream::next_ref`](channel::MessageStream::next_ref).
    ///
    /// # Errors
    /// As [`MessageStream::next_ref`](channel::MessageStream::next_ref).
    #[inline]
    pub fn next_ref(&mut self) -> Result<Option<&[u8]>, Error> {
        self.0.next_ref_on_this_thread()
    }
}

/// As [`gipc::Writer`](crate::Writer).
#[derive(Clone, Debug)]
pub struct Writer<C = Raw>(pub(crate) channel::Writer<C>);

impl<C> Writer<C> {
    /// As [`gipc::Writer::named`](crate::Writer::named).
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        Self(self.0.named(name))
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// As [`gipc::Writer::close`](crate::Writer::close).
    ///
    /// # Errors
    /// As [`gipc::Writer::close`](crate::Writer::close).
    pub fn close(&self) -> Result<(), Error> {
        self.0.close()
    }

    /// As [`gipc::Writer::try_clone`](crate::Writer::try_clone).
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Locked`], [`Error::Io`].
    pub fn try_clone(&self) -> Result<Self, Error>
    where
        C: Clone,
    {
        self.0.try_clone().map(Self)
    }

    /// The same end for asynchronous code.
    pub fn into_async(self) -> channel::Writer<C> {
        self.0
    }
}

impl<C: Codec> Writer<C> {
    /// As [`gipc::Writer::put`](crate::Writer::put).
    ///
    /// # Errors
    /// As [`gipc::Writer::put`](crate::Writer::put).
    pub fn put(&self, value: &C::Value) -> Result<(), Error> {
        self.0.put_on_this_thread(value, None)
    }

    /// As [`gipc::Writer::put_deadline`](crate::Writer::put_deadline).
    ///
    /// # Errors
    /// As [`gipc::Writer::put_deadline`](crate::Writer::put_deadline).
    pub fn put_deadline(&self, value: &C::Value, deadline: Instant) -> Result<(), Error> {
        self.0.put_on_this_thread(value, Some(deadline))
    }
}

/// As [`gipc::Duplex`](crate::Duplex).
#[derive(Clone, Debug)]
pub struct Duplex<C = Raw>(pub(crate) channel::Duplex<C>);

impl<C> Duplex<C> {
    /// As [`gipc::Duplex::named`](crate::Duplex::named).
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        Self(self.0.named(name))
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// As [`gipc::Duplex::split`](crate::Duplex::split).
    pub fn split(self) -> (Reader<C>, Writer<C>) {
        let (reader, writer) = self.0.split();
        (Reader(reader), Writer(writer))
    }

    /// As [`gipc::Duplex::close`](crate::Duplex::close).
    ///
    /// # Errors
    /// [`Error::Locked`] while it is being read or written, [`Error::Closed`] the second time.
    pub fn close(&self) -> Result<(), Error> {
        self.0.close()
    }

    /// The same end for asynchronous code.
    pub fn into_async(self) -> channel::Duplex<C> {
        self.0
    }
}

impl<C: Codec + Clone> Duplex<C> {
    fn reader(&self) -> Reader<C> {
        Reader(self.0.reader.clone())
    }

    /// As [`gipc::Reader::get`](crate::Reader::get).
    ///
    /// # Errors
    /// As [`gipc::Reader::get`](crate::Reader::get).
    pub fn get(&self) -> Result<Option<C::Decoded>, Error> {
        self.reader().get()
    }

    /// As [`gipc::Reader::get_timeout`](crate::Reader::get_timeout).
    ///
    /// # Errors
    /// As [`gipc::Reader::get_timeout`](crate::Reader::get_timeout).
    pub fn get_timeout(&self, first_byte: Duration) -> Result<Option<C::Decoded>, Error> {
        self.reader().get_timeout(first_byte)
    }

    /// As [`gipc::Reader::get_deadline`](crate::Reader::get_deadline).
    ///
    /// # Errors
    /// As [`gipc::Reader::get_deadline`](crate::Reader::get_deadline).
    pub fn get_deadline(&self, deadline: Instant) -> Result<Option<C::Decoded>, Error> {
        self.reader().get_deadline(deadline)
    }

    /// As [`gipc::Reader::poll`](crate::Reader::poll).
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Io`].
    pub fn poll(&self, timeout: Duration) -> Result<bool, Error> {
        self.reader().poll(timeout)
    }

    /// As [`gipc::Writer::put`](crate::Writer::put).
    ///
    /// # Errors
    /// As [`gipc::Writer::put`](crate::Writer::put).
    pub fn put(&self, value: &C::Value) -> Result<(), Error> {
        self.0.writer.put_on_this_thread(value, None)
    }

    /// As [`gipc::Writer::put_deadline`](crate::Writer::put_deadline).
    ///
    /// # Errors
    /// As [`gipc::Writer::put_deadline`](crate::Writer::put_deadline).
    pub fn put_deadline(&self, value: &C::Value, deadline: Instant) -> Result<(), Error> {
        self.0.writer.put_on_this_thread(value, Some(deadline))
    }
}

macro_rules! twins {
    ($($name:ident),*) => {$(
        impl<C> From<channel::$name<C>> for $name<C> {
            fn from(end: channel::$name<C>) -> Self {
                Self(end)
            }
        }

        impl<C> From<$name<C>> for ChannelEnd {
            fn from(end: $name<C>) -> Self {
                end.0.into()
            }
        }
    )*};
}

twins!(Reader, Writer, Duplex);

/// As [`gipc::Process`](crate::Process), whose other methods it has too.
#[derive(Clone)]
pub struct Process(process::Process);

impl Process {
    /// As [`gipc::Process::join`](crate::Process::join).
    ///
    /// # Errors
    /// [`Error::Stolen`] when other code has waited for it.
    pub fn join(&self) -> Result<ExitStatus, Error> {
        Ok(self.0.reap()?.0)
    }

    /// As [`gipc::Process::join_timeout`](crate::Process::join_timeout).
    ///
    /// # Errors
    /// [`Error::Stolen`] when other code has waited for it.
    pub fn join_timeout(&self, timeout: Duration) -> Result<Option<ExitStatus>, Error> {
        self.0.join_until(after(timeout))
    }

    /// The same child for asynchronous code.
    pub fn into_async(self) -> process::Process {
        self.0
    }
}

impl From<process::Process> for Process {
    fn from(process: process::Process) -> Self {
        Self(process)
    }
}

impl Deref for Process {
    type Target = process::Process;

    fn deref(&self) -> &process::Process {
        &self.0
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
