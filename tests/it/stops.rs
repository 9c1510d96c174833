//! The order of stops along channels.

use crate::support::*;

/// A source that has a last word, and two that pass it on.
const LINE: &str = "[process.gen]\n\
    shell = '''trap 'gipc send last; exit' TERM\ngipc send first; echo begun; while :; do sleep 0.01; done'''\n\
    [process.mid]\nshell = 'gipc recv --follow | sed -u s/$/./ | gipc send'\n\
    [process.end]\nshell = 'gipc recv --follow >> got; echo end >> got'\n\
    [channel.a]\nfrom = 'gen'\nto = 'mid'\n[channel.b]\nfrom = 'mid'\nto = 'end'\n";

fn begin(text: &str, until: &str) -> (tempfile::TempDir, Running) {
    let folder = scratch();
    std::fs::write(folder.path().join("gipc.toml"), text).unwrap();
    let mut gipc = words("up").current_dir(folder.path()).begin();
    gipc.stderr_until(until);
    (folder, gipc)
}

#[test]
fn writers_are_stopped_first_and_every_reader_has_the_last_message() {
    let (folder, gipc) = begin(LINE, "gen.1 | begun");
    words("down").current_dir(folder.path()).end().said("");
    assert_eq!(gipc.end().code(), 0);
    let got = std::fs::read_to_string(folder.path().join("got")).unwrap();
    assert_eq!(got, "first.\nlast.\nend\n");
}

#[test]
fn a_writer_that_is_not_to_run_any_more_keeps_nobody_waiting() {
    let text = "[process.gen]\nshell = 'exec sleep 997'\n\
        [process.end]\nshell = 'gipc recv --follow; echo end >> got'\n[process.other]\n\
        shell = 'echo begun; exec sleep 997'\n\
        [channel.a]\nfrom = ['gen', '-']\nto = 'end'\n";
    let (folder, gipc) = begin(text, "begun");
    words("stop gen").current_dir(folder.path()).end().said("");
    words("down").current_dir(folder.path()).end().said("");
    // Our own input was open all the time.
    gipc.end().ended(0, "", "");
    assert_eq!(std::fs::read_to_string(folder.path().join("got")).unwrap(), "end\n");
}

#[test]
fn whoever_does_not_mind_the_end_gets_its_stop_signal_after_its_grace() {
    let text = "[process.gen]\nshell = 'exec sleep 997'\n\
        [process.end]\nstop_grace_period = '2s'\n\
        shell = '''trap 'echo asked' TERM; echo begun; gipc recv; echo end; while :; do sleep 0.01; done'''\n\
        [channel.a]\nfrom = 'gen'\nto = 'end'\n";
    let (folder, mut gipc) = begin(text, "begun");
    gipc.signal(libc::SIGTERM);
    gipc.stderr_until("end.1 | end");
    let why = words("why end").current_dir(folder.path()).end();
    let told = "end.1 has all its messages, to end by itself: process ";
    assert!(why.text().starts_with(told), "{why:?}");
    assert!(why.text().contains("has not ended; it gets SIGTERM in "), "{why:?}");
    let seen = gipc.stderr_until("end.1 | asked");
    assert!(!seen.contains("killed"), "{seen}");
    let ended = gipc.end();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&ended.status), Some(libc::SIGTERM));
}

#[test]
fn a_second_signal_kills_whoever_was_to_end_by_itself() {
    let text = "[process.gen]\nshell = 'exec sleep 997'\n\
        [process.end]\nshell = 'echo begun; gipc recv; echo end; exec sleep 997'\n\
        [channel.a]\nfrom = 'gen'\nto = 'end'\n";
    let (_folder, mut gipc) = begin(text, "begun");
    gipc.signal(libc::SIGINT);
    gipc.stderr_until("end.1 | end");
    gipc.signal(libc::SIGINT);
    let ended = gipc.end();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&ended.status), Some(libc::SIGINT));
}
