//! Who waits for something to happen to instances: those who have asked for it, and who has called us.

use tokio::sync::oneshot;
use tracing::error;

use super::Supervisor;
use super::instance::Instance;
use super::requests::failed;
use super::session::InstanceId;
use crate::control::{Answer, Kind, Refusal, Reply};
use crate::guard::Verdict;

/// Somebody who waits for something to happen to these.
pub(super) struct Waiting {
    pub(super) instances: Vec<InstanceId>,
    pub(super) event: Awaited,
    pub(super) answer: oneshot::Sender<Answer>,
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Awaited {
    /// Nothing of it is left, unless it is to run.
    Down,
    /// It runs, or waits for what it depends on.
    Up,
    Ready,
    Ended,
}

impl Supervisor {
    /// Answers those for whom it has come that they wait for.
    pub(super) fn answer_the_waiting(&mut self) {
        for waiting in std::mem::take(&mut self.waiting) {
            if waiting.answer.is_closed() {
                continue;
            }
            match self.has_come(waiting.event, &waiting.instances) {
                None => self.waiting.push(waiting),
                Some(reply) => drop(waiting.answer.send(Answer::Reply(reply))),
            }
        }
    }

    /// Tells who has called us how the start went, once that is known; from then on we are on our
    /// own.
    pub(super) fn tell_caller(&mut self) {
        // Of the end, which he waits for too, our exit code tells.
        if self.caller.is_none() || self.session.is_ending() {
            return;
        }
        let ids: Vec<_> = self.instances.iter().map(|it| it.id).collect();
        let Some(reply) = self.has_come(Awaited::Ready, &ids) else { return };
        let Some(caller) = self.caller.take() else { return };
        let mut code = 0;
        if let Reply::Error(Refusal { message, .. }) = reply {
            // Of all that have failed so far. One that was never started has none of its own.
            code = match self.session.sum_of(&ids) {
                Verdict::Exit(0) => Verdict::SEVERAL_FAILED,
                Verdict::Exit(code) => code,
                Verdict::Signal(signal) => signal.exit_code(),
            };
            let name = &self.plan.topology.name;
            error!("{message}; the session `{name}` goes on in the background");
        }
        self.link.detach();
        let sink = self.sink.clone();
        tokio::task::spawn_local(async move {
            // What there is to be read comes before the prompt of a shell.
            sink.let_go().await;
            caller.tell(code);
        });
    }

    fn has_come(&self, event: Awaited, ids: &[InstanceId]) -> Option<Reply> {
        let instances = || ids.iter().map(|id| &self.instances[id.0]);
        let all = |is_so: &dyn Fn(InstanceId) -> bool| ids.iter().all(|id| is_so(*id));
        match event {
            Awaited::Down => {
                all(&|id| !self.session.is_moving(id)).then(|| Reply::Done { remarks: Vec::new() })
            }
            Awaited::Up => all(&|id| !self.session.is_moving(id)).then(|| {
                let is_broken = |it: &&Instance| {
                    it.trouble.is_some() && it.child.is_none() && self.session.is_over(it.id)
                };
                if let Some(broken) = instances().find(is_broken) {
                    let why = broken.trouble.as_deref().unwrap_or_default();
                    return failed(format!("{} could not be started: {why}", broken.name)).into();
                }
                let waits = |id: &&InstanceId| self.session.is_open(**id);
                let cause = |id: &InstanceId| self.reason(*id).because.into_iter().next();
                let remarks = ids.iter().filter(waits).filter_map(cause).map(|it| it.what);
                Reply::Done { remarks: remarks.collect() }
            }),
            Awaited::Ended => all(&|id| self.session.is_over(id))
                .then(|| Reply::Ended { exit: self.session.sum_of(ids).into() }),
            Awaited::Ready => {
                let never = |id: &&InstanceId| {
                    let has_succeeded = matches!(self.instances[id.0].outcome, Some((_, true)));
                    self.session.is_over(**id) && !has_succeeded
                };
                if let Some(never) = ids.iter().find(never) {
                    let what = self.reason(*never).because.into_iter().next();
                    let what = what.map(|it| it.what).unwrap_or_default();
                    return Some(Refusal::new(Kind::NotReady, what).into());
                }
                let is_ready = |id: InstanceId| {
                    // One that is to be another first is not what is waited for.
                    let is_ready = self.instances[id.0].policy.is_ready();
                    self.session.is_over(id) || (is_ready && !self.session.is_moving(id))
                };
                all(&is_ready).then(|| Reply::Done { remarks: Vec::new() })
            }
        }
    }
}
