//! `listen_fds = true`: channels as `sd_listen_fds(3)` tells of them.

use crate::support::*;

/// What `sd_listen_fds_with_names(3)` does, with the answers of the C library's own where it is there;
/// then the worker, which finds its channels by it and nothing else.
const WORKER: &str = r#"
import ctypes, os, stat, sys
from multiprocessing.connection import Connection

if os.environ["LISTEN_PID"] != str(os.getpid()):
    sys.exit(f"LISTEN_PID is {os.environ['LISTEN_PID']}, and this is {os.getpid()}")
count = int(os.environ["LISTEN_FDS"])
names = os.environ["LISTEN_FDNAMES"].split(":")
if count != len(names):
    sys.exit(f"{count} descriptors, and the names {names}")
for fd in range(3, 3 + count):
    if not stat.S_ISFIFO(os.fstat(fd).st_mode):
        sys.exit(f"{fd} is no pipe")
try:
    told = ctypes.CDLL("libsystemd.so.0").sd_listen_fds(0)
except OSError:
    told = count
if told != count:
    sys.exit(f"sd_listen_fds tells {told}")
at = {name: 3 + place for place, name in enumerate(names)}
jobs, results = Connection(at["jobs"], writable=False), Connection(at["results"], readable=False)
print("found", *names, file=sys.stderr)
try:
    while True:
        results.send_bytes(b"<" + jobs.recv_bytes() + b">")
except EOFError:
    pass
"#;

/// `gipc up`, with this in place of the worker's keys and the ends of the channels.
fn up(keys: &str, from: &str, to: &str) -> Ended {
    let folder = scratch();
    let text = format!(
        "[process.work]\nrestart = 'never'\nlisten_fds = true\n{keys}\n\
         [channel.results]\nfrom = '{from}'\nto = '-'\n[channel.jobs]\nfrom = '-'\nto = '{to}'\n"
    );
    std::fs::write(folder.path().join("gipc.toml"), text).unwrap();
    std::fs::write(folder.path().join("worker.py"), WORKER).unwrap();
    words("up -q").current_dir(folder.path()).with_input("a\nb\n")
}

#[test]
fn a_worker_finds_its_channels_by_their_names() {
    let answers = "<a>\n<b>\n";
    let command = "command = 'python3 worker.py'";
    up(command, "work", "work").ended(0, answers, "found jobs results\n");
    // By their numbers, and not by which way they go.
    up(command, "work.3", "work.4").ended(0, answers, "found results jobs\n");
    let shell = "shell = 'true; exec python3 worker.py'";
    up(shell, "work", "work").ended(0, answers, "found jobs results\n");
}

#[test]
fn every_incarnation_has_the_pid_of_its_own() {
    let folder = scratch();
    let text = "[process.work]\nreplicas = 3\nrestart = 'always'\nlisten_fds = true\n\
                backoff = { min = '0s', max = '0s' }\nrestart_limit = { count = 7, within = '1h' }\n\
                shell = 'test $LISTEN_PID = $$$$ && echo right; exit 1'\n\
                [channel.out]\nfrom = 'work.3'\nto = '-'\n";
    std::fs::write(folder.path().join("gipc.toml"), text).unwrap();
    let ended = words("up -q").current_dir(folder.path()).end();
    assert_eq!(ended.stderr.matches("right\n").count(), 3 * 8, "{ended:?}");
}

#[test]
fn those_of_gipc_itself_are_not_passed_on() {
    let script = "env | grep -c LISTEN_ || true";
    let mut gipc = words("run --input none --wire stdio -- sh -c");
    gipc.arg(script).env("LISTEN_PID", "1").env("LISTEN_FDS", "2").env("LISTEN_FDNAMES", "a:b");
    gipc.end().said("0\n");
}
