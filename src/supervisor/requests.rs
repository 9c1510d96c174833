//! What a request to the session does.

use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use gipc::inherited::Direction;
use gipc::process::Signal;
use tracing::info;

use super::awaited::{Awaited, Waiting};
use super::events::Queue;
use super::session::{Happening, InstanceId, Order};
use super::{Error, Supervisor, descriptors};
use crate::config::did_you_mean;
use crate::control::{
    Answer, Asked, Card, Kind, Knock, Refusal, Reply, Request, Requests, Server, Socket, Until,
};
use crate::plan::Supervise;
use crate::plan::channel::{Ack, Channel, Full, Route};
use crate::plan::revision::{Fate, Revision};
use crate::plan::topology::{ProcessId, Topology};
use crate::relay::{self, Door, Hub};

/// What is to be answered, or who is to be waited for.
enum Outcome {
    Now(Answer),
    When(Awaited, Vec<InstanceId>),
}

impl From<Reply> for Outcome {
    fn from(reply: Reply) -> Self {
        Self::Now(Answer::Reply(reply))
    }
}

/// Listens for requests, where it is a session that others may control.
pub(super) fn listen(plan: &mut Supervise) -> Result<Option<(Server, Requests)>, Error> {
    let Some(socket) = plan.session.as_deref().map(Socket::bind).transpose()? else {
        return Ok(None);
    };
    let path = socket.path().to_owned();
    let started = Server::start(socket).map_err(|source| Error::Server { path, source })?;
    give_socket(&mut plan.topology, started.0.path());
    Ok(Some(started))
}

/// Has the processes of a topology find the socket of their session.
fn give_socket(topology: &mut Topology, path: &Path) {
    for process in &mut topology.processes {
        process.env.insert(0, ("GIPC_SOCKET".into(), Some(path.into())));
    }
}

impl Supervisor {
    /// Does what is asked for, and answers, now or when it is done.
    pub(super) fn serve(&mut self, Asked { request, answer }: Asked, queue: &mut Queue) {
        if self.link.has_lost_guard() {
            return; // As if we had been told already, and were no more.
        }
        let reply = match self.outcome_of(request, queue) {
            Ok(Outcome::Now(reply)) => reply,
            Ok(Outcome::When(event, instances)) => {
                self.waiting.push(Waiting { instances, event, answer });
                return;
            }
            Err(refusal) => Answer::Reply(refusal.into()),
        };
        // Where the client has gone there is nobody to tell.
        let _ = answer.send(reply);
    }

    fn outcome_of(&mut self, request: Request, queue: &mut Queue) -> Result<Outcome, Refusal> {
        match request {
            Request::Hello {} => Ok(self.card().into()),
            Request::Ps { names } => {
                let ids = self.named(&names)?;
                let instances = ids.into_iter().map(|id| self.standing(id)).collect();
                Ok(Outcome::Now(Answer::Instances(instances)))
            }
            Request::Why { names } => {
                let ids = self.named(&names)?;
                let reasons = ids.into_iter().map(|id| self.reason(id)).collect();
                Ok(Reply::Reasons { reasons }.into())
            }
            Request::Logs { names, lines, follow } => {
                let ids = self.named(&names)?;
                let of_these = || ids.iter().map(|id| self.instances[id.0].name.clone()).collect();
                let names = (!names.is_empty()).then(of_these);
                let kept =
                    self.sink.kept().ok_or_else(|| failed("no lines are kept".to_owned()))?;
                Ok(Outcome::Now(Answer::Lines(kept.read(names, lines, follow))))
            }
            Request::Tap { channel } => self.tap(channel.as_deref()),
            Request::Send { to, messages, channel, timeout_ms } => {
                let hubs = self.hubs_to(&to)?;
                let hub = named_channel(&hubs, &to, channel.as_deref())?;
                door(hub, timeout_ms, Knock::Send { messages })
            }
            Request::Call { to, timeout_ms } => {
                let hubs = self.hubs_to(&to)?;
                door(answered_channel(&hubs)?, timeout_ms, Knock::Call)
            }
            Request::Descriptor { of, entry } => {
                Ok(Outcome::Now(Answer::Descriptor(self.descriptor_again(&of, &entry)?)))
            }
            Request::Start { names } => {
                let ids = self.named_to_change(&names)?;
                queue.orders.extend(self.session.start(&ids));
                Ok(Outcome::When(Awaited::Up, ids))
            }
            Request::Stop { names } => {
                let ids = self.named_to_change(&names)?;
                queue.orders.extend(self.session.stop(&ids));
                Ok(Outcome::When(Awaited::Down, ids))
            }
            Request::Restart { names } => {
                let ids = self.named_to_change(&names)?;
                queue.orders.extend(self.session.restart(&ids));
                Ok(Outcome::When(Awaited::Up, ids))
            }
            Request::Signal { signal, names } => self.signal(&signal, &names),
            Request::Scale { to } => self.scale(&to, queue),
            Request::Wait { names, until } => {
                let event = match until {
                    Until::Ready => Awaited::Ready,
                    Until::Ended => Awaited::Ended,
                };
                Ok(Outcome::When(event, self.named(&names)?))
            }
            Request::Reload { color } => self.reload(color, queue),
            Request::Down { timeout_ms } => {
                queue.happenings.push_back(Happening::Dismissed);
                if let Some(timeout) = timeout_ms {
                    // The shortest of those that are given.
                    let at = Instant::now() + Duration::from_millis(timeout);
                    self.kill_all_at = Some(self.kill_all_at.map_or(at, |other| other.min(at)));
                }
                Ok(self.card().into())
            }
        }
    }

