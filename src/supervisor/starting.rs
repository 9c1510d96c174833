//! How a command is started, and what is listened to from then on.

use std::rc::Rc;

use gipc::frames::{Batch, FrameReader};
use gipc::framing::{DEFAULT_MAX_MESSAGE, Framing};
use gipc::spawn::ChildFd;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::{oneshot, watch};
use tracing::{error, info, warn};

use super::Supervisor;
use super::answers::Answers;
use super::events::{Done, Ended, Note};
use super::instance::{Child, Instance, Junction, Side};
use super::lost::Mouth;
use super::policy::Event;
use super::session::InstanceId;
use super::wiring::{self, Ends, Node};
use crate::guard::Verdict;
use crate::logs::{Origin, Printing};
use crate::notify::{self, News, Socket};
use crate::plan::channel::Port;
use crate::plan::rules::Restart;
use crate::plan::topology::Readiness;
use crate::probe::Prober;
use crate::relay::{Conversation, Draining, Guard, Heard, NodeStream, Phase, Reopenable, Sieve};
use crate::report::{Incarnation, StartCause};

impl Supervisor {
    pub(super) fn start(&mut self, id: InstanceId, restarts: u32) -> Event {
        if self.instances[id.0].child.is_some() {
            // Its streams, or what it has left, have outlasted even a KILL.
            let name = &self.instances[id.0].name;
            let trouble = "what is left of its last incarnation does not end";
            error!("{name}: {trouble}");
            self.instances[id.0].trouble = Some(trouble.to_owned());
            return Event::StartFailed(Verdict::FAILED);
        }
        let group = self.shares_terminal.then_some(self.link.group());
        let instance = &mut self.instances[id.0];
        let name = &instance.name;
        let (process, mut ends) = match wiring::start(
            &instance.plan,
            &instance.junctions,
            name,
            restarts,
            group,
            self.descriptors,
        ) {
            Ok(started) => started,
            Err(error) => {
                let code = error.exit_code();
                let trouble = crate::chain(&error);
                // Alone it needs no name.
                match &instance.prefix {
                    None => error!("{trouble}"),
                    Some(_) => error!("{name}: {trouble}"),
                }
                instance.trouble = Some(trouble);
                return Event::StartFailed(code);
            }
        };
        if restarts > 0 && !matches!(instance.reason, StartCause::ByHand | StartCause::AfterSuccess)
        {
            warn!("started {name} again (restart {restarts}), as process {}", process.pid());
        } else {
            info!("started {name} as process {}", process.pid());
        }
        if instance.plan.is_inherited() && instance.plan.rules.restart == Restart::Never {
            self.link.release_inherited(); // It has them now, and nobody else is to get them.
        }
        self.link.watch(&process);
        let incarnation = Incarnation::new(process.pid(), instance.reason, self.started);
        instance.history.begin(incarnation);
        instance.ended_because = None;
        instance.last_no.clear();
        instance.trouble = None;
        instance.gave_up = false;
        self.leaders.insert(process.pid(), id);
        self.endings.watch(id, &process);
        let child = Child::new(process, std::mem::take(&mut ends.inlets));
        let ending = child.ending.subscribe();
        instance.child = Some(child);
        self.listen(id, ends, &ending);
        Event::Started
    }

    /// Starts to take what the command sends and prints.
    fn listen(&mut self, id: InstanceId, ends: Ends, ending: &watch::Receiver<Phase>) {
        let Ends { messages, node, lines, ready, notify, .. } = ends;
        for (place, pipe) in messages {
            self.collect_from_pipe(id, place, Reopenable::new(pipe), ending);
        }
        if let Some(Node { stream, conversation, writes_to }) = node {
            match writes_to {
                Some(place) => {
                    self.collect(id, place, (stream, None), Sieve::Node(conversation), ending);
                }
                None => self.hear_out(id, stream, conversation, ending),
            }
        }
        let grace = self.instances[id.0].plan.rules.grace;
        for (stream, pipe) in lines {
            let (source, printing) =
                (Draining::new(pipe, ending, grace), self.printing(id, stream));
            self.spawn_for(id, async move {
                printing.relay(source).await;
                Done::Other
            });
        }
        if let Some(pipe) = ready {
            let tell = self.tell_ready(id);
            let mut source = Draining::new(pipe, ending, grace);
            self.spawn_for(id, async move {
                let mut byte = [0];
                while let Some(Ok(1)) = source.next(async |pipe| pipe.read(&mut byte).await).await {
                    if byte == *b"\n" {
                        tell();
                        break;
                    }
                }
                Done::Other
            });
        }
        if let Some(socket) = notify {
            self.hear(id, socket, ending);
        }
        let instance = &self.instances[id.0];
        if let Some(Readiness::Probe(probe)) = instance.plan.ready.clone() {
            let note = Note::Ready(instance.incarnation());
            let ready = async move |mut prober: Prober| prober.until_yes(&probe).await;
            self.ask(id, ready, note, ending.clone());
        }
    }

