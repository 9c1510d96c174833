//! One event loop over all instances: events in, actions out.
//!
//! What an event means is decided by [`policy`] for an instance and by [`session`] for all of them;
//! here stand the sources of the events and what the actions do to processes and streams.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs::File;
use std::io;
use std::rc::Rc;
use std::time::Instant;

use gipc::process::{ExitCode, Signal};
use gipc::spawn::Limit;
use tokio::sync::{Notify, mpsc};
use tokio::task::{JoinError, JoinSet};
use tracing::{debug, error, info, warn};

use crate::answers::{Halted, Pool};
use crate::control::{self, Asked, Requests, Server, Socket};
use crate::footprint;
use crate::guard::background::Caller;
use crate::guard::{self, Arrival, Arrivals, DirectSignal, Link, Verdict};
use crate::logs::{self, LogFile, Sink};
use crate::plan::Supervise;
use crate::plan::channel::ChannelId;
use crate::plan::topology::Process;
use crate::probe::Asking;
use crate::record::playback::{self, Playback};
use crate::record::{DeadLetters, Recorder};
use crate::relay::{Inlet, Outcome, Reopenable, Stop, Trouble};
use crate::report::Moment;
use crate::signals::{self, Request};

mod account;
mod acting;
mod channels;
#[cfg(unix)]
#[path = "supervisor/descriptors/unix.rs"]
mod descriptors;
#[cfg(windows)]
#[path = "supervisor/descriptors/windows.rs"]
mod descriptors;
mod ending;
#[cfg(target_os = "linux")]
#[path = "supervisor/endings/linux.rs"]
mod endings;
#[cfg(not(target_os = "linux"))]
#[path = "supervisor/endings/portable.rs"]
mod endings;
mod history;
mod instance;
mod lost;
mod opening;
pub(crate) mod policy;
mod pooling;
mod requests;
mod session;
mod signalling;
mod starting;
mod status;
#[cfg(unix)]
#[path = "supervisor/strays/unix.rs"]
mod strays;
#[cfg(windows)]
#[path = "supervisor/strays/windows.rs"]
mod strays;
mod timetable;
mod wiring;

use channels::Channel;
use endings::Endings;
use instance::Instance;
use policy::Event;
use requests::Waiting;
use session::{Happening, InstanceId, Order, Session};
use timetable::Timetable;

/// Why supervision could not begin, or could not end well.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("cannot set up supervision")]
    Guard(#[source] io::Error),
    #[error("cannot set up supervision")]
    Runtime(#[source] io::Error),
    #[cfg_attr(windows, expect(dead_code, reason = "there is no limit"))]
    #[error(
        "{instances} instances need {needed} descriptors, but this system gives us {hard} at the \
         most (see `ulimit -Hn`)"
    )]
    Descriptors { instances: usize, needed: u64, hard: u64 },
    #[error(transparent)]
    Socket(#[from] control::Error),
    #[error("cannot listen on the control socket `{}`", path.display())]
    Server { path: std::path::PathBuf, source: io::Error },
    #[error("cannot make a pipe")]
    Pipe(#[source] io::Error),
    #[error(
        "cannot make a file to spill to in `{}` (TMPDIR is another place)",
        std::env::temp_dir().display()
    )]
    Spill(#[source] io::Error),
    #[error(transparent)]
    Playback(#[from] playback::Error),
    #[error("cannot write the record `{}`", path.display())]
    Record { path: std::path::PathBuf, source: io::Error },
    #[error("cannot use the joblog `{}`", path.display())]
    Joblog { path: std::path::PathBuf, source: io::Error },
    #[error("cannot write the dead letters `{}`", path.display())]
    DeadLetters { path: std::path::PathBuf, source: io::Error },
    #[error("cannot write the log file `{}`", path.display())]
    Log { path: std::path::PathBuf, source: io::Error },
    #[error("cannot write the report `{}`", path.display())]
    Report { path: std::path::PathBuf, source: io::Error },
}

impl Error {
    /// 2 where what was typed is to blame, else 125.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Playback(error) => error.exit_code(),
            _ => Verdict::FAILED,
        }
    }
}

