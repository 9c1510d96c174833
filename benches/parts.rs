//! The parts by themselves: `cargo bench --bench parts`, or one of them: `-- decode`.

use std::hint::black_box;

use bytes::{Bytes, BytesMut};
use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use gipc::frames::FrameReader;
use gipc::framing::{DEFAULT_MAX_MESSAGE, Framing};

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
