//! Messages: what is put in comes out, whole, in order, once.

use std::collections::BTreeSet;
use std::thread;

use gipc::channel::Options;
use gipc::codec::{Json, Raw};
use gipc::framing::Framing;
use gipc::{Error, Process, Writer, blocking};

use crate::support::*;

tests![
    row_01_children_can_be_created_from_any_thread_and_any_task,
    row_01_each_message_is_delivered_once,
    row_07_messages_of_concurrent_tasks_are_never_interleaved,
    row_07_messages_of_concurrent_threads_are_never_interleaved,
    row_07_concurrent_gets_give_whole_messages,
    row_12_the_end_between_messages_is_none_again_and_again,
    row_16_a_hundred_thousand_messages_arrive,
    short_long_and_empty_messages_arrive,
    messages_larger_than_the_pipe_arrive,
    a_message_is_put_when_the_channel_has_all_of_it,
    values_of_many_types_arrive,
    every_framing_with_boundaries_carries_messages,
    two_readers_share_the_messages,
    two_writers_feed_one_reader,
    write_then_close_then_read,
];

pub(crate) fn sends_numbers((writer, first, last): (blocking::Writer<Json<u32>>, u32, u32)) {
    for number in first..last {
        writer.put(&number).unwrap();
    }
}

fn sender(writer: Writer<Json<u32>>, first: u32, last: u32) -> Process {
    gipc::start_process(sends_numbers, (writer.into_blocking(), first, last)).unwrap()
}

fn row_01_children_can_be_created_from_any_thread_and_any_task() {
    let start = |at: u32| {
        let (reader, writer) = blocking::pipe_with(Json::<u32>::new()).unwrap();
        let child = blocking::start_process(sends_numbers, (writer, at, at + 3)).unwrap();
        let got: Vec<u32> = reader.iter().map(Result::unwrap).collect();
        assert_eq!(got, [at, at + 1, at + 2]);
        assert!(child.join().unwrap().success());
    };
    thread::scope(|scope| {
        for at in 0..4 {
            scope.spawn(move || start(at));
        }
    });
    in_both_runtimes(async || {
        let task = async |at: u32| {
            let (reader, writer) = gipc::pipe_with(Json::<u32>::new()).unwrap();
            let child = sender(writer, at, at + 1);
            assert_eq!(reader.get().await.unwrap(), Some(at));
            assert_eq!(reader.get().await.unwrap(), None);
            assert!(child.join().await.unwrap().success());
        };
        tokio::join!(task(0), task(1), task(2), task(3));
    });
}

fn row_01_each_message_is_delivered_once() {
    in_both_runtimes(async || {
        let (reader, writer) = gipc::pipe_with(Json::<u32>::new()).unwrap();
        // Two children with a writer each; their messages are short enough to go out whole.
        let second = writer.try_clone().unwrap();
        let one = sender(writer, 0, 1000);
        let other = sender(second, 1000, 2000);
        let mut seen = BTreeSet::new();
        while let Some(number) = reader.get().await.unwrap() {
            assert!(seen.insert(number), "{number} came twice");
        }
        assert!(seen.into_iter().eq(0..2000));
        for child in [one, other] {
            assert!(child.join().await.unwrap().success());
        }
    });
}

/// A message that tells whether it is whole: all its bytes are its number, and so is its length.
fn marked(number: u8) -> Vec<u8> {
    vec![number; 40_000 + usize::from(number)]
}

fn assert_whole(message: &[u8]) -> u8 {
    assert_eq!(message, marked(message[0]));
    message[0]
}

fn row_07_messages_of_concurrent_tasks_are_never_interleaved() {
    for runtime in [current_thread(), multi_thread()] {
        runtime.block_on(async {
            let (reader, writer) = gipc::pipe().unwrap();
            let mut tasks = tokio::task::JoinSet::new();
            for number in 0..8 {
                let writer = writer.clone();
                tasks.spawn(async move {
                    for _ in 0..20 {
                        writer.put(&marked(number)).await.unwrap();
                    }
                });
            }
            drop(writer);
            let mut counts = [0; 8];
            while let Some(message) = reader.get().await.unwrap() {
                counts[usize::from(assert_whole(&message))] += 1;
            }
            assert_eq!(counts, [20; 8]);
            tasks.join_all().await;
        });
    }
}

