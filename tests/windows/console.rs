//! On a console of their own, which nobody sees: Ctrl-C, and what is written there.
//!
//! Wine 8 has no Ctrl-Break (its server answers that it is not implemented). So it is not tested what
//! workers make of one when they are asked to end: here they are ended at once, as those are who have
//! no console in common with us, and there is nothing left that a second Ctrl-C could kill.

use std::os::windows::process::CommandExt as _;
use std::process::{Command, Stdio};

use windows_sys::Win32::System::Threading::CREATE_NO_WINDOW;

use crate::support::{CHILD, GIPC, end, example};

/// What the helper program says that is alone on a new console.
fn on_a_console(args: &[&str]) -> Vec<String> {
    let mut command = Command::new(CHILD);
    command.args(args).creation_flags(CREATE_NO_WINDOW);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let said = end(command.spawn().unwrap());
    assert_eq!((said.code, &*said.stderr), (0, ""), "{}", said.stdout);
    said.stdout.lines().map(str::to_owned).collect()
}

/// The code of what the console has ended.
const ENDED: &str = "code c000013a";

#[test]
fn ctrl_c_stops_us_and_all() {
    let args = ["presses", "1", GIPC, "run", "--", CHILD, "does-not-mind"];
    let said = on_a_console(&args);
    let stopping = "gipc: SIGINT: stopping gipc-test-child.1; send it again to kill";
    assert_eq!((&*said[0], &*said[1]), ("ready", stopping));
    assert_eq!(said.last().unwrap(), ENDED, "{said:?}");
}

#[test]
fn a_command_of_exec_has_its_ctrl_c_as_we_have() {
    let exec =
        |code| on_a_console(&["presses", "1", GIPC, "exec", "--", CHILD, "says-when-asked", code]);
    assert_eq!(exec("7"), ["ready", "asked by Ctrl-C", "code 7"]);
    // What Ctrl-C has ended: a batch file that has called us stops too.
    assert_eq!(exec(&0xc000_013a_u32.to_string()), ["ready", "asked by Ctrl-C", ENDED]);
}

#[test]
fn the_example_that_sends_for_ever_ends_by_ctrl_c() {
    // Its first message is two lines.
    let said = on_a_console(&["presses", "2", example("send_forever").to_str().unwrap()]);
    let message = "\t'written to the pipe by a task in the parent'";
    assert_eq!(said, ["Child process got message from pipe:", message, "code 0"]);
}

#[test]
fn what_a_worker_says_is_shown_as_it_is() {
    let said =
        on_a_console(&["shows-screen", GIPC, "run", "--", CHILD, "args", "käse", "日本", "Ω"]);
    assert_eq!(said[0], "[\"käse\", \"日本\", \"Ω\"]");
    let messages = ["run", "--input", "none", "--", GIPC, "send", "naïve Ω"];
    let said = on_a_console(&[&["shows-screen", GIPC][..], &messages].concat());
    assert_eq!(said[0], "naïve Ω");
}
