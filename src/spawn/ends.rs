//! The ends of channels that a child is given: their numbers, and closing them here.

use super::{ChildFd, Command, SpawnError};
use crate::channel::{ChannelEnd, Wanted, Way};
use crate::inherited::{Channel, Direction};

impl Command {
    /// Numbers for the ends that have none. All are looked at before the first one closes here.
    pub(super) fn place_ends(&mut self) -> Result<(), SpawnError> {
        let ends = std::mem::take(&mut self.ends);
        let placed = std::mem::take(&mut self.placed);
        for (at, (name, end)) in ends.iter().enumerate() {
            if name.is_empty() || name.contains([':', ',', '=', '\0']) {
                return Err(self.refused(format!("`{name}` cannot be a channel's name")));
            }
            let clashes = |(other, there): &(String, ChannelEnd)| {
                other == name && there.way().overlaps(end.way())
            };
            if ends[..at].iter().any(clashes) {
                return Err(self.refused(format!("channel `{name}` is declared twice")));
            }
        }
        let all: Vec<_> =
            ends.iter().map(|(_, end)| end).chain(placed.iter().map(|(_, end)| end)).collect();
        for (at, end) in all.iter().enumerate() {
            if all[..at].iter().any(|other| other.is_same_as(end)) {
                return Err(self.refused(format!("`{}` is given twice", end.name())));
            }
            end.check().map_err(|error| self.unavailable(error))?;
        }
        for (target, end) in placed {
            let passed = end.take(Wanted::ByUs).map_err(|error| self.unavailable(error))?;
            for (number, passed) in (target.number()..).zip(passed) {
                self.fds.push((ChildFd(number), passed.descriptor));
            }
        }
        for (name, end) in ends {
            let framing = end.framing().map_err(|error| self.unavailable(error))?;
            let passed = end.take(Wanted::ByAnybody).map_err(|error| self.unavailable(error))?;
            for passed in passed {
                let target = self.free_number(passed.way);
                for direction in [Direction::In, Direction::Out] {
                    if passed.way.overlaps(direction.into()) {
                        let fd = target.number().into();
                        let (name, inode) = (name.clone(), Some(passed.inode));
                        self.channels.push(Channel { name, direction, fd, framing, inode });
                    }
                }
                self.fds.push((target, passed.descriptor));
            }
        }
        Ok(())
    }

    /// The number for a further end: 3 or 4, or else the first behind them.
    fn free_number(&self, way: Way) -> ChildFd {
        let first = match way {
            Way::In | Way::Both => ChildFd::MESSAGES_IN,
            Way::Out => ChildFd::MESSAGES_OUT,
        };
        let behind = (ChildFd::MESSAGES_OUT.number() + 1..).map(ChildFd);
        let is_free = |target: &ChildFd| self.fds.iter().all(|(taken, _)| taken != target);
        std::iter::once(first).chain(behind).find(is_free).unwrap_or(first)
    }
}
