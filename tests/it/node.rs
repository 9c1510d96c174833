//! Node processes, with the socket of `process.send`.

use serde_json::Value;

use crate::support::*;

/// Runs a script of Node's on this input.
fn node(options: &str, script: &str, input: &str) -> Ended {
    words(&format!("run --wire node {options} -- node -e")).arg(script).with_input(input)
}

/// Runs this `gipc.toml`, whose scripts are files beside it, and shows its report too.
fn up(text: &str, scripts: &[(&str, &str)], input: &str) -> (Ended, Value) {
    let folder = scratch();
    std::fs::write(folder.path().join("gipc.toml"), text).unwrap();
    for (name, script) in scripts {
        std::fs::write(folder.path().join(name), script).unwrap();
    }
    let mut gipc = words("up --report report.json");
    let ended = gipc.current_dir(folder.path()).with_input(input);
    let report = std::fs::read(folder.path().join("report.json")).unwrap();
    (ended, serde_json::from_slice(&report).unwrap())
}

/// The counts of the first channel of this name that an instance has.
fn count(report: &Value, instance: &str, channel: &str, what: &str) -> u64 {
    let mut instances = report["instances"].as_array().unwrap().iter();
    let instance = instances.find(|it| it["name"] == instance).unwrap();
    let mut channels = instance["channels"].as_array().unwrap().iter();
    channels.find(|it| it["name"] == channel).unwrap()[what].as_u64().unwrap()
}

const DOUBLE: &str = "process.on('message', n => process.send(2 * n))";

#[test]
fn a_script_answers_all_messages_and_ends_with_the_last() {
    if has("node") {
        let doubled: String = (1..=100_000).map(|number| format!("{}\n", 2 * number)).collect();
        node("", DOUBLE, &seq(100_000)).said(doubled);
    }
}

#[test]
fn answers_that_take_their_time_come_too() {
    if has("node") {
        let script = "process.on('message', async n => {\
                        await new Promise(done => setTimeout(done, 300));\
                        process.send(n); })";
        node("", script, &seq(3)).said(seq(3));
    }
}

#[test]
fn a_script_that_answers_nothing_ends_all_the_same() {
    if has("node") {
        node("", "process.on('message', () => {})", &seq(3)).said("");
        node("--output none", "process.on('message', n => console.error(n))", &seq(2))
            .ended(0, "", "1\n2\n");
    }
}

#[test]
fn a_script_that_only_sends_ends_when_it_wants_to() {
    if has("node") {
        let script = "let n = 0; const all = setInterval(() => {\
                        process.send(++n); if (n == 3) clearInterval(all); }, 10)";
        node("--input none", script, "").said(seq(3));
    }
}

#[test]
fn what_is_not_json_is_refused_by_its_number() {
    if has("node") {
        let input = "1\nno json\n\n{\"cmd\":\"NODE_HANDLE_ACK\"}\n4\n";
        let ended = node("", DOUBLE, input);
        ended.failed(
            1,
            &[
                "channel `in`, message 2 from -: a `node` port accepts only JSON: expected ident",
                "channel `in`, message 3 from -: a `node` port accepts only JSON: EOF while parsing",
                "channel `in`, message 4 from -: a `node` port accepts no message whose `cmd` begins \
                 with `NODE_`",
            ],
        );
        assert_eq!(ended.text(), "2\n8\n");
    }
}

#[test]
fn nodes_own_messages_enter_no_channel() {
    if has("node") {
        let script = "process.send({cmd: 'NODE_PRIVATE'}); process.send({cmd: 'start'})";
        node("--input none", script, "").said("{\"cmd\":\"start\"}\n");
    }
}

