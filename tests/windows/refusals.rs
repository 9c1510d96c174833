//! What Windows does not have is refused, with the reason.

use std::fs;

use crate::support::{gipc, run};

#[test]
fn options_are_refused() {
    let all: [(&[&str], &str); 4] = [
        (&["exec", "--isolate", "--", "x"], "--isolate is not available here: Windows has no PID"),
        (&["exec", "--limit", "nofile=10", "--", "x"], "there is no limit `nofile`"),
        (&["exec", "--stop-signal", "HUP", "--", "x"], "there is no signal `HUP`"),
        (
            &["up", "--detach", "-p", "p=x"],
            "--detach is not available here: on Windows gipc runs in",
        ),
    ];
    for (args, why) in all {
        let said = run(&mut gipc(args), "");
        assert_eq!(said.code, 2, "{said:?}");
        assert!(said.stderr.contains(why), "{}", said.stderr);
    }
}

#[test]
fn keys_are_refused_where_they_stand() {
    let keys = [
        ("user = 'nobody'", "`user` is not available here: on Windows a process has the user"),
        ("group = 'nobody'", "`group` is not available here: on Windows a process has the user"),
        ("nice = 5", "`nice` is not available here: Windows has no nice values"),
        ("umask = '077'", "`umask` is not available here: Windows has no file mode"),
        ("limits = { nofile = 10 }", "`limits` is not available here: Windows has no limits"),
        ("ready = 'notify'", "`ready = \"notify\"` is not available here: Windows has no sockets"),
    ];
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gipc.toml");
    for (key, why) in keys {
        fs::write(&file, format!("[process.p]\ncommand = 'x'\n{key}\n")).unwrap();
        let said = run(gipc(["check"]).arg(&file), "");
        assert_eq!(said.code, 2, "{said:?}");
        assert!(said.stderr.contains(why), "{}", said.stderr);
        assert_eq!(said.stderr.matches("error:").count(), 1, "{}", said.stderr);
    }
}
