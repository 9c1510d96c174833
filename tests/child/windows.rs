//! Windows: a worker.

/// Upper-cases what comes in.
pub(crate) fn main() {
    let channels = gipc::blocking::inherited().unwrap();
    let (reader, writer) = (channels.reader("in").unwrap(), channels.writer("out").unwrap());
    for message in reader.iter() {
        writer.put(&message.unwrap().to_ascii_uppercase()).unwrap();
    }
}
