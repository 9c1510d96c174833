//! The examples, as their readers would run them.

use std::path::Path;
use std::process::Command;
use std::sync::Once;

use crate::support::*;

/// Lines that upper-casing changes, and what it makes of them.
fn lines(count: u32) -> (String, String) {
    let lines: String = (1..=count).map(|number| format!("line {number} ö\n")).collect();
    let upper = lines.to_ascii_uppercase();
    (lines, upper)
}

/// Runs a worker on 100,000 messages, an empty one, and one of 1 MiB.
fn upper_cases(options: &str, worker: &[&str]) {
    let (mut input, mut expected) = lines(100_000);
    let large = "x".repeat(1 << 20);
    input.push_str(&format!("\n{large}\n"));
    expected.push_str(&format!("\n{}\n", large.to_uppercase()));
    let mut gipc = words(&format!("run {options} --"));
    gipc.args(worker).with_input(input).said(expected);
}

#[test]
fn python() {
    upper_cases("", &["python3", "examples/upper/upper.py"]);
}

#[test]
fn python_on_stdio() {
    upper_cases("--wire stdio", &["python3", "examples/upper/upper-stdio.py"]);
}

#[test]
fn node() {
    if has("node") {
        upper_cases("", &["node", "examples/upper/upper.js"]);
    }
}

#[test]
fn erlang() {
    if has("escript") {
        upper_cases("", &["escript", "examples/upper/upper.erl"]);
    }
}

#[test]
fn c() {
    static ONCE: Once = Once::new();
    if has("cc") {
        let compile = |file: &Path| {
            let mut cc = command("cc");
            cc.args(["-O2", "-Wall", "-Werror", "-o"]).arg(file).arg("examples/upper/upper.c");
            cc
        };
        upper_cases("", &[compiled("upper-c", compile, &ONCE).to_str().unwrap()]);
    }
}

#[test]
fn rust() {
    static ONCE: Once = Once::new();
    let compile = |file: &Path| {
        let mut rustc: Command = command("rustc");
        rustc.args(["-O", "--edition=2024", "-o"]).arg(file).arg("examples/upper/upper.rs");
        rustc
    };
    upper_cases("", &[compiled("upper-rs", compile, &ONCE).to_str().unwrap()]);
}

#[test]
fn rust_with_the_library() {
    let worker = example("upper");
    upper_cases("", &[worker.to_str().unwrap()]);
    upper_cases("--framing netstring", &[worker.to_str().unwrap()]);
}

#[test]
fn bash_with_lines() {
    upper_cases("--framing lines", &["bash", "examples/upper/upper-lines.sh"]);
}

#[test]
fn bash_with_gipc_recv_and_send() {
    // Two processes for each message: fewer of them.
    let (input, expected) = lines(200);
    let mut gipc = words("run -- bash examples/upper/upper.sh");
    gipc.with_input(input).said(expected);
}

#[test]
fn the_makefile() {
    if !has("make") {
        return;
    }
    let folder = scratch();
    let copy = |from: &str| {
        let ended = command("cp").args(["-r", from]).arg(folder.path()).end();
        assert_eq!(ended.code(), 0, "{ended:?}");
    };
    copy("examples/make");
    copy("examples/upper");
    let make = folder.path().join("make");
    let ended = gipc(["exec", "--", "make", "-j4", "again", "-C"]).arg(&make).end();
    assert_eq!(ended.code(), 0, "{ended:?}");
    let text = std::fs::read_to_string(make.join("out/delta.upper")).unwrap();
    assert!(text.starts_with("DELTA 1\nDELTA 2\n"), "{text}");
    assert_eq!(text.lines().count(), 1000);
}

