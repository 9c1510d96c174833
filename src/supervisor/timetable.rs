//! Who is to be woken, and when: the first moment is found without a look at each instance.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use super::session::InstanceId;

/// The next moment of each instance that has one.
#[derive(Debug, Default)]
pub(super) struct Timetable {
    moments: BTreeSet<(Instant, InstanceId)>,
    of: BTreeMap<InstanceId, Instant>,
}

impl Timetable {
    /// The instance is to be woken then, and not before; without a moment not at all.
    pub(super) fn set(&mut self, id: InstanceId, moment: Option<Instant>) {
        let before = match moment {
            Some(moment) => self.of.insert(id, moment),
            None => self.of.remove(&id),
        };
        if before == moment {
            return;
        }
        if let Some(before) = before {
            self.moments.remove(&(before, id));
        }
        self.moments.extend(moment.map(|moment| (moment, id)));
    }

    /// When the first one is to be woken.
    pub(super) fn first(&self) -> Option<Instant> {
        Some(self.moments.first()?.0)
    }

    /// Who is to be woken by now, in the order of their moments.
    pub(super) fn due(&self, now: Instant) -> impl Iterator<Item = InstanceId> {
        self.moments.iter().take_while(move |(at, _)| *at <= now).map(|(_, id)| *id)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn who_is_due_is_known_however_often_his_moment_was_changed() {
        let start = Instant::now();
        let at = |seconds| Some(start + Duration::from_secs(seconds));
        let mut table = Timetable::default();
        assert_eq!(table.first(), None);
        for (id, moment) in [(0, at(3)), (1, at(1)), (2, at(2)), (1, at(4)), (2, None), (0, at(3))]
        {
            table.set(InstanceId(id), moment);
        }
        assert_eq!(table.first(), at(3));
        let due = |seconds| -> Vec<_> { table.due(at(seconds).unwrap()).map(|it| it.0).collect() };
        assert!(due(2).is_empty());
        assert_eq!(due(3), [0]);
        assert_eq!(due(9), [0, 1]);
    }
}
