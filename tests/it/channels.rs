//! Channels between the processes of a topology.

use serde_json::Value;

use crate::support::*;

#[test]
fn each_reader_answers_what_it_is_sent_whatever_the_route() {
    for (route, times) in [("broadcast", 2), ("round-robin", 1), ("key:/k", 1)] {
        let folder = scratch();
        let text = format!(
            "[process.work]\nreplicas = 2\ncommand = ['{CHILD}', 'upper']\n\
             [channel.jobs]\nfrom = '-'\nto = 'work'\nroute = '{route}'\nack = 'reply'\nwindow = 3\n\
             [channel.answers]\nfrom = 'work'\nto = '-'\n"
        );
        std::fs::write(folder.path().join("gipc.toml"), text).unwrap();
        let message = |seq: u32| format!("{{\"k\":{seq}}}\n");
        let input: String = (1..=100).map(message).collect();
        let ended = words("up -q").current_dir(folder.path()).with_input(input);
        let mut answers: Vec<_> = ended.text().lines().collect();
        answers.sort_unstable();
        let expected = (1..=100).map(|seq| message(seq).trim_end().to_uppercase());
        let mut expected: Vec<_> = expected.flat_map(|it| vec![it; times]).collect();
        expected.sort_unstable();
        assert_eq!(answers, expected, "{route}: {ended:?}");
        assert_eq!((ended.code(), ended.stderr.as_str()), (0, ""), "{route}");
    }
}

/// Runs this `gipc.toml` to its end, and shows its report too.
fn up(text: &str, input: &str) -> (Ended, Value) {
    let folder = scratch();
    std::fs::write(folder.path().join("gipc.toml"), text.replace("CHILD", CHILD)).unwrap();
    let report = folder.path().join("report.json");
    let mut gipc = words("up --report report.json");
    let ended = gipc.current_dir(folder.path()).with_input(input);
    let report = serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
    (ended, report)
}

/// The counts of a channel at an instance.
fn counts<'a>(report: &'a Value, instance: &str, channel: &str) -> &'a Value {
    let named = |list: &'a Value, name: &str| {
        let mut list = list.as_array().unwrap().iter();
        list.find(|it| it["name"] == name).unwrap_or_else(|| panic!("no {name}"))
    };
    named(&named(&report["instances"], instance)["channels"], channel)
}

fn sorted(text: &str) -> Vec<u32> {
    let mut numbers: Vec<u32> = text.lines().map(|line| line.parse().unwrap()).collect();
    numbers.sort_unstable();
    numbers
}

/// Our input to `work`, and its answers to our output; `keys` of the process and of the channel in.
fn round_trip(process: &str, channel: &str) -> String {
    format!(
        "[process.work]\ncommand = [\"CHILD\", \"upper\"]\nrestart = \"never\"\n{process}\n\
         [channel.jobs]\nfrom = \"-\"\nto = \"work\"\n{channel}\n\
         [channel.results]\nfrom = \"work\"\nto = \"-\"\n"
    )
}

#[test]
fn several_instances_share_a_queue_and_each_message_comes_once() {
    let (ended, report) = up(&round_trip("replicas = 3", ""), &seq(3000));
    assert_eq!(sorted(ended.text()), (1..=3000).collect::<Vec<_>>());
    assert_eq!(ended.code(), 0, "{ended:?}");
    let taken = ["work.1", "work.2", "work.3"]
        .map(|name| counts(&report, name, "jobs")["messages"].as_u64().unwrap());
    assert_eq!(taken.iter().sum::<u64>(), 3000);
}

#[test]
fn a_busy_reader_of_a_queue_holds_one_message_back_at_the_most() {
    // The first one that work.1 takes keeps it until all others are answered.
    let text = "[process.work]\nreplicas = 2\nrestart = 'never'\nshell = '''\n\
                if [ $GIPC_NAME = work.1 ]; then\n\
                  gipc recv > first; read go < go; gipc send \"$(cat first)\"; fi\n\
                gipc recv --follow | gipc send'''\n\
                [channel.jobs]\nfrom = '-'\nto = 'work'\n\
                [channel.results]\nfrom = 'work'\nto = '-'\n";
    let folder = scratch();
    std::fs::write(folder.path().join("gipc.toml"), text).unwrap();
    let go = folder.path().join("go");
    assert!(command("mkfifo").arg(&go).end().status.success());
    let mut gipc = words("up").current_dir(folder.path()).begin();
    gipc.write(seq(100).as_bytes());
    let answered: Vec<String> = (0..98).map(|_| gipc.line()).collect();
    std::fs::write(&go, "\n").unwrap();
    let ended = gipc.end();
    let all = format!("{}\n{}", answered.join("\n"), ended.text());
    assert_eq!(sorted(&all), (1..=100).collect::<Vec<_>>());
    assert_eq!(ended.code(), 0, "{ended:?}");
}