#[test]
fn a_handle_is_refused_and_its_sender_goes_on() {
    if has("node") {
        // With a channel in, by which the refusal comes among the messages, and without.
        let server = "const send = () => {\
                        const server = require('net').createServer();\
                        server.listen(0, '127.0.0.1', () => {\
                          process.send({my: 'server'}, server);\
                          process.send('after', () => { server.close(); process.disconnect(); });\
                        }) };\
                      if (process.env.GIPC_IN) process.once('message', send); else send()";
        for options in ["--input none", ""] {
            let ended = node(options, server, "1\n");
            ended.failed(1, &["node.1 has sent a handle (net.Server), which cannot be passed on"]);
            assert_eq!(ended.text(), "\"after\"\n", "{ended:?}");
        }
        // Node tries again with sockets.
        let socket = "const net = require('net');\
                      const server = net.createServer(one => {\
                        process.send({my: 'socket'}, one);\
                        process.send('after', () => { server.close(); process.disconnect(); });\
                      });\
                      server.listen(0, '127.0.0.1', () => net.connect(server.address().port))";
        let ended = node("--input none", socket, "");
        ended.failed(1, &["node.1 has sent a handle (net.Socket)", "SentHandleNotReceivedWarning"]);
        assert_eq!(ended.stderr.matches("has sent a handle").count(), 1, "{ended:?}");
        assert_eq!(ended.text(), "\"after\"\n");
    }
}

#[test]
fn a_message_that_its_sender_has_cut_off_is_truncated() {
    if has("node") {
        let script = "process.send('whole'); process.send('x'.repeat(1 << 20)); process.exit(0)";
        let ended = node("--input none", script, "");
        ended.failed(1, &["channel `out`, truncated message from node.1: a `lines` frame was cut"]);
        assert_eq!(ended.text(), "\"whole\"\n");
    }
}

#[test]
fn node_python_and_bash_pass_messages_on() {
    if !has("node") {
        return;
    }
    let text = "[process.first]\ncommand = 'node first.js'\nrestart = 'never'\n\
                [process.second]\ncommand = 'python3 second.py'\nrestart = 'never'\n\
                [process.third]\ncommand = 'bash third.sh'\nrestart = 'never'\n\
                [process.fourth]\ncommand = 'node first.js'\nrestart = 'never'\n\
                [channel.a]\nfrom = '-'\nto = 'first.node'\n\
                [channel.b]\nfrom = 'first.node'\nto = 'second'\n\
                [channel.c]\nfrom = 'second'\nto = 'third.stdin'\n\
                [channel.d]\nfrom = 'third.stdout'\nto = 'fourth.node'\n\
                [channel.e]\nfrom = 'fourth.node'\nto = '-'\n";
    let scripts = [
        ("first.js", "process.on('message', m => process.send({n: m.n + 1}))"),
        (
            "second.py",
            "import json\nfrom multiprocessing.connection import Connection\n\
             source, sink = Connection(3, writable=False), Connection(4, readable=False)\n\
             try:\n    while True:\n        m = json.loads(source.recv_bytes())\n\
             \x20       sink.send_bytes(json.dumps({'n': m['n'] * 2}).encode())\n\
             except EOFError:\n    pass\n",
        ),
        ("third.sh", "while read -r m; do echo \"$m\"; done"),
    ];
    let input: String = (0..100_000).map(|n| format!("{{\"n\":{n}}}\n")).collect();
    let expected: String =
        (0..100_000).map(|n| format!("{{\"n\":{}}}\n", 2 * (n + 1) + 1)).collect();
    let (ended, _) = up(text, &scripts, &input);
    ended.said(expected);
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
    // As for a child of `fork`: all at once, each answer in its turn, and then the end.
    let ask = "let next = 1;\n\
               process.on('message', n => {\n\
                 if (n !== 2 * next) throw new Error(`${n} came in place of ${2 * next}`);\n\
                 if (next++ === 100000) process.disconnect();\n\
               });\n\
               process.on('disconnect', () => console.log(`${next - 1} answers`));\n\
               for (let n = 1; n <= 100000; n++) process.send(n);\n";
    let (ended, report) = up(text, &[("ask.js", ask), ("double.js", DOUBLE)], "");
    ended.failed(0, &["ask.1    | 100000 answers\n"]);
    for (instance, channel) in [
        ("ask.1", "questions"),
        ("double.1", "questions"),
        ("double.1", "answers"),
        ("ask.1", "answers"),
    ] {
        assert_eq!(count(&report, instance, channel, "messages"), 100_000, "{instance} {channel}");
    }
}

