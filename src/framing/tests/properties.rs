//! What holds for every framing, any messages, any garbage, and any split of the stream.

use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::Value;

use super::*;

fn json_text() -> impl Strategy<Value = Vec<u8>> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC*|[\"\\\\\n\x1e{}\\[\\]]*".prop_map(Value::from),
    ];
    let value = leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec(("[a{\"]*", inner), 0..4).prop_map(|members| members.into_iter().collect()),
        ]
    });
    ("[ \n\r\t]{0,3}", value, any::<bool>(), "[ \r\t]{0,2}").prop_map(
        |(before, value, pretty, after)| {
            let text = if pretty { format!("{value:#}") } else { value.to_string() };
            [before, text, after].concat().into_bytes()
        },
    )
}

/// A payload that `framing` can carry.
fn payload(framing: Framing) -> BoxedStrategy<Vec<u8>> {
    let without = |delimiter| {
        vec(any::<u8>().prop_filter("a delimiter", move |b| *b != delimiter), 0..40).boxed()
    };
    match framing {
        Framing::Lines => without(b'\n'),
        Framing::Nul => without(0),
        Framing::JsonSeq => json_text().boxed(),
        _ => prop_oneof![9 => vec(any::<u8>(), 0..40), 1 => vec(any::<u8>(), 100..300)].boxed(),
    }
}

fn framing_and_payloads() -> impl Strategy<Value = (Framing, Vec<Vec<u8>>)> {
    select(BOUNDED).prop_flat_map(|framing| (Just(framing), vec(payload(framing), 0..6)))
}

