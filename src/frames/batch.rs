//! Whole messages that arrived together.

use std::ops::Range;

use bytes::{Bytes, BytesMut};

/// Some whole messages that arrived together: at least one, until some are taken out.
#[derive(Debug)]
pub struct Batch {
    pub(super) frames: Bytes,
    pub(super) payloads: Vec<Range<usize>>,
    pub(super) verbatim: bool,
}

impl Batch {
    /// The messages, in order.
    pub fn payloads(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.payloads.iter().map(|range| &self.frames[range.clone()])
    }

    /// Keeps only the first `count` messages.
    pub fn truncate(&mut self, count: usize) {
        if count < self.payloads.len() {
            self.payloads.truncate(count);
            self.verbatim = false;
        }
    }

    /// Keeps only those messages that this is true for.
    pub fn retain(&mut self, mut is_kept: impl FnMut(&[u8]) -> bool) {
        let Self { frames, payloads, verbatim } = self;
        let before = payloads.len();
        payloads.retain(|range| is_kept(&frames[range.clone()]));
        *verbatim &= payloads.len() == before;
    }

    /// The frames as they came, where they can be passed on like that: the last line of a stream may
    /// lack its end, and headers other than `Content-Length` are not ours to pass on.
    pub fn frames(&self) -> Option<&Bytes> {
        self.verbatim.then_some(&self.frames)
    }
}

/// Messages that did not come in frames, at least one.
impl<P: AsRef<[u8]>> FromIterator<P> for Batch {
    fn from_iter<I: IntoIterator<Item = P>>(messages: I) -> Self {
        let mut frames = BytesMut::new();
        let place = |message: P| {
            let start = frames.len();
            frames.extend_from_slice(message.as_ref());
            start..frames.len()
        };
        let payloads = messages.into_iter().map(place).collect();
        Self { frames: frames.freeze(), payloads, verbatim: false }
    }
}
