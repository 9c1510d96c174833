//! Peers in Rust: `peers codec|ipc-channel one-way|ping-pong COUNT SIZE` prints one number, messages a
//! second or microseconds for a round trip.

use std::env;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use bytes::Bytes;
use futures::{SinkExt, StreamExt as _};
use ipc_channel::ipc::{self, IpcBytesReceiver, IpcBytesSender, IpcOneShotServer, IpcSender};
use tokio::net::unix::pipe::{self, Receiver, Sender};
use tokio_util::codec::{FramedRead, FramedWrite, LengthDelimitedCodec};

type Ends = (IpcBytesSender, IpcBytesReceiver);

fn main() {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let number = |text: &str| text.parse::<usize>().expect("a number");
    match args[..] {
        ["codec", what, count, size] => codec(what, number(count), number(size)),
        ["codec-child", what, count] => codec_child(what, number(count)),
        ["ipc-channel", what, count, size] => ipc_channel(what, number(count), number(size)),
        ["ipc-channel-child", what, count, server] => ipc_child(what, number(count), server),
        _ => panic!("wrong usage"),
    }
}

fn again(args: &[&str]) -> Command {
    let mut command = Command::new(env::current_exe().expect("this program"));
    command.args(args);
    command
}

fn print(what: &str, count: usize, start: Instant) {
    let time = start.elapsed().as_secs_f64();
    let count = count as f64;
    println!("{}", if what == "one-way" { count / time } else { time / count * 1e6 });
}

fn block_on(work: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(work)
}

fn lengths() -> LengthDelimitedCodec {
    LengthDelimitedCodec::builder().max_frame_length(1 << 30).new_codec()
}

fn framed(
    read: Receiver,
    write: Sender,
) -> (FramedRead<Receiver, LengthDelimitedCodec>, FramedWrite<Sender, LengthDelimitedCodec>) {
    (FramedRead::new(read, lengths()), FramedWrite::new(write, lengths()))
}

/// Makes a pipe as large as gipc makes its own.
fn enlarge(end: &impl AsRawFd) {
    // SAFETY: plain system call on a number.
    unsafe { libc::fcntl(end.as_raw_fd(), libc::F_SETPIPE_SZ, 1 << 20) };
}

fn codec(what: &str, count: usize, size: usize) {
    block_on(async {
        let (out, there) = pipe::pipe().expect("a pipe");
        let (answer, back) = pipe::pipe().expect("a pipe");
        enlarge(&out);
        enlarge(&answer);
        let mut child = again(&["codec-child", what, &count.to_string()])
            .stdin(Stdio::from(there.into_blocking_fd().expect("an end")))
            .stdout(Stdio::from(answer.into_blocking_fd().expect("an end")))
            .spawn()
            .expect("ourselves");
        let (mut replies, mut messages) = framed(back, out);
        let message = Bytes::from(vec![7; size]);
        let start = Instant::now();
        for _ in 0..count {
            if what == "one-way" {
                messages.feed(message.clone()).await.expect("a reader");
            } else {
                messages.send(message.clone()).await.expect("a reader");
                replies.next().await.expect("a reply").expect("a frame");
            }
        }
        if what == "one-way" {
            SinkExt::<Bytes>::flush(&mut messages).await.expect("a reader");
            replies.next().await.expect("a reply").expect("a frame");
        }
        print(what, count, start);
        drop(messages);
        end(&mut child);
    })
}

fn end(child: &mut Child) {
    child.wait().expect("our child");
}

fn codec_child(what: &str, count: usize) {
    block_on(async {
        let own = |fd: BorrowedFd<'_>| fd.try_clone_to_owned().expect("ours");
        let read = Receiver::from_owned_fd(own(io::stdin().as_fd())).expect("a pipe");
        let write = Sender::from_owned_fd(own(io::stdout().as_fd())).expect("a pipe");
        let (mut messages, mut replies) = framed(read, write);
        let mut received = 0;
        while let Some(message) = messages.next().await {
            let message = message.expect("a frame");
            received += 1;
            if what != "one-way" {
                replies.send(message.freeze()).await.expect("a reader");
            } else if received == count {
                replies.send(Bytes::from_static(b"done")).await.expect("a reader");
            }
        }
    })
}

fn ipc_channel(what: &str, count: usize, size: usize) {
    let (server, name) = IpcOneShotServer::<IpcSender<Ends>>::new().expect("a server");
    let mut child =
        again(&["ipc-channel-child", what, &count.to_string(), &name]).spawn().expect("ourselves");
    let (_, ends) = server.accept().expect("the child");
    let (messages, theirs) = ipc::bytes_channel().expect("a channel");
    let (their_replies, replies) = ipc::bytes_channel().expect("a channel");
    ends.send((their_replies, theirs)).expect("the child");
    let message = vec![7; size];
    let start = Instant::now();
    for _ in 0..count {
        messages.send(&message).expect("a reader");
        if what != "one-way" {
            replies.recv().expect("a reply");
        }
    }
    if what == "one-way" {
        replies.recv().expect("a reply");
    }
    print(what, count, start);
    end(&mut child);
}

fn ipc_child(what: &str, count: usize, server: &str) {
    let parent = IpcSender::<IpcSender<Ends>>::connect(server.to_owned()).expect("the parent");
    let (sender, receiver) = ipc::channel::<Ends>().expect("a channel");
    parent.send(sender).expect("the parent");
    let (replies, messages) = receiver.recv().expect("the ends");
    for _ in 0..count {
        let message = messages.recv().expect("a message");
        if what != "one-way" {
            replies.send(&message).expect("a reader");
        }
    }
    if what == "one-way" {
        replies.send(b"done").expect("a reader");
    }
}
