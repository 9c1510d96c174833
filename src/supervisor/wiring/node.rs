//! The channel of a Node process, one for both directions.

use std::io;
use std::rc::Rc;

use super::super::instance::{Junction, Side};
use super::{Gifts, Line, Node};
use crate::plan::channel::Port;
use crate::relay::{Conversation, Inlet, NodeEnd, NodeStream, Reply, Socket};

impl Gifts {
    /// That of a Node process, for the channel into it and the one from it.
    pub(super) fn connect_node(&mut self, junctions: &[Junction]) -> io::Result<()> {
        let is_node = |(_, it): &(usize, &Junction)| matches!(it.plan.port, Port::Node(_));
        let there: Vec<_> = junctions.iter().enumerate().filter(is_node).collect();
        let Some((_, first)) = there.first() else { return Ok(()) };
        let (target, framing) = (first.plan.port.fd(), first.plan.framing);
        let is_shared = there
            .iter()
            .any(|(_, it)| matches!(it.side, Side::Reader(_)) && it.hub.waits_for_reading());
        let (ours, theirs) = NodeEnd::pair(is_shared)?;
        let reads = there.iter().find_map(|(place, it)| match it.side {
            Side::Reader(outlet) => Some((*place, Reply::Queued(Rc::clone(&it.hub), outlet))),
            _ => None,
        });
        let is_writer = |(_, it): &&(usize, &Junction)| matches!(it.side, Side::Writer(_));
        let writes_to = there.iter().find(is_writer).map(|(place, _)| *place);
        let (reads_at, reply) = match reads {
            Some((place, reply)) => (Some(place), reply),
            None => (None, Reply::Written(Socket::new(ours.try_clone()?)?)),
        };
        let conversation = Conversation::new(reply, writes_to.is_some());
        if let Some(place) = reads_at {
            let inlet = Inlet::node(ours.try_clone()?, &theirs, Rc::clone(&conversation))?;
            self.ends.inlets.resize_with(self.ends.inlets.len().max(place + 1), || None);
            self.ends.inlets[place] = Some(inlet);
        }
        let stream = NodeStream::new(ours)?;
        self.ends.node = Some(Node { stream, conversation, writes_to });
        self.set("NODE_CHANNEL_FD", target.to_string());
        self.set("NODE_CHANNEL_SERIALIZATION_MODE", "json");
        let name = |(_, it): &(usize, &Junction)| (it.hub.plan.name.clone(), it.plan.direction);
        let channels = there.iter().map(name).collect();
        self.lines.push(Line { target, framing, channels, theirs });
        Ok(())
    }
}
