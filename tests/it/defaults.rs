//! The options of `gipc up` that count for processes whose description says nothing itself.

use std::fs;

use crate::support::*;

/// `gipc up` with these options, in a folder with this gipc.toml.
fn up(folder: &tempfile::TempDir, options: &str, toml: &str) -> std::process::Command {
    fs::write(folder.path().join("gipc.toml"), toml).unwrap();
    let mut gipc = words(&format!("up {options}"));
    gipc.current_dir(folder.path());
    gipc
}

/// The lines without the names before them, in the order of the alphabet.
fn lines(ended: &Ended) -> Vec<&str> {
    let mut lines: Vec<_> =
        ended.stderr.lines().map(|line| line.split_once("| ").map_or(line, |it| it.1)).collect();
    lines.sort_unstable();
    lines
}

#[test]
fn the_environment_comes_before_that_of_the_file() {
    let folder = scratch();
    fs::write(folder.path().join("outer"), "A=outer\nB=outer\nC=outer\nD=outer\n").unwrap();
    fs::write(folder.path().join("inner"), "C=inner\n").unwrap();
    let toml = "[defaults]\nenv_file = 'inner'\n\
                [process.one]\nshell = 'echo $A $B $C $D'\nenvironment = { D = 'own' }\n";
    let ended = up(&folder, "--env-file outer -e B=typed -e C=typed -e D=typed", toml).end();
    ended.ended(0, "", "outer typed inner own\n");
    up(&folder, "--env-file none", toml).end().failed(2, &["the environment file `none`"]);
}

#[test]
fn the_environment_can_be_empty_before() {
    let folder = scratch();
    let toml = "[process.one]\ncommand = '/usr/bin/env'\nenvironment = { A = '1' }\n";
    let mut gipc = up(&folder, "--clear-env -e B=2", toml);
    let ended = gipc.env("LEFT_OUT", "x").end();
    let names: Vec<_> = lines(&ended).iter().map(|it| it.split('=').next().unwrap()).collect();
    assert_eq!(names, ["A", "B", "GIPC_NAME", "GIPC_RESTARTS", "GIPC_SOCKET", "PYTHONUNBUFFERED"]);
}

#[test]
fn the_directory_is_that_of_who_has_none() {
    let (folder, other) = (scratch(), scratch());
    let other = other.path().canonicalize().unwrap();
    let toml = "[process.a]\ncommand = 'pwd'\n[process.b]\ncommand = 'pwd'\nworking_dir = '/'\n";
    let ended = up(&folder, &format!("-C {}", other.display()), toml).end();
    assert_eq!(lines(&ended), ["/", other.to_str().unwrap()], "{ended:?}");
    // It begins where gipc was started, and not at the file.
    fs::create_dir(folder.path().join("sub")).unwrap();
    fs::write(folder.path().join("sub/it.toml"), "[process.a]\ncommand = 'pwd'\n").unwrap();
    let mut gipc = words("up -f sub/it.toml -C .");
    let here = folder.path().canonicalize().unwrap();
    gipc.current_dir(folder.path()).end().ended(0, "", &format!("{}\n", here.display()));
}

#[test]
fn processes_are_stopped_as_options_say_unless_they_say_otherwise() {
    let folder = scratch();
    let toml = "exit = 'starter'\n\
                [process.a]\nready = 'log:up'\n\
                shell = 'trap \"echo a INT; exit\" INT; trap \"echo a TERM; exit\" TERM; echo up; while :; do sleep 0.01; done'\n\
                [process.b]\nready = 'log:up'\nstop_signal = 'TERM'\n\
                shell = 'trap \"echo b INT; exit\" INT; trap \"echo b TERM; exit\" TERM; echo up; while :; do sleep 0.01; done'\n\
                [process.starter]\ncommand = 'true'\nrestart = 'never'\ndepends_on = { a = 'ready', b = 'ready' }\n";
    let ended = up(&folder, "-q --stop-signal INT", toml).end();
    // The shell may tell besides how a sleep has ended.
    let said: Vec<_> = lines(&ended).into_iter().filter(|line| line.contains(' ')).collect();
    assert_eq!(said, ["a INT", "b TERM"], "{ended:?}");
    let toml = "exit = 'starter'\n\
                [process.a]\nready = 'log:up'\nshell = 'trap \"\" TERM; echo up; while :; do sleep 998; done'\n\
                [process.starter]\ncommand = 'true'\nrestart = 'never'\ndepends_on = { a = 'ready' }\n";
    // In place of ten seconds.
    let started = std::time::Instant::now();
    up(&folder, "-q --grace 50ms", toml).end().failed(0, &["up"]);
    assert!(started.elapsed().as_secs() < 9, "{:?}", started.elapsed());
}

