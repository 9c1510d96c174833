//! Timeouts and deadlines: what they end, and that nothing is lost by them.

use std::thread;
use std::time::{Duration, Instant};

use gipc::codec::Json;
use gipc::{Error, blocking};

use crate::support::*;

tests![
    row_09_a_timeout_ends_when_the_first_byte_arrives,
    row_09_a_timeout_in_mid_message_loses_no_byte,
    row_09_a_deadline_is_for_the_whole_message,
    row_09_put_deadline_tells_what_is_still_to_go_out,
    row_09_put_deadline_that_sends_nothing_will_send_nothing,
    row_09_a_deadline_holds_while_others_have_the_handle,
    row_18_poll_tells_what_is_there,
    a_timeout_expires,
    a_timeout_expires_on_an_end_that_has_waited_without_one,
    a_timeout_does_not_expire_when_a_message_comes,
    a_timeout_of_zero_takes_what_is_there,
    a_deadline_in_the_past_sends_where_there_is_room,
    an_endless_timeout_is_no_timeout,
    a_message_that_comes_late_is_awaited,
];

fn is_timeout<T: std::fmt::Debug>(result: Result<T, Error>) -> bool {
    matches!(result, Err(Error::Timeout { pending: 0, .. }))
}

fn a_timeout_expires() {
    in_both_runtimes(async || {
        let (reader, writer) = gipc::pipe().unwrap();
        let before = Instant::now();
        assert!(is_timeout(reader.get_timeout(SHORT).await));
        assert!(is_timeout(reader.get_deadline(short()).await));
        assert!(before.elapsed() >= 2 * SHORT);
        writer.put(b"late").await.unwrap();
        assert_eq!(reader.get().await.unwrap().unwrap(), "late");
    });
    let (reader, writer) = blocking::pipe().unwrap();
    let before = Instant::now();
    assert!(is_timeout(reader.get_timeout(SHORT)));
    assert!(is_timeout(reader.get_deadline(short())));
    assert!(before.elapsed() >= 2 * SHORT);
    writer.put(b"late").unwrap();
    assert_eq!(reader.get().unwrap().unwrap(), "late");
}

/// Whoever waits without a limit does so in the call that reads or writes; who has one, or a runtime,
/// must not be caught there.
fn a_timeout_expires_on_an_end_that_has_waited_without_one() {
    // More than a pipe or a socket has room for.
    let large = pattern(16 << 20);
    for duplex in [false, true] {
        let (mut reader, mut writer) = if duplex {
            let (here, there) = blocking::duplex().unwrap();
            (here.split().0, there.split().1)
        } else {
            blocking::pipe().unwrap()
        };
        for round in 0..2 {
            writer.put(b"one").unwrap();
            assert_eq!(reader.get().unwrap().unwrap(), "one", "{round}");
            assert!(is_timeout(reader.get_timeout(SHORT)));
            assert!(!reader.poll(Duration::ZERO).unwrap());
            let full = |put: Result<(), Error>| matches!(put, Err(Error::Timeout { .. }));
            assert!(full(writer.put_deadline(&large, short())), "it has no room for all that");
            let rest = thread::scope(|scope| {
                let rest = scope.spawn(|| writer.put(b"two"));
                assert_eq!(reader.get().unwrap().unwrap(), large);
                assert_eq!(reader.get().unwrap().unwrap(), "two");
                rest.join().unwrap()
            });
            rest.unwrap();
            let (read, write) = (reader.into_async(), writer.into_async());
            current_thread().block_on(async {
                assert!(is_timeout(read.get_timeout(SHORT).await));
                write.put(b"three").await.unwrap();
                assert_eq!(read.get().await.unwrap().unwrap(), "three");
            });
            (reader, writer) = (read.into_blocking(), write.into_blocking());
        }
    }
}

fn a_timeout_does_not_expire_when_a_message_comes() {
    in_both_runtimes(async || {
        let (reader, writer) = gipc::pipe().unwrap();
        let put = async {
            tokio::task::yield_now().await;
            writer.put(b"1").await.unwrap();
            writer.put(b"2").await.unwrap();
        };
        let get = async {
            assert_eq!(reader.get_timeout(LONG).await.unwrap().unwrap(), "1");
            assert_eq!(reader.get_deadline(long()).await.unwrap().unwrap(), "2");
        };
        tokio::join!(get, put);
    });
    let (reader, writer) = blocking::pipe().unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            assert_eq!(reader.get_timeout(LONG).unwrap().unwrap(), "1");
            assert_eq!(reader.get_deadline(long()).unwrap().unwrap(), "2");
        });
        writer.put(b"1").unwrap();
        writer.put(b"2").unwrap();
    });
}