#[test]
fn the_ci_step() {
    let text = std::fs::read_to_string(root().join("examples/ci/github-step.yml")).unwrap();
    // The folded scalar of the step that runs gipc.
    let step = text.split("run: >\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let folder = scratch();
    std::fs::copy(root().join("examples/upper/upper.py"), folder.path().join("worker.py")).unwrap();
    std::fs::write(folder.path().join("jobs.txt"), "a\nb\n").unwrap();
    let line: Vec<&str> = step.split_whitespace().collect();
    let mut shell = command("sh");
    shell.args(["-c", &line.join(" ")]).current_dir(folder.path()).end().said("");
    let results = std::fs::read_to_string(folder.path().join("results.txt")).unwrap();
    assert_eq!(results, "A\nB\n");
    assert!(folder.path().join("gipc-report.json").exists());
}

/// What an example of `gipc up` has to say.
fn up(folder: &str, input: &str) -> Ended {
    let file = format!("examples/{folder}/gipc.toml");
    gipc(["up", "-q", "-f", &file]).with_input(input)
}

#[test]
fn a_pipeline_of_three_languages() {
    if has("node") {
        up("pipeline", "").said("{\"count\":1000,\"sum\":333833500}\n");
    }
}

#[test]
fn a_ring() {
    up("ring", "").said("a.1\n");
}

#[test]
fn fan_out_by_key() {
    let orders = "{\"customer\":\"ann\",\"sum\":3}\n{\"customer\":\"bob\",\"sum\":4}\n\
                  {\"customer\":\"ann\",\"sum\":5}\n";
    let ended = up("fan-out", orders);
    let of = |customer: &str| -> Vec<&str> {
        ended.text().lines().filter(|line| line.contains(customer)).collect()
    };
    let ann = ["{\"customer\":\"ann\",\"total\":3}", "{\"customer\":\"ann\",\"total\":8}"];
    assert_eq!(of("ann"), ann, "{ended:?}");
    assert_eq!(of("bob"), ["{\"customer\":\"bob\",\"total\":4}"], "{ended:?}");
    assert_eq!((ended.code(), ended.text().lines().count()), (0, 3), "{ended:?}");
}

#[test]
fn a_service_for_whoever_asks() {
    let folder = scratch();
    let gipc = |line: &str| {
        let mut gipc = words(line);
        gipc.env("XDG_RUNTIME_DIR", folder.path());
        gipc
    };
    let session = gipc("up -q -f examples/ask/gipc.toml").begin();
    eventually(|| gipc("wait -s ask --ready").end().status.success());
    gipc("call -s ask work question").end().said("QUESTION\n");
    // The workers see the end of the questions, and end by themselves.
    gipc("down -s ask").end().said("");
    session.end().ended(0, "", "");
}

#[test]
fn a_server_for_the_model_context_protocol() {
    let input = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\
                 \"params\":{\"protocolVersion\":\"2025-06-18\",\"capabilities\":{},\
                 \"clientInfo\":{\"name\":\"test\",\"version\":\"0\"}}}\n\
                 {\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n\
                 {\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/list\"}\n\
                 {\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"tools/call\",\
                 \"params\":{\"name\":\"count\",\"arguments\":{\"text\":\"one two three\"}}}\n";
    let mut gipc = words("run --wire stdio --guard-stdout -- python3 examples/mcp/server.py");
    let ended = gipc.with_input(input);
    // Each line is a message that a client understands.
    let answers: Vec<serde_json::Value> =
        ended.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.iter().map(|it| it["id"].as_u64()).collect::<Vec<_>>(), [1, 2, 3].map(Some));
    assert_eq!(answers[0]["result"]["serverInfo"]["name"], "words");
    assert_eq!(answers[1]["result"]["tools"][0]["name"], "count");
    assert_eq!(answers[2]["result"]["content"][0]["text"], "3");
    ended.failed(0, &["python3.1 prints lines on standard output that are not JSON"]);
    let stray = "the library of words, version 1.0.0\ncounting {'text': 'one two three'}\n";
    assert!(ended.stderr.ends_with(stray), "{ended:?}");
}

#[test]
fn a_language_server() {
    let input = "{\"id\":1,\"method\":\"initialize\"}\n{\"method\":\"initialized\"}\n\
                 {\"id\":2,\"method\":\"textDocument/hover\",\
                 \"params\":{\"position\":{\"line\":4,\"character\":7}}}\n";
    let mut gipc = words("run --wire stdio --framing content-length -- python3");
    let ended = gipc.arg("examples/lsp/server.py").with_input(input);
    assert_eq!((ended.code(), ended.stderr.as_str()), (0, ""));
    let answers: Vec<serde_json::Value> =
        ended.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers[0]["result"]["serverInfo"]["name"], "hover");
    assert_eq!(answers[1]["result"]["contents"]["value"], "line 5, column 8");
    assert_eq!(answers.len(), 2);
}

#[test]
fn scripts_that_were_written_for_fork() {
    if has("node") {
        let squares = (1..=10).map(|number| format!("{number} * {number} = {}", number * number));
        let alone = command("node").arg("examples/fork/parent.js").end();
        assert_eq!(alone.text().lines().collect::<Vec<_>>(), squares.clone().collect::<Vec<_>>());
        let ended = up("fork", "");
        assert_eq!(ended.code(), 0, "{ended:?}");
        for line in squares {
            assert!(ended.stderr.contains(&format!("ask.1    | {line}\n")), "{ended:?}");
        }
    }
}