/// Bytes that get further into the decoders than random ones do.
fn garbage() -> impl Strategy<Value = Vec<u8>> {
    const WORDS: &[&[u8]] =
        &[b"Content-Length: ", b"7\r\n\r\n", b"\r\n", b"\0\0\0\x03", b"3:", b"\x1e1\n"];
    let bytes = select(&b"\x00\x01\xff\x80\x1e\r\n:,0123456789{}[]\"\\ aZ"[..]);
    let words = select(WORDS);
    vec(
        prop_oneof![vec(any::<u8>(), 0..4), vec(bytes, 0..4), words.prop_map(<[u8]>::to_vec)],
        0..40,
    )
    .prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn messages_survive_any_split_of_the_stream(
        (framing, messages) in framing_and_payloads(),
        pieces in vec(1_usize..50, 1..8),
    ) {
        let mut stream = BytesMut::new();
        for message in &messages {
            framing.encode(message, &mut stream).unwrap();
        }
        let mut reader = Reader::new(framing, NO_LIMIT);
        let mut received = Vec::new();
        for piece in pieces.into_iter().cycle() {
            if stream.is_empty() {
                break;
            }
            let piece = stream.split_to(piece.min(stream.len()));
            received.extend(reader.feed(&piece).unwrap());
        }
        prop_assert_eq!(received, messages);
        prop_assert_eq!(reader.end(), Ok(None));
    }

    #[test]
    fn reading_only_what_is_missing_stops_at_the_end_of_each_frame(
        (framing, messages) in framing_and_payloads(),
        piece in 1_usize..50,
    ) {
        let frames: Vec<_> = messages.iter().map(|message| frame(framing, message)).collect();
        let mut stream: BytesMut = frames.iter().flatten().copied().collect();
        let mut decoder = Decoder::new(framing, NO_LIMIT);
        for (frame, message) in frames.iter().zip(&messages) {
            let mut buf = BytesMut::new();
            let found = loop {
                match decoder.decode(&buf).unwrap() {
                    Step::Frame(found) => break found,
                    Step::Incomplete { missing } => {
                        prop_assert!((1..=frame.len() - buf.len()).contains(&missing));
                        buf.unsplit(stream.split_to(missing.min(piece)));
                    }
                }
            };
            prop_assert_eq!(&buf, frame);
            prop_assert_eq!(found.len, frame.len());
            prop_assert_eq!(&buf[found.payload], &message[..]);
        }
    }

    #[test]
    fn a_frame_that_is_cut_anywhere_is_truncated(
        (framing, message) in select(BOUNDED).prop_flat_map(|f| (Just(f), payload(f))),
        cut: prop::sample::Index,
    ) {
        let whole = frame(framing, &message);
        prop_assume!(whole.len() > 1);
        let have = 1 + cut.index(whole.len() - 1);
        let mut reader = Reader::new(framing, NO_LIMIT);
        prop_assert!(reader.feed(&whole[..have]).unwrap().is_empty());
        match reader.end() {
            Ok(Some(line)) => {
                prop_assert_eq!(framing, Framing::Lines);
                prop_assert_eq!(line, &whole[..have]);
            }
            Err(FramingError::Truncated { framing: f, have: h, want, head }) => {
                prop_assert_eq!((f, h), (framing, have));
                prop_assert!(want.is_none_or(|want| want == whole.len() as u64));
                prop_assert_eq!(head.as_bytes(), &whole[..have.min(16)]);
            }
            other => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn no_garbage_makes_a_decoder_panic_or_depend_on_the_split(
        framing in select(&Framing::ALL[..8]),
        stream in garbage(),
        pieces in vec(1_usize..9, 1..8),
        max_message in 0_usize..12,
    ) {
        let mut in_pieces = Reader::new(framing, max_message);
        let mut at_once = Reader::new(framing, max_message);
        let expected = drain(&mut at_once, &stream);
        let mut received = Vec::new();
        let mut rest = &stream[..];
        let mut stopped = None;
        for piece in pieces.into_iter().cycle() {
            if rest.is_empty() || stopped.is_some() {
                break;
            }
            let (piece, behind) = rest.split_at(piece.min(rest.len()));
            rest = behind;
            let (messages, error) = drain(&mut in_pieces, piece);
            received.extend(messages);
            stopped = error;
        }
        prop_assert_eq!(&received, &expected.0);
        prop_assert!(received.iter().all(|message| message.len() <= max_message));
        prop_assert_eq!(stopped.is_some(), expected.1.is_some());
        if stopped.is_none() {
            prop_assert_eq!(in_pieces.end().ok(), at_once.end().ok());
        }
    }

    #[test]
    fn no_garbage_makes_a_reader_hold_more_than_a_message_and_its_header(
        framing in select(&Framing::ALL[..]),
        stream in garbage(),
        max_message in 0_usize..12,
    ) {
        let mut decoder = Decoder::new(framing, max_message);
        let mut rest = &stream[..];
        let mut buf = BytesMut::new();
        loop {
            match decoder.decode(&buf) {
                Ok(Step::Frame(frame)) => {
                    prop_assert!(frame.len > 0 && frame.payload.end <= frame.len);
                    buf.advance(frame.len);
                }
                Ok(Step::Incomplete { missing }) => {
                    prop_assert!(buf.len() + missing <= max_message.max(1) + MAX_HEADER_BLOCK + 3);
                    if rest.is_empty() {
                        break;
                    }
                    let (piece, behind) = rest.split_at(missing.min(rest.len()));
                    buf.extend_from_slice(piece);
                    rest = behind;
                }
                Err(_) => break,
            }
        }
        let _ = decoder.finish(&buf);
    }

    #[test]
    fn what_check_refuses_encode_refuses_and_appends_nothing(
        framing in select(&Framing::ALL[..]),
        payload in garbage(),
    ) {
        let mut out = BytesMut::from("before");
        let encoded = framing.encode(&payload, &mut out);
        prop_assert_eq!(&encoded, &framing.check(&payload));
        if encoded.is_err() {
            prop_assert_eq!(out, "before");
        } else if framing != Framing::Raw {
            prop_assert_eq!(read_all(framing, NO_LIMIT, &out[6..]), Ok(vec![payload]));
        }
    }
}

/// Feeds `piece` and keeps the messages that came before an error.
fn drain(reader: &mut Reader, piece: &[u8]) -> (Vec<Vec<u8>>, Option<FramingError>) {
    reader.buf.extend_from_slice(piece);
    let mut messages = Vec::new();
    loop {
        match reader.decoder.decode(&reader.buf) {
            Ok(Step::Frame(frame)) => messages.push(reader.take(frame)),
            Ok(Step::Incomplete { .. }) => return (messages, None),
            Err(error) => return (messages, Some(error)),
        }
    }
}
