//! Descriptions as values: what every key comes to.

use std::path::{Path, PathBuf};
use std::time::Duration;

use gipc::process::Signal;
use gipc::spawn::{ChildFd, Limit};

use std::ffi::OsString;

use super::*;
use crate::plan::rules::{self, Backoff, Restart, RestartLimit};
use crate::plan::topology::*;

/// The text, as the file at this path.
fn file(path: &str, text: &str) -> Result<Topology, String> {
    let variable = |name: &str| match name {
        "HOME" => Some("/home/me".into()),
        "MODE" => Some("always".into()),
        _ => None,
    };
    let folder = Path::new(path).parent().unwrap().to_owned();
    let name = "folder".to_owned();
    let surroundings = Surroundings { folder, name, dir: None, variable: &variable };
    understand(Some(Path::new(path)), text.to_owned(), CommandLine::default(), &surroundings)
        .map_err(|mistakes| mistakes.to_string())
}

/// The only process of `gipc.toml` with these keys.
#[track_caller]
fn process(keys: &str) -> Process {
    let text = format!("[process.p]\ncommand = \"true\"\n{keys}");
    file("gipc.toml", &text).unwrap().processes.remove(0)
}

fn env(process: &Process) -> Vec<String> {
    let pair = |(name, value): &(OsString, Option<OsString>)| {
        format!("{}={}", name.to_string_lossy(), value.as_ref().unwrap().to_string_lossy())
    };
    process.env.iter().map(pair).collect()
}

#[test]
fn the_defaults_are_those_of_the_manual() {
    let topology = file("gipc.toml", "[process.p]\ncommand = 'true'").unwrap();
    assert_eq!(topology.name, "folder");
    assert_eq!(topology.exit, ExitRule::All);
    assert_eq!(topology.strategy, Strategy::OneForOne);
    let process = &topology.processes[0];
    assert_eq!(process.name, "p");
    assert_eq!(process.argv, ["true"]);
    assert_eq!(process.dir, None);
    assert_eq!(process.replicas, 1);
    assert_eq!(process.rules.restart, Restart::OnFailure);
    let (ms, s) = (Duration::from_millis, Duration::from_secs);
    assert_eq!(process.rules.backoff, Backoff { min: ms(100), max: s(30) });
    assert_eq!(process.rules.limit, RestartLimit { count: 5, within: s(10) });
    assert_eq!(process.rules.stop_signal, Some(Signal::TERM));
    assert_eq!(process.rules.grace, s(10));
    assert_eq!(process.rules.timeout, None);
    assert_eq!(process.rules.readiness, rules::Readiness::Immediate);
    assert_eq!(process.rules.success_codes, [0]);
    assert!(process.ready.is_none() && process.health.is_none() && process.log.is_none());
    assert!(process.env.is_empty() && process.limits.is_empty());
}

#[test]
fn the_defaults_are_those_of_the_schema() {
    let schema: serde_json::Value = serde_json::from_str(&schema()).unwrap();
    // JSON's strings, numbers and arrays are TOML's as well.
    let lines = |of: &str, left_out: &[&str], prefix: &str| -> String {
        let keys = schema.pointer(&format!("/$defs/{of}/properties")).unwrap().as_object().unwrap();
        let keys = keys.iter().filter(|(key, _)| !left_out.contains(&&***key));
        keys.filter_map(|(key, of)| Some(format!("{prefix}{key} = {}\n", of.get("default")?)))
            .collect()
    };
    let text = |lines: &dyn Fn(&str, &[&str], &str) -> String| {
        format!(
            "[channel.c]\nfrom = 'p'\nto = 'p'\nack = 'reply'\n{}[channel.d]\nfrom = 'p'\n\
             to = '-'\n[process.p]\ncommand = 'true'\nlog = 'l'\nready = 'message'\n\
             healthcheck.test = 'file:f'\n{}{}{}{}",
            lines("Channel", &["ack"], ""),
            lines("Process", &[], ""),
            lines("Backoff", &[], "backoff."),
            lines("RestartLimit", &[], "restart_limit."),
            lines("HealthCheck", &[], "healthcheck."),
        )
    };
    let all = text(&lines);
    for key in
        ["stop_grace_period", "ready_timeout", "backoff.min", "healthcheck.timeout", "buffer"]
    {
        assert!(all.contains(&format!("{key} = ")), "{all}");
    }
    let (said, unsaid) = (file("gipc.toml", &all).unwrap(), text(&|_, _, _| String::new()));
    let unsaid = file("gipc.toml", &unsaid).unwrap();
    assert_eq!(said.processes, unsaid.processes);
    assert_eq!(said.channels, unsaid.channels);
}

