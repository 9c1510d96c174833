//! Peers in Python: `multiprocessing.connection` speaks the framing `u32`.

use gipc::channel::Options;
use gipc::codec::Raw;
use gipc::frames::{FrameReader, FrameWriter};
use gipc::framing::{Framing, FramingError};
use gipc::spawn::ChildFd;
use gipc::{Command, Error, Process, blocking};

use crate::support::*;

tests![
    python_exchanges_raw_bytes,
    python_exchanges_pickled_objects,
    python_gets_both_ways_on_one_duplex,
    python_announces_more_than_2_gib,
    python_reads_the_header_of_more_than_2_gib,
    the_extended_header_goes_both_ways_for_any_size,
];

/// A Python child with `Connection`s on what it inherits.
fn python(script: &str) -> Command {
    let head = "from multiprocessing.connection import Connection\n";
    Command::new("python3").arg("-c").arg(format!("{head}{script}"))
}

const PAIR: &str = "i, o = Connection(3, writable=False), Connection(4, readable=False)\n";

/// A child with `i` and `o`.
fn with_pair(script: &str) -> (Process, gipc::Reader, gipc::Writer) {
    let (child_reads, writer) = gipc::pipe().unwrap();
    let (reader, child_writes) = gipc::pipe().unwrap();
    let command = python(&format!("{PAIR}{script}"));
    let child = command.channel("in", child_reads).channel("out", child_writes).spawn().unwrap();
    (child, reader, writer)
}

/// Upper-cases what comes, and ends as it ends.
const ECHO: &str = "
while True:
    try: message = i.recv_bytes()
    except EOFError: break
    o.send_bytes(message.upper())
";

fn python_exchanges_raw_bytes() {
    in_both_runtimes(async || {
        let (child, reader, writer) = with_pair(ECHO);
        // Python sends the header by itself from 16 KiB on.
        for size in [0, 1, 16_383, 16_384, 16_385, 3 << 20] {
            let message = vec![b'a'; size];
            let (put, got) = tokio::join!(writer.put(&message), reader.get());
            put.unwrap();
            assert!(got.unwrap().unwrap() == message.to_ascii_uppercase(), "{size}");
        }
        drop(writer);
        assert_eq!(reader.get().await.unwrap(), None);
        assert!(child.join().await.unwrap().success());
    });
    let (child, reader, writer) = with_pair(ECHO);
    let (reader, writer) = (reader.into_blocking(), writer.into_blocking());
    writer.put(b"hello").unwrap();
    assert_eq!(reader.get().unwrap().unwrap(), "HELLO");
    drop(writer);
    assert!(child.into_blocking().join().unwrap().success());
}

fn python_exchanges_pickled_objects() {
    // What `send` sends is the pickle; what we send is one written by hand (protocol 0).
    let script = "
assert i.recv() == 42
assert i.recv() == [1, 'two']
o.send({'a': [1, 2.5, None]})
sent = i.recv_bytes()
import pickle
assert pickle.loads(sent) == {'a': [1, 2.5, None]}, sent
";
    in_both_runtimes(async || {
        let (child, reader, writer) = with_pair(script);
        writer.put(b"I42\n.").await.unwrap();
        writer.put(b"(I1\nVtwo\nl.").await.unwrap();
        let pickle = reader.get().await.unwrap().unwrap();
        assert_eq!(pickle[0], 0x80, "the mark of a pickle");
        writer.put(&pickle).await.unwrap();
        assert_eq!(reader.get().await.unwrap(), None);
        assert!(child.join().await.unwrap().success());
    });
}

fn python_gets_both_ways_on_one_duplex() {
    let (here, there) = blocking::duplex().unwrap();
    let script = "c = Connection(3)\nc.send_bytes(c.recv_bytes().upper())";
    let child = python(script).channel("both", there).spawn().unwrap();
    here.put(b"hello").unwrap();
    assert_eq!(here.get().unwrap().unwrap(), "HELLO");
    assert_eq!(here.get().unwrap(), None);
    assert!(child.reap().unwrap().0.success());
}

/// A message of this size has the header of 8 bytes from Python.
const HUGE: u64 = 0x8000_0000;

fn python_announces_more_than_2_gib() {
    // An object that says it is huge: Python writes its header, and ends before the rest.
    let script = "
class Huge(bytes):
    def __len__(self): return 0x80000000
real = o._send
def send(piece):
    if isinstance(piece, Huge): raise SystemExit
    real(piece)
o._send = send
o._send_bytes(Huge())
";
    in_both_runtimes(async || {
        let (reader, child_writes) = Options::new().max_message(1 << 20).pipe(Raw).unwrap();
        let command = python(&format!("o = Connection(4, readable=False)\n{script}"));
        let child = command.channel("out", child_writes).spawn().unwrap();
        let error = reader.get().await.unwrap_err();
        let Error::TooLarge { source: FramingError::TooLarge { size, max, .. }, .. } = error else {
            panic!("{error:?}")
        };
        assert_eq!((size, max), (HUGE, 1 << 20));
        assert!(child.join().await.unwrap().success());
    });
}

/// A stream that has room for the header only, and ends.
struct First(Vec<u8>);

impl std::io::Write for First {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let room = 12 - self.0.len();
        self.0.extend(&bytes[..room.min(bytes.len())]);
        Ok(room.min(bytes.len()))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn python_reads_the_header_of_more_than_2_gib() {
    // What we write for such a message: the header alone is looked at, the message is none.
    let header = {
        let mut header = b"\xff\xff\xff\xff".to_vec();
        header.extend(HUGE.to_be_bytes());
        header
    };
    let mut decoder = FrameReader::new(&header[..], Framing::U32, 1000);
    let error = decoder.blocking_get().unwrap_err();
    assert!(error.to_string().contains("2147483648"), "{error}");
    // Python knows it too: it asks for that many bytes.
    let script = "
asked = []
real = i._recv
def recv(size, *rest):
    asked.append(size)
    if size > 100: raise SystemExit(0 if asked == [4, 8, 0x80000000] else str(asked))
    return real(size, *rest)
i._recv = recv
i.recv_bytes()
";
    let (output, mut input) = std::io::pipe().unwrap();
    let command = python(&format!("i = Connection(3, writable=False)\n{script}"));
    let child = command.fd(ChildFd::MESSAGES_IN, output.into()).spawn().unwrap();
    std::io::Write::write_all(&mut input, &header).unwrap();
    assert!(child.reap().unwrap().0.success());
}

fn the_extended_header_goes_both_ways_for_any_size() {
    // Small ones may have it as well.
    let mut there = Dribble::new();
    there.write(b"\xff\xff\xff\xff\0\0\0\0\0\0\0\x05hello\0\0\0\x01!");
    let reader = there.reader.clone().into_blocking();
    assert_eq!(reader.get().unwrap().unwrap(), "hello");
    assert_eq!(reader.get().unwrap().unwrap(), "!");
    // And ours has the short one below the boundary.
    let mut writer = FrameWriter::new(First(Vec::new()), Framing::U32);
    writer.feed(&[0; 300]).unwrap();
    writer.blocking_flush().unwrap_err();
    assert_eq!(writer.get_ref().0[..4], [0, 0, 1, 44]);
}
