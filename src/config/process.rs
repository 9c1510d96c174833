//! A raw process, with its defaults → a process of the topology.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use gipc::process::{ExitCode, Signal};
use gipc::spawn::{Limit, Resource};

use super::meaning::{Count, Flag, LimitValue, Period, Setting, Size, Umask};
use super::mistake::{Mistakes, Place, Source, did_you_mean};
use super::probe::Ready;
use super::raw;
use super::resolve::Surroundings;
use super::text::{At, Meaning, Named, OneOrMany, Text};
use super::{EnvFileError, env_file, expand::expand, foreign};
use crate::lacking::{self, Wish};
use crate::plan::rules::{self, Backoff, Restart, RestartLimit, Rules};
use crate::plan::topology::{HealthCheck, LogFile, Probe, Process, Readiness, Wiring};
use crate::shell;

/// Makes values of texts, and notes what is wrong with them.
pub(super) struct Reader<'a> {
    surroundings: &'a Surroundings<'a>,
    pub(super) mistakes: &'a mut Mistakes,
}

/// What the process itself says, or else the defaults.
fn either<'r, T>(own: &'r Option<T>, default: &'r Option<T>) -> Option<&'r T> {
    own.as_ref().or(default.as_ref())
}

impl<'a> Reader<'a> {
    pub(super) fn new(surroundings: &'a Surroundings<'a>, mistakes: &'a mut Mistakes) -> Self {
        Self { surroundings, mistakes }
    }

