//! One instance: its rules, its process, and all that outlives its incarnations.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use gipc::pipes::Descriptor;
use gipc::process::{ExitStatus, Process, Signal};
use gipc::route::{Counts, OutletId};
use tokio::sync::{oneshot, watch};

use super::history::{History, IncarnationId};
use super::lost::Mouth;
use super::policy::Policy;
use super::session::InstanceId;
use crate::guard::Verdict;
use crate::logs::{LogFile, Prefix, Tail};
use crate::plan::channel::ChannelId;
use crate::plan::topology::{self, Meeting, ProcessId, Readiness, Wiring};
use crate::probe::LastNo;
use crate::relay::{Hub, Inlet, Phase, Source, Stop};
use crate::report::{EndCause, Incarnation, StartCause};

/// An instance of a process.
pub(super) struct Instance {
    pub(super) id: InstanceId,
    pub(super) process: ProcessId,
    pub(super) plan: Rc<topology::Process>,
    /// `work.2`.
    pub(super) name: String,
    pub(super) policy: Policy,
    pub(super) child: Option<Child>,
    /// What stands in front of its lines, and where they go too.
    pub(super) prefix: Option<Prefix>,
    pub(super) log: Option<LogFile>,
    pub(super) tail: Tail,
    /// What its probes were last told.
    pub(super) last_no: LastNo,
    /// How it has ended for good, and whether that is a success.
    pub(super) outcome: Option<(Verdict, bool)>,
    /// Why it could not be started, the last time.
    pub(super) trouble: Option<String>,
    /// It has crashed too often.
    pub(super) gave_up: bool,
    pub(super) junctions: Vec<Junction>,
    /// It has left its channels for good.
    pub(super) has_left: bool,
    /// How many tasks of its incarnation there are.
    pub(super) tasks: usize,
    /// The number of the last incarnation whose tasks nobody waits for.
    pub(super) let_go: usize,
    /// What is left is being killed.
    pub(super) killing: bool,
    /// Why the next start is made, and why the last end came.
    pub(super) reason: StartCause,
    pub(super) ended_because: Option<EndCause>,
    pub(super) history: History,
}

/// The command as it runs, or as what is left of it.
pub(super) struct Child {
    pub(super) process: Process,
    pub(super) status: Option<ExitStatus>,
    /// For its streams' readers.
    pub(super) ending: watch::Sender<Phase>,
    /// Where its messages go in: for each junction where it reads, unless a task has it.
    pub(super) inlets: Vec<Option<Inlet>>,
    pub(super) stop_feeding: Vec<oneshot::Sender<Stop>>,
    /// Where its messages come out, by the places of its junctions.
    pub(super) mouths: BTreeMap<usize, Mouth>,
    pub(super) fed: bool,
    /// What its end asks for is being done: from now on it may be reaped.
    pub(super) closed: bool,
    /// It has ended, and nothing that it started is left.
    pub(super) alone: bool,
    /// With what its group was asked to end.
    pub(super) group_asked: Option<Signal>,
    /// Who has been asked to end one by one.
    #[cfg_attr(windows, expect(dead_code, reason = "nobody can be asked one by one"))]
    pub(super) asked: BTreeSet<i32>,
}

/// Where an instance meets a channel, in all its incarnations.
pub(super) struct Junction {
    pub(super) plan: Meeting,
    pub(super) hub: Rc<Hub>,
    pub(super) side: Side,
}

/// On which side of the channel it is.
pub(super) enum Side {
    Reader(OutletId),
    Writer(Rc<Source>),
    /// Its end of the pipe that it shares with the other side, until it is started.
    Direct(Cell<Option<Descriptor>>),
}

impl Junction {
    /// What has passed here.
    pub(super) fn counts(&self) -> Counts {
        match &self.side {
            Side::Reader(id) => self.hub.counts(*id),
            Side::Writer(source) => source.counts.get(),
            // It is not for us to see.
            Side::Direct(_) => Counts::default(),
        }
    }
}

impl Instance {
    pub(super) fn new(
        id: InstanceId,
        process: ProcessId,
        plan: &Rc<topology::Process>,
        number: usize,
        junctions: Vec<Junction>,
        history: History,
    ) -> Self {
        Self {
            id,
            process,
            plan: Rc::clone(plan),
            name: plan.instance(number),
            policy: Policy::new(plan.rules.clone()),
            child: None,
            prefix: None,
            log: None,
            tail: Tail::default(),
            last_no: LastNo::default(),
            outcome: None,
            trouble: None,
            gave_up: false,
            junctions,
            has_left: false,
            tasks: 0,
            let_go: 0,
            killing: false,
            reason: StartCause::First,
            ended_because: None,
            history,
        }
    }

    /// Its process, while there is one.
    pub(super) fn pid(&self) -> Option<i32> {
        self.child.as_ref().map(|child| child.process.pid())
    }

    /// Its last incarnation.
    pub(super) const fn incarnation(&self) -> IncarnationId {
        self.history.id(self.id)
    }

    /// Why it does not count as ready.
    pub(super) fn why_not_ready(&self) -> String {
        match &self.plan.ready {
            Some(Readiness::Message) => "it has sent no message".to_owned(),
            Some(Readiness::Fd(fd)) => format!("it has written no newline to descriptor {fd}"),
            Some(Readiness::Notify) => "it has not sent READY=1 to its NOTIFY_SOCKET".to_owned(),
            Some(Readiness::Log(regex)) => format!("no line of it matches `{}`", regex.as_str()),
            Some(Readiness::Probe(probe)) => match self.last_no.get() {
                Some(no) => no,
                None => format!("{probe} was not answered"),
            },
            None => "it has not said so".to_owned(),
        }
    }

    /// Has it ended because gipc asked it to, in order? That is no failure of its own.
    pub(super) fn was_stopped(&self) -> bool {
        self.history.last().is_some_and(Incarnation::was_stopped)
    }

    /// The messages that it answers on this channel, and which of their readers it is.
    pub(super) fn asked_on(&self, channel: ChannelId) -> Option<(Rc<Hub>, OutletId)> {
        self.junctions.iter().find_map(|junction| match junction.side {
            Side::Reader(outlet) if junction.hub.plan.answers == Some(channel) => {
                Some((Rc::clone(&junction.hub), outlet))
            }
            _ => None,
        })
    }

    /// Is there anything that it can print, so that a reader of our standard error has it?
    pub(super) fn prints_for_readers(&self) -> bool {
        self.plan.wiring == Wiring::Piped && self.junctions.is_empty()
    }

    pub(super) fn restarts(&self) -> usize {
        self.history.count().saturating_sub(1)
    }
}

impl Child {
    pub(super) fn new(process: Process, inlets: Vec<Option<Inlet>>) -> Self {
        let (ending, _) = watch::channel(Phase::Running);
        Self {
            process,
            status: None,
            ending,
            inlets,
            stop_feeding: Vec::new(),
            mouths: BTreeMap::new(),
            fed: false,
            closed: false,
            alone: false,
            group_asked: None,
            asked: BTreeSet::new(),
        }
    }
}
