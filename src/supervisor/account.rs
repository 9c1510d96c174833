//! What is told when all is over: messages that nobody read, and the report.

use super::instance::Instance;
use super::{Error, Supervisor};
use crate::guard::Verdict;
use crate::report::{self, Moment, Report, github};

impl Supervisor {
    /// Has GitHub Actions fold away what several instances print.
    pub(super) fn begin_group(&self) {
        if self.has_group() {
            let title = format!("gipc up {}", self.plan.topology.name);
            self.sink.say(github::group(&title));
        }
    }

    fn has_group(&self) -> bool {
        self.has_annotations() && self.instances.len() > 1
    }

    /// Among lines for programs they would be in the way of these.
    fn has_annotations(&self) -> bool {
        github::is_there() && !self.sink.is_json()
    }

    /// Says what GitHub Actions shows beside the run.
    pub(super) fn annotate(&self, verdict: Verdict) {
        if self.has_group() {
            self.sink.say(github::END_GROUP);
        }
        if self.has_annotations() {
            self.sink.say(self.report(verdict).annotations());
        }
    }

    pub(super) fn write_report(&mut self, verdict: Verdict) -> Result<(), Error> {
        let Some((file, path)) = self.files.report.take().zip(self.plan.report.clone()) else {
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
    let channels = instance.junctions.iter().filter(|it| !it.hub.plan.is_direct);
    let has_failed = outcome.as_ref().is_some_and(|outcome| !outcome.success);
    report::Instance {
        name: &instance.name,
        command: command(instance),
        restarts: instance.restarts(),
        outcome,
        incarnations: instance.history.kept(),
        channels: channels
            .map(|it| report::Channel { name: &it.hub.plan.name, counts: it.counts() })
            .collect(),
        last_lines: if has_failed { instance.tail.lines() } else { Vec::new() },
    }
}

fn command(instance: &Instance) -> Vec<String> {
    instance.plan.argv.iter().map(|arg| arg.to_string_lossy().into_owned()).collect()
}
