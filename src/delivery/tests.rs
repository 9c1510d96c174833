//! What is on its way, byte by byte.

use proptest::prelude::*;

use super::*;
use crate::route::Replies;

const U32: Framing = Framing::U32;

fn delivery(framing: Framing) -> Delivery {
    Delivery::new(framing, 100, Ack::Read)
}

fn parcel<P: AsRef<[u8]>>(framing: Framing, payloads: &[P]) -> Parcel {
    let mut frames = BytesMut::new();
    for payload in payloads {
        framing.encode(payload.as_ref(), &mut frames).unwrap();
    }
    let (count, payload) = (payloads.len() as u64, frames.len() as u64);
    Parcel::of_many(frames.freeze(), count, payload, 1)
}

fn unwritten(delivery: &Delivery) -> Vec<u8> {
    let pieces: Vec<u8> = delivery.pieces().flatten().collect();
    let mut slices = [IoSlice::new(&[]); 100];
    let count = delivery.next(&mut slices);
    let bytes: Vec<u8> = slices[..count].iter().flat_map(|slice| slice.iter().copied()).collect();
    assert!(pieces.starts_with(&bytes));
    assert_eq!(pieces.len(), delivery.unwritten());
    pieces
}

/// How many have which fate; all are to be sent again.
fn settle(delivery: &mut Delivery, unread: usize) -> [u64; 4] {
    let mut counts = [0; 4];
    for (fate, parcel) in delivery.settle(unread) {
        counts[fate as usize] += parcel.count;
        delivery.push(parcel);
    }
    counts
}

#[test]
fn a_frame_that_was_read_in_part_is_sent_again_whole() {
    let mut delivery = delivery(U32);
    delivery.begin(100);
    delivery.push(parcel(U32, &["one", "two"]));
    delivery.push(parcel(U32, &["three"]));
    delivery.wrote(14 + 5);
    // 7 bytes are "one"; 3 of "two" were read too.
    assert_eq!(settle(&mut delivery, 19 - 10), [0, 1, 1, 0]);
    delivery.begin(100);
    assert_eq!(unwritten(&delivery), parcel(U32, &["two", "three"]).frames);
}

#[test]
fn what_is_no_message_is_neither_counted_nor_answered_nor_sent_again() {
    let replies = Replies { window: 3, timeout: None, retries: 1 };
    for ack in [Ack::Read, Ack::Reply(replies)] {
        let mut delivery = Delivery::new(Framing::Lines, 100, ack);
        delivery.begin(100);
        delivery.interject(Bytes::from_static(b"aside\n"));
        delivery.push(parcel(Framing::Lines, &["one"]));
        delivery.interject(Bytes::from_static(b"aside\n"));
        assert_eq!((delivery.len(), delivery.count()), (1, 1));
        assert_eq!(unwritten(&delivery), b"aside\none\naside\n");
        delivery.wrote(6);
        assert!(!delivery.is_asked());
        assert!(delivery.answered().is_none());
        delivery.wrote(1);
        assert!(delivery.is_asked());
        assert!(delivery.answered().is_none());
        delivery.wrote(8);
        assert!(delivery.is_asked());
        // It has read the first aside, which was forgotten, and nothing of the message.
        assert_eq!(settle(&mut delivery, 10), [0, 1, 0, 0]);
        delivery.begin(100);
        assert_eq!(unwritten(&delivery), b"one\n");
    }
}

#[test]
fn raw_bytes_go_on_where_the_reader_has_stopped() {
    let mut delivery = delivery(Framing::Raw);
    delivery.begin(100);
    delivery.push(parcel(Framing::Raw, &["abcdefghij"]));
    delivery.wrote(8);
    assert_eq!(settle(&mut delivery, 4), [0, 1, 0, 0]);
    delivery.begin(100);
    assert_eq!(unwritten(&delivery), b"efghij");
}

#[test]
fn what_must_have_been_read_is_forgotten() {
    let mut delivery = delivery(U32);
    delivery.begin(1 << 16);
    let one = parcel(U32, &["x".repeat(60)]);
    for first in 1..=100_000 {
        delivery.push(Parcel { first, ..one.clone() });
        delivery.wrote(one.frames.len());
    }
    assert!(delivery.len() <= (1 << 16) / SMALL + 2, "{}", delivery.len());
}

#[test]
fn what_must_be_answered_is_kept_until_it_is() {
    let replies = Replies { window: 3, timeout: None, retries: 1 };
    let mut delivery = Delivery::new(U32, 100, Ack::Reply(replies));
    delivery.begin(10);
    assert_eq!(delivery.answered(), None);
    for payload in ["one", "two", "three"] {
        delivery.push(parcel(U32, &[payload]));
    }
    delivery.wrote(7 + 7 + 2);
    assert_eq!([0, 2, 3, 9, 10, 16].map(|unread| delivery.read_whole(unread)), [2, 2, 1, 1, 0, 0]);
    assert_eq!(delivery.answered(), Some(parcel(U32, &["one"])));
    // "two" was read and is lost with its reader, "three" was begun.
    assert_eq!(settle(&mut delivery, 2), [0, 1, 0, 1]);
    delivery.begin(10);
    assert_eq!(delivery.answered(), None);
    assert_eq!(unwritten(&delivery), parcel(U32, &["two", "three"]).frames);
}

