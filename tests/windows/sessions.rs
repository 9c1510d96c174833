//! Sessions: found by name, asked, controlled, ended.

use std::fs;
use std::io::{BufRead, BufReader};

use crate::support::{CHILD, end, gipc, run};

#[test]
fn a_session_is_asked_and_controlled_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gipc.toml");
    let child = std::path::absolute(CHILD).unwrap();
    let child = child.display();
    let text = format!(
        "[process.one]\ncommand = ['{child}', 'hang']\n\
         [process.job]\ncommand = ['{child}', 'args', 'done']\n"
    );
    fs::write(&file, text).unwrap();
    let name = format!("test-{}", std::process::id());
    let mut up = gipc(["up", "-v", "--name", &name, "-f"]).arg(&file).spawn().unwrap();
    // It says so once it listens.
    let mut stderr = BufReader::new(up.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("started one.1") {
        line.clear();
        assert_ne!(stderr.read_line(&mut line).unwrap(), 0, "it has ended");
    }
    let ask = |args: &[&str]| run(gipc(args).args(["-s", &name]), "");

    assert_eq!(ask(&["wait", "--timeout", "60s", "job"]).code, 0);
    let table = ask(&["ps"]).stdout;
    assert!(table.contains("one.1  running") && table.contains("job.1  ended"), "{table}");
    let logs = ask(&["logs", "job"]).stdout;
    assert!(logs.contains("[\"done\"]"), "{logs}");
    assert_eq!(ask(&["restart", "one"]).code, 0);
    let table = ask(&["ps", "--json", "one"]).stdout;
    assert!(table.contains("\"restarts\": 1"), "{table}");
    assert_eq!(ask(&["scale", "job=2"]).code, 0);
    assert_eq!(ask(&["wait", "--timeout", "50ms", "one"]).code, 124);

    let second = run(gipc(["up", "--name", &name, "-f"]).arg(&file), "");
    assert_eq!(second.code, 125);
    let pid = up.id();
    assert!(second.stderr.contains(&format!("is already running, as process {pid}")), "{second:?}");

    assert_eq!(ask(&["down"]).code, 0);
    up.stderr = Some(stderr.into_inner());
    end(up);
    let gone = ask(&["ps"]);
    assert!(gone.stderr.contains(&format!("no session `{name}` is running")), "{gone:?}");
}
