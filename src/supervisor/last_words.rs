//! What is still said when all is over.

use std::time::Instant;

use gipc::sleep_until;

use super::Supervisor;
use super::events::Ended;
use super::instance::Instance;
use super::pooling::Pooling;
use crate::guard::Verdict;
use crate::logs::Writing;
use crate::signals::{self, Request};

impl Supervisor {
    /// Has all that was said written, and all that was asked answered; comes back with how gipc is to
    /// end then: a signal that comes now is the last word.
    pub(super) async fn finish_speaking(&mut self, writing: &Writing, verdict: Verdict) -> Verdict {
        if let Some(Pooling { pool, .. }) = &self.pool {
            pool.end_progress();
        }
        for channel in &self.channels {
            channel.hub.close_doors();
            channel.hub.end_calls();
        }
        let patience = self.patience();
        let server = self.server.take();
        let (sink, logs) = (self.sink.clone(), self.files.logs.clone());
        let (tasks, instances, lingering) = (&mut self.tasks, &self.instances, &mut self.lingering);
        let said = async {
            // What they have still taken is counted, and its loss told.
            while *lingering > 0
                && let Some(ended) = tasks.join_next().await
            {
                if let Ok(Ended::Instance(of, _)) = ended {
                    *lingering -= usize::from(of.number <= instances[of.instance.0].let_go);
                }
            }
            sink.end();
            for log in &logs {
                log.finish().await;
            }
            if let Some(server) = server {
                server.finish().await;
            }
            writing.finish().await;
        };
        tokio::pin!(said);
        loop {
            tokio::select! {
                () = &mut said => break,
                () = sleep_until(patience) => break,
                arrival = self.arrivals.next() => {
                    let request = signals::request(arrival, self.shares_terminal);
                    if let Request::Stop(signal) | Request::Kill(signal) = request {
                        return Verdict::Signal(signal);
                    }
                }
            }
        }
        let has_lines = |it: &Instance| !it.plan.is_inherited();
        let has_lost = writing.has_lost() && self.instances.iter().any(has_lines);
        if verdict == Verdict::Exit(0) && has_lost {
            return Verdict::Exit(Verdict::FAILED);
        }
        verdict
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
