//! Functions of this program as children.

use std::thread;

use gipc::codec::Json;
use gipc::{Command, Error, blocking};

use crate::support::*;

tests![
    a_function_that_is_no_target_is_refused,
    arguments_of_every_shape_arrive,
    large_arguments_arrive,
    a_handle_cannot_be_serialized_elsewhere,
    a_function_may_have_threads_that_panic,
    a_function_may_have_a_runtime,
    a_command_of_a_function_takes_everything_that_commands_take,
];

/// Not in the list of targets.
fn unknown(_: ()) {}

fn a_function_that_is_no_target_is_refused() {
    let error = gipc::start_process(unknown, ()).unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("`library::targets::unknown` is not in"), "{cause}");
    let error = gipc::start_process(|_: ()| {}, ()).unwrap_err();
    assert!(matches!(error, Error::Spawn(_)), "{error:?}");
}

fn arguments_of_every_shape_arrive() {
    in_both_runtimes(async || {
        for code in [0, 7] {
            let child = gipc::start_process(crate::processes::exits_with, code).unwrap();
            assert_eq!(child.join().await.unwrap().code(), i32::from(code));
        }
        let (reader, writer) = gipc::pipe().unwrap();
        let name = "a name with\nnewlines, ü and \"quotes\"";
        let args = (writer.into_blocking(), name.to_owned());
        let child = gipc::start_process(crate::handles::writes_its_name, args).unwrap();
        assert_eq!(reader.get().await.unwrap().unwrap(), name);
        assert!(child.join().await.unwrap().success());
    });
    // JSON has no such number: the child is told, and does not run the function.
    let child = blocking::start_process(takes_a_number, f64::NAN).unwrap();
    assert_eq!(child.join().unwrap().code(), 125);
}

pub(crate) fn takes_a_number(_: f64) {}

fn large_arguments_arrive() {
    let name = "x".repeat(5 << 20);
    let (reader, writer) = blocking::pipe().unwrap();
    let args = (writer, name.clone());
    let child = blocking::start_process(crate::handles::writes_its_name, args).unwrap();
    assert!(reader.get().unwrap().unwrap() == name);
    assert!(child.join().unwrap().success());
}

fn a_handle_cannot_be_serialized_elsewhere() {
    let (reader, writer) = gipc::pipe().unwrap();
    let error = serde_json::to_string(&writer).unwrap_err();
    assert!(error.to_string().contains("a handle can be sent as an argument only"), "{error}");
    serde_json::from_str::<gipc::Reader>(r#"{"handle":0,"name":"x","max_message":1}"#).unwrap_err();
    let (reader, writer) = (reader.into_blocking(), writer.into_blocking());
    writer.put(b"1").unwrap();
    assert_eq!(reader.get().unwrap().unwrap(), "1");
}

pub(crate) fn panics_in_threads(_: ()) -> u8 {
    thread::spawn(|| panic!("as the test wants it")).join().map_or(3, |()| 0)
}

fn a_function_may_have_threads_that_panic() {
    let child = blocking::start_process(panics_in_threads, ()).unwrap();
    assert_eq!(child.join().unwrap().code(), 3);
}

pub(crate) fn runs_in_a_runtime_of_its_own(there: gipc::Duplex<Json<u32>>) {
    for runtime in [current_thread(), multi_thread()] {
        let there = there.clone();
        runtime.block_on(async move {
            let number = there.get().await.unwrap().unwrap();
            tokio::spawn(async move { there.put(&(number + 1)).await.unwrap() }).await.unwrap();
        });
    }
}

fn a_function_may_have_a_runtime() {
    in_both_runtimes(async || {
        let (here, there) = gipc::duplex_with(Json::<u32>::new()).unwrap();
        let child = gipc::start_process(runs_in_a_runtime_of_its_own, there).unwrap();
        for number in [1, 10] {
            here.put(&number).await.unwrap();
            assert_eq!(here.get().await.unwrap(), Some(number + 1));
        }
        assert!(child.join().await.unwrap().success());
    });
}

fn a_command_of_a_function_takes_everything_that_commands_take() {
    let command = Command::function(crate::processes::exits_with, 5).unwrap();
    let child = command.name("five").nice(5).env("X", "y").current_dir("/").spawn().unwrap();
    assert_eq!(child.name(), "five");
    assert_eq!(child.reap().unwrap().0.code(), 5);
}
