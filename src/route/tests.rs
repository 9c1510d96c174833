//! Every rule about who gets a message, with values in the place of pipes.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::frames::Batch;
use crate::framing::Framing;

const A: OutletId = OutletId(0);
const B: OutletId = OutletId(1);
const C: OutletId = OutletId(2);

/// A channel with so many readers and one writer, otherwise as `change` says.
fn exchange(readers: usize, change: impl FnOnce(&mut Rules)) -> Exchange {
    let (route, full) = (Route::default(), Full::default());
    let mut rules = Rules { route, ack: Ack::Read, buffer: 1 << 20, full, max_message: 1 << 20 };
    change(&mut rules);
    let mut exchange = Exchange::new(rules);
    exchange.add_sender();
    for _ in 0..readers {
        let id = exchange.add_outlet(Framing::Lines);
        exchange.begin(id, 1 << 16);
    }
    exchange
}

fn replies(window: usize, retries: u32) -> Ack {
    Ack::Reply(Replies { window, timeout: Some(Duration::from_secs(3)), retries })
}

/// Sends words as messages of their own.
fn push(exchange: &mut Exchange, words: &str) -> Accepted {
    let batch: Batch = words.split(' ').collect();
    exchange.push(&batch, Framing::Lines)
}

/// Writes all that there is for a reader, and shows it, in words.
fn write(exchange: &mut Exchange, id: OutletId) -> String {
    let bytes: Vec<u8> = exchange.pieces(id).flatten().collect();
    exchange.wrote(id, bytes.len(), Instant::now());
    String::from_utf8(bytes).unwrap().lines().collect::<Vec<_>>().join(" ")
}

/// What a reader gets that has read all, and takes as much as it can.
fn get(exchange: &mut Exchange, id: OutletId) -> String {
    exchange.all_read(id, true);
    exchange.ready(id);
    write(exchange, id)
}

fn numbers(dead: &[Dead]) -> Vec<u64> {
    dead.iter().flat_map(|dead| dead.messages(100)).map(|(number, _)| number).collect()
}

#[test]
fn a_message_is_there_until_it_is_answered_dropped_or_dead() {
    let mut answered = exchange(2, |it| it.ack = replies(1, 0));
    push(&mut answered, "a b c");
    let has = |exchange: &Exchange| [1, 2, 3].map(|number| exchange.has(number));
    assert_eq!(has(&answered), [true; 3]);
    assert_eq!((get(&mut answered, A), get(&mut answered, B)), ("a".to_owned(), "b".to_owned()));
    assert_eq!(has(&answered), [true; 3], "with their readers, or waiting");
    answered.answered(A, Instant::now()).unwrap();
    assert_eq!(has(&answered), [false, true, true]);
    assert_eq!(numbers(&answered.settle(B, 0, Instant::now()).dead), [2]);
    assert_eq!(has(&answered), [false, false, true]);
    answered.close();
    assert_eq!(has(&answered), [false; 3]);
    let mut dropped = exchange(1, |it| (it.full, it.buffer) = (Full::DropOldest, 6000));
    push(&mut dropped, &"a".repeat(5000));
    push(&mut dropped, &"b".repeat(5000));
    assert_eq!(has(&dropped), [false, true, false]);
}

#[test]
fn one_reader_gets_everything_in_order() {
    let mut exchange = exchange(1, |_| {});
    assert_eq!(push(&mut exchange, "a b").woken, [A]);
    assert_eq!(push(&mut exchange, "c").woken, [A]);
    assert_eq!(write(&mut exchange, A), "a b c");
    assert_eq!(exchange.taken(), 3);
    assert_eq!((exchange.counts(A).messages, exchange.counts(A).bytes), (3, 3));
    assert!(!exchange.is_done(A));
    assert_eq!(exchange.sender_over(), [A]);
    assert!(exchange.is_done(A));
}

#[test]
fn of_several_readers_the_one_that_has_waited_longest_is_woken() {
    let mut exchange = exchange(3, |_| {});
    for id in [B, A] {
        assert_eq!(get(&mut exchange, id), "");
    }
    assert_eq!(push(&mut exchange, "a").woken, [B]);
    assert_eq!(push(&mut exchange, "b c").woken, [A]);
    // Whoever comes first gets the next one; C was not even asleep.
    assert_eq!(get(&mut exchange, C), "a");
    assert_eq!(get(&mut exchange, B), "b");
    assert_eq!(get(&mut exchange, A), "c");
}

#[test]
fn whoever_shares_a_queue_has_one_message_at_a_time() {
    let mut exchange = exchange(2, |_| {});
    push(&mut exchange, "a b c");
    assert_eq!(get(&mut exchange, A), "a");
    assert_eq!(get(&mut exchange, B), "b");
    exchange.ready(B);
    assert_eq!(write(&mut exchange, B), "", "it may not have read what it has");
    assert_eq!(get(&mut exchange, B), "c");
    exchange.sender_over();
    assert!(!exchange.is_done(B), "what A has may come back");
    assert!(exchange.has_work(B));
    exchange.all_read(B, true);
    assert_eq!(exchange.ready(B), []);
    exchange.all_read(A, true);
    assert_eq!(exchange.ready(A), [A, B], "now nothing can");
    assert!(exchange.is_done(A) && exchange.is_done(B) && !exchange.has_work(A));
}

