//! Codecs: ours, and those that users write.

use std::io::{Read, Write};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use futures_util::StreamExt;
use gipc::channel::Options;
use gipc::codec::{Codec, CodecError, Json, MessagePack, Raw};
use gipc::framing::{Framing, FramingError};
use gipc::{Error, blocking};
use serde::{Deserialize, Serialize};

use crate::support::*;

tests![
    row_04_raw_messages_are_bytes_as_they_are,
    row_04_json_carries_values,
    row_04_messagepack_carries_values,
    row_04_a_codec_may_compress,
    row_04_a_codec_may_add_a_checksum,
    row_04_a_failed_encode_writes_nothing,
    row_04_a_failed_decode_leaves_the_stream_in_step,
    row_04_a_duplex_has_a_codec_both_ways,
    row_11_every_error_names_its_handle,
    row_11_a_message_that_the_framing_cannot_carry_is_an_error,
    row_12_the_end_inside_a_message_is_truncated,
    row_18_a_receive_limit_is_checked_before_memory_is_taken,
    a_message_at_the_limit_passes,
];

/// Compresses each message.
#[derive(Clone, Copy, Debug, Default)]
struct Zlib;

impl Codec for Zlib {
    type Value = [u8];
    type Decoded = Vec<u8>;

    fn encode(&self, value: &[u8], message: &mut BytesMut) -> Result<(), CodecError> {
        let mut encoder = ZlibEncoder::new(message.writer(), Compression::fast());
        encoder.write_all(value)?;
        encoder.finish()?;
        Ok(())
    }

    fn decode(&self, message: Bytes) -> Result<Vec<u8>, CodecError> {
        let mut value = Vec::new();
        ZlibDecoder::new(message.reader()).read_to_end(&mut value)?;
        Ok(value)
    }
}

/// Puts a sum behind each message; the sum of an odd one is wrong, and `!` has none.
#[derive(Clone, Copy, Debug, Default)]
struct Checked;

fn sum(message: &[u8]) -> u8 {
    message.iter().fold(0, |sum, byte| sum.wrapping_add(*byte))
}

impl Codec for Checked {
    type Value = [u8];
    type Decoded = Bytes;

    fn encode(&self, value: &[u8], message: &mut BytesMut) -> Result<(), CodecError> {
        message.put_slice(value);
        if value == b"!" {
            return Err("it has no sum".into());
        }
        message.put_u8(sum(value).wrapping_add(u8::from(value == b"odd")));
        Ok(())
    }