fn a_timeout_of_zero_takes_what_is_there() {
    in_both_runtimes(async || {
        for _ in 0..3 {
            let (reader, writer) = gipc::pipe().unwrap();
            assert!(is_timeout(reader.get_timeout(Duration::ZERO).await));
            for message in [b"1", b"2"] {
                writer.put(message).await.unwrap();
                assert!(reader.poll(Duration::ZERO).await.unwrap());
                assert_eq!(
                    &reader.get_timeout(Duration::ZERO).await.unwrap().unwrap()[..],
                    message
                );
                writer.put(message).await.unwrap();
                let got = reader.get_deadline(Instant::now()).await;
                assert_eq!(&got.unwrap().unwrap()[..], message);
                assert!(!reader.poll(Duration::ZERO).await.unwrap());
            }
        }
    });
    let (reader, writer) = blocking::pipe().unwrap();
    assert!(is_timeout(reader.get_timeout(Duration::ZERO)));
    writer.put(b"1").unwrap();
    assert_eq!(reader.get_timeout(Duration::ZERO).unwrap().unwrap(), "1");
}

fn a_deadline_in_the_past_sends_where_there_is_room() {
    in_both_runtimes(async || {
        let past = Instant::now();
        let (reader, writer) = gipc::pipe().unwrap();
        writer.put_deadline(b"1", past).await.unwrap();
        writer.put_deadline(b"2", past).await.unwrap();
        assert_eq!(reader.get_deadline(past).await.unwrap().unwrap(), "1");
        assert_eq!(reader.get_deadline(past).await.unwrap().unwrap(), "2");
    });
    let (reader, writer) = blocking::pipe().unwrap();
    let past = Instant::now();
    writer.put_deadline(b"1", past).unwrap();
    assert_eq!(reader.get_deadline(past).unwrap().unwrap(), "1");
}

fn an_endless_timeout_is_no_timeout() {
    in_both_runtimes(async || {
        let (reader, writer) = gipc::pipe().unwrap();
        writer.put(b"1").await.unwrap();
        assert!(reader.poll(Duration::MAX).await.unwrap());
        assert_eq!(reader.get_timeout(Duration::MAX).await.unwrap().unwrap(), "1");
        let child = sh("exit 3").spawn().unwrap();
        assert_eq!(child.join_timeout(Duration::MAX).await.unwrap().unwrap().code(), 3);
    });
    let (reader, writer) = blocking::pipe().unwrap();
    writer.put(b"1").unwrap();
    assert!(reader.poll(Duration::MAX).unwrap());
    assert_eq!(reader.get_timeout(Duration::MAX).unwrap().unwrap(), "1");
    let child = sh("exit 3").spawn().unwrap().into_blocking();
    assert_eq!(child.join_timeout(Duration::MAX).unwrap().unwrap().code(), 3);
}

fn a_message_that_comes_late_is_awaited() {
    in_both_runtimes(async || {
        let (reader, writer) = gipc::pipe().unwrap();
        // Not a tick of a clock, but whole timeouts, one after the other.
        for _ in 0..3 {
            assert!(is_timeout(reader.get_timeout(Duration::from_millis(1)).await));
        }
        let (got, put) = tokio::join!(reader.get(), writer.put(b"at last"));
        put.unwrap();
        assert_eq!(got.unwrap().unwrap(), "at last");
    });
}

fn row_09_a_timeout_ends_when_the_first_byte_arrives() {
    in_both_runtimes(async || {
        let mut there = Dribble::new();
        let reader = there.reader.clone();
        there.write(b"\0");
        assert!(reader.poll(LONG).await.unwrap());
        // The first byte is here: from now on no timeout counts.
        let get = reader.get_timeout(Duration::ZERO);
        let rest = async {
            assert!(matches!(reader.close(), Err(Error::Locked { .. })), "it is being read");
            there.write(b"\0\0\x05hello");
        };
        let (got, ()) = tokio::join!(get, rest);
        assert_eq!(got.unwrap().unwrap(), "hello");
        there.end();
    });
    let mut there = Dribble::new();
    let reader = there.reader.clone().into_blocking();
    there.write(b"\0");
    assert!(reader.poll(LONG).unwrap());
    thread::scope(|scope| {
        let get = scope.spawn(|| reader.get_timeout(Duration::ZERO));
        there.write(b"\0\0\x05hello");
        assert_eq!(get.join().unwrap().unwrap().unwrap(), "hello");
    });
}

fn row_09_a_timeout_in_mid_message_loses_no_byte() {
    in_both_runtimes(async || {
        let mut there = Dribble::new();
        let reader = there.reader.clone();
        for part in [&b"\0"[..], b"\0\0\x05he", b"ll"] {
            there.write(part);
            assert!(is_timeout(reader.get_deadline(short()).await));
        }
        there.write(b"o\0\0\0\x05world");
        assert_eq!(reader.get_timeout(LONG).await.unwrap().unwrap(), "hello");
        assert_eq!(reader.get_deadline(long()).await.unwrap().unwrap(), "world");
        there.end();
    });
    let mut there = Dribble::new();
    let reader = there.reader.clone().into_blocking();
    for part in [&b"\0"[..], b"\0\0\x05he", b"ll"] {
        there.write(part);
        assert!(is_timeout(reader.get_deadline(short())));
    }
    there.write(b"o\0\0\0\x05world");
    assert_eq!(reader.get_timeout(LONG).unwrap().unwrap(), "hello");
    assert_eq!(reader.get_deadline(long()).unwrap().unwrap(), "world");
}

