//! Channels of both directions.

use std::thread;

use gipc::codec::Json;
use gipc::{Duplex, Error, Process, Reader, Writer, blocking};

use crate::support::*;

tests![
    row_06_half_of_a_duplex_may_be_passed,
    row_06_halves_go_to_different_children,
    row_08_a_duplex_closes_once,
    a_child_echoes,
    messages_go_both_ways_at_once,
    syn_and_ack,
    a_ring_of_forwarders,
    ten_at_once,
    a_closed_half_ends_its_direction_alone,
    the_end_comes_even_where_the_other_side_has_not_read_everything,
    a_duplex_has_timeouts_and_poll,
];

pub(crate) fn echoes(there: blocking::Duplex) {
    while let Some(message) = there.get().unwrap() {
        there.put(&message).unwrap();
    }
}

/// SYN, ACK.
pub(crate) fn answers(there: blocking::Duplex) {
    assert_eq!(there.get().unwrap().unwrap(), "SYN");
    there.put(b"ACK").unwrap();
}

pub(crate) fn passes_on((reader, writer): (blocking::Reader, blocking::Writer)) {
    for message in reader.iter() {
        writer.put(&message.unwrap()).unwrap();
    }
}

fn forwarder(reader: Reader, writer: Writer) -> Process {
    gipc::start_process(passes_on, (reader.into_blocking(), writer.into_blocking())).unwrap()
}

fn a_child_echoes() {
    in_both_runtimes(async || {
        let (here, there) = gipc::duplex().unwrap();
        let child = gipc::start_process(echoes, there.into_blocking()).unwrap();
        for size in [0, 1, 100_000, 5 << 20] {
            let message = pattern(size);
            let (put, got) = tokio::join!(here.put(&message), here.get());
            put.unwrap();
            assert!(got.unwrap().unwrap() == message);
        }
        here.close().unwrap();
        assert!(child.join().await.unwrap().success());
    });
    let (here, there) = blocking::duplex().unwrap();
    let child = blocking::start_process(echoes, there).unwrap();
    here.put(b"hello").unwrap();
    assert_eq!(here.get().unwrap().unwrap(), "hello");
    drop(here);
    assert!(child.join().unwrap().success());
}

fn messages_go_both_ways_at_once() {
    let large = pattern(9 << 20);
    in_both_runtimes(async || {
        // More than both buffers hold: each side must read while it writes.
        let (one, other) = gipc::duplex().unwrap();
        let at = async |end: Duplex| {
            let (put, got) = tokio::join!(end.put(&large), end.get());
            put.unwrap();
            assert!(got.unwrap().unwrap() == large);
        };
        tokio::join!(at(one), at(other));
    });
    let (one, other) = blocking::duplex().unwrap();
    thread::scope(|scope| {
        for end in [&one, &other] {
            scope.spawn(|| end.put(&large).unwrap());
            scope.spawn(|| assert!(end.get().unwrap().unwrap() == large));
        }
    });
}

fn syn_and_ack() {
    in_both_runtimes(async || {
        let (here, there) = gipc::duplex().unwrap();
        let child = gipc::start_process(answers, there.into_blocking()).unwrap();
        here.put(b"SYN").await.unwrap();
        assert_eq!(here.get().await.unwrap().unwrap(), "ACK");
        assert_eq!(here.get().await.unwrap(), None, "it has ended");
        assert!(child.join().await.unwrap().success());
    });
}

fn a_ring_of_forwarders() {
    in_both_runtimes(async || {
        let (mut next, first) = gipc::pipe().unwrap();
        let mut children = Vec::new();
        for _ in 0..5 {
            let (reader, writer) = gipc::pipe().unwrap();
            children.push(forwarder(next, writer));
            next = reader;
        }
        for round in 0..3_u8 {
            first.put(&[round; 1000]).await.unwrap();
            assert_eq!(next.get().await.unwrap().unwrap(), vec![round; 1000]);
        }
        // The end goes round as well.
        drop(first);
        assert_eq!(next.get().await.unwrap(), None);
        for child in children {
            assert!(child.join().await.unwrap().success());
        }
    });
}

fn ten_at_once() {
    for runtime in [current_thread(), multi_thread()] {
        runtime.block_on(async {
            let mut tasks = tokio::task::JoinSet::new();
            for number in 0..10_u8 {
                tasks.spawn(async move {
                    let (here, there) = gipc::duplex().unwrap();
                    let child = gipc::start_process(echoes, there.into_blocking()).unwrap();
                    for _ in 0..10 {
                        here.put(&[number; 3000]).await.unwrap();
                        assert_eq!(here.get().await.unwrap().unwrap(), vec![number; 3000]);
                    }
                    here.close().unwrap();
                    assert!(child.join().await.unwrap().success());
                });
            }
            tasks.join_all().await;
        });
    }
}

fn row_06_half_of_a_duplex_may_be_passed() {
    in_both_runtimes(async || {
        let (here, there) = gipc::duplex().unwrap();
        let (reader, writer) = there.split();
        // The child takes what comes and has a pipe for its answers; we answer as the same end.
        let (answers, to_us) = gipc::pipe().unwrap();
        let child = forwarder(reader.clone(), to_us);
        assert!(matches!(reader.get().await, Err(Error::Closed { .. })));
        here.put(b"to the child").await.unwrap();
        assert_eq!(answers.get().await.unwrap().unwrap(), "to the child");
        writer.put(b"from us").await.unwrap();
        assert_eq!(here.get().await.unwrap().unwrap(), "from us");
        drop(here);
        assert_eq!(answers.get().await.unwrap(), None);
        assert!(child.join().await.unwrap().success());
    });
}

