//! What wakes the supervisor, and what follows from it.

use std::collections::VecDeque;

use gipc::process::Signal;
use tokio::task::JoinError;
use tracing::{debug, error, info, warn};

use super::Supervisor;
use super::history::IncarnationId;
use super::instance::Instance;
use super::policy::Event;
use super::session::{Happening, InstanceId, Order};
use crate::answers::Halted;
use crate::control::Asked;
use crate::guard::{Arrival, DirectSignal, Verdict};
use crate::plan::channel::ChannelId;
use crate::relay::{Inlet, Outcome, Reopenable, Trouble};
use crate::report::{EndCause, Moment};
use crate::signals;

/// What a task of an incarnation has to tell.
#[derive(Debug)]
pub(super) enum Note {
    /// It is ready.
    Ready(IncarnationId),
    /// It has shown a sign of life.
    Alive(IncarnationId),
    /// Its health check has failed too often.
    Unhealthy(IncarnationId),
    /// It has answered a message.
    Progress(IncarnationId),
    /// The rule for an early end of the pool says so.
    Halted(Halted),
    /// A message of this channel was refused some time after it came.
    Refused(ChannelId),
}

/// A task of an incarnation that has ended, and what it hands back.
pub(super) enum Done {
    /// The messages into the junction with this place; whether an answer is overdue.
    Fed(usize, Inlet, bool),
    /// What it has sent at the junction with this place, and where it was sent, if that has ended as
    /// it should.
    Collected(usize, Outcome, Option<Reopenable>),
    /// Lines, or the wait for readiness.
    Other,
}

/// A task that has ended.
pub(super) enum Ended {
    Instance(IncarnationId, Done),
    Channel(ChannelId, Outcome),
    /// All answers of the pool are written on this channel, or cannot be.
    Answers(ChannelId, Option<Trouble>),
}

/// What the loop was waiting for.
pub(super) enum Woken {
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

/// What is still to be dealt with.
#[derive(Default)]
pub(super) struct Queue {
    pub(super) orders: VecDeque<Order>,
    pub(super) happenings: VecDeque<Happening>,
    pub(super) events: VecDeque<(InstanceId, Event)>,
    /// Instances that may be gone now.
    pub(super) touched: Vec<InstanceId>,
}

impl Supervisor {
    /// Does all that follows from what has happened; comes back with how gipc is to end, if it is.
    pub(super) fn deal_with(&mut self, woken: Woken) -> Option<Verdict> {
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
                if let Some(pooling) = &mut self.pool {
                    pooling.answers_end = true;
                }
                let outcome = Outcome { trouble, lost: false };
                queue.events.extend(self.take_back_channel(id, outcome));
            }
            Woken::Done(Ok(Ended::Channel(id, outcome))) => {
                queue.events.extend(self.take_back_channel(id, outcome));
            }
            Woken::Done(Ok(Ended::Instance(of, done))) => {
                let id = of.instance;
                queue.events.extend(self.take_back(of, done).map(|event| (id, event)));
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
            Woken::Tick => self.look_at_the_clock(&mut queue),
        }
        let verdict = self.work_off(queue);
        self.answer_the_waiting();
        self.tell_caller();
        self.conclude(verdict)
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
        let (incarnation, event) = match note {
            Note::Ready(incarnation) => (incarnation, Event::Ready),
            Note::Alive(incarnation) => (incarnation, Event::Alive),
            Note::Unhealthy(incarnation) => (incarnation, Event::Unhealthy),
            Note::Progress(incarnation) => (incarnation, Event::Progress),
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
        let instance = &mut self.instances[incarnation.instance.0];
        // Else it is the last word of one that is gone.
        if incarnation != instance.incarnation() {
            return None;
        }
        if event == Event::Ready {
            instance.history.last_mut()?.ready.get_or_insert(Moment::now());
            info!("{} is ready", instance.name);
        }
        Some((incarnation.instance, event))
    }

    /// A task of an instance has ended.
    fn take_back(&mut self, of: IncarnationId, done: Done) -> Option<Event> {
        let id = of.instance;
        let instance = &mut self.instances[id.0];
        if of.number <= instance.let_go {
            self.lingering -= 1;
            return match done {
                Done::Collected(_, outcome, _) => outcome.has_lost().then_some(Event::Lost),
                Done::Fed(..) | Done::Other => None,
            };
        }
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
                instance.ended_because = Some(EndCause::Garbled);
                Some(Event::Garbled)
            }
            Some(Trouble::Unasked) => {
                error!(
                    "channel `{channel}` from {}: it has sent an answer without a message to answer; stopping it",
                    instance.name
                );
                instance.ended_because = Some(EndCause::Unasked);
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
}
