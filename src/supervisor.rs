//! One event loop over one command: events in, actions out.
//!
//! What an event means is decided by [`policy`]; here stand the sources of the events and what the
//! actions do to processes and streams.

use std::collections::{BTreeSet, VecDeque};
use std::fs::File;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use gipc::frames::{FrameReader, FrameWriter};
use gipc::process::{ExitStatus, Process, Signal};
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;
use tokio::signal::unix::SignalKind;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{JoinError, JoinSet};
use tracing::{debug, error, info, warn};

use crate::delivery::{Delivery, Leftover};
use crate::guard::{self, Arrival, Arrivals, Link, Verdict};
use crate::logs::{self, Origin, Sink};
use crate::plan::{Channels, Supervise, Wiring};
use crate::ready::Condition;
use crate::record::Recorder;
use crate::relay::{Counts, Draining, Feed, Inlet, Lane, Outcome, Output, Stop, Trouble};
use crate::report::{self, Moment};
use crate::signals::{self, Request};
use crate::stream::{Patient, Stream};

mod account;
mod ending;
pub(crate) mod policy;
mod status;
mod wiring;

use policy::{Action, Event, Policy, Readiness};
use wiring::Ends;

/// Why supervision could not begin, or could not end well.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("cannot set up supervision")]
    Guard(#[source] io::Error),
    #[error("cannot set up supervision")]
    Runtime(#[source] io::Error),
    #[error("cannot write the record `{}`", path.display())]
    Record { path: std::path::PathBuf, source: io::Error },
    #[error("cannot write the report `{}`", path.display())]
    Report { path: std::path::PathBuf, source: io::Error },
}

/// Supervises a command until it has ended; in a process of its own, under the guard.
pub(crate) fn run(plan: Supervise, link: io::Result<Link>) -> Result<Verdict, Error> {
    let link = link.map_err(Error::Guard)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Error::Runtime)?;
    let local = tokio::task::LocalSet::new();
    let verdict = local.block_on(&runtime, async {
        let (sink, writing) = logs::start(plan.log).map_err(Error::Runtime)?;
        let mut supervisor = Supervisor::new(plan, link, sink)?;
        let mut verdict = supervisor.run().await;
        // What is still to be said; a signal that comes now is the last word.
        let said = writing.finish();
        tokio::pin!(said);
        let patience = supervisor.policy.patience(Instant::now());
        loop {
            tokio::select! {
                () = &mut said => break,
                () = async {
                    match patience {
                        Some(patience) => tokio::time::sleep(patience).await,
                        None => std::future::pending().await,
                    }
                } => break,
                arrival = supervisor.arrivals.next() => {
                    let request = signals::request(arrival, supervisor.shares_terminal);
                    if let Request::Stop(signal) | Request::Kill(signal) = request {
                        verdict = Verdict::Signal(signal);
                        break;
                    }
                }
            }
        }
        // Whatever the report is written to may make us wait.
        guard::die_with_guard();
        supervisor.write_report(verdict)?;
        Ok(verdict)
    });
    // A thread may still wait for input that never comes, or for a reader of what we say.
    runtime.shutdown_background();
    verdict
}

/// What a task of this incarnation has to tell.
#[derive(Debug)]
enum Note {
    /// The incarnation with this number, from 1, is ready.
    Ready(usize),
    /// gipc cannot go on.
    Failed,
}

/// A task of an incarnation that has ended, and what it hands back.
enum Done {
    Fed(Box<Feed>, Inlet, Outcome),
    Collected(Box<Output>, Outcome),
    /// Lines, or the wait for readiness.
    Other,
}

/// What the loop was waiting for.
enum Woken {
    Begin,
    Arrival(Arrival),
    /// A TERM that came around the guard.
    Term,
    Children,
    Note(Note),
    Done(Result<Done, JoinError>),
    Tick,
}