#[test]
fn all_that_a_script_sends_arrives_however_it_ends() {
    if !has("node") {
        return;
    }
    let text = "[process.send]\ncommand = 'node send.js'\nrestart = 'never'\n\
                [process.take]\ncommand = 'node take.js'\nrestart = 'never'\n\
                [channel.numbers]\nfrom = 'send.node'\nto = 'take.node'\n";
    let take = "let sum = 0; process.on('message', n => sum += n);\
                process.on('disconnect', () => console.log(`sum ${sum}`))";
    for end in ["process.send(100000)", "process.send(100000, () => process.disconnect())"] {
        let send = format!("for (let n = 1; n < 100000; n++) process.send(n); {end}");
        let (ended, report) = up(text, &[("send.js", &send), ("take.js", take)], "");
        ended.failed(0, &["take.1 | sum 5000050000\n"]);
        assert_eq!(count(&report, "take.1", "numbers", "messages"), 100_000);
    }
}

#[test]
fn instances_of_a_node_process_share_a_queue() {
    if !has("node") {
        return;
    }
    let text = "[process.work]\ncommand = 'node double.js'\nreplicas = 3\nrestart = 'never'\n\
                [channel.in]\nfrom = '-'\nto = 'work.node'\n\
                [channel.out]\nfrom = 'work.node'\nto = '-'\n";
    let (ended, report) = up(text, &[("double.js", DOUBLE)], &seq(3000));
    let mut numbers: Vec<u32> = ended.text().lines().map(|line| line.parse().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=3000).map(|number| 2 * number).collect::<Vec<_>>(), "{ended:?}");
    let work = ["work.1", "work.2", "work.3"].map(|it| count(&report, it, "in", "messages"));
    assert_eq!(work.iter().sum::<u64>(), 3000);
    assert!(work.iter().all(|count| *count > 0), "{work:?}");
}

#[test]
fn what_a_dead_script_has_not_answered_goes_to_the_next() {
    if !has("node") {
        return;
    }
    let script = "let left = 50; process.on('message', n => {\
                    if (left-- == 0) process.kill(process.pid, 'SIGKILL');\
                    process.send(n); })";
    let text = "[process.work]\ncommand = 'node work.js'\nrestart = 'always'\n\
                restart_limit = { count = 100, within = '1h' }\n\
                backoff = { min = '1ms', max = '1ms' }\n\
                [channel.in]\nfrom = '-'\nto = 'work.node'\nack = 'reply'\nwindow = 8\n\
                [channel.out]\nfrom = 'work.node'\nto = '-'\n";
    let (ended, report) = up(text, &[("work.js", script)], &seq(500));
    let mut numbers: Vec<u32> = ended.text().lines().map(|line| line.parse().unwrap()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers, (1..=500).collect::<Vec<_>>(), "{ended:?}");
    assert!(count(&report, "work.1", "in", "redelivered") > 0);
}

#[test]
fn what_a_dead_script_has_not_read_goes_to_the_next() {
    if !has("node") {
        return;
    }
    // It reads, but a little: what is large stays in the socket.
    let script = "process.once('message', m => {\
                    process.send(m.n); process.kill(process.pid, 'SIGKILL'); })";
    let text = "[process.work]\ncommand = 'node work.js'\nrestart = 'always'\n\
                restart_limit = { count = 1000, within = '1h' }\n\
                backoff = { min = '1ms', max = '1ms' }\n\
                [channel.in]\nfrom = '-'\nto = 'work.node'\n\
                [channel.out]\nfrom = 'work.node'\nto = '-'\n";
    let filler = "x".repeat(300_000);
    let input: String =
        (1..=20).map(|n| format!("{{\"n\":{n},\"filler\":\"{filler}\"}}\n")).collect();
    let (ended, report) = up(text, &[("work.js", script)], &input);
    let numbers: Vec<u32> = ended.text().lines().map(|line| line.parse().unwrap()).collect();
    assert!(numbers.is_sorted(), "{numbers:?}");
    assert_eq!(numbers.last(), Some(&20), "{ended:?}");
    let redelivered = count(&report, "work.1", "in", "redelivered");
    assert!(redelivered > 0, "{report}");
}

