//! Windows: a worker, or whatever else its first argument says.

#![expect(unsafe_code, reason = "system calls on handles")]

use std::io::Write as _;

use gipc::Command;
use gipc::blocking::{self, Process};

#[path = "windows/console.rs"]
mod console;
use windows_sys::Win32::Foundation::{GetHandleInformation, HANDLE_FLAG_INHERIT};

pub(crate) fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        [] => upper_case(),
        ["tells-its-pid"] => answer(|message| format!("{} {message}", std::process::id())),
        ["has-a-child"] => {
            let left = leave();
            answer(|_| format!("{} {}", std::process::id(), left.pid()));
        }
        ["dies-after", count] => upper_case_some(count.parse().unwrap()),
        ["exit", code] => exit(code.parse().unwrap()),
        ["args", ..] => say(&format!("{:?}", &args[1..])),
        ["handles"] => say(&inherited().to_string()),
        ["hang"] => hang(),
        ["says-when-asked", code] => console::says_when_asked(code.parse().unwrap()),
        ["does-not-mind"] => console::does_not_mind(),
        ["presses", lines, program, ..] => {
            console::presses(lines.parse().unwrap(), program, &args[3..]);
        }
        ["shows-screen", program, ..] => console::shows_screen(program, &args[2..]),
        ["leave"] => {
            let left = leave();
            say(&format!("{} {}", std::process::id(), left.pid()));
            hang()
        }
        ["leave-and-end"] => {
            let left = leave();
            say(&left.pid().to_string());
        }
        ["send", gipc, count] => send(gipc, count.parse().unwrap()),
        _ => panic!("not {args:?}"),
    }
}

/// Answers messages in upper case; ends badly at `poison`.
fn upper_case() {
    let channels = blocking::inherited().unwrap();
    let (reader, writer) = (channels.reader("in").unwrap(), channels.writer("out").unwrap());
    while let Some(message) = reader.get().unwrap() {
        if message == "poison" {
            exit(9);
        }
        writer.put(&message.to_ascii_uppercase()).unwrap();
    }
}

/// Answers messages, which are text.
fn answer(with: impl Fn(&str) -> String) {
    let channels = blocking::inherited().unwrap();
    let (reader, writer) = (channels.reader("in").unwrap(), channels.writer("out").unwrap());
    while let Some(message) = reader.get().unwrap() {
        writer.put(with(str::from_utf8(&message).unwrap()).as_bytes()).unwrap();
    }
}

/// Answers so many, and ends badly. What it has not answered it has not read either.
fn upper_case_some(count: usize) {
    let channels = blocking::inherited().unwrap();
    let (reader, writer) = (channels.reader("in").unwrap(), channels.writer("out").unwrap());
    let reader = reader.exact().unwrap();
    for _ in 0..count {
        let Some(message) = reader.get().unwrap() else { return };
        writer.put(&message.to_ascii_uppercase()).unwrap();
    }
    exit(9)
}

/// With 32 bits.
#[expect(clippy::exit, reason = "std's ExitCode has 8 bits")]
fn exit(code: u32) -> ! {
    std::process::exit(code as i32)
}

fn say(line: &str) {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{line}").unwrap();
}

fn hang() -> ! {
    loop {
        std::thread::park();
    }
}

/// Starts another that hangs.
fn leave() -> Process {
    let own = std::env::current_exe().unwrap();
    Command::new(own).arg("hang").spawn().unwrap().into_blocking()
}

/// Has so many processes send at once, each a message of its own.
fn send(gipc: &str, count: usize) {
    let send = |number: usize| {
        let message = (b'a' + number as u8) as char;
        let message = String::from(message).repeat(20_000);
        let command = Command::new(gipc).args(["send", &message]).inherit_fds();
        command.spawn().unwrap().into_blocking()
    };
    let senders: Vec<_> = (0..count).map(send).collect();
    for sender in senders {
        assert!(sender.join().unwrap().success());
    }
}

/// How many handles were inherited: those that can be again, as none that a program opens can by
/// itself.
fn inherited() -> usize {
    let is_inherited = |value: &usize| {
        let mut flags = 0;
        // SAFETY: it fails for what is no handle.
        unsafe {
            GetHandleInformation(std::ptr::without_provenance_mut(*value), &raw mut flags) != 0
                && flags & HANDLE_FLAG_INHERIT != 0
        }
    };
    (4..1 << 16).step_by(4).filter(is_inherited).count()
}
