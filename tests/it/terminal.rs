//! On a terminal: job control, window size, Ctrl-C. The terminal is tmux's.

use std::path::Path;
use std::process::Command;

use crate::support::*;

/// A tmux server of this test's own, with one window of 80 × 24.
struct Terminal {
    folder: tempfile::TempDir,
}

impl Terminal {
    fn open() -> Option<Self> {
        if !has("tmux") {
            return None;
        }
        let terminal = Self { folder: scratch() };
        let shell = "env PS1='$ ' bash --norc --noprofile";
        let ended =
            terminal.tmux(&["-f", "/dev/null", "new-session", "-d", "-x80", "-y24", shell]).end();
        assert_eq!(ended.code(), 0, "{ended:?}");
        terminal.wait_for(|screen| screen.contains('$'));
        Some(terminal)
    }

    fn tmux(&self, args: &[&str]) -> Command {
        let mut tmux = command("tmux");
        tmux.arg("-S").arg(self.socket()).args(args).env_remove("TMUX");
        tmux
    }

    fn socket(&self) -> std::path::PathBuf {
        Path::new(self.folder.path()).join("socket")
    }

    /// Types text, or a key by its name.
    fn press(&self, keys: &[&str]) {
        let ended = self.tmux(&["send-keys"]).args(keys).end();
        assert_eq!(ended.code(), 0, "{ended:?}");
    }

    fn enter(&self, line: &str) {
        self.press(&["-l", line]);
        self.press(&["Enter"]);
    }

    fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p"]).end().text().to_owned()
    }

    #[track_caller]
    fn wait_for(&self, is_so: impl Fn(&str) -> bool) {
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
        loop {
            let screen = self.screen();
            if is_so(&screen) {
                return;
            }
            assert!(std::time::Instant::now() < deadline, "the screen is:\n{screen}");
            // A terminal tells nobody that its screen has changed.
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }

    /// Ctrl-C, up to the next prompt: what is typed before the shell has seen it is thrown away.
    #[track_caller]
    fn interrupt(&self, prompt: &str) {
        let prompts = |screen: &str| screen.lines().filter(|line| line.starts_with(prompt)).count();
        let before = prompts(&self.screen());
        self.press(&["C-c"]);
        self.wait_for(|screen| prompts(screen) > before);
    }

    /// Waits until a line of the screen is this.
    #[track_caller]
    fn wait_for_line(&self, line: &str) {
        self.wait_for(|screen| screen.lines().any(|it| it.trim() == line));
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.tmux(&["kill-server"]).status();
    }
}

#[test]
fn a_shell_under_exec_has_job_control_as_without_gipc() {
    let Some(terminal) = Terminal::open() else { return };
    terminal.enter("PS1='inner> ' gipc exec -- bash --norc --noprofile -i; echo left $?");
    terminal.wait_for_line("inner>");
    // Its line says that it is in the foreground: before that a Ctrl-Z would be nobody's.
    terminal.enter("sh -c 'echo here; exec sleep 1000'");
    terminal.wait_for_line("here");
    terminal.press(&["C-z"]);
    terminal.wait_for(|screen| screen.contains("Stopped"));
    terminal.enter("fg");
    terminal.wait_for(|screen| screen.matches("exec sleep 1000").count() >= 3);
    terminal.interrupt("inner>");
    terminal.enter("echo back $?");
    terminal.wait_for_line("back 130");
    terminal.interrupt("inner>");
    terminal.enter("exit 7");
    terminal.wait_for_line("left 7");
}

#[test]
fn ctrl_z_and_fg_work_on_a_command_under_exec() {
    let Some(terminal) = Terminal::open() else { return };
    terminal.enter("gipc exec -- sh -c 'echo here; exec cat'");
    // What is typed before is the shell's, in a mode of its own.
    terminal.wait_for_line("here");
    terminal.enter("one");
    terminal.wait_for(|screen| screen.matches("one").count() == 2);
    terminal.press(&["C-z"]);
    terminal.wait_for(|screen| screen.contains("Stopped"));
    terminal.enter("jobs -l; echo now");
    terminal.wait_for_line("now");
    terminal.enter("fg");
    // Typed, stopped, listed, and now named by `fg`: from here on what is typed is the command's.
    terminal.wait_for(|screen| screen.matches("exec cat'").count() == 4);
    terminal.enter("two");
    terminal.wait_for(|screen| screen.matches("two").count() == 2);
    terminal.press(&["C-d"]);
    terminal.enter("echo code $?");
    terminal.wait_for_line("code 0");
}

