//! Several runs of the same rows: how far they lie apart, and which of them counts.

use std::fs;
use std::thread;

use crate::rows::Row;

/// The same row, run by run: once at the least.
pub(crate) struct Runs(Vec<Row>);

impl Runs {
    /// Puts each row of a further run to those of the runs before.
    pub(crate) fn add(all: &mut Vec<Self>, table: Vec<Row>) {
        for row in table {
            let is_same = |runs: &&mut Self| (runs.0[0].id, runs.0[0].work) == (row.id, row.work);
            match all.iter_mut().find(is_same) {
                Some(runs) => runs.0.push(row),
                None => all.push(Self(vec![row])),
            }
        }
    }

    /// The row of the run whose ratio is the one in the middle: all that stands in it was measured
    /// side by side.
    pub(crate) fn middle(&self) -> &Row {
        let mut rows: Vec<&Row> = self.0.iter().collect();
        rows.sort_by(|one, other| {
            let ratio = |row: &Row| row.ratio().unwrap_or(f64::INFINITY);
            ratio(one).total_cmp(&ratio(other))
        });
        rows[rows.len() / 2]
    }

    pub(crate) fn ratios(&self) -> Vec<Option<f64>> {
        self.0.iter().map(Row::ratio).collect()
    }

    /// In how many of them it was met, of how many; `None` where nothing is to be reached.
    pub(crate) fn met(&self) -> Option<(usize, usize)> {
        let met: Vec<bool> = self.0.iter().filter_map(|row| row.met).collect();
        (!met.is_empty()).then(|| (met.iter().filter(|met| **met).count(), met.len()))
    }
}

/// How busy the machine is, by `/proc/loadavg`: mean over the last minute.
pub(crate) fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or("unknown").to_owned()
}

pub(crate) fn processors() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}
