//! What is told when all is over: messages that nobody read, and the report.

use std::sync::atomic::Ordering;

use tracing::warn;

use super::instance::{Instance, Messages};
use super::{Error, Supervisor};
use crate::guard::Verdict;
use crate::plan::topology::Wiring;
use crate::plan::{Channels, Wire};
use crate::relay::Counts;
use crate::report::{self, Moment, Report, github};

impl Supervisor {
    /// There is no other incarnation: what was on its way is lost, and is said to be.
    pub(super) fn count_unread(&self) {
        for instance in &self.instances {
            let Some(messages) = &instance.messages else { continue };
            let unread = messages.leftover.unread + messages.leftover.unsent;
            if unread > 0 {
                Counts::add(&messages.counts[0].1.unread, unread);
                let (name, hint) = (&instance.name, hint(instance, messages, unread));
                warn!("{name} ended without reading {unread} of its messages{hint}");
            }
        }
    }

    /// Has GitHub Actions fold away what several instances print.
    pub(super) fn begin_group(&self) {
        if self.has_group() {
            let title = format!("gipc up {}", self.plan.topology.name);
            self.sink.say(github::group(&title));
        }
    }

    fn has_group(&self) -> bool {
        github::is_there() && self.instances.len() > 1
    }

    /// Says what GitHub Actions shows beside the run.
    pub(super) fn annotate(&self, verdict: Verdict) {
        if self.has_group() {
            self.sink.say(github::END_GROUP);
        }
        if github::is_there() {
            self.sink.say(self.report(verdict).annotations());
        }
    }

    pub(super) fn write_report(&mut self, verdict: Verdict) -> Result<(), Error> {
        let Some((file, path)) = self.report.take().zip(self.plan.report.clone()) else {
            return Ok(());
        };
        let written = self.report(verdict).write(&file, &path);
        written.map_err(|source| Error::Report { path, source })
    }

    fn report(&self, verdict: Verdict) -> Report<'_> {
        let ended = Moment::now();
        Report {
            gipc: env!("CARGO_PKG_VERSION"),
            name: &self.plan.topology.name,
            started: self.started,
            ended,
            duration_seconds: ended.instant.duration_since(self.started.instant),
            exit: verdict.into(),
            instances: self.instances.iter().map(entry).collect(),
        }
    }
}

fn entry(instance: &Instance) -> report::Instance<'_> {
    let outcome = instance.outcome.map(|(verdict, success)| report::Outcome {
        success: success || instance.was_stopped(),
        exit: verdict.into(),
    });
    let counts = instance.messages.iter().flat_map(|it| &it.counts);
    let has_failed = outcome.as_ref().is_some_and(|outcome| !outcome.success);
    report::Instance {
        name: &instance.name,
        command: command(instance),
        restarts: instance.restarts(),
        outcome,
        incarnations: &instance.history,
        channels: counts.map(|(name, counts)| report::Channel::new(name, counts)).collect(),
        last_lines: if has_failed { instance.tail.lines() } else { Vec::new() },
    }
}

fn command(instance: &Instance) -> Vec<String> {
    instance.plan.argv.iter().map(|arg| arg.to_string_lossy().into_owned()).collect()
}

/// What is likely wrong with a worker that has not read so many messages.
fn hint(instance: &Instance, messages: &Messages, unread: u64) -> &'static str {
    let [(_, sent), (_, answered)] = &messages.counts;
    let has_read = sent.messages.load(Ordering::Relaxed) > unread;
    let has_answered = answered.messages.load(Ordering::Relaxed) > 0;
    match &instance.plan.wiring {
        Wiring::Channels(Channels { wire: Wire::Fds, .. }) if !has_read && !has_answered => {
            " (they were on descriptor 3; for a worker that reads standard input, use \
             `--wire stdio`)"
        }
        _ => "",
    }
}
