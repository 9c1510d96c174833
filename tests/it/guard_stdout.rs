//! `--guard-stdout`: lines of standard output that are no messages.

use serde_json::Value;

use crate::support::*;

/// A worker that prints this.
fn printing(options: &str, lines: &str) -> Ended {
    let folder = scratch();
    let file = folder.path().join("lines");
    std::fs::write(&file, lines).unwrap();
    let mut gipc = words(&format!("run --wire stdio --input none {options} -- cat"));
    gipc.arg(&file).end()
}

/// What is said once where there are such lines.
fn warning(channel: &str, from: &str) -> String {
    format!(
        "channel `{channel}`: {from} prints lines on standard output that are not JSON: they are not \
         messages and go here\n"
    )
}

#[test]
fn what_is_not_json_goes_to_standard_error_and_the_rest_is_messages() {
    let folder = scratch();
    let report = folder.path().join("report.json");
    let options = format!("--guard-stdout --report {}", report.display());
    let lines =
        "loading the model\n{\"n\":1}\n\n{'n': 2}\n[2]\n{\"n\":3} trailing\n\"4\"\nno newline";
    let ended = printing(&options, lines);
    let stderr = format!(
        "gipc: {}loading the model\n\n{{'n': 2}}\n{{\"n\":3}} trailing\nno newline\n",
        warning("out", "cat.1")
    );
    ended.ended(0, "{\"n\":1}\n[2]\n\"4\"\n", &stderr);
    let report: Value = serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
    let out = &report["instances"][0]["channels"][0];
    assert_eq!(
        (&out["stray"], &out["messages"], &out["refused"]),
        (&5.into(), &3.into(), &0.into())
    );
}

#[test]
fn where_all_are_messages_nothing_is_said() {
    let lines: String = (0..100_000).map(|n| format!("{{\"n\":{n}}}\n")).collect();
    printing("--guard-stdout", &lines).said(lines);
}

#[test]
fn many_and_large_lines_come_whole() {
    let line = "x".repeat(3 << 20);
    let lines: String = (0..20_000).map(|n| format!("{n} is logged\n{n}\n")).collect();
    let ended = printing("-q --guard-stdout --output u32", &format!("{line}\n{lines}"));
    let logged: String = (0..20_000).map(|n| format!("{n} is logged\n")).collect();
    assert_eq!(ended.code(), 0);
    assert!(ended.stderr.ends_with(&format!("{line}\n{logged}")));
    assert_eq!(ended.stdout.len(), (0..20_000).map(|n| 4 + n.to_string().len()).sum::<usize>());
}

#[test]
fn a_pool_and_a_pipe_have_their_answers_guarded() {
    let worker = "while read -r n; do echo \"got $n\"; echo $((n * 2)); done";
    let mut pool = words("pool -q -j2 --keep-order --wire stdio --guard-stdout -- bash -c");
    let ended = pool.arg(worker).with_input(seq(100));
    assert_eq!(ended.text(), (1..=100).map(|n| format!("{}\n", 2 * n)).collect::<String>());
    assert_eq!((ended.code(), ended.stderr.matches("got ").count()), (0, 100), "{ended:?}");
    let mut pipe = words("pipe --wire stdio --guard-stdout -- bash -c");
    let ended = pipe.args([worker, ":::", "bash", "-c", worker]).with_input("1\n2\n");
    assert_eq!(ended.text(), "4\n8\n");
    let stderr: Vec<_> = ended.stderr.lines().collect();
    for line in ["bash.1   | got 1", "bash.1   | got 2", "bash-2.1 | got 2", "bash-2.1 | got 4"] {
        assert!(stderr.contains(&line), "{ended:?}");
    }
    assert!(ended.stderr.contains(&warning("bash-bash-2", "bash.1")), "{ended:?}");
    assert!(ended.stderr.contains(&warning("out", "bash-2.1")), "{ended:?}");
}

#[test]
fn in_a_topology_they_are_log_lines_and_can_tell_readiness() {
    let folder = scratch();
    let text = "[process.server]\n\
                shell = 'echo listening; echo 7; read -r message; echo \"{$message}\"; echo bye'\n\
                ready = 'log:^listening$'\nlog = 'server.log'\nguard_stdout = true\n\
                [process.client]\ncommand = 'gipc send \"\\\"n\\\":1\"'\n\
                depends_on = { server = 'ready' }\n\
                [channel.jobs]\nfrom = 'client'\nto = 'server.stdin'\n\
                [channel.out]\nfrom = 'server.stdout'\nto = '-'\n";
    std::fs::write(folder.path().join("gipc.toml"), text).unwrap();
    let ended = words("up -q").current_dir(folder.path()).end();
    assert_eq!((ended.code(), ended.text()), (0, "7\n{\"n\":1}\n"), "{ended:?}");
    assert!(ended.stderr.ends_with("server.1 | listening\nserver.1 | bye\n"), "{ended:?}");
    let log = std::fs::read_to_string(folder.path().join("server.log")).unwrap();
    assert_eq!(log, "listening\nbye\n");
}

#[test]
fn where_there_is_nothing_to_guard_that_is_said() {
    for (options, words) in [
        ("", "`--guard-stdout` is for messages on standard output, as with `--wire stdio`"),
        ("--wire node", "`--guard-stdout` is for messages on standard output"),
        ("--wire stdio --framing u32", "does not go with `--framing u32`"),
        ("--wire stdio --framing json-seq", "does not go with `--framing json-seq`"),
        ("--wire stdio --output none", "there are no messages that `--guard-stdout` could guard"),
    ] {
        for command in ["run", "pipe", "pool --ack read", "replay x"] {
            let line = format!("{command} --guard-stdout {options} -- true");
            crate::support::words(&line).end().failed(2, &[words]);
        }
    }
}