#[test]
fn a_broadcast_reaches_every_reader_in_order() {
    let (ended, _) = up(&round_trip("replicas = 3", "route = \"broadcast\""), &seq(500));
    let mut expected: Vec<_> = (1..=500).flat_map(|number| [number; 3]).collect();
    expected.sort_unstable();
    assert_eq!(sorted(ended.text()), expected);
}

#[test]
fn round_robin_goes_in_turn() {
    let (_, report) = up(&round_trip("replicas = 4", "route = \"round-robin\""), &seq(402));
    let taken = [1, 2, 3, 4].map(|number| {
        counts(&report, &format!("work.{number}"), "jobs")["messages"].as_u64().unwrap()
    });
    assert_eq!(taken, [101, 101, 100, 100]);
}

#[test]
fn the_same_key_goes_to_the_same_reader() {
    let text = "[process.work]\nreplicas = 3\nrestart = 'never'\n\
                shell = 'gipc recv --follow | sed \"s/^/$GIPC_NAME /\" | gipc send'\n\
                [channel.jobs]\nfrom = '-'\nto = 'work'\nroute = 'key:/user/id'\n\
                [channel.results]\nfrom = 'work'\nto = '-'\n";
    let input: String =
        (0..300).map(|n| format!("{{\"n\":{n},\"user\":{{\"id\":\"u{}\"}}}}\n", n % 17)).collect();
    let input = format!("{input}{{\"user\":3}}\nno json\n");
    let (ended, report) = up(text, &input);
    let mut homes = std::collections::BTreeMap::new();
    let mut last = std::collections::BTreeMap::new();
    for line in ended.text().lines() {
        let (name, message) = line.split_once(' ').unwrap();
        let message: Value = serde_json::from_str(message).unwrap();
        let id = message["user"]["id"].as_str().unwrap().to_owned();
        assert_eq!(homes.entry(id.clone()).or_insert(name), &name, "{id}");
        // Order holds for each key.
        let number = message["n"].as_u64().unwrap();
        assert!(last.insert(id, number).is_none_or(|before| before < number));
    }
    assert_eq!(ended.text().lines().count(), 300);
    assert!(homes.values().collect::<std::collections::BTreeSet<_>>().len() > 1);
    ended.failed(
        1,
        &[
            "channel `jobs`, message 301 from -: it has no value at `/user/id`",
            "channel `jobs`, message 302 from -",
            "it is not JSON",
        ],
    );
    assert_eq!(report["instances"].as_array().unwrap().len(), 3);
}

#[test]
fn a_record_has_the_messages_of_several_writers_by_number_and_in_the_order_of_their_delivery() {
    let text = "[process.gen]\nreplicas = 4\nrestart = 'never'\n\
                shell = 'for i in $(seq 100); do echo $GIPC_NAME $i | gipc send; done'\n\
                [channel.all]\nfrom = 'gen'\nto = '-'\nrecord = 'r.jsonl'\n";
    let folder = scratch();
    std::fs::write(folder.path().join("gipc.toml"), text).unwrap();
    let ended = words("up -q").current_dir(folder.path()).end();
    let record = std::fs::read_to_string(folder.path().join("r.jsonl")).unwrap();
    let record: Vec<Value> =
        record.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(record.len(), 400);
    for (number, (message, line)) in (1_u64..).zip(record.iter().zip(ended.text().lines())) {
        assert_eq!((&message["seq"], &message["text"]), (&number.into(), &line.into()));
    }
}