fn row_07_messages_of_concurrent_threads_are_never_interleaved() {
    let (reader, writer) = blocking::pipe().unwrap();
    thread::scope(|scope| {
        for number in 0..8 {
            let writer = writer.clone();
            scope.spawn(move || {
                for _ in 0..20 {
                    writer.put(&marked(number)).unwrap();
                }
            });
        }
        drop(writer);
        let mut counts = [0; 8];
        for message in reader.iter() {
            counts[usize::from(assert_whole(&message.unwrap()))] += 1;
        }
        assert_eq!(counts, [20; 8]);
    });
}

fn row_07_concurrent_gets_give_whole_messages() {
    for runtime in [current_thread(), multi_thread()] {
        runtime.block_on(async {
            let (reader, writer) = gipc::pipe().unwrap();
            let mut tasks = tokio::task::JoinSet::new();
            for _ in 0..4 {
                let reader = reader.clone();
                tasks.spawn(async move {
                    let mut numbers = Vec::new();
                    while let Some(message) = reader.get().await.unwrap() {
                        numbers.push(assert_whole(&message));
                    }
                    numbers
                });
            }
            for number in 0..100 {
                writer.put(&marked(number)).await.unwrap();
            }
            drop(writer);
            let mut all = tasks.join_all().await.concat();
            all.sort_unstable();
            assert!(all.into_iter().eq(0..100));
        });
    }
    let (reader, writer) = blocking::pipe().unwrap();
    let all = thread::scope(|scope| {
        let get_all = || reader.iter().map(|message| assert_whole(&message.unwrap()));
        let threads: Vec<_> =
            (0..4).map(|_| scope.spawn(move || get_all().collect::<Vec<_>>())).collect();
        for number in 0..100 {
            writer.put(&marked(number)).unwrap();
        }
        drop(writer);
        let mut all: Vec<u8> =
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        all.sort_unstable();
        all
    });
    assert!(all.into_iter().eq(0..100));
}

fn row_12_the_end_between_messages_is_none_again_and_again() {
    in_both_runtimes(async || {
        let (reader, writer) = gipc::pipe().unwrap();
        writer.put(b"last").await.unwrap();
        writer.close().unwrap();
        assert_eq!(reader.get().await.unwrap().unwrap(), "last");
        assert_eq!(reader.get().await.unwrap(), None);
        assert_eq!(reader.get_timeout(SHORT).await.unwrap(), None);
        assert_eq!(reader.get_deadline(short()).await.unwrap(), None);
        assert!(reader.poll(SHORT).await.unwrap(), "the end is something to get");
    });
    let (reader, writer) = blocking::pipe().unwrap();
    writer.put(b"last").unwrap();
    drop(writer);
    assert_eq!(reader.get().unwrap().unwrap(), "last");
    assert_eq!(reader.get().unwrap(), None);
    assert_eq!(reader.get_timeout(SHORT).unwrap(), None);
    assert!(reader.poll(SHORT).unwrap());
}

fn row_16_a_hundred_thousand_messages_arrive() {
    const COUNT: u32 = 100_000;
    let (reader, writer) = blocking::pipe_with(Json::<u32>::new()).unwrap();
    let child = blocking::start_process(sends_numbers, (writer, 0, COUNT)).unwrap();
    let got: Vec<u32> = reader.iter().map(Result::unwrap).collect();
    assert!(got.into_iter().eq(0..COUNT));
    assert!(child.join().unwrap().success());
    in_both_runtimes(async || {
        let (reader, writer) = gipc::pipe_with(Json::<u32>::new()).unwrap();
        let child = sender(writer, 0, COUNT);
        for number in 0..COUNT {
            assert_eq!(reader.get().await.unwrap(), Some(number));
        }
        assert_eq!(reader.get().await.unwrap(), None);
        assert!(child.join().await.unwrap().success());
    });
}

fn short_long_and_empty_messages_arrive() {
    let sizes = [0, 1, 4, 0, 4096, 65_535, 65_536, 65_537, 0];
    in_both_runtimes(async || {
        let (reader, writer) = gipc::pipe().unwrap();
        let put = async {
            for size in sizes {
                writer.put(&pattern(size)).await.unwrap();
            }
        };
        let get = async {
            for size in sizes {
                assert_eq!(reader.get().await.unwrap().unwrap(), pattern(size));
            }
        };
        tokio::join!(put, get);
    });
    let (reader, writer) = blocking::pipe().unwrap();
    for size in sizes {
        // Each has room in an empty pipe.
        writer.put(&pattern(size)).unwrap();
        assert_eq!(reader.get().unwrap().unwrap(), pattern(size));
    }
}