/// Supervises processes until all is over; in a process of its own, under the guard.
pub(crate) fn run(
    plan: Supervise,
    link: io::Result<Link>,
    caller: Option<Caller>,
) -> Result<Verdict, Error> {
    let link = link.map_err(Error::Guard)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Error::Runtime)?;
    let local = tokio::task::LocalSet::new();
    let verdict = local.block_on(&runtime, async {
        let (sink, writing) =
            logs::start(plan.log, plan.session.is_some()).map_err(Error::Runtime)?;
        let playback = match &plan.replay {
            None => None,
            Some(replay) => Some(Playback::open(replay, |skipped| error!("{skipped}")).await?),
        };
        let mut supervisor = Supervisor::new(plan, playback, link, sink)?;
        supervisor.caller = caller;
        supervisor.plan.topology.remarks.iter().for_each(|remark| warn!("{remark}"));
        supervisor.begin_group();
        tokio::task::spawn_local(footprint::release_when_settled());
        let mut verdict = supervisor.run(&writing.closed()).await;
        supervisor.annotate(verdict);
        if let Some(pool) = &supervisor.pool {
            pool.end_progress();
        }
        supervisor.sink.end();
        // What is still to be said; a signal that comes now is the last word.
        let server = supervisor.server.take();
        for channel in &supervisor.channels {
            channel.hub.close_doors();
            channel.hub.end_calls();
        }
        let logs = supervisor.logs.clone();
        let said = async {
            for log in &logs {
                log.finish().await;
            }
            if let Some(server) = server {
                server.finish().await;
            }
            writing.finish().await;
        };
        tokio::pin!(said);
        let patience = supervisor.patience();
        loop {
            tokio::select! {
                () = &mut said => break,
                () = sleep_until(patience) => break,
                arrival = supervisor.arrivals.next() => {
                    let request = signals::request(arrival, supervisor.shares_terminal);
                    if let Request::Stop(signal) | Request::Kill(signal) = request {
                        verdict = Verdict::Signal(signal);
                        break;
                    }
                }
            }
        }
        let has_lines = |it: &Instance| !it.plan.is_inherited();
        let has_lost = writing.has_lost() && supervisor.instances.iter().any(has_lines);
        if verdict == Verdict::Exit(0) && has_lost {
            verdict = Verdict::Exit(Verdict::FAILED);
        }
        // Whatever the report is written to may make us wait.
        guard::die_with_guard();
        supervisor.write_report(verdict)?;
        Ok(verdict)
    });
    // This process ends now, and all that it has ends with it: to take it apart first costs a
    // short command more than its own time. A thread may still wait for input that never comes.
    std::mem::forget((runtime, local));
    verdict
}

/// Until then; without a moment, for ever.
async fn sleep_until(moment: Option<Instant>) {
    match moment {
        // The runtime's clock would have it wait for up to a millisecond.
        Some(moment) if moment <= Instant::now() => {}
        Some(moment) => tokio::time::sleep_until(moment.into()).await,
        None => std::future::pending().await,
    }
}

/// The next request; for ever none where nobody can ask.
async fn next(requests: &mut Option<Requests>) -> Option<Asked> {
    match requests {
        Some(requests) => requests.recv().await,
        None => std::future::pending().await,
    }
}

/// The end of who has called us, if he waits.
async fn ended(caller: Option<&Caller>) {
    match caller {
        Some(caller) => caller.ended().await,
        None => std::future::pending().await,
    }
}

/// What a task of an incarnation has to tell.
#[derive(Debug)]
enum Note {
    /// The instance's incarnation with this number, from 1, is ready.
    Ready(InstanceId, usize),
    /// It has shown a sign of life.
    Alive(InstanceId, usize),
    /// Its health check has failed too often.
    Unhealthy(InstanceId, usize),
    /// It has answered a message.
    Progress(InstanceId, usize),
    /// The rule for an early end of the pool says so.
    Halted(Halted),
    /// A message of this channel was refused some time after it came.
    Refused(ChannelId),
}