#[test]
fn several_writers_are_mixed_message_by_message() {
    let text = "[process.gen]\nreplicas = 4\nrestart = 'never'\n\
                shell = 'n=$(echo $GIPC_NAME | tr -dc 0-9); for i in $(seq 50); do head -c 9000 /dev/zero | tr \"\\0\" $n | gipc send -; done'\n\
                [channel.all]\nfrom = 'gen'\nto = '-'\n";
    let (ended, report) = up(text, "");
    let mut count = [0; 5];
    for line in ended.text().lines() {
        assert_eq!(line.len(), 9000);
        assert!(line.bytes().all(|byte| byte == line.as_bytes()[0]));
        count[usize::from(line.as_bytes()[0] - b'0')] += 1;
    }
    assert_eq!(count, [0, 50, 50, 50, 50]);
    assert_eq!(counts(&report, "gen.3", "all")["bytes"], 450_000);
}

#[test]
fn ends_may_have_different_framings_and_ports() {
    let text = "[process.gen]\nshell = 'printf \"one\\ntwo\\n\"'\nrestart = 'never'\n\
                [process.mid]\nshell = 'tr a-z A-Z <&7 >&9'\nrestart = 'never'\n\
                [process.end]\nshell = 'cat'\nrestart = 'never'\n\
                [channel.a]\nfrom = 'gen.stdout'\nto = 'mid.7'\nto_framing = 'nul'\n\
                [channel.b]\nfrom = 'mid.9'\nfrom_framing = 'nul'\nto = 'end.stdin'\n";
    let (ended, _) = up(text, "");
    ended.ended(0, "", "end.1 | ONE\nend.1 | TWO\n");
}

#[test]
fn a_second_channel_gets_the_next_descriptor_and_all_have_their_names() {
    let text = "[process.gen]\nshell = 'gipc send -c a 1; gipc send -c b-c 2'\nrestart = 'never'\n\
                [process.end]\nrestart = 'never'\n\
                shell = 'echo $GIPC_FD_A $GIPC_FD_B_C $GIPC_IN; gipc recv -c b-c; gipc recv'\n\
                [channel.a]\nfrom = 'gen'\nto = 'end'\n[channel.b-c]\nfrom = 'gen'\nto = 'end'\n";
    let (ended, _) = up(text, "");
    ended.ended(0, "", "end.1 | 3 5 3\nend.1 | 2\nend.1 | 1\n");
}

#[test]
fn a_reader_that_has_ended_closes_the_channel_for_its_writer() {
    let text = "[process.gen]\nshell = 'yes'\nrestart = 'never'\n\
                [process.end]\nshell = 'gipc recv'\nrestart = 'never'\n\
                [channel.c]\nfrom = 'gen.stdout'\nto = 'end'\n";
    let (ended, _) = up(text, "");
    ended.failed(128 + libc::SIGPIPE, &["end.1 | y\n", "of its messages", "are lost"]);
}

#[test]
fn what_a_crashed_reader_had_not_read_goes_to_its_next_incarnation() {
    let restarts = "restart = \"always\"\nbackoff = { min = \"0s\", max = \"0s\" }\n\
                    restart_limit = { count = 1000, within = \"1s\" }";
    let text = round_trip(restarts, "").replace("\"never\"", "\"always\"");
    let text = text.replacen("restart = \"always\"\n", "", 1);
    let text = text.replace("\"upper\"", "\"crash-after\", \"7\"");
    let (ended, report) = up(&text, &seq(500));
    assert_eq!(ended.text(), seq(500));
    let restarts = report["instances"][0]["restarts"].as_u64().unwrap();
    assert!(restarts >= 500 / 7, "{restarts}");
}

