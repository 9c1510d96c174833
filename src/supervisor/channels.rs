//! The channels of the session: made before anything starts, they last until its end.

use std::cell::Cell;
use std::path::Path;
use std::rc::Rc;

use gipc::framing::Framing;
use gipc::inherited::Direction;
use gipc::pipes::Descriptor;
use gipc::spawn::ChildFd;
use tokio::task::JoinSet;
use tracing::{error, info, warn};

use super::events::{Ended, Note};
use super::instance::{Instance, Junction, Side};
use super::policy::Event;
use super::pooling::Pooling;
use super::session::InstanceId;
use super::{Error, Supervisor};
use crate::plan::channel::{self, ChannelId, Full, Place, Port};
use crate::plan::topology::{ProcessId, Topology};
use crate::record::playback::Playback;
use crate::relay::{Hub, Outcome, Source, Spill, Trouble};
use crate::report::EndCause;

/// A channel, and what of its ends is ours.
pub(super) struct Channel {
    id: ChannelId,
    pub(super) hub: Rc<Hub>,
    /// What of it is read by us, until it is.
    input: Option<(Rc<Source>, Input)>,
    /// It is held open for messages from outside.
    is_held_open: bool,
    /// The pipe of those who have it to themselves, until they have its ends.
    pipe: Option<Pipe>,
}

/// Where messages come from that no process sends.
enum Input {
    Stdin(Framing),
    Record(Box<Playback>),
}

/// The ends of a pipe, until somebody has them.
struct Pipe {
    read: Cell<Option<Descriptor>>,
    write: Cell<Option<Descriptor>>,
}

impl Pipe {
    fn new() -> Result<Self, Error> {
        let (read, write) = gipc::pipes::large().map_err(Error::Pipe)?;
        Ok(Self { read: Cell::new(Some(read)), write: Cell::new(Some(write)) })
    }

    fn end(&self, direction: Direction) -> &Cell<Option<Descriptor>> {
        match direction {
            Direction::In => &self.read,
            Direction::Out => &self.write,
        }
    }
}

impl Channel {
    /// A reader is ready: from now on our own input is read, if it is the one that writes.
    pub(super) fn begin(&mut self, tasks: &mut JoinSet<Ended>) {
        let Some((source, input)) = self.input.take() else { return };
        let (id, hub) = (self.id, Rc::clone(&self.hub));
        match input {
            Input::Stdin(framing) => {
                let reading = hub.read_ours(source, framing);
                tasks.spawn_local(async move { Ended::Channel(id, reading.await) });
            }
            Input::Record(playback) => {
                tasks.spawn_local(async move {
                    Ended::Channel(id, hub.replay(&source, *playback).await)
                });
            }
        }
    }
}

impl Supervisor {
    /// Makes the channels; those that end at our standard output begin to be written there.
    pub(super) fn open_channels(&mut self, mut playback: Option<Playback>) -> Result<(), Error> {
        let pool = self.plan.pool.as_ref().map(|plan| Pooling::open(plan, &self.sink));
        self.pool = pool.transpose()?;
        for (place, plan) in self.plan.topology.channels.clone().into_iter().enumerate() {
            let id = ChannelId(place);
            let recorder = self.files.recorder_of(&plan)?;
            let dead_letters = self.files.dead_letters_of(&plan)?;
            let spill = (plan.full == Full::Spill).then(Spill::new).transpose();
            let spill = spill.map_err(Error::Spill)?;
            let pipe = plan.is_direct.then(Pipe::new).transpose()?;
            // What is shared out is what comes in.
            let pool = self.pool.as_ref().filter(|_| place == 0).map(|it| Rc::clone(&it.pool));
            let to = readers(&self.plan.topology, &plan);
            let hub = Hub::new(plan, to, recorder, dead_letters, spill, pool);
            self.begin_spill(id, &hub);
            let input = our_input(&hub, &mut playback);
            self.begin_our_outputs(id, &hub);
            let is_held_open = hub.plan.from.is_empty();
            if is_held_open {
                hub.add_sender();
            }
            self.channels.push(Channel { id, hub, input, is_held_open, pipe });
        }
        self.begin_answers();
        Ok(())
    }

    /// Begins to bring back what waits in a file, where it may.
    fn begin_spill(&self, id: ChannelId, hub: &Rc<Hub>) {
        if hub.plan.full == Full::Spill {
            let (hub, notes) = (Rc::clone(hub), self.notes.0.clone());
            tokio::task::spawn_local(async move {
                hub.bring_back(|| drop(notes.send(Note::Refused(id)))).await;
            });
        }
    }