#[test]
fn a_reader_that_is_joined_by_another_has_not_read_what_is_in_its_pipe() {
    let mut exchange = exchange(1, |_| {});
    push(&mut exchange, "a b");
    assert_eq!(write(&mut exchange, A), "a b");
    push(&mut exchange, "c d");
    exchange.add_outlet(Framing::Lines);
    exchange.begin(B, 1 << 16);
    // What was not written is for whoever is idle.
    assert_eq!(get(&mut exchange, B), "c");
    exchange.ready(A);
    assert_eq!(write(&mut exchange, A), "");
    assert_eq!(get(&mut exchange, B), "d");
    exchange.ready(B);
    exchange.settle(A, 4, Instant::now());
    assert_eq!(get(&mut exchange, B), "a");
    assert_eq!(get(&mut exchange, B), "b");
    let counts = [A, B].map(|id| exchange.counts(id));
    assert_eq!(counts.map(|it| (it.messages, it.redelivered)), [(2, 0), (2, 2)]);
}

#[test]
fn a_broadcast_is_for_all_in_the_framing_of_each() {
    let mut exchange = exchange(2, |channel| channel.route = Route::Broadcast);
    let c = exchange.add_outlet(Framing::Netstring);
    exchange.begin(c, 1 << 16);
    let batch: Batch = ["a", "two\nlines", "b"].into_iter().collect();
    let accepted = exchange.push(&batch, Framing::U32);
    assert_eq!(accepted.woken, [A, B, C]);
    assert_eq!(accepted.refused.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [2]);
    assert_eq!(write(&mut exchange, A), "a b");
    assert_eq!(write(&mut exchange, B), "a b");
    assert_eq!(write(&mut exchange, C), "1:a,9:two lines,1:b,");
}

/// A channel with so many readers that take bytes as they are.
fn raw(readers: usize, ack: Ack) -> Exchange {
    let mut exchange = exchange(0, |channel| channel.ack = ack);
    for _ in 0..readers {
        let id = exchange.add_outlet(Framing::Raw);
        exchange.begin(id, 1 << 16);
    }
    exchange
}

#[test]
fn an_empty_message_of_no_framing_cannot_be_answered() {
    let mut exchange = raw(1, replies(1, 0));
    let batch: Batch = ["", "a"].into_iter().collect();
    let refused = exchange.push(&batch, Framing::Lines).refused;
    let [(1, refusal)] = &refused[..] else { panic!("{refused:?}") };
    let why = "an empty message cannot be carried by `raw`; these could carry it: u32, lines, nul, \
               netstring, content-length, u32le, varint";
    assert_eq!(refusal.to_string(), why);
    assert_eq!(get(&mut exchange, A), "a");
    assert_eq!(exchange.answered(A, Instant::now()).unwrap().parcel.first, 2);
    exchange.sender_over();
    assert!(exchange.is_done(A));
}

#[test]
fn an_empty_message_of_no_framing_is_read_when_it_is_given_out() {
    for readers in [1, 2] {
        let mut exchange = raw(readers, Ack::Read);
        for message in ["", "a", ""] {
            let batch: Batch = [message].into_iter().collect();
            assert_eq!(exchange.push(&batch, Framing::Lines).refused, []);
        }
        assert_eq!(get(&mut exchange, A), "a");
        assert_eq!(get(&mut exchange, A), "");
        assert_eq!(exchange.counts(A).messages, 3);
        exchange.sender_over();
        assert!(exchange.is_done(A));
        assert!(exchange.settle(A, 0, Instant::now()).dead.is_empty());
        assert!(!exchange.has_work(A));
    }
}

#[test]
fn each_reader_of_a_broadcast_answers_each_message() {
    let mut exchange = exchange(2, |channel| {
        (channel.route, channel.ack) = (Route::Broadcast, replies(2, 1));
    });
    assert_eq!(push(&mut exchange, "a b c").woken, [A, B]);
    assert_eq!((write(&mut exchange, A), write(&mut exchange, B)), ("a b".into(), "a b".into()));
    assert_eq!(exchange.unwritten(A), 0, "two at the most are unanswered");
    assert_eq!([0, 1, 2, 3, 4].map(|unread| exchange.read_whole(A, unread)), [2, 1, 1, 0, 0]);
    for number in [1, 2, 3] {
        let answered = exchange.answered(A, Instant::now()).unwrap();
        assert_eq!((answered.parcel.first, answered.parcel.count), (number, 1));
        assert_eq!(answered.woken, [A]);
        assert_eq!(write(&mut exchange, A), if number == 1 { "c" } else { "" });
    }
    assert_eq!(exchange.answered(A, Instant::now()), None);
    // It has read the first one, and answered none.
    exchange.settle(B, 2, Instant::now());
    exchange.begin(B, 1 << 16);
    assert_eq!(write(&mut exchange, B), "a b");
    assert_eq!(numbers(&exchange.settle(B, 2, Instant::now()).dead), [1]);
    exchange.begin(B, 1 << 16);
    assert_eq!(write(&mut exchange, B), "b c");
}