#[test]
fn a_message_that_kills_its_reader_ends_in_the_dead_letters() {
    let text = "[process.work]\nreplicas = 2\nbackoff = { min = '0s', max = '0s' }\n\
                restart = 'always'\nrestart_limit = { count = 100, within = '10s' }\n\
                shell = '''while m=$(gipc recv); do\n\
                  [ $m != 13 ] || { echo unlucky; kill -9 $$$$; }; gipc send $m; done'''\n\
                [channel.jobs]\nfrom = '-'\nto = 'work'\nack = 'reply'\nretries = 2\n\
                dead_letter = 'dead.jsonl'\n\
                [channel.results]\nfrom = 'work'\nto = '-'\n";
    let folder = scratch();
    std::fs::write(folder.path().join("gipc.toml"), text).unwrap();
    let ended = words("up --report r.json").current_dir(folder.path()).with_input(seq(30));
    assert_eq!(sorted(ended.text()), (1..=30).filter(|n| *n != 13).collect::<Vec<_>>());
    ended.failed(1, &["channel `jobs`, message 13: it ended work.", "after 3 attempts"]);
    let dead = std::fs::read_to_string(folder.path().join("dead.jsonl")).unwrap();
    let dead: Value = serde_json::from_str(&dead).unwrap();
    assert_eq!(dead["text"], "13");
    assert_eq!(dead["seq"], 13);
    assert_eq!(dead["attempts"], 3);
    assert!(dead["reason"].as_str().unwrap().contains("SIGKILL"), "{dead}");
    assert_eq!(dead["last_lines"].as_array().unwrap().last().unwrap(), "unlucky");
    let report: Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("r.json")).unwrap()).unwrap();
    let of = |name, what: &str| counts(&report, name, "jobs")[what].as_u64().unwrap();
    assert_eq!(of("work.1", "dead") + of("work.2", "dead"), 1);
    assert_eq!(of("work.1", "redelivered") + of("work.2", "redelivered"), 2);
}

#[test]
fn a_reader_that_does_not_answer_in_time_is_stopped_and_its_message_sent_again() {
    let text = "[process.work]\nbackoff = { min = '0s', max = '0s' }\nrestart = 'always'\n\
                shell = '''while m=$(gipc recv); do\n\
                  [ $m$GIPC_RESTARTS != 20 ] || sleep 997; gipc send $m; done'''\n\
                [channel.jobs]\nfrom = '-'\nto = 'work'\nack = 'reply'\nmessage_timeout = '200ms'\n\
                [channel.results]\nfrom = 'work'\nto = '-'\n";
    let (ended, _) = up(text, &seq(3));
    ended.failed(0, &["work.1 has not answered in time: stopping it"]);
    assert_eq!(ended.text(), seq(3));
}

#[test]
fn an_answer_that_nobody_asked_for_stops_its_sender() {
    let text = "[process.work]\nbackoff = { min = '0s', max = '0s' }\n\
                shell = 'while m=$(gipc recv); do gipc send $m; gipc send again; done'\n\
                restart = 'never'\n\
                [channel.jobs]\nfrom = '-'\nto = 'work'\nack = 'reply'\n\
                [channel.results]\nfrom = 'work'\nto = '-'\n";
    let (ended, _) = up(text, "one\n");
    ended.failed(
        1,
        &["channel `results` from work.1: it has sent an answer without a message to answer"],
    );
}

#[test]
fn what_does_not_fit_is_dropped_as_it_says_and_counted() {
    for full in ["drop-oldest", "drop-newest"] {
        let text = format!(
            "[process.gen]\nrestart = 'never'\nshell = 'seq -w 200000 | gipc send; touch done'\n\
             [process.end]\nrestart = 'never'\n\
             shell = 'until [ -e done ]; do sleep 0.01; done; gipc recv --follow > got'\n\
             [channel.c]\nfrom = 'gen'\nto = 'end'\nbuffer = '64KiB'\nfull = '{full}'\n"
        );
        let folder = scratch();
        std::fs::write(folder.path().join("gipc.toml"), text).unwrap();
        let ended = words("up --report r.json").current_dir(folder.path()).end();
        assert_eq!(ended.code(), 0, "{ended:?}");
        let report: Value =
            serde_json::from_slice(&std::fs::read(folder.path().join("r.json")).unwrap()).unwrap();
        let sent = counts(&report, "gen.1", "c");
        let dropped = sent["dropped"].as_u64().unwrap();
        let got = std::fs::read_to_string(folder.path().join("got")).unwrap();
        assert!(dropped > 0);
        assert_eq!(sent["messages"], 200_000);
        assert_eq!(got.lines().count() as u64 + dropped, 200_000, "{full}");
        assert_eq!(counts(&report, "end.1", "c")["messages"], got.lines().count(), "{full}");
        assert!(got.starts_with("000001\n"));
        assert_eq!(got.ends_with("200000\n"), full == "drop-oldest");
        assert!(got.lines().is_sorted());
    }
}

