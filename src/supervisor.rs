//! One event loop over all instances: events in, actions out.
//!
//! Here is what it waits for; [`events`] are taken apart, what they mean is decided by [`policy`] for an
//! instance and by [`session`] for all of them, and [`acting`] does it.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::rc::Rc;
use std::time::Instant;

use gipc::sleep_until;
use gipc::spawn::Limit;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tracing::{error, warn};

use crate::control::{Asked, Requests, Server};
use crate::footprint;
use crate::guard::background::Caller;
use crate::guard::{self, Arrivals, Link, Verdict};
use crate::logs::{self, Sink};
use crate::plan::Supervise;
use crate::plan::topology::Process;
use crate::probe::Asking;
use crate::record::playback::Playback;
use crate::report::Moment;

mod account;
mod acting;
mod answers;
mod awaited;
mod channels;
mod deadlines;
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
mod events;
mod explaining;
mod failure;
mod history;
mod instance;
mod last_words;
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

use awaited::Waiting;
use channels::Channel;
use endings::Endings;
use events::{Ended, Note, Woken};
pub(crate) use failure::Error;
use instance::Instance;
use opening::Files;
use pooling::Pooling;
use session::{InstanceId, Session};
use timetable::Timetable;

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
        let mut supervisor = Supervisor::new(plan, playback, link, sink, caller)?;
        supervisor.plan.topology.remarks.iter().for_each(|remark| warn!("{remark}"));
        supervisor.begin_group();
        tokio::task::spawn_local(footprint::release_when_settled());
        let verdict = supervisor.run(&writing.closed()).await;
        supervisor.annotate(verdict);
        let verdict = supervisor.finish_speaking(&writing, verdict).await;
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
    pool: Option<Pooling>,
    files: Files,
    /// Of the names before lines.
    width: usize,
    tasks: JoinSet<Ended>,
    /// So many of them are of incarnations that were let go.
    lingering: usize,
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
        caller: Option<Caller>,
    ) -> Result<Self, Error> {
        // First of all: where there is such a session nothing of it is touched.
        let (server, requests) = requests::listen(&mut plan)?.unzip();
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
            caller,
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
            files: Files::default(),
            tasks: JoinSet::new(),
            lingering: 0,
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
            let deadline = self.next_deadline();
            woken = tokio::select! {
                arrival = self.arrivals.next() => Woken::Arrival(arrival),
                signal = direct.next() => Woken::Direct(signal),
                () = unheard.notified() => Woken::Unheard,
                Some(note) = self.notes.1.recv() => Woken::Note(note),
                Some(done) = self.tasks.join_next() => Woken::Done(done),
                Some(asked) = next(&mut self.requests) => Woken::Asked(asked),
                () = ended(self.caller.as_ref()) => Woken::Abandoned,
                () = sleep_until(deadline) => Woken::Tick,
            };
        }
    }
}