#[test]
fn a_window_holds_for_those_that_messages_are_dealt_to() {
    let mut exchange = exchange(2, |channel| {
        (channel.route, channel.ack) = (Route::RoundRobin, replies(1, 1));
    });
    push(&mut exchange, "a b c d");
    assert_eq!(write(&mut exchange, A), "a");
    assert_eq!(exchange.unwritten(A), 0);
    // What is said aside waits for no answer.
    exchange.interject(A, Bytes::from_static(b"aside\n"));
    assert_eq!(write(&mut exchange, A), "aside");
    exchange.answered(A, Instant::now()).unwrap();
    assert_eq!(write(&mut exchange, A), "c");
}

#[test]
fn in_turn_means_those_that_are_there() {
    let mut exchange = exchange(3, |channel| channel.route = Route::RoundRobin);
    assert_eq!(push(&mut exchange, "a b c d").woken, [A, B, C]);
    assert_eq!(write(&mut exchange, A), "a d");
    // What B had not got yet goes to the others.
    exchange.settle(B, 0, Instant::now());
    let leftover = exchange.outlet_over(B);
    assert_eq!((leftover.woken, leftover.dead.len()), (vec![A, C], 0));
    push(&mut exchange, "e f");
    let (a, c) = (write(&mut exchange, A), write(&mut exchange, C));
    assert_eq!((a.as_str(), c.as_str()), ("b e", "c f"));
}

#[test]
fn what_goes_to_others_is_counted_with_them_and_what_they_cannot_have_is_given_out() {
    let mut exchange = exchange(1, |channel| channel.route = Route::RoundRobin);
    let other = exchange.add_outlet(Framing::U32);
    exchange.begin(other, 1 << 16);
    let batch: Batch = ["1", "a\nb", "2", "c"].into_iter().collect();
    let accepted = exchange.push(&batch, Framing::U32);
    assert!(accepted.refused.is_empty());
    assert_eq!(write(&mut exchange, A), "1 2");
    let leftover = exchange.outlet_over(other);
    assert_eq!((leftover.woken.as_slice(), numbers(&leftover.dead)), (&[A][..], vec![2]));
    assert_eq!(write(&mut exchange, A), "c");
    let counts = [A, other].map(|id| exchange.counts(id));
    let counts = counts.map(|it| (it.messages, it.bytes, it.unread));
    assert_eq!(counts, [(3, 3, 0), (1, 3, 1)]);
}

#[test]
fn a_key_leads_to_the_same_reader_whoever_else_goes() {
    let mut exchange = exchange(3, |channel| channel.route = Route::Key("/k".to_owned()));
    let message = |key: usize| format!("{{\"k\":{key}}}");
    let all = (0..30).map(message).collect::<Vec<_>>().join(" ");
    push(&mut exchange, &all);
    let homes = [A, B, C].map(|id| write(&mut exchange, id));
    assert!(homes.iter().all(|home| !home.is_empty()), "{homes:?}");
    exchange.settle(C, 0, Instant::now());
    exchange.outlet_over(C);
    push(&mut exchange, &all);
    for (id, home) in [A, B].into_iter().zip(&homes) {
        let now = write(&mut exchange, id);
        assert!(home.split(' ').all(|message| now.split(' ').any(|it| it == message)));
    }
    let refused = push(&mut exchange, "7 no").refused;
    let why = refused.iter().map(|(number, refusal)| format!("{number}: {refusal}"));
    assert_eq!(
        why.collect::<Vec<_>>(),
        [
            "61: it has no value at `/k` to go by (`key:/k`): there is nothing at that place",
            "62: it has no value at `/k` to go by (`key:/k`): it is not JSON",
        ]
    );
}

#[test]
fn a_window_is_how_many_are_unanswered() {
    let mut exchange = exchange(1, |channel| channel.ack = replies(2, 1));
    push(&mut exchange, "a b c d");
    assert_eq!(exchange.answered(A, Instant::now()), None, "it was not asked");
    assert_eq!(get(&mut exchange, A), "a b");
    assert_eq!(get(&mut exchange, A), "");
    let answered = exchange.answered(A, Instant::now()).unwrap();
    assert_eq!((answered.parcel.first, answered.woken), (1, vec![A]));
    assert_eq!(get(&mut exchange, A), "c");
    assert_eq!(get(&mut exchange, A), "");
}

#[test]
fn few_messages_are_shared_out_evenly_whatever_the_window() {
    let mut exchange = exchange(2, |channel| channel.ack = replies(9, 1));
    push(&mut exchange, "a b c d e");
    // The first that comes does not get all.
    assert_eq!(get(&mut exchange, A), "a b c");
    assert_eq!(get(&mut exchange, B), "d e");
    // With more, both have more.
    assert_eq!(push(&mut exchange, "f g h").woken, [A, B]);
    assert_eq!(get(&mut exchange, A), "f");
    assert_eq!(get(&mut exchange, B), "g h");
    // When the one is gone for good, the other gets everything.
    exchange.settle(B, 0, Instant::now());
    exchange.outlet_over(B);
    assert_eq!(get(&mut exchange, A), "d e g h");
}

