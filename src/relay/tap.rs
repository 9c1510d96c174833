//! What others see of the messages that pass, without holding them up.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};

use bytes::Bytes;
use gipc::frames::Batch;
use gipc::framing::Framing;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::record::{Passage, now};

/// How many bytes may wait for whoever looks. Past that it misses messages.
const ROOM: usize = 1 << 20;

/// How many bytes of a second it is shown, beyond those that there is room for: what it costs to show
/// them, and to print them, is not to be felt where many more pass.
const SHOWN: f64 = (2 << 20) as f64;

/// Some messages that have passed together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    pub(crate) time: String,
    pub(crate) channel: String,
    pub(crate) from: String,
    pub(crate) to: String,
    /// The number of the first one.
    pub(crate) seq: u64,
    /// How many.
    pub(crate) messages: u64,
}

/// What is seen next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// Messages, in the framing `u32`.
    Messages(Head, Bytes),
    /// So many have passed that were not seen.
    Missed(u64),
}

/// How much is shown: so many bytes at once, and more as time goes on.
#[derive(Debug)]
struct Allowance {
    /// Bytes; what is shown last may take more than there are.
    left: f64,
    at: Instant,
    /// There were none left, and there are few still: who looks is not woken for each little.
    is_low: bool,
}

impl Allowance {
    fn new(now: Instant) -> Self {
        Self { left: ROOM as f64, at: now, is_low: false }
    }

    /// Is there any left?
    fn is_left(&mut self, now: Instant) -> bool {
        let more = now.duration_since(self.at).as_secs_f64() * SHOWN;
        (self.left, self.at) = ((self.left + more).min(ROOM as f64), now);
        let enough = if self.is_low { ROOM as f64 / 2.0 } else { 0.0 };
        self.is_low = self.left <= enough;
        !self.is_low
    }

    fn take(&mut self, bytes: usize) {
        self.left -= bytes as f64;
    }
}

/// What waits for one who looks.
#[derive(Debug)]
struct View {
    waiting: RefCell<VecDeque<Seen>>,
    /// How much that is.
    bytes: Cell<usize>,
    allowance: RefCell<Allowance>,
    /// How many messages have passed since there was no room any more.
    missed: Cell<u64>,
    is_over: Cell<bool>,
    changed: Notify,
}

impl View {
    fn new() -> Rc<Self> {
        Rc::new(Self {
            waiting: RefCell::default(),
            bytes: Cell::default(),
            allowance: RefCell::new(Allowance::new(Instant::now())),
            missed: Cell::default(),
            is_over: Cell::default(),
            changed: Notify::new(),
        })
    }

    /// Is there room for more, and time to show it?
    fn is_open(&self) -> bool {
        self.bytes.get() < ROOM && self.allowance.borrow_mut().is_left(Instant::now())
    }

    fn pass(&self, passage: Passage<'_>, seq: u64, batch: &Batch, framing: Framing) {
        let messages = batch.payloads().len() as u64;
        if !self.is_open() {
            self.missed.set(self.missed.get() + messages);
            return;
        }
        let frames = super::in_u32(batch, framing);
        self.allowance.borrow_mut().take(frames.len());
        let Passage { channel, from, to } = passage;
        let (channel, from, to) = (channel.to_owned(), from.to_owned(), to.to_owned());
        self.tell_of_missed();
        self.bytes.set(self.bytes.get() + frames.len() + size_of::<Seen>());
        let head = Head { time: now(), channel, from, to, seq, messages };
        self.waiting.borrow_mut().push_back(Seen::Messages(head, frames));
        self.changed.notify_one();
    }

    fn tell_of_missed(&self) {
        match self.missed.take() {
            0 => {}
            missed => self.waiting.borrow_mut().push_back(Seen::Missed(missed)),
        }
    }
}

/// Looks at the messages of some channels. Whoever has it may be as slow as he likes.
pub(crate) struct Tap(Rc<View>);

impl Tap {
    /// What has passed since; `None` when no more will.
    pub(crate) async fn next(&mut self) -> Option<Seen> {
        let Self(view) = self;
        loop {
            if let Some(seen) = view.waiting.borrow_mut().pop_front() {
                if let Seen::Messages(_, frames) = &seen {
                    view.bytes.set(view.bytes.get() - frames.len() - size_of::<Seen>());
                }
                return Some(seen);
            }
            view.tell_of_missed();
            let is_empty = view.waiting.borrow().is_empty();
            if is_empty && view.is_over.get() {
                return None;
            }
            if is_empty {
                view.changed.notified().await;
            }
        }
    }
}

