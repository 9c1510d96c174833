//! A topology in words: for people, and as JSON.

use std::ffi::OsString;
use std::time::Duration;

use gipc::spawn::{ChildFd, Limit};
use serde_json::{Map, Value, json};

use super::channel::{Ack, Channel, End, Full, Place, Port, Route};
use super::topology::{
    Dependency, ExitRule, HealthCheck, LogFile, Milestone, Process, ProcessId, Readiness, Strategy,
    Topology,
};
use crate::plan::rules::{self, Restart};

/// For people: the processes in the order of their start, and what each waits for.
pub(crate) fn text(topology: &Topology) -> String {
    let name = |id: ProcessId| topology.processes[id.0].name.as_str();
    let mut rows = vec![["NAME".to_owned(), "STARTS".to_owned(), "COMMAND".to_owned()]];
    for id in topology.start_order() {
        let process = &topology.processes[id.0];
        let reasons = process.depends_on.iter().map(|Dependency { on, until }| match until {
            Milestone::Started => format!("{} has started", name(*on)),
            Milestone::Ready => format!("{} is ready", name(*on)),
            Milestone::Completed => format!("{} has completed", name(*on)),
            Milestone::CompletedSuccessfully => format!("{} has succeeded", name(*on)),
        });
        let reasons: Vec<_> = reasons.collect();
        rows.push([
            match process.replicas {
                1 => process.name.clone(),
                replicas => format!("{} x{replicas}", process.name),
            },
            match &reasons[..] {
                [] => "at once".to_owned(),
                reasons => format!("when {}", reasons.join(" and ")),
            },
            command(&process.argv),
        ]);
    }
    let width =
        |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let (first, second) = (width(0), width(1));
    let ends = match topology.exit {
        ExitRule::All | ExitRule::LastFailure => "ends when all processes have ended".to_owned(),
        ExitRule::Any => "ends when any process has ended".to_owned(),
        ExitRule::Fail => "ends at the first failure".to_owned(),
        ExitRule::Process(id) => format!("ends when {} has ended", name(id)),
    };
    let mut text = format!("{} {ends}\n\n", topology.name);
    for [name, starts, command] in rows {
        text.push_str(&format!("{name:first$}  {starts:second$}  {command}\n"));
    }
    if !topology.channels.is_empty() {
        text.push('\n');
        text.push_str(&channels(topology));
    }
    text
}

/// The channels, and who sends to whom.
fn channels(topology: &Topology) -> String {
    let ends = |ends: &[End]| {
        let ends: Vec<_> = ends.iter().map(|it| end(topology, it)).collect();
        ends.join(", ")
    };
    let mut rows = vec![["CHANNEL", "FROM", "TO", "ROUTE"].map(str::to_owned)];
    for channel in &topology.channels {
        rows.push([
            channel.name.clone(),
            if channel.from.is_empty() { "outside".to_owned() } else { ends(&channel.from) },
            ends(&channel.to),
            route(topology, channel),
        ]);
    }
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths = [width(0), width(1), width(2)];
    let line = |[name, from, to, route]: &[String; 4]| {
        let [first, second, third] = widths;
        format!("{name:first$}  {from:second$}  {to:third$}  {route}\n")
    };
    rows.iter().map(line).collect()
}

/// An end as it is written, with its port.
fn end(topology: &Topology, end: &End) -> String {
    match end.at {
        Place::Ours => "-".to_owned(),
        Place::Process(process, port) => {
            let name = &topology.processes[process.0].name;
            match port {
                Port::Fd(ChildFd::STDIN) => format!("{name}.stdin"),
                Port::Fd(ChildFd::STDOUT) => format!("{name}.stdout"),
                Port::Fd(fd) => format!("{name}.{fd}"),
                Port::Node(_) => format!("{name}.node"),
            }
        }
    }
}

/// The route in the words of gipc.toml; `direct` where there is one reader only.
fn route(topology: &Topology, channel: &Channel) -> String {
    let instances = |end: &End| match end.process() {
        None => 1,
        Some(process) => topology.processes[process.0].replicas,
    };
    let readers: usize = channel.to.iter().map(instances).sum();
    match &channel.route {
        _ if readers == 1 => "direct".to_owned(),
        Route::Queue => "queue".to_owned(),
        Route::Broadcast => "broadcast".to_owned(),
        Route::RoundRobin => "round-robin".to_owned(),
        Route::Key(pointer) => format!("key:{pointer}"),
    }
}

/// The command on one line, as it could be typed.
fn command(argv: &[OsString]) -> String {
    let words = argv.iter().map(|word| word.to_string_lossy());
    let line = shell_words::join(words);
    line.chars()
        .flat_map(|c| {
            let escaped = c.is_control().then(|| c.escape_default());
            let plain = escaped.is_none().then_some(c);
            escaped.into_iter().flatten().chain(plain)
        })
        .collect()
}

/// Everything, with the keys of gipc.toml; the processes in the order of their start.
pub(crate) fn json(topology: &Topology) -> String {
    let name = |id: ProcessId| topology.processes[id.0].name.as_str();
    let processes = topology.start_order().into_iter();
    let processes: Vec<_> = processes.map(|id| process(&topology.processes[id.0], &name)).collect();
    let whole = json!({
        "name": topology.name,
        "exit": match topology.exit {
            ExitRule::All | ExitRule::LastFailure => "all",
            ExitRule::Any => "any",
            ExitRule::Fail => "fail",
            ExitRule::Process(id) => name(id),
        },
        "strategy": match topology.strategy {
            Strategy::OneForOne => "one_for_one",
            Strategy::OneForAll => "one_for_all",
            Strategy::RestForOne => "rest_for_one",
        },
        "processes": processes,
        "channels": topology.channels.iter().map(|it| channel(topology, it)).collect::<Vec<_>>(),
    });
    format!("{whole:#}\n")
}

