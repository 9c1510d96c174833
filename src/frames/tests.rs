//! Readers and writers of frames, over streams of all sorts.

use std::io;
use std::iter::repeat;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use proptest::collection::vec;
use proptest::prelude::*;
use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf};

use super::buffer::{LARGEST_SPARE, READ_SIZE, RESERVE_AHEAD};
use super::writer::LARGE;
use super::*;
use crate::framing::{DEFAULT_MAX_MESSAGE, Framing};

/// A stream each read of which brings so many bytes at the most.
struct InPieces<I>(BytesMut, I);

impl<I: Iterator<Item = usize> + Unpin> AsyncRead for InPieces<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let most = self.1.next().unwrap().min(buffer.remaining()).min(self.0.len());
        buffer.put_slice(&self.0.split_to(most));
        Poll::Ready(Ok(()))
    }
}

fn reader<R>(io: R) -> FrameReader<R> {
    FrameReader::new(io, Framing::U32, DEFAULT_MAX_MESSAGE)
}

#[tokio::test(start_paused = true)]
async fn a_dropped_get_loses_nothing() {
    let (mut there, here) = tokio::io::duplex(64);
    let mut reader = reader(here);
    for part in [&b"\0\0"[..], b"\0\x05he", b"ll"] {
        there.write_all(part).await.unwrap();
        let get = tokio::time::timeout(Duration::from_secs(1), reader.get());
        assert!(get.await.is_err(), "the message is not whole");
    }
    there.write_all(b"o").await.unwrap();
    assert_eq!(reader.get().await.unwrap().unwrap(), "hello");
}