/// A task of an incarnation that has ended, and what it hands back.
enum Done {
    /// The messages into the junction with this place; whether an answer is overdue.
    Fed(usize, Inlet, bool),
    /// What it has sent at the junction with this place, and where it was sent, if that has ended as
    /// it should.
    Collected(usize, Outcome, Option<Reopenable>),
    /// Lines, or the wait for readiness.
    Other,
}

/// A task that has ended.
enum Ended {
    Instance(InstanceId, Done),
    Channel(ChannelId, Outcome),
    /// All answers of the pool are written on this channel, or cannot be.
    Answers(ChannelId, Option<Trouble>),
}

/// What the loop was waiting for.
enum Woken {
    Begin,
    Arrival(Arrival),
    /// A signal that came around the guard.
    Direct(DirectSignal),
    /// Nobody reads what we say any more.
    Unheard,
    Note(Note),
    Done(Result<Ended, JoinError>),
    Asked(Asked),
    /// Who has called us has not waited for the end of the start.
    Abandoned,
    Tick,
}

struct Supervisor {
    plan: Supervise,
    session: Session,
    /// As they are described now; those that are not any more have no replicas.
    processes: Vec<Rc<Process>>,
    instances: Vec<Instance>,
    /// When their policies are to be woken.
    timetable: Timetable,
    /// The commands that run, as far as we have seen.
    endings: Endings,
    /// Those that have ended and are not gone yet.
    ended: BTreeSet<InstanceId>,
    /// By its pid whose command it is, until it is gone.
    leaders: BTreeMap<i32, InstanceId>,
    link: Link,
    arrivals: Arrivals,
    /// Where it is a session that others may control.
    server: Option<Server>,
    requests: Option<Requests>,
    /// Who waits to be told how the start went.
    caller: Option<Caller>,
    /// Who waits for something to happen.
    waiting: Vec<Waiting>,
    /// With a terminal the command is its foreground job, as it would be without us.
    shares_terminal: bool,
    sink: Sink,
    channels: Vec<Channel>,
    pool: Option<Rc<Pool>>,
    /// How gipc ends when the last answers are written.
    last_verdict: Option<Verdict>,
    /// All its answers are written, or cannot be.
    answers_end: bool,
    /// The signal at which the pool has stopped to take messages.
    finishing: Option<Signal>,
    recorders: Vec<Recorder>,
    dead_letters: Vec<DeadLetters>,
    /// Of the names before lines.
    width: usize,
    /// The log files of all.
    logs: Vec<LogFile>,
    /// For each process its own.
    logs_of: Vec<Option<LogFile>>,
    report: Option<File>,
    tasks: JoinSet<Ended>,
    notes: (mpsc::UnboundedSender<Note>, mpsc::UnboundedReceiver<Note>),
    asking: Asking,
    started: Moment,
    /// When the whole run has taken too long.
    timeout_at: Option<Instant>,
    /// When what has not ended is killed, as somebody has asked for.
    kill_all_at: Option<Instant>,
    suspended_at: Option<Instant>,
    /// The limit of descriptors that instances get, where ours is another.
    descriptors: Option<Limit>,
}