/// The command as it runs, or as what is left of it.
struct Child {
    process: Process,
    status: Option<ExitStatus>,
    /// Its streams' readers: has it ended?
    ending: watch::Sender<bool>,
    /// Where its messages go in, until they do.
    inlet: Option<Inlet>,
    stop_feeding: Option<oneshot::Sender<Stop>>,
    fed: bool,
    /// What its end asks for is being done: from now on it may be reaped.
    closed: bool,
    /// It has ended, and nothing that it started is left.
    alone: bool,
    /// With what its group was asked to end.
    group_asked: Option<Signal>,
    /// Who has been asked to end one by one.
    asked: BTreeSet<i32>,
}

struct Supervisor {
    plan: Supervise,
    policy: Policy,
    link: Link,
    arrivals: Arrivals,
    /// With a terminal the command is its foreground job, as it would be without us.
    shares_terminal: bool,
    sink: Sink,
    child: Option<Child>,
    /// Between incarnations, what outlives them.
    feed: Option<Box<Feed>>,
    output: Option<Box<Output>>,
    recorder: Option<Recorder>,
    report: Option<File>,
    /// What the last incarnation has not read.
    leftover: Leftover,
    tasks: JoinSet<Done>,
    notes: (mpsc::UnboundedSender<Note>, mpsc::UnboundedReceiver<Note>),
    /// What is left is being killed.
    killing: bool,
    /// Why the next start is made, and why the last end came.
    reason: &'static str,
    ended_because: Option<&'static str>,
    started: Moment,
    history: Vec<report::Incarnation>,
    counts: [(&'static str, Arc<Counts>); 2],
}

impl Supervisor {
    fn new(plan: Supervise, mut link: Link, sink: Sink) -> Result<Self, Error> {
        let shares_terminal = matches!(plan.wiring, Wiring::Inherited) && has_terminal();
        let counts = [("in", Arc::default()), ("out", Arc::default())];
        let arrivals = link.arrivals().map_err(Error::Guard)?;
        let mut supervisor = Self {
            policy: Policy::new(plan.rules.clone()),
            link,
            arrivals,
            shares_terminal,
            sink,
            child: None,
            feed: None,
            output: None,
            recorder: None,
            report: None,
            leftover: Leftover::default(),
            tasks: JoinSet::new(),
            notes: mpsc::unbounded_channel(),
            killing: false,
            reason: "first start",
            ended_because: None,
            started: Moment::now(),
            history: Vec::new(),
            counts,
            plan,
        };
        supervisor.open_files()?;
        Ok(supervisor)
    }

    /// Opens what is written to and read from: what cannot be is told before anything starts.
    fn open_files(&mut self) -> Result<(), Error> {
        if let Some(path) = &self.plan.report {
            let opened = File::create(path);
            self.report =
                Some(opened.map_err(|source| Error::Report { path: path.clone(), source })?);
        }
        let Wiring::Channels(channels) = &self.plan.wiring else { return Ok(()) };
        if let Some(path) = &channels.record {
            let opened = Recorder::open(path.clone());
            self.recorder =
                Some(opened.map_err(|source| Error::Record { path: path.clone(), source })?);
        }
        let Channels { framing, input, output, max_message, .. } = *channels;
        let instance = self.plan.instance();
        let lane = |index: usize, from: &str, to: &str| {
            let (channel, counts) = &self.counts[index];
            Lane {
                channel,
                from: from.to_owned(),
                to: to.to_owned(),
                counts: Arc::clone(counts),
                recorder: self.recorder.clone(),
            }
        };
        if let Some(input) = input {
            let stream = Stream::from(Patient::duplicate(io::stdin()).map_err(Error::Runtime)?);
            self.feed = Some(Box::new(Feed {
                input: FrameReader::new(stream, input, max_message),
                input_ended: false,
                framing,
                delivery: Delivery::new(framing, max_message),
                lane: lane(0, "-", &instance),
            }));
        }
        if let Some(output) = output {
            let stream = Stream::from(Patient::duplicate(io::stdout()).map_err(Error::Runtime)?);
            self.output = Some(Box::new(Output {
                writer: FrameWriter::new(stream, output),
                lane: lane(1, &instance, "-"),
            }));
        }
        Ok(())
    }

    async fn run(&mut self) -> Verdict {
        guard::outlive_guard();
        let listen = |kind| tokio::signal::unix::signal(kind);
        let (mut children, mut term) =
            match (listen(SignalKind::child()), listen(SignalKind::terminate())) {
                (Ok(children), Ok(term)) => (children, term),
                (Err(error), _) | (_, Err(error)) => {
                    error!("cannot listen to signals: {error}");
                    return Verdict::Exit(Verdict::FAILED);
                }
            };
        // Now that there are handlers. All else comes by the guard.
        guard::unblock_for_supervisor();
        let mut woken = Woken::Begin;
        loop {
            if let Some(verdict) = self.deal_with(woken) {
                // Even where what was to end has not: the guard may be killed just now.
                let _ = guard::tree::kill_all();
                self.count_unread();
                return verdict;
            }
            let tick = self.policy.deadline();
            woken = tokio::select! {
                arrival = self.arrivals.next() => Woken::Arrival(arrival),
                _ = term.recv() => Woken::Term,
                _ = children.recv() => Woken::Children,
                Some(note) = self.notes.1.recv() => Woken::Note(note),
                Some(done) = self.tasks.join_next() => Woken::Done(done),
                () = async {
                    match tick {
                        Some(tick) => tokio::time::sleep_until(tick.into()).await,
                        None => std::future::pending().await,
                    }
                } => Woken::Tick,
            };
        }
    }

    /// Does all that follows from what has happened; comes back with how gipc is to end, if it is.
    fn deal_with(&mut self, woken: Woken) -> Option<Verdict> {
        let mut events = VecDeque::new();
        match woken {
            Woken::Begin => events.push_back(Event::Begin),
            Woken::Arrival(arrival) => {
                events.extend(self.answer(signals::request(arrival, self.shares_terminal)));
            }
            Woken::Term => {
                events.push_back(Event::Asked { signal: Signal::TERM, by_guard: false });
            }
            Woken::Children => events.extend(self.look_at_children()),
            Woken::Note(note) => events.extend(self.take_note(note)),
            Woken::Done(Ok(done)) => events.extend(self.take_back(done)),
            Woken::Done(Err(panic)) => {
                error!("{panic}");
                events.push_back(Event::Failed);
            }
            Woken::Tick => events.push_back(Event::Tick),
        }
        while let Some(event) = events.pop_front().or_else(|| self.gone()) {
            debug!("{event:?}");
            for action in self.policy.step(event, Instant::now(), fastrand::f64()) {
                debug!("{action:?}");
                if let Action::Finish(verdict) = action {
                    return Some(verdict);
                }
                events.extend(self.act(action));
            }
        }
        None
    }

    fn take_note(&mut self, note: Note) -> Option<Event> {
        match note {
            // Else it is the last word of one that is gone.
            Note::Ready(incarnation) if incarnation == self.history.len() => {
                let ready = &mut self.history.last_mut()?.ready;
                ready.get_or_insert(Moment::now());
                Some(Event::Ready)
            }
            Note::Ready(_) => None,
            Note::Failed => Some(Event::Failed),
        }
    }

    /// Does what a signal asks for, as far as the policy has no say in it.
    fn answer(&mut self, request: Request) -> Option<Event> {
        match request {
            Request::Stop(signal) => {
                if self.child.is_some() && self.ended_because.is_none() {
                    warn!("{signal}: stopping {}; send it again to kill", self.plan.instance());
                }
                return Some(Event::Asked { signal, by_guard: true });
            }
            Request::Kill(signal) => return Some(Event::Demanded(signal)),
            Request::Status => self.sink.say(self.status().into()),
            Request::Reopen => {
                if let Some(recorder) = self.recorder.clone() {
                    let notes = self.notes.0.clone();
                    // In a task of its own: a write that is under way may take its time.
                    tokio::task::spawn_local(async move {
                        if let Err(error) = recorder.reopen().await {
                            error!("cannot reopen the record: {error}");
                            let _ = notes.send(Note::Failed);
                        }
                    });
                }
            }
            Request::Suspend(signal) => {
                self.forward(signal);
                return Some(Event::Suspended { supervisor: true });
            }
            Request::Continue => {
                self.forward(Signal::CONT);
                return Some(Event::Resumed);
            }
            Request::Forward(signal) => self.forward(signal),
            Request::Ignore => {}
        }
        None
    }

    /// Sends a signal to the command's group, or where that is ours too, to it alone.
    fn forward(&self, signal: Signal) {
        let Some(child) = &self.child else { return };
        let sent = if self.shares_terminal {
            child.process.signal(signal)
        } else {
            child.process.signal_group(signal)
        };
        if let Err(error) = sent {
            warn!("cannot send {signal} to {}: {error}", self.plan.instance());
        }
    }

    fn act(&mut self, action: Action) -> Option<Event> {
        let instance = self.plan.instance();
        match action {
            Action::Start { restarts } => return Some(self.start(restarts)),
            Action::Feed => self.begin_feeding(),
            Action::CloseInput => {
                // A worker that was never ready: what came for it is counted all the same.
                self.begin_feeding();
                let child = self.child.as_mut()?;
                child.closed = child.status.is_some();
                if let Some(stop) = child.stop_feeding.take() {
                    let by_itself = child.status.is_some() && self.ended_because.is_none();
                    // Where the feeding is over it has closed the channel already.
                    let _ = stop.send(if by_itself { Stop::WorkerEnded } else { Stop::Asked });
                }
            }
            Action::Stop(signal) => self.ask_to_end(signal),
            Action::Kill => {
                self.killing = true;
                self.ended_because.get_or_insert("killed by gipc");
                if let Some(child) = &self.child
                    && !self.shares_terminal
                {
                    let _ = child.process.signal_group(Signal::KILL);
                }
                self.kill_rest();
            }
            Action::GiveUp => {
                let limit = self.plan.rules.limit;
                error!(
                    "{instance} ended again after {} restarts within {}: giving up",
                    limit.count,
                    humantime::format_duration(limit.within),
                );
            }
            Action::TooLong { getting_ready } => {
                self.ended_because = Some(if getting_ready { "not ready" } else { "timeout" });
                match (getting_ready, self.plan.rules.readiness, self.plan.rules.timeout) {
                    (true, Readiness::Told { timeout }, _) => error!(
                        "{instance} was not ready within --ready-timeout {}: stopping it",
                        humantime::format_duration(timeout)
                    ),
                    (_, _, timeout) => error!(
                        "{instance} took too long (--timeout {}): stopping it",
                        humantime::format_duration(timeout.unwrap_or_default())
                    ),
                }
            }
            Action::Suspend { supervisor } => self.link.stop(supervisor),
            // The loop has ended with it.
            Action::Finish(_) => {}
        }
        None
    }

    fn start(&mut self, restarts: u32) -> Event {
        let group = self.shares_terminal.then_some(self.link.group());
        let (process, ends) = match wiring::start(&self.plan, restarts, group) {
            Ok(started) => started,
            Err(error) => {
                let code = error.exit_code();
                error!("{}", crate::chain(&error));
                return Event::StartFailed(code);
            }
        };
        let instance = self.plan.instance();
        if restarts > 0 {
            warn!("started {instance} again (restart {restarts}), as process {}", process.pid());
        } else {
            info!("started {instance} as process {}", process.pid());
        }
        if matches!(self.plan.wiring, Wiring::Inherited)
            && self.plan.rules.restart == policy::Restart::Never
        {
            guard::release_inherited(); // It has them now, and nobody else is to get them.
        }
        self.history.push(report::Incarnation::new(process.pid(), self.reason));
        self.ended_because = None;
        let leftover = std::mem::take(&mut self.leftover);
        Counts::add(&self.counts[0].1.redelivered, leftover.unread);
        let Ends { inlet, messages, lines, ready } = ends;
        let (ending, watch) = watch::channel(false);
        self.child = Some(Child {
            process,
            status: None,
            ending,
            inlet,
            stop_feeding: None,
            fed: false,
            closed: false,
            alone: false,
            group_asked: None,
            asked: BTreeSet::new(),
        });
        self.listen(messages, lines, ready, &watch);
        Event::Started
    }

    /// Starts to take what the command sends and prints.
    fn listen(
        &mut self,
        messages: Option<pipe::Receiver>,
        lines: Vec<(&'static str, pipe::Receiver)>,
        ready: Option<pipe::Receiver>,
        ending: &watch::Receiver<bool>,
    ) {
        let grace = self.plan.rules.grace;
        let Wiring::Channels(channels) = &self.plan.wiring else { return };
        let tell_ready = |condition: bool| {
            let (notes, incarnation) = (self.notes.0.clone(), self.history.len());
            condition.then_some(move || drop(notes.send(Note::Ready(incarnation))))
        };
        if let Some((messages, output)) = messages.zip(self.output.take()) {
            let reader = FrameReader::new(messages, channels.framing, channels.max_message);
            let source = Draining { io: reader, ending: ending.clone(), grace };
            let first = tell_ready(matches!(channels.ready, Some(Condition::Message)));
            self.tasks.spawn_local(async move {
                let (output, outcome) = output.collect(source, first).await;
                Done::Collected(Box::new(output), outcome)
            });
        }
        for (stream, pipe) in lines {
            let source = Draining { io: pipe, ending: ending.clone(), grace };
            let origin = Origin { instance: self.plan.instance(), stream };
            let watch = match &channels.ready {
                Some(Condition::Log(regex)) => Some(regex.clone()).zip(tell_ready(true)),
                _ => None,
            };
            let sink = self.sink.clone();
            self.tasks.spawn_local(async move {
                sink.relay(source, origin, watch).await;
                Done::Other
            });
        }
        if let Some((pipe, tell)) = ready.zip(tell_ready(true)) {
            let mut source = Draining { io: pipe, ending: ending.clone(), grace };
            self.tasks.spawn_local(async move {
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
    }

    fn begin_feeding(&mut self) {
        let Some(child) = &mut self.child else { return };
        if !std::mem::replace(&mut child.fed, true)
            && let Some((inlet, feed)) = child.inlet.take().zip(self.feed.take())
        {
            let (stop, stopped) = oneshot::channel();
            child.stop_feeding = Some(stop);
            self.tasks.spawn_local(async move {
                let (feed, inlet, outcome) = feed.pump(inlet, stopped).await;
                Done::Fed(Box::new(feed), inlet, outcome)
            });
        }
    }

    /// A task has ended.
    fn take_back(&mut self, done: Done) -> Option<Event> {
        let outcome = match done {
            Done::Fed(feed, inlet, outcome) => {
                self.feed = Some(feed);
                if let Some(child) = &mut self.child {
                    child.inlet = Some(inlet);
                }
                outcome
            }
            Done::Collected(output, outcome) => {
                self.output = Some(output);
                outcome
            }
            Done::Other => Outcome::default(),
        };
        match outcome.trouble {
            None => outcome.lost.then_some(Event::Lost),
            Some(Trouble::Garbled(error)) => {
                error!("channel `out` from {}: {error}; stopping it", self.plan.instance());
                self.ended_because = Some("garbled messages");
                Some(Event::Garbled)
            }
            Some(Trouble::OutputClosed) => {
                info!("nobody reads standard output any more: stopping");
                self.ended_because = Some("output closed");
                Some(Event::OutputClosed)
            }
            Some(Trouble::Output(error)) => {
                error!("cannot write to standard output: {error}");
                Some(Event::Failed)
            }
            Some(Trouble::Record(error)) => {
                error!("cannot write the record: {error}");
                Some(Event::Failed)
            }
        }
    }
}

fn has_terminal() -> bool {
    File::open("/dev/tty").is_ok()
}
