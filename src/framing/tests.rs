//! The known vectors and limits of each framing; in `properties` what holds for all of them.

mod properties;

use bytes::{Buf, BytesMut};

use super::{
    header::{Header, MAX_HEADER_BLOCK},
    *,
};

const NO_LIMIT: usize = usize::MAX;

/// All framings that have boundaries.
const BOUNDED: &[Framing] = Framing::ALL.split_last().unwrap().1;

/// A reader as the contract of [`Decoder`] describes it.
struct Reader {
    decoder: Decoder,
    buf: BytesMut,
}

impl Reader {
    fn new(framing: Framing, max_message: usize) -> Self {
        Reader { decoder: Decoder::new(framing, max_message), buf: BytesMut::new() }
    }

    /// The messages that are whole now that `piece` has come.
    fn feed(&mut self, piece: &[u8]) -> Result<Vec<Vec<u8>>, FramingError> {
        self.buf.extend_from_slice(piece);
        let mut messages = Vec::new();
        while let Step::Frame(frame) = self.decoder.decode(&self.buf)? {
            messages.push(self.take(frame));
        }
        Ok(messages)
    }

    fn end(mut self) -> Result<Option<Vec<u8>>, FramingError> {
        let frame = self.decoder.finish(&self.buf)?;
        Ok(frame.map(|frame| self.take(frame)))
    }

    fn take(&mut self, frame: Frame) -> Vec<u8> {
        let payload = self.buf[frame.payload].to_vec();
        self.buf.advance(frame.len);
        payload
    }
}

fn read_all(
    framing: Framing,
    max_message: usize,
    stream: &[u8],
) -> Result<Vec<Vec<u8>>, FramingError> {
    let mut reader = Reader::new(framing, max_message);
    let mut messages = reader.feed(stream)?;
    messages.extend(reader.end()?);
    Ok(messages)
}

fn frame(framing: Framing, payload: &[u8]) -> BytesMut {
    let mut out = BytesMut::new();
    framing.encode(payload, &mut out).unwrap();
    out
}

/// The one message of a stream that holds no more.
#[track_caller]
fn assert_vector(framing: Framing, encoded: &[u8], message: &[u8]) {
    assert_eq!(frame(framing, message), encoded);
    assert_decodes(framing, encoded, &[message]);
}

#[track_caller]
fn assert_decodes(framing: Framing, stream: &[u8], messages: &[&[u8]]) {
    assert_eq!(read_all(framing, NO_LIMIT, stream).unwrap(), messages);
}

#[track_caller]
fn assert_malformed(framing: Framing, stream: &[u8], expected: &str) {
    match Reader::new(framing, 1000).feed(stream) {
        Err(FramingError::Malformed { what, .. }) => assert_eq!(what, expected),
        other => panic!("{other:?}"),
    }
}

fn missing(framing: Framing, buf: &[u8]) -> usize {
    match Decoder::new(framing, NO_LIMIT).decode(buf) {
        Ok(Step::Incomplete { missing }) => missing,
        other => panic!("{other:?}"),
    }
}

#[test]
fn names_are_parsed_as_they_are_shown() {
    for framing in Framing::ALL {
        assert_eq!(framing.to_string().parse(), Ok(framing));
    }
    assert_eq!(Framing::default().name(), "u32");
    assert_eq!(
        "line".parse::<Framing>().unwrap_err().to_string(),
        "unknown framing `line`; the framings are u32, lines, nul, netstring, content-length, u32le, varint, \
         json-seq, raw"
    );
}

#[test]
fn each_framing_encodes_its_known_vectors() {
    assert_vector(Framing::U32, b"\0\0\0\x05hello", b"hello");
    assert_vector(Framing::U32, b"\0\0\0\0", b"");
    assert_vector(Framing::Lines, b"hello\r\n", b"hello\r");
    assert_vector(Framing::Lines, b"\n", b"");
    assert_vector(Framing::Nul, b"a\nb\0", b"a\nb");
    assert_vector(Framing::Netstring, b"12:hello world!,", b"hello world!");
    assert_vector(Framing::Netstring, b"0:,", b"");
    assert_vector(
        Framing::ContentLength,
        b"Content-Length: 12\r\n\r\nhello world!",
        b"hello world!",
    );
    assert_vector(Framing::U32Le, b"\x05\0\0\0hello", b"hello");
    assert_vector(Framing::Varint, &[b"\xac\x02", &[b'x'; 300][..]].concat(), &[b'x'; 300]);
    assert_vector(Framing::Varint, b"\0", b"");
    assert_vector(Framing::JsonSeq, b"\x1e{\n  \"a\": \"}\\\"\"\n}\n", b"{\n  \"a\": \"}\\\"\"\n}");
    assert_vector(Framing::JsonSeq, b"\x1e\n12 \n", b"\n12 ");
    assert_vector(Framing::Raw, b"hello", b"hello");
}