impl Supervisor {
    fn new(
        mut plan: Supervise,
        playback: Option<Playback>,
        mut link: Link,
        sink: Sink,
    ) -> Result<Self, Error> {
        // First of all: where there is such a session nothing of it is touched.
        let (server, requests) = match plan.session.as_deref().map(Socket::bind).transpose()? {
            Some(socket) => {
                let path = socket.path().to_owned();
                let failed = |source| Error::Server { path, source };
                let (server, requests) = Server::start(socket).map_err(failed)?;
                requests::give_socket(&mut plan.topology, server.path());
                (Some(server), Some(requests))
            }
            None => (None, None),
        };
        let shares_terminal = matches!(plan.topology.processes[..], [ref only] if only.is_inherited())
            && guard::has_terminal();
        let arrivals = link.arrivals().map_err(Error::Guard)?;
        let replicas = plan.topology.processes.iter().map(|process| process.replicas);
        let each = plan.topology.descriptors_of_each();
        let descriptors = descriptors::make_room(replicas.sum(), each)?;
        let mut supervisor = Self {
            session: Session::new(&plan.topology),
            processes: plan.topology.processes.iter().cloned().map(Rc::new).collect(),
            width: 0,
            caller: None,
            waiting: Vec::new(),
            instances: Vec::new(),
            timetable: Timetable::default(),
            endings: Endings::default(),
            ended: BTreeSet::new(),
            leaders: BTreeMap::new(),
            link,
            arrivals,
            server,
            requests,
            shares_terminal,
            sink,
            channels: Vec::new(),
            pool: None,
            last_verdict: None,
            answers_end: false,
            finishing: None,
            recorders: Vec::new(),
            dead_letters: Vec::new(),
            logs: Vec::new(),
            logs_of: Vec::new(),
            report: None,
            tasks: JoinSet::new(),
            notes: mpsc::unbounded_channel(),
            asking: Asking::default(),
            started: Moment::now(),
            suspended_at: None,
            descriptors,
            kill_all_at: None,
            timeout_at: plan.timeout.map(|timeout| Instant::now() + timeout),
            plan,
        };
        supervisor.open_files(playback)?;
        Ok(supervisor)
    }

    async fn run(&mut self, unheard: &Notify) -> Verdict {
        guard::outlive_guard();
        let mut direct = match guard::Direct::new(&self.link) {
            Ok(direct) => direct,
            Err(error) => {
                error!("cannot handle signals: {error}");
                return Verdict::Exit(Verdict::FAILED);
            }
        };
        let mut woken = Woken::Begin;
        loop {
            if let Some(verdict) = self.deal_with(woken) {
                // Even where what was to end has not: the guard may be killed just now.
                self.kill_all();
                for id in (0..self.instances.len()).map(InstanceId) {
                    self.leave_channels(id);
                }
                self.channels.iter().for_each(|channel| channel.hub.close_taps());
                return verdict;
            }
            let ticks = self.timetable.first().into_iter();
            let tick = ticks.chain(self.timeout()).chain(self.end_of_patience()).min();
            woken = tokio::select! {
                arrival = self.arrivals.next() => Woken::Arrival(arrival),
                signal = direct.next() => Woken::Direct(signal),
                () = unheard.notified() => Woken::Unheard,
                Some(note) = self.notes.1.recv() => Woken::Note(note),
                Some(done) = self.tasks.join_next() => Woken::Done(done),
                Some(asked) = next(&mut self.requests) => Woken::Asked(asked),
                () = ended(self.caller.as_ref()) => Woken::Abandoned,
                () = sleep_until(tick) => Woken::Tick,
            };
        }
    }