#[test]
fn a_command_is_a_line_or_an_array_or_for_the_shell() {
    let argv = |keys: &str| {
        file("gipc.toml", &format!("[process.p]\n{keys}")).unwrap().processes.remove(0).argv
    };
    assert_eq!(argv("command = \"a 'b c'\""), ["a", "b c"]);
    assert_eq!(argv("command = ['a', 'b c', '']"), ["a", "b c", ""]);
    assert_eq!(argv("command = ['${HOME}/x']"), ["/home/me/x"]);
    assert_eq!(argv("shell = 'a | b $1 $$x'"), ["/bin/sh", "-c", "a | b $1 $x"]);
}

#[test]
fn paths_begin_at_the_folder_of_the_file() {
    let text = "[process.p]\ncommand = 'true'\nworking_dir = 'w'\nlog = 'l'\nready = 'file:f'\n\
                [process.q]\ncommand = 'true'\nhealthcheck = { test = 'file:f' }";
    let topology = file("/a/gipc.toml", text).unwrap();
    let [p, q] = &topology.processes[..] else { panic!() };
    assert_eq!(p.dir.as_deref(), Some(Path::new("/a/w")));
    assert_eq!(p.log.as_ref().unwrap().path, Path::new("/a/l"));
    let of = |path: &str| Probe::File(PathBuf::from(path));
    assert!(matches!(&p.ready, Some(Readiness::Probe(probe)) if *probe == of("/a/w/f")));
    assert_eq!(q.dir.as_deref(), Some(Path::new("/a")));
    assert_eq!(q.health.as_ref().unwrap().test, of("/a/f"));
    assert_eq!(process("working_dir = '/x'").dir.as_deref(), Some(Path::new("/x")));
}

#[test]
fn environments_are_laid_over_each_other() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("one.env"), "A=file\nB='of file'\n").unwrap();
    std::fs::write(folder.path().join("two.env"), "C=two\n").unwrap();
    let path = folder.path().join("gipc.toml").to_str().unwrap().to_owned();
    let text = "[defaults]\nenv_file = 'one.env'\nenvironment = { A = 'default', D = 1 }\n\
                [process.p]\ncommand = 'true'\nenvironment = { A = '${HOME}', E = true, F = 1.0 }\n\
                [process.q]\ncommand = 'true'\nenv_file = ['one.env', 'two.env']\n";
    let topology = file(&path, text).unwrap();
    let of_p = ["A=file", "B=of file", "D=1", "A=/home/me", "E=true", "F=1.0"];
    assert_eq!(env(&topology.processes[0]), of_p);
    let of_q = ["A=file", "B=of file", "C=two", "A=default", "D=1"];
    assert_eq!(env(&topology.processes[1]), of_q);
    let error = file(&path, "[process.p]\ncommand = 'true'\nenv_file = 'x'").unwrap_err();
    assert!(error.contains("environment file") && error.contains("3:12"), "{error}");
}

#[test]
fn whom_a_process_waits_for() {
    let text = "[process.a]\ncommand = 'true'\ndepends_on = ['d', 'b']\n\
                [process.b]\ncommand = 'true'\n\
                depends_on = { d = 'ready', c = 'completed', e = 'completed_successfully', \
                f = 'started' }\n\
                [process.c]\ncommand = 'true'\n[process.d]\ncommand = 'true'\n\
                [process.e]\ncommand = 'true'\n[process.f]\ncommand = 'true'\n";
    let topology = file("gipc.toml", text).unwrap();
    let of = |place: usize| {
        let dependencies = topology.processes[place].depends_on.iter();
        dependencies.map(|it| (it.on.0, it.until)).collect::<Vec<_>>()
    };
    assert_eq!(of(0), [(3, Milestone::Started), (1, Milestone::Started)]);
    assert_eq!(
        of(1),
        [
            (3, Milestone::Ready),
            (2, Milestone::Completed),
            (4, Milestone::CompletedSuccessfully),
            (5, Milestone::Started),
        ]
    );
    let order: Vec<_> = topology.start_order().into_iter().map(|id| id.0).collect();
    assert_eq!(order, [2, 3, 4, 5, 1, 0]);
}

