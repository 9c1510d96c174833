//! Handles: closing them, giving them to children, and what is left of them here.

use std::collections::{BTreeMap, HashMap};
use std::thread;

use gipc::channel::Options;
use gipc::codec::{Json, Raw};
use gipc::framing::Framing;
use gipc::inherited::Error as NotInherited;
use gipc::spawn::{ChildFd, SpawnError};
use gipc::{Command, Error, Process, Reader, Writer, blocking};
use serde::{Deserialize, Serialize};

use crate::support::*;

tests![
    row_05_a_transferred_handle_is_closed_here,
    row_05_a_child_has_exactly_the_declared_descriptors,
    row_05_a_function_has_exactly_its_handles,
    row_05_a_closed_handle_among_several_starts_nothing,
    row_05_a_handle_in_use_is_not_given_away,
    row_05_a_handle_given_twice_is_refused,
    row_05_names_that_cannot_be_are_refused,
    row_05_what_was_read_ahead_keeps_a_reader_here,
    row_05_a_reader_that_is_exact_passes_on_between_messages,
    row_05_an_exact_reader_that_was_polled_can_still_be_passed_on,
    row_08_a_handle_closes_once,
    row_08_a_handle_in_use_does_not_close,
    row_08_dropping_the_last_clone_closes,
    row_18_a_reader_may_be_cloned_for_another_process,
    row_18_writers_may_be_cloned_for_other_processes,
    a_handle_stands_anywhere_in_the_arguments,
    two_channels_to_one_child,
    a_channel_from_sibling_to_sibling,
    a_handle_is_relayed_three_generations_down,
    a_child_that_reads_too_little_is_an_error_here,
    a_child_that_has_ended_early_ends_the_stream_here,
    a_child_in_a_runtime_of_its_own,
    options_travel_with_a_handle,
    inherited_ends_are_found_by_name,
    inherited_ends_are_found_by_number_alone,
    a_handle_outlives_its_runtime,
    an_end_before_the_first_look_is_seen,
];

pub(crate) fn writes_its_name((writer, name): (blocking::Writer, String)) {
    writer.put(name.as_bytes()).unwrap();
}

pub(crate) fn upper_cases((reader, writer): (blocking::Reader, blocking::Writer)) {
    for message in reader.iter() {
        writer.put(&message.unwrap().to_ascii_uppercase()).unwrap();
    }
}

pub(crate) fn upper_cases_in_a_runtime((reader, writer): (gipc::Reader, gipc::Writer)) {
    current_thread().block_on(async {
        while let Some(message) = reader.get().await.unwrap() {
            writer.put(&message.to_ascii_uppercase()).await.unwrap();
        }
    });
}

pub(crate) fn reads_one((reader, writer): (blocking::Reader, blocking::Writer)) {
    let message = reader.exact().unwrap().get().unwrap().unwrap();
    writer.put(&message).unwrap();
}

pub(crate) fn reads_none(_: blocking::Reader) {}

pub(crate) fn reads_none_twice(_: (blocking::Reader, blocking::Reader)) {}

/// Tells that it is there, and takes all that comes.
pub(crate) fn takes_a_flood((reader, there): (blocking::Reader, blocking::Writer)) -> u8 {
    drop(there);
    reader.iter().map(Result::unwrap).count() as u8
}

pub(crate) fn sums_until_the_end(
    (reader, writer): (blocking::Reader<Json<u64>>, blocking::Writer<Json<u64>>),
) {
    writer.put(&reader.iter().map(Result::unwrap).sum()).unwrap();
}

pub(crate) fn shows_its_descriptors(
    (writer, _other): (blocking::Writer<Json<Vec<i32>>>, gipc::Duplex),
) {
    writer.put(&descriptors()).unwrap();
}

fn writer_of(name: &str, writer: &Writer) -> Result<Process, Error> {
    let args = (writer.clone().into_blocking(), name.to_owned());
    gipc::start_process(writes_its_name, args)
}

