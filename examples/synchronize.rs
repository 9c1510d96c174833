//! Parent and child go on at the same moment, however long the child took to start: SYN, then ACK.
//!
//! cargo run --release --example synchronize
#![expect(clippy::print_stdout, reason = "what the example shows")]

use std::time::SystemTime;

use gipc::Error;
use gipc::blocking::Duplex;
use gipc::codec::Json;
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
enum Message {
    Syn,
    Ack,
    Now(SystemTime),
}

fn main() -> Result<(), Error> {
    gipc::targets![child];
    parent()
}

#[tokio::main(flavor = "current_thread")]
async fn parent() -> Result<(), Error> {
    let (here, there) = gipc::duplex_with(Json::new())?;
    let child = gipc::start_process(child, there.into_blocking())?;
    here.put(&Message::Syn).await?;
    let Some(Message::Ack) = here.get().await? else { panic!("this is no ACK") };
    // In step with the child from here on.
    let now = SystemTime::now();
    let Some(Message::Now(then)) = here.get().await? else { panic!("this is no time") };
    let delta = now.duration_since(then).unwrap_or_else(|ahead| ahead.duration());
    println!("Time delta: {:.8} s.", delta.as_secs_f64());
    child.join().await?;
    Ok(())
}

/// Runs in the child.
fn child(parent: Duplex<Json<Message>>) -> Result<(), Error> {
    let Some(Message::Syn) = parent.get()? else { panic!("this is no SYN") };
    parent.put(&Message::Ack)?;
    // In step with the parent from here on.
    parent.put(&Message::Now(SystemTime::now()))
}