    /// Does all that follows from what has happened; comes back with how gipc is to end, if it is.
    fn deal_with(&mut self, woken: Woken) -> Option<Verdict> {
        let mut queue = Queue::default();
        // What a task has had to tell comes before its end.
        while let Ok(note) = self.notes.1.try_recv() {
            let event = self.take_note(note, &mut queue);
            queue.events.extend(event);
        }
        match woken {
            Woken::Begin => queue.happenings.push_back(Happening::Begin),
            Woken::Arrival(arrival) => {
                self.answer(signals::request(arrival, self.shares_terminal), &mut queue);
            }
            Woken::Direct(DirectSignal::Term) => {
                let happening = Happening::Asked { signal: Signal::TERM, by_guard: false };
                queue.happenings.push_back(happening);
            }
            Woken::Direct(DirectSignal::Children) => self.look_at_children(&mut queue),
            Woken::Unheard => {
                // What is run to be read ends with its reader, as in any pipeline.
                if self.instances.iter().any(Instance::prints_for_readers)
                    && !self.session.is_ending()
                {
                    let signal = Signal::PIPE;
                    queue.happenings.push_back(Happening::Asked { signal, by_guard: false });
                }
            }
            Woken::Note(note) => {
                let event = self.take_note(note, &mut queue);
                queue.events.extend(event);
            }
            Woken::Done(Ok(Ended::Answers(id, trouble))) => {
                self.answers_end = true;
                let outcome = Outcome { trouble, lost: false };
                queue.events.extend(self.take_back_channel(id, outcome));
            }
            Woken::Done(Ok(Ended::Channel(id, outcome))) => {
                queue.events.extend(self.take_back_channel(id, outcome));
            }
            Woken::Done(Ok(Ended::Instance(id, done))) => {
                queue.events.extend(self.take_back(id, done).map(|event| (id, event)));
                queue.touched.push(id);
            }
            Woken::Done(Err(panic)) => {
                error!("{panic}");
                let all = self.instances.iter().map(|it| (it.id, Event::Failed));
                queue.events.extend(all);
            }
            Woken::Asked(asked) => self.serve(asked, &mut queue),
            Woken::Abandoned => {
                self.caller = None;
                let signal = Signal::HUP;
                queue.happenings.push_back(Happening::Asked { signal, by_guard: false });
            }
            Woken::Tick => {
                let now = Instant::now();
                if self.end_of_patience().is_some_and(|at| at <= now) {
                    self.kill_all_at = None;
                    queue.happenings.push_back(Happening::Demanded(Signal::TERM));
                }
                queue.events.extend(self.timetable.due(now).map(|id| (id, Event::Tick)));
                if self.timeout().is_some_and(|at| at <= now) {
                    self.timeout_at = None;
                    self.time_out(&mut queue);
                }
            }
        }
        let verdict = self.work_off(queue);
        self.answer_the_waiting();
        self.tell_caller();
        self.last_verdict = verdict.or(self.last_verdict);
        self.last_verdict.and_then(|verdict| self.conclude(verdict))
    }

    fn work_off(&mut self, mut queue: Queue) -> Option<Verdict> {
        loop {
            if let Some(order) = queue.orders.pop_front() {
                if let Some(verdict) = self.obey(order, &mut queue) {
                    return Some(verdict);
                }
            } else if let Some(happening) = queue.happenings.pop_front() {
                debug!("{happening:?}");
                let was_ending = self.session.is_ending();
                let orders = self.session.step(happening);
                if let Happening::Done { instance, .. } = happening
                    && !was_ending
                    && orders.iter().any(|order| matches!(order, Order::Stop(..)))
                    && self.session.is_ending()
                {
                    warn!("{} has ended: stopping the others", self.instances[instance.0].name);
                }
                // One that is down for a while only keeps its place in its channels.
                if let Happening::Done { instance, .. } = happening
                    && self.session.has_left(instance)
                {
                    self.leave_channels(instance);
                }
                queue.orders.extend(orders);
            } else if let Some((id, event)) = queue.events.pop_front() {
                self.happen(id, event, &mut queue);
            } else if let Some(id) = queue.touched.pop() {
                let events = self.gone(id).into_iter();
                queue.events.extend(events.map(|event| (id, event)));
            } else {
                return None;
            }
        }
    }

    fn take_note(&mut self, note: Note, queue: &mut Queue) -> Option<(InstanceId, Event)> {
        let (id, incarnation, event) = match note {
            Note::Ready(id, incarnation) => (id, incarnation, Event::Ready),
            Note::Alive(id, incarnation) => (id, incarnation, Event::Alive),
            Note::Unhealthy(id, incarnation) => (id, incarnation, Event::Unhealthy),
            Note::Progress(id, incarnation) => (id, incarnation, Event::Progress),
            Note::Halted(halted) => {
                self.halt(halted, queue);
                return None;
            }
            Note::Refused(channel) => {
                let outcome = Outcome { trouble: None, lost: true };
                queue.events.extend(self.take_back_channel(channel, outcome));
                return None;
            }
        };
        let instance = &mut self.instances[id.0];
        // Else it is the last word of one that is gone.
        if incarnation != instance.history.count() {
            return None;
        }
        if event == Event::Ready {
            instance.history.last_mut()?.ready.get_or_insert(Moment::now());
            info!("{} is ready", instance.name);
        }
        Some((id, event))
    }

    /// When the whole run has taken too long, unless time stands still.
    fn timeout(&self) -> Option<Instant> {
        self.timeout_at.filter(|_| self.suspended_at.is_none())
    }