/// Those who look at a channel.
#[derive(Debug, Default)]
pub(super) struct Taps(RefCell<Vec<Weak<View>>>);

impl Taps {
    /// Shows messages to those who look, if anybody does.
    pub(super) fn pass(&self, passage: Passage<'_>, seq: u64, batch: &Batch, framing: Framing) {
        if self.0.borrow().is_empty() {
            return;
        }
        self.0.borrow_mut().retain(|view| {
            let view = view.upgrade();
            view.inspect(|view| view.pass(passage, seq, batch, framing)).is_some()
        });
    }

    fn close(&self) {
        for view in self.0.take().iter().filter_map(Weak::upgrade) {
            view.is_over.set(true);
            view.changed.notify_one();
        }
    }
}

/// Looks at these channels from now on.
pub(crate) fn open<'a>(hubs: impl Iterator<Item = &'a super::Hub>) -> Tap {
    let view = View::new();
    hubs.for_each(|hub| hub.taps.0.borrow_mut().push(Rc::downgrade(&view)));
    Tap(view)
}

impl super::Hub {
    /// Nothing passes any more: tells those who look.
    pub(crate) fn close_taps(&self) {
        self.taps.close();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const PASSAGE: Passage<'_> = Passage { channel: "c", from: "a.1", to: "b.1" };

    fn batch(sizes: &[usize]) -> Batch {
        sizes.iter().map(|size| vec![b'x'; *size]).collect()
    }

    fn view() -> (Taps, Tap) {
        let (taps, view) = (Taps::default(), View::new());
        taps.0.borrow_mut().push(Rc::downgrade(&view));
        (taps, Tap(view))
    }

    fn seq(seen: Option<Seen>) -> (u64, u64) {
        match seen {
            Some(Seen::Messages(head, _)) => (head.seq, head.messages),
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_is_slow_misses_messages_and_is_told_how_many() {
        let (taps, mut tap) = view();
        taps.pass(PASSAGE, 1, &batch(&[10, 20]), Framing::Lines);
        taps.pass(PASSAGE, 3, &batch(&[2 * ROOM]), Framing::Lines);
        taps.pass(PASSAGE, 4, &batch(&[1, 1]), Framing::Lines);
        taps.pass(PASSAGE, 6, &batch(&[1]), Framing::Lines);
        assert_eq!(seq(tap.next().await), (1, 2));
        assert_eq!(seq(tap.next().await), (3, 1), "one is always seen, however large");
        tokio::time::advance(Duration::from_secs(1)).await;
        taps.pass(PASSAGE, 7, &batch(&[1]), Framing::Lines);
        assert_eq!(tap.next().await, Some(Seen::Missed(3)));
        assert_eq!(seq(tap.next().await), (7, 1));
        taps.close();
        assert_eq!(tap.next().await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_is_shown_than_costs_little_however_fast_it_is_taken() {
        let (taps, mut tap) = view();
        let (mut shown, mut missed) = (0, 0);
        for first in 1..=1000 {
            taps.pass(PASSAGE, first, &batch(&[ROOM / 4]), Framing::Lines);
            while !tap.0.waiting.borrow().is_empty() {
                match tap.next().await {
                    Some(Seen::Messages(..)) => shown += 1,
                    Some(Seen::Missed(count)) => missed += count,
                    None => unreachable!("it is not closed"),
                }
            }
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        // Of 250 MiB in a second what there is room for, and two.
        assert!((8..=12).contains(&shown), "{shown}");
        assert!(missed > 0);
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_missed_last_is_told_at_the_end() {
        let (taps, mut tap) = view();
        taps.pass(PASSAGE, 1, &batch(&[ROOM]), Framing::Lines);
        taps.pass(PASSAGE, 2, &batch(&[1]), Framing::Lines);
        taps.close();
        assert_eq!(seq(tap.next().await), (1, 1));
        assert_eq!(tap.next().await, Some(Seen::Missed(1)));
        assert_eq!(tap.next().await, None);
    }

    #[test]
    fn nobody_is_remembered_who_does_not_look_any_more() {
        let (taps, tap) = view();
        drop(tap);
        taps.pass(PASSAGE, 1, &batch(&[1]), Framing::Lines);
        assert!(taps.0.borrow().is_empty());
    }
}
