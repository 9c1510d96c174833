//! Contenders in turn, and medians.

use std::time::Duration;

/// So many times as many turns have what takes a second or less, and is close to what is to be reached.
pub(crate) const MORE: usize = 3;

/// One who does the work of a row; `None` where it cannot be had here.
pub(crate) struct Contender<'a> {
    pub(crate) name: &'static str,
    work: Box<dyn FnMut() -> Option<f64> + 'a>,
}

impl<'a> Contender<'a> {
    pub(crate) fn new(name: &'static str, mut work: impl FnMut() -> f64 + 'a) -> Self {
        Self { name, work: Box::new(move || Some(work())) }
    }

    /// Perhaps it is not there.
    pub(crate) fn perhaps(name: &'static str, work: impl FnMut() -> Option<f64> + 'a) -> Self {
        Self { name, work: Box::new(work) }
    }
}

/// What came out: the median of all turns.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    pub(crate) name: &'static str,
    pub(crate) median: Option<f64>,
}

/// `rounds` times each, in turn: A B C, A B C, …; what disturbs one disturbs all.
pub(crate) fn in_turn(rounds: usize, mut contenders: Vec<Contender<'_>>) -> Vec<Figure> {
    let mut figures: Vec<Vec<f64>> = vec![Vec::new(); contenders.len()];
    for _ in 0..rounds {
        for (contender, figures) in contenders.iter_mut().zip(&mut figures) {
            figures.extend((contender.work)());
        }
    }
    let name = |contender: &Contender<'_>| contender.name;
    let names: Vec<_> = contenders.iter().map(name).collect();
    names.into_iter().zip(figures).map(|(name, it)| Figure { name, median: median(it) }).collect()
}

fn median(mut figures: Vec<f64>) -> Option<f64> {
    figures.sort_unstable_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied()
}

pub(crate) fn per_second(count: usize, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}

pub(crate) fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

pub(crate) fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