#[test]
fn how_a_process_is_restarted_and_ended() {
    let s = Duration::from_secs;
    for (text, restart) in [
        ("never", Restart::Never),
        ("on-failure", Restart::OnFailure),
        ("always", Restart::Always),
        ("${MODE}", Restart::Always),
        ("${NONE:-never}", Restart::Never),
    ] {
        assert_eq!(process(&format!("restart = '{text}'")).rules.restart, restart);
    }
    let backoff = |keys: &str| process(keys).rules.backoff;
    assert_eq!(backoff("backoff = { min = '1s', max = '2m' }"), Backoff { min: s(1), max: s(120) });
    assert_eq!(backoff("backoff = { min = '1m' }"), Backoff { min: s(60), max: s(60) });
    assert_eq!(
        backoff("backoff = { max = '1ms' }"),
        Backoff { min: Duration::from_millis(1), max: Duration::from_millis(1) }
    );
    let limit = |keys: &str| process(keys).rules.limit;
    assert_eq!(limit("restart_limit = { count = 0 }"), RestartLimit { count: 0, within: s(10) });
    assert_eq!(limit("restart_limit.within = '1h'"), RestartLimit { count: 5, within: s(3600) });
    let codes = process("success_codes = [0, 3, '255']").rules.success_codes;
    assert_eq!(codes, [0, 3, 255]);
    assert_eq!(process("timeout = '1h'").rules.timeout, Some(s(3600)));
    for text in ["'INT'", "'SIGINT'", "2", "'2'"] {
        let rules = process(&format!("stop_signal = {text}")).rules;
        assert_eq!(rules.stop_signal, Some(Signal::INT));
    }
    assert_eq!(process("stop_grace_period = '0s'").rules.grace, s(0));
}

#[test]
fn when_a_process_is_ready_and_well() {
    let s = Duration::from_secs;
    let ready = |keys: &str| {
        let process = process(keys);
        (process.rules.readiness, process.ready)
    };
    let (when, told) = ready("ready = 'delay:2s'");
    assert!(when == rules::Readiness::After(s(2)) && told.is_none());
    let (when, told) = ready("ready = 'fd:5'\nready_timeout = '1m'");
    assert_eq!(when, rules::Readiness::Told { timeout: s(60) });
    assert!(matches!(told, Some(Readiness::Fd(fd)) if fd == ChildFd::new(5)));
    let (when, told) = ready("ready = 'notify'");
    assert_eq!(when, rules::Readiness::Told { timeout: s(30) });
    assert!(matches!(told, Some(Readiness::Notify)));
    assert!(
        matches!(ready("ready = 'log:up$'").1, Some(Readiness::Log(it)) if it.as_str() == "up$")
    );
    let health = |keys: &str| process(keys).health.unwrap();
    assert_eq!(
        health(
            "healthcheck = { test = 'exec:./ok.sh', interval = '1m', timeout = '2s', retries = 7 }"
        ),
        HealthCheck {
            test: Probe::Exec("./ok.sh".to_owned()),
            interval: s(60),
            timeout: s(2),
            retries: 7,
        }
    );
    let HealthCheck { interval, timeout, retries, .. } = health("healthcheck.test = 'tcp:h:1'");
    assert_eq!((interval, timeout, retries), (s(10), s(1), 3));
    assert_eq!(process("watchdog = '30s'").rules.watchdog, Some(s(30)));
}

#[test]
fn what_the_system_gives_a_process() {
    let one = process(
        "replicas = 3\nuser = 'nobody'\ngroup = 65534\numask = '027'\nnice = -5\n\
         limits = { nofile = 1024, core = '0:unlimited', cpu = 'unlimited' }\n\
         log = 'p.log'\nlog_max_size = '1MiB'\nlog_keep = 0",
    );
    assert_eq!(one.replicas, 3);
    assert_eq!((one.user.as_deref(), one.group.as_deref()), (Some("nobody"), Some("65534")));
    assert_eq!((one.umask, one.nice), (Some(0o27), Some(-5)));
    let limits: Vec<_> = one.limits.iter().map(|it| (it.soft, it.hard)).collect();
    let none = Limit::UNLIMITED;
    assert_eq!(limits, [(1024, 1024), (0, none), (none, none)]);
    let log = LogFile { path: "p.log".into(), max_size: 1 << 20, keep: 0 };
    assert_eq!(one.log, Some(log));
    let default = process("log = 'p.log'\nlog_max_size = 4096").log.unwrap();
    assert_eq!((default.max_size, default.keep), (4096, 10));
    assert_eq!(process("log = 'p.log'").log.unwrap().max_size, 50 << 20);
}

