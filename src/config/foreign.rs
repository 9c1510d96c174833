//! What the keys and words of other tools are called here: Compose's, process-compose's,
//! supervisord's, systemd's, pm2's.

/// The names that these keys have elsewhere, and what to write here.
const OF_A_PROCESS: &[(&[&str], &str)] = &[
    (
        &["cmd", "run", "exec", "execstart", "entrypoint", "script", "program"],
        "here it is `command`, or `shell` for a line that needs one",
    ),
    (&["args", "arguments"], "here they are a part of `command`"),
    (
        &["directory", "cwd", "dir", "chdir", "workdir", "workingdirectory"],
        "here it is `working_dir`",
    ),
    (&["env", "envs", "vars"], "here it is `environment`"),
    (&["environmentfile", "env_files", "envfile", "dotenv"], "here it is `env_file`"),
    (
        &["autorestart", "restart_policy", "availability"],
        "here it is `restart`: `never`, `on-failure` or `always`",
    ),
    (
        &["startretries", "max_restarts", "startlimitburst"],
        "here it is `restart_limit = { count = 5, within = \"10s\" }`",
    ),
    (
        &["backoff_seconds", "restartsec", "restart_delay", "exp_backoff_restart_delay"],
        "here it is `backoff = { min = \"1s\", max = \"30s\" }`",
    ),
    (&["startsecs", "min_uptime"], "here it is `ready = \"delay:1s\"`"),
    (&["numprocs", "instances", "scale", "processes"], "here it is `replicas`"),
    (&["deploy"], "here these are `replicas`, `restart_limit` and `limits`, each a key of its own"),
    (&["stopsignal", "killsignal", "kill_signal"], "here it is `stop_signal`"),
    (
        &["stopwaitsecs", "kill_timeout", "timeoutstopsec", "shutdown_timeout"],
        "here it is `stop_grace_period`",
    ),
    (&["shutdown"], "here these are `stop_signal` and `stop_grace_period`"),
    (&["exitcodes", "successexitstatus", "stop_exit_codes"], "here it is `success_codes`"),
    (
        &[
            "stdout_logfile",
            "stderr_logfile",
            "logfile",
            "log_file",
            "log_location",
            "out_file",
            "error_file",
        ],
        "here it is `log`",
    ),
    (&["stdout_logfile_maxbytes", "stderr_logfile_maxbytes"], "here it is `log_max_size`"),
    (&["stdout_logfile_backups", "stderr_logfile_backups"], "here it is `log_keep`"),
    (&["logging", "log_configuration"], "here these are `log`, `log_max_size` and `log_keep`"),
    (&["redirect_stderr"], "leave it out: both streams go to `log`"),
    (&["readiness_probe"], "here it is `ready = \"http://…\"`, `\"tcp:…\"` or `\"exec:…\"`"),
    (&["ready_log_line"], "here it is `ready = \"log:…\"`"),
    (&["liveness_probe"], "here it is `healthcheck`"),
    (&["priority", "after", "requires", "wants"], "here it is `depends_on`"),
    (&["timeoutstartsec", "listen_timeout"], "here it is `ready_timeout`"),
    (&["runtimemaxsec"], "here it is `timeout`"),
    (&["watchdogsec"], "here it is `watchdog`"),
    (&["type"], "here `ready = \"notify\"` is systemd's `Type=notify`"),
    (&["ulimits", "limitnofile", "rlimits"], "here it is `limits = { nofile = 1024 }`"),
    (&["process_name", "container_name"], "the name is that of the table, [process.NAME]"),
    (&["autostart", "disabled", "profiles"], "name those that are to run: `gipc up NAME…`"),
    (&["image", "build"], "gipc runs programs: a container is `command = \"docker run --rm …\"`"),
    (
        &["ports", "expose", "networks", "volumes"],
        "leave it out: processes share your system's network and files",
    ),
    (&["description", "labels"], "write a comment, with #"),
];

const OF_A_CHECK: &[(&[&str], &str)] = &[
    (
        &["cmd", "command", "exec", "http_get", "tcp", "http"],
        "here it is `test = \"exec:…\"`, `\"http://…\"` or `\"tcp:…\"`",
    ),
    (&["period_seconds", "period"], "here it is `interval = \"10s\"`"),
    (&["timeout_seconds"], "here it is `timeout = \"1s\"`"),
    (&["failure_threshold"], "here it is `retries`"),
    (
        &["start_period", "initial_delay_seconds", "initial_delay"],
        "checks begin once it is ready: see `ready`",
    ),
    (&["disable"], "leave the whole `healthcheck` out"),
];

