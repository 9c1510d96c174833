//! Messages that a framing takes come out of it as they went in, and are refused or carried whole by
//! every other.

#![no_main]

use bytes::BytesMut;
use gipc::frames::FrameReader;
use gipc::framing::Framing;
use libfuzzer_sys::fuzz_target;

fn carried(framing: Framing, messages: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut frames = BytesMut::new();
    let mut taken = Vec::new();
    for message in messages {
        let before = frames.len();
        match framing.encode(message, &mut frames) {
            Ok(()) => {
                assert!(framing.check(message).is_ok());
                taken.push(message.clone());
            }
            Err(_) => {
                assert!(framing.check(message).is_err());
                assert_eq!(frames.len(), before, "{framing} leaves a part of what it refuses");
            }
        }
    }
    let mut reader = FrameReader::new(&frames[..], framing, usize::MAX);
    let mut carried = Vec::new();
    while let Some(message) = reader.blocking_get().expect("what we have encoded ourselves") {
        carried.push(message.to_vec());
    }
    if framing == Framing::Raw {
        assert_eq!(carried.concat(), taken.concat());
    } else {
        assert_eq!(carried, taken, "{framing}");
    }
    carried
}

fuzz_target!(|messages: Vec<Vec<u8>>| {
    for from in Framing::ALL {
        let carried_so_far = carried(from, &messages);
        for to in Framing::ALL {
            carried(to, &carried_so_far);
        }
    }
});
