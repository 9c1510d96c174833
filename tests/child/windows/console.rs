//! At a console: who is told Ctrl-C, who presses it, and what can be seen there.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader};
use std::os::windows::io::AsRawHandle;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use windows_sys::Win32::System::Console::{
    COORD, CTRL_C_EVENT, GenerateConsoleCtrlEvent, ReadConsoleOutputCharacterW,
    SetConsoleCtrlHandler,
};

use super::{exit, hang, say};

/// What to end with when asked to.
static CODE: AtomicU32 = AtomicU32::new(0);

type Handler = unsafe extern "system" fn(u32) -> i32;

fn handle(handler: Handler) {
    // SAFETY: the handler is there for as long as the process is.
    assert_ne!(unsafe { SetConsoleCtrlHandler(Some(handler), 1) }, 0);
}

unsafe extern "system" fn end(event: u32) -> i32 {
    assert_eq!(event, CTRL_C_EVENT);
    say("asked by Ctrl-C");
    exit(CODE.load(Ordering::SeqCst))
}

unsafe extern "system" fn go_on(_event: u32) -> i32 {
    1
}

/// Ends with this code when it is asked to.
pub(super) fn says_when_asked(code: u32) -> ! {
    CODE.store(code, Ordering::SeqCst);
    handle(end);
    say("ready");
    hang()
}

/// Goes on when it is asked to end.
pub(super) fn does_not_mind() -> ! {
    handle(go_on);
    say("ready");
    hang()
}

/// Runs a program on our console, and shows what it says and its code. When it has said so many lines
/// Ctrl-C is pressed.
pub(super) fn presses(lines: usize, program: &str, args: &[&str]) {
    // It is for us as well.
    handle(go_on);
    let (read, write) = std::io::pipe().unwrap();
    let mut command = Command::new(program);
    command.args(args).stdout(write.try_clone().unwrap()).stderr(write);
    let mut child = command.spawn().unwrap();
    // With it our copies of the pipe.
    drop(command);
    for (number, line) in (1..).zip(BufReader::new(read).lines()) {
        say(&line.unwrap());
        if number == lines {
            // SAFETY: a system call on numbers: all who are on our console are told.
            assert_ne!(unsafe { GenerateConsoleCtrlEvent(CTRL_C_EVENT, 0) }, 0);
        }
    }
    say(&format!("code {:x}", child.wait().unwrap().code().unwrap()));
}

/// Runs a program whose output goes to our console, and shows the first lines that can be read there.
pub(super) fn shows_screen(program: &str, args: &[&str]) {
    let screen = OpenOptions::new().read(true).write(true).open("CONOUT$").unwrap();
    let copy = || File::try_clone(&screen).unwrap();
    let mut command = Command::new(program);
    assert!(command.args(args).stdout(copy()).stderr(copy()).status().unwrap().success());
    for y in 0..3 {
        let mut characters = [0; 60];
        let mut read = 0;
        // SAFETY: it writes at most so many characters there; the handle is open.
        let done = unsafe {
            let (at, count) = (characters.as_mut_ptr(), characters.len() as u32);
            let start = COORD { X: 0, Y: y };
            ReadConsoleOutputCharacterW(screen.as_raw_handle(), at, count, start, &raw mut read)
        };
        assert_ne!(done, 0);
        say(String::from_utf16_lossy(&characters[..read as usize]).trim_end());
    }
}