    /// Where relative paths begin.
    pub(super) fn folder(&self) -> &'a std::path::Path {
        &self.surroundings.folder
    }

    /// What the text means with its variables replaced.
    pub(super) fn value<T: Meaning>(&mut self, at: &At<Text<T>>) -> Option<T> {
        match expand(&at.value.text, self.surroundings.variable) {
            Ok(text) => self.meaning(&at.place, &text),
            Err(message) => {
                self.mistakes.add(&at.place, message);
                None
            }
        }
    }

    fn meaning<T: Meaning>(&mut self, place: &Place, text: &str) -> Option<T> {
        if text.contains('\0') {
            self.mistakes.add(place, "the system's strings cannot contain a NUL");
            return None;
        }
        match T::of(text) {
            Ok(value) => Some(value),
            Err(message) => {
                let help = match foreign::word(text, T::WORDS) {
                    Some(help) => Some(help.to_owned()),
                    None => did_you_mean(text, T::WORDS.iter().copied()),
                };
                self.mistakes.add_with_help(place, message, help);
                None
            }
        }
    }

    pub(super) fn value_or<T: Meaning>(&mut self, at: Option<&At<Text<T>>>, default: T) -> T {
        at.and_then(|at| self.value(at)).unwrap_or(default)
    }

    fn optional<T: Meaning>(&mut self, at: Option<&At<Text<T>>>) -> Option<T> {
        at.and_then(|at| self.value(at))
    }

    fn period(&mut self, at: Option<&At<Text<Period>>>, default: Duration) -> Duration {
        self.value_or(at, Period(default)).0
    }

    /// Looks at the defaults themselves: mistakes in them count even where no process uses them.
    pub(super) fn defaults(&mut self, defaults: &raw::Process) {
        let raw::Process { command, shell, replicas, depends_on, .. } = defaults;
        let own = [
            ("command", command.as_ref().map(|at| &at.place)),
            ("shell", shell.as_ref().map(|at| &at.place)),
            ("replicas", replicas.as_ref().map(|at| &at.place)),
            ("depends_on", depends_on.as_ref().map(|at| &at.place)),
        ];
        for (key, place) in own {
            if let Some(place) = place {
                let message = format!("`{key}` cannot be a default: each process needs its own");
                self.mistakes.add(place, message);
            }
        }
        self.settings(String::new(), defaults, &raw::Process::default());
    }

    /// The process; its dependencies are still to come.
    pub(super) fn process(
        &mut self,
        name: &At<String>,
        raw: &raw::Process,
        defaults: &raw::Process,
        is_whole: bool,
    ) -> Process {
        let argv = match (&raw.command, &raw.shell) {
            (Some(command), None) => self.words(command),
            (None, Some(shell)) => self.optional(Some(shell)).map(|line| shell::running(line.0)),
            (Some(_), Some(shell)) => {
                let message = format!("`{}` has both a `command` and a `shell`", name.value);
                self.mistakes.add(&shell.place, message);
                None
            }
            (None, None) => {
                if is_whole {
                    let message = format!("`{}` has no `command` and no `shell`", name.value);
                    self.mistakes.add(&name.place, message);
                }
                None
            }
        };
        let replicas = self.value_or(raw.replicas.as_ref(), Count(1)).0 as usize;
        let mut process = self.settings(name.value.clone(), raw, defaults);
        process.argv = argv.unwrap_or_default().into_iter().map(Into::into).collect();
        process.replicas = replicas;
        process
    }

    /// The words of a command, at least one.
    fn words(&mut self, command: &At<OneOrMany<String>>) -> Option<Vec<String>> {
        let words = match &command.value {
            OneOrMany::One(line) => {
                let line = At { place: command.place.clone(), value: line.clone() };
                let line = self.value(&line)?;
                match split(&line) {
                    Ok(words) => words,
                    Err((message, help)) => {
                        self.mistakes.add_with_help(&command.place, message, help);
                        return None;
                    }
                }
            }
            OneOrMany::Many(words) => {
                let words: Vec<_> = words.iter().map(|word| self.value(word)).collect();
                words.into_iter().collect::<Option<_>>()?
            }
        };
        if words.first().is_none_or(String::is_empty) {
            self.mistakes.add(&command.place, "the command is empty");
            return None;
        }
        Some(words)
    }

    /// All but what runs, how often, and after whom.
    fn settings(&mut self, name: String, raw: &raw::Process, defaults: &raw::Process) -> Process {
        macro_rules! key {
            ($key:ident) => {
                either(&raw.$key, &defaults.$key)
            };
        }
        self.refuse("user", Wish::Identity, key!(user).map(|at| &at.place));
        self.refuse("group", Wish::Identity, key!(group).map(|at| &at.place));
        self.refuse("umask", Wish::Umask, key!(umask).map(|at| &at.place));
        self.refuse("nice", Wish::Niceness, key!(nice).map(|at| &at.place));
        let folder = &self.surroundings.folder;
        let dir = self.optional(key!(working_dir)).map(|dir| folder.join(dir));
        let dir = dir.or_else(|| self.surroundings.dir.clone());
        // Without a folder of its own it is that of the description, which may be ours.
        let dir = dir.or_else(|| Some(folder.clone())).filter(|dir| !dir.as_os_str().is_empty());
        let mut env = self.env_files(key!(env_file));
        env.extend(self.environment(raw.environment.as_ref(), defaults.environment.as_ref()));
        let rules = Rules {
            restart: self.value_or(key!(restart), Restart::OnFailure),
            backoff: self.backoff(key!(backoff)),
            limit: self.restart_limit(key!(restart_limit)),
            // Not the one that came to gipc, as with a single command.
            stop_signal: Some(self.value_or(key!(stop_signal), Signal::TERM)),
            grace: self.value_or(key!(stop_grace_period), Rules::GRACE),
            timeout: self.optional(key!(timeout)).map(|timeout| timeout.0),
            readiness: rules::Readiness::Immediate,
            watchdog: self.optional(key!(watchdog)).map(|watchdog| watchdog.0),
            success_codes: self.success_codes(key!(success_codes)),
        };
        let ready_timeout = self.period(key!(ready_timeout), Rules::READY_TIMEOUT);
        let ready = self.optional(key!(ready));
        if let (Some(at), Some(Ready::Notify)) = (key!(ready), &ready) {
            self.refuse("ready = \"notify\"", Wish::Notify, Some(&at.place));
        }
        let (readiness, ready) = readiness(ready, ready_timeout, dir.as_ref());
        Process {
            name,
            argv: Vec::new(),
            env_clear: false,
            env: env.into_iter().map(|(name, value)| (name, Some(value))).collect(),
            wiring: Wiring::Piped,
            replicas: 1,
            depends_on: Vec::new(),
            rules: Rules { readiness, ..rules },
            ready,
            health: key!(healthcheck).and_then(|check| self.health(&check.value, dir.as_ref())),
            user: self.optional(key!(user)).map(|user| user.0),
            group: self.optional(key!(group)).map(|group| group.0),
            umask: self.optional(key!(umask)).map(|Umask(umask)| umask),
            nice: self.optional(key!(nice)).map(|nice| nice.0),
            limits: self.limits(raw.limits.as_ref(), defaults.limits.as_ref()),
            guard_stdout: self.value_or(key!(guard_stdout), Flag(false)).0,
            listen_fds: {
                let listen_fds = self.value_or(key!(listen_fds), Flag(false)).0;
                let place = key!(listen_fds).map(|at| &at.place);
                let is_refused = listen_fds && self.refuse("listen_fds", Wish::ListenFds, place);
                listen_fds && !is_refused
            },
            log: {
                let max_size = self.value_or(key!(log_max_size), Size(LogFile::MAX_SIZE)).0;
                let keep =
                    self.optional(key!(log_keep)).map_or(LogFile::KEEP, |keep| keep.0 as usize);
                let path = self.optional(key!(log));
                path.map(|path| LogFile {
                    path: self.surroundings.folder.join(path),
                    max_size,
                    keep,
                })
            },
            dir,
        }
    }

    /// Notes what is at this place, if anything, where this system does not have it; whether it does
    /// not.
    fn refuse(&mut self, what: &str, wish: Wish, place: Option<&Place>) -> bool {
        let refusal = lacking::why_not(wish).zip(place);
        if let Some((why, place)) = refusal {
            self.mistakes.add(place, format!("`{what}` is not available here: {why}"));
        }
        refusal.is_some()
    }

    fn env_files(&mut self, files: Option<&At<OneOrMany<PathBuf>>>) -> Environment {
        let Some(files) = files else { return Vec::new() };
        let files = match &files.value {
            OneOrMany::One(file) => vec![At { place: files.place.clone(), value: file.clone() }],
            OneOrMany::Many(files) => files.clone(),
        };
        let mut env = Vec::new();
        for file in &files {
            let Some(path) = self.value(file) else { continue };
            match env_file(&self.surroundings.folder.join(path)) {
                Ok(variables) => env.extend(variables),
                Err(EnvFileError::Wrong { path, text, span, what }) => {
                    let source = Source { name: path.display().to_string(), text };
                    self.mistakes.add_in(source, span, what);
                }
                Err(error) => self.mistakes.add(&file.place, crate::chain(&error)),
            }
        }
        env
    }

    /// The variables of the defaults, and those of the process over them.
    fn environment(
        &mut self,
        own: Option<&Named<Text<Setting>>>,
        defaults: Option<&Named<Text<Setting>>>,
    ) -> Environment {
        let mut env = Vec::new();
        for (name, value) in laid_over(own, defaults) {
            if name.value.is_empty() || name.value.contains(['=', '\0']) {
                let message = format!("`{}` cannot be the name of a variable", name.value);
                self.mistakes.add(&name.place, message);
            }
            if let Some(value) = self.value(value) {
                env.push((name.value.clone().into(), value.0.into()));
            }
        }
        env
    }

    fn limits(
        &mut self,
        own: Option<&Named<Text<LimitValue>>>,
        defaults: Option<&Named<Text<LimitValue>>>,
    ) -> Vec<Limit> {
        let mut limits = Vec::new();
        for (name, value) in laid_over(own, defaults) {
            if self.refuse("limits", Wish::Limits, Some(&name.place)) {
                continue;
            }
            let Ok(resource) = name.value.parse::<Resource>() else {
                let message = format!("there is no limit `{}`", name.value);
                let help = did_you_mean(&name.value, Resource::names());
                self.mistakes.add_with_help(&name.place, message, help);
                continue;
            };
            if let Some(LimitValue { soft, hard }) = self.value(value) {
                limits.push(Limit { resource, soft, hard });
            }
        }
        limits
    }

    fn backoff(&mut self, raw: Option<&At<raw::Backoff>>) -> Backoff {
        let default = Backoff::DEFAULT;
        let Some(At { place, value: raw }) = raw else { return default };
        let (min, max) = (self.optional(raw.min.as_ref()), self.optional(raw.max.as_ref()));
        // One that is given pushes the other, which is not.
        let backoff = Backoff {
            min: min.unwrap_or(default.min.min(max.unwrap_or(default.min))),
            max: max.unwrap_or(default.max.max(min.unwrap_or(default.max))),
        };
        if backoff.min > backoff.max {
            self.mistakes.add(place, "the shortest pause is longer than the longest");
        }
        backoff
    }

    fn restart_limit(&mut self, raw: Option<&At<raw::RestartLimit>>) -> RestartLimit {
        let (count, within) =
            raw.map_or((None, None), |at| (at.value.count.as_ref(), at.value.within.as_ref()));
        let default = RestartLimit::DEFAULT;
        RestartLimit {
            count: self.optional(count).map_or(default.count, |count| count.0 as usize),
            within: self.period(within, default.within),
        }
    }

    fn success_codes(
        &mut self,
        raw: Option<&At<Vec<At<Text<super::meaning::ExitCode>>>>>,
    ) -> Vec<ExitCode> {
        let Some(codes) = raw else { return vec![0] };
        codes.value.iter().filter_map(|code| self.value(code)).map(|code| code.0).collect()
    }

    fn health(&mut self, raw: &raw::HealthCheck, dir: Option<&PathBuf>) -> Option<HealthCheck> {
        let interval = self.period(raw.interval.as_ref(), HealthCheck::INTERVAL);
        let timeout = self.period(raw.timeout.as_ref(), HealthCheck::TIMEOUT);
        let retries = self.value_or(raw.retries.as_ref(), Count(HealthCheck::RETRIES)).0;
        let test = located(self.value(&raw.test)?, dir);
        Some(HealthCheck { test, interval, timeout, retries })
    }
}

