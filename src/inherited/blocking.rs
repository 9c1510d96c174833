//! The same for code without a runtime.

use crate::blocking::{Duplex, Reader, Writer};
use crate::codec::{Codec, Raw};
use crate::failure::Error;

/// As [`gipc::inherited`](crate::inherited()).
///
/// # Errors
/// As [`gipc::inherited`](crate::inherited()).
pub fn inherited() -> Result<Inherited, Error> {
    super::inherited().map(Inherited)
}

/// As [`gipc::inherited::Inherited`](crate::inherited::Inherited).
#[derive(Clone, Debug)]
pub struct Inherited(super::Inherited);

impl Inherited {
    /// What there is.
    pub fn channels(&self) -> &[super::Channel] {
        self.0.channels()
    }

    /// Takes the end that messages come out of.
    ///
    /// # Errors
    /// As [`gipc::inherited::Inherited::reader`](crate::inherited::Inherited::reader).
    pub fn reader(&self, name: &str) -> Result<Reader, Error> {
        self.reader_with(name, Raw)
    }

    /// As [`reader`](Self::reader), for the values of a codec.
    ///
    /// # Errors
    /// As [`gipc::inherited::Inherited::reader`](crate::inherited::Inherited::reader).
    pub fn reader_with<C: Codec>(&self, name: &str, codec: C) -> Result<Reader<C>, Error> {
        self.0.reader_with(name, codec).map(Reader)
    }

    /// Takes the end that messages go into.
    ///
    /// # Errors
    /// As [`gipc::inherited::Inherited::reader`](crate::inherited::Inherited::reader).
    pub fn writer(&self, name: &str) -> Result<Writer, Error> {
        self.writer_with(name, Raw)
    }

    /// As [`writer`](Self::writer), for the values of a codec.
    ///
    /// # Errors
    /// As [`gipc::inherited::Inherited::reader`](crate::inherited::Inherited::reader).
    pub fn writer_with<C: Codec>(&self, name: &str, codec: C) -> Result<Writer<C>, Error> {
        self.0.writer_with(name, codec).map(Writer)
    }

    /// Takes an end of both directions.
    ///
    /// # Errors
    /// As [`gipc::inherited::Inherited::reader`](crate::inherited::Inherited::reader).
    pub fn duplex(&self, name: &str) -> Result<Duplex, Error> {
        self.duplex_with(name, Raw)
    }

    /// As [`duplex`](Self::duplex), for the values of a codec.
    ///
    /// # Errors
    /// As [`gipc::inherited::Inherited::reader`](crate::inherited::Inherited::reader).
    pub fn duplex_with<C: Codec + Clone>(&self, name: &str, codec: C) -> Result<Duplex<C>, Error> {
        self.0.duplex_with(name, codec).map(Duplex)
    }
}