    /// Tells that the incarnation of an instance which runs now is ready.
    fn tell_ready(&self, id: InstanceId) -> impl FnOnce() + use<> {
        let (notes, incarnation) = (self.notes.0.clone(), self.instances[id.0].incarnation());
        move || drop(notes.send(Note::Ready(incarnation)))
    }

    /// Where the lines go that an instance prints on this stream.
    fn printing(&self, id: InstanceId, stream: &'static str) -> Printing {
        let instance = &self.instances[id.0];
        let origin = Origin {
            instance: instance.name.clone(),
            stream,
            prefix: instance.prefix.clone(),
            file: instance.log.clone(),
            tail: instance.tail.clone(),
        };
        let watch: Option<(_, Box<dyn FnOnce()>)> = match &instance.plan.ready {
            Some(Readiness::Log(regex)) => Some((regex.clone(), Box::new(self.tell_ready(id)))),
            _ => None,
        };
        Printing::new(self.sink.clone(), origin, watch)
    }

    /// Takes what an instance sends on a channel, from its pipe.
    pub(super) fn collect_from_pipe(
        &mut self,
        id: InstanceId,
        place: usize,
        pipe: Reopenable,
        ending: &watch::Receiver<Phase>,
    ) {
        let instance = &mut self.instances[id.0];
        if let Some(child) = &mut instance.child {
            child.mouths.insert(place, Mouth::new(&pipe));
        }
        let port = instance.junctions[place].plan.port;
        let sieve = if instance.plan.guard_stdout && port == Port::Fd(ChildFd::STDOUT) {
            Sieve::Guard(Box::new(Guard::new(self.printing(id, "stdout"))))
        } else {
            Sieve::Open
        };
        self.collect(id, place, (pipe.clone(), Some(pipe)), sieve, ending);
    }

