//! The bugs of the system that this one carries on, which must not come back; and our own.

use gipc::codec::Json;
use gipc::spawn::SpawnError;
use gipc::{Command, Error, blocking};

use crate::support::*;

tests![
    bug_a_handle_nested_in_a_list_is_lost,
    bug_a_timeout_in_mid_message_desyncs_for_ever,
    bug_a_negative_length_desyncs,
    bug_the_context_manager_hides_the_users_own_error,
    bug_passing_a_closed_handle_fails_after_the_child_has_started,
    bug_dropped_handles_leak,
    bug_daemons_survive_the_parents_sigkill,
    bug_blocking_calls_in_a_task_spin,
];

fn bug_a_handle_nested_in_a_list_is_lost() {
    let (reader, writer) = blocking::pipe().unwrap();
    let (one, other) = (writer.try_clone().unwrap(), writer);
    // A list of lists of pairs.
    let child = blocking::start_process(writes_into_each, vec![vec![(one, 1)], vec![(other, 2)]]);
    assert_eq!(reader.iter().map(|message| message.unwrap()[0]).collect::<Vec<_>>(), [1, 2]);
    assert!(child.unwrap().join().unwrap().success());
}

pub(crate) fn writes_into_each(lists: Vec<Vec<(blocking::Writer, u8)>>) {
    for (writer, number) in lists.iter().flatten() {
        writer.put(&[*number]).unwrap();
    }
}

fn bug_a_timeout_in_mid_message_desyncs_for_ever() {
    in_both_runtimes(async || {
        let mut there = Dribble::new();
        let reader = there.reader.clone();
        there.write(b"\0\0\0\x05he");
        assert!(reader.poll(LONG).await.unwrap());
        for _ in 0..3 {
            let get = reader.get_deadline(short()).await;
            assert!(matches!(get, Err(Error::Timeout { .. })), "{get:?}");
        }
        there.write(b"llo\0\0\0\x05world");
        assert_eq!(reader.get().await.unwrap().unwrap(), "hello");
        assert_eq!(reader.get().await.unwrap().unwrap(), "world");
    });
}

fn bug_a_negative_length_desyncs() {
    // -2 as a length: Python's gipc read it as such. It is a large one, and the end of the stream.
    for length in [b"\xff\xff\xff\xfe", b"\x80\0\0\0"] {
        let mut there = Dribble::new();
        there.write(length);
        there.write(b"hello");
        let reader = there.reader.clone().into_blocking();
        for _ in 0..3 {
            let error = reader.get().unwrap_err();
            assert!(matches!(error, Error::TooLarge { .. }), "{error:?}");
        }
    }
}

fn bug_the_context_manager_hides_the_users_own_error() {
    in_both_runtimes(async || {
        // A handle that is closed, in use or given away as its owner is left is no error there.
        let result: Result<(), &str> = async {
            let (reader, writer) = gipc::pipe().unwrap();
            writer.close().unwrap();
            let _stream = reader.clone().into_stream().unwrap();
            Err("the user's own")
        }
        .await;
        assert_eq!(result, Err("the user's own"));
        let result = gipc::scope(async |scope| {
            scope.spawn(sh("exit 1")).unwrap();
            Err::<(), _>("the user's own")
        });
        assert_eq!(result.await.unwrap(), Err("the user's own"));
    });
}

fn bug_passing_a_closed_handle_fails_after_the_child_has_started() {
    let folder = tempfile::tempdir().unwrap();
    let started = folder.path().join("started");
    let (reader, _writer) = gipc::pipe().unwrap();
    reader.close().unwrap();
    let command = Command::new("touch").arg(&started).channel("in", reader);
    assert!(matches!(command.spawn(), Err(SpawnError::Channel { .. })));
    assert!(!started.exists());
}