fn process<'a>(process: &Process, name: &impl Fn(ProcessId) -> &'a str) -> Value {
    let rules = &process.rules;
    let environment: Map<_, _> = process
        .env
        .iter()
        .map(|(name, value)| (lossy(name), value.as_ref().map(lossy).into()))
        .collect();
    let depends_on: Map<_, _> = process
        .depends_on
        .iter()
        .map(|Dependency { on, until }| (name(*on).to_owned(), milestone(*until).into()))
        .collect();
    let limits: Map<_, _> =
        process.limits.iter().map(|limit| (limit.resource.to_string(), values(limit))).collect();
    let mut all = json!({
        "name": process.name,
        "command": process.argv.iter().map(lossy).collect::<Vec<_>>(),
        "working_dir": process.dir,
        "environment": environment,
        "depends_on": depends_on,
        "replicas": process.replicas,
        "restart": match rules.restart {
            Restart::Never => "never",
            Restart::OnFailure => "on-failure",
            Restart::Always => "always",
        },
        "backoff": { "min": span(rules.backoff.min), "max": span(rules.backoff.max) },
        "restart_limit": { "count": rules.limit.count, "within": span(rules.limit.within) },
        "success_codes": rules.success_codes,
        "timeout": rules.timeout.map(span),
        "ready": ready(process),
        "healthcheck": process.health.as_ref().map(health),
        "watchdog": rules.watchdog.map(span),
        "stop_signal": rules.stop_signal.map(|signal| signal.to_string()),
        "stop_grace_period": span(rules.grace),
        "user": process.user,
        "group": process.group,
        "umask": process.umask.map(|mask| format!("{mask:03o}")),
        "nice": process.nice,
        "limits": limits,
    });
    if let rules::Readiness::Told { timeout } = rules.readiness {
        all["ready_timeout"] = span(timeout).into();
    }
    if process.guard_stdout {
        all["guard_stdout"] = true.into();
    }
    if process.listen_fds {
        all["listen_fds"] = true.into();
    }
    if let Some(LogFile { path, max_size, keep }) = &process.log {
        all["log"] = path.to_string_lossy().into();
        all["log_max_size"] = (*max_size).into();
        all["log_keep"] = (*keep).into();
    }
    if let Some(all) = all.as_object_mut() {
        all.retain(|_, value| !value.is_null());
    }
    all
}

fn channel(topology: &Topology, channel: &Channel) -> Value {
    let ends = |ends: &[End]| -> Vec<_> {
        let pair = |it: &End| json!({ "port": end(topology, it), "framing": it.framing.name() });
        ends.iter().map(pair).collect()
    };
    let mut all = json!({
        "name": channel.name,
        "from": ends(&channel.from),
        "to": ends(&channel.to),
        "route": route(topology, channel),
        "ack": match channel.ack {
            Ack::Read => "read",
            Ack::Reply(_) => "reply",
        },
        "buffer": channel.buffer,
        "full": match channel.full {
            Full::Block => "block",
            Full::DropOldest => "drop-oldest",
            Full::DropNewest => "drop-newest",
            Full::Spill => "spill",
        },
        "max_message": channel.max_message,
        "record": channel.record,
        "dead_letter": channel.dead_letter,
    });
    if let Ack::Reply(replies) = channel.ack {
        all["reply_on"] = channel.answers.map(|on| topology.channels[on.0].name.clone()).into();
        all["window"] = replies.window.into();
        all["message_timeout"] = replies.timeout.map(span).into();
        all["retries"] = replies.retries.into();
    }
    if let Some(all) = all.as_object_mut() {
        all.retain(|_, value| !value.is_null());
    }
    all
}

fn lossy(text: &OsString) -> String {
    text.to_string_lossy().into_owned()
}

fn span(duration: Duration) -> String {
    humantime::format_duration(duration).to_string()
}

fn milestone(milestone: Milestone) -> &'static str {
    match milestone {
        Milestone::Started => "started",
        Milestone::Ready => "ready",
        Milestone::Completed => "completed",
        Milestone::CompletedSuccessfully => "completed_successfully",
    }
}

fn ready(process: &Process) -> Option<String> {
    if let rules::Readiness::After(delay) = process.rules.readiness {
        return Some(format!("delay:{}", span(delay)));
    }
    process.ready.as_ref().map(|ready| match ready {
        Readiness::Message => "message".to_owned(),
        Readiness::Fd(fd) => format!("fd:{fd}"),
        Readiness::Notify => "notify".to_owned(),
        Readiness::Log(regex) => format!("log:{}", regex.as_str()),
        Readiness::Probe(probe) => probe.to_string(),
    })
}

fn health(check: &HealthCheck) -> Value {
    json!({
        "test": check.test.to_string(),
        "interval": span(check.interval),
        "timeout": span(check.timeout),
        "retries": check.retries,
    })
}

/// `SOFT:HARD`, or a number for both.
fn values(limit: &Limit) -> Value {
    let text = |value: u64| match value {
        Limit::UNLIMITED => "unlimited".to_owned(),
        value => value.to_string(),
    };
    match (limit.soft, limit.hard) {
        (Limit::UNLIMITED, Limit::UNLIMITED) => "unlimited".into(),
        (soft, hard) if soft == hard => soft.into(),
        (soft, hard) => format!("{}:{}", text(soft), text(hard)).into(),
    }
}
