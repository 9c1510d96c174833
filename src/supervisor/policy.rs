//! What to do when something happens to a command under supervision: (state, event, now) → actions.
//!
//! No process, clock or descriptor is touched here, so that every rule about stopping, restarting
//! and exit codes is tested with values.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use gipc::process::{ExitCode, ExitStatus, Signal};

use crate::guard::Verdict;
use crate::plan::rules::{Backoff, Readiness, Restart, RestartLimit, Rules};

/// After this long without a failure the backoff starts from its minimum again.
const STEADY: Duration = Duration::from_secs(10);

/// After a kill, how long the last messages may take to leave when gipc itself is to end.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// It is to be started, for the first time or again; with all that was held against it
    /// forgotten, or not.
    Begin { fresh: bool },
    /// The command runs.
    Started,
    /// The command could not be started; the exit code that says so.
    StartFailed(ExitCode),
    /// It is ready for messages.
    Ready,
    /// The process itself has ended. What it started and what it wrote may still be there.
    Exited(ExitStatus),
    /// And now nothing of it is left. Is there work for another incarnation?
    Gone { more_work: bool },
    /// It is to end for good; with this signal, where it has none of its own.
    Asked(Signal),
    /// It is to end for good, by itself, as nobody writes to it any more; where it does not, it is
    /// asked to as above.
    Drained(Signal),
    /// It is to end for good, at once; that signal is why.
    Demanded(Signal),
    /// It has shown a sign of life.
    Alive,
    /// Its health check has failed too often.
    Unhealthy,
    /// It has not answered a message in time.
    Silent,
    /// It has answered a message: whatever ends it later, it does something.
    Progress,
    /// What the command sends are no messages; nothing more can be had from it.
    Garbled,
    /// A message was refused or torn, the rest goes on.
    Lost,
    /// Nobody wants our output any more.
    OutputClosed,
    /// gipc cannot go on.
    Failed,
    /// gipc is about to be stopped until it is continued.
    Suspended,
    /// It was continued.
    Resumed,
    /// Time has passed.
    Tick,
}

/// Something to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Start the command; how often it has been restarted.
    Start { restarts: u32 },
    /// Say that it is to be started again after a pause.
    Pause,
    /// The pause is over.
    Rested,
    /// It is ready: let messages in.
    Feed,
    /// It was ready before it ended: tell those who waited for that.
    WasReady,
    /// Say that its health check has failed too often.
    Unwell,
    /// Let it see the end of its messages, once it has them all.
    Drain,
    /// Let no more messages in.
    CloseInput,
    /// Ask what runs to end.
    Stop(Signal),
    /// Kill what runs, until nothing does.
    Kill,
    /// Say that another restart would be one too many.
    GiveUp,
    /// Say what has taken too long.
    TooLong(Wait),
    /// It has ended for good. What for gipc is not 0 may be a success all the same.
    Finish { verdict: Verdict, success: bool },
}

/// What may take too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// To end by itself.
    Run,
    /// To be ready.
    Readiness,
    /// A sign of life.
    Watchdog,
    /// The answer to a message.
    Answer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before the first start, or in the pause before the next.
    Waiting {
        until: Option<Instant>,
    },
    Running {
        since: Instant,
        ready: Ready,
    },
    /// The process has ended; what is left of it has been asked to.
    Ending {
        since: Instant,
        status: ExitStatus,
    },
    Finished,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ready {
    Yes,
    At(Instant),
    Before(Instant),
}

/// The state of one command under supervision.
#[derive(Debug)]
pub(crate) struct Policy {
    rules: Rules,
    state: State,
    restarts: u32,
    /// When the latest restarts were, as far as the limit looks back.
    recent: VecDeque<Instant>,
    /// How often the backoff has doubled.
    doublings: u32,
    /// How it is to end once everything is gone.
    verdict: Option<Verdict>,
    /// The code of this incarnation whatever its own is: we ended it.
    overruled: Option<ExitCode>,
    messages_lost: bool,
    /// This incarnation has done something.
    progressed: bool,
    timeout_at: Option<Instant>,
    watchdog_at: Option<Instant>,
    /// When it is asked to end, unless it has by itself; and with what.
    ask_at: Option<(Instant, Signal)>,
    kill_at: Option<Instant>,
    give_up_at: Option<Instant>,
    suspended: Option<Instant>,
}

impl Policy {
    /// Until when it pauses before a restart, if it does.
    pub(crate) fn pause_ends(&self) -> Option<Instant> {
        match self.state {
            State::Waiting { until } => until,
            _ => None,
        }
    }

    /// Does it run, has said that it is ready, or need not, and is not asked to end?
    pub(crate) fn is_ready(&self) -> bool {
        matches!(self.state, State::Running { ready: Ready::Yes, .. }) && self.kill_at.is_none()
    }

