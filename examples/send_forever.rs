//! A message each second from a task here to a function in a process of its own, until Ctrl-C.
//!
//! cargo run --example send_forever
#![expect(clippy::print_stdout, reason = "what the example shows")]

use std::time::Duration;

use gipc::blocking::Reader;
use gipc::codec::Json;
use gipc::{Error, Writer};

fn main() -> Result<(), Error> {
    gipc::targets![child];
    parent()
}

#[tokio::main(flavor = "current_thread")]
async fn parent() -> Result<(), Error> {
    let (reader, writer) = gipc::pipe_with(Json::new())?;
    let child = gipc::start_process(child, reader.into_blocking())?;
    let writing = tokio::spawn(write_forever(writer.clone()));
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted.expect("a handler for SIGINT"),
        ended = child.join() => println!("The child has ended by itself: {}", ended?),
    }
    // `writer` stays open: the end of the messages would end the child too.
    writing.abort();
    // Ctrl-C has not reached the child, which is in a process group of its own.
    child.terminate()?;
    child.join().await?;
    Ok(())
}

async fn write_forever(writer: Writer<Json<String>>) -> Result<(), Error> {
    loop {
        writer.put(&"written to the pipe by a task in the parent".to_owned()).await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Runs in the child.
fn child(reader: Reader<Json<String>>) -> Result<(), Error> {
    while let Some(message) = reader.get()? {
        println!("Child process got message from pipe:\n\t'{message}'");
    }
    Ok(())
}