#[test]
fn a_reader_that_sleeps_makes_its_writer_wait_in_bounded_memory() {
    let text = "[process.gen]\nrestart = 'never'\nshell = 'yes | gipc send'\n\
                [process.end]\nrestart = 'never'\nshell = 'exec sleep 997'\n\
                [channel.c]\nfrom = 'gen'\nto = 'end'\nbuffer = '1MiB'\n";
    let folder = scratch();
    std::fs::write(folder.path().join("gipc.toml"), text).unwrap();
    let gipc = words("up").current_dir(folder.path()).begin();
    let io = || {
        let children = |pid: i32| {
            std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default()
        };
        let supervisor: i32 = children(gipc.pid()).trim().parse().unwrap_or_default();
        let read = |file: &str, key: &str| {
            let text = std::fs::read_to_string(format!("/proc/{supervisor}/{file}")).ok()?;
            let line = text.lines().find(|line| line.starts_with(key))?.to_owned();
            line.split_whitespace().nth(1)?.parse::<u64>().ok()
        };
        (read("io", "rchar:"), read("status", "VmRSS:"))
    };
    // It has read what fits, and reads no more.
    let why = || words("why gen").current_dir(folder.path()).end();
    eventually(|| why().text().contains("its channel `c` is full: end.1 must read"));
    let (read, memory) = io();
    gipc.signal(libc::SIGTERM);
    gipc.end();
    assert!(read.is_some_and(|read| (1 << 20..8 << 20).contains(&read)), "{read:?}");
    assert!(memory.unwrap() < 20 << 10, "{memory:?} KiB");
}

#[test]
fn processes_and_channels_can_be_typed() {
    let mut gipc = words("up -c -:work -c results=work.stdout:end -c end:- -p");
    let ended = gipc
        .args(["work=gipc recv --follow | tr a-z A-Z", "-p", "end=gipc recv --follow | gipc send"])
        .with_input("one\ntwo\n");
    ended.said("ONE\nTWO\n");
    let ended = words("up -p a=true -c a:nobody").end();
    ended.failed(2, &["there is no process `nobody`", "-p and -c:2:1"]);
    words("up -p a=true -c a").end().failed(2, &["expected [NAME=]FROM[.PORT]:TO[.PORT]"]);
}

#[test]
fn check_prints_who_sends_to_whom() {
    let ended = words("check -p gen=true -p work=true -c gen:work -c work.stdout:-").end();
    let lines: Vec<_> = ended.text().lines().skip(6).collect();
    assert_eq!(
        lines,
        [
            "CHANNEL    FROM         TO      ROUTE",
            "gen-work   gen.4        work.3  direct",
            "work-gipc  work.stdout  -       direct",
        ]
    );
    assert_eq!(ended.code(), 0);
}

#[test]
fn a_process_is_ready_when_it_has_sent_a_message() {
    let text = "[process.a]\nshell = 'read go < go; gipc send ready; exec sleep 997'\nready = 'message'\n\
                [process.b]\nshell = 'echo b; exit 3'\ndepends_on = { a = 'ready' }\nrestart = 'never'\n\
                [process.c]\nshell = 'gipc recv > /dev/null; exec sleep 997'\n\
                [channel.c]\nfrom = 'a'\nto = 'c'\n";
    let folder = scratch();
    std::fs::write(folder.path().join("gipc.toml"), format!("exit = 'b'\n{text}")).unwrap();
    let go = folder.path().join("go");
    assert!(command("mkfifo").arg(&go).end().status.success());
    let gipc = words("up").current_dir(folder.path()).begin();
    std::fs::write(&go, "\n").unwrap();
    let ended = gipc.end();
    ended.failed(3, &["b.1 | b"]);
}

#[test]
fn a_message_is_a_sign_of_life() {
    let text = "[process.a]\nwatchdog = '2s'\nrestart = 'never'\n\
                shell = 'for i in $(seq 12); do gipc send alive; sleep 0.3; done'\n\
                [channel.c]\nfrom = 'a'\nto = '-'\n";
    let (ended, _) = up(text, "");
    ended.said("alive\n".repeat(12));
}

