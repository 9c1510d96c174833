use std::path::Path;
use std::time::Duration;

use gipc::frames::FrameReader;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWriteExt};
use tokio::sync::watch;

use super::*;
use crate::plan::channel::{End, Place};

/// A channel that nobody has an end of yet.
fn hub(change: impl FnOnce(&mut Channel)) -> Rc<Hub> {
    let end = End { at: Place::Ours, framing: Framing::U32 };
    let mut plan = Channel::new("c", end, end);
    change(&mut plan);
    let letters = plan.dead_letter.clone().map(|path| DeadLetters::open(path).unwrap());
    let spill = (plan.full == Full::Spill).then(|| Spill::new().unwrap());
    Hub::new(plan, "work".to_owned(), None, letters, spill, None)
}

fn batch(words: &str) -> Batch {
    words.split(' ').collect()
}

/// A batch of one message, of this size.
fn large(bytes: usize) -> Batch {
    [vec![b'x'; bytes]].into_iter().collect()
}

/// The numbers and texts of the dead letters in this file.
fn letters(file: &Path) -> Vec<(u64, String)> {
    let letters = std::fs::read_to_string(file).unwrap();
    let letter = |line: &str| {
        let letter: Value = serde_json::from_str(line).unwrap();
        (letter["seq"].as_u64().unwrap(), letter["text"].as_str().unwrap().to_owned())
    };
    letters.lines().map(letter).collect()
}

/// Polls it once: it has to wait.
macro_rules! begin {
    ($future:expr) => {
        tokio::select! {
            biased;
            _ = &mut $future => panic!("it does not wait"),
            () = std::future::ready(()) => {}
        }
    };
}

fn draining<R: AsyncRead + Unpin>(
    io: R,
    phase: &watch::Receiver<Phase>,
) -> Draining<FrameReader<R>> {
    Draining::new(FrameReader::new(io, Framing::U32, 1 << 20), phase, Duration::from_millis(10))
}

#[tokio::test]
async fn a_loss_is_not_forgotten_when_a_stranger_holds_the_stream_open() {
    let hub = hub(|_| {});
    hub.add_sender();
    hub.add_outlet(Framing::Lines);
    let (mut theirs, ours) = tokio::io::duplex(1000);
    theirs.write_all(b"\0\0\0\x03a\nb").await.unwrap();
    let (_phase, phase) = watch::channel(Phase::Ended);
    let heard = |_: &mut Batch| (Heard::Pass, None);
    let source = Source::new("gen.1");
    let outcome = hub.collect(&source, draining(ours, &phase), Sieve::Open, heard).await;
    assert_eq!(source.counts.get().refused, 1);
    assert!(outcome.trouble.is_none() && outcome.lost);
}

#[tokio::test]
async fn what_is_still_in_a_pipe_that_nobody_reads_any_more_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dead.jsonl");
    let hub = hub(|plan| plan.dead_letter = Some(file.clone()));
    hub.add_sender();
    let outlet = hub.add_outlet(Framing::U32);
    hub.outlet_over(outlet);
    let (mut theirs, ours) = tokio::io::duplex(1 << 20);
    let mut frames = BytesMut::new();
    for number in 1..=50_000 {
        Framing::U32.encode(number.to_string().as_bytes(), &mut frames).unwrap();
    }
    theirs.write_all(&frames).await.unwrap();
    let (_phase, phase) = watch::channel(Phase::Running);
    let heard = |_: &mut Batch| (Heard::Pass, None);
    let source = Source::new("gen.1");
    let outcome = hub.collect(&source, draining(ours, &phase), Sieve::Open, heard).await;
    assert!(matches!(outcome.trouble, Some(Trouble::Unread)));
    let Counts { messages, unread, .. } = source.counts.get();
    assert_eq!((messages, unread), (50_000, 50_000));
    let expected: Vec<_> = (1..=50_000).map(|number| (number, number.to_string())).collect();
    assert!(letters(&file) == expected);
}