fn upper_caser(reader: &Reader, writer: &Writer) -> Result<Process, Error> {
    let args = (reader.clone().into_blocking(), writer.clone().into_blocking());
    gipc::start_process(upper_cases, args)
}

fn one_reader(reader: &Reader, writer: &Writer) -> Result<Process, Error> {
    let args = (reader.clone().into_blocking(), writer.clone().into_blocking());
    gipc::start_process(reads_one, args)
}

fn row_05_a_transferred_handle_is_closed_here() {
    in_both_runtimes(async || {
        let (reader, writer) = gipc::pipe().unwrap();
        let copy = writer.clone();
        let child = writer_of("me", &writer).unwrap();
        for writer in [writer, copy] {
            assert!(matches!(writer.put(b"1").await, Err(Error::Closed { .. })));
            assert!(matches!(writer.close(), Err(Error::Closed { .. })));
        }
        assert_eq!(reader.get().await.unwrap().unwrap(), "me");
        assert_eq!(reader.get().await.unwrap(), None, "no writer is left here");
        assert!(child.join().await.unwrap().success());

        let (reader, writer) = gipc::pipe().unwrap();
        let child = sh("cat <&3").channel("in", &reader).spawn().unwrap();
        assert!(matches!(reader.get().await, Err(Error::Closed { .. })));
        drop(writer);
        assert!(child.join().await.unwrap().success());
    });
}

fn row_05_a_child_has_exactly_the_declared_descriptors() {
    // Others that must not get through, marked as those of a careless program are.
    let (_mine, _other) = (gipc::duplex().unwrap(), gipc::pipe().unwrap());
    let (reader, writer) = blocking::pipe().unwrap();
    let (list, out) = std::io::pipe().unwrap();
    // No program is started for the list; what the shell had open for it is closed again.
    let script = "for fd in /proc/$$/fd/*; do [ -e $fd ] && echo ${fd##*/}; done; true";
    let child = sh(script).fd(ChildFd::STDOUT, out.into()).channel("in", reader);
    let child = child.channel("more", gipc::duplex().unwrap().0).spawn().unwrap();
    let text = std::io::read_to_string(list).unwrap();
    let numbers: Vec<&str> = text.lines().collect();
    assert_eq!(numbers, ["0", "1", "2", "3", "5"]);
    drop(writer);
    assert!(child.reap().unwrap().0.success());
}

fn row_05_a_function_has_exactly_its_handles() {
    let (reader, writer) = blocking::pipe_with(Json::<Vec<i32>>::new()).unwrap();
    let (_here, there) = gipc::duplex().unwrap();
    let child = gipc::start_process(shows_its_descriptors, (writer, there)).unwrap();
    let numbers = reader.get().unwrap().unwrap();
    // The standard ones, the pipe, and a descriptor for each half of the socket.
    assert_eq!(numbers.len(), 3 + 1 + 2, "{numbers:?}");
    assert!(child.reap().unwrap().0.success());
}

fn row_05_a_closed_handle_among_several_starts_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let started = folder.path().join("started");
    in_both_runtimes(async || {
        let (reader, writer) = gipc::pipe().unwrap();
        let (_gone, closed) = gipc::pipe().unwrap();
        let closed = closed.named("closed");
        closed.close().unwrap();
        let (here, there) = gipc::duplex().unwrap();
        let command = Command::new("touch").arg(&started);
        let command = command.channel("in", &reader).channel("also", &closed);
        let error = command.channel("both", &there).spawn().unwrap_err();
        let SpawnError::Channel { source, .. } = error else { panic!("{error:?}") };
        assert!(matches!(*source, Error::Closed { .. }), "{source:?}");
        let error = upper_caser(&reader, &closed).unwrap_err();
        assert!(matches!(error, Error::Closed { .. }), "{error:?}");
        let (closed_reader, _writer) = gipc::pipe().unwrap();
        closed_reader.close().unwrap();
        let error = upper_caser(&closed_reader, &there.clone().split().1).unwrap_err();
        assert!(matches!(error, Error::Closed { .. }), "{error:?}");
        // All that were fine are as they were.
        writer.put(b"1").await.unwrap();
        assert_eq!(reader.get().await.unwrap().unwrap(), "1");
        here.put(b"2").await.unwrap();
        assert_eq!(there.get().await.unwrap().unwrap(), "2");
    });
    assert!(!started.exists());
}