#[test]
fn a_reader_may_have_as_many_unanswered_messages_as_its_window_holds() {
    let text = "[process.work]\nrestart = 'never'\nshell = '''\n\
                a=$(gipc recv); b=$(gipc recv); c=$(gipc recv)\n\
                for reply in $c $b $a; do gipc send $reply; done'''\n\
                [channel.jobs]\nfrom = '-'\nto = 'work'\nack = 'reply'\nwindow = 3\n\
                [channel.results]\nfrom = 'work'\nto = '-'\n";
    let (ended, _) = up(text, &seq(3));
    assert_eq!(ended.text(), "3\n2\n1\n");
    assert_eq!(ended.code(), 0, "{ended:?}");
}

#[test]
fn a_message_that_is_too_long_is_told() {
    let (ended, _) = up(&round_trip("", "max_message = 4"), "four\nlonger\n");
    assert_eq!(ended.text(), "FOUR\n");
    ended.failed(1, &["exceeds the limit of 4 (max_message)", "\"longer\\n\""]);
}

/// `gen` sends numbers and makes `done`; only then, or when there is `go`, `end` begins to read.
fn spilling(channel: &str) -> tempfile::TempDir {
    let text = format!(
        "[process.gen]\nrestart = 'never'\nshell = 'seq {SPILLED} | gipc send; touch done'\n\
         [process.end]\nrestart = 'never'\n\
         shell = 'until [ -e done -o -e go ]; do sleep 0.01; done; gipc recv --follow | cksum'\n\
         [channel.c]\nfrom = 'gen'\nto = 'end'\nbuffer = '64KiB'\nfull = 'spill'\n{channel}\n"
    );
    let folder = scratch();
    std::fs::write(folder.path().join("gipc.toml"), text).unwrap();
    folder
}

/// More than a pipe can hold.
const SPILLED: u32 = 200_000;

/// What `end` says when it has had all, in order.
fn all_of_it() -> String {
    let mut cksum = command("cksum");
    format!("end.1 | {}", cksum.with_input(seq(SPILLED)).text())
}

#[test]
fn what_does_not_fit_waits_in_a_file_and_comes_back_in_order() {
    let folder = spilling("record = 'r.jsonl'");
    let temporary = scratch();
    let mut gipc = words("up --report r.json");
    gipc.env("TMPDIR", temporary.path()).current_dir(folder.path());
    gipc.end().ended(0, "", &all_of_it());
    let report: Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("r.json")).unwrap()).unwrap();
    let sent = counts(&report, "gen.1", "c");
    assert_eq!((&sent["messages"], &sent["dropped"]), (&SPILLED.into(), &0.into()));
    let spilled = sent["spilled"].as_u64().unwrap();
    assert!(spilled > 10_000 && spilled < SPILLED.into(), "{spilled}");
    // The record has each once, by its number.
    let record = std::fs::read_to_string(folder.path().join("r.jsonl")).unwrap();
    assert_eq!(record.lines().count(), SPILLED as usize);
    for (number, line) in (1..).zip(record.lines()) {
        assert!(line.contains(&format!("\"seq\":{number},")), "{line}");
    }
    assert_eq!(std::fs::read_dir(temporary.path()).unwrap().count(), 0);
}

#[test]
fn what_was_spilled_and_is_refused_later_is_told_by_the_exit_code() {
    let text = "[process.gen]\nrestart = 'never'\n\
                shell = \"seq 200000 | gipc send; printf 'a\\\\nb' | gipc send -; touch done\"\n\
                [process.end]\nrestart = 'never'\n\
                shell = 'until [ -e done ]; do sleep 0.01; done; gipc recv --follow | wc -l'\n\
                [channel.c]\nfrom = 'gen'\nto = 'end'\nbuffer = '64KiB'\nfull = 'spill'\n\
                to_framing = 'lines'\n";
    let (ended, report) = up(text, "");
    ended.failed(1, &["end.1 | 200000\n", "channel `c`, message 200001 from gen.1: "]);
    assert_eq!(counts(&report, "gen.1", "c")["refused"], 1);
}

