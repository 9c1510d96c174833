//! What a request to the session does.

use std::time::{Duration, Instant};

use super::session::{Happening, InstanceId};
use super::{Queue, Supervisor};
use crate::config::did_you_mean;
use crate::control::{Answer, Asked, Card, Kind, Refusal, Reply, Request};

impl Supervisor {
    /// Does what is asked for, and answers.
    pub(super) fn serve(&mut self, asked: Asked, queue: &mut Queue) {
        let answer = self.answer_to(asked.request, queue);
        // Where the client has gone there is nobody to tell.
        let _ = asked.answer.send(answer.unwrap_or_else(|refusal| Answer::Reply(refusal.into())));
    }

    fn answer_to(&mut self, request: Request, queue: &mut Queue) -> Result<Answer, Refusal> {
        Ok(Answer::Reply(match request {
            Request::Hello {} => self.card(),
            Request::Ps { names } => {
                let ids = self.named(&names)?;
                let instances = ids.into_iter().map(|id| self.standing(id)).collect();
                return Ok(Answer::Instances(instances));
            }
            Request::Why { names } => {
                let ids = self.named(&names)?;
                Reply::Reasons { reasons: ids.into_iter().map(|id| self.reason(id)).collect() }
            }
            Request::Down { timeout_ms } => {
                queue.happenings.push_back(Happening::Dismissed);
                if let Some(timeout) = timeout_ms {
                    // The shortest of those that are given.
                    let at = Instant::now() + Duration::from_millis(timeout);
                    self.kill_all_at = Some(self.kill_all_at.map_or(at, |other| other.min(at)));
                }
                self.card()
            }
        }))
    }

    /// Who we are.
    fn card(&self) -> Reply {
        Reply::Session(Card {
            name: self.plan.topology.name.clone(),
            pid: self.link.guard(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        })
    }

    /// The instances of these names, each once, in their order; without names all.
    fn named(&self, names: &[String]) -> Result<Vec<InstanceId>, Refusal> {
        let mut wanted = vec![names.is_empty(); self.instances.len()];
        for name in names {
            let mut is_known = false;
            for (wanted, instance) in wanted.iter_mut().zip(&self.instances) {
                let is_it = instance.name == *name || instance.plan.name == *name;
                *wanted |= is_it;
                is_known |= is_it;
            }
            if !is_known {
                return Err(self.nobody(name));
            }
        }
        let ids = self.instances.iter().zip(wanted).filter(|(_, wanted)| *wanted);
        Ok(ids.map(|(instance, _)| instance.id).collect())
    }

    fn nobody(&self, name: &str) -> Refusal {
        let instances = self.instances.iter().map(|it| it.name.as_str());
        let processes = self.plan.topology.processes.iter().map(|it| it.name.as_str());
        let meant = did_you_mean(name, processes.chain(instances));
        let meant = meant.map(|meant| format!("; {meant}")).unwrap_or_default();
        Refusal::new(Kind::NoSuchProcess, format!("there is no process `{name}`{meant}"))
    }
}
