//! The report as JUnit XML, which CI systems show: each instance is a test case.

use std::fs::File;
use std::io;
use std::time::Duration;

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use super::{Instance, Report};

impl Report<'_> {
    pub(super) fn write_junit(&self, file: &File) -> io::Result<()> {
        let mut suite = TestSuite::new(self.name);
        suite.set_time(self.duration_seconds);
        for instance in &self.instances {
            suite.add_test_case(case(instance, self.name));
        }
        let mut report = quick_junit::Report::new("gipc");
        report.set_time(self.duration_seconds);
        report.add_test_suite(suite);
        report.serialize(file).map_err(io::Error::other)
    }
}

fn case(instance: &Instance<'_>, suite: &str) -> TestCase {
    let status = match &instance.outcome {
        None if instance.incarnations.is_empty() => TestCaseStatus::skipped(),
        Some(outcome) if outcome.success => TestCaseStatus::success(),
        _ => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(instance.summary());
            status.set_description(instance.last_lines.join("\n"));
            status
        }
    };
    let mut case = TestCase::new(instance.name, status);
    case.set_classname(suite);
    let seconds = instance.incarnations.iter().filter_map(|life| life.duration_seconds).sum();
    case.set_time(Duration::from_secs_f64(seconds));
    case
}
