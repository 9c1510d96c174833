//! What comes on a channel's stream and is no message of it.

use std::rc::Rc;

use gipc::frames::Batch;

use super::Conversation;

/// Takes it out.
pub(crate) enum Sieve {
    /// There is nothing to take out.
    Open,
    /// What a Node process says to Node.
    Node(Rc<Conversation>),
}

impl Sieve {
    pub(crate) fn is_node(&self) -> bool {
        matches!(self, Self::Node(_))
    }

    /// Leaves the messages of `channel` in what has come; tells how many were refused.
    pub(super) fn sift(&self, batch: &mut Batch, channel: &str, from: &str) -> u64 {
        match self {
            Self::Open => 0,
            Self::Node(conversation) => {
                conversation.sift(batch, &format!("channel `{channel}`: {from}"))
            }
        }
    }
}
