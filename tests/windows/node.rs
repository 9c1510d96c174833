//! Node processes, by Node's own channel.

use std::fs;
use std::path::PathBuf;

use crate::support::{Said, gipc, has, lines_of, run};

/// Runs a script of Node's on this input.
fn node(options: &[&str], script: &str, input: &str) -> Said {
    run(gipc(["run", "--wire", "node"]).args(options).args(["--", "node", "-e", script]), input)
}

/// Runs this `gipc.toml`, whose scripts are files beside it.
fn up(text: &str, scripts: &[(&str, &str)], input: &str) -> (Said, serde_json::Value) {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| -> PathBuf { folder.path().join(name) };
    fs::write(place("gipc.toml"), text).unwrap();
    for (name, script) in scripts {
        fs::write(place(name), script).unwrap();
    }
    let mut gipc = gipc(["up", "--report", "report.json"]);
    let said = run(gipc.current_dir(folder.path()), input);
    let report = fs::read(place("report.json")).unwrap();
    (said, serde_json::from_slice(&report).unwrap())
}

const DOUBLE: &str = "process.on('message', n => process.send(2 * n))";

/// Each of these numbers, doubled.
fn doubled(numbers: impl Iterator<Item = u32>) -> String {
    lines_of(numbers.map(|number| 2 * number))
}

#[test]
fn a_script_answers_all_messages_and_ends_with_the_last() {
    if has("node") {
        let said = node(&[], DOUBLE, &lines_of(1..=20_000));
        assert_eq!((said.code, &*said.stderr), (0, ""));
        assert!(said.stdout == doubled(1..=20_000));
    }
}

#[test]
fn a_message_is_as_large_as_it_likes() {
    if has("node") {
        let line = format!("\"{}\"\n", "x".repeat(1 << 20));
        let said = node(&[], "process.on('message', m => process.send(m))", &line.repeat(3));
        assert_eq!((said.code, &*said.stderr), (0, ""));
        assert!(said.stdout == line.repeat(3));
    }
}

#[test]
fn answers_that_take_their_time_come_too() {
    if has("node") {
        let script = "process.on('message', async n => {\
                        await new Promise(done => setTimeout(done, 300));\
                        process.send(n); })";
        let said = node(&[], script, &lines_of(1..=3));
        assert_eq!((said.code, said.stdout), (0, lines_of(1..=3)), "{}", said.stderr);
    }
}

#[test]
fn a_script_that_only_sends_ends_when_it_wants_to() {
    if has("node") {
        let script = "let n = 0; const all = setInterval(() => {\
                        process.send(++n); if (n == 3) clearInterval(all); }, 10)";
        let said = node(&["--input", "none"], script, "");
        assert_eq!((said.code, said.stdout), (0, lines_of(1..=3)), "{}", said.stderr);
    }
}

#[test]
fn a_handle_is_refused_and_its_sender_goes_on() {
    if has("node") {
        // What tells of the socket comes with the message, and is taken out.
        let script = "const send = () => {\
                        const server = require('net').createServer();\
                        server.listen(0, '127.0.0.1', () => {\
                          process.send({my: 'server'}, server);\
                          process.send('after', () => { server.close(); process.disconnect(); });\
                        }) };\
                      if (process.env.GIPC_IN) process.once('message', send); else send()";
        for options in [&["--input", "none"][..], &[]] {
            let said = node(options, script, "1\n");
            assert_eq!((said.code, &*said.stdout), (1, "\"after\"\n"), "{}", said.stderr);
            assert!(said.stderr.contains("has sent a handle (net.Server)"), "{}", said.stderr);
        }
    }
}

#[test]
fn two_scripts_that_know_nothing_of_gipc_talk_to_each_other() {
    if !has("node") {
        return;
    }
    let text = "[process.ask]\ncommand = 'node ask.js'\nrestart = 'never'\n\
                [process.double]\ncommand = 'node double.js'\nrestart = 'never'\n\
                [channel.questions]\nfrom = 'ask.node'\nto = 'double.node'\n\
                [channel.answers]\nfrom = 'double.node'\nto = 'ask.node'\n";
    let ask = "let next = 1;\n\
               process.on('message', n => {\n\
                 if (n !== 2 * next) throw new Error(`${n} came in place of ${2 * next}`);\n\
                 if (next++ === 10000) process.disconnect();\n\
               });\n\
               process.on('disconnect', () => console.log(`${next - 1} answers`));\n\
               for (let n = 1; n <= 10000; n++) process.send(n);\n";
    let (said, report) = up(text, &[("ask.js", ask), ("double.js", DOUBLE)], "");
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.stderr.contains("ask.1    | 10000 answers"), "{}", said.stderr);
    let counts = report["instances"].as_array().unwrap().iter().flat_map(|instance| {
        let channels = instance["channels"].as_array().unwrap().iter();
        channels.map(|channel| channel["messages"].as_u64().unwrap())
    });
    assert_eq!(counts.collect::<Vec<_>>(), [10_000; 4], "{report}");
}

#[test]
fn instances_of_a_node_process_share_a_queue() {
    if !has("node") {
        return;
    }
    let text = "[process.work]\ncommand = 'node double.js'\nreplicas = 2\nrestart = 'never'\n\
                [channel.in]\nfrom = '-'\nto = 'work.node'\n\
                [channel.out]\nfrom = 'work.node'\nto = '-'\n";
    let (said, report) = up(text, &[("double.js", DOUBLE)], &lines_of(1..=1000));
    let mut numbers: Vec<u32> = said.stdout.lines().map(|line| line.parse().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=1000).map(|number| 2 * number).collect::<Vec<_>>(), "{said:?}");
    for instance in report["instances"].as_array().unwrap() {
        assert!(instance["channels"][0]["messages"].as_u64().unwrap() > 0, "{report}");
    }
}

#[test]
fn what_a_dead_script_has_not_read_goes_to_the_next() {
    if !has("node") {
        return;
    }
    // It reads, but a little: what is large stays in the pipe.
    let script = "process.once('message', m => {\
                    require('fs').writeSync(1, `${m.n}\\n`); process.kill(process.pid, 'SIGKILL') })";
    let text = "[process.work]\ncommand = 'node work.js'\nrestart = 'always'\n\
                restart_limit = { count = 1000, within = '1h' }\n\
                backoff = { min = '1ms', max = '1ms' }\n\
                [channel.in]\nfrom = '-'\nto = 'work.node'\n";
    let filler = "x".repeat(300_000);
    let input: String =
        (1..=8).map(|n| format!("{{\"n\":{n},\"filler\":\"{filler}\"}}\n")).collect();
    let (said, report) = up(text, &[("work.js", script)], &input);
    let numbers: Vec<u32> = said.stderr.lines().filter_map(|line| line.parse().ok()).collect();
    assert!(numbers.is_sorted(), "{numbers:?}");
    assert_eq!(numbers.last(), Some(&8), "{said:?}");
    let redelivered = report["instances"][0]["channels"][0]["redelivered"].as_u64().unwrap();
    assert!(redelivered > 0, "{report}");
}