#[test]
fn the_oldest_make_room_but_not_one_that_has_begun() {
    let mut delivery = delivery(U32);
    delivery.begin(100);
    let large = ["a", "b", "c", "d"].map(|letter| parcel(U32, &[letter.repeat(SMALL)]));
    large.iter().for_each(|parcel| delivery.push(parcel.clone()));
    let size = large[0].frames.len();
    delivery.wrote(2);
    assert_eq!(delivery.drop_down_to(2 * size).len(), 2);
    assert_eq!(unwritten(&delivery), [&large[0].frames[2..], &large[3].frames].concat());
    assert_eq!(delivery.drop_down_to(0).len(), 0, "the last one stays");
}

#[test]
fn of_what_came_together_no_more_is_dropped_than_must_be() {
    let mut delivery = delivery(U32);
    delivery.begin(1000);
    let numbers =
        |dropped: Vec<Parcel>| -> Vec<u64> { dropped.iter().flat_map(Parcel::numbers).collect() };
    delivery.push(parcel(U32, &vec!["x".repeat(60); 100]));
    assert_eq!(numbers(delivery.drop_down_to(641)), (1..=90).collect::<Vec<_>>());
    assert_eq!((delivery.unwritten(), delivery.count()), (640, 10));
    // One that has begun stays.
    delivery.wrote(10);
    assert_eq!(numbers(delivery.drop_down_to(130)), (92..=99).collect::<Vec<_>>());
    let left = parcel(U32, &vec!["x".repeat(60); 2]).frames;
    assert_eq!(unwritten(&delivery), left[10..]);
    assert!(delivery.drop_down_to(0).is_empty());
    let parcels: Vec<_> = delivery.parcels().flat_map(Parcel::numbers).collect();
    assert_eq!((delivery.len(), parcels), (2, vec![91, 100]));
}

#[test]
fn what_is_put_together_keeps_its_numbers_where_they_do_not_follow_each_other() {
    let mut delivery = delivery(U32);
    delivery.begin(1000);
    let numbers: Vec<u64> = (0..100).map(|n| 3 * n + n % 2).collect();
    for number in &numbers {
        delivery.push(Parcel { first: *number, ..parcel(U32, &["x"]) });
    }
    assert!(delivery.parcels().count() < 3);
    let left = |delivery: &Delivery| -> Vec<u64> {
        delivery.parcels().flat_map(Parcel::numbers).collect()
    };
    assert_eq!(left(&delivery), numbers);
    // Ten are written, of which the reader has read five, and one in part.
    delivery.wrote(10 * 5);
    for (_, parcel) in delivery.settle(4 * 5 + 2) {
        delivery.push(parcel);
    }
    assert_eq!(left(&delivery), numbers[5..]);
    // Of what is still to be written the oldest are dropped.
    delivery.begin(1000);
    delivery.wrote(1);
    let dropped = delivery.drop_down_to(20 * 5 + 4);
    assert_eq!(dropped.iter().flat_map(Parcel::numbers).collect::<Vec<_>>(), numbers[6..80]);
    assert_eq!(left(&delivery), [&numbers[5..6], &numbers[80..]].concat());
    assert!(delivery.parcels().all(|parcel| parcel.numbers().all(|it| parcel.has(it))));
    assert!(delivery.parcels().all(|parcel| !parcel.has(7)));
}

#[test]
fn small_ones_are_put_together() {
    let mut delivery = delivery(U32);
    delivery.begin(100);
    for (first, payload) in (1..).zip(["one", "two", "six"]) {
        delivery.push(Parcel { first, ..parcel(U32, &[payload]) });
        delivery.wrote(1);
    }
    assert_eq!(delivery.len(), 1, "their numbers follow each other");
    assert_eq!(unwritten(&delivery), parcel(U32, &["one", "two", "six"]).frames[3..]);
    assert_eq!(settle(&mut delivery, 1), [2, 0, 1, 0]);
}

proptest! {
    /// Whatever the sizes, the chunks and the moments: after any number of dead readers every
    /// message was read whole exactly once, in order.
    #[test]
    fn each_message_is_read_whole_exactly_once(
        payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..40),
        chunk in 1_usize..5,
        capacity in 1_usize..64,
        steps in prop::collection::vec((1_usize..64, 0_usize..64, prop::bool::weighted(0.2)), 1..200),
    ) {
        let mut delivery = delivery(U32);
        delivery.begin(capacity);
        for payloads in payloads.chunks(chunk) {
            delivery.push(parcel(U32, payloads));
        }
        let mut pipe = BytesMut::new();
        let mut decoder = Decoder::new(U32, 100);
        let mut reader = BytesMut::new();
        let mut got = Vec::new();
        let mut take = |reader: &mut BytesMut, decoder: &mut Decoder| {
            while let Ok(Step::Frame(frame)) = decoder.decode(reader) {
                let bytes = reader.split_to(frame.len);
                got.push(bytes[frame.payload].to_vec());
            }
        };
        for (write, read, dies) in steps {
            let next = unwritten(&delivery);
            let room = (capacity - pipe.len()).min(write).min(next.len());
            pipe.extend_from_slice(&next[..room]);
            delivery.wrote(room);
            reader.extend_from_slice(&pipe.split_to(read.min(pipe.len())));
            take(&mut reader, &mut decoder);
            if dies {
                settle(&mut delivery, pipe.len());
                delivery.begin(capacity);
                pipe.clear();
                reader.clear();
                decoder = Decoder::new(U32, 100);
            }
        }
        reader.extend_from_slice(&pipe);
        reader.extend_from_slice(&unwritten(&delivery));
        take(&mut reader, &mut decoder);
        prop_assert_eq!(got, payloads);
    }
}