fn row_05_a_handle_in_use_is_not_given_away() {
    in_both_runtimes(async || {
        let (reader, writer) = gipc::pipe().unwrap();
        let give = async {
            let error = sh("true").channel("in", &reader).spawn().unwrap_err();
            let SpawnError::Channel { source, .. } = error else { panic!("{error:?}") };
            assert!(matches!(*source, Error::Locked { .. }), "{source:?}");
            let error =
                gipc::start_process(reads_none, reader.clone().into_blocking()).unwrap_err();
            assert!(matches!(error, Error::Locked { .. }), "{error:?}");
            writer.put(b"1").await.unwrap();
        };
        let (got, ()) = tokio::join!(reader.get(), give);
        assert_eq!(got.unwrap().unwrap(), "1");
        // The rest of a message must go out here.
        let large = pattern(3 << 20);
        writer.put_deadline(&large, short()).await.unwrap_err();
        let error = sh("true").channel("out", &writer).spawn().unwrap_err();
        let SpawnError::Channel { source, .. } = error else { panic!("{error:?}") };
        assert!(matches!(*source, Error::Timeout { pending: 1.., .. }), "{source:?}");
        let (put, got) = tokio::join!(writer.put(b"next"), reader.get());
        put.unwrap();
        assert!(got.unwrap().unwrap() == large);
    });
}

fn row_05_a_handle_given_twice_is_refused() {
    let (reader, writer) = gipc::pipe().unwrap();
    let error = sh("true").channel("a", &reader).channel("b", &reader).spawn().unwrap_err();
    assert!(matches!(error, SpawnError::Setup { .. }), "{error:?}");
    let (one, other) = (reader.clone().into_blocking(), reader.clone().into_blocking());
    gipc::start_process(reads_none_twice, (one, other)).unwrap_err();
    let (here, _there) = gipc::duplex().unwrap();
    let (half, _other) = here.clone().split();
    sh("true").channel("a", &here).channel("b", &half).spawn().unwrap_err();
    let (reader, writer) = (reader.into_blocking(), writer.into_blocking());
    writer.put(b"1").unwrap();
    assert_eq!(reader.get().unwrap().unwrap(), "1", "it is as it was");
}

fn row_05_names_that_cannot_be_are_refused() {
    let (reader, _writer) = gipc::pipe().unwrap();
    for name in ["", "a:b", "a,b", "a=b", "a\0b"] {
        let error = sh("true").channel(name, &reader).spawn().unwrap_err();
        assert!(matches!(error, SpawnError::Setup { .. }), "{error:?}");
    }
    let (more, _writer) = gipc::pipe().unwrap();
    sh("true").channel("in", &reader).channel("in", &more).spawn().unwrap_err();
    // One name for both directions is no clash.
    let (here, there) = gipc::duplex().unwrap().0.split();
    let child = sh("true").channel("x", &here).channel("x", &there).spawn().unwrap();
    assert!(child.reap().unwrap().0.success());
}

fn row_05_what_was_read_ahead_keeps_a_reader_here() {
    in_both_runtimes(async || {
        let (reader, writer) = gipc::pipe().unwrap();
        for message in [b"1", b"2", b"3"] {
            writer.put(message).await.unwrap();
        }
        assert_eq!(reader.get().await.unwrap().unwrap(), "1");
        let error = sh("true").channel("in", &reader).spawn().unwrap_err();
        let SpawnError::Channel { source, .. } = error else { panic!("{error:?}") };
        assert!(matches!(*source, Error::ReadAhead { unread: 10, .. }), "{source:?}");
        let (_answers, to_us) = gipc::pipe().unwrap();
        let error = one_reader(&reader, &to_us).unwrap_err();
        assert!(matches!(error, Error::ReadAhead { unread: 10, .. }), "{error:?}");
        // Once they were taken nothing stands in the way.
        assert_eq!(reader.get().await.unwrap().unwrap(), "2");
        assert_eq!(reader.get().await.unwrap().unwrap(), "3");
        assert!(sh("true").channel("in", &reader).spawn().unwrap().join().await.unwrap().success());
    });
}

