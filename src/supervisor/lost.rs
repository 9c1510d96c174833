//! Descriptors of channels that a process of an instance has lost: it is given them again.
//!
//! Python's subprocess, Node and others close what they do not know of for the commands that they
//! start. Who asks gets the very ends that the instance has, so that it is one more of those who
//! share them: it takes turns with the others by the same locks, and what it sends and takes is in the
//! same order as theirs, is counted as theirs, and comes again as theirs when the instance dies.

use std::io;

use gipc::inherited::{self, Direction};
use gipc::pipes::{self, Descriptor};

use super::Supervisor;
use super::instance::{Child, Instance, Junction, Side};
use super::session::InstanceId;
use crate::control::{Kind, Refusal};
use crate::plan::channel::Port;
use crate::relay::{Lent, Reopenable};

/// A pipe that an instance sends messages on, while it runs.
pub(super) struct Mouth {
    /// What is read of it, if it still is.
    pipe: Lent,
    /// Nobody had an end to write to any more.
    ended: Option<Reopenable>,
    /// Somebody was given one since.
    is_given: bool,
}

impl Mouth {
    pub(super) fn new(pipe: &Reopenable) -> Self {
        Self { pipe: pipe.downgrade(), ended: None, is_given: false }
    }
}

impl Supervisor {
    /// The descriptor of the instance that is called `of`, for this channel as `GIPC_CHANNELS` tells
    /// it.
    pub(super) fn descriptor_again(
        &mut self,
        of: &str,
        entry: &str,
    ) -> Result<Descriptor, Refusal> {
        let channel: inherited::Channel = entry
            .parse()
            .map_err(|error: inherited::Error| Refusal::new(Kind::BadRequest, error.to_string()))?;
        let name = &channel.name;
        let ended = || {
            let what = format!("channel `{name}` of this incarnation of `{of}` has ended");
            Refusal::new(Kind::ChannelEnded, what)
        };
        let failed = |error: io::Error| {
            let what = format!("cannot open channel `{name}` of `{of}` again: {error}");
            Refusal::new(Kind::Failed, what)
        };
        let runs = |it: &Child| it.status.is_none();
        let is_it = |it: &&Instance| it.name == of && it.child.as_ref().is_some_and(runs);
        let instance = self.instances.iter().find(is_it).ok_or_else(ended)?;
        let meets = |it: &Junction| {
            (it.plan.direction, &it.hub.plan.name) == (channel.direction, &channel.name)
        };
        let place = instance.junctions.iter().position(meets).ok_or_else(ended)?;
        let found = match channel.direction {
            Direction::In => instance.read_end(place),
            Direction::Out => instance.write_end(place),
        };
        let found = found.ok_or_else(ended)?.map_err(failed)?;
        // A process of an incarnation before this one is not to have its messages.
        if channel.inode != Some(pipes::identity(&found).map_err(failed)?) {
            return Err(ended());
        }
        if channel.direction == Direction::Out {
            self.listen_again(instance.id, place);
        }
        Ok(found)
    }

    /// Somebody was given an end to write to.
    fn listen_again(&mut self, id: InstanceId, place: usize) {
        let Some(child) = &mut self.instances[id.0].child else { return };
        let Some(mouth) = child.mouths.get_mut(&place) else { return };
        match mouth.ended.take() {
            Some(pipe) => {
                let ending = child.ending.subscribe();
                self.collect_from_pipe(id, place, pipe, &ending);
            }
            // Who reads it may have seen its end already.
            None => mouth.is_given = true,
        }
    }

    /// What an instance has sent was read to its end, if this was a pipe.
    pub(super) fn take_back_pipe(
        &mut self,
        id: InstanceId,
        place: usize,
        pipe: Option<Reopenable>,
    ) {
        let Some(child) = &mut self.instances[id.0].child else { return };
        let Some((mouth, pipe)) = child.mouths.get_mut(&place).zip(pipe) else { return };
        if std::mem::take(&mut mouth.is_given) {
            let ending = child.ending.subscribe();
            self.collect_from_pipe(id, place, pipe, &ending);
        } else {
            mouth.ended = Some(pipe);
        }
    }
}

impl Instance {
    /// The end that it reads from at the junction with this place, if it can.
    fn read_end(&self, place: usize) -> Option<io::Result<Descriptor>> {
        let Junction { hub, side: Side::Reader(outlet), .. } = &self.junctions[place] else {
            return None;
        };
        match self.child.as_ref()?.inlets.get(place)? {
            Some(inlet) => inlet.read_end(),
            // A task has it.
            None => hub.read_end(*outlet),
        }
    }

    /// The same for the end that it writes to.
    fn write_end(&self, place: usize) -> Option<io::Result<Descriptor>> {
        let is_node = |it: &Junction| matches!(it.plan.port, Port::Node(_));
        if is_node(&self.junctions[place]) {
            // Its socket goes both ways.
            let reads = |it: &Junction| is_node(it) && matches!(it.side, Side::Reader(_));
            return self.read_end(self.junctions.iter().position(reads)?);
        }
        let mouth = self.child.as_ref()?.mouths.get(&place)?;
        let pipe = mouth.ended.clone().or_else(|| mouth.pipe.upgrade())?;
        Some(pipe.write_end())
    }
}