    /// Begins to write what ends at our standard output.
    fn begin_our_outputs(&mut self, id: ChannelId, hub: &Rc<Hub>) {
        for end in hub.plan.to.iter().filter(|end| end.at == Place::Ours) {
            let (outlet, hub) = (hub.add_our_outlet(end.framing), Rc::clone(hub));
            self.tasks.spawn_local(async move {
                let outcome = hub.write_ours(outlet).await;
                Ended::Channel(id, outcome)
            });
        }
    }

    /// Begins to write the answers of a pool.
    fn begin_answers(&mut self) {
        let (Some(Pooling { pool, .. }), [messages, answers]) = (&self.pool, &self.channels[..])
        else {
            return;
        };
        let (pool, messages) = (Rc::clone(pool), Rc::clone(&messages.hub));
        let (id, answers) = (answers.id, Rc::clone(&answers.hub));
        answers.add_sender();
        self.tasks.spawn_local(async move {
            let source = Source::new("pool");
            let written = tokio::select! {
                written = pool.write(&answers, &source, || messages.look_at_gate()) => written,
                never = pool.tell_progress(&messages) => match never {},
            };
            answers.sender_over();
            answers.said().await;
            Ended::Answers(id, written.err())
        });
    }

    /// Where an instance of this process, of this name, meets channels.
    pub(super) fn junctions(&self, process: ProcessId, name: &str) -> Vec<Junction> {
        let meetings = self.plan.topology.ports(process).into_iter();
        let junctions = meetings.map(|plan| {
            let channel = &self.channels[plan.channel.0];
            let hub = Rc::clone(&channel.hub);
            let side = match (&channel.pipe, plan.direction) {
                (Some(pipe), direction) => Side::Direct(Cell::new(pipe.end(direction).take())),
                (None, Direction::In) => Side::Reader(match plan.port {
                    Port::Fd(_) => hub.add_outlet(plan.framing),
                    Port::Node(_) => hub.add_node_outlet(),
                }),
                (None, Direction::Out) => {
                    hub.add_sender();
                    Side::Writer(Source::new(name))
                }
            };
            Junction { plan, hub, side }
        });
        junctions.collect()
    }

    /// An instance that has left its channels is to run again, and has its old places in them.
    pub(super) fn rejoin_channels(&mut self, id: InstanceId) {
        let instance = &mut self.instances[id.0];
        if !std::mem::take(&mut instance.has_left) {
            return;
        }
        for junction in &instance.junctions {
            match &junction.side {
                Side::Writer(_) => junction.hub.add_sender(),
                Side::Reader(outlet) => junction.hub.reopen(*outlet),
                // The pipe was given away, or closed.
                Side::Direct(_) => {}
            }
        }
    }

    /// An instance will never run again: whom it has written to sees the end, and what it has not
    /// read is told of.
    pub(super) fn leave_channels(&mut self, id: InstanceId) {
        let instance = &mut self.instances[id.0];
        if std::mem::replace(&mut instance.has_left, true) {
            return;
        }
        for junction in &instance.junctions {
            match &junction.side {
                Side::Writer(_) => junction.hub.sender_over(),
                // If it was never started, the other side is to see that.
                Side::Direct(end) => drop(end.take()),
                Side::Reader(outlet) => {
                    let unread = junction.hub.outlet_over(*outlet);
                    if unread > 0 {
                        let (name, hint) = (&instance.name, hint(instance, junction, unread));
                        let left =
                            format!("{name} ended without reading {unread} of its messages{hint}");
                        if junction.hub.is_forgone() { info!("{left}") } else { warn!("{left}") }
                    }
                }
            }
        }
    }