#[tokio::test(start_paused = true)]
async fn a_dropped_put_leaves_no_half_frame() {
    let (here, there) = tokio::io::duplex(8);
    let mut writer = FrameWriter::new(here, Framing::U32);
    let put = tokio::time::timeout(Duration::from_secs(1), writer.put(&[1; 20]));
    assert!(put.await.is_err(), "the stream has room for 8 bytes");
    let mut reader = reader(there);
    let (sent, got) = tokio::join!(writer.put(&[2; 3]), async {
        [reader.get().await.unwrap().unwrap(), reader.get().await.unwrap().unwrap()]
    });
    sent.unwrap();
    assert_eq!(got, [vec![1; 20], vec![2; 3]]);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_send_of_a_large_message_leaves_its_rest_or_nothing() {
    let (here, there) = tokio::io::duplex(1000);
    let mut writer = FrameWriter::new(here, Framing::U32);
    let large = vec![1; LARGE];
    let second = Duration::from_secs(1);
    assert!(tokio::time::timeout(second, writer.send(&large)).await.is_err(), "it has no room");
    assert_eq!(writer.pending(), 4 + LARGE - 1000);
    let mut reader = reader(there);
    let (sent, got) = tokio::join!(writer.send(&[2; 3]), reader.get());
    sent.unwrap();
    assert_eq!(got.unwrap().unwrap(), large);
    assert_eq!(reader.get().await.unwrap().unwrap(), vec![2; 3]);

    // Without room for a single byte nothing is begun.
    writer.feed(&[3; 996]).unwrap();
    writer.flush().await.unwrap();
    assert!(tokio::time::timeout(second, writer.send(&large)).await.is_err(), "it is full");
    assert_eq!(writer.pending(), 0);
    assert_eq!(reader.get().await.unwrap().unwrap(), vec![3; 996]);
}

#[tokio::test]
async fn many_small_messages_are_taken_one_by_one_and_all_at_once_in_turn() {
    let numbers: Vec<_> = (0..1000_u32).map(|it| it.to_be_bytes().to_vec()).collect();
    let mut stream = BytesMut::new();
    for number in &numbers {
        Framing::U32.encode(number, &mut stream).unwrap();
    }
    // The first read ends inside a frame.
    let (first, second) = stream.split_at(100 * 8 + 5);
    let mut reader = reader(tokio::io::AsyncReadExt::chain(first, second));
    let mut got = Vec::new();
    while got.len() < 110 {
        got.push(reader.get().await.unwrap().unwrap());
    }
    assert_eq!(reader.unfinished(), 900 * 8 - 10 * 8);
    reader.readable().await.unwrap();
    let batch = reader.batch().await.unwrap().unwrap();
    got.extend(batch.payloads().map(Bytes::copy_from_slice));
    assert!(reader.get().await.unwrap().is_none());
    assert_eq!(got, numbers);
}

#[tokio::test]
async fn the_memory_of_a_large_message_that_was_lent_goes_with_the_next_small_one() {
    let (large, mut stream) = (vec![1; 3 * LARGEST_SPARE], BytesMut::new());
    for message in [&large[..], &large, b"small", b"last"] {
        Framing::U32.encode(message, &mut stream).unwrap();
    }
    let mut reader = reader(&stream[..]);
    for _ in 0..2 {
        assert_eq!(reader.next_ref().await.unwrap().unwrap(), large);
        assert!(reader.buffer.capacity() > LARGEST_SPARE);
    }
    assert_eq!(reader.next_ref().await.unwrap().unwrap(), b"small");
    assert!(reader.buffer.capacity() <= LARGEST_SPARE);
    assert_eq!(reader.next_ref().await.unwrap().unwrap(), b"last");
    assert_eq!(reader.next_ref().await.unwrap(), None);
}

proptest! {
    /// However the stream comes in pieces, and in whatever turn messages are lent, taken out, and
    /// taken out together.
    #[test]
    fn what_is_lent_is_what_was_sent(
        sizes in vec(prop_oneof![4 => 0..100_usize, 1 => 0..100_000_usize], 0..40),
        pieces in vec(prop_oneof![5..50_usize, 10_000..70_000_usize], 2..8),
        calls in vec(0..4_u8, 1..8),
        framing in prop_oneof![Just(Framing::U32), Just(Framing::Lines), Just(Framing::Netstring)],
    ) {
        let sent: Vec<_> = (0_u8..).zip(sizes).map(|(n, size)| vec![n | 0x40; size]).collect();
        let mut stream = BytesMut::new();
        sent.iter().for_each(|message| framing.encode(message, &mut stream).unwrap());
        let stream = InPieces(stream, pieces.into_iter().cycle());
        let mut reader = FrameReader::new(stream, framing, DEFAULT_MAX_MESSAGE);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let got = runtime.block_on(async {
            let mut got: Vec<Vec<u8>> = Vec::new();
            for call in calls.into_iter().cycle() {
                let before = got.len();
                match call {
                    0 => got.extend(reader.get().await.unwrap().map(Into::into)),
                    1 => {
                        let batch = reader.batch().await.unwrap();
                        got.extend(batch.iter().flat_map(|it| it.payloads().map(<[u8]>::to_vec)));
                    }
                    _ => got.extend(reader.next_ref().await.unwrap().map(<[u8]>::to_vec)),
                }
                if got.len() == before {
                    break;
                }
            }
            got
        });
        prop_assert_eq!(reader.unfinished(), 0);
        prop_assert_eq!(got, sent);
    }
}

#[tokio::test]
async fn a_large_message_is_read_into_the_memory_of_one_that_nobody_has_any_more() {
    const SIZE: usize = RESERVE_AHEAD;
    let mut stream = BytesMut::new();
    for number in 0..6_u8 {
        Framing::U32.encode(&vec![number; SIZE], &mut stream).unwrap();
    }
    Framing::U32.encode(b"small", &mut stream).unwrap();
    let stream = stream.freeze();
    let mut reader = reader(&stream[..]);
    let mut kept = Vec::new();
    let mut next = async || reader.get().await.unwrap().unwrap();
    // The first one has told how large they are.
    drop(next().await);
    kept.push(next().await);
    kept.push(next().await);
    let third = next().await;
    let place = third.as_ptr();
    assert!(kept.iter().all(|kept| kept.as_ptr() != place));
    drop(third);
    let fourth = next().await;
    assert_eq!(fourth.as_ptr(), place);
    kept.push(fourth);
    for (message, number) in kept.iter().zip([1, 2, 4]) {
        assert!(message.iter().all(|byte| *byte == number) && message.len() == SIZE);
    }
    assert_eq!(next().await, vec![5; SIZE]);
    assert_eq!(next().await, "small");
    assert!(reader.get().await.unwrap().is_none());
    assert!(reader.spares.is_empty(), "no more large ones are expected");
}

#[tokio::test]
async fn with_the_last_bytes_of_a_large_message_nothing_of_the_next_is_read() {
    let mut stream = BytesMut::new();
    for number in 0..2_u8 {
        Framing::U32.encode(&vec![number; RESERVE_AHEAD], &mut stream).unwrap();
    }
    // Four bytes are missing, as a pipe of a mebibyte does not hold them.
    let pieces = [READ_SIZE, RESERVE_AHEAD - READ_SIZE].into_iter().chain(repeat(usize::MAX));
    let mut reader = reader(InPieces(stream, pieces));
    for number in 0..2_u8 {
        assert_eq!(reader.get().await.unwrap().unwrap(), vec![number; RESERVE_AHEAD]);
        assert_eq!(reader.unfinished(), 0);
    }
}

#[tokio::test]
async fn messages_before_a_broken_frame_are_given_out_first() {
    let mut reader = reader(&b"\0\0\0\x01a\0\0\0\x01b\x7fELF"[..]);
    let batch = reader.batch().await.unwrap().unwrap();
    assert_eq!(batch.payloads().collect::<Vec<_>>(), [b"a", b"b"]);
    assert!(matches!(reader.batch().await, Err(Error::Framing(FramingError::TooLarge { .. }))));
}

#[tokio::test]
async fn a_stream_that_ends_inside_a_frame_is_truncated() {
    for cut in 1..9 {
        let mut reader = reader(&b"\0\0\0\x05hello"[..cut]);
        let error = reader.get().await.unwrap_err();
        assert!(matches!(error, Error::Framing(FramingError::Truncated { .. })), "{cut}");
    }
    assert!(reader(&b""[..]).get().await.unwrap().is_none());
}

#[tokio::test]
async fn a_last_line_without_its_end_is_not_passed_on_verbatim() {
    let mut reader = FrameReader::new(&b"a\nb"[..], Framing::Lines, 10);
    assert!(reader.batch().await.unwrap().unwrap().frames().is_some());
    assert!(reader.batch().await.unwrap().unwrap().frames().is_none());
    assert!(reader.batch().await.unwrap().is_none());
}

#[test]
fn an_exact_reader_leaves_the_next_message_for_others() {
    for framing in Framing::ALL.into_iter().filter(|framing| *framing != Framing::Raw) {
        let mut stream = BytesMut::new();
        for payload in [&b"[1]"[..], b"{\"two\": 2}", b"3"] {
            framing.encode(payload, &mut stream).unwrap();
        }
        let stream = stream.freeze();
        let mut rest = &stream[..];
        for payload in [&b"[1]"[..], b"{\"two\": 2}", b"3"] {
            // A reader of its own for each message, as with `gipc recv`.
            let mut reader = FrameReader::new(&mut rest, framing, 100).exact();
            assert_eq!(reader.blocking_get().unwrap().unwrap(), payload, "{framing}");
        }
        assert!(rest.is_empty(), "{framing}");
    }
}
