//! When a worker is started again that has ended.

use std::time::Duration;

/// How often in a row that is tried for nothing.
const LIMIT: u32 = 5;

/// The first pause; it doubles.
const PAUSE: Duration = Duration::from_millis(100);

/// One that has run this long has done something.
const STEADY: Duration = Duration::from_secs(10);

/// How often in a row it has done nothing.
#[derive(Debug, Default)]
pub(super) struct Restarts(u32);

impl Restarts {
    /// It has ended, after so long, or could not be started; has it taken a message? Comes back
    /// with how long to wait before it is started again, `None` where that has no sense any more.
    pub(super) fn pause(&mut self, lived: Duration, took_a_message: bool) -> Option<Duration> {
        if took_a_message || lived >= STEADY {
            // A message that ends workers is given up by itself.
            self.0 = 0;
            return Some(Duration::ZERO);
        }
        self.0 += 1;
        (self.0 <= LIMIT).then(|| PAUSE * 2_u32.pow(self.0 - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_nothing_is_tried_with_growing_pauses_and_given_up() {
        let mut restarts = Restarts::default();
        let mut pause = |seconds, took| restarts.pause(Duration::from_secs(seconds), took);
        let millis = |millis| Some(Duration::from_millis(millis));
        assert_eq!(pause(0, true), millis(0));
        for expected in [100, 200, 400, 800] {
            assert_eq!(pause(9, false), millis(expected));
        }
        assert_eq!(pause(10, false), millis(0), "it has lived");
        for expected in [100, 200, 400, 800, 1600] {
            assert_eq!(pause(0, false), millis(expected));
        }
        assert_eq!(pause(0, false), None);
    }
}