    /// Who we are.
    fn card(&self) -> Reply {
        Reply::Session(Card {
            name: self.plan.topology.name.clone(),
            pid: self.link.guard(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        })
    }

    fn tap(&self, name: Option<&str>) -> Result<Outcome, Refusal> {
        let hubs = || self.channels.iter().map(|it| &*it.hub);
        let is_it = |hub: &&Hub| name.is_none_or(|name| hub.plan.name == name);
        if hubs().any(|hub| is_it(&hub)) {
            return Ok(Outcome::Now(Answer::Messages(relay::tap(hubs().filter(is_it)))));
        }
        let message = match name {
            None => "the session has no channels".to_owned(),
            Some(name) => {
                let meant = meant(name, hubs().map(|hub| &*hub.plan.name));
                format!("there is no channel `{name}`{meant}")
            }
        };
        Err(Refusal::new(Kind::NoSuchChannel, message))
    }

    /// The channels that a process reads, at least one.
    fn hubs_to(&self, name: &str) -> Result<Vec<&Rc<Hub>>, Refusal> {
        self.must_go_on()?;
        let Some(process) = self.described().find(|it| self.processes[it.0].name == name) else {
            if self.instances.iter().any(|it| it.name == name) {
                return Err(bad(format!(
                    "`{name}` is an instance: messages go to a process, and its channel says which \
                     instance gets one"
                )));
            }
            return Err(self.nobody(name));
        };
        let ports = self.plan.topology.ports(process).into_iter();
        let reads = ports.filter(|it| it.direction == Direction::In);
        let hubs: Vec<_> = reads.map(|it| &self.channels[it.channel.0].hub).collect();
        if hubs.is_empty() {
            let message = format!("`{name}` reads no channel");
            return Err(Refusal::new(Kind::NoSuchChannel, message));
        }
        Ok(hubs)
    }

    fn signal(&self, signal: &str, names: &[String]) -> Result<Outcome, Refusal> {
        let signal: Signal = signal.parse().map_err(|_| bad(format!("`{signal}` is no signal")))?;
        let named = self.named(names)?.into_iter().map(|id| &self.instances[id.0]);
        let running = named.filter(|it| it.child.as_ref().is_some_and(|it| it.status.is_none()));
        let mut running = running.peekable();
        if running.peek().is_none() {
            let message = format!("nothing of {} is running", names.join(", "));
            return Err(Refusal::new(Kind::NotRunning, message));
        }
        for instance in running {
            self.send_signal(instance, signal).map_err(|error| {
                let why = crate::chain(&error);
                failed(format!("cannot send {signal} to {}: {why}", instance.name))
            })?;
        }
        Ok(done())
    }

    fn scale(
        &mut self,
        to: &BTreeMap<String, usize>,
        queue: &mut Queue,
    ) -> Result<Outcome, Refusal> {
        self.must_go_on()?;
        let mut sizes = Vec::new();
        let mut more = 0;
        for (name, size) in to {
            let is_it = |process: &ProcessId| self.processes[process.0].name == *name;
            let process = self.described().find(is_it).ok_or_else(|| self.nobody(name))?;
            // What has our own descriptors, or our input, is one.
            if !self.processes[process.0].can_be_many() {
                return Err(failed(format!(
                    "there can be only one `{name}`: it reads the standard input of gipc"
                )));
            }
            more += size.saturating_sub(self.session.instances_of(process).len());
            sizes.push((process, *size));
        }
        self.make_room_for(more, self.plan.topology.descriptors_of_each())?;
        let mut concerned = Vec::new();
        for (process, size) in sizes {
            concerned.extend(self.session.instances_of(process));
            let orders = self.session.scale(process, size);
            self.take_orders(orders, queue);
            concerned.extend(self.session.instances_of(process));
        }
        Ok(Outcome::When(Awaited::Up, concerned))
    }

    /// New instances are there at once, whatever else is still to be done.
    fn take_orders(&mut self, orders: Vec<Order>, queue: &mut Queue) {
        for order in orders {
            match order {
                Order::Add { .. } => drop(self.obey(order, queue)),
                _ => queue.orders.push_back(order),
            }
        }
        self.name_lines();
    }

    fn reload(&mut self, color: bool, queue: &mut Queue) -> Result<Outcome, Refusal> {
        self.must_go_on()?;
        let Some(source) = &self.plan.source else {
            return Err(failed("this session has no file that could be read".to_owned()));
        };
        let bad = |mistakes| Refusal::new(Kind::BadDescription, mistakes);
        let mut new = source(color).map_err(bad)?;
        if let Some(server) = &self.server {
            give_socket(&mut new, server.path());
        }
        let revision = self.plan.topology.revise(new);
        let Revision { topology, fates, scaled, .. } = &revision;
        if topology.channels != self.plan.topology.channels {
            return Err(failed(
                "the channels have changed, and a running session cannot change its channels: run \
                 `gipc down`, then `gipc up`"
                    .to_owned(),
            ));
        }
        let grown = scaled
            .iter()
            .map(|(process, size)| size.saturating_sub(self.session.instances_of(*process).len()));
        let added = topology.processes.iter().zip(fates).filter(|(_, fate)| **fate == Fate::New);
        let more = grown.sum::<usize>() + added.map(|(it, _)| it.replicas).sum::<usize>();
        self.make_room_for(more, topology.descriptors_of_each())?;
        // Whatever can fail comes first: then all of it is done, or nothing.
        let mut logs = Vec::new();
        for process in &topology.processes {
            let opened = self.files.log_of(process);
            logs.push(opened.map_err(|error| failed(crate::chain(&error)))?);
        }
        let reloaded = revision.told(&self.plan.topology);
        info!("reloaded: {reloaded:?}");
        for (at, (process, fate)) in topology.processes.iter().zip(fates).enumerate() {
            match (self.processes.get_mut(at), fate) {
                (Some(old), Fate::New | Fate::Changed) => *old = Rc::new(process.clone()),
                (Some(_), _) => {}
                (None, _) => self.processes.push(Rc::new(process.clone())),
            }
        }
        self.files.logs_of = logs;
        let orders = self.session.reload(&revision);
        self.plan.topology = revision.topology;
        self.take_orders(orders, queue);
        Ok(Reply::Reloaded(reloaded).into())
    }

    /// Room for the descriptors of so many more instances, so many for each.
    fn make_room_for(&mut self, more: usize, each: usize) -> Result<(), Refusal> {
        let old = descriptors::make_room(self.instances.len() + more, each)
            .map_err(|error| failed(error.to_string()))?;
        // What it was before the first time is what the instances are to have.
        self.descriptors = self.descriptors.or(old);
        Ok(())
    }

    /// The processes that are described still.
    fn described(&self) -> impl Iterator<Item = ProcessId> {
        let processes = self.plan.topology.processes.iter().enumerate();
        processes.filter(|(_, it)| it.replicas > 0).map(|(place, _)| ProcessId(place))
    }

    fn must_go_on(&self) -> Result<(), Refusal> {
        if self.session.is_ending() {
            return Err(Refusal::new(Kind::SessionEnded, "the session is about to end"));
        }
        Ok(())
    }

    fn named_to_change(&self, names: &[String]) -> Result<Vec<InstanceId>, Refusal> {
        self.must_go_on()?;
        if names.is_empty() {
            return Err(bad("nothing is named".to_owned()));
        }
        self.named(names)
    }

    /// The instances of these names, each once, in their order; without names all.
    fn named(&self, names: &[String]) -> Result<Vec<InstanceId>, Refusal> {
        let there = || self.described().flat_map(|process| self.session.instances_of(process));
        let mut wanted = vec![names.is_empty(); self.instances.len()];
        for name in names {
            let mut is_known = self.described().any(|it| self.processes[it.0].name == *name);
            for id in there() {
                let instance = &self.instances[id.0];
                let is_it = instance.name == *name || instance.plan.name == *name;
                wanted[id.0] |= is_it;
                is_known |= is_it;
            }
            if !is_known {
                return Err(self.nobody(name));
            }
        }
        Ok(there().filter(|id| wanted[id.0]).collect())
    }

    fn nobody(&self, name: &str) -> Refusal {
        let instances = self.instances.iter().map(|it| it.name.as_str());
        let processes = self.described().map(|it| self.processes[it.0].name.as_str());
        let meant = meant(name, processes.chain(instances));
        Refusal::new(Kind::NoSuchProcess, format!("there is no process `{name}`{meant}"))
    }
}

/// Of the channels that `reader` has: the one of this name, or the first.
fn named_channel<'a>(
    hubs: &[&'a Rc<Hub>],
    reader: &str,
    name: Option<&str>,
) -> Result<&'a Rc<Hub>, Refusal> {
    let is_it = |hub: &&&Rc<Hub>| name.is_none_or(|name| hub.plan.name == name);
    hubs.iter().find(is_it).copied().ok_or_else(|| {
        let name = name.unwrap_or_default();
        let meant = meant(name, hubs.iter().map(|hub| &*hub.plan.name));
        let message = format!("`{reader}` reads no channel `{name}`{meant}");
        Refusal::new(Kind::NoSuchChannel, message)
    })
}

