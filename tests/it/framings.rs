//! Every framing, with real workers.

use gipc::framing::Framing;

use crate::support::*;

#[test]
fn every_framing_carries_messages_to_a_worker_and_back() {
    let payloads = ["[\"one\"]", "{\"a\": \"b c\"}", "\"\"", "12"];
    for framing in Framing::ALL.into_iter().filter(|framing| *framing != Framing::Raw) {
        let input: String = payloads.iter().map(|payload| format!("{payload}\n")).collect();
        let mut gipc = gipc(["run", "--framing", framing.name(), "--", CHILD, "upper"]);
        gipc.with_input(input.clone()).said(input.to_uppercase());
    }
}

#[test]
fn every_framing_is_read_and_written_on_standard_streams() {
    for input in Framing::ALL {
        for output in Framing::ALL {
            let encode = |framing: Framing, payload: &[u8]| {
                let mut bytes = Default::default();
                framing.encode(payload, &mut bytes).unwrap();
                bytes
            };
            let mut gipc = gipc(["run", "--input", input.name(), "--output", output.name(), "--"]);
            let ended = gipc.args([CHILD, "upper"]).with_input(encode(input, b"[\"x\"]"));
            ended.said(encode(output, b"[\"X\"]"));
        }
    }
}

#[test]
fn raw_passes_any_bytes() {
    let bytes: Vec<u8> = (0..100_000_u32).map(|number| (number * 7 % 256) as u8).collect();
    let mut gipc = words("run --framing raw --input raw --output raw --wire stdio -- cat");
    gipc.with_input(bytes.clone()).said(bytes);
}

/// A JSON string of so many bytes, which every framing can carry.
fn text(size: usize) -> Vec<u8> {
    match size {
        0 => Vec::new(),
        1 => b"7".to_vec(),
        _ => [b"\"", &*vec![b'x'; size - 2], b"\""].concat(),
    }
}

fn encode(framing: Framing, messages: &[Vec<u8>]) -> Vec<u8> {
    let mut frames = bytes::BytesMut::new();
    messages.iter().for_each(|message| framing.encode(message, &mut frames).unwrap());
    frames.to_vec()
}

#[test]
fn each_framing_goes_into_each_other_with_messages_of_all_sizes() {
    const LIMIT: usize = 1 << 20;
    let sizes = [0, 1, 4095, 4096, 4097, 65_535, 65_536, LIMIT];
    let framings = Framing::ALL.into_iter().filter(|framing| *framing != Framing::Raw);
    let framings: Vec<_> = framings.collect();
    for inner in &framings {
        for outer in &framings {
            // Each into each other: our input into the worker's, the worker's into our output.
            let fits = |message: &Vec<u8>| {
                [inner, outer].iter().all(|framing| framing.check(message).is_ok())
            };
            let messages: Vec<_> = sizes.into_iter().map(text).filter(fits).collect();
            let options = format!(
                "run --max-message {LIMIT} --input {outer} --framing {inner} --output {outer} --"
            );
            let mut gipc = words(&options);
            let ended = gipc.args([CHILD, "upper"]).with_input(encode(*outer, &messages));
            let upper: Vec<_> = messages.iter().map(|it| it.to_ascii_uppercase()).collect();
            ended.said(encode(*outer, &upper));
        }
    }
}

#[test]
fn what_a_framing_cannot_carry_names_itself_and_the_rest_goes_on() {
    for (framing, bad) in
        [("lines", &b"a\nb"[..]), ("nul", b"a\0b"), ("json-seq", b"{"), ("json-seq", b"")]
    {
        let input = encode(Framing::U32, &[b"1".to_vec(), bad.to_vec(), b"2".to_vec()]);
        let mut gipc = words(&format!("run --input u32 --framing {framing} --output u32 --"));
        let ended = gipc.args([CHILD, "upper"]).with_input(input);
        assert_eq!(ended.stdout, encode(Framing::U32, &[b"1".to_vec(), b"2".to_vec()]));
        ended.failed(1, &["channel `in`, message 2 from -", &format!("`{framing}`")]);
    }
    let large = encode(Framing::U32, &[b"1".to_vec(), vec![b'x'; 101]]);
    let mut gipc = words("run --max-message 100 --input u32 --");
    let ended = gipc.args([CHILD, "upper"]).with_input(large);
    assert_eq!(ended.text(), "1\n");
    ended.failed(1, &["101 bytes exceeds the limit of 100"]);
}

#[test]
fn an_empty_message_without_a_framing_holds_nobody_up() {
    let ended = words("pool --wire stdio --framing raw -- cat").with_input("\na\n");
    assert_eq!(ended.text(), "a\n");
    let why = "channel `in`, message 1 from -: an empty message cannot be carried by `raw`; ";
    assert!(ended.stderr.contains(why), "{ended:?}");
    for workers in ["1", "2"] {
        let mut gipc = words("pool --wire stdio --framing raw --ack read --output raw -j");
        gipc.args([workers, "--", "cat"]).with_input("\na\n\n").said("a");
    }
}