fn row_05_a_reader_that_is_exact_passes_on_between_messages() {
    in_both_runtimes(async || {
        let (reader, writer) = gipc::pipe().unwrap();
        let reader = reader.exact().unwrap();
        for message in ["1", "22", "333", "4444"] {
            writer.put(message.as_bytes()).await.unwrap();
        }
        assert_eq!(reader.get().await.unwrap().unwrap(), "1");
        let (answers, to_us) = gipc::pipe().unwrap();
        let mine = reader.try_clone().unwrap();
        let child = one_reader(&reader, &to_us).unwrap();
        assert_eq!(answers.get().await.unwrap().unwrap(), "22");
        assert!(child.join().await.unwrap().success());
        assert_eq!(mine.get().await.unwrap().unwrap(), "333");
        let (answers, to_us) = gipc::pipe().unwrap();
        let child = one_reader(&mine, &to_us).unwrap();
        assert_eq!(answers.get().await.unwrap().unwrap(), "4444");
        assert!(child.join().await.unwrap().success());
        assert!(matches!(refused(writer.into_blocking()), Error::Peer { .. }));
    });
}

fn row_05_an_exact_reader_that_was_polled_can_still_be_passed_on() {
    in_both_runtimes(async || {
        let (reader, writer) = gipc::pipe().unwrap();
        let reader = reader.exact().unwrap();
        assert!(!reader.poll(SHORT).await.unwrap());
        writer.put(b"1").await.unwrap();
        assert!(reader.poll(LONG).await.unwrap());
        let (answers, to_us) = gipc::pipe().unwrap();
        let child = one_reader(&reader, &to_us).unwrap();
        assert_eq!(answers.get().await.unwrap().unwrap(), "1");
        assert!(child.join().await.unwrap().success());
    });
    let (reader, writer) = blocking::pipe().unwrap();
    let reader = reader.exact().unwrap();
    writer.put(b"1").unwrap();
    assert!(reader.poll(LONG).unwrap());
    let (answers, to_us) = blocking::pipe().unwrap();
    let child = blocking::start_process(reads_one, (reader, to_us)).unwrap();
    assert_eq!(answers.get().unwrap().unwrap(), "1");
    assert!(child.join().unwrap().success());
}

fn row_08_a_handle_closes_once() {
    in_both_runtimes(async || {
        let (reader, writer) = gipc::pipe().unwrap();
        writer.close().unwrap();
        assert!(matches!(writer.close(), Err(Error::Closed { .. })), "twice");
        assert!(matches!(writer.put(b"1").await, Err(Error::Closed { .. })), "before a put");
        let put = writer.put_deadline(b"1", long()).await;
        assert!(matches!(put, Err(Error::Closed { .. })), "{put:?}");
        assert!(matches!(writer.try_clone(), Err(Error::Closed { .. })));
        reader.close().unwrap();
        assert!(matches!(reader.close(), Err(Error::Closed { .. })), "twice");
        assert!(matches!(reader.get().await, Err(Error::Closed { .. })), "before a get");
        assert!(matches!(reader.get_timeout(LONG).await, Err(Error::Closed { .. })));
        assert!(matches!(reader.get_deadline(long()).await, Err(Error::Closed { .. })));
        assert!(matches!(reader.try_clone(), Err(Error::Closed { .. })));
        assert!(matches!(reader.exact(), Err(Error::Closed { .. })));
    });
    let (reader, writer) = blocking::pipe().unwrap();
    writer.close().unwrap();
    reader.close().unwrap();
    assert!(matches!(writer.close(), Err(Error::Closed { .. })));
    assert!(matches!(writer.put(b"1"), Err(Error::Closed { .. })));
    assert!(matches!(reader.close(), Err(Error::Closed { .. })));
    assert!(matches!(reader.get(), Err(Error::Closed { .. })));
    assert!(matches!(reader.get_timeout(LONG), Err(Error::Closed { .. })));
    assert!(matches!(reader.poll(LONG), Err(Error::Closed { .. })));
}