    /// When what has not ended is killed, as somebody has asked for, unless time stands still.
    fn end_of_patience(&self) -> Option<Instant> {
        self.kill_all_at.filter(|_| self.suspended_at.is_none())
    }

    /// The whole run has taken too long.
    fn time_out(&mut self, queue: &mut Queue) {
        let mut running = Vec::new();
        let runs = |it: &&mut Instance| it.child.as_ref().is_some_and(|it| it.status.is_none());
        for instance in self.instances.iter_mut().filter(runs) {
            instance.ended_because.get_or_insert("timeout");
            running.push(&*instance.name);
        }
        let time = humantime::format_duration(self.plan.timeout.unwrap_or_default());
        match running[..] {
            [] => error!("timeout after {time}"),
            [.., _] if running.len() > MANY => {
                error!("timeout after {time}: stopping {} instances", running.len());
            }
            _ => error!("timeout after {time}: stopping {}", running.join(", ")),
        }
        queue.happenings.push_back(Happening::TimedOut);
    }

    fn close_input(&mut self, id: InstanceId) {
        // A worker that was never ready: what came for it is counted all the same.
        self.begin_feeding(id);
        let instance = &mut self.instances[id.0];
        let Some(child) = &mut instance.child else { return };
        child.closed = child.status.is_some();
        let by_itself = child.status.is_some() && instance.ended_because.is_none();
        for stop in child.stop_feeding.drain(..) {
            // Where the feeding is over it has closed the channel already.
            let _ = stop.send(if by_itself { Stop::WorkerEnded } else { Stop::Asked });
        }
    }

    /// A task of an instance has ended.
    fn take_back(&mut self, id: InstanceId, done: Done) -> Option<Event> {
        let instance = &mut self.instances[id.0];
        instance.tasks -= 1;
        let (place, Outcome { trouble, lost }) = match done {
            Done::Fed(place, inlet, is_overdue) => {
                if let Some(child) = &mut instance.child {
                    child.inlets[place] = Some(inlet);
                }
                return is_overdue.then_some(Event::Silent);
            }
            Done::Collected(place, outcome, pipe) => {
                self.take_back_pipe(id, place, pipe);
                (place, outcome)
            }
            Done::Other => return None,
        };
        let instance = &mut self.instances[id.0];
        let channel = &instance.junctions[place].hub.plan.name;
        match trouble {
            None | Some(Trouble::Unread) => lost.then_some(Event::Lost),
            Some(Trouble::Garbled(error)) => {
                error!("channel `{channel}` from {}: {error}; stopping it", instance.name);
                instance.ended_because = Some("garbled messages");
                Some(Event::Garbled)
            }
            Some(Trouble::Unasked) => {
                error!(
                    "channel `{channel}` from {}: it has sent an answer without a message to answer; stopping it",
                    instance.name
                );
                instance.ended_because = Some("unasked answer");
                Some(Event::Garbled)
            }
            Some(Trouble::Record(error)) => {
                error!("cannot write the record: {error}");
                Some(Event::Failed)
            }
            // Whoever writes there tells it.
            Some(
                Trouble::OutputClosed
                | Trouble::Output(_)
                | Trouble::Joblog(_)
                | Trouble::Playback(_),
            ) => None,
        }
    }

    /// How long what is still to be written may take at the end; `None`: as long as it takes.
    fn patience(&self) -> Option<Instant> {
        let last_words = self.instances.iter().filter_map(|it| it.policy.patience()).min();
        // Among several it is no hurry that their exit rule has stopped the last ones.
        let is_calm = self.instances.len() > 1 && !self.session.is_hurried();
        let last_words = last_words.filter(|_| !is_calm).map(|patience| Instant::now() + patience);
        last_words.into_iter().chain(self.timeout()).min()
    }
}

/// So many names are not read any more.
const MANY: usize = 20;

/// What is still to be dealt with.
#[derive(Default)]
struct Queue {
    orders: VecDeque<Order>,
    happenings: VecDeque<Happening>,
    events: VecDeque<(InstanceId, Event)>,
    /// Instances that may be gone now.
    touched: Vec<InstanceId>,
}
