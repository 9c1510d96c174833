//! What comes on a channel's stream and is no message of it.

use std::rc::Rc;

use gipc::frames::Batch;
use serde::de::IgnoredAny;
use tracing::warn;

use super::{Conversation, Source};
use crate::logs::Printing;

/// Takes it out.
pub(crate) enum Sieve {
    /// There is nothing to take out.
    Open,
    /// What a Node process says to Node.
    Node(Rc<Conversation>),
    /// What a process prints on standard output besides its messages, which are lines of JSON.
    Guard(Box<Guard>),
}

impl Sieve {
    pub(crate) fn is_node(&self) -> bool {
        matches!(self, Self::Node(_))
    }

    /// Leaves the messages of `channel` in what has come from `source`; tells how many were refused.
    pub(super) async fn sift(&mut self, batch: &mut Batch, channel: &str, source: &Source) -> u64 {
        match self {
            Self::Open => 0,
            Self::Node(conversation) => {
                conversation.sift(batch, &format!("channel `{channel}`: {}", source.from))
            }
            Self::Guard(guard) => {
                guard.sift(batch, channel, source).await;
                0
            }
        }
    }
}

/// Has lines that are no messages go where what is printed goes.
pub(crate) struct Guard {
    printing: Printing,
    is_told: bool,
}

impl Guard {
    pub(crate) fn new(printing: Printing) -> Self {
        Self { printing, is_told: false }
    }

    async fn sift(&mut self, batch: &mut Batch, channel: &str, source: &Source) {
        let mut lines = Vec::new();
        let mut stray = 0;
        batch.retain(|payload| {
            let is_message = is_json(payload);
            if !is_message {
                lines.extend_from_slice(payload);
                lines.push(b'\n');
                stray += 1;
            }
            is_message
        });
        if stray == 0 {
            return;
        }
        source.count(|counts| counts.stray += stray);
        if !std::mem::replace(&mut self.is_told, true) {
            let from = &source.from;
            warn!(
                "channel `{channel}`: {from} prints lines on standard output that are not JSON: they \
                 are not messages and go here"
            );
        }
        self.printing.room().await;
        self.printing.pass_on(&lines);
    }
}

fn is_json(line: &[u8]) -> bool {
    str::from_utf8(line).is_ok_and(|text| serde_json::from_str::<IgnoredAny>(text).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_told_from_what_is_printed() {
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        for message in ["{}", "[1,\"a\"]", "17", " {\"a\": null}\r", &deep] {
            assert!(is_json(message.as_bytes()), "{message}");
        }
        for line in ["", " ", "ready", "{'a': 1}", "{} {}", "[info] started", "NaN"] {
            assert!(!is_json(line.as_bytes()), "{line}");
        }
        assert!(!is_json(b"\"\xff\""));
    }
}