    fn decode(&self, mut message: Bytes) -> Result<Bytes, CodecError> {
        let Some(last) = message.len().checked_sub(1) else { return Err("no sum".into()) };
        let found = message.split_off(last)[0];
        if found == sum(&message) { Ok(message) } else { Err("wrong sum".into()) }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Job {
    Stop,
    Draw { points: Vec<(i32, f64)>, name: Option<String> },
}

fn jobs() -> [Job; 2] {
    [Job::Stop, Job::Draw { points: vec![(1, 0.5), (-2, 1e300)], name: Some("ü".to_owned()) }]
}

/// Sends and receives, with and without a runtime.
fn there_and_back<C>(codec: C, value: &C::Value, expected: &C::Decoded)
where
    C: Codec<Decoded: PartialEq + std::fmt::Debug> + Clone,
{
    in_both_runtimes(async || {
        let (reader, writer) = gipc::pipe_with(codec.clone()).unwrap();
        let (put, got) = tokio::join!(writer.put(value), reader.get());
        put.unwrap();
        assert_eq!(got.unwrap().as_ref(), Some(expected));
    });
    let (reader, writer) = blocking::pipe_with(codec).unwrap();
    writer.put(value).unwrap();
    assert_eq!(reader.get().unwrap().as_ref(), Some(expected));
}

fn row_04_raw_messages_are_bytes_as_they_are() {
    for message in [&b""[..], b"\0", b"\xff\xff\xff\xff", &pattern(10_000)] {
        there_and_back(Raw, message, &Bytes::copy_from_slice(message));
    }
}

fn row_04_json_carries_values() {
    for job in jobs() {
        there_and_back(Json::new(), &job, &job);
    }
    there_and_back(Json::new(), &many_types(), &many_types());
}

fn row_04_messagepack_carries_values() {
    for job in jobs() {
        there_and_back(MessagePack::new(), &job, &job);
    }
}

fn row_04_a_codec_may_compress() {
    there_and_back(Zlib, &[7; 500_000], &vec![7; 500_000]);
    // Half a megabyte of the same byte is a small message.
    let (reader, writer) = Options::new().max_message(5_000).pipe(Zlib).unwrap();
    writer.into_blocking().put(&[7; 500_000]).unwrap();
    assert_eq!(reader.into_blocking().get().unwrap().unwrap().len(), 500_000);
}

fn row_04_a_codec_may_add_a_checksum() {
    there_and_back(Checked, b"even", &Bytes::from_static(b"even"));
}

fn row_04_a_failed_encode_writes_nothing() {
    in_both_runtimes(async || {
        let (reader, writer) = gipc::pipe_with(Checked).unwrap();
        for put in [writer.put(b"!").await, writer.put_deadline(b"!", long()).await] {
            assert!(matches!(put, Err(Error::Codec { encoding: true, .. })), "{put:?}");
        }
        assert!(!reader.poll(std::time::Duration::ZERO).await.unwrap());
        writer.put(b"even").await.unwrap();
        assert_eq!(reader.get().await.unwrap().unwrap(), "even");
    });
}

fn row_04_a_failed_decode_leaves_the_stream_in_step() {
    in_both_runtimes(async || {
        let (reader, writer) = gipc::pipe_with(Checked).unwrap();
        for message in [&b"odd"[..], b"even", b"odd", b"more", b"odd"] {
            writer.put(message).await.unwrap();
        }
        drop(writer);
        assert!(matches!(reader.get().await, Err(Error::Codec { encoding: false, .. })));
        assert_eq!(reader.get().await.unwrap().unwrap(), "even");
        let mut stream = reader.into_stream().unwrap();
        assert!(matches!(stream.next().await, Some(Err(Error::Codec { .. }))));
        assert_eq!(stream.next().await.unwrap().unwrap(), "more");
        assert!(matches!(stream.next().await, Some(Err(Error::Codec { .. }))));
        assert!(stream.next().await.is_none());
    });
    let (reader, writer) = blocking::pipe_with(Checked).unwrap();
    writer.put(b"odd").unwrap();
    writer.put(b"even").unwrap();
    assert!(matches!(reader.get(), Err(Error::Codec { encoding: false, .. })));
    assert_eq!(reader.get().unwrap().unwrap(), "even");
}

fn row_04_a_duplex_has_a_codec_both_ways() {
    in_both_runtimes(async || {
        let (here, there) = gipc::duplex_with(MessagePack::<Job>::new()).unwrap();
        for job in jobs() {
            here.put(&job).await.unwrap();
            assert_eq!(there.get().await.unwrap().as_ref(), Some(&job));
            there.put(&job).await.unwrap();
            assert_eq!(here.get().await.unwrap(), Some(job));
        }
    });
}

fn row_11_every_error_names_its_handle() {
    let (reader, writer) = blocking::pipe().unwrap();
    let (reader, writer) = (reader.named("jobs"), writer.named("results"));
    assert_eq!((reader.name(), writer.name()), ("jobs", "results"));
    let says = |error: Error, text: &str| assert_eq!(error.to_string(), text);
    says(reader.get_timeout(SHORT).unwrap_err(), "`jobs` timed out");
    reader.close().unwrap();
    says(reader.get().unwrap_err(), "`jobs` is closed here");
    says(reader.close().unwrap_err(), "`jobs` is closed here");
    says(refused(writer), "nobody reads `results` any more");

    let (reader, writer) = Options::new().max_message(3).pipe(Json::<u32>::new()).unwrap();
    let (reader, writer) = (reader.named("jobs").into_blocking(), writer.into_blocking());
    writer.put(&1000).unwrap();
    says(reader.get().unwrap_err(), "`jobs`: a message is too large");

    let mut there = Dribble::new();
    there.write(b"\0\0\0\x05he");
    there.end();
    let reader = there.reader.clone().named("jobs").into_blocking();
    says(reader.get().unwrap_err(), "`jobs`: the stream ended inside a message");

    let (reader, writer) = blocking::pipe_with(Checked).unwrap();
    let writer = writer.named("results");
    says(writer.put(b"!").unwrap_err(), "`results`: cannot encode");
    writer.put(b"odd").unwrap();
    says(reader.named("jobs").get().unwrap_err(), "`jobs`: cannot decode");
}

fn row_11_a_message_that_the_framing_cannot_carry_is_an_error() {
    let (reader, writer) = Options::new().framing(Framing::Lines).pipe(Raw).unwrap();
    let (reader, writer) = (reader.into_blocking(), writer.into_blocking());
    let put = writer.put(b"two\nlines");
    assert!(matches!(put, Err(Error::Framing { .. })), "{put:?}");
    writer.put(b"one line").unwrap();
    assert_eq!(reader.get().unwrap().unwrap(), "one line");
}

fn row_12_the_end_inside_a_message_is_truncated() {
    // Also behind a whole header, with no byte of the body.
    for cut in 1..9 {
        let mut there = Dribble::new();
        there.write(&b"\0\0\0\x05hello"[..cut]);
        there.end();
        let reader = there.reader.clone();
        current_thread().block_on(async {
            let error = reader.get().await.unwrap_err();
            assert!(matches!(error, Error::Truncated { .. }), "{cut}: {error:?}");
        });
        let error = reader.into_blocking().get().unwrap_err();
        assert!(matches!(error, Error::Truncated { .. }), "{cut}: {error:?}");
    }
}

fn row_18_a_receive_limit_is_checked_before_memory_is_taken() {
    let (reader, writer) = Options::new().max_message(1000).pipe(Raw).unwrap();
    let mut there = Dribble::into(reader, writer);
    // It says that 2 GiB and more are to come, and nothing comes.
    there.write(b"\xff\xff\xff\xff\0\0\0\0\x80\0\0\0");
    let error = there.reader.clone().into_blocking().get().unwrap_err();
    let Error::TooLarge { source: FramingError::TooLarge { size, max, .. }, .. } = error else {
        panic!("{error:?}")
    };
    assert_eq!((size, max), (0x8000_0000, 1000));
}

fn a_message_at_the_limit_passes() {
    in_both_runtimes(async || {
        let (reader, writer) = Options::new().max_message(1000).pipe(Raw).unwrap();
        writer.put(&pattern(1000)).await.unwrap();
        writer.put(&pattern(1001)).await.unwrap();
        assert_eq!(reader.get().await.unwrap().unwrap(), pattern(1000));
        for _ in 0..2 {
            let error = reader.get().await.unwrap_err();
            assert!(matches!(error, Error::TooLarge { .. }), "{error:?}");
        }
    });
}