#[tokio::test]
async fn what_comes_when_all_readers_are_gone_is_a_dead_letter() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dead.jsonl");
    let hub = hub(|plan| plan.dead_letter = Some(file.clone()));
    hub.add_sender();
    let (outlet, source) = (hub.add_outlet(Framing::U32), Source::new("gen.1"));
    hub.send(&source, &batch("one two"), Framing::U32).await.unwrap();
    hub.outlet_over(outlet);
    hub.send(&source, &batch("three four"), Framing::U32).await.unwrap_err();
    hub.send(&source, &batch("five"), Framing::U32).await.unwrap_err();
    let expected = ["one", "two", "three", "four", "five"];
    let expected: Vec<_> = (1..).zip(expected.map(str::to_owned)).collect();
    assert_eq!(letters(&file), expected);
    assert_eq!(source.counts.get().unread, 3);
}

#[tokio::test]
async fn what_was_spilled_when_all_readers_are_gone_are_dead_letters() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dead.jsonl");
    let hub = hub(|plan| {
        (plan.full, plan.buffer) = (Full::Spill, 1000);
        plan.dead_letter = Some(file.clone());
    });
    hub.add_sender();
    let (outlet, source) = (hub.add_outlet(Framing::U32), Source::new("gen.1"));
    hub.send(&source, &large(2000), Framing::U32).await.unwrap();
    hub.send(&source, &batch("two three"), Framing::Lines).await.unwrap();
    let other = Source::new("gen.2");
    hub.send(&other, &batch("four"), Framing::Lines).await.unwrap();
    hub.outlet_over(outlet);
    hub.send(&source, &batch("five"), Framing::U32).await.unwrap_err();
    let expected = ["two", "three", "four", "five"];
    let expected: Vec<_> = (2..).zip(expected.map(str::to_owned)).collect();
    assert_eq!(letters(&file)[1..], expected);
    assert_eq!((source.counts.get().unread, other.counts.get().unread), (3, 1));
}

#[tokio::test]
async fn a_reader_that_goes_while_messages_are_spilled_loses_none_in_silence() {
    // A thread writes the file, and may have done so at once: then it is not what this is about.
    while !goes_while_messages_are_spilled().await {}
}

/// Was it so that they were still being spilled?
async fn goes_while_messages_are_spilled() -> bool {
    let hub = hub(|plan| (plan.full, plan.buffer) = (Full::Spill, 1000));
    hub.add_sender();
    let (outlet, source) = (hub.add_outlet(Framing::U32), Source::new("gen.1"));
    hub.send(&source, &large(2000), Framing::U32).await.unwrap();
    let batch = batch("two three");
    let sending = hub.send(&source, &batch, Framing::U32);
    tokio::pin!(sending);
    tokio::select! {
        biased;
        _ = &mut sending => return false,
        () = std::future::ready(()) => {}
    }
    hub.outlet_over(outlet);
    let bringing = hub.bring_back(|| ());
    tokio::pin!(bringing);
    tokio::select! {
        () = &mut bringing => {}
        sent = &mut sending => assert!(matches!(sent, Err(Trouble::Unread))),
    }
    // There is nothing left for it to do.
    begin!(bringing);
    assert_eq!(source.counts.get().unread, 2);
    hub.sender_over();
    assert!(hub.has_ended());
    true
}

#[tokio::test]
async fn what_a_writer_has_said_is_said_though_others_never_stop() {
    let hub = hub(|_| {});
    hub.add_sender();
    let (outlet, busy) = (hub.add_our_outlet(Framing::Lines), Source::new("gen.2"));
    hub.send(&Source::new("gen.1"), &batch("one two"), Framing::U32).await.unwrap();
    let said = hub.said();
    tokio::pin!(said);
    begin!(said);
    for _ in 0..3 {
        hub.send(&busy, &batch("x"), Framing::U32).await.unwrap();
        hub.has_written(outlet, 2);
        begin!(said);
    }
    hub.send(&busy, &batch("x"), Framing::U32).await.unwrap();
    hub.has_written(outlet, 2);
    said.await;
}
