//! In which order things start that wait for each other.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};

/// Whom each waits for, by its place; an order in which each comes after those, and otherwise as
/// they stand.
///
/// # Errors
/// The cycles, each from its first member on: no order has them. Of cycles that share a member it
/// may be one only.
pub(crate) fn order(waits_for: &[Vec<usize>]) -> Result<Vec<usize>, Vec<Vec<usize>>> {
    let mut followers = vec![Vec::new(); waits_for.len()];
    let mut missing: Vec<usize> = waits_for.iter().map(Vec::len).collect();
    for (place, leaders) in waits_for.iter().enumerate() {
        for leader in leaders {
            followers[*leader].push(place);
        }
    }
    let free = (0..waits_for.len()).filter(|place| missing[*place] == 0);
    let mut free: BinaryHeap<_> = free.map(Reverse).collect();
    let mut order = Vec::with_capacity(waits_for.len());
    while let Some(Reverse(place)) = free.pop() {
        order.push(place);
        for follower in &followers[place] {
            missing[*follower] -= 1;
            if missing[*follower] == 0 {
                free.push(Reverse(*follower));
            }
        }
    }
    if order.len() == waits_for.len() {
        return Ok(order);
    }
    // Whoever is left waits for one that is left: so a walk along these comes back to itself.
    let left = |place: &usize| missing[*place] > 0;
    let mut seen = HashSet::new();
    let mut cycles = Vec::new();
    for start in (0..waits_for.len()).filter(left) {
        let mut walk = Vec::new();
        let mut place = start;
        while seen.insert(place) {
            walk.push(place);
            match waits_for[place].iter().copied().find(left) {
                Some(next) => place = next,
                None => break,
            }
        }
        if let Some(first) = walk.iter().position(|known| *known == place) {
            let mut cycle = walk.split_off(first);
            let smallest = (0..cycle.len()).min_by_key(|at| cycle[*at]);
            cycle.rotate_left(smallest.unwrap_or(0));
            cycles.push(cycle);
        }
    }
    Err(cycles)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_comes_after_those_it_waits_for_and_otherwise_as_it_stands() {
        assert_eq!(order(&[]), Ok(vec![]));
        assert_eq!(order(&[vec![], vec![], vec![]]), Ok(vec![0, 1, 2]));
        assert_eq!(order(&[vec![2], vec![], vec![1]]), Ok(vec![1, 2, 0]));
        assert_eq!(order(&[vec![], vec![3], vec![0], vec![], vec![1, 2]]), Ok(vec![0, 2, 3, 1, 4]));
    }

    #[test]
    fn cycles_are_told_whole_and_without_those_that_only_wait_for_them() {
        assert_eq!(order(&[vec![0]]), Err(vec![vec![0]]));
        assert_eq!(order(&[vec![1], vec![2], vec![1]]), Err(vec![vec![1, 2]]));
        let two = [vec![2], vec![3], vec![0], vec![1], vec![0]];
        assert_eq!(order(&two), Err(vec![vec![0, 2], vec![1, 3]]));
    }

    #[test]
    fn a_long_chain_takes_no_stack() {
        let chain: Vec<_> = (0..200_000).map(|place| vec![place + 1]).chain([vec![]]).collect();
        assert_eq!(order(&chain).unwrap()[0], 200_000);
        let mut ring = chain;
        ring[200_000] = vec![0];
        assert_eq!(order(&ring).unwrap_err()[0].len(), 200_001);
    }
}