#[test]
fn what_a_retired_reader_was_woken_for_goes_to_others() {
    let mut exchange = exchange(2, |channel| channel.ack = replies(2, 1));
    for id in [A, B] {
        assert_eq!(get(&mut exchange, id), "");
    }
    assert_eq!(push(&mut exchange, "a").woken, [A]);
    assert_eq!(exchange.retire(A), [B, A]);
    assert_eq!(get(&mut exchange, A), "");
    assert!(exchange.is_done(A));
    assert_eq!(get(&mut exchange, B), "a");
}

#[test]
fn an_answer_is_due_so_long_after_its_message_was_written_or_the_answer_before_came() {
    let mut exchange = exchange(1, |channel| channel.ack = replies(2, 1));
    let after = Duration::from_secs(3);
    let begun = Instant::now();
    push(&mut exchange, "a b");
    exchange.ready(A);
    assert_eq!(exchange.answer_due(A), None);
    exchange.wrote(A, 4, begun);
    assert_eq!(exchange.answer_due(A), Some(begun + after));
    let later = begun + Duration::from_secs(1);
    assert_eq!(exchange.answered(A, later).unwrap().took, Duration::from_secs(1));
    assert_eq!(exchange.answer_due(A), Some(later + after));
    exchange.answered(A, later);
    assert_eq!(exchange.answer_due(A), None);
}

#[test]
fn a_key_is_found_however_deep_its_message_is() {
    let mut exchange = exchange(2, |rules| rules.route = Route::Key("/a".to_owned()));
    let deep = format!("{{\"x\":{}{},\"a\":1}}", "[".repeat(10_000), "]".repeat(10_000));
    assert_eq!(push(&mut exchange, &deep).refused, []);
    // The same value, however it is written, is the same key.
    let all = push(&mut exchange, "{\"a\":{\"b\":1,\"c\":2}} {\"a\":{\"c\":2,\"b\":1}}");
    assert_eq!((all.refused, all.woken.len()), (vec![], 1));
}

#[test]
fn while_all_is_stopped_no_time_passes_for_an_answer() {
    let mut exchange = exchange(2, |channel| channel.ack = replies(1, 1));
    let (start, second) = (Instant::now(), Duration::from_secs(1));
    push(&mut exchange, "a b");
    exchange.ready(A);
    exchange.wrote(A, 2, start);
    exchange.suspend(start + second);
    exchange.suspend(start + 2 * second);
    assert_eq!(exchange.answer_due(A), None);
    exchange.ready(B);
    exchange.wrote(B, 2, start + 60 * second);
    exchange.resume(start + 101 * second);
    assert_eq!(exchange.answer_due(A), Some(start + 103 * second));
    assert_eq!(exchange.answer_due(B), Some(start + 104 * second));
    exchange.resume(start + 200 * second);
    assert_eq!(exchange.answered(A, start + 102 * second).unwrap().took, 2 * second);
}

#[test]
fn what_a_dead_reader_has_not_read_goes_to_others_first() {
    let mut exchange = exchange(2, |_| {});
    push(&mut exchange, "a b c");
    assert_eq!(get(&mut exchange, A), "a");
    assert_eq!(get(&mut exchange, B), "b");
    exchange.all_read(B, true);
    exchange.ready(B);
    // B was given "c", which is not written; A has read a byte of "a".
    assert_eq!(exchange.settle(A, 1, Instant::now()), Leftover::default());
    assert_eq!(write(&mut exchange, B), "c");
    assert_eq!(get(&mut exchange, B), "a");
    assert_eq!((exchange.counts(A).redelivered, exchange.counts(B).redelivered), (0, 1));
    assert_eq!(exchange.counts(B).messages, 2, "the first time counts");
}

#[test]
fn each_message_is_counted_once_however_many_have_been_given_it() {
    let mut exchange = exchange(2, |channel| channel.ack = replies(2, 9));
    push(&mut exchange, "a b c");
    // "a" is sent in part, "b" not at all, and then A is gone.
    exchange.ready(A);
    exchange.wrote(A, 1, Instant::now());
    exchange.settle(A, 0, Instant::now());
    assert_eq!((exchange.counts(A).messages, exchange.counts(A).redelivered), (1, 0));
    // B has both, and goes before it is sent any of them.
    exchange.ready(B);
    assert_eq!((exchange.counts(B).messages, exchange.counts(B).redelivered), (1, 1));
    exchange.settle(B, 0, Instant::now());
    assert_eq!((exchange.counts(B).messages, exchange.counts(B).redelivered), (0, 0));
    exchange.begin(A, 1 << 16);
    assert_eq!(get(&mut exchange, A), "a b");
    let Counts { messages, bytes, redelivered, .. } = exchange.counts(A);
    assert_eq!((messages, bytes, redelivered), (2, 2, 1));
}