type Environment = Vec<(std::ffi::OsString, std::ffi::OsString)>;

/// The entries of both tables, the process's own in place of those of the same name.
fn laid_over<'r, T>(
    own: Option<&'r Named<T>>,
    defaults: Option<&'r Named<T>>,
) -> Vec<(&'r At<String>, &'r At<T>)> {
    let entries = |table: Option<&'r Named<T>>| table.map_or(&[][..], |table| &table.0[..]);
    let own: BTreeMap<_, _> = entries(own)
        .iter()
        .enumerate()
        .map(|(at, (name, value))| (name.value.as_str(), (at, name, value)))
        .collect();
    let inherited = entries(defaults).iter().filter(|(name, _)| !own.contains_key(&*name.value));
    let mut all: Vec<_> = inherited.map(|(name, value)| (name, value)).collect();
    let mut own: Vec<_> = own.into_values().collect();
    own.sort_by_key(|(at, ..)| *at);
    all.extend(own.into_iter().map(|(_, name, value)| (name, value)));
    all
}

/// What readiness is to the policy, and how it is told.
fn readiness(
    ready: Option<Ready>,
    timeout: Duration,
    dir: Option<&PathBuf>,
) -> (rules::Readiness, Option<Readiness>) {
    let told = rules::Readiness::Told { timeout };
    match ready {
        None => (rules::Readiness::Immediate, None),
        Some(Ready::Delay(delay)) => (rules::Readiness::After(delay), None),
        Some(Ready::Fd(fd)) => (told, Some(Readiness::Fd(fd))),
        Some(Ready::Message) => (told, Some(Readiness::Message)),
        Some(Ready::Notify) => (told, Some(Readiness::Notify)),
        Some(Ready::Log(regex)) => (told, Some(Readiness::Log(regex))),
        Some(Ready::Probe(probe)) => (told, Some(Readiness::Probe(located(probe, dir)))),
    }
}

