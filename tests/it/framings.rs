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