#[test]
fn of_the_unanswered_ones_the_first_is_what_ended_the_reader() {
    let mut exchange = exchange(2, |channel| channel.ack = replies(2, 1));
    push(&mut exchange, "a b c");
    assert_eq!(get(&mut exchange, A), "a b");
    assert_eq!(exchange.settle(A, 0, Instant::now()), Leftover::default());
    exchange.begin(A, 1 << 16);
    assert_eq!(get(&mut exchange, B), "a b");
    // A second time is once too often for "a"; "b" has had no chance yet.
    let leftover = exchange.settle(B, 0, Instant::now());
    assert_eq!(numbers(&leftover.dead), [1]);
    assert_eq!(leftover.dead[0].parcel.attempts, 2);
    assert_eq!(exchange.counts(B).dead, 1);
    // B may come back: "c" is its share.
    assert_eq!(get(&mut exchange, A), "b");
}

#[test]
fn a_reader_that_has_read_nothing_of_a_message_was_not_ended_by_it() {
    let mut exchange = exchange(1, |channel| channel.ack = replies(1, 0));
    push(&mut exchange, "abc");
    for _ in 0..5 {
        assert_eq!(get(&mut exchange, A), "abc");
        assert_eq!(exchange.settle(A, 4, Instant::now()).dead, []);
        exchange.begin(A, 1 << 16);
    }
    assert_eq!(get(&mut exchange, A), "abc");
    // One byte of it was read.
    assert_eq!(numbers(&exchange.settle(A, 3, Instant::now()).dead), [1]);
}

#[test]
fn a_reader_that_was_given_the_first_byte_of_a_message_has_its_time_for_all_of_it() {
    let mut exchange = exchange(1, |channel| channel.ack = replies(1, 0));
    push(&mut exchange, "abc");
    exchange.ready(A);
    let now = Instant::now();
    assert_eq!(exchange.answer_due(A), None);
    exchange.wrote(A, 1, now);
    let due = exchange.answer_due(A).unwrap();
    assert_eq!(due, now + Duration::from_secs(3));
    // Its pipe was full, and it has read none of it.
    assert_eq!(numbers(&exchange.settle(A, 1, due).dead), [1]);
}

#[test]
fn time_without_end_is_never_over() {
    let replies = Replies { window: 1, timeout: Some(Duration::MAX), retries: 0 };
    let mut exchange = exchange(1, |channel| channel.ack = Ack::Reply(replies));
    push(&mut exchange, "abc");
    assert_eq!(get(&mut exchange, A), "abc");
    assert_eq!(exchange.answer_due(A), None);
}

#[test]
fn when_the_last_reader_is_gone_nothing_is_kept() {
    let mut exchange = exchange(2, |_| {});
    push(&mut exchange, "a b c d");
    assert_eq!(get(&mut exchange, A), "a");
    exchange.settle(A, 2, Instant::now());
    assert_eq!(exchange.outlet_over(A).dead, [], "B is there for it");
    assert_eq!(exchange.outlet_over(A), Leftover::default(), "once is enough");
    assert!(!exchange.is_unread());
    exchange.settle(B, 0, Instant::now());
    assert_eq!(numbers(&exchange.outlet_over(B).dead), [1, 2, 3, 4]);
    assert!(exchange.is_unread());
    assert_eq!(exchange.counts(B).unread, 4);
}

#[test]
fn where_there_is_no_room_the_newest_or_the_oldest_are_dropped() {
    for (readers, full) in [(1, Full::DropNewest), (1, Full::DropOldest), (2, Full::DropOldest)] {
        let mut exchange = exchange(readers, |channel| {
            (channel.full, channel.buffer) = (full, 20_000);
        });
        let letter = |letter: &str| letter.repeat(9_000);
        let mut dropped = Vec::new();
        for one in ["a", "b", "c", "d", "e"] {
            dropped.extend(push(&mut exchange, &letter(one)).dropped);
        }
        let mut got = String::new();
        loop {
            match get(&mut exchange, A) {
                more if more.is_empty() => break,
                more => got.push_str(&more.split(' ').map(|it| &it[..1]).collect::<String>()),
            }
        }
        let newest = full == Full::DropNewest;
        let expected = if newest { ("abc", vec![4, 5]) } else { ("de", vec![1, 2, 3]) };
        assert_eq!((got.as_str(), dropped), expected, "{full:?}");
    }
}

#[test]
fn the_newest_are_dropped_only_for_readers_that_have_no_room() {
    let routes = [Route::RoundRobin, Route::Key(String::new()), Route::Broadcast];
    for route in routes {
        let is_broadcast = route == Route::Broadcast;
        let mut exchange = exchange(2, |channel| {
            (channel.route, channel.full, channel.buffer) = (route, Full::DropNewest, 4);
        });
        let (mut dropped, mut got) = (0, 0);
        for number in 0..100 {
            dropped += push(&mut exchange, &number.to_string()).dropped.len();
            // A never reads, B reads at once.
            got += get(&mut exchange, B).split_whitespace().count();
        }
        let [a, b] = [A, B].map(|id| exchange.counts(id));
        assert_eq!((b.messages, b.dropped), (got as u64, 0));
        assert_eq!((a.messages <= 3, a.dropped), (true, dropped as u64));
        assert_eq!(a.messages + b.messages + a.dropped, if is_broadcast { 200 } else { 100 });
    }
}