fn row_08_a_handle_in_use_does_not_close() {
    let large = pattern(3 << 20);
    in_both_runtimes(async || {
        let (reader, writer) = gipc::pipe().unwrap();
        let close = async {
            assert!(matches!(reader.close(), Err(Error::Locked { .. })), "while reading");
            assert!(matches!(reader.try_clone(), Err(Error::Locked { .. })));
            writer.put(b"1").await.unwrap();
        };
        let (got, ()) = tokio::join!(reader.get(), close);
        assert_eq!(got.unwrap().unwrap(), "1");
        let close = async {
            assert!(matches!(writer.close(), Err(Error::Locked { .. })), "while writing");
            assert!(reader.get().await.unwrap().unwrap() == large);
        };
        let (put, ()) = tokio::join!(writer.put(&large), close);
        put.unwrap();
        writer.close().unwrap();
        reader.close().unwrap();
    });
    let (reader, writer) = blocking::pipe().unwrap();
    thread::scope(|scope| {
        scope.spawn(|| writer.put(&large).unwrap());
        // The first byte is here and the last one has no room: the thread is in the middle of it.
        assert!(reader.poll(LONG).unwrap());
        assert!(matches!(writer.close(), Err(Error::Locked { .. })));
        assert!(reader.get().unwrap().unwrap() == large);
    });
    writer.close().unwrap();
}

fn row_08_dropping_the_last_clone_closes() {
    in_both_runtimes(async || {
        let (reader, writer) = gipc::pipe().unwrap();
        let other = writer.clone();
        drop(writer);
        other.put(b"1").await.unwrap();
        drop(other);
        assert_eq!(reader.get().await.unwrap().unwrap(), "1");
        assert_eq!(reader.get().await.unwrap(), None);
        let (reader, writer) = gipc::pipe().unwrap();
        drop(reader);
        assert!(matches!(refused(writer.into_blocking()), Error::Peer { .. }));
    });
}

fn row_18_a_reader_may_be_cloned_for_another_process() {
    let (reader, writer) = blocking::pipe_with(Json::<u64>::new()).unwrap();
    // In turns: first the child reads to its end, then we would.
    let mine = reader.try_clone().unwrap();
    let (answers, to_us) = blocking::pipe_with(Json::<u64>::new()).unwrap();
    let child = blocking::start_process(sums_until_the_end, (reader, to_us)).unwrap();
    for number in 1..=100 {
        writer.put(&number).unwrap();
    }
    drop(writer);
    assert_eq!(answers.get().unwrap(), Some(5050));
    assert!(child.join().unwrap().success());
    assert_eq!(mine.get().unwrap(), None);
}

