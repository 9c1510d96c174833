//! An end of both directions.

use std::time::{Duration, Instant};

use super::{End, Error, Options, Reader, Writer};
use crate::codec::{Codec, Raw};

/// One end of a channel of both directions: a [`Reader`] and a [`Writer`].
///
/// Clones are the same end. It closes with the last of them and of its halves.
#[derive(Debug)]
pub struct Duplex<C = Raw> {
    pub(crate) reader: Reader<C>,
    pub(crate) writer: Writer<C>,
}

impl<C: Clone> Clone for Duplex<C> {
    fn clone(&self) -> Self {
        Self { reader: self.reader.clone(), writer: self.writer.clone() }
    }
}

impl<C> Duplex<C> {
    pub(crate) fn new(name: &str, (read, write): (End, End), options: Options, codec: C) -> Self
    where
        C: Clone,
    {
        Self {
            reader: Reader::new(name.to_owned(), read, options, codec.clone()),
            writer: Writer::new(name.to_owned(), write, options, codec),
        }
    }

    /// The same end under this name, which stands in errors.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        Self { reader: self.reader.named(name), writer: self.writer.named(name) }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.reader.name()
    }

    /// Its halves, each of which can be closed, or given to a child, by itself.
    ///
    /// The halves are of one socket: when a child that has been given one of them is killed, the
    /// other end of the channel sees that only after the other half is closed too.
    pub fn split(self) -> (Reader<C>, Writer<C>) {
        (self.reader, self.writer)
    }

    /// The same end for code without a runtime.
    pub fn into_blocking(self) -> crate::blocking::Duplex<C> {
        self.into()
    }

    /// Closes both halves, for all clones.
    ///
    /// # Errors
    /// [`Error::Locked`] while it is being read or written, [`Error::Closed`] the second time.
    pub fn close(&self) -> Result<(), Error> {
        // Neither closes where the other cannot.
        drop(self.reader.shared.try_lock()?);
        match self.writer.close() {
            // It has closed, though not everything could be sent.
            lost @ Err(Error::Timeout { .. }) => self.reader.close().and(lost),
            closed => closed.and_then(|()| self.reader.close()),
        }
    }
}

impl<C: Codec> Duplex<C> {
    /// As [`Reader::get`].
    ///
    /// # Errors
    /// As [`Reader::get`].
    ///
    /// # Cancel safety
    /// As [`Reader::get`].
    pub async fn get(&self) -> Result<Option<C::Decoded>, Error> {
        self.reader.get().await
    }

    /// As [`Reader::get_timeout`].
    ///
    /// # Errors
    /// As [`Reader::get_timeout`].
    ///
    /// # Cancel safety
    /// As [`Reader::get_timeout`].
    pub async fn get_timeout(&self, first_byte: Duration) -> Result<Option<C::Decoded>, Error> {
        self.reader.get_timeout(first_byte).await
    }

    /// As [`Reader::get_deadline`].
    ///
    /// # Errors
    /// As [`Reader::get_deadline`].
    ///
    /// # Cancel safety
    /// As [`Reader::get_deadline`].
    pub async fn get_deadline(&self, deadline: Instant) -> Result<Option<C::Decoded>, Error> {
        self.reader.get_deadline(deadline).await
    }

    /// As [`Reader::poll`].
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Io`].
    ///
    /// # Cancel safety
    /// As [`Reader::poll`].
    pub async fn poll(&self, timeout: Duration) -> Result<bool, Error> {
        self.reader.poll(timeout).await
    }

    /// As [`Writer::put`].
    ///
    /// # Errors
    /// As [`Writer::put`].
    ///
    /// # Cancel safety
    /// As [`Writer::put`].
    pub async fn put(&self, value: &C::Value) -> Result<(), Error> {
        self.writer.put(value).await
    }

    /// As [`Writer::put_deadline`].
    ///
    /// # Errors
    /// As [`Writer::put_deadline`].
    ///
    /// # Cancel safety
    /// As [`Writer::put_deadline`].
    pub async fn put_deadline(&self, value: &C::Value, deadline: Instant) -> Result<(), Error> {
        self.writer.put_deadline(value, deadline).await
    }
}