fn row_06_halves_go_to_different_children() {
    in_both_runtimes(async || {
        let (here, there) = gipc::duplex().unwrap();
        let (reader, writer) = there.split();
        let (between_out, between_in) = gipc::pipe().unwrap();
        let one = forwarder(reader, between_in);
        let other = forwarder(between_out, writer);
        for message in ["1", "2"] {
            here.put(message.as_bytes()).await.unwrap();
            assert_eq!(here.get().await.unwrap().unwrap(), message);
        }
        let (reader, writer) = here.split();
        writer.close().unwrap();
        assert_eq!(reader.get().await.unwrap(), None, "the end has gone through both");
        for child in [one, other] {
            assert!(child.join().await.unwrap().success());
        }
    });
}

fn row_08_a_duplex_closes_once() {
    in_both_runtimes(async || {
        let (here, there) = gipc::duplex().unwrap();
        here.close().unwrap();
        assert!(matches!(here.close(), Err(Error::Closed { .. })));
        assert!(matches!(here.put(b"1").await, Err(Error::Closed { .. })));
        assert!(matches!(here.get().await, Err(Error::Closed { .. })));
        assert_eq!(there.get().await.unwrap(), None);
        assert!(matches!(there.put(b"1").await, Err(Error::Peer { .. })));
        let (here, there) = gipc::duplex().unwrap();
        let busy = async {
            assert!(matches!(here.close(), Err(Error::Locked { .. })), "it is being read");
            here.put(b"its other half is open").await.unwrap();
            there.put(b"1").await.unwrap();
        };
        let (got, ()) = tokio::join!(here.get(), busy);
        assert_eq!(got.unwrap().unwrap(), "1");
        here.close().unwrap();
    });
    // What could not be sent is no reason to leave a half open.
    let (here, there) = blocking::duplex().unwrap();
    let put = here.put_deadline(&pattern(40 << 20), short());
    assert!(matches!(put, Err(Error::Timeout { pending: 1.., .. })), "{put:?}");
    assert!(matches!(here.close(), Err(Error::Timeout { pending: 1.., .. })));
    assert!(matches!(here.get_timeout(SHORT), Err(Error::Closed { .. })));
    assert!(matches!(there.get(), Err(Error::Truncated { .. })));
}

fn a_closed_half_ends_its_direction_alone() {
    in_both_runtimes(async || {
        let (here, there) = gipc::duplex().unwrap();
        let (reader, writer) = here.split();
        writer.put(b"last").await.unwrap();
        writer.close().unwrap();
        assert_eq!(there.get().await.unwrap().unwrap(), "last");
        assert_eq!(there.get().await.unwrap(), None);
        there.put(b"still open").await.unwrap();
        assert_eq!(reader.get().await.unwrap().unwrap(), "still open");
        reader.close().unwrap();
        assert!(matches!(there.put(b"nobody").await, Err(Error::Peer { .. })));
    });
}

fn the_end_comes_even_where_the_other_side_has_not_read_everything() {
    in_both_runtimes(async || {
        let (here, there) = gipc::duplex().unwrap();
        here.put(b"never read").await.unwrap();
        there.put(b"last").await.unwrap();
        drop(there);
        assert_eq!(here.get().await.unwrap().unwrap(), "last");
        assert_eq!(here.get().await.unwrap(), None);
        assert!(matches!(here.put(b"1").await, Err(Error::Peer { .. })));
    });
    let (here, there) = blocking::duplex().unwrap();
    here.put(b"never read").unwrap();
    let child = sh("printf '\\0\\0\\0\\4last' >&$GIPC_OUT").channel("both", there).spawn().unwrap();
    assert_eq!(here.get().unwrap().unwrap(), "last");
    assert_eq!(here.get().unwrap(), None);
    assert!(child.reap().unwrap().0.success());
}

fn a_duplex_has_timeouts_and_poll() {
    in_both_runtimes(async || {
        let (here, there) = gipc::duplex_with(Json::<u8>::new()).unwrap();
        let (here, there) = (here.named("here"), there.named("there"));
        assert_eq!((here.name(), there.name()), ("here", "there"));
        assert!(!here.poll(SHORT).await.unwrap());
        assert!(matches!(here.get_timeout(SHORT).await, Err(Error::Timeout { .. })));
        assert!(matches!(here.get_deadline(short()).await, Err(Error::Timeout { .. })));
        there.put_deadline(&1, long()).await.unwrap();
        assert!(here.poll(LONG).await.unwrap());
        assert_eq!(here.get_deadline(long()).await.unwrap(), Some(1));
    });
    let (here, there) = blocking::duplex().unwrap();
    assert!(!here.poll(SHORT).unwrap());
    assert!(matches!(here.get_timeout(SHORT), Err(Error::Timeout { .. })));
    assert!(matches!(here.get_deadline(short()), Err(Error::Timeout { .. })));
    there.put_deadline(b"1", long()).unwrap();
    assert!(here.poll(LONG).unwrap());
    assert_eq!(here.get_timeout(LONG).unwrap().unwrap(), "1");
}