fn row_18_writers_may_be_cloned_for_other_processes() {
    in_both_runtimes(async || {
        let (reader, writer) = gipc::pipe().unwrap();
        let mut children = Vec::new();
        for number in 0..5 {
            let name = format!("{number}");
            let clone = writer.try_clone().unwrap();
            children.push(writer_of(&name, &clone).unwrap());
        }
        writer.put(b"5").await.unwrap();
        drop(writer);
        let mut names = Vec::new();
        while let Some(name) = reader.get().await.unwrap() {
            names.push(String::from_utf8(name.to_vec()).unwrap());
        }
        names.sort_unstable();
        assert_eq!(names, ["0", "1", "2", "3", "4", "5"]);
        for child in children {
            assert!(child.join().await.unwrap().success());
        }
    });
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Everywhere {
    list: Vec<blocking::Writer>,
    map: HashMap<String, blocking::Writer>,
    maybe: Option<gipc::Writer>,
    never: Option<gipc::Reader>,
    nested: Result<Inner, ()>,
    both: gipc::Duplex<Json<u8>>,
    tuple: (u8, [gipc::Writer; 2]),
}

#[derive(Serialize, Deserialize)]
pub(crate) enum Inner {
    Named { writer: gipc::Writer },
    Bare(blocking::Writer),
    Neither,
}

/// Writes into each its place.
pub(crate) fn answers_in_every_place(all: Everywhere) {
    for (index, writer) in all.list.iter().enumerate() {
        writer.put(format!("list {index}").as_bytes()).unwrap();
    }
    for (key, writer) in &all.map {
        writer.put(format!("map {key}").as_bytes()).unwrap();
    }
    let say = |writer: gipc::Writer, text: &str| {
        writer.into_blocking().put(text.as_bytes()).unwrap();
    };
    say(all.maybe.unwrap(), "option");
    assert!(all.never.is_none());
    match all.nested {
        Ok(Inner::Named { writer }) => say(writer, "named"),
        Ok(Inner::Bare(writer)) => writer.put(b"bare").unwrap(),
        Ok(Inner::Neither) | Err(()) => {}
    }
    all.both.into_blocking().put(&42).unwrap();
    assert_eq!(all.tuple.0, 9);
    for writer in all.tuple.1 {
        say(writer, "tuple");
    }
}

fn a_handle_stands_anywhere_in_the_arguments() {
    for kind in 0..3 {
        let mut readers = BTreeMap::new();
        let mut writer = |expected: &'static str| {
            let (reader, writer) = blocking::pipe().unwrap();
            readers.entry(expected).or_insert_with(Vec::new).push(reader);
            writer
        };
        let (here, there) = gipc::duplex_with(Json::<u8>::new()).unwrap();
        let all = Everywhere {
            list: vec![writer("list 0"), writer("list 1"), writer("list 2")],
            map: [("a".to_owned(), writer("map a")), ("b".to_owned(), writer("map b"))].into(),
            maybe: Some(writer("option").into_async()),
            never: None,
            nested: match kind {
                0 => Ok(Inner::Named { writer: writer("named").into_async() }),
                1 => Ok(Inner::Bare(writer("bare"))),
                _ => Ok(Inner::Neither),
            },
            both: there,
            tuple: (9, [writer("tuple").into_async(), writer("tuple").into_async()]),
        };
        let child = blocking::start_process(answers_in_every_place, all).unwrap();
        for (expected, readers) in readers {
            for reader in readers {
                assert_eq!(reader.get().unwrap().unwrap(), expected);
                assert_eq!(reader.get().unwrap(), None);
            }
        }
        assert_eq!(here.into_blocking().get().unwrap(), Some(42));
        assert!(child.join().unwrap().success());
    }
}

fn two_channels_to_one_child() {
    in_both_runtimes(async || {
        let (child_reads, writer) = gipc::pipe().unwrap();
        let (reader, child_writes) = gipc::pipe().unwrap();
        let child = upper_caser(&child_reads, &child_writes).unwrap();
        for message in ["one", "two"] {
            writer.put(message.as_bytes()).await.unwrap();
            assert_eq!(reader.get().await.unwrap().unwrap(), message.to_uppercase());
        }
        drop(writer);
        assert_eq!(reader.get().await.unwrap(), None);
        assert!(child.join().await.unwrap().success());
    });
}

fn a_child_in_a_runtime_of_its_own() {
    in_both_runtimes(async || {
        let (child_reads, writer) = gipc::pipe().unwrap();
        let (reader, child_writes) = gipc::pipe().unwrap();
        let args = (child_reads, child_writes);
        let child = gipc::start_process(upper_cases_in_a_runtime, args).unwrap();
        writer.put(b"one").await.unwrap();
        assert_eq!(reader.get().await.unwrap().unwrap(), "ONE");
        drop(writer);
        assert_eq!(reader.get().await.unwrap(), None);
        assert!(child.join().await.unwrap().success());
    });
}

fn a_channel_from_sibling_to_sibling() {
    in_both_runtimes(async || {
        let (between_out, between_in) = gipc::pipe().unwrap();
        let (reader, last) = gipc::pipe().unwrap();
        let one = writer_of("sibling", &between_in).unwrap();
        let other = upper_caser(&between_out, &last).unwrap();
        assert_eq!(reader.get().await.unwrap().unwrap(), "SIBLING");
        assert_eq!(reader.get().await.unwrap(), None);
        for child in [one, other] {
            assert!(child.join().await.unwrap().success());
        }
    });
}