#[test]
fn a_final_line_without_its_newline_is_a_message() {
    assert_decodes(Framing::Lines, b"a\n\nb", &[b"a", b"", b"b"]);
}

#[test]
fn raw_takes_a_read_for_a_message_and_cuts_it_at_the_limit() {
    assert_eq!(read_all(Framing::Raw, 2, b"abc").unwrap(), [&b"ab"[..], b"c"]);
    assert_eq!(read_all(Framing::Raw, 0, b"ab").unwrap(), [b"a", b"b"]);
    assert_eq!(missing(Framing::Raw, b""), 65536);
}

#[test]
fn u32_speaks_the_extension_of_python() {
    let prefix = |size| {
        let mut out = BytesMut::new();
        header::put_u32(size, &mut out);
        out
    };
    assert_eq!(prefix(0x7fff_ffff), &b"\x7f\xff\xff\xff"[..]);
    assert_eq!(prefix(0x8000_0000), &b"\xff\xff\xff\xff\0\0\0\0\x80\0\0\0"[..]);
    assert_eq!(header::read_u32(&prefix(1 << 40)), Header::Whole { start: 12, size: 1 << 40 },);
    // Others use all 32 bits.
    assert_eq!(
        header::read_u32(b"\xff\xff\xff\xfe"),
        Header::Whole { start: 4, size: 0xffff_fffe },
    );
    assert_decodes(Framing::U32, b"\xff\xff\xff\xff\0\0\0\0\0\0\0\x02hi", &[b"hi"]);
    assert_eq!(missing(Framing::U32, b"\xff\xff\xff\xff\0"), 7);
}

#[test]
fn missing_counts_what_is_certain() {
    assert_eq!(missing(Framing::U32, b""), 4);
    assert_eq!(missing(Framing::U32, b"\0\0\0\x05he"), 3);
    assert_eq!(missing(Framing::U32Le, b"\x05\0"), 2);
    assert_eq!(missing(Framing::Lines, b"he"), 1);
    assert_eq!(missing(Framing::Netstring, b"12"), 1);
    assert_eq!(missing(Framing::Netstring, b"12:"), 13);
    assert_eq!(missing(Framing::Netstring, b"2:hi"), 1);
    assert_eq!(missing(Framing::ContentLength, b"Content-Le"), 4);
    assert_eq!(missing(Framing::ContentLength, b"Content-Length: 2\r"), 3);
    assert_eq!(missing(Framing::ContentLength, b"Content-Length: 2\r\n"), 2);
    assert_eq!(missing(Framing::ContentLength, b"Content-Length: 2\r\n\r"), 1);
    assert_eq!(missing(Framing::ContentLength, b"Content-Length: 2\r\n\r\n"), 2);
    assert_eq!(missing(Framing::Varint, b"\x80"), 1);
    assert_eq!(missing(Framing::Varint, b"\x80\x01h"), 127);
}

#[test]
fn a_message_of_exactly_the_limit_passes_and_one_byte_more_does_not() {
    for &framing in BOUNDED {
        for max in [1, 9, 10, 128, 1000] {
            for size in [max - 1, max, max + 1] {
                if size == 0 && framing == Framing::JsonSeq {
                    continue;
                }
                let message = vec![b'1'; size];
                let read = read_all(framing, max, &frame(framing, &message));
                if size <= max {
                    assert_eq!(read, Ok(vec![message]), "{framing} {max}");
                } else {
                    assert!(matches!(read, Err(FramingError::TooLarge { .. })), "{framing} {max}");
                }
            }
        }
    }
}

