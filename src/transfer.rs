//! Handles among the arguments of a child: wherever a [`Reader`], [`Writer`] or [`Duplex`] stands in
//! a value, its descriptor goes along and a number takes its place.
//!
//! While arguments are serialized or deserialized, the handles that are met are gathered on this
//! thread; serde has no other way to take something along.

use std::cell::RefCell;

use serde::de::{self, Deserialize, Deserializer};
use serde::ser::{self, Serialize, Serializer};

use crate::blocking;
use crate::channel::{ChannelEnd, Duplex, End, Options, Reader, Writer};
use crate::codec::Codec;
use crate::framing::Framing;

thread_local! {
    static LEAVING: RefCell<Option<Vec<ChannelEnd>>> = const { RefCell::new(None) };
    static ARRIVED: RefCell<Option<Vec<Option<Arrived>>>> = const { RefCell::new(None) };
}

/// What came for a handle: one of both directions has two halves.
pub(crate) struct Arrived {
    pub(crate) read: Option<End>,
    pub(crate) write: Option<End>,
    pub(crate) framing: Framing,
}

/// What a handle is written as.
#[derive(serde::Serialize, serde::Deserialize)]
struct Place {
    handle: usize,
    name: String,
    max_message: usize,
}

/// Serializes, and gives out the handles that were met on the way, in the order of their numbers.
pub(crate) fn gather<T>(serialize: impl FnOnce() -> T) -> (T, Vec<ChannelEnd>) {
    let outer = LEAVING.replace(Some(Vec::new()));
    let result = serialize();
    let gathered = LEAVING.replace(outer);
    (result, gathered.unwrap_or_default())
}

/// Deserializes, with these handles to be met on the way.
pub(crate) fn scatter<T>(arrived: Vec<Arrived>, deserialize: impl FnOnce() -> T) -> T {
    let outer = ARRIVED.replace(Some(arrived.into_iter().map(Some).collect()));
    let result = deserialize();
    ARRIVED.replace(outer);
    result
}

fn leave<S: Serializer>(
    serializer: S,
    end: impl Into<ChannelEnd>,
    name: &str,
    max_message: usize,
) -> Result<S::Ok, S::Error> {
    let end = end.into();
    let handle = LEAVING.with_borrow_mut(|leaving| {
        let leaving = leaving.as_mut().ok_or("a handle can be sent as an argument only")?;
        if leaving.iter().any(|other| other.is_same_as(&end)) {
            return Err("a handle stands twice among the arguments");
        }
        leaving.push(end);
        Ok(leaving.len() - 1)
    });
    let handle = handle.map_err(|why| ser::Error::custom(format!("`{name}`: {why}")))?;
    Place { handle, name: name.to_owned(), max_message }.serialize(serializer)
}

/// Takes what came for a handle, where it is of this kind.
fn arrive<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    halves: impl FnOnce(Option<End>, Option<End>) -> Option<T>,
) -> Result<(T, Options, Place), D::Error> {
    let place = Place::deserialize(deserializer)?;
    let arrived =
        ARRIVED.with_borrow_mut(|arrived| arrived.as_mut()?.get_mut(place.handle)?.take());
    let Some(arrived) = arrived else {
        return Err(de::Error::custom(format!("`{}`: no such handle has come", place.name)));
    };
    let Some(halves) = halves(arrived.read, arrived.write) else {
        return Err(de::Error::custom(format!("`{}` is a handle of another kind", place.name)));
    };
    let options = Options::new().framing(arrived.framing).max_message(place.max_message);
    Ok((halves, options, place))
}

impl<C> Serialize for Reader<C> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        leave(serializer, self, self.name(), self.max_message())
    }
}

impl<C> Serialize for Writer<C> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        leave(serializer, self, self.name(), 0)
    }
}

impl<C> Serialize for Duplex<C> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        leave(serializer, self, self.name(), self.reader.max_message())
    }
}

impl<'de, C: Codec + Default> Deserialize<'de> for Reader<C> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (end, options, place) =
            arrive(deserializer, |read, write| read.filter(|_| write.is_none()))?;
        Ok(Self::new(place.name, end, options, C::default()))
    }
}

impl<'de, C: Codec + Default> Deserialize<'de> for Writer<C> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (end, options, place) =
            arrive(deserializer, |read, write| write.filter(|_| read.is_none()))?;
        Ok(Self::new(place.name, end, options, C::default()))
    }
}

impl<'de, C: Codec + Default + Clone> Deserialize<'de> for Duplex<C> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (halves, options, place) = arrive(deserializer, Option::zip)?;
        Ok(Self::new(&place.name, halves, options, C::default()))
    }
}

macro_rules! twins {
    ($($name:ident),*) => {$(
        impl<C> Serialize for blocking::$name<C> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.0.serialize(serializer)
            }
        }

        impl<'de, C: Codec + Default + Clone> Deserialize<'de> for blocking::$name<C> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $name::deserialize(deserializer).map(Self)
            }
        }
    )*};
}

twins!(Reader, Writer, Duplex);
