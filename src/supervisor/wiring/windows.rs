//! Windows: the channel of a Node process is a pipe with headers of its own, which are not spoken
//! here. A plan with one is refused before it comes to this.

use std::io;

use super::super::instance::Junction;
use super::Gifts;
use crate::plan::channel::Port;

impl Gifts {
    pub(super) fn connect_node(&mut self, junctions: &[Junction]) -> io::Result<()> {
        match junctions.iter().any(|it| matches!(it.plan.port, Port::Node(_))) {
            true => Err(io::ErrorKind::Unsupported.into()),
            false => Ok(()),
        }
    }
}