#[test]
fn ctrl_c_ends_a_command_under_exec_and_the_script_around_it() {
    let Some(terminal) = Terminal::open() else { return };
    terminal.enter("bash -c 'gipc exec -- sh -c \"echo here; exec sleep 1000\"; echo went on'");
    terminal.wait_for_line("here");
    terminal.interrupt("$");
    terminal.enter("echo code $?");
    terminal.wait_for_line("code 130");
    assert!(!terminal.screen().lines().any(|line| line == "went on"));
}

#[test]
fn ctrl_c_is_the_commands_own_affair_under_exec() {
    let Some(terminal) = Terminal::open() else { return };
    let script = "import time\nfor _ in range(3):\n try:\n  print(\"ready\", flush=True); time.sleep(1000)\n except KeyboardInterrupt:\n  print(\"caught\", flush=True)\n";
    let file = terminal.folder.path().join("script.py");
    std::fs::write(&file, script).unwrap();
    terminal.enter(&format!("gipc exec -- python3 {}; echo code $?", file.display()));
    for round in 1..=3 {
        terminal.wait_for(|screen| screen.matches("ready").count() == round);
        terminal.press(&["C-c"]);
        terminal.wait_for(|screen| screen.matches("caught").count() == round);
    }
    terminal.wait_for_line("code 0");
}

#[test]
fn the_window_size_reaches_a_command_under_exec() {
    let Some(terminal) = Terminal::open() else { return };
    terminal.enter(
        "gipc exec -- bash -c 'trap \"stty size\" WINCH; stty size; while :; do sleep 0.05; done'",
    );
    terminal.wait_for_line("24 80");
    let resize = terminal.tmux(&["resize-window", "-x100", "-y30"]).end();
    assert_eq!(resize.code(), 0, "{resize:?}");
    terminal.wait_for_line("30 100");
    terminal.interrupt("$");
    terminal.enter("echo code $?");
    terminal.wait_for_line("code 130");
}

#[test]
fn ctrl_z_and_fg_work_on_run_and_its_input_is_the_terminal() {
    let Some(terminal) = Terminal::open() else { return };
    terminal.enter("gipc run -- sh -c 'echo here; exec gipc-test-child upper'");
    terminal.wait_for_line("here");
    terminal.enter("one");
    terminal.wait_for_line("ONE");
    terminal.press(&["C-z"]);
    terminal.wait_for(|screen| screen.contains("Stopped"));
    // What is typed now is the shell's.
    terminal.enter("echo mine");
    terminal.wait_for_line("mine");
    terminal.enter("fg");
    terminal.wait_for(|screen| screen.matches("exec gipc-test-child").count() == 3);
    terminal.enter("two");
    terminal.wait_for_line("TWO");
    terminal.press(&["C-d"]);
    terminal.enter("echo code $?");
    terminal.wait_for_line("code 0");
}

#[test]
fn a_second_ctrl_c_kills_a_run() {
    let Some(terminal) = Terminal::open() else { return };
    terminal.enter("gipc run --grace 1h -- bash -c 'trap \"\" INT TERM; echo ready; while :; do sleep 1; done'");
    terminal.wait_for_line("ready");
    terminal.press(&["C-c"]);
    terminal.wait_for(|screen| screen.contains("again"));
    terminal.interrupt("$");
    terminal.enter("echo code $?");
    terminal.wait_for_line("code 130");
}

#[test]
fn a_background_job_that_reads_the_terminal_stops_and_fg_brings_it_back() {
    for gipc in ["gipc exec -- cat", "gipc run --wire stdio -- cat"] {
        let Some(terminal) = Terminal::open() else { return };
        terminal.enter(&format!("{gipc} &"));
        // The shell tells of it at the next prompt.
        terminal.wait_for(|screen| {
            terminal.press(&["Enter"]);
            screen.contains("Stopped")
        });
        let seen = terminal.screen().matches(gipc).count();
        terminal.enter("fg");
        terminal.wait_for(|screen| screen.matches(gipc).count() > seen);
        terminal.enter("hello");
        terminal.wait_for(|screen| screen.lines().filter(|line| *line == "hello").count() == 2);
        terminal.press(&["C-d"]);
        terminal.enter("echo code $?");
        terminal.wait_for_line("code 0");
    }
}

