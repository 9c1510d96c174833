//! Scopes: children that do not outlive a piece of code.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use gipc::{Process, blocking};

use crate::support::*;

tests![
    row_10_a_scope_joins_its_children,
    row_10_a_scope_gives_back_what_its_body_says,
    row_10_a_scope_that_panics_kills_its_children,
    row_10_a_dropped_scope_kills_its_children,
    row_14_a_scope_ends_its_daemons,
    row_14_a_scope_takes_in_functions,
];

/// Would live for ever.
fn endless() -> gipc::Command {
    sh("exec sleep 1000")
}

fn row_10_a_scope_joins_its_children() {
    in_both_runtimes(async || {
        let (reader, writer) = gipc::pipe().unwrap();
        let scope = gipc::scope(async |scope| {
            let child = scope.spawn(sh("read line <&3; exit 5").channel("in", reader)).unwrap();
            drop(writer);
            child
        });
        let child = scope.await.unwrap();
        assert_eq!(child.exitcode(), Some(5));
    });
    let scope = blocking::scope(|scope| scope.spawn(sh("exit 5")).unwrap());
    assert_eq!(scope.unwrap().exitcode(), Some(5));
}

fn row_10_a_scope_gives_back_what_its_body_says() {
    in_both_runtimes(async || {
        let result = gipc::scope(async |scope| {
            scope.spawn(sh("exit 5")).unwrap();
            Err::<(), _>("the user's own")
        });
        assert_eq!(result.await.unwrap(), Err("the user's own"));
    });
    let result = blocking::scope(|scope| {
        scope.spawn(sh("kill -9 $$")).unwrap();
        Err::<(), _>("the user's own")
    });
    assert_eq!(result.unwrap(), Err("the user's own"));
}

fn row_10_a_scope_that_panics_kills_its_children() {
    let mut child: Option<Process> = None;
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        blocking::scope(|scope| {
            child = Some(scope.spawn(endless()).unwrap().into_async());
            panic!("the user's own");
        })
    }));
    assert_eq!(*panicked.unwrap_err().downcast::<&str>().unwrap(), "the user's own");
    assert_eq!(child.unwrap().exitcode(), Some(-9));
}

fn row_10_a_dropped_scope_kills_its_children() {
    in_both_runtimes(async || {
        let mut child: Option<Process> = None;
        {
            let mut scope = pin!(gipc::scope(async |scope| {
                child = Some(scope.spawn(endless()).unwrap());
            }));
            let joining = std::future::poll_fn(|context| {
                Poll::Ready(scope.as_mut().poll(context).is_pending())
            });
            assert!(joining.await, "it waits for its child");
        }
        assert_eq!(child.unwrap().exitcode(), Some(-9));
    });
}

fn row_14_a_scope_ends_its_daemons() {
    in_both_runtimes(async || {
        let scope = gipc::scope(async |scope| scope.spawn(endless().daemon(true)).unwrap());
        assert_eq!(scope.await.unwrap().exitcode(), Some(-15));
    });
    let scope = blocking::scope(|scope| scope.spawn(endless().daemon(true)).unwrap());
    assert_eq!(scope.unwrap().exitcode(), Some(-15));
}

fn row_14_a_scope_takes_in_functions() {
    in_both_runtimes(async || {
        let scope = gipc::scope(async |scope| {
            let child = gipc::start_process(crate::processes::exits_with, 5).unwrap();
            scope.add(child.clone());
            child
        });
        assert_eq!(scope.await.unwrap().exitcode(), Some(5));
    });
}