/// The first channel whose messages have one answer each that is known to be theirs.
fn answered_channel<'a>(hubs: &[&'a Rc<Hub>]) -> Result<&'a Rc<Hub>, Refusal> {
    let why_not = |hub: &Hub| {
        let Channel { name, ack, route, full, .. } = &hub.plan;
        match (ack, route, full) {
            (Ack::Read, ..) => Some(format!(
                "which answer would be that to a message of channel `{name}` is not known: it has no \
                 `ack = \"reply\"`"
            )),
            (_, Route::Broadcast, _) => Some(format!(
                "each reader of channel `{name}` would answer: it has `route = \"broadcast\"`"
            )),
            (.., Full::Spill) => Some(format!(
                "messages of channel `{name}` may wait in a file: it has `full = \"spill\"`"
            )),
            _ => None,
        }
    };
    let mut whys = Vec::new();
    for hub in hubs {
        match why_not(hub) {
            None => return Ok(hub),
            Some(why) => whys.push(why),
        }
    }
    Err(bad(whys.join("; ")))
}

/// A way into a channel, if it goes on.
fn door(hub: &Rc<Hub>, timeout_ms: Option<u64>, knock: Knock) -> Result<Outcome, Refusal> {
    let name = &hub.plan.name;
    let ended = |what| Err(Refusal::new(Kind::ChannelEnded, format!("channel `{name}` {what}")));
    if hub.has_ended() {
        return ended("has ended: all its writers have");
    }
    if hub.is_unread() {
        return ended("has no readers any more");
    }
    if hub.has_joblog() {
        return Err(failed(
            "the joblog of this pool identifies messages by their places in its input: there can be no \
             others"
                .to_owned(),
        ));
    }
    let door = Door::open(hub, timeout_ms.map(Duration::from_millis));
    Ok(Outcome::Now(Answer::Door(door, knock)))
}

/// What of these may have been meant, to follow what is said of the name.
fn meant<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    did_you_mean(name, known).map(|meant| format!("; {meant}")).unwrap_or_default()
}

fn done() -> Outcome {
    Reply::Done { remarks: Vec::new() }.into()
}

fn bad(message: String) -> Refusal {
    Refusal::new(Kind::BadRequest, message)
}

pub(super) fn failed(message: String) -> Refusal {
    Refusal::new(Kind::Failed, message)
}