#[test]
fn a_stale_socket_of_our_own_parent_is_not_passed_on() {
    let show = |options: &str| {
        let mut gipc = words(&format!("run {options} --"));
        gipc.args([CHILD, "show"]).env("NODE_CHANNEL_FD", "17").end().stderr
    };
    assert!(!show("").contains("NODE_CHANNEL"));
    let seen = show("--wire node");
    assert!(seen.contains("env NODE_CHANNEL_FD=3\n"), "{seen}");
    assert!(seen.contains("env NODE_CHANNEL_SERIALIZATION_MODE=json\n"), "{seen}");
    assert!(seen.contains("fds [0, 1, 2, 3]\n"), "{seen}");
    assert!(seen.contains("env GIPC_IN=3\n") && seen.contains("env GIPC_OUT=3\n"), "{seen}");
}

#[test]
fn bun_and_deno_do_as_node_does() {
    let runtimes = [("bun", &["-e"][..]), ("deno", &["eval"])];
    for (program, arguments) in runtimes {
        if is_installed(program) {
            let doubled: String = (1..=10_000).map(|number| format!("{}\n", 2 * number)).collect();
            let mut gipc = words("run --wire node --");
            gipc.arg(program).args(arguments).arg(DOUBLE).with_input(seq(10_000)).said(doubled);
        }
    }
}

#[test]
fn the_node_wire_has_lines_of_json() {
    words("run --wire node --framing u32 -- true").end().failed(2, &["lines of JSON"]);
    words("run --wire node --ready fd:3 -- true").end().failed(2, &["as in `--ready fd:5`"]);
}

#[test]
fn a_worker_that_shuts_its_socket_down_is_waited_for_and_costs_nothing() {
    if !has("python3") {
        return;
    }
    let script = "import os, socket, sys\n\
                  channel = socket.socket(fileno=int(os.environ['NODE_CHANNEL_FD']))\n\
                  channel.shutdown(socket.SHUT_RDWR)\n\
                  print('shut', file=sys.stderr, flush=True)\n\
                  open(sys.argv[1]).read()\n";
    let folder = scratch();
    let go = folder.path().join("go");
    assert!(command("mkfifo").arg(&go).end().status.success());
    let name = format!("shut-{}", std::process::id());
    let mut gipc = words(&format!("run --wire node --name {name} -- python3 -c"));
    let mut gipc = gipc.arg(script).arg(&go).begin();
    gipc.stderr_until("shut");
    gipc.write(b"1\n2\n");
    drop(gipc.0.stdin.take());
    let ps = || words(&format!("ps -s {name}")).end();
    eventually(|| ps().text().contains("in: 2 messages"));
    let supervisor = children(gipc.pid())[0];
    let ticks = || {
        let stat = std::fs::read_to_string(format!("/proc/{supervisor}/stat")).unwrap();
        let fields = stat.rsplit(')').next().unwrap().split_whitespace().skip(11).take(2);
        fields.map(|ticks| ticks.parse::<u64>().unwrap()).sum::<u64>()
    };
    let before = ticks();
    std::thread::sleep(std::time::Duration::from_millis(500)); // idle is measured over a span: 50 ticks
    let used = ticks() - before;
    assert!(used < 10, "{used}");
    std::fs::write(&go, "").unwrap();
    gipc.end().failed(0, &["ended without reading 2 of its messages"]);
}
