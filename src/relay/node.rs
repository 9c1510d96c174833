//! The channel of a Node process, which goes both ways: a socket, on Windows a pipe.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use gipc::frames::{Batch, FrameReader};
use gipc::node::{self, Own};
use gipc::route::OutletId;
use tokio::sync::Notify;
use tracing::{debug, error, warn};

use super::{Draining, Hub};

#[cfg(unix)]
#[path = "node/unix.rs"]
mod system;
#[cfg(windows)]
#[path = "node/windows.rs"]
mod system;

pub(crate) use system::{NodeEnd, NodeStream, Socket};
#[cfg(windows)]
pub(super) use system::{Over, chunk};

/// How long a process may say nothing that has read everything, and has sent less than it was sent
/// or has not said that it is through with all.
const QUIET: Duration = Duration::from_secs(1);

/// The same where neither is so: it may be at its first message, or at the last one for long.
const VERY_QUIET: Duration = Duration::from_secs(10);

/// How often Node sends a socket again, as a `net.Native`, that has not arrived.
const RETRANSMISSIONS: u32 = 3;

/// How to answer what a Node process says to Node.
pub(crate) enum Reply {
    /// Among the messages for it.
    Queued(Rc<Hub>, OutletId),
    /// There are none.
    Written(Socket),
}

/// What is known of an incarnation of a Node process on both sides of its socket.
pub(crate) struct Conversation {
    reply: Reply,
    /// Does anything hear its messages?
    is_heard: bool,
    /// How many messages have come from it.
    said: Cell<u64>,
    /// It has answered that a handle has come or has not: ours never do.
    echoed: Cell<bool>,
    changed: Notify,
    /// So often it may send a socket again.
    retransmissions: Cell<u32>,
}

impl Conversation {
    pub(crate) fn new(reply: Reply, is_heard: bool) -> Rc<Self> {
        Rc::new(Self {
            reply,
            is_heard,
            said: Cell::default(),
            echoed: Cell::default(),
            changed: Notify::new(),
            retransmissions: Cell::default(),
        })
    }

    /// Takes out what is Node's own of what has come; tells of how many messages were refused.
    pub(super) fn sift(&self, batch: &mut Batch, from: &str) -> u64 {
        let mut refused = 0;
        batch.retain(|payload| {
            let Some(own) = node::own(payload) else { return true };
            match own {
                Own::Handle(kind) => refused += u64::from(self.refuse(&kind, from)),
                Own::Receipt => self.echoed.set(true),
                Own::Other => debug!("{from} says to Node: {}", payload.escape_ascii()),
            }
            false
        });
        self.said.set(self.said.get() + batch.payloads().len() as u64);
        self.changed.notify_waiters();
        refused
    }

    /// Tells the sender of a handle that it has not come; whether that was the first time.
    fn refuse(&self, kind: &str, from: &str) -> bool {
        self.say(node::NO_HANDLE);
        match (kind, self.retransmissions.get()) {
            ("net.Native", times @ 1..) => {
                self.retransmissions.set(times - 1);
                return false;
            }
            ("net.Socket", _) => self.retransmissions.set(RETRANSMISSIONS),
            _ => {}
        }
        error!(
            "{from} has sent a handle ({kind}), which cannot be passed on: its message is refused"
        );
        true
    }

    fn say(&self, what: &'static [u8]) {
        match &self.reply {
            Reply::Queued(hub, outlet) => hub.interject(*outlet, Bytes::from_static(what)),
            Reply::Written(socket) => socket.say(what),
        }
    }

    /// Asks the process to say so when it is through with what it was sent.
    pub(super) fn ask(&self) {
        self.say(node::ECHO);
    }

    /// Waits until the process has been through with what it was sent, which were so many messages,
    /// and has answered them, as far as that can be told: the end of its socket is the end of what
    /// it can send as well.
    pub(super) async fn is_over(&self, sent: u64, unread: impl Fn() -> usize) {
        let is_answered = || !self.is_heard || self.said.get() >= sent;
        loop {
            let patience = match (self.echoed.get(), is_answered()) {
                (true, true) => return,
                (false, false) => VERY_QUIET,
                _ => QUIET,
            };
            tokio::select! {
                () = self.changed.notified() => {}
                () = tokio::time::sleep(patience) => if unread() == 0 { return },
            }
        }
    }

    /// Takes what comes from a process whose messages nobody hears.
    pub(crate) async fn hear_out(&self, mut pipe: Draining<FrameReader<NodeStream>>, from: &str) {
        let mut is_told = false;
        while let Some(Ok(Some(mut batch))) = pipe.next(async |it| it.batch().await).await {
            self.sift(&mut batch, from);
            if batch.payloads().len() > 0 && !std::mem::replace(&mut is_told, true) {
                warn!("{from} sends messages, but there is no channel from it: they are dropped");
            }
        }
    }
}
