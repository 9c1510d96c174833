//! How things stand, in a line for each instance.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::Supervisor;
use super::instance::Instance;

impl Supervisor {
    /// What USR1 prints.
    pub(super) fn status(&self) -> String {
        let width = self.instances.iter().map(|it| it.name.len()).max().unwrap_or_default();
        let mut text = String::new();
        for instance in &self.instances {
            let life = self.life(instance);
            let restarts = instance.restarts();
            text.push_str(&format!("gipc: {:width$}  {life}  restarts {restarts}", instance.name));
            for (name, counts) in instance.messages.iter().flat_map(|it| &it.counts) {
                let messages = counts.messages.load(Ordering::Relaxed);
                let bytes = counts.bytes.load(Ordering::Relaxed);
                text.push_str(&format!("  {name} {messages} messages, {bytes} bytes"));
            }
            text.push('\n');
        }
        text
    }

    fn life(&self, instance: &Instance) -> String {
        match (&instance.child, instance.history.last()) {
            (Some(child), Some(incarnation)) => {
                let state = if child.status.is_some() {
                    "ending"
                } else if instance.ended_because.is_some() {
                    "stopping"
                } else {
                    "running"
                };
                let uptime = incarnation.started.instant.elapsed();
                let uptime = humantime::format_duration(Duration::from_secs(uptime.as_secs()));
                format!("{state}  pid {}  up {uptime}", child.process.pid())
            }
            (None, Some(_)) if instance.policy.pause_ends().is_some() => {
                "waiting to be restarted".to_owned()
            }
            (None, Some(_)) => "ended".to_owned(),
            (_, None) => match self.session.waits_for(instance.id) {
                Some(process) => {
                    format!("waiting for {}", self.plan.topology.processes[process.0].name)
                }
                None => "not started".to_owned(),
            },
        }
    }
}