const OF_THE_FILE: &[(&[&str], &str)] = &[
    (
        &["services", "processes", "program", "programs", "apps"],
        "here a process is a table [process.NAME]",
    ),
    (&["version"], "leave it out"),
    (&["strategies", "supervisor"], "here it is `strategy`"),
];

const WORDS: &[(&[&str], &str)] = &[
    (&["unless-stopped", "unless_stopped", "true", "yes"], "here it is `always`"),
    (&["no", "false", "exit_on_failure"], "here it is `never`"),
    (&["unexpected"], "here it is `on-failure`"),
    (&["service_started", "process_started", "running"], "here it is `started`"),
    (&["service_healthy", "process_healthy", "process_log_ready", "healthy"], "here it is `ready`"),
    (&["process_completed", "exited", "finished"], "here it is `completed`"),
    (
        &["service_completed_successfully", "process_completed_successfully", "succeeded"],
        "here it is `completed_successfully`",
    ),
];

/// What to write in place of this key, in a table that has these keys.
pub(super) fn key(key: &str, known: &[&str]) -> Option<&'static str> {
    let here = |name: &str| known.contains(&name);
    match () {
        () if here("command") => look_up(OF_A_PROCESS, key),
        () if here("retries") => look_up(OF_A_CHECK, key),
        () if here("strategy") => look_up(OF_THE_FILE, key),
        () => None,
    }
}

/// What to write in place of this word, where it is to be one of these.
pub(super) fn word(word: &str, known: &[&str]) -> Option<&'static str> {
    let help = look_up(WORDS, word)?;
    // Several keys have words; this is to be one of theirs.
    known.iter().any(|known| help.ends_with(&format!("`{known}`"))).then_some(help)
}

/// How the value of a key is written, for those who know other forms; the key with those of its
/// tables.
pub(super) fn form(keys: &[&str]) -> Option<String> {
    let form = match keys {
        [.., "depends_on", on] => return Some(format!("as in `{on} = \"ready\"`")),
        [.., "restart"] => "as in `restart = \"always\"`",
        [.., "healthcheck"] => "as in `{ test = \"exec:./ok.sh\", interval = \"10s\" }`",
        [.., "environment"] => "as in `{ NAME = \"value\" }`",
        [.., "backoff"] => "as in `{ min = \"1s\", max = \"30s\" }`",
        [.., "restart_limit"] => "as in `{ count = 5, within = \"10s\" }`",
        [.., "limits"] => "as in `{ nofile = 1024 }`",
        _ => return None,
    };
    Some(form.to_owned())
}

fn look_up(table: &[(&[&str], &'static str)], name: &str) -> Option<&'static str> {
    let name = name.to_lowercase();
    table.iter().find(|(names, _)| names.contains(&name.as_str())).map(|(_, help)| *help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_explained_only_where_its_meaning_belongs() {
        assert_eq!(word("service_healthy", &["started", "ready"]), Some("here it is `ready`"));
        assert_eq!(word("service_healthy", &["never", "always"]), None);
        assert_eq!(word("no", &["never", "always"]), Some("here it is `never`"));
    }

    #[test]
    fn a_key_is_explained_only_where_it_belongs() {
        assert!(key("cmd", &["command", "shell"]).unwrap().contains("`command`"));
        assert!(key("cmd", &["test", "retries"]).unwrap().contains("`test = "));
        assert!(key("WorkingDirectory", &["command"]).unwrap().contains("`working_dir`"));
        assert_eq!(key("cmd", &["min", "max"]), None);
    }

    #[test]
    fn what_is_named_in_place_of_a_key_is_a_key() {
        for (_, help) in OF_A_PROCESS.iter().filter(|(_, help)| help.starts_with("here ")) {
            let name = help.split('`').nth(1).unwrap();
            let name = name.split(' ').next().unwrap();
            assert!(crate::config::read::is_of_a_process(name), "{name}");
        }
        let names = OF_A_PROCESS.iter().flat_map(|(names, _)| *names);
        for name in names {
            assert!(!crate::config::read::is_of_a_process(name), "{name}");
        }
    }
}
