//! How things stand, in a line for each instance.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::Supervisor;
use crate::plan::Wiring;

impl Supervisor {
    /// What USR1 prints.
    pub(super) fn status(&self) -> String {
        let restarts = self.history.len().saturating_sub(1);
        let life = match (&self.child, self.history.last()) {
            (Some(child), Some(incarnation)) => {
                let state = if child.status.is_some() {
                    "ending"
                } else if self.ended_because.is_some() {
                    "stopping"
                } else {
                    "running"
                };
                let uptime = incarnation.started.instant.elapsed();
                let uptime = humantime::format_duration(Duration::from_secs(uptime.as_secs()));
                format!("{state}  pid {}  up {uptime}", child.process.pid())
            }
            (_, None) => "starting".to_owned(),
            (None, Some(_)) => "waiting to be restarted".to_owned(),
        };
        let mut line = format!("gipc: {}  {life}  restarts {restarts}", self.plan.instance());
        if let Wiring::Channels(_) = self.plan.wiring {
            for (name, counts) in &self.counts {
                let messages = counts.messages.load(Ordering::Relaxed);
                let bytes = counts.bytes.load(Ordering::Relaxed);
                line.push_str(&format!("  {name} {messages} messages, {bytes} bytes"));
            }
        }
        line.push('\n');
        line
    }
}
