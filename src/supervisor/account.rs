//! What is told when all is over: messages that nobody read, and the report.

use std::sync::atomic::Ordering;

use tracing::warn;

use super::{Error, Supervisor};
use crate::guard::Verdict;
use crate::plan::{Channels, Wire, Wiring};
use crate::relay::Counts;
use crate::report::{self, Moment, Report};

impl Supervisor {
    /// There is no other incarnation: what was on its way is lost, and is said to be.
    pub(super) fn count_unread(&self) {
        let unread = self.leftover.unread + self.leftover.unsent;
        if unread > 0 {
            Counts::add(&self.counts[0].1.unread, unread);
            let instance = self.plan.instance();
            warn!("{instance} ended without reading {unread} of its messages{}", self.hint(unread));
        }
    }

    /// What is likely wrong with a worker that has not read so many messages.
    pub(super) fn hint(&self, unread: u64) -> &'static str {
        let [(_, sent), (_, answered)] = &self.counts;
        let has_read = sent.messages.load(Ordering::Relaxed) > unread;
        let has_answered = answered.messages.load(Ordering::Relaxed) > 0;
        match &self.plan.wiring {
            Wiring::Channels(Channels { wire: Wire::Fds, .. }) if !has_read && !has_answered => {
                " (they were on descriptor 3; for a worker that reads standard input, use \
                 `--wire stdio`)"
            }
            _ => "",
        }
    }

    pub(super) fn write_report(&mut self, verdict: Verdict) -> Result<(), Error> {
        let Some((file, path)) = self.report.take().zip(self.plan.report.clone()) else {
            return Ok(());
        };
        let ended = Moment::now();
        let report = Report {
            gipc: env!("CARGO_PKG_VERSION"),
            command: self.plan.argv.iter().map(|arg| arg.to_string_lossy().into_owned()).collect(),
            started: self.started,
            ended,
            duration_seconds: ended.instant.duration_since(self.started.instant),
            exit: verdict.into(),
            instances: [report::Instance {
                name: self.plan.instance(),
                restarts: self.history.len().saturating_sub(1),
                incarnations: &self.history,
                channels: match self.plan.wiring {
                    Wiring::Inherited => Vec::new(),
                    Wiring::Channels(_) => self
                        .counts
                        .iter()
                        .map(|(name, counts)| report::Channel::new(name, counts))
                        .collect(),
                },
            }],
        };
        report.write(&file).map_err(|source| Error::Report { path, source })
    }
}