/// Every way to make handles and to lose them.
pub(crate) fn counts_descriptors_around_dropped_handles(_: ()) {
    // What is there once for the whole process comes first.
    let churn = || {
        drop(gipc::pipe().unwrap());
        drop(gipc::duplex().unwrap());
        let (reader, writer) = gipc::pipe_with(Json::<u32>::new()).unwrap();
        drop((reader.try_clone().unwrap(), writer.try_clone().unwrap(), reader.exact().unwrap()));
        let (here, there) = gipc::duplex().unwrap();
        drop(here.split());
        there.close().unwrap();
        let (reader, writer) = gipc::pipe().unwrap();
        reader.close().unwrap();
        drop(Command::new("true").channel("out", writer));
        let (reader, writer) = gipc::pipe().unwrap();
        Command::new("/no/such/program").channel("out", writer).spawn().unwrap_err();
        drop(reader.into_stream().unwrap());
        current_thread().block_on(async {
            let (reader, writer) = gipc::pipe().unwrap();
            reader.poll(std::time::Duration::ZERO).await.unwrap();
            let (here, there) = gipc::duplex().unwrap();
            let child = gipc::start_process(crate::duplex::echoes, there.into_blocking());
            here.close().unwrap();
            assert!(child.unwrap().join().await.unwrap().success());
            drop((reader, writer.into_sink().unwrap()));
            let child = gipc::start_process(crate::processes::exits_with, 0).unwrap();
            child.join().await.unwrap();
            let daemon = Command::new("true").daemon(true).spawn().unwrap();
            daemon.join().await.unwrap();
        });
    };
    churn();
    let before = descriptors();
    for _ in 0..20 {
        churn();
    }
    assert_eq!(descriptors(), before);
}

fn bug_dropped_handles_leak() {
    alone(counts_descriptors_around_dropped_handles);
}

/// Has a daemon and another child, tells their pids, and lives until it is killed.
pub(crate) fn starts_a_daemon_and_tells_its_pid(
    (writer, held): (blocking::Writer<Json<(i32, i32)>>, blocking::Writer),
) {
    let also_held = held.try_clone().unwrap();
    let endless = || sh("exec sleep 1000");
    let daemon = endless().daemon(true).channel("out", held).spawn().unwrap();
    let (child_reads, ours) = blocking::pipe().unwrap();
    // Not a daemon: it sees our end by its channel.
    let other = sh("read line <&3").channel("in", child_reads).channel("out", also_held);
    let other = other.spawn().unwrap();
    writer.put(&(daemon.pid(), other.pid())).unwrap();
    daemon.reap().unwrap();
    drop(ours);
}

fn bug_daemons_survive_the_parents_sigkill() {
    in_both_runtimes(async || {
        let (reader, writer) = gipc::pipe_with(Json::<(i32, i32)>::new()).unwrap();
        let (alive, held) = gipc::pipe().unwrap();
        let args = (writer.into_blocking(), held.into_blocking());
        let parent = gipc::start_process(starts_a_daemon_and_tells_its_pid, args).unwrap();
        let (daemon, other) = reader.get().await.unwrap().unwrap();
        assert!(!is_gone(daemon) && !is_gone(other));
        parent.kill().unwrap();
        assert_eq!(parent.join().await.unwrap().code(), -9);
        // Each holds a writer for as long as it lives.
        assert_eq!(alive.get_timeout(LONG).await.unwrap(), None);
    });
}

/// A task that never yields has no right to wait in Tokio's eyes after a hundred calls or so.
pub(crate) fn uses_blocking_handles_in_a_task(_: ()) {
    in_both_runtimes(async || {
        let (reader, writer) = blocking::pipe().unwrap();
        for _ in 0..500 {
            writer.put(b"1").unwrap();
            assert_eq!(reader.get_timeout(LONG).unwrap().unwrap(), "1");
        }
    });
}

fn bug_blocking_calls_in_a_task_spin() {
    let child = blocking::start_process(uses_blocking_handles_in_a_task, ()).unwrap();
    let ended = child.join_timeout(LONG / 3).unwrap();
    child.kill().unwrap();
    assert!(ended.expect("it is still at it").success());
}