#[test]
fn a_resize_does_not_make_a_ctrl_c_forgotten() {
    let Some(terminal) = Terminal::open() else { return };
    let script = "import signal, sys\n\
                  signal.signal(signal.SIGINT, lambda *_: print('caught', flush=True))\n\
                  signal.signal(signal.SIGWINCH, lambda *_: sys.exit(130))\n\
                  print('here', flush=True)\n\
                  while True: signal.pause()\n";
    let file = terminal.folder.path().join("script.py");
    std::fs::write(&file, script).unwrap();
    terminal.enter(&format!("bash -c 'gipc exec -- python3 {}; echo went on'", file.display()));
    terminal.wait_for_line("here");
    terminal.press(&["C-c"]);
    terminal.wait_for(|screen| screen.contains("caught"));
    assert_eq!(terminal.tmux(&["resize-window", "-x100", "-y30"]).end().code(), 0);
    terminal.wait_for(|screen| screen.lines().filter(|line| line.trim() == "$").count() == 1);
    terminal.enter("echo code $?");
    terminal.wait_for_line("code 130");
    assert!(!terminal.screen().lines().any(|line| line == "went on"));
}

#[test]
fn the_terminal_is_as_it_was_after_a_command_that_was_killed() {
    let Some(terminal) = Terminal::open() else { return };
    terminal.enter("before=$(stty -g); gipc exec -- sh -c 'stty raw -echo; kill -9 $$'");
    terminal.enter("[ \"$(stty -g)\" = \"$before\" ] && echo as it was");
    terminal.wait_for_line("as it was");
}

#[test]
fn a_live_table_is_drawn_and_the_terminal_is_given_back() {
    let Some(terminal) = Terminal::open() else { return };
    let folder = scratch();
    let long = "long ".repeat(40);
    let toml = format!("name = 'watched'\n[process.a]\nshell = 'echo {long}; exec sleep 1000'");
    std::fs::write(folder.path().join("gipc.toml"), toml).unwrap();
    let _background = Background("watched".to_owned());
    assert_eq!(words("up -d").current_dir(folder.path()).end().code(), 0);
    let modes = "stty -a | cksum";
    let sums = || {
        let screen = terminal.screen();
        let is_sum = |line: &&str| line.split(' ').all(|word| word.parse::<u64>().is_ok());
        screen.lines().filter(is_sum).map(str::to_owned).collect::<Vec<_>>()
    };
    for (keys, told, restarts) in [("q", "0", " 1  "), ("C-c", "130", " 2  ")] {
        terminal.enter("clear");
        terminal.wait_for(|screen| screen.trim() == "$");
        terminal.enter("gipc ps -s watched --watch");
        // One line for each: what is too long for the window is cut.
        terminal.wait_for(|screen| {
            let lines: Vec<_> = screen.lines().collect();
            lines[0].starts_with("NAME")
                && lines[1].starts_with("a.1   running")
                && lines[2].is_empty()
        });
        words("restart -s watched a").end().said("");
        terminal.wait_for(|screen| screen.lines().nth(1).unwrap().contains(restarts));
        terminal.press(&[keys]);
        terminal.wait_for(|screen| screen.trim().ends_with('$'));
        terminal.enter("echo it ended with $?");
        terminal.wait_for(|screen| screen.contains(&format!("it ended with {told}")));
    }
    terminal.enter("clear");
    terminal.wait_for(|screen| screen.trim() == "$");
    terminal.enter(modes);
    terminal.wait_for(|_| sums().len() == 1);
    let before = sums();
    // A signal that ends it leaves no less.
    terminal.enter("gipc ps -s watched --watch");
    terminal.wait_for(|screen| screen.starts_with("NAME"));
    let shell = terminal.tmux(&["display-message", "-p", "#{pane_pid}"]).end();
    let shell = shell.text().trim();
    let children = std::fs::read_to_string(format!("/proc/{shell}/task/{shell}/children"));
    kill(children.unwrap().trim().parse().unwrap(), libc::SIGTERM);
    terminal.wait_for(|screen| screen.contains("Terminated"));
    terminal.enter(modes);
    terminal.wait_for(|_| sums().len() == 2);
    assert_eq!(sums()[1], before[0]);
}

#[test]
fn without_a_terminal_a_live_table_is_text_until_the_session_ends() {
    let mut gipc = words("exec --name plain-watch -- sh -c");
    let mut gipc = gipc.arg("echo ready; exec sleep 1000").begin();
    assert_eq!(gipc.line(), "ready");
    let mut watch = words("ps -s plain-watch --watch").begin();
    for _ in 0..2 {
        assert!(watch.line().starts_with("NAME"));
        assert!(watch.line().starts_with("sh.1  running"));
        assert_eq!(watch.line(), "");
    }
    words("down -s plain-watch").end().said("");
    let ended = watch.end();
    assert_eq!((ended.code(), &*ended.stderr), (0, ""));
    assert!(!ended.text().contains('\x1b'));
    assert_eq!(gipc.end().code(), 0);
}