#[test]
fn the_keys_of_the_session() {
    let process = "[process.p]\ncommand = 'true'\n[process.all]\ncommand = 'true'";
    let topology = |keys: &str| file("gipc.toml", &format!("{keys}\n{process}")).unwrap();
    assert_eq!(topology("name = 'demo'").name, "demo");
    for (text, rule) in [
        ("all", ExitRule::All),
        ("any", ExitRule::Any),
        ("fail", ExitRule::Fail),
        ("p", ExitRule::Process(ProcessId(0))),
    ] {
        assert_eq!(topology(&format!("exit = '{text}'")).exit, rule);
    }
    for (text, strategy) in [
        ("one_for_one", Strategy::OneForOne),
        ("one_for_all", Strategy::OneForAll),
        ("rest_for_one", Strategy::RestForOne),
    ] {
        assert_eq!(topology(&format!("strategy = '{text}'")).strategy, strategy);
    }
}

#[test]
fn defaults_stand_in_for_what_a_process_does_not_say() {
    let text = "[defaults]\nrestart = 'always'\nnice = 1\nlimits = { nofile = 5, core = 0 }\n\
                [process.p]\ncommand = 'true'\nnice = 2\nlimits = { nofile = 6 }\n\
                [process.q]\ncommand = 'true'\n";
    let topology = file("gipc.toml", text).unwrap();
    let [p, q] = &topology.processes[..] else { panic!() };
    assert_eq!((p.rules.restart, p.nice), (Restart::Always, Some(2)));
    assert_eq!((q.rules.restart, q.nice), (Restart::Always, Some(1)));
    let soft = |process: &Process| process.limits.iter().map(|it| it.soft).collect::<Vec<_>>();
    assert_eq!(soft(p), [0, 6]);
    assert_eq!(soft(q), [5, 0]);
}

#[test]
fn a_procfile_is_read_as_foreman_reads_it() {
    let text = "# all of it\nweb: ./serve --port $PORT | tee ${LOG}\r\n\n  # more\n\
                worker_2:python3 w.py: x\n";
    let topology = file("/no/such/folder/Procfile", text).unwrap();
    assert_eq!(topology.exit, ExitRule::Any);
    let [web, worker] = &topology.processes[..] else { panic!() };
    assert_eq!(web.argv, ["/bin/sh", "-c", "./serve --port $PORT | tee ${LOG}"]);
    assert_eq!(worker.argv[2], "python3 w.py: x");
    assert_eq!((env(web), env(worker)), (vec!["PORT=5000".into()], vec!["PORT=5100".into()]));
    assert_eq!(web.rules.restart, Restart::Never);
    let error = file("Procfile", "web ./serve\nb:\nc-d: x\nc-d: y\n-e: z").unwrap_err();
    for words in
        ["Procfile:1:1", "Procfile:2:1", "two processes `c-d`", "`-e` is not a valid process name"]
    {
        assert!(error.contains(words), "{words}: {error}");
    }
}

#[test]
fn the_variables_beside_a_procfile_are_those_of_its_processes() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(".env"), "PORT=7000\nKEY=value\n").unwrap();
    let path = folder.path().join("Procfile.dev").to_str().unwrap().to_owned();
    let topology = file(&path, "a: x\nb: y\n").unwrap();
    assert_eq!(env(&topology.processes[1]), ["PORT=7000", "KEY=value", "PORT=7100"]);
}

#[test]
fn files_are_told_apart_by_their_names() {
    for name in ["Procfile", "procfile", "/x/Procfile.dev", "web.procfile"] {
        assert!(is_procfile(Path::new(name)), "{name}");
    }
    for name in ["gipc.toml", "Procfile.toml", "/dev/fd/63", "x"] {
        assert!(!is_procfile(Path::new(name)), "{name}");
    }
}

#[test]
fn a_folder_names_its_session() {
    for (folder, name) in
        [("/a/demo", "demo"), ("/", "gipc"), ("/a/my app", "my-app"), ("/.x", "x")]
    {
        assert_eq!(resolve::name_of(Path::new(folder)), name);
    }
}
