//! The parts by themselves: `cargo bench --bench parts`, or one of them: `-- decode`.

use std::hint::black_box;
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use gipc::frames::{Batch, FrameReader};
use gipc::framing::{DEFAULT_MAX_MESSAGE, Framing};
use gipc::route::{Ack, Exchange, Full, Route, Rules};

fn main() {
    divan::main();
}

/// Payloads in bytes: small ones go many to a read, large ones come in several.
const SIZES: [usize; 3] = [64, 4096, 1 << 20];

/// Every framing that keeps boundaries can carry it.
fn payload(size: usize) -> Vec<u8> {
    // A JSON text.
    let mut payload = vec![b'7'; size];
    (payload[0], payload[size - 1]) = (b'"', b'"');
    payload
}

/// As many frames as make a megabyte or so.
fn frames(framing: Framing, size: usize) -> (Bytes, usize) {
    let (payload, count) = (payload(size), (1 << 20) / size);
    let mut frames = BytesMut::new();
    for _ in 0..count {
        framing.encode(&payload, &mut frames).expect("it can be carried");
    }
    (frames.freeze(), count)
}

const FRAMINGS: [Framing; 8] = [
    Framing::U32,
    Framing::Lines,
    Framing::Nul,
    Framing::Netstring,
    Framing::ContentLength,
    Framing::U32Le,
    Framing::Varint,
    Framing::JsonSeq,
];

#[divan::bench(args = FRAMINGS, consts = SIZES)]
fn encode<const SIZE: usize>(bencher: Bencher<'_, '_>, framing: Framing) {
    let payload = payload(SIZE);
    let mut out = BytesMut::new();
    bencher.counter(BytesCount::new(SIZE)).bench_local(|| {
        out.clear();
        framing.encode(black_box(&payload), &mut out)
    });
}

#[divan::bench(args = FRAMINGS, consts = SIZES)]
fn decode<const SIZE: usize>(bencher: Bencher<'_, '_>, framing: Framing) {
    let (frames, count) = frames(framing, SIZE);
    bencher.counter(ItemsCount::new(count)).bench_local(|| {
        let mut reader = FrameReader::new(&frames[..], framing, DEFAULT_MAX_MESSAGE);
        while let Some(message) = reader.blocking_get().expect("whole frames") {
            black_box(message);
        }
    });
}

/// There and taken out again, without another process.
#[divan::bench(args = [64, 4096, 60_000])]
fn channel(bencher: Bencher<'_, '_>, size: usize) {
    let (reader, writer) = gipc::blocking::pipe().expect("a pipe");
    let message = payload(size);
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| {
        writer.put(&message).expect("room");
        reader.get().expect("a message")
    });
}

#[divan::bench]
fn spawn() {
    let child = gipc::Command::new("/bin/true").spawn().expect("/bin/true");
    child.reap().expect("our child");
}

/// Messages that come together, each with a key of its own.
fn keyed() -> Batch {
    (1000..2000).map(|key| format!("{{\"key\":{key},\"rest\":\"{:45}\"}}", "")).collect()
}

/// A relay without its pipes: messages that come, and go out to so many readers, which read them.
#[divan::bench(args = ["direct 1", "queue 2", "broadcast 2", "round-robin 2", "key 2"])]
fn relay(bencher: Bencher<'_, '_>, how: &str) {
    let (route, readers) = how.split_once(' ').expect("a route, and how many read");
    let route = match route {
        "broadcast" => Route::Broadcast,
        "round-robin" => Route::RoundRobin,
        "key" => Route::Key("/key".to_owned()),
        _ => Route::Queue,
    };
    let (buffer, max_message) = (1 << 20, DEFAULT_MAX_MESSAGE);
    let rules = Rules { route, ack: Ack::Read, buffer, full: Full::Block, max_message };
    let mut exchange = Exchange::new(rules);
    exchange.add_sender();
    let readers: usize = readers.parse().expect("a number");
    let readers: Vec<_> = (0..readers).map(|_| exchange.add_outlet(Framing::U32)).collect();
    for &id in &readers {
        exchange.begin(id, 1 << 20);
    }
    let (batch, now) = (keyed(), Instant::now());
    bencher.counter(ItemsCount::new(batch.payloads().len())).bench_local(|| {
        let refused = exchange.push(&batch, Framing::Lines).refused;
        assert!(refused.is_empty());
        for &id in &readers {
            loop {
                exchange.ready(id);
                let unwritten = exchange.unwritten(id);
                if unwritten == 0 {
                    break;
                }
                exchange.wrote(id, unwritten, now);
                exchange.all_read(id, true);
            }
        }
    });
}