    /// All processes that write to an instance have ended for good: it sees the end of its messages,
    /// once it has them all.
    pub(super) fn drain(&mut self, id: InstanceId) {
        let instance = &mut self.instances[id.0];
        let (name, grace) = (&instance.name, humantime::format_duration(instance.plan.rules.grace));
        info!("nobody writes to {name} any more: it has {grace} to end by itself");
        instance.ended_because = Some(EndCause::Stopped);
        let reads = |it: &Junction| it.plan.direction == Direction::In;
        let channels: Vec<_> =
            instance.junctions.iter().filter(|it| reads(it)).map(|it| it.plan.channel).collect();
        for channel in channels {
            // Ours is the last one that may have something to say.
            let Channel { hub, input, is_held_open, .. } = &mut self.channels[channel.0];
            if std::mem::take(is_held_open) {
                hub.sender_over();
            }
            match input.take() {
                Some(_) => hub.sender_over(),
                None => hub.close_ours(),
            }
            hub.close_doors();
            // Those that are not to run, but might have been started again.
            let writes = |it: &&Instance| {
                let is_end = |it: &Junction| {
                    (it.plan.channel, it.plan.direction) == (channel, Direction::Out)
                };
                it.child.is_none() && it.junctions.iter().any(is_end)
            };
            let writers: Vec<_> = self.instances.iter().filter(writes).map(|it| it.id).collect();
            writers.into_iter().for_each(|writer| self.leave_channels(writer));
        }
    }

    /// A task of a channel has ended.
    pub(super) fn take_back_channel(
        &mut self,
        id: ChannelId,
        Outcome { trouble, lost }: Outcome,
    ) -> Vec<(InstanceId, Event)> {
        let event = match trouble {
            None | Some(Trouble::Unread | Trouble::Unasked) => lost.then_some(Event::Lost),
            Some(Trouble::OutputClosed) => {
                info!("nobody reads standard output any more: stopping");
                Some(Event::OutputClosed)
            }
            Some(Trouble::Output(error)) => {
                error!("cannot write to standard output: {error}");
                Some(Event::Failed)
            }
            Some(Trouble::Garbled(error)) => {
                error!("cannot read standard input: {error}");
                Some(Event::Failed)
            }
            Some(Trouble::Playback(error)) => {
                error!("{}", crate::chain(&error));
                Some(Event::Failed)
            }
            Some(Trouble::Record(error)) => {
                error!("cannot write the record: {error}");
                Some(Event::Failed)
            }
            Some(Trouble::Joblog(error)) => {
                let joblog = self.plan.pool.as_ref().and_then(|pool| pool.joblog.as_deref());
                let path = joblog.unwrap_or(Path::new("")).display();
                error!("cannot write the joblog `{path}`: {error}");
                Some(Event::Failed)
            }
        };
        let Some(event) = event else { return Vec::new() };
        let mut concerned = Vec::new();
        for instance in &mut self.instances {
            if instance.junctions.iter().any(|junction| junction.plan.channel == id) {
                if event == Event::OutputClosed {
                    instance.ended_because = Some(EndCause::OutputClosed);
                    instance.junctions.iter().for_each(|junction| junction.hub.forgo());
                }
                concerned.push((instance.id, event));
            }
        }
        concerned
    }
}

/// What a channel is to be given by us: what comes in, unless that is a record.
fn our_input(hub: &Hub, playback: &mut Option<Playback>) -> Option<(Rc<Source>, Input)> {
    let end = hub.plan.from.iter().find(|end| end.at == Place::Ours)?;
    hub.add_sender();
    Some(match playback.take() {
        None => (Source::new("-"), Input::Stdin(end.framing)),
        Some(playback) => {
            let name = playback.path().display().to_string();
            (Source::new(name), Input::Record(Box::new(playback)))
        }
    })
}

/// How the readers of a channel are called together.
fn readers(topology: &Topology, channel: &channel::Channel) -> String {
    let name = |end: &channel::End| match end.process() {
        None => "-".to_owned(),
        Some(process) => {
            let process = &topology.processes[process.0];
            if process.replicas == 1 { process.instance(1) } else { process.name.clone() }
        }
    };
    channel.to.iter().map(name).collect::<Vec<_>>().join(",")
}

/// What is likely wrong with a process that has not read so many messages.
fn hint(instance: &Instance, junction: &Junction, unread: u64) -> String {
    let has_read = junction.counts().messages > unread;
    let writes = |it: &&Junction| matches!(it.side, Side::Writer(_));
    let has_answered = instance.junctions.iter().filter(writes).any(|it| it.counts().messages > 0);
    if has_read || has_answered || junction.plan.port != Port::Fd(ChildFd::MESSAGES_IN) {
        return String::new();
    }
    format!(
        " (they were on descriptor 3; for a worker that reads standard input, use `--wire stdio`, or \
         in `up` the port `{}.stdin`)",
        instance.plan.name
    )
}
