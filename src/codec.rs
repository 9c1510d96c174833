//! Values ⇄ message bytes.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use bytes::{BufMut, Bytes, BytesMut};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::failure::Error;

/// Why a codec could not encode or decode.
pub type CodecError = Box<dyn std::error::Error + Send + Sync>;

/// Turns values into messages and back.
///
/// A value that cannot be encoded sends nothing; a message that cannot be decoded has been taken
/// whole, so that the next one is found where it begins.
///
/// # Examples
/// A checksum after every message:
/// ```
/// use bytes::{Buf, BufMut, Bytes, BytesMut};
/// use gipc::codec::{Codec, CodecError};
///
/// #[derive(Clone)]
/// struct Checked;
///
/// fn sum(message: &[u8]) -> u8 {
///     message.iter().fold(0, |sum, byte| sum.wrapping_add(*byte))
/// }
///
/// impl Codec for Checked {
///     type Value = [u8];
///     type Decoded = Bytes;
///
///     fn encode(&self, value: &[u8], message: &mut BytesMut) -> Result<(), CodecError> {
///         message.put_slice(value);
///         message.put_u8(sum(value));
///         Ok(())
///     }
///
///     fn decode(&self, mut message: Bytes) -> Result<Bytes, CodecError> {
///         let Some(last) = message.len().checked_sub(1) else { return Err("no checksum".into()) };
///         let mut found = message.split_off(last);
///         if found.get_u8() == sum(&message) { Ok(message) } else { Err("wrong checksum".into()) }
///     }
/// }
///
/// # fn main() -> Result<(), gipc::Error> {
/// let (reader, writer) = gipc::blocking::pipe_with(Checked)?;
/// writer.put(b"hello")?;
/// assert_eq!(reader.get()?.unwrap(), "hello");
/// # Ok(())
/// # }
/// ```
pub trait Codec {
    /// What is sent.
    type Value: ?Sized;
    /// What is received.
    type Decoded;

    /// Appends the message that stands for `value` to an empty buffer.
    ///
    /// # Errors
    /// When there is no such message.
    fn encode(&self, value: &Self::Value, message: &mut BytesMut) -> Result<(), CodecError>;

    /// The message that stands for `value`, where `value` is that message already: then nothing is
    /// encoded, and a large one is not copied.
    fn as_message<'a>(&self, value: &'a Self::Value) -> Option<&'a [u8]> {
        let _ = value;
        None
    }

    /// The value that `message` stands for.
    ///
    /// # Errors
    /// When there is no such value.
    fn decode(&self, message: Bytes) -> Result<Self::Decoded, CodecError>;
}

/// Messages are bytes, as they are.
#[derive(Clone, Copy, Debug, Default)]
pub struct Raw;

impl Codec for Raw {
    type Value = [u8];
    type Decoded = Bytes;

    fn encode(&self, value: &[u8], message: &mut BytesMut) -> Result<(), CodecError> {
        message.put_slice(value);
        Ok(())
    }

    #[inline]
    fn as_message<'a>(&self, value: &'a [u8]) -> Option<&'a [u8]> {
        Some(value)
    }

    #[inline]
    fn decode(&self, message: Bytes) -> Result<Bytes, CodecError> {
        Ok(message)
    }
}

/// Messages are JSON texts (RFC 8259), which every language reads.
pub struct Json<T>(PhantomData<fn() -> T>);

impl<T> Json<T> {
    /// The codec for values of `T`.
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T: Serialize + DeserializeOwned> Codec for Json<T> {
    type Value = T;
    type Decoded = T;

    fn encode(&self, value: &T, message: &mut BytesMut) -> Result<(), CodecError> {
        Ok(serde_json::to_writer(message.writer(), value)?)
    }

    fn decode(&self, message: Bytes) -> Result<T, CodecError> {
        Ok(serde_json::from_slice(&message)?)
    }
}

/// Messages are MessagePack with named fields (<https://msgpack.org>): smaller than JSON, and with
/// bytes.
#[cfg(feature = "msgpack")]
pub struct MessagePack<T>(PhantomData<fn() -> T>);

#[cfg(feature = "msgpack")]
impl<T> MessagePack<T> {
    /// The codec for values of `T`.
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

#[cfg(feature = "msgpack")]
impl<T: Serialize + DeserializeOwned> Codec for MessagePack<T> {
    type Value = T;
    type Decoded = T;

    fn encode(&self, value: &T, message: &mut BytesMut) -> Result<(), CodecError> {
        Ok(rmp_serde::encode::write_named(&mut message.writer(), value)?)
    }

    fn decode(&self, message: Bytes) -> Result<T, CodecError> {
        Ok(rmp_serde::from_slice(&message)?)
    }
}

// By hand: a derive would ask the same of `T`.
macro_rules! plain {
    ($($codec:ident),*) => {$(
        impl<T> Clone for $codec<T> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<T> Copy for $codec<T> {}

        impl<T> Default for $codec<T> {
            fn default() -> Self {
                Self::new()
            }
        }

        impl<T> fmt::Debug for $codec<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($codec))
            }
        }
    )*};
}

plain!(Json);
#[cfg(feature = "msgpack")]
plain!(MessagePack);

/// The message for a value.
pub(crate) enum Encoded<'a> {
    Given(&'a [u8]),
    Made(BytesMut),
}

impl Encoded<'_> {
    /// As what can be kept.
    pub(crate) fn into_bytes(self) -> Bytes {
        match self {
            Self::Given(message) => Bytes::copy_from_slice(message),
            Self::Made(message) => message.freeze(),
        }
    }
}

impl Deref for Encoded<'_> {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match self {
            Self::Given(message) => message,
            Self::Made(message) => message,
        }
    }
}

/// The message for a value, or the error that names the handle.
#[inline]
pub(crate) fn encode<'a, C: Codec>(
    codec: &C,
    value: &'a C::Value,
    name: &str,
) -> Result<Encoded<'a>, Error> {
    if let Some(message) = codec.as_message(value) {
        return Ok(Encoded::Given(message));
    }
    let mut message = BytesMut::new();
    match codec.encode(value, &mut message) {
        Ok(()) => Ok(Encoded::Made(message)),
        Err(source) => Err(Error::Codec { name: name.to_owned(), encoding: true, source }),
    }
}