fn row_09_a_deadline_is_for_the_whole_message() {
    in_both_runtimes(async || {
        let mut there = Dribble::new();
        let reader = there.reader.clone();
        there.write(b"\0\0\0\x02h");
        assert!(reader.poll(LONG).await.unwrap());
        assert!(is_timeout(reader.get_deadline(short()).await), "a byte is missing");
        there.write(b"i");
        assert_eq!(reader.get_deadline(long()).await.unwrap().unwrap(), "hi");
    });
}

fn row_09_put_deadline_tells_what_is_still_to_go_out() {
    let large = pattern(3 << 20);
    in_both_runtimes(async || {
        let (reader, writer) = gipc::pipe().unwrap();
        let Err(Error::Timeout { pending, .. }) = writer.put_deadline(&large, short()).await else {
            panic!("there is no room for it")
        };
        assert!(0 < pending && pending < large.len(), "{pending}");
        let get_both = async { [reader.get().await.unwrap(), reader.get().await.unwrap()] };
        let (put, got) = tokio::join!(writer.put(b"next"), get_both);
        put.unwrap();
        assert!(got[0].as_ref().unwrap() == &large, "it comes whole");
        assert_eq!(got[1].as_ref().unwrap(), "next");
    });
    let (reader, writer) = blocking::pipe().unwrap();
    let Err(Error::Timeout { pending, .. }) = writer.put_deadline(&large, short()) else {
        panic!("there is no room for it")
    };
    assert!(0 < pending && pending < large.len(), "{pending}");
    thread::scope(|scope| {
        scope.spawn(|| writer.put(b"next").unwrap());
        assert!(reader.get().unwrap().unwrap() == large);
        assert_eq!(reader.get().unwrap().unwrap(), "next");
    });
}

/// A message of a size that goes into a pipe as a whole or not at all.
const ATOMIC: usize = 4096 - 4;

fn row_09_put_deadline_that_sends_nothing_will_send_nothing() {
    in_both_runtimes(async || {
        let (reader, writer) = gipc::pipe().unwrap();
        let mut sent = 0;
        let error = loop {
            match writer.put_deadline(&[1; ATOMIC], short()).await {
                Ok(()) => sent += 1,
                Err(error) => break error,
            }
        };
        assert!(matches!(error, Error::Timeout { pending: 0, .. }), "{error}");
        writer.close().unwrap();
        for _ in 0..sent {
            assert_eq!(reader.get().await.unwrap().unwrap(), vec![1; ATOMIC]);
        }
        assert_eq!(reader.get().await.unwrap(), None);
    });
    let (reader, writer) = blocking::pipe().unwrap();
    let mut sent = 0;
    while writer.put_deadline(&[1; ATOMIC], short()).is_ok() {
        sent += 1;
    }
    writer.close().unwrap();
    assert_eq!(reader.iter().map(Result::unwrap).count(), sent);
}

fn row_09_a_deadline_holds_while_others_have_the_handle() {
    in_both_runtimes(async || {
        let (reader, writer) = gipc::pipe().unwrap();
        let also = async {
            // The other one has it by now, and waits.
            assert!(is_timeout(reader.get_deadline(short()).await));
            assert!(is_timeout(reader.get_timeout(SHORT).await));
            assert!(!reader.poll(SHORT).await.unwrap());
            writer.put(b"for the first").await.unwrap();
        };
        let (got, ()) = tokio::join!(reader.get(), also);
        assert_eq!(got.unwrap().unwrap(), "for the first");
    });
    let (reader, writer) = blocking::pipe().unwrap();
    thread::scope(|scope| {
        let first = scope.spawn(|| reader.get());
        // Nothing tells that the other thread has it; whoever has it, nothing comes.
        assert!(is_timeout(reader.get_deadline(short())));
        assert!(is_timeout(reader.get_timeout(SHORT)));
        assert!(!reader.poll(SHORT).unwrap());
        writer.put(b"for the first").unwrap();
        assert_eq!(first.join().unwrap().unwrap().unwrap(), "for the first");
    });
}

fn row_18_poll_tells_what_is_there() {
    in_both_runtimes(async || {
        let (reader, writer) = gipc::pipe_with(Json::<u8>::new()).unwrap();
        assert!(!reader.poll(Duration::ZERO).await.unwrap());
        assert!(!reader.poll(SHORT).await.unwrap());
        writer.put(&1).await.unwrap();
        assert!(reader.poll(LONG).await.unwrap());
        assert!(reader.poll(Duration::ZERO).await.unwrap(), "it is still there");
        assert_eq!(reader.get().await.unwrap(), Some(1));
        drop(writer);
        assert!(reader.poll(LONG).await.unwrap(), "the end");
        reader.close().unwrap();
        assert!(matches!(reader.poll(SHORT).await, Err(Error::Closed { .. })));
    });
    let (reader, writer) = blocking::pipe().unwrap();
    assert!(!reader.poll(Duration::ZERO).unwrap());
    writer.put(b"1").unwrap();
    assert!(reader.poll(Duration::ZERO).unwrap());
    assert_eq!(reader.get().unwrap().unwrap(), "1");
    drop(writer);
    assert!(reader.poll(LONG).unwrap(), "the end");
}
