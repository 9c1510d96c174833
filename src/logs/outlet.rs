//! Bytes on their way to a file that may make us wait.
//!
//! Who has some adds them to those that wait, and a thread of the runtime writes those in one piece,
//! as long as there are any: the slower the file, the larger the pieces.

use std::mem;
use std::sync::{Arc, Mutex};

use gipc::lock;
use tokio::runtime::Handle;
use tokio::sync::Notify;

/// Takes away what stands on the line that the cursor is on.
const CLEAR: &[u8] = b"\r\x1b[K";

/// How many bytes may wait. Who has looked whether there is room may add a piece that is larger.
const ROOM: usize = 1 << 20;

/// Where the bytes go.
pub(super) trait Drain: Send {
    /// Writes all of it, however long that takes.
    fn write(&mut self, bytes: &[u8]);

    /// Takes the file anew.
    fn reopen(&mut self) {}
}

/// A way into a file. Clones lead into the same one.
#[derive(Clone)]
pub(super) struct Outlet(Arc<Shared>);

struct Shared {
    runtime: Handle,
    queue: Mutex<Queue>,
    /// Told when what waited is taken, and when all is written.
    taken: Notify,
    drain: Mutex<Box<dyn Drain>>,
}

#[derive(Default)]
struct Queue {
    waiting: Vec<u8>,
    /// What stands below all lines, on a terminal.
    status: String,
    reopen: bool,
    /// A thread is at it.
    is_drained: bool,
}

impl Outlet {
    /// From within a runtime.
    pub(super) fn new(drain: impl Drain + 'static) -> Self {
        Self(Arc::new(Shared {
            runtime: Handle::current(),
            queue: Mutex::default(),
            taken: Notify::new(),
            drain: Mutex::new(Box::new(drain)),
        }))
    }

    /// Has whole lines added to those that wait.
    pub(super) fn add(&self, lines: impl FnOnce(&mut Vec<u8>)) {
        let mut queue = lock(&self.0.queue);
        let Queue { waiting, status, .. } = &mut *queue;
        if status.is_empty() {
            lines(waiting);
        } else {
            waiting.extend_from_slice(CLEAR);
            lines(waiting);
            waiting.extend_from_slice(status.as_bytes());
        }
        self.0.begin(&mut queue);
    }

    /// Has this stand below all lines from now on, which are never spliced with it; nothing, where
    /// it is empty. It is to be shorter than a line of the terminal.
    pub(super) fn set_status(&self, text: &str) {
        let mut queue = lock(&self.0.queue);
        let Queue { waiting, status, .. } = &mut *queue;
        // A terminal that takes nothing is not to be told of every step; the next lines bring it.
        if *status == text || (!text.is_empty() && waiting.len() >= ROOM) {
            return;
        }
        if !status.is_empty() {
            waiting.extend_from_slice(CLEAR);
        }
        waiting.extend_from_slice(text.as_bytes());
        text.clone_into(status);
        self.0.begin(&mut queue);
    }

    /// Takes the file anew, behind all that waits.
    pub(super) fn reopen(&self) {
        let mut queue = lock(&self.0.queue);
        queue.reopen = true;
        self.0.begin(&mut queue);
    }

    /// Is there room?
    pub(super) fn has_room(&self) -> bool {
        lock(&self.0.queue).waiting.len() < ROOM
    }

    /// When there is room.
    pub(super) async fn room(&self) {
        self.until(|queue| queue.waiting.len() < ROOM).await;
    }

    /// When all is written.
    pub(super) async fn drained(&self) {
        self.until(|queue| !queue.is_drained).await;
    }

    async fn until(&self, is_so: impl Fn(&Queue) -> bool) {
        loop {
            // Before we look: what is told in between is not missed.
            let taken = self.0.taken.notified();
            if is_so(&lock(&self.0.queue)) {
                return;
            }
            taken.await;
        }
    }
}

impl Shared {
    fn begin(self: &Arc<Self>, queue: &mut Queue) {
        if !mem::replace(&mut queue.is_drained, true) {
            let shared = Arc::clone(self);
            self.runtime.spawn_blocking(move || shared.drain());
        }
    }