    /// When it is stopped unless it has said that it is ready.
    pub(crate) fn ready_by(&self) -> Option<Instant> {
        match self.state {
            State::Running { ready: Ready::Before(at), .. } => Some(at),
            _ => None,
        }
    }

    /// When it is asked to end, unless it has by itself.
    pub(crate) fn ask_at(&self) -> Option<(Instant, Signal)> {
        self.ask_at
    }

    /// When what has not ended is killed.
    pub(crate) fn kill_at(&self) -> Option<Instant> {
        self.kill_at
    }

    /// Goes by other rules from the next start on.
    pub(crate) fn adopt(&mut self, rules: Rules) {
        self.rules = rules;
    }

    pub(crate) fn new(rules: Rules) -> Self {
        Self {
            rules,
            state: State::Waiting { until: None },
            restarts: 0,
            recent: VecDeque::new(),
            doublings: 0,
            verdict: None,
            overruled: None,
            messages_lost: false,
            progressed: false,
            timeout_at: None,
            watchdog_at: None,
            ask_at: None,
            kill_at: None,
            give_up_at: None,
            suspended: None,
        }
    }

    /// When the next [`Event::Tick`] is due.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        if self.suspended.is_some() || self.state == State::Finished {
            return None;
        }
        let of_state = match self.state {
            State::Waiting { until } => until,
            State::Running { ready: Ready::At(at) | Ready::Before(at), .. }
                if self.kill_at.is_none() =>
            {
                Some(at)
            }
            _ => None,
        };
        let ask_at = self.ask_at.map(|(at, _)| at);
        let all =
            [of_state, self.timeout_at, self.watchdog_at, ask_at, self.kill_at, self.give_up_at];
        all.into_iter().flatten().min()
    }

    /// How long what is still to be written may take at the end; without a limit where it was not
    /// asked to end.
    pub(crate) fn patience(&self) -> Option<Duration> {
        self.verdict.map(|_| LAST_WORDS)
    }

    /// Takes an event. `jitter`, from 0 to 1, is where in its range the next pause lies.
    pub(crate) fn step(&mut self, event: Event, now: Instant, jitter: f64) -> Vec<Action> {
        match (self.state, event) {
            (State::Waiting { .. } | State::Finished, Event::Begin { fresh }) => self.begin(fresh),
            (State::Finished, _) => Vec::new(),
            (_, Event::Started) => self.started(now),
            (_, Event::StartFailed(code)) => self.finish(Verdict::Exit(code)),
            // It is being stopped: what it is told about does not matter any more.
            (
                State::Running { .. },
                Event::Ready | Event::Alive | Event::Unhealthy | Event::Silent,
            ) if self.kill_at.is_some() => Vec::new(),
            (State::Running { since, ready: Ready::Before(_) }, Event::Ready) => self.feed(since),
            // It had said so before it ended.
            (State::Ending { .. }, Event::Ready) => vec![Action::WasReady],
            (State::Running { since, .. }, Event::Exited(status)) => {
                self.exited(status, since, now)
            }
            (State::Ending { since, status }, Event::Gone { more_work }) => {
                self.gone(status, more_work, now, now.duration_since(since), jitter)
            }
            (State::Running { .. }, Event::Drained(signal))
                if self.verdict.is_none() && self.kill_at.is_none() =>
            {
                self.drained(signal, now)
            }
            (_, Event::Asked(signal) | Event::Drained(signal)) => {
                self.end(Verdict::Signal(signal), signal, now)
            }
            (_, Event::Demanded(signal)) => self.demanded(signal, now),
            (State::Running { .. }, Event::Unhealthy) => {
                self.end_because(Action::Unwell, Verdict::UNHEALTHY, now)
            }
            (State::Running { .. }, Event::Silent) => self.took_too_long(Wait::Answer, now),
            (State::Running { .. }, Event::Garbled) => {
                self.messages_lost = true;
                self.end_incarnation(Verdict::MESSAGES_LOST, now)
            }
            (_, Event::OutputClosed) => self.end(Verdict::Signal(Signal::PIPE), Signal::TERM, now),
            (_, Event::Failed) => self.end(Verdict::Exit(Verdict::FAILED), Signal::TERM, now),
            (_, Event::Tick) if self.suspended.is_none() => self.tick(now),
            (_, event) => {
                self.note(event, now);
                Vec::new()
            }
        }
    }

    /// An event that asks for nothing, but may count later.
    fn note(&mut self, event: Event, now: Instant) {
        match (self.state, event) {
            (State::Running { .. }, Event::Alive) => self.watch(now),
            (_, Event::Progress) => {
                self.recent.clear();
                self.doublings = 0;
                self.progressed = true;
            }
            (_, Event::Lost | Event::Garbled) => self.messages_lost = true,
            (_, Event::Suspended) => {
                self.suspended.get_or_insert(now);
            }
            (_, Event::Resumed) => {
                if let Some(since) = self.suspended.take() {
                    self.postpone(now.duration_since(since));
                }
            }
            // One that its own state has overtaken: readiness after the end, and the like.
            _ => {}
        }
    }

    fn begin(&mut self, fresh: bool) -> Vec<Action> {
        if self.state == State::Finished {
            self.restarts += 1;
            (self.verdict, self.overruled) = (None, None);
            (self.kill_at, self.give_up_at) = (None, None);
        }
        if fresh {
            self.recent.clear();
            self.doublings = 0;
        }
        // Until it has started there is nothing to wait for.
        self.state = State::Waiting { until: None };
        vec![Action::Start { restarts: self.restarts }]
    }

    fn started(&mut self, now: Instant) -> Vec<Action> {
        let (ready, actions) = match self.rules.readiness {
            Readiness::Immediate => (Ready::Yes, vec![Action::Feed]),
            Readiness::After(delay) => (Ready::At(now + delay), Vec::new()),
            Readiness::Told { timeout } => (Ready::Before(now + timeout), Vec::new()),
        };
        self.state = State::Running { since: now, ready };
        self.overruled = None;
        self.progressed = false;
        self.timeout_at = self.rules.timeout.map(|timeout| now + timeout);
        self.watch(now);
        actions
    }

    /// From now on it has the whole time again for a sign of life.
    fn watch(&mut self, now: Instant) {
        self.watchdog_at = self.rules.watchdog.map(|within| now + within);
    }

    /// It is ready.
    fn feed(&mut self, since: Instant) -> Vec<Action> {
        self.state = State::Running { since, ready: Ready::Yes };
        vec![Action::Feed]
    }

    fn exited(&mut self, status: ExitStatus, since: Instant, now: Instant) -> Vec<Action> {
        self.state = State::Ending { since, status };
        self.watchdog_at = None;
        self.timeout_at = None;
        self.ask_at = None;
        // What it leaves behind has the grace that it had, or one of its own.
        self.kill_at.get_or_insert(now + self.rules.grace);
        vec![Action::CloseInput, Action::Stop(self.rules.stop_signal.unwrap_or(Signal::TERM))]
    }

    fn drained(&mut self, signal: Signal, now: Instant) -> Vec<Action> {
        self.verdict = Some(Verdict::Signal(signal));
        let signal = self.rules.stop_signal.unwrap_or(signal);
        self.ask_at = Some((now + self.rules.grace, signal));
        vec![Action::Drain]
    }

    fn demanded(&mut self, signal: Signal, now: Instant) -> Vec<Action> {
        let mut actions = self.end(Verdict::Signal(signal), signal, now);
        actions.retain(|action| matches!(action, Action::Finish { .. }));
        if actions.is_empty() { self.kill(now) } else { actions }
    }

    /// Ends it for good, in order.
    fn end(&mut self, verdict: Verdict, signal: Signal, now: Instant) -> Vec<Action> {
        if self.verdict.is_some() {
            return Vec::new();
        }
        self.verdict = Some(verdict);
        match self.state {
            State::Waiting { .. } => self.finish(verdict),
            State::Running { .. } => self.ask(self.rules.stop_signal.unwrap_or(signal), now),
            State::Ending { .. } => {
                // Killed already: what is left to wait for are streams, and those for so long.
                if self.kill_at.is_none() {
                    self.give_up_at.get_or_insert(now + LAST_WORDS);
                }
                Vec::new()
            }
            State::Finished => Vec::new(),
        }
    }

    /// Ends this incarnation, with this code; whether there is another is decided when it is gone.
    fn end_incarnation(&mut self, code: ExitCode, now: Instant) -> Vec<Action> {
        self.overruled.get_or_insert(code);
        self.ask(self.rules.stop_signal.unwrap_or(Signal::TERM), now)
    }

    /// The same, once it is said why.
    fn end_because(&mut self, first: Action, code: ExitCode, now: Instant) -> Vec<Action> {
        let mut actions = vec![first];
        actions.extend(self.end_incarnation(code, now));
        actions
    }

    fn took_too_long(&mut self, wait: Wait, now: Instant) -> Vec<Action> {
        self.end_because(Action::TooLong(wait), Verdict::TIMED_OUT, now)
    }

    fn ask(&mut self, signal: Signal, now: Instant) -> Vec<Action> {
        self.kill_at.get_or_insert(now + self.rules.grace);
        self.ask_at = None;
        self.watchdog_at = None;
        self.timeout_at = None;
        vec![Action::CloseInput, Action::Stop(signal)]
    }

    fn kill(&mut self, now: Instant) -> Vec<Action> {
        self.kill_at = None;
        self.ask_at = None;
        if self.verdict.is_some() {
            self.give_up_at.get_or_insert(now + LAST_WORDS);
        }
        vec![Action::CloseInput, Action::Kill]
    }

    fn finish(&mut self, verdict: Verdict) -> Vec<Action> {
        self.finish_as(verdict, verdict == Verdict::Exit(0))
    }

    fn finish_as(&mut self, verdict: Verdict, success: bool) -> Vec<Action> {
        self.state = State::Finished;
        vec![Action::Finish { verdict, success }]
    }

    fn gone(
        &mut self,
        status: ExitStatus,
        more_work: bool,
        now: Instant,
        uptime: Duration,
        jitter: f64,
    ) -> Vec<Action> {
        self.kill_at = None;
        if let Some(verdict) = self.verdict {
            return self.finish(verdict);
        }
        let code = self.overruled.unwrap_or(status.shell_code());
        let failed = self.overruled.is_some() || !self.succeeded(status);
        let verdict = Verdict::Exit(code);
        let wanted = match self.rules.restart {
            Restart::Never => false,
            Restart::OnFailure => failed,
            Restart::Always => true,
        };
        if wanted && more_work {
            if self.may_restart(now) {
                let pause = self.backoff(uptime, jitter);
                self.state = State::Waiting { until: Some(now + pause) };
                return vec![Action::Pause];
            }
            let mut actions = vec![Action::GiveUp];
            actions.extend(self.finish(verdict));
            return actions;
        }
        match (failed, self.messages_lost) {
            (false, true) => self.finish(Verdict::Exit(Verdict::MESSAGES_LOST)),
            _ => self.finish_as(verdict, !failed),
        }
    }

    fn succeeded(&self, status: ExitStatus) -> bool {
        matches!(status, ExitStatus::Code(code) if self.rules.success_codes.contains(&code))
    }

    fn may_restart(&mut self, now: Instant) -> bool {
        let RestartLimit { count, within } = self.rules.limit;
        self.recent.retain(|at| now.duration_since(*at) < within);
        if self.recent.len() >= count {
            return false;
        }
        self.recent.push_back(now);
        true
    }

    fn backoff(&mut self, uptime: Duration, jitter: f64) -> Duration {
        if uptime >= STEADY {
            self.doublings = 0;
        }
        if std::mem::take(&mut self.progressed) {
            return Duration::ZERO; // It may be the message that has ended it.
        }
        let Backoff { min, max } = self.rules.backoff;
        let pause = min.saturating_mul(1 << self.doublings.min(31)).min(max);
        self.doublings = self.doublings.saturating_add(1);
        pause / 2 + (pause / 2).mul_f64(jitter)
    }

    fn tick(&mut self, now: Instant) -> Vec<Action> {
        let due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        if due(self.give_up_at) {
            return self.finish(self.verdict.unwrap_or(Verdict::Exit(Verdict::FAILED)));
        }
        if due(self.timeout_at) {
            self.timeout_at = None;
            return self.took_too_long(Wait::Run, now);
        }
        if let Some((_, signal)) = self.ask_at.filter(|(at, _)| *at <= now) {
            return self.ask(signal, now);
        }
        if due(self.kill_at) {
            return self.kill(now);
        }
        if due(self.watchdog_at) {
            return self.took_too_long(Wait::Watchdog, now);
        }
        match self.state {
            State::Waiting { until } if due(until) => {
                self.restarts += 1;
                self.state = State::Waiting { until: None };
                vec![Action::Rested]
            }
            State::Running { .. } if self.kill_at.is_some() => Vec::new(),
            State::Running { since, ready: Ready::At(at) } if at <= now => self.feed(since),
            State::Running { since, ready: Ready::Before(at) } if at <= now => {
                self.state = State::Running { since, ready: Ready::Yes };
                self.took_too_long(Wait::Readiness, now)
            }
            _ => Vec::new(),
        }
    }

    /// Timers stood still for this long.
    fn postpone(&mut self, by: Duration) {
        let shift = |at: &mut Instant| *at += by;
        for at in
            [&mut self.timeout_at, &mut self.watchdog_at, &mut self.kill_at, &mut self.give_up_at]
        {
            at.as_mut().map(shift);
        }
        if let Some((at, _)) = &mut self.ask_at {
            shift(at);
        }
        match &mut self.state {
            State::Waiting { until } => {
                until.as_mut().map(shift);
            }
            State::Running { since, ready } => {
                shift(since);
                if let Ready::At(at) | Ready::Before(at) = ready {
                    shift(at);
                }
            }
            State::Ending { since, .. } => shift(since),
            State::Finished => {}
        }
        self.recent.iter_mut().for_each(shift);
    }
}

#[cfg(test)]
#[path = "policy_tests.rs"]
mod tests;
