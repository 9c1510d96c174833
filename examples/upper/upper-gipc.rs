//! A worker in Rust, with the library: the channels by their names, in any framing.
//! cargo build --examples && seq 5 | gipc run -- target/debug/examples/upper

fn main() -> Result<(), gipc::Error> {
    let channels = gipc::blocking::inherited()?;
    let (messages, answers) = (channels.reader("in")?, channels.writer("out")?);
    while let Some(message) = messages.get()? {
        answers.put(&message.to_ascii_uppercase())?;
    }
    Ok(())
}
