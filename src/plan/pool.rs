//! What a pool does with its messages and their answers.

use std::path::PathBuf;
use std::str::FromStr;

/// How a pool goes about its messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pool {
    /// Answers come out in the order of their messages.
    pub(crate) keep_order: bool,
    /// Answers come out as JSON, each with what it took.
    pub(crate) as_json: bool,
    pub(crate) halt: Option<Halt>,
    /// Where each message that is done is noted, with the columns of GNU parallel.
    pub(crate) joblog: Option<PathBuf>,
    /// How it is told on standard error how far it has come.
    pub(crate) progress: Option<Progress>,
    /// Messages that are noted there are not sent again.
    pub(crate) resume: bool,
    /// In any order, once all are there.
    pub(crate) shuffle: bool,
    /// After so many messages a worker is ended, and another one takes its place.
    pub(crate) max_messages: Option<u64>,
    /// After a message with which a worker has come to use more than so many bytes, the same.
    pub(crate) max_memory: Option<u64>,
}

/// How people are told how far a pool has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// A bar below all lines, on a terminal.
    Bar,
    /// A line now and then.
    Lines,
}

/// When to stop early, in GNU parallel's words: `now,fail=1`, `soon,success=10%`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Halt {
    pub(crate) when: When,
    pub(crate) why: Why,
    pub(crate) count: Count,
}

/// What becomes of the messages that workers have then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// The workers are killed.
    Now,
    /// They are still answered.
    Soon,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// Messages that end in the dead letters.
    Fail,
    /// Messages that are answered.
    Success,
    /// Both.
    Done,
}

/// How many are enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Count {
    Number(u64),
    /// Of those that are done, once there are three that count.
    Percent(u8),
}

/// It is no rule for an early end.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a rule for an early end; use `never`, or `now` or `soon`, a comma, `fail`, `success` or \
     `done`, and how many: `now,fail=1`, `soon,success=10%`"
)]
pub(crate) struct UnknownHalt(String);

impl FromStr for Halt {
    type Err = UnknownHalt;

    fn from_str(text: &str) -> Result<Self, UnknownHalt> {
        let parse = || {
            let (when, rest) = text.split_once(',')?;
            let (why, count) = rest.split_once('=')?;
            Some(Self {
                when: match when {
                    "now" => When::Now,
                    "soon" => When::Soon,
                    _ => return None,
                },
                why: match why {
                    "fail" => Why::Fail,
                    "success" => Why::Success,
                    "done" => Why::Done,
                    _ => return None,
                },
                count: match count.strip_suffix('%') {
                    None => Count::Number(count.parse().ok().filter(|count| *count > 0)?),
                    Some(share) => {
                        let share = share.parse().ok();
                        Count::Percent(share.filter(|share| (1..=100).contains(share))?)
                    }
                },
            })
        };
        parse().ok_or_else(|| UnknownHalt(text.to_owned()))
    }
}

impl Halt {
    /// Is it time, with so many messages answered and so many not?
    pub(crate) fn is_due(&self, answered: u64, dead: u64) -> bool {
        let counted = match self.why {
            Why::Fail => dead,
            Why::Success => answered,
            Why::Done => answered + dead,
        };
        match self.count {
            Count::Number(count) => counted >= count,
            // As GNU parallel: of the first one or two a share says nothing.
            Count::Percent(share) => {
                counted >= 3 && counted * 100 >= u64::from(share) * (answered + dead)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_those_of_gnu_parallel() {
        let halt = |text: &str| text.parse::<Halt>();
        let rule = halt("now,fail=1").unwrap();
        assert_eq!((rule.when, rule.why, rule.count), (When::Now, Why::Fail, Count::Number(1)));
        assert!(!rule.is_due(100, 0));
        assert!(rule.is_due(0, 1));
        let rule = halt("soon,success=3").unwrap();
        assert!(!rule.is_due(2, 10));
        assert!(rule.is_due(3, 0));
        let rule = halt("soon,fail=10%").unwrap();
        assert!(!rule.is_due(0, 2));
        assert!(!rule.is_due(28, 3));
        assert!(rule.is_due(27, 3));
        assert!(halt("now,done=5").unwrap().is_due(3, 2));
        for text in ["", "later", "now", "now,fail", "now,fail=0", "soon,fail=101%", "now,lost=1"] {
            assert!(halt(text).is_err(), "{text}");
        }
    }
}