#[test]
fn the_limit_is_checked_as_soon_as_it_is_certainly_exceeded() {
    let too_large: [(Framing, &[u8]); 9] = [
        (Framing::U32, b"\0\0\0\x0a"),
        (Framing::U32, b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
        (Framing::Lines, b"0123456789"),
        (Framing::Nul, b"0123456789"),
        (Framing::Netstring, b"10"),
        (Framing::ContentLength, b"Content-Length: 18446744073709551615\r\n\r\n"),
        (Framing::U32Le, b"\x0a\0\0\0"),
        (Framing::Varint, b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
        (Framing::JsonSeq, b"\x1e0123456789"),
    ];
    for (framing, stream) in too_large {
        let mut reader = Reader::new(framing, 9);
        assert_eq!(reader.feed(&stream[..stream.len() - 1]), Ok(vec![]), "{framing}");
        let error = reader.feed(&stream[stream.len() - 1..]).unwrap_err();
        assert!(matches!(error, FramingError::TooLarge { .. }), "{error}");
    }
}

#[test]
fn netstrings_are_read_strictly() {
    assert_malformed(Framing::Netstring, b"00", "a leading zero in the length");
    assert_malformed(Framing::Netstring, b":", "something other than a digit in the length");
    assert_malformed(Framing::Netstring, b"1x", "something other than a digit in the length");
    assert_malformed(Framing::Netstring, b"2:hi.", "no comma after the payload");
}

#[test]
fn other_headers_are_read_and_dropped() {
    let stream = b"Content-Type: x; charset=utf-8\r\ncontent-LENGTH:\t2 \r\nX: \r\n\r\nhi";
    assert_decodes(Framing::ContentLength, stream, &[b"hi"]);
    let twice = b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi";
    assert_decodes(Framing::ContentLength, twice, &[b"hi"]);
}

#[test]
fn bad_header_blocks_are_refused_at_the_line_that_is_bad() {
    let refused = |stream: &[u8], what| assert_malformed(Framing::ContentLength, stream, what);
    refused(b"\r\n", "no Content-Length in the header");
    refused(b"X: 1\r\n\r\n", "no Content-Length in the header");
    refused(b"{\"id\":1}\n", "a header line that does not end in \\r\\n");
    refused(b"hello\r\n", "a header line without a colon");
    for value in ["", "x", "-1", "+1", "1 2", "18446744073709551616"] {
        let line = format!("Content-Length: {value}\r\n");
        refused(line.as_bytes(), "a Content-Length that is no number");
    }
    refused(
        b"Content-Length: 2\r\nContent-Length: 3\r\n",
        "two different values of Content-Length",
    );
}

#[test]
fn a_header_block_has_at_most_8_kib() {
    let block = |size: usize| {
        let end = "\r\nContent-Length: 0\r\n\r\n";
        format!("X: {:.<fill$}{end}", "", fill = size - 3 - end.len()).into_bytes()
    };
    assert_decodes(Framing::ContentLength, &block(MAX_HEADER_BLOCK), &[b""]);
    let too_long = block(MAX_HEADER_BLOCK + 1);
    let mut reader = Reader::new(Framing::ContentLength, 9);
    assert_eq!(reader.feed(&too_long[..MAX_HEADER_BLOCK - 1]), Ok(vec![]));
    assert_malformed(
        Framing::ContentLength,
        &too_long[..MAX_HEADER_BLOCK],
        "a header block of more than 8 KiB",
    );
}

#[test]
fn a_varint_has_at_most_64_bits() {
    let too_long = "a length of more than 64 bits";
    assert_malformed(Framing::Varint, &[[0xff; 9].as_slice(), &[2]].concat(), too_long);
    assert_malformed(Framing::Varint, &[0x80; 10], too_long);
    assert_decodes(Framing::Varint, b"\x82\x80\x00hi", &[b"hi"]);
}

#[test]
fn a_json_text_ends_at_the_first_newline_outside_of_it() {
    assert_decodes(
        Framing::JsonSeq,
        b"\x1e[\n1,\n[\n]\n]\n\x1e\"[\"\n",
        &[b"[\n1,\n[\n]\n]", b"\"[\""],
    );
    assert_decodes(Framing::JsonSeq, b"\x1e \"\\\\\" \n\x1e2\n", &[b" \"\\\\\" ", b"2"]);
}

#[test]
fn a_record_separator_belongs_at_the_start_of_a_json_text_and_nowhere_else() {
    assert_malformed(Framing::JsonSeq, b"{}\n", "no record separator (1e) at its start");
    assert_malformed(Framing::JsonSeq, b"\x1e1\n\n", "no record separator (1e) at its start");
    for cut in [&b"\x1e\x1e"[..], b"\x1e12\x1e", b"\x1e{\n\x1e", b"\x1e\"a\x1e", b"\x1e\"\\\x1e"] {
        assert_malformed(Framing::JsonSeq, cut, "a text cut short by the next record separator");
    }
}

#[test]
fn json_is_checked_whatever_its_depth_and_its_numbers() {
    let deep = [vec![b'['; 100_000], vec![b']'; 100_000]].concat();
    assert_eq!(Framing::JsonSeq.check(&deep), Ok(()));
    assert_eq!(Framing::JsonSeq.check(b"1e999"), Ok(()));
}

#[test]
fn what_cannot_be_carried_is_named() {
    let unfit = |framing: Framing, payload: &[u8]| {
        let message = framing.check(payload).unwrap_err().to_string();
        message.split_once("; these could carry it: ").unwrap().0.to_owned()
    };
    assert_eq!(unfit(Framing::Lines, b"a\nb"), "a newline cannot be carried by `lines`");
    assert_eq!(unfit(Framing::Nul, b"a\0b"), "a zero byte cannot be carried by `nul`");
    let json = |payload| unfit(Framing::JsonSeq, payload);
    for text in [&b""[..], b"{", b"1 2", b"hello", b"\"\n\"", b"1,"] {
        assert_eq!(json(text), "anything but one JSON text cannot be carried by `json-seq`");
    }
    assert_eq!(json(b"\"\xff\""), "text that is not UTF-8 cannot be carried by `json-seq`");
    assert_eq!(json(b"1 \n "), "a newline after the JSON text cannot be carried by `json-seq`");
}

#[test]
fn the_framings_that_could_carry_a_message_are_listed() {
    assert_eq!(
        Framing::Lines.check(b"a\nb\0").unwrap_err().to_string(),
        "a newline cannot be carried by `lines`; these could carry it: u32, netstring, \
         content-length, u32le, varint"
    );
    assert_eq!(Framing::able_to_carry(b"[1]"), BOUNDED);
}

#[test]
fn errors_show_the_bytes_and_guess_that_text_is_lines() {
    let error = |framing, stream| read_all(framing, 1000, stream).unwrap_err().to_string();
    assert_eq!(
        error(Framing::U32, b"hello world, how are you\n"),
        "a `u32` message of 1751477356 bytes exceeds the limit of 1000 (max_message); it begins \
         68 65 6c 6c 6f 20 77 6f 72 6c 64 2c 20 68 6f 77 \"hello world, how\"; this looks like \
         text: the process may be writing lines; try `--framing lines`"
    );
    assert_eq!(
        error(Framing::U32, b"hi\n"),
        "a `u32` frame was cut off after 3 bytes; it begins 68 69 0a \"hi\\n\"; this looks like \
         text: the process may be writing lines; try `--framing lines`"
    );
    assert_eq!(
        error(Framing::U32Le, b"\x05\0\0\0hell"),
        "a `u32le` frame was cut off after 8 of 9 bytes; it begins 05 00 00 00 68 65 6c 6c \
         \"\\x05\\x00\\x00\\x00hell\""
    );
    assert_eq!(
        error(Framing::Netstring, b"1x"),
        "not a `netstring` frame: something other than a digit in the length; it begins 31 78 \
         \"1x\""
    );
    for framing in [Framing::Netstring, Framing::ContentLength, Framing::JsonSeq] {
        let error = error(framing, b"Starting server\nand more of it\n");
        assert!(error.starts_with(&format!("not a `{framing}` frame: ")), "{error}");
        assert!(error.ends_with("may be writing lines; try `--framing lines`"), "{error}");
    }
    let error_of_headers = error(Framing::ContentLength, b"Content-Lenght: 2\r\n\r\n{}");
    assert!(error_of_headers.ends_with('"'), "{error_of_headers}");
    assert_eq!(
        error(Framing::Nul, &[b'"'; 1001]),
        format!(
            "a `nul` message of at least 1001 bytes exceeds the limit of 1000 (max_message); it \
             begins {}\"{}\"",
            "22 ".repeat(16),
            "\\\"".repeat(16),
        )
    );
}