    /// Takes what an instance sends on a channel. `kept` is handed back where the stream has ended.
    fn collect<R: AsyncRead + Unpin + 'static>(
        &mut self,
        id: InstanceId,
        place: usize,
        (stream, kept): (R, Option<Reopenable>),
        sieve: Sieve,
        ending: &watch::Receiver<Phase>,
    ) {
        let instance = &self.instances[id.0];
        let plan = &instance.plan;
        let Junction { plan: meeting, hub, side: Side::Writer(source) } =
            &instance.junctions[place]
        else {
            return;
        };
        let reader = FrameReader::new(stream, meeting.framing, hub.plan.max_message);
        let reader = if sieve.is_node() { reader.strict() } else { reader };
        let pipe = Draining::new(reader, ending, plan.rules.grace);
        let (notes, incarnation) = (self.notes.0.clone(), instance.incarnation());
        let mut is_first = matches!(plan.ready, Some(Readiness::Message));
        let is_watched = plan.rules.watchdog.is_some();
        let mut answers = instance.asked_on(meeting.channel).map(|(hub, outlet)| Answers {
            hub,
            outlet,
            pool: self.pool.as_ref().map(|it| Rc::clone(&it.pool)),
            instance: instance.name.clone(),
            pid: instance.history.last().map_or(0, |it| it.pid),
            notes: notes.clone(),
            incarnation,
            has_answered: false,
            says_ready: is_first,
            looked: None,
        });
        let heard = move |batch: &mut Batch| {
            if std::mem::take(&mut is_first) {
                let _ = notes.send(Note::Ready(incarnation));
            }
            if is_watched {
                let _ = notes.send(Note::Alive(incarnation));
            }
            answers.as_mut().map_or((Heard::Pass, None), |answers| answers.take(batch))
        };
        let (hub, source) = (Rc::clone(hub), Rc::clone(source));
        // Its readers see no end before they have it all.
        hub.add_sender();
        self.spawn_for(id, async move {
            let outcome = hub.collect(&source, pipe, sieve, heard).await;
            hub.sender_over();
            let kept = kept.filter(|_| outcome.trouble.is_none());
            Done::Collected(place, outcome, kept)
        });
    }

    /// Takes what a Node process says that has no channel to send on.
    fn hear_out(
        &mut self,
        id: InstanceId,
        stream: NodeStream,
        conversation: Rc<Conversation>,
        ending: &watch::Receiver<Phase>,
    ) {
        let instance = &self.instances[id.0];
        let reader = FrameReader::new(stream, Framing::Lines, DEFAULT_MAX_MESSAGE).strict();
        let pipe = Draining::new(reader, ending, instance.plan.rules.grace);
        let name = instance.name.clone();
        self.spawn_for(id, async move {
            conversation.hear_out(pipe, &name).await;
            Done::Other
        });
    }

    /// Takes what an instance says of itself until its end.
    fn hear(&mut self, id: InstanceId, socket: Socket, ending: &watch::Receiver<Phase>) {
        let instance = &self.instances[id.0];
        let incarnation = instance.incarnation();
        let is_asked = matches!(instance.plan.ready, Some(Readiness::Notify));
        let (notes, mut ending) = (self.notes.0.clone(), ending.clone());
        let user = instance.plan.user.as_deref().and_then(notify::user);
        self.spawn_for(id, async move {
            loop {
                let said = tokio::select! {
                    biased;
                    said = socket.next(user) => said.unwrap_or_default(),
                    _ = ending.wait_for(|phase| *phase >= Phase::Ended) => break,
                };
                for news in said {
                    let _ = match news {
                        News::Ready if is_asked => notes.send(Note::Ready(incarnation)),
                        News::Ready => Ok(()),
                        News::Alive => notes.send(Note::Alive(incarnation)),
                    };
                }
            }
            Done::Other
        });
    }

    /// It is ready: from now on it is asked how it is.
    pub(super) fn begin_health_checks(&mut self, id: InstanceId) {
        let instance = &self.instances[id.0];
        if let Some((child, check)) = instance.child.as_ref().zip(instance.plan.health.clone()) {
            let (note, ending) =
                (Note::Unhealthy(instance.incarnation()), child.ending.subscribe());
            let unwell = async move |mut prober: Prober| prober.until_unwell(&check).await;
            self.ask(id, unwell, note, ending);
        }
    }

    /// Asks about an instance until there is something to tell, or its end.
    fn ask(
        &mut self,
        id: InstanceId,
        question: impl AsyncFnOnce(Prober) + 'static,
        note: Note,
        mut ending: watch::Receiver<Phase>,
    ) {
        let instance = &self.instances[id.0];
        let prober = Prober {
            process: Rc::clone(&instance.plan),
            instance: instance.name.clone(),
            descriptors: self.descriptors,
            asking: self.asking.clone(),
            last_no: instance.last_no.clone(),
            open: None,
        };
        let notes = self.notes.0.clone();
        self.spawn_for(id, async move {
            tokio::select! {
                () = question(prober) => drop(notes.send(note)),
                _ = ending.wait_for(|phase| *phase >= Phase::Ended) => {}
            }
            Done::Other
        });
    }

    /// It is ready for messages.
    pub(super) fn begin_feeding(&mut self, id: InstanceId) {
        let instance = &mut self.instances[id.0];
        let Some(child) = &mut instance.child else { return };
        if std::mem::replace(&mut child.fed, true) {
            return;
        }
        for place in 0..child.inlets.len() {
            self.feed(id, place);
        }
    }

    /// Passes on what comes for an instance at the junction with this place, if it reads there.
    fn feed(&mut self, id: InstanceId, place: usize) {
        let Instance { child: Some(child), junctions, .. } = &mut self.instances[id.0] else {
            return;
        };
        let Junction { plan, hub, side: Side::Reader(outlet) } = &junctions[place] else { return };
        let Some(inlet) = child.inlets[place].take() else { return };
        let (stop, stopped) = oneshot::channel();
        child.stop_feeding.push(stop);
        let (hub, outlet, channel) = (Rc::clone(hub), *outlet, plan.channel);
        self.spawn_for(id, async move {
            let (inlet, is_overdue) = hub.pump(outlet, inlet, stopped).await;
            Done::Fed(place, inlet, is_overdue)
        });
        self.channels[channel.0].begin(&mut self.tasks);
    }

    /// Begins a task of an instance's incarnation, which isn't over before the task is, unless it is
    /// [let go](Self::let_go).
    fn spawn_for(&mut self, id: InstanceId, task: impl Future<Output = Done> + 'static) {
        let instance = &mut self.instances[id.0];
        instance.tasks += 1;
        let incarnation = instance.incarnation();
        // Within the other future it would take its room twice.
        let task = Box::pin(task);
        self.tasks.spawn_local(async move { Ended::Instance(incarnation, task.await) });
    }
}
