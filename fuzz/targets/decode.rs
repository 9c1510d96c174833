//! Any bytes, read in pieces of any size, are the same messages and the same mistake.

#![no_main]

use std::io::{self, Read};
use std::mem::{Discriminant, discriminant};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use arbitrary::Arbitrary;
use gipc::frames::{Error, FrameReader};
use gipc::framing::{Framing, FramingError};
use libfuzzer_sys::fuzz_target;
use tokio::io::{AsyncRead, ReadBuf};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    framing: u8,
    max_message: u16,
    strict: bool,
    pieces: Vec<u8>,
    stream: &'a [u8],
}

/// A stream that comes in pieces; without any, as it is asked for.
#[derive(Clone)]
struct Cut<'a> {
    stream: &'a [u8],
    pieces: std::iter::Cycle<std::slice::Iter<'a, u8>>,
}

impl Read for Cut<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let most = self.pieces.next().map_or(usize::MAX, |piece| usize::from(*piece).max(1));
        let most = most.min(buf.len());
        self.stream.read(&mut buf[..most])
    }
}

impl AsyncRead for Cut<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut bytes = vec![0; buf.remaining()];
        let read = self.read(&mut bytes)?;
        buf.put_slice(&bytes[..read]);
        Poll::Ready(Ok(()))
    }
}

/// The messages, and what kind of mistake was behind them: how much of it is quoted, and how large
/// a message is known to be, is a matter of how much of it has come.
type Outcome = (Vec<Vec<u8>>, Option<Discriminant<FramingError>>);

fn kind(error: &Error) -> Discriminant<FramingError> {
    match error {
        Error::Framing(error) => discriminant(error),
        error => panic!("{error}"),
    }
}

fn one_by_one<R: Read>(mut reader: FrameReader<R>) -> Outcome {
    let mut messages = Vec::new();
    loop {
        match reader.blocking_get() {
            Ok(Some(message)) => messages.push(message.to_vec()),
            Ok(None) => return (messages, None),
            Err(error) => return (messages, Some(kind(&error))),
        }
    }
}

fn in_batches<R: AsyncRead + Unpin>(mut reader: FrameReader<R>) -> Outcome {
    let mut messages = Vec::new();
    loop {
        // Such a stream never has anybody wait.
        let Poll::Ready(batch) = pin!(reader.batch()).poll(&mut Context::from_waker(Waker::noop()))
        else {
            continue;
        };
        match batch {
            Ok(Some(batch)) => {
                messages.extend(batch.payloads().map(<[u8]>::to_vec));
                let Some(frames) = batch.frames().filter(|_| reader.framing() != Framing::Raw)
                else {
                    continue;
                };
                // What is passed on as it came is what was understood.
                let verbatim = FrameReader::new(&frames[..], reader.framing(), usize::MAX);
                assert!(one_by_one(verbatim).0.iter().eq(batch.payloads()));
            }
            Ok(None) => return (messages, None),
            Err(error) => return (messages, Some(kind(&error))),
        }
    }
}

fuzz_target!(|input: Input<'_>| {
    let Input { framing, max_message, strict, pieces, stream } = &input;
    let framing = Framing::ALL[usize::from(*framing) % Framing::ALL.len()];
    let max_message = usize::from(*max_message);
    let cut = Cut { stream, pieces: pieces.iter().cycle() };
    let whole = Cut { stream, pieces: [].iter().cycle() };
    fn reader<R>(io: R, framing: Framing, max_message: usize, strict: bool) -> FrameReader<R> {
        let reader = FrameReader::new(io, framing, max_message);
        if strict { reader.strict() } else { reader }
    }

    let outcome = one_by_one(reader(whole, framing, max_message, *strict));
    assert!(outcome.0.iter().all(|message| message.len() <= max_message.max(1)));
    let others = [
        one_by_one(reader(cut.clone(), framing, max_message, *strict)),
        one_by_one(reader(cut.clone(), framing, max_message, *strict).exact()),
        in_batches(reader(cut, framing, max_message, *strict)),
    ];
    for other in others {
        if framing == Framing::Raw {
            // Each read is a message.
            assert_eq!(other.0.concat(), outcome.0.concat());
        } else {
            assert_eq!(other, outcome);
        }
    }
});