    fn drain(&self) {
        let mut drain = lock(&self.drain);
        let mut bytes = Vec::new();
        loop {
            let mut queue = lock(&self.queue);
            bytes.clear();
            mem::swap(&mut queue.waiting, &mut bytes);
            let reopen = mem::take(&mut queue.reopen);
            let is_over = bytes.is_empty() && !reopen;
            if is_over {
                // Whoever says nothing has no memory.
                queue.waiting = Vec::new();
                queue.is_drained = false;
            }
            drop(queue);
            self.taken.notify_waiters();
            if is_over {
                return;
            }
            drain.write(&bytes);
            if reopen {
                drain.reopen();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// Passes each piece on, once it may.
    struct Slow(mpsc::Receiver<()>, mpsc::Sender<Vec<u8>>);

    impl Drain for Slow {
        fn write(&mut self, bytes: &[u8]) {
            self.0.recv().unwrap();
            self.1.send(bytes.to_vec()).unwrap();
        }

        fn reopen(&mut self) {
            self.1.send(b"reopened".to_vec()).unwrap();
        }
    }

    fn slow() -> (Outlet, mpsc::Sender<()>, mpsc::Receiver<Vec<u8>>) {
        let (allow, allowed) = mpsc::channel();
        let (send, pieces) = mpsc::channel();
        (Outlet::new(Slow(allowed, send)), allow, pieces)
    }

    #[tokio::test]
    async fn what_comes_during_a_write_goes_out_with_the_next() {
        let (outlet, allow, pieces) = slow();
        outlet.add(|waiting| waiting.extend_from_slice(b"one\n"));
        // Until the first is taken.
        outlet.until(|queue| queue.waiting.is_empty()).await;
        outlet.add(|waiting| waiting.extend_from_slice(b"two\n"));
        outlet.reopen();
        outlet.add(|waiting| waiting.extend_from_slice(b"three\n"));
        for _ in 0..2 {
            allow.send(()).unwrap();
        }
        outlet.drained().await;
        let pieces: Vec<_> = pieces.try_iter().collect();
        assert_eq!(pieces, [&b"one\n"[..], b"two\nthree\n", b"reopened"]);
    }

    #[tokio::test]
    async fn a_status_stands_below_whole_lines() {
        let (outlet, allow, pieces) = slow();
        let add = |line: &str| outlet.add(|waiting| waiting.extend_from_slice(line.as_bytes()));
        outlet.set_status("1 of 3");
        outlet.until(|queue| queue.waiting.is_empty()).await;
        add("one\n");
        outlet.set_status("2 of 3");
        outlet.set_status("2 of 3");
        add("two\nthree\n");
        outlet.set_status("");
        add("four\n");
        for _ in 0..2 {
            allow.send(()).unwrap();
        }
        outlet.drained().await;
        let written: Vec<u8> = pieces.try_iter().flatten().collect();
        let expected = "1 of 3/one\n1 of 3/2 of 3/two\nthree\n2 of 3/four\n";
        assert_eq!(String::from_utf8(written).unwrap(), expected.replace('/', "\r\x1b[K"));
    }

    #[tokio::test]
    async fn there_is_room_again_when_what_waited_is_taken() {
        let (outlet, allow, pieces) = slow();
        outlet.add(|waiting| waiting.push(b'\n'));
        outlet.until(|queue| queue.waiting.is_empty()).await;
        outlet.add(|waiting| waiting.resize(ROOM - 1, b'x'));
        assert!(outlet.has_room());
        outlet.add(|waiting| waiting.push(b'\n'));
        assert!(!outlet.has_room());
        allow.send(()).unwrap();
        outlet.room().await;
        allow.send(()).unwrap();
        outlet.drained().await;
        assert_eq!(pieces.try_iter().map(|piece| piece.len()).collect::<Vec<_>>(), [1, ROOM]);
        assert_eq!(lock(&outlet.0.queue).waiting.capacity(), 0);
    }
}