/// Hands the writer on until nobody is left to.
pub(crate) fn relays((writer, generations): (blocking::Writer, u32)) {
    if generations == 0 {
        return writer.put(b"from the last of us").unwrap();
    }
    let child = blocking::start_process(relays, (writer.clone(), generations - 1)).unwrap();
    assert!(matches!(writer.put(b"1"), Err(Error::Closed { .. })));
    assert!(child.join().unwrap().success());
}

fn a_handle_is_relayed_three_generations_down() {
    in_both_runtimes(async || {
        let (reader, writer) = gipc::pipe().unwrap();
        let child = gipc::start_process(relays, (writer.into_blocking(), 3)).unwrap();
        assert_eq!(reader.get().await.unwrap().unwrap(), "from the last of us");
        assert_eq!(reader.get().await.unwrap(), None);
        assert!(child.join().await.unwrap().success());
    });
}

fn a_child_that_reads_too_little_is_an_error_here() {
    let large = pattern(3 << 20);
    in_both_runtimes(async || {
        let (child_reads, writer) = gipc::pipe().unwrap();
        let child = gipc::start_process(reads_none, child_reads.into_blocking()).unwrap();
        // It ends before or while we write.
        let put = writer.put(&large).await;
        assert!(matches!(put, Err(Error::Peer { .. })), "{put:?}");
        assert!(child.join().await.unwrap().success());
    });
    let (child_reads, writer) = blocking::pipe().unwrap();
    let child = blocking::start_process(reads_none, child_reads).unwrap();
    let put = writer.put(&large);
    assert!(matches!(put, Err(Error::Peer { .. })), "{put:?}");
    assert!(child.join().unwrap().success());
}

fn a_child_that_has_ended_early_ends_the_stream_here() {
    let (child_reads, writer) = blocking::pipe().unwrap();
    let (ready, there) = blocking::pipe().unwrap();
    let child = blocking::start_process(takes_a_flood, (child_reads, there)).unwrap();
    assert_eq!(ready.get().unwrap(), None, "it is there");
    // Our side ends early: the child sees a clean end behind what was sent.
    for _ in 0..5 {
        writer.put(&[0; 1000]).unwrap();
    }
    drop(writer);
    assert_eq!(child.join().unwrap().code(), 5);
}

fn options_travel_with_a_handle() {
    let lines = Options::new().framing(Framing::Lines).max_message(8);
    let (child_reads, writer) = lines.pipe(Raw).unwrap();
    let (reader, child_writes) = lines.pipe(Raw).unwrap();
    let child = upper_caser(&child_reads, &child_writes).unwrap().into_blocking();
    let (reader, writer) = (reader.into_blocking(), writer.into_blocking());
    writer.put(b"eight by").unwrap();
    assert_eq!(reader.get().unwrap().unwrap(), "EIGHT BY");
    writer.put(b"nine byte").unwrap();
    assert_eq!(reader.get().unwrap(), None, "too large for it");
    assert_eq!(child.join().unwrap().code(), 101, "its `unwrap` has panicked");
}

/// A worker that some program has started, with `in`, `out` and `both`.
pub(crate) fn uses_what_it_inherits_by_name(_: ()) {
    let channels = blocking::inherited().unwrap();
    let names: Vec<_> = channels.channels().iter().map(|channel| channel.name.as_str()).collect();
    assert_eq!(names, ["in", "out", "both", "both"]);
    let wrong = channels.reader("inn").unwrap_err();
    let expected =
        "there is no channel `inn` in; there is `in` in, `out` out, `both` in, `both` out";
    assert_eq!(wrong.to_string(), expected);
    let wrong = channels.reader("out").unwrap_err();
    assert!(matches!(wrong, Error::Inherited(NotInherited::Unknown { .. })), "{wrong:?}");
    let (reader, writer) = (channels.reader("in").unwrap(), channels.writer("out").unwrap());
    let twice = channels.reader("in").unwrap_err();
    assert!(matches!(twice, Error::Inherited(NotInherited::Closed { fd: 3, .. })), "{twice:?}");
    let both = channels.duplex_with("both", Json::<u32>::new()).unwrap();
    both.put(&(both.get().unwrap().unwrap() + 1)).unwrap();
    upper_cases((reader, writer));
}

