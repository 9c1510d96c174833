//! Python processes, as `gipc-wire(7)` has them on Windows.

use crate::support::{gipc, has, lines_of, run};

/// What `gipc-wire(7)` shows.
const PIPE: &str = "\
import os
from multiprocessing.connection import Connection
class Pipe(Connection):
    def _close(self): os.close(self._handle)
    def _send(self, data): super()._send(data, os.write)
    def _recv(self, size): return super()._recv(size, os.read)
";

const ECHO: &str = "
source, sink = Pipe(3, writable=False), Pipe(4, readable=False)
try:
    while True:
        sink.send_bytes(source.recv_bytes().upper())
except EOFError:
    pass
";

#[test]
fn the_manual_has_what_these_scripts_use() {
    let manual = include_str!("../../man/gipc-wire.7").replace("\r\n", "\n");
    assert!(manual.contains(PIPE));
}

#[test]
fn a_worker_uses_pythons_connections() {
    if has("python") {
        let lines = lines_of((0..20_000).map(|number| format!("line {number}")));
        let script = format!("{PIPE}{ECHO}");
        let said = run(&mut gipc(["run", "--", "python", "-c", &script]), &lines);
        assert_eq!((said.code, &*said.stderr), (0, ""));
        assert!(said.stdout == lines.to_uppercase());
        // One that is larger than a pipe is, and one of nothing.
        let lines = format!("{}\n\nlast\n", "x".repeat(3 << 20));
        let said = run(&mut gipc(["run", "--", "python", "-c", &script]), &lines);
        assert_eq!((said.code, &*said.stderr), (0, ""));
        assert!(said.stdout == lines.to_uppercase());
    }
}

#[test]
fn two_workers_pass_on_what_only_python_can_read() {
    if has("python") {
        let first = format!(
            "{PIPE}\nsink = Pipe(4, readable=False)\n\
             for number in range(1000): sink.send({{'number': number}})"
        );
        let second = format!(
            "{PIPE}\nsource, sink = Pipe(3, writable=False), Pipe(4, readable=False)\ntotal = 0\n\
             try:\n    while True: total += source.recv()['number']\nexcept EOFError: pass\n\
             sink.send_bytes(str(total).encode())"
        );
        let stages = ["python", "-c", &first, ":::", "python", "-c", &second];
        let said = run(gipc(["pipe", "--input", "none", "--"]).args(stages), "");
        assert_eq!((said.code, &*said.stdout), (0, "499500\n"), "{}", said.stderr);
    }
}

#[test]
fn a_pool_of_scripts_that_know_nothing_of_gipc_answers_all() {
    if has("python") {
        let script = "import sys\nfor line in sys.stdin: print(line.strip().upper())";
        let lines = lines_of((0..500).map(|number| format!("line {number}")));
        let options = ["pool", "-j2", "--wire", "stdio", "--keep-order", "--"];
        let said = run(gipc(options).args(["python", "-c", script]), &lines);
        assert_eq!((said.code, &*said.stderr), (0, ""));
        assert_eq!(said.stdout, lines.to_uppercase());
    }
}