/// A file that is waited for lies in the folder of the process.
fn located(probe: Probe, dir: Option<&PathBuf>) -> Probe {
    match (probe, dir) {
        (Probe::File(path), Some(dir)) => Probe::File(dir.join(path)),
        (probe, _) => probe,
    }
}

/// The words of a line, as a shell would split it; what is wrong, and the way out.
fn split(line: &str) -> Result<Vec<String>, (String, Option<String>)> {
    const OPERATORS: [&str; 12] =
        ["|", "||", "&", "&&", ";", ">", ">>", "<", "2>", "2>&1", "1>&2", "&>"];
    let words = shell_words::split(line)
        .map_err(|_| ("a quote of the command is not closed".to_owned(), None))?;
    // Without quotes an operator can only be meant as one.
    let is_plain = !line.contains(['\'', '"', '\\']);
    let operator = words.iter().find(|word| OPERATORS.contains(&word.as_str()));
    match operator {
        Some(operator) if is_plain => Err((
            format!("`{operator}` needs a shell, and `command` is run without one"),
            Some("write `shell = …`, or an array".to_owned()),
        )),
        _ => Ok(words),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_split_as_a_shell_would() {
        assert_eq!(split("a 'b c' \"d e\" f\\ g").unwrap(), ["a", "b c", "d e", "f g"]);
        assert_eq!(split("  a\n b ").unwrap(), ["a", "b"]);
        assert_eq!(split("expr 1 '|' 2").unwrap(), ["expr", "1", "|", "2"]);
        assert_eq!(split("a b|c *.txt").unwrap(), ["a", "b|c", "*.txt"]);
        assert!(split("").unwrap().is_empty());
        assert!(split("a 'b").unwrap_err().0.contains("not closed"));
        assert!(split("a | b").unwrap_err().0.contains("`|` needs a shell"));
    }
}