fn inherited_ends_are_found_by_name() {
    let (child_reads, writer) = blocking::pipe().unwrap();
    let (reader, child_writes) = blocking::pipe().unwrap();
    let (here, there) = blocking::duplex_with(Json::<u32>::new()).unwrap();
    let command = Command::function(uses_what_it_inherits_by_name, ()).unwrap();
    let command = command.channel("in", child_reads).channel("out", child_writes);
    let child = command.channel("both", there).spawn().unwrap();
    here.put(&41).unwrap();
    assert_eq!(here.get().unwrap(), Some(42));
    writer.put(b"hello").unwrap();
    assert_eq!(reader.get().unwrap().unwrap(), "HELLO");
    drop(writer);
    assert!(child.reap().unwrap().0.success());
}

/// A worker of a program that knows of descriptors only.
pub(crate) fn uses_what_it_inherits_by_number(_: ()) {
    let channels = blocking::inherited().unwrap();
    upper_cases((channels.reader("in").unwrap(), channels.writer("out").unwrap()));
}

fn inherited_ends_are_found_by_number_alone() {
    let (child_reads, writer) = blocking::pipe().unwrap();
    let (reader, child_writes) = blocking::pipe().unwrap();
    let command = Command::function(uses_what_it_inherits_by_number, ()).unwrap();
    let command = command.channel("jobs", child_reads).channel("results", child_writes);
    let child = command.env_remove("GIPC_CHANNELS").spawn().unwrap();
    writer.put(b"hello").unwrap();
    assert_eq!(reader.get().unwrap().unwrap(), "HELLO");
    drop(writer);
    assert!(child.reap().unwrap().0.success());
    // Here there are none.
    let error = gipc::inherited().unwrap_err();
    assert!(matches!(error, Error::Inherited(NotInherited::None(_))), "{error:?}");
}

fn a_handle_outlives_its_runtime() {
    let (reader, writer) = gipc::pipe().unwrap();
    for _ in 0..2 {
        in_both_runtimes(async || {
            assert!(!reader.poll(SHORT).await.unwrap());
            let (put, got) = tokio::join!(writer.put(b"1"), reader.get());
            put.unwrap();
            assert_eq!(got.unwrap().unwrap(), "1");
        });
        let (reader, writer) = (reader.clone().into_blocking(), writer.clone().into_blocking());
        writer.put(b"2").unwrap();
        assert_eq!(reader.get().unwrap().unwrap(), "2");
    }
}

/// Looks at its reader in a runtime once every writer is gone.
pub(crate) fn reports_an_end_that_came_before_it(
    (reader, gate): (gipc::Reader, blocking::Reader),
) -> u8 {
    assert_eq!(gate.get().unwrap(), None);
    let get = async { reader.get_timeout(LONG).await.unwrap().map_or(7, |_| 0) };
    current_thread().block_on(get)
}

fn an_end_before_the_first_look_is_seen() {
    // A FIFO that is opened after its last writer has gone would not be reported as ended; a pipe is.
    let (reader, writer) = gipc::pipe().unwrap();
    drop(writer);
    let (gate, opens) = gipc::pipe().unwrap();
    let args = (reader, gate.into_blocking());
    let child = blocking::start_process(reports_an_end_that_came_before_it, args).unwrap();
    drop(opens);
    assert_eq!(child.join().unwrap().code(), 7);
    in_both_runtimes(async || {
        let (reader, writer) = gipc::pipe().unwrap();
        drop(writer);
        let clone = reader.try_clone().unwrap();
        assert_eq!(clone.get_timeout(LONG).await.unwrap(), None);
    });
}
