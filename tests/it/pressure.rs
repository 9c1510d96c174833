//! A reader that does not keep up, and what may happen to the processes around it meanwhile.

use std::fs;

use serde_json::Value;

use crate::sessions::Session;
use crate::support::*;

/// One that numbers what it sends, without an end; a reader that begins when there is a file `go`; and
/// one that is started again whenever there is a file `end`.
const STUCK: &str = r#"
[process.gen]
restart = "never"
stop_grace_period = "100ms"
command = ["python3", "-c", """
import itertools, os
restarts = os.environ['GIPC_RESTARTS']
print('gen', restarts, flush=True)
for n in itertools.count():
    os.write(4, b'%s %090d\\n' % (restarts.encode(), n))
"""]
[process.work]
shell = "echo open; until [ -e go ]; do sleep 0.02; done; exec cat <&3 > got"
[process.other]
restart = "always"
backoff = { min = "0s", max = "0s" }
shell = "echo other $GIPC_RESTARTS; until [ -e end ]; do sleep 0.02; done; rm end"
[channel.jobs]
from = "gen"
to = "work"
framing = "lines"
buffer = "64KiB"
dead_letter = "dead"
"#;

/// Such a session, once the writer has to wait.
fn stuck(toml: &str) -> Session {
    let session = Session::up(toml, "open");
    is_full(&session, "gen", "work.1");
    session
}

fn is_full(session: &Session, writer: &str, reader: &str) {
    let why = || session.gipc(&format!("why {writer}")).end();
    eventually(|| why().text().contains(&format!("is full: {reader} must read")));
}

/// How many messages passed at this end of a channel, and how many of them nobody has.
fn counts(report: &Value, instance: usize, channel: usize) -> [u64; 2] {
    let counts = &report["instances"][instance]["channels"][channel];
    ["messages", "unread"].map(|what| counts[what].as_u64().unwrap())
}

/// The session goes on with its work.
fn works(session: &mut Session) {
    fs::write(session.path("end"), "").unwrap();
    session.gipc.stderr_until("other 1");
    assert_eq!(session.gipc("ps").end().code(), 0);
}

/// All that was sent was read, in order, or is a dead letter; those are counted.
fn loses_nothing(session: Session) {
    let (ended, report, folder) = session.end();
    assert_eq!(ended.code(), 0, "{}", ended.stderr);
    let read = |name| fs::read_to_string(folder.path().join(name)).unwrap_or_default();
    let (got, dead) = (read("got"), read("dead").lines().count() as u64);
    let ([sent, lost], [_, unread]) = (counts(&report, 0, 0), counts(&report, 1, 0));
    assert_eq!((dead, sent), (lost + unread, got.lines().count() as u64 + dead));
    let numbers = |line: &str| -> (u64, u64) {
        let (restarts, number) = line.split_once(' ').unwrap();
        (restarts.parse().unwrap(), number.parse().unwrap())
    };
    let mut next = (0, 0);
    for line in got.lines().map(numbers) {
        assert!(line == next || line == (next.0 + 1, 0), "{line:?} in place of {next:?}");
        next = (line.0, line.1 + 1);
    }
}

#[test]
fn a_writer_that_is_stopped_leaves_what_it_has_sent() {
    let mut session = stuck(STUCK);
    session.gipc("stop gen").end().said("");
    works(&mut session);
    fs::write(session.path("go"), "").unwrap();
    loses_nothing(session);
}

#[test]
fn a_writer_that_is_restarted_goes_on_behind_what_it_has_sent() {
    let mut session = stuck(STUCK);
    session.gipc("restart gen").end().said("");
    session.gipc.stderr_until("gen 1");
    works(&mut session);
    fs::write(session.path("go"), "").unwrap();
    // It has its turn.
    eventually(|| session.written("got").contains("\n1 "));
    loses_nothing(session);
}

#[test]
fn what_a_reader_never_reads_is_counted_whole() {
    for line in ["stop gen", "restart gen", "stop work"] {
        let mut session = stuck(
            &STUCK
                .replace("shell = \"echo open", "stop_grace_period = '100ms'\nshell = \"echo open"),
        );
        session.gipc(line).end().said("");
        works(&mut session);
        loses_nothing(session);
    }
}

#[test]
fn a_reader_that_is_scaled_away_is_settled_though_its_own_reader_does_not_keep_up() {
    let between = "[process.between]\nstop_grace_period = '100ms'\nshell = 'exec cat <&3 >&4'\n\
                   [channel.first]\nfrom = 'gen'\nto = 'between'\nframing = 'lines'\ndead_letter = 'dead'\n";
    let toml = STUCK.replace("from = \"gen\"", "from = \"between\"");
    let mut session = Session::up(&format!("{toml}{between}"), "open");
    is_full(&session, "gen", "between.1");
    session.gipc("scale between=0").end().said("");
    works(&mut session);
    let (ended, report, folder) = session.end();
    assert_eq!(ended.code(), 0, "{}", ended.stderr);
    let dead = fs::read_to_string(folder.path().join("dead")).unwrap();
    let of_first = dead.lines().filter(|line| line.contains("\"first\"")).count() as u64;
    // In the order of the description: gen, work, other, between.
    let ([sent, lost], [given, unread], [passed, _]) =
        (counts(&report, 0, 0), counts(&report, 3, 0), counts(&report, 3, 1));
    assert_eq!((of_first, sent), (lost + unread, given + lost));
    // What is missing it had in hand: `cat` reads 128 KiB at once.
    assert!((0..=(256 << 10) / 93).contains(&(given - unread - passed)), "{report}");
}

#[test]
fn a_reader_is_joined_by_another_while_it_waits_to_be_started_again() {
    let toml = r#"
        [process.gen]
        shell = "seq 20 >&4; echo sent; exec sleep 1000"
        [process.work]
        restart = "always"
        backoff = { min = "1s", max = "1s" }
        shell = "[ $GIPC_RESTARTS = 1 ] || [ $GIPC_NAME = work.2 ] || { read x <&3; exit 3; }; exec cat <&3 >> got"
        [channel.jobs]
        from = "gen"
        to = "work"
        framing = "lines"
    "#;
    let mut session = Session::up(toml, "work.1 ended: exit code 3");
    session.gipc("scale work=2").end().said("");
    session.gipc.stderr_until("started work.1 again");
    eventually(|| session.written("got").lines().count() == 19);
    let (ended, report) = session.down();
    assert_eq!(ended.code(), 0, "{}", ended.stderr);
    let counts = |instance: usize, what: &str| -> u64 {
        report["instances"][instance]["channels"][0][what].as_u64().unwrap()
    };
    assert_eq!(counts(1, "messages") + counts(2, "messages"), 20);
    assert_eq!(counts(1, "redelivered") + counts(2, "redelivered"), 19);
}