#[test]
fn processes_are_restarted_as_options_say_unless_they_say_otherwise() {
    let folder = scratch();
    let toml = "[process.a]\nshell = 'echo a; exit 3'\n\
                [process.b]\nshell = 'echo b; exit 3'\nrestart = 'never'\n";
    let count = |ended: &Ended, name: &str| lines(ended).iter().filter(|it| **it == name).count();
    let options = "--restart always --max-restarts 2/10s --backoff 0s..0s";
    let ended = up(&folder, options, toml).end();
    assert_eq!((count(&ended, "a"), count(&ended, "b")), (3, 1), "{ended:?}");
    let ended = up(&folder, "--restart never", toml).end();
    assert_eq!((count(&ended, "a"), count(&ended, "b")), (1, 1), "{ended:?}");
    // The same in the environment, and the defaults of the file count more.
    let toml = format!("[defaults]\nrestart_limit = {{ count = 1 }}\n{toml}");
    let mut gipc = up(&folder, options, &toml);
    let ended = gipc.env("GIPC_RESTART", "never").end();
    assert_eq!((count(&ended, "a"), count(&ended, "b")), (2, 1), "{ended:?}");
    // Who is typed, and a Procfile, which otherwise starts nothing again.
    let ended = words(&format!("up {options} -p")).arg("a=echo a; exit 3").end();
    assert_eq!(count(&ended, "a"), 3, "{ended:?}");
    let folder = scratch();
    fs::write(folder.path().join("Procfile"), "a: echo a; exit 3\n").unwrap();
    let ended = words(&format!("up {options}")).current_dir(folder.path()).end();
    assert_eq!(count(&ended, "a"), 3, "{ended:?}");
    let ended = words("up").current_dir(folder.path()).end();
    assert_eq!(count(&ended, "a"), 1, "{ended:?}");
}

#[test]
fn the_first_port_of_a_procfile_can_be_an_option() {
    let folder = scratch();
    fs::write(folder.path().join("Procfile"), "a: echo $PORT\nb: sleep 0.1; echo $PORT\n").unwrap();
    let ended = words("up -e PORT=7000").current_dir(folder.path()).end();
    assert!(ended.stderr.contains("a.1 | 7000"), "{ended:?}");
}

#[test]
fn readiness_is_as_options_say_unless_processes_say_otherwise() {
    let folder = scratch();
    let toml = "exit = 'after'\n\
                [process.a]\nshell = '[ -e go ] && echo up; read x < fifo'\n\
                [process.before]\nshell = 'echo > go'\nready = 'delay:0s'\n\
                [process.after]\ncommand = 'echo after'\ndepends_on = { before = 'completed', a = 'ready' }\n\
                restart = 'never'\nready = 'delay:0s'\n";
    assert!(command("mkfifo").arg(folder.path().join("fifo")).end().status.success());
    fs::write(folder.path().join("go"), "").unwrap();
    let ended = up(&folder, "--ready log:^up$", toml).end();
    ended.failed(0, &["| up\n", "| after\n"]);
    fs::remove_file(folder.path().join("go")).unwrap();
    let toml = toml.replace("echo > go", "true");
    let options = "--ready log:^up$ --ready-timeout 50ms --restart never";
    up(&folder, options, &toml).end().failed(1, &["a.1 was not ready within 50ms"]);
    // All that the file may say.
    let toml = "[process.a]\nshell = 'echo > made; read x < fifo'\n\
                [process.b]\nshell = 'echo b > fifo'\ndepends_on = { a = 'ready' }\nready = 'delay:0s'\n";
    up(&folder, "--ready file:made", toml).end().ended(0, "", "");
    let ended = up(&folder, "--ready soon", toml).end();
    ended.failed(
        2,
        &["invalid value 'soon' for '--ready <CONDITION>'", "`soon` is not a condition"],
    );
    let ended = up(&folder, "--grace 1s --ready message", toml).end();
    let mistake = "error: `a` cannot become ready by a message: there is no channel `from` it\n \
                   --> options:2:1";
    ended.failed(2, &[mistake, "--ready message"]);
}

#[test]
fn limits_are_laid_under_those_of_the_file() {
    let folder = scratch();
    let toml = "[defaults]\nlimits = { core = 0 }\n\
                [process.a]\nshell = 'echo $(ulimit -n) $(ulimit -c)'\n\
                [process.b]\nshell = 'echo $(ulimit -n) $(ulimit -c)'\nlimits = { nofile = 88 }\n";
    let ended = up(&folder, "--limit nofile=77 --limit core=1024", toml).end();
    assert_eq!(lines(&ended), ["77 0", "88 0"], "{ended:?}");
}

#[test]
fn all_channels_are_recorded_that_have_no_record_of_their_own() {
    let folder = scratch();
    let toml = "[process.gen]\nshell = 'gipc send -c a one; gipc send -c b two'\n\
                [process.sink]\nshell = 'gipc recv -c a; gipc recv -c b'\n\
                [channel.a]\nfrom = 'gen'\nto = 'sink'\n\
                [channel.b]\nfrom = 'gen'\nto = 'sink'\nrecord = 'own'\n";
    assert_eq!(up(&folder, "--record all.jsonl", toml).end().code(), 0);
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    let (all, own) = (read("all.jsonl"), read("own"));
    assert!(all.lines().count() == 1 && all.contains("\"one\""), "{all}");
    assert!(own.lines().count() == 1 && own.contains("\"two\""), "{own}");
    let toml = "[process.gen]\ncommand = 'true'\n";
    let warning = "gipc: --record: there is no channel to be recorded\n";
    up(&folder, "--record all.jsonl", toml).end().ended(0, "", warning);
}

#[test]
fn a_session_keeps_to_its_options_when_its_file_is_read_again() {
    let folder = scratch();
    let toml = "name = 'keeps-its-options'\n\
                [process.a]\nshell = 'echo first $A; exec sleep 998'\n";
    let mut session = up(&folder, "-e A=1", toml).begin();
    session.stderr_until("first 1");
    fs::write(folder.path().join("gipc.toml"), toml.replace("first", "second")).unwrap();
    let reload = words("reload").current_dir(folder.path()).end();
    assert_eq!(reload.code(), 0, "{reload:?}");
    session.stderr_until("second 1");
    session.signal(libc::SIGTERM);
    session.end();
}