#[test]
fn what_is_spilled_on_its_way_to_our_output_comes_out_before_the_end() {
    let text = "[process.gen]\nrestart = 'never'\nshell = 'seq 50000 | gipc send; touch done'\n\
                [channel.c]\nfrom = 'gen'\nto = '-'\nbuffer = '64KiB'\nfull = 'spill'\n";
    let folder = scratch();
    std::fs::write(folder.path().join("gipc.toml"), text).unwrap();
    let gipc = words("up").current_dir(folder.path()).begin();
    eventually(|| folder.path().join("done").exists());
    gipc.end().said(seq(50_000));
}

#[test]
fn a_full_disk_under_what_is_spilled_is_said_once_and_loses_nothing() {
    let folder = spilling("");
    // Its files can have 256 KiB.
    let script = "trap '' XFSZ; ulimit -f 256; exec gipc up";
    let mut gipc = command("bash").args(["-c", script]).current_dir(folder.path()).begin();
    let said = gipc.stderr_until("cannot spill");
    let why = "gipc: channel `c`: cannot spill: File too large (os error 27); from now on its \
               writers wait\n";
    assert_eq!(said, why);
    assert!(!folder.path().join("done").exists());
    std::fs::write(folder.path().join("go"), "").unwrap();
    gipc.end().ended(0, "", &all_of_it());
}

#[test]
fn who_does_not_read_is_told_by_why_and_by_usr1() {
    // Each writes more than fits before it reads.
    let text = "[process.a]\nrestart = 'never'\nshell = 'head -c 9000000 /dev/zero >&4; exec sleep 996'\n\
                [process.b]\nrestart = 'never'\nshell = 'head -c 9000000 /dev/zero >&4; exec sleep 996'\n\
                [channel.there]\nfrom = 'a'\nto = 'b'\nframing = 'raw'\n\
                [channel.back]\nfrom = 'b'\nto = 'a'\nframing = 'raw'\n";
    let folder = scratch();
    std::fs::write(folder.path().join("gipc.toml"), text).unwrap();
    let mut gipc = words("up").current_dir(folder.path()).begin();
    let why = || words("why a").current_dir(folder.path()).end().text().to_owned();
    eventually(|| why().contains("its channel `there` is full: b.1 must read"));
    eventually(|| {
        let b = words("why b").current_dir(folder.path()).end();
        b.text().contains("its channel `back` is full: a.1 must read")
    });
    gipc.signal(libc::SIGUSR1);
    gipc.stderr_until("its channel `there` is full: b.1 must read");
    gipc.stderr_until("its channel `back` is full: a.1 must read");
    gipc.signal(libc::SIGTERM);
    gipc.signal(libc::SIGTERM);
    gipc.end();
}

#[test]
fn the_message_by_which_a_process_tells_that_it_is_ready_is_no_reply() {
    let text = "[process.work]\nrestart = 'never'\nready = 'message'\nreplicas = 2\nshell = '''\n\
                gipc send hello; while m=$(gipc recv); do gipc send \"<$m>\"; done'''\n\
                [channel.jobs]\nfrom = '-'\nto = 'work'\nack = 'reply'\n\
                [channel.results]\nfrom = 'work'\nto = '-'\n";
    let (ended, report) = up(text, "1\n2\n3\n");
    let mut lines: Vec<_> = ended.text().lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["<1>", "<2>", "<3>"], "{ended:?}");
    assert_eq!(ended.code(), 0, "{ended:?}");
    let sent = ["work.1", "work.2"]
        .map(|name| counts(&report, name, "results")["messages"].as_u64().unwrap());
    assert_eq!(sent.iter().sum::<u64>(), 3);
    // What comes on another channel makes it ready too; then the first reply is one.
    let text = "[process.work]\nrestart = 'never'\nready = 'message'\nshell = '''\n\
                gipc send -c news up; while m=$(gipc recv); do gipc send -c results \"<$m>\"; done'''\n\
                [process.reader]\nrestart = 'never'\nshell = 'gipc recv --follow'\n\
                [channel.jobs]\nfrom = '-'\nto = 'work'\nack = 'reply'\n\
                [channel.results]\nfrom = 'work'\nto = '-'\n\
                [channel.news]\nfrom = 'work'\nto = 'reader'\n";
    let (ended, _) = up(text, "1\n2\n");
    assert_eq!((ended.text(), ended.code()), ("<1>\n<2>\n", 0), "{ended:?}");
    assert!(ended.stderr.contains("| up"), "{ended:?}");
}
