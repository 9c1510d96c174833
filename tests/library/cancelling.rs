//! Futures that are dropped half-way: nothing is lost, and the stream stays in step.

use std::pin::pin;
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use gipc::Error;
use gipc::codec::Json;

use crate::support::*;

tests![
    row_09_a_dropped_get_loses_no_byte,
    row_09_a_dropped_put_leaves_no_half_message,
    row_09_a_dropped_put_that_had_to_queue_sends_nothing,
    row_09_a_dropped_poll_and_a_dropped_join_have_no_effect,
    row_09_a_dropped_future_gives_the_handle_free,
    a_closed_writer_tells_that_the_rest_of_a_message_is_lost,
    a_stream_gives_each_message_and_ends,
    a_dropped_stream_loses_nothing,
    a_dropped_next_ref_loses_nothing,
    a_sink_sends_what_it_is_fed,
    a_sink_closes_the_channel,
    a_stream_and_a_sink_have_the_handle_to_themselves,
];

/// Has the future begun, and drops it then.
async fn give_up<F: Future>(future: F) {
    let mut future = pin!(future);
    for _ in 0..3 {
        let pending = std::future::poll_fn(|context| {
            std::task::Poll::Ready(future.as_mut().poll(context).is_pending())
        });
        assert!(pending.await, "it was to be in the middle");
        tokio::task::yield_now().await;
    }
}

fn row_09_a_dropped_get_loses_no_byte() {
    in_both_runtimes(async || {
        let mut there = Dribble::new();
        let reader = there.reader.clone();
        for byte in b"\0\0\0\x05hell" {
            there.write(&[*byte]);
            give_up(reader.get()).await;
            give_up(reader.get_deadline(long())).await;
        }
        assert!(reader.poll(LONG).await.unwrap());
        give_up(reader.get_timeout(LONG)).await;
        there.write(b"o\0\0\0\x05world");
        assert_eq!(reader.get().await.unwrap().unwrap(), "hello");
        assert_eq!(reader.get().await.unwrap().unwrap(), "world");
        there.end();
        assert_eq!(reader.get().await.unwrap(), None);
    });
}

fn a_dropped_next_ref_loses_nothing() {
    in_both_runtimes(async || {
        let mut there = Dribble::new();
        let mut stream = there.reader.clone().into_stream().unwrap();
        there.write(b"\0\0\0\x05first");
        assert_eq!(stream.next_ref().await.unwrap().unwrap(), b"first");
        for byte in b"\0\0\0\x05hell" {
            there.write(&[*byte]);
            give_up(stream.next_ref()).await;
        }
        assert_eq!(stream.buffered_ref(), None, "there is a part of it");
        there.write(b"o\0\0\0\x05world\0\0\0\x03and");
        assert_eq!(stream.next_ref().await.unwrap().unwrap(), b"hello");
        assert_eq!(stream.next().await.unwrap().unwrap(), "world");
        assert_eq!(stream.next_ref().await.unwrap().unwrap(), b"and");
        assert_eq!(stream.buffered_ref(), None);
        there.end();
        assert_eq!(stream.next_ref().await.unwrap(), None);
    });
}

fn row_09_a_dropped_put_leaves_no_half_message() {
    let large = pattern(3 << 20);
    in_both_runtimes(async || {
        for with_deadline in [false, true] {
            let (reader, writer) = gipc::pipe().unwrap();
            let put = async {
                if with_deadline {
                    writer.put_deadline(&large, long()).await
                } else {
                    writer.put(&large).await
                }
            };
            // Its first byte has come: now it is dropped.
            tokio::select! {
                put = put => panic!("there is no room for it: {put:?}"),
                begun = reader.poll(LONG) => assert!(begun.unwrap()),
            }
            let get_both = async { [reader.get().await.unwrap(), reader.get().await.unwrap()] };
            let (put, got) = tokio::join!(writer.put(b"next"), get_both);
            put.unwrap();
            assert!(got[0].as_ref().unwrap() == &large, "it comes whole");
            assert_eq!(got[1].as_ref().unwrap(), "next");
        }
    });
}

fn row_09_a_dropped_put_that_had_to_queue_sends_nothing() {
    let large = pattern(3 << 20);
    in_both_runtimes(async || {
        let (reader, writer) = gipc::pipe().unwrap();
        let first = writer.put(&large);
        let queue = async {
            give_up(writer.put(b"never")).await;
            give_up(writer.put_deadline(b"never", long())).await;
            let mut got = vec![reader.get().await.unwrap().unwrap()];
            writer.put(b"next").await.unwrap();
            got.push(reader.get().await.unwrap().unwrap());
            got
        };
        let (put, got) = tokio::join!(first, queue);
        put.unwrap();
        assert!(got[0] == large);
        assert_eq!(got[1], "next");
    });
}

fn row_09_a_dropped_poll_and_a_dropped_join_have_no_effect() {
    in_both_runtimes(async || {
        let (reader, writer) = gipc::pipe().unwrap();
        let (child_reads, to_child) = gipc::pipe().unwrap();
        let child = sh("read line <&3; exit 7").channel("in", child_reads).spawn().unwrap();
        for _ in 0..3 {
            give_up(reader.poll(LONG)).await;
            give_up(child.join()).await;
            give_up(child.join_timeout(LONG)).await;
        }
        writer.put(b"1").await.unwrap();
        assert!(reader.poll(LONG).await.unwrap());
        assert_eq!(reader.get().await.unwrap().unwrap(), "1");
        to_child.close().unwrap();
        assert_eq!(child.join().await.unwrap().code(), 7);
    });
}

