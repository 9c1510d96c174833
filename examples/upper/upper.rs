// A worker in Rust, with nothing but std: framed messages on two inherited descriptors.
// rustc -O -o /tmp/upper-rs examples/upper/upper.rs && seq 5 | gipc run -- /tmp/upper-rs

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::FromRawFd;

fn main() -> io::Result<()> {
    let (mut input, mut output) = (descriptor("GIPC_IN", 3), descriptor("GIPC_OUT", 4));
    let mut chunk = vec![0; 64 * 1024];
    let (mut pending, mut answers) = (Vec::new(), Vec::new());
    loop {
        let n = input.read(&mut chunk)?;
        if n == 0 {
            break;
        }
        pending.extend_from_slice(&chunk[..n]);

        let mut rest = &pending[..];
        while let Some((message, after)) = first_message(rest) {
            put(&mut answers, &message.to_ascii_uppercase());
            rest = after;
        }
        let done = pending.len() - rest.len();
        pending.drain(..done);

        // All answers to what one read brought go out in one write, before we wait again.
        output.write_all(&answers)?;
        answers.clear();
    }
    if !pending.is_empty() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}

fn descriptor(variable: &str, default: i32) -> File {
    let fd = std::env::var(variable).ok().and_then(|fd| fd.parse().ok()).unwrap_or(default);
    // SAFETY: gipc opened this descriptor for us, and nothing else in this program uses it.
    unsafe { File::from_raw_fd(fd) }
}

/// The first message and the bytes after it; `None` while it is not all there.
fn first_message(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (header, rest) = bytes.split_first_chunk::<4>()?;
    if *header != [0xff; 4] {
        return rest.split_at_checked(u32::from_be_bytes(*header) as usize);
    }
    let (header, rest) = rest.split_first_chunk::<8>()?;
    rest.split_at_checked(u64::from_be_bytes(*header) as usize)
}

fn put(frames: &mut Vec<u8>, message: &[u8]) {
    if message.len() <= i32::MAX as usize {
        frames.extend_from_slice(&(message.len() as u32).to_be_bytes());
    } else {
        frames.extend_from_slice(&[0xff; 4]);
        frames.extend_from_slice(&(message.len() as u64).to_be_bytes());
    }
    frames.extend_from_slice(message);
}