#[test]
fn a_message_is_redelivered_as_often_as_it_has_been_sent_again() {
    let mut exchange = exchange(1, |_| {});
    push(&mut exchange, "a b c d");
    // "a" is read, "b" in part, and the others wait in the pipe.
    write(&mut exchange, A);
    exchange.settle(A, 5, Instant::now());
    assert_eq!(exchange.counts(A).redelivered, 3);
    // Another one joins it before it is there again: what it has not read is for both.
    exchange.add_outlet(Framing::Lines);
    assert_eq!(exchange.counts(A).redelivered, 0);
    exchange.begin(B, 1 << 16);
    assert_eq!((get(&mut exchange, B), exchange.counts(B).redelivered), ("b".to_owned(), 1));
    exchange.begin(A, 1 << 16);
    exchange.ready(A);
    assert_eq!(exchange.counts(A).redelivered, 1);
    // It goes again before it has been sent anything.
    exchange.settle(A, 0, Instant::now());
    assert_eq!(exchange.counts(A).redelivered, 0);
    assert_eq!((get(&mut exchange, B), get(&mut exchange, B)), ("c".to_owned(), "d".to_owned()));
    assert_eq!(exchange.counts(B).redelivered, 3);
    assert_eq!((exchange.counts(A).messages, exchange.counts(B).messages), (4, 0));
}

#[test]
fn what_a_reader_that_is_alone_is_not_sent_again_is_not_redelivered() {
    let mut exchange = exchange(1, |_| {});
    push(&mut exchange, "a b");
    write(&mut exchange, A);
    for _ in 0..3 {
        // Each time it ends before it has read anything, and before it is written anything.
        exchange.settle(A, 4, Instant::now());
        exchange.begin(A, 1 << 16);
    }
    assert_eq!(exchange.counts(A).redelivered, 2);
    assert_eq!(numbers(&exchange.outlet_over(A).dead), [1, 2]);
    assert_eq!((exchange.counts(A).redelivered, exchange.counts(A).unread), (0, 2));
}

#[test]
fn what_is_dropped_counts_for_its_reader_and_once_in_all() {
    let mut exchange = exchange(2, |channel| {
        (channel.route, channel.full, channel.buffer) = (Route::Broadcast, Full::DropOldest, 6000);
    });
    let push = |exchange: &mut Exchange, size: usize| push(exchange, &"x".repeat(size)).dropped;
    assert!(push(&mut exchange, 5000).is_empty());
    exchange.wrote(B, 3000, Instant::now());
    assert_eq!(push(&mut exchange, 3000), [1], "by A, while B has begun with it");
    assert_eq!(push(&mut exchange, 2000), [2], "by B");
    assert!(push(&mut exchange, 1900).is_empty(), "by A the same one");
    assert_eq!((write(&mut exchange, A).len(), write(&mut exchange, B).len()), (3901, 5902));
    let counts = [A, B].map(|id| exchange.counts(id));
    let counts = counts.map(|it| (it.messages, it.bytes, it.dropped));
    assert_eq!(counts, [(2, 3900, 2), (3, 8900, 1)]);
}

#[test]
fn a_reader_that_comes_back_has_its_old_place() {
    let mut exchange = exchange(1, |_| {});
    push(&mut exchange, "a b");
    assert_eq!(write(&mut exchange, A), "a b");
    exchange.settle(A, 2, Instant::now());
    exchange.outlet_over(A);
    assert!(exchange.is_unread());
    exchange.reopen(A);
    exchange.begin(A, 1 << 16);
    assert!(!exchange.is_unread() && !exchange.is_shared());
    push(&mut exchange, "c");
    assert_eq!(write(&mut exchange, A), "c");
    let Counts { messages, unread, .. } = exchange.counts(A);
    assert_eq!((messages, unread), (3, 1));
}

#[test]
fn what_has_just_come_is_not_dropped_for_itself() {
    for readers in [1, 2] {
        let mut exchange = exchange(readers, |channel| {
            (channel.full, channel.buffer) = (Full::DropOldest, 10);
        });
        assert!(push(&mut exchange, &"a".repeat(100)).dropped.is_empty());
        assert_eq!(get(&mut exchange, A).len(), 100);
        let mut words = (0..10).map(|n| format!("{n:03}")).collect::<Vec<_>>().join(" ");
        let dropped = push(&mut exchange, &words).dropped;
        words.drain(..4 * dropped.len());
        let mut got = vec![get(&mut exchange, A)];
        while got.last().is_some_and(|it| !it.is_empty()) {
            got.push(get(&mut exchange, A));
        }
        assert_eq!(got.join(" ").trim(), words);
        assert_eq!(dropped, (2..2 + dropped.len() as u64).collect::<Vec<_>>());
    }
}