fn row_09_a_dropped_future_gives_the_handle_free() {
    in_both_runtimes(async || {
        let (reader, writer) = gipc::pipe().unwrap();
        let get = reader.get();
        give_up(get).await;
        reader.close().unwrap();
        assert!(matches!(refused(writer.into_blocking()), Error::Peer { .. }));
    });
}

fn a_closed_writer_tells_that_the_rest_of_a_message_is_lost() {
    let large = pattern(3 << 20);
    in_both_runtimes(async || {
        let (reader, writer) = gipc::pipe().unwrap();
        let put = writer.put_deadline(&large, short()).await;
        let Err(Error::Timeout { pending, .. }) = put else { panic!("{put:?}") };
        let closed = writer.close();
        let Err(Error::Timeout { pending: lost, .. }) = closed else { panic!("{closed:?}") };
        assert_eq!(lost, pending);
        assert!(matches!(reader.get().await, Err(Error::Truncated { .. })));
    });
}

fn a_stream_gives_each_message_and_ends() {
    in_both_runtimes(async || {
        let (reader, writer) = gipc::pipe_with(Json::<u32>::new()).unwrap();
        for number in 0..100 {
            writer.put(&number).await.unwrap();
        }
        drop(writer);
        let mut stream = reader.into_stream().unwrap();
        for number in 0..100 {
            assert_eq!(stream.next().await.unwrap().unwrap(), number);
        }
        assert!(stream.next().await.is_none());
        assert!(stream.next().await.is_none());
    });
}

fn a_dropped_stream_loses_nothing() {
    in_both_runtimes(async || {
        let mut there = Dribble::new();
        let reader = there.reader.clone();
        there.write(b"\0\0\0\x01a\0\0\0\x02b");
        let mut stream = reader.clone().into_stream().unwrap();
        assert_eq!(stream.next().await.unwrap().unwrap(), "a");
        give_up(stream.next()).await;
        drop(stream);
        there.write(b"c");
        assert_eq!(reader.get().await.unwrap().unwrap(), "bc");
        there.write(b"\0\0\0\x09cut");
        there.end();
        let mut stream = reader.into_stream().unwrap();
        assert!(matches!(stream.next().await, Some(Err(Error::Truncated { .. }))));
        assert!(stream.next().await.is_none(), "there is nothing behind that");
    });
}

fn a_sink_sends_what_it_is_fed() {
    in_both_runtimes(async || {
        let (reader, writer) = gipc::pipe().unwrap();
        let also = writer.clone();
        let mut sink = writer.into_sink().unwrap();
        sink.feed(&b"1"[..]).await.unwrap();
        sink.feed(&b"2"[..]).await.unwrap();
        assert!(!reader.poll(Duration::ZERO).await.unwrap(), "they wait for the flush");
        sink.flush().await.unwrap();
        sink.send(&b"3"[..]).await.unwrap();
        sink.feed(&b"4"[..]).await.unwrap();
        drop(sink);
        // What was fed and not flushed goes out ahead of the next.
        also.put(b"5").await.unwrap();
        drop(also);
        for message in ["1", "2", "3", "4", "5"] {
            assert_eq!(reader.get().await.unwrap().unwrap(), message);
        }
        assert_eq!(reader.get().await.unwrap(), None);
    });
}

fn a_sink_closes_the_channel() {
    let large = pattern(3 << 20);
    in_both_runtimes(async || {
        let (reader, writer) = gipc::pipe().unwrap();
        let also = writer.clone();
        let mut sink = writer.into_sink().unwrap();
        sink.feed(&large[..]).await.unwrap();
        let (closed, got) = tokio::join!(sink.close(), async {
            [reader.get().await.unwrap(), reader.get().await.unwrap()]
        });
        closed.unwrap();
        assert!(got[0].as_ref().unwrap() == &large);
        assert_eq!(got[1], None);
        assert!(matches!(sink.send(&b"1"[..]).await, Err(Error::Closed { .. })));
        drop(sink);
        assert!(matches!(also.put(b"1").await, Err(Error::Closed { .. })));
    });
}

fn a_stream_and_a_sink_have_the_handle_to_themselves() {
    in_both_runtimes(async || {
        let (reader, writer) = gipc::pipe().unwrap();
        let stream = reader.clone().into_stream().unwrap();
        let sink = writer.clone().into_sink().unwrap();
        assert!(matches!(reader.close(), Err(Error::Locked { .. })));
        assert!(matches!(writer.close(), Err(Error::Locked { .. })));
        let get = reader.get_deadline(Instant::now()).await;
        assert!(matches!(get, Err(Error::Timeout { .. })), "{get:?}");
        drop((stream, sink));
        writer.put(b"1").await.unwrap();
        assert_eq!(reader.get().await.unwrap().unwrap(), "1");
        reader.close().unwrap();
        assert!(matches!(reader.into_stream(), Err(Error::Closed { .. })));
        writer.close().unwrap();
        assert!(matches!(writer.into_sink(), Err(Error::Closed { .. })));
    });
}
