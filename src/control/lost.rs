//! Descriptors of channels that this process has lost: it asks its session for them.

use std::cell::RefCell;
use std::io::{self, Read};
use std::time::Duration;

use gipc::frames::FrameReader;
use gipc::framing::Framing;
use gipc::inherited::Channel;
use gipc::pipes::Descriptor;

use super::client::{Client, Error, MAX_REPLY};
use super::socket::Stream;
use super::{Reply, Request};
use crate::talk::Found;

/// What comes from a session, and the descriptor that comes with it.
struct Passing<'a> {
    stream: &'a Stream,
    descriptor: RefCell<Option<Descriptor>>,
}

impl Read for &Passing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (read, descriptor) = self.stream.receive(buffer)?;
        if descriptor.is_some() {
            *self.descriptor.borrow_mut() = descriptor;
        }
        Ok(read)
    }
}

/// The descriptor of a channel that this process was given once, from the session that it is of.
pub(crate) fn descriptor(channel: &Channel, timeout: Option<Duration>) -> Result<Found, Error> {
    let variable = std::env::var_os;
    let (Some(path), Some(of)) = (variable("GIPC_SOCKET"), variable("GIPC_NAME")) else {
        return Ok(if Stream::CAN_PASS { Found::NoSession } else { Found::Nothing });
    };
    if !Stream::CAN_PASS {
        return Ok(Found::Nothing);
    }
    let client = Client::connect(path.into(), None)?;
    client.give_up_after(timeout)?;
    let of = of.to_string_lossy().into_owned();
    client.say(&Request::Descriptor { of, entry: channel.to_string() })?;
    let passing = Passing { stream: &client.stream, descriptor: RefCell::default() };
    match client.reply(&mut FrameReader::new(&passing, Framing::U32, MAX_REPLY)) {
        Ok(Reply::Descriptor {}) => match passing.descriptor.take() {
            Some(descriptor) => Ok(Found::Descriptor(descriptor)),
            None => Err(client.unexpected()),
        },
        Ok(_) => Err(client.unexpected()),
        Err(error) if error.is_late() => Ok(Found::Late),
        Err(error) => Err(error),
    }
}