#[test]
fn a_writer_waits_while_any_reader_of_a_broadcast_has_too_much() {
    let mut exchange = exchange(2, |channel| {
        (channel.route, channel.buffer) = (Route::Broadcast, 10);
    });
    push(&mut exchange, "0123456789");
    assert!(exchange.is_full());
    write(&mut exchange, A);
    assert!(exchange.is_full());
    write(&mut exchange, B);
    assert!(!exchange.is_full());
}

#[test]
fn dead_messages_have_their_numbers_whatever_they_came_with() {
    let mut exchange = exchange(1, |_| {});
    push(&mut exchange, "a b");
    push(&mut exchange, "c");
    let leftover = exchange.outlet_over(A);
    let messages: Vec<_> = leftover.dead.iter().flat_map(|dead| dead.messages(100)).collect();
    let text = |(number, payload): &(u64, Bytes)| format!("{number}{}", payload.escape_ascii());
    assert_eq!(messages.iter().map(text).collect::<String>(), "1a2b3c");
}

#[test]
fn dead_messages_have_their_numbers_whatever_was_between_them() {
    let mut dealt = exchange(2, |channel| channel.route = Route::RoundRobin);
    push(&mut dealt, "a b c d");
    push(&mut dealt, "e f");
    assert!(dealt.outlet_over(A).dead.is_empty());
    assert_eq!(write(&mut dealt, B), "b d f a c e");
    dealt.settle(B, 12, Instant::now());
    assert_eq!(numbers(&dealt.outlet_over(B).dead), [2, 4, 6, 1, 3, 5]);
    let mut refused = exchange(1, |_| {});
    let batch: Batch = ["a", "b\n", "c", "d"].into_iter().collect();
    assert_eq!(refused.push(&batch, Framing::U32).refused.len(), 1);
    write(&mut refused, A);
    assert_eq!(refused.settle(A, 6, Instant::now()), Leftover::default());
    assert_eq!(numbers(&refused.outlet_over(A).dead), [1, 3, 4]);
}

/// A reader with its pipe.
#[derive(Default)]
struct Reader {
    pipe: BytesMut,
    /// What it has taken, from the start of a frame.
    taken: BytesMut,
    /// What it has read whole and not answered.
    unanswered: usize,
    /// It does nothing until it is woken.
    asleep: bool,
    /// It has seen the end.
    closed: bool,
    /// Its pipe was made when there was no other reader.
    was_alone: bool,
    over: bool,
}

/// A channel with readers that do something at random, and what has become of each message.
struct Play {
    exchange: Exchange,
    is_answered: bool,
    window: usize,
    /// Nobody can tell what has been read of a large pipe.
    is_opaque: bool,
    readers: Vec<Reader>,
    /// How often each message has come to its end: with each reader where all get it, else with any.
    ends: BTreeMap<(u64, Option<OutletId>), u32>,
    expected: BTreeMap<(u64, Option<OutletId>), u32>,
    is_broadcast: bool,
}

const CAPACITY: usize = 64;

impl Play {
    fn wake(&mut self, woken: &[OutletId]) {
        woken.iter().for_each(|id| self.readers[id.0].asleep = false);
    }

    fn is_at_its_end(&mut self, number: u64, id: OutletId) {
        *self.ends.entry((number, self.is_broadcast.then_some(id))).or_default() += 1;
    }

    fn push(&mut self, messages: usize) {
        let first = self.exchange.taken() + 1;
        let message = |n: u64| {
            format!("{{\"n\":{n},\"k\":{},\"x\":\"{}\"}}", n % 5, "x".repeat((n * 7 % 80) as usize))
        };
        let batch: Batch = (first..first + messages as u64).map(message).collect();
        let woken = self.exchange.push(&batch, Framing::Lines).woken;
        self.wake(&woken);
        let open = self.readers.iter().enumerate().filter(|(_, reader)| !reader.over);
        let open: Vec<_> = match self.is_broadcast {
            true => open.map(|(place, _)| Some(OutletId(place))).collect(),
            false => vec![None],
        };
        for number in first..first + messages as u64 {
            self.expected.extend(open.iter().map(|id| ((number, *id), 1)));
        }
    }

    /// A step of what writes to a reader; whether there was one to make.
    fn write(&mut self, id: OutletId, bytes: usize) -> bool {
        let reader = &mut self.readers[id.0];
        if reader.over || reader.asleep || reader.closed {
            return false;
        }
        if self.exchange.unwritten(id) > 0 {
            let next: Vec<u8> = self.exchange.pieces(id).flatten().collect();
            let room = (CAPACITY - reader.pipe.len()).min(bytes).min(next.len());
            reader.pipe.extend_from_slice(&next[..room]);
            self.exchange.wrote(id, room, Instant::now());
            return room > 0;
        }
        let waits_for_reading = self.exchange.is_shared() && !self.is_answered;
        if waits_for_reading {
            // Of a large pipe it is not known in every system.
            let is_opaque = reader.was_alone && self.is_opaque;
            if !is_opaque && !reader.pipe.is_empty() {
                return false;
            }
            self.exchange.all_read(id, !is_opaque);
        }
        let woken = self.exchange.ready(id);
        self.readers[id.0].asleep = self.exchange.unwritten(id) == 0;
        self.readers[id.0].closed = self.exchange.is_done(id);
        self.wake(&woken);
        true
    }

