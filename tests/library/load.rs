//! A parent that is large and busy.

use std::fs;
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use gipc::Command;

use crate::support::*;

tests![a_large_and_busy_parent_starts_a_thousand_children_and_leaves_nothing_behind];

/// How much memory the parent has, in bytes.
const MEMORY: usize = 512 << 20;

/// How much more than before may be resident, in bytes: the allocator keeps some pages of what was
/// given free. A leak of a stack or a page table per child would be ten times that.
const TOLERANCE: usize = 4 << 20;

/// Resident memory, in bytes.
fn resident() -> usize {
    let statm = fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

pub(crate) fn starts_a_thousand(_: ()) {
    let memory = vec![1_u8; MEMORY];
    let stop = AtomicBool::new(false);
    let busy = || {
        let mut strings = Vec::new();
        // Takes and gives free memory, so that a lock of the allocator is held at all times.
        while !stop.load(Ordering::Relaxed) {
            strings.push(black_box("x".repeat(100)));
            strings.truncate(strings.len() % 100);
        }
    };
    let start = || {
        // Ten at a time, in each of the ways to wait.
        current_thread().block_on(async {
            for at in 0..100 {
                let children: Vec<_> =
                    (0..10).map(|_| Command::new("/bin/true").spawn().unwrap()).collect();
                for child in children {
                    let status = if at % 2 == 0 {
                        child.join().await.unwrap()
                    } else {
                        child.into_blocking().join().unwrap()
                    };
                    assert!(status.success());
                }
            }
        });
    };
    /// Also stops the threads when an assertion fails, else they would never be joined.
    struct Stop<'a>(&'a AtomicBool);
    impl Drop for Stop<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    thread::scope(|scope| {
        let _stop = Stop(&stop);
        for _ in 0..8 {
            scope.spawn(busy);
        }
        // What is there once for the whole process comes first.
        Command::new("/bin/true").spawn().unwrap().reap().unwrap();
        current_thread().block_on(async {
            Command::new("/bin/true").spawn().unwrap().join().await.unwrap();
        });
        let before = (descriptors(), children(), resident());
        start();
        let after = (descriptors(), children(), resident());
        assert_eq!(after.0, before.0, "descriptors");
        assert_eq!((after.1, before.1), (0, 0), "zombies");
        assert!(before.2 > MEMORY);
        assert!(after.2 < before.2 + TOLERANCE, "{} bytes, {} before", after.2, before.2);
    });
    assert_eq!(black_box(memory)[MEMORY - 1], 1);
}

fn a_large_and_busy_parent_starts_a_thousand_children_and_leaves_nothing_behind() {
    alone(starts_a_thousand);
}
