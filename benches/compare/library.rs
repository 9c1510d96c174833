//! Ours, the library: messages between this process and a child that is this program again.

use std::env;
use std::hint::black_box;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use gipc::codec::Raw;
use gipc::{Command, blocking, inherited};

use crate::measure::per_second;
use crate::processors::{Placed, settle};

/// How this program is started as a child: this, what to do, how often (or where), how large.
pub(crate) const CHILD: &str = "as-a-child-of-the-bench";

/// What is not gathered before it is sent.
const LARGE: usize = 64 << 10;

fn child(what: &str, count: usize, size: usize) -> Command {
    let this = env::current_exe().expect("this program");
    Command::new(this).args([CHILD, what, &count.to_string(), &size.to_string()])
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(work)
}

/// What the child does; `false` where this is no child.
pub(crate) fn is_child() -> bool {
    let args: Vec<String> = env::args().skip(1).collect();
    if let [mark, what, micros, ..] = &args[..]
        && mark == CHILD
        && crate::pool::be_a_worker(what, micros.parse().expect("a number"))
    {
        return true;
    }
    let [mark, what, count, size] = &args[..] else { return false };
    if mark != CHILD {
        return false;
    }
    let (count, size) = (count.parse().expect("a count"), size.parse().expect("a size"));
    match &what[..] {
        "send" => block_on(send(count, size)),
        "send-both-ways" => block_on(send_both_ways(count, size)),
        "echo" => block_on(echo(count)),
        "blocking-echo" => blocking_echo(count),
        "lines" => crate::program::write_lines(count),
        "frames-out" => crate::relay::write(count, size),
        "frames-in" => crate::relay::read(),
        _ => panic!("what is `{what}`?"),
    }
    true
}

/// What the reader gets of a message.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    /// A look at it, where it lies.
    Lent,
    /// A message that could be kept.
    Kept,
}

/// Messages one way, as many as fit together: messages a second.
pub(crate) fn one_way(count: usize, size: usize, taken: Taken) -> f64 {
    block_on(async {
        let (reader, writer) = gipc::pipe().expect("a pipe");
        let start = Instant::now();
        let child = child("send", count, size).channel("out", writer).spawn().expect("ourselves");
        let received = drain(reader, taken).await;
        let rate = per_second(received, start.elapsed());
        child.join().await.expect("our child");
        assert_eq!(received, count);
        rate
    })
}

async fn drain(reader: gipc::Reader<Raw>, taken: Taken) -> usize {
    let mut stream = reader.into_stream().expect("open");
    let mut received = 0;
    match taken {
        Taken::Lent => {
            while let Some(message) = stream.next_ref().await.expect("a message") {
                black_box(message);
                received += 1;
                while let Some(message) = stream.buffered_ref() {
                    black_box(message);
                    received += 1;
                }
            }
        }
        Taken::Kept => {
            while let Some(message) = stream.next().await {
                black_box(message.expect("a message"));
                received += 1;
            }
        }
    }
    received
}

async fn send(count: usize, size: usize) {
    let writer = inherited().expect("channels").writer("out").expect("its channel");
    feed(writer, count, size).await;
}

async fn feed(writer: gipc::Writer<Raw>, count: usize, size: usize) {
    let message = Bytes::from(vec![7; size]);
    if size >= LARGE {
        for _ in 0..count {
            writer.put(&message).await.expect("a reader");
        }
        return;
    }
    let mut sink = writer.into_sink().expect("open");
    for _ in 0..count {
        sink.feed(&message).await.expect("a reader");
    }
    sink.close().await.expect("a reader");
}

/// The same over a channel that goes both ways.
pub(crate) fn one_way_of_two(count: usize, size: usize, taken: Taken) -> f64 {
    block_on(async {
        let (ours, theirs) = gipc::duplex().expect("a socket pair");
        let start = Instant::now();
        let child = child("send-both-ways", count, size).channel("both", theirs);
        let child = child.spawn().expect("ourselves");
        let (reader, writer) = ours.split();
        let received = drain(reader, taken).await;
        let rate = per_second(received, start.elapsed());
        drop(writer);
        child.join().await.expect("our child");
        assert_eq!(received, count);
        rate
    })
}

async fn send_both_ways(count: usize, size: usize) {
    let duplex = inherited().expect("channels").duplex("both").expect("its channel");
    let (_reader, writer) = duplex.split();
    feed(writer, count, size).await;
}

/// 64 bytes there and back: how long that takes.
pub(crate) fn ping_pong(count: u32, placed: Placed) -> Duration {
    block_on(async {
        let (there, out) = gipc::pipe().expect("a pipe");
        let (back, answer) = gipc::pipe().expect("a pipe");
        let child = child("echo", placed.second(), 0).channel("in", there).channel("out", answer);
        let child = child.spawn().expect("ourselves");
        let message = Bytes::from(vec![7; 64]);
        let mut back = back.into_stream().expect("open");
        let mut turn = async || {
            out.put(&message).await.expect("the echo reads");
            black_box(back.next_ref().await.expect("the echo answers").expect("the echo lives"));
        };
        for _ in 0..100 {
            turn().await;
        }
        let start = Instant::now();
        for _ in 0..count {
            turn().await;
        }
        let time = start.elapsed() / count;
        drop(out);
        child.join().await.expect("our child");
        time
    })
}

async fn echo(processor: usize) {
    settle(processor);
    let channels = inherited().expect("channels");
    let reader = channels.reader("in").expect("its channel");
    let writer = channels.writer("out").expect("its channel");
    let mut messages = reader.into_stream().expect("open");
    while let Some(message) = messages.next_ref().await.expect("a message") {
        writer.put(message).await.expect("a reader");
    }
}

/// The same without a runtime.
pub(crate) fn blocking_ping_pong(count: u32, placed: Placed) -> Duration {
    let (there, out) = blocking::pipe().expect("a pipe");
    let (back, answer) = blocking::pipe().expect("a pipe");
    let child =
        child("blocking-echo", placed.second(), 0).channel("in", there).channel("out", answer);
    let child = child.spawn().expect("ourselves");
    let message = Bytes::from(vec![7; 64]);
    let mut back = back.into_messages().expect("open");
    let mut turn = || {
        out.put(&message).expect("the echo reads");
        black_box(back.next_ref().expect("the echo answers").expect("the echo lives"));
    };
    (0..100).for_each(|_| turn());
    let start = Instant::now();
    (0..count).for_each(|_| turn());
    let time = start.elapsed() / count;
    drop(out);
    child.reap().expect("our child");
    time
}

fn blocking_echo(processor: usize) {
    settle(processor);
    let channels = blocking::inherited().expect("channels");
    let reader = channels.reader("in").expect("its channel");
    let writer = channels.writer("out").expect("its channel");
    let mut messages = reader.into_messages().expect("open");
    while let Some(message) = messages.next_ref().expect("a message") {
        writer.put(message).expect("a reader");
    }
}