fn messages_larger_than_the_pipe_arrive() {
    let large = pattern(5 << 20);
    in_both_runtimes(async || {
        let (reader, writer) = gipc::pipe().unwrap();
        let (put, got) = tokio::join!(writer.put(&large), reader.get());
        put.unwrap();
        assert!(got.unwrap().unwrap() == large);
    });
    let (reader, writer) = blocking::pipe().unwrap();
    thread::scope(|scope| {
        scope.spawn(|| writer.put(&large).unwrap());
        assert!(reader.get().unwrap().unwrap() == large);
    });
}

/// With its header it is larger than a pipe on every system.
const LARGER_THAN_A_PIPE: usize = 1 << 20;

fn a_message_is_put_when_the_channel_has_all_of_it() {
    in_both_runtimes(async || {
        let (reader, writer) = gipc::pipe().unwrap();
        let message = pattern(LARGER_THAN_A_PIPE);
        let mut put = Box::pin(writer.put(&message));
        // A few bytes have no room, and nobody reads.
        assert!(tokio::time::timeout(SHORT, &mut put).await.is_err());
        let (put, got) = tokio::join!(put, reader.get());
        put.unwrap();
        assert!(got.unwrap().unwrap() == message);
    });
    let (_reader, writer) = blocking::pipe().unwrap();
    let put = writer.put_deadline(&pattern(LARGER_THAN_A_PIPE), short());
    assert!(matches!(put, Err(Error::Timeout { pending: 1.., .. })), "{put:?}");
}

fn values_of_many_types_arrive() {
    in_both_runtimes(async || {
        let (reader, writer) = gipc::pipe_with(Json::<serde_json::Value>::new()).unwrap();
        let values = many_types();
        for value in values.as_array().unwrap().iter().chain([&values]) {
            writer.put(value).await.unwrap();
            assert_eq!(reader.get().await.unwrap().as_ref(), Some(value));
        }
    });
}

fn every_framing_with_boundaries_carries_messages() {
    for framing in Framing::ALL.into_iter().filter(|framing| *framing != Framing::Raw) {
        let (reader, writer) = Options::new().framing(framing).pipe(Raw).unwrap();
        let (reader, writer) = (reader.into_blocking(), writer.into_blocking());
        for message in ["{}", "[1, 2]", "\"three\""] {
            writer.put(message.as_bytes()).unwrap();
        }
        drop(writer);
        let got: Vec<_> = reader.iter().map(Result::unwrap).collect();
        assert_eq!(got, ["{}", "[1, 2]", "\"three\""], "{framing}");
    }
}

fn two_readers_share_the_messages() {
    in_both_runtimes(async || {
        let (reader, writer) = gipc::pipe().unwrap();
        let other = reader.clone();
        writer.put(b"1").await.unwrap();
        writer.put(b"2").await.unwrap();
        assert_eq!(reader.get().await.unwrap().unwrap(), "1");
        assert_eq!(other.get().await.unwrap().unwrap(), "2");
        drop(writer);
        assert_eq!(reader.get().await.unwrap(), None);
        assert_eq!(other.get().await.unwrap(), None);
    });
}

fn two_writers_feed_one_reader() {
    in_both_runtimes(async || {
        let (reader, writer) = gipc::pipe().unwrap();
        let other = writer.clone();
        writer.put(b"1").await.unwrap();
        other.put(b"2").await.unwrap();
        drop(writer);
        other.put(b"3").await.unwrap();
        drop(other);
        for message in ["1", "2", "3"] {
            assert_eq!(reader.get().await.unwrap().unwrap(), message);
        }
        assert_eq!(reader.get().await.unwrap(), None);
    });
}

fn write_then_close_then_read() {
    in_both_runtimes(async || {
        let (reader, writer) = gipc::pipe().unwrap();
        writer.put(b"").await.unwrap();
        writer.put(b"more").await.unwrap();
        writer.close().unwrap();
        assert_eq!(reader.get().await.unwrap().unwrap(), "");
        assert_eq!(reader.get().await.unwrap().unwrap(), "more");
        assert_eq!(reader.get().await.unwrap(), None);
        reader.close().unwrap();
    });
}