    fn read(&mut self, id: OutletId, bytes: usize) -> bool {
        let reader = &mut self.readers[id.0];
        let some = reader.pipe.split_to(bytes.min(reader.pipe.len()));
        reader.taken.extend_from_slice(&some);
        while let Some(end) = self.readers[id.0].taken.iter().position(|byte| *byte == b'\n') {
            let line = self.readers[id.0].taken.split_to(end + 1);
            let message: Value = serde_json::from_slice(&line).unwrap();
            if self.is_answered {
                self.readers[id.0].unanswered += 1;
                assert!(self.readers[id.0].unanswered <= self.window);
            } else {
                self.is_at_its_end(message["n"].as_u64().unwrap(), id);
            }
        }
        !some.is_empty()
    }

    fn answer(&mut self, id: OutletId) -> bool {
        if self.readers[id.0].unanswered == 0 {
            return false;
        }
        self.readers[id.0].unanswered -= 1;
        let answered = self.exchange.answered(id, Instant::now()).expect("it was asked");
        self.wake(&answered.woken);
        assert_eq!(answered.parcel.count, 1);
        self.is_at_its_end(answered.parcel.first, id);
        true
    }

    fn die(&mut self, id: OutletId, for_good: bool) {
        let was_alone = self.readers.len() == 1;
        let reader = &mut self.readers[id.0];
        if reader.over {
            return;
        }
        let leftover = self.exchange.settle(id, reader.pipe.len(), Instant::now());
        *reader = Reader { over: for_good, was_alone, ..Reader::default() };
        self.bury(leftover, id);
        if for_good {
            let leftover = self.exchange.outlet_over(id);
            self.bury(leftover, id);
        } else {
            self.exchange.begin(id, CAPACITY);
        }
    }

    fn join(&mut self) {
        let id = self.exchange.add_outlet(Framing::Lines);
        self.readers.iter_mut().for_each(|reader| reader.asleep = false);
        self.readers.push(Reader { was_alone: self.readers.is_empty(), ..Reader::default() });
        self.exchange.begin(id, CAPACITY);
    }

    fn bury(&mut self, leftover: Leftover, id: OutletId) {
        self.wake(&leftover.woken);
        numbers(&leftover.dead).into_iter().for_each(|number| self.is_at_its_end(number, id));
    }
}

proptest! {
    /// Under any order of writes, reads, answers, deaths and readers that join, each message has one
    /// end, with each reader where all get it: it was read whole once, or answered once, or given up
    /// once. And nobody sleeps while there is something
    /// to do.
    #[test]
    fn each_message_has_exactly_one_end(
        readers in 1_usize..4,
        route in 0_usize..4,
        window in 0_usize..4,
        retries in 0_u32..3,
        is_opaque in any::<bool>(),
        steps in prop::collection::vec((0_u8..17, 0_usize..4, 1_usize..70), 1..300),
    ) {
        // Without a window, messages are read and not answered.
        let is_answered = window > 0;
        let routes =
            [Route::Queue, Route::RoundRobin, Route::Key("/k".to_owned()), Route::Broadcast];
        let route = routes[route].clone();
        let is_broadcast = route == Route::Broadcast;
        let exchange = exchange(0, |channel| {
            channel.route = route;
            if is_answered {
                channel.ack = replies(window, retries);
            }
        });
        let (ends, expected) = (BTreeMap::new(), BTreeMap::new());
        let mut play = Play {
            exchange,
            is_answered,
            window,
            is_opaque,
            readers: Vec::new(),
            ends,
            expected,
            is_broadcast,
        };
        (0..readers).for_each(|_| play.join());
        for (what, who, size) in steps {
            let id = OutletId(who % play.readers.len());
            match what {
                0..2 => play.push(size % 4 + 1),
                2..7 => drop(play.write(id, size)),
                7..11 => drop(play.read(id, size)),
                11..14 => drop(play.answer(id)),
                14 => play.die(id, false),
                15 if play.readers.len() < 5 => play.join(),
                15 => {}
                _ => {
                    if play.readers.iter().filter(|reader| !reader.over).count() > 1 && size < 10 {
                        play.die(id, true);
                    }
                }
            }
        }
        let woken = play.exchange.sender_over();
        play.wake(&woken);
        let ids: Vec<_> = (0..play.readers.len()).map(OutletId).collect();
        let mut rounds = 0;
        while ids.iter().any(|id| {
            let wrote = play.write(*id, CAPACITY);
            let read = play.read(*id, CAPACITY);
            play.answer(*id) || read || wrote
        }) {
            rounds += 1;
            assert!(rounds < 1_000_000, "it comes to no end");
        }
        prop_assert_eq!(&play.ends, &play.expected);
        for id in ids {
            if play.readers[id.0].over {
                continue;
            }
            prop_assert!(play.exchange.is_done(id));
            play.die(id, false);
            prop_assert!(!play.exchange.has_work(id));
        }
    }
}
