//! `tcp:HOST:PORT` and the other ways to tell that a process is ready, or well.

use std::time::Duration;

use gipc::spawn::ChildFd;
use regex_lite::Regex;
use serde_json::{Value, json};

use super::text::Meaning;
use crate::plan::topology::Probe;
use crate::ready::Condition;

/// When an instance is ready.
#[derive(Debug)]
pub(super) enum Ready {
    Message,
    Fd(ChildFd),
    Notify,
    Log(Regex),
    Delay(Duration),
    Probe(Probe),
}

impl Meaning for Ready {
    const NAME: &str = "Ready";
    const EXPECTED: &str = "a condition, such as \"notify\" or \"tcp:localhost:5432\"";

    fn schema() -> Value {
        json!({
            "type": "string",
            "pattern": "^(message$|notify$|fd:[0-9]+$|(log|delay|tcp|http|exec|file):.)",
        })
    }

    fn of(text: &str) -> Result<Self, String> {
        let (kind, value) = text.split_once(':').unwrap_or((text, ""));
        match kind {
            "message" if !text.contains(':') => Ok(Self::Message),
            "notify" if !text.contains(':') => Ok(Self::Notify),
            "log" if value.is_empty() => Err("`log:` is followed by no expression".to_owned()),
            "fd" | "log" | "delay" => match text.parse()? {
                Condition::Fd(fd) => Ok(Self::Fd(fd)),
                Condition::Log(regex) => Ok(Self::Log(regex)),
                Condition::Delay(delay) => Ok(Self::Delay(delay)),
                Condition::Message => Err(expected(text)),
            },
            _ => match probe(kind, value) {
                Some(probe) => probe.map(Self::Probe),
                None => Err(expected(text)),
            },
        }
    }
}

/// Is this a condition?
pub(crate) fn readiness(text: &str) -> Result<(), String> {
    Ready::of(text).map(drop)
}

fn expected(text: &str) -> String {
    format!(
        "`{text}` is not a condition; the conditions are: `message`, `notify`, `fd:N`, `log:REGEX`, `tcp:HOST:PORT`, \
         `http://HOST/PATH`, `exec:COMMAND`, `file:PATH`, `delay:DURATION`"
    )
}

impl Meaning for Probe {
    const NAME: &str = "Probe";
    const EXPECTED: &str = "a test, such as \"tcp:localhost:5432\" or \"exec:./check.sh\"";

    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^(tcp|http|exec|file):." })
    }

    fn of(text: &str) -> Result<Self, String> {
        let (kind, value) = text.split_once(':').unwrap_or((text, ""));
        probe(kind, value).unwrap_or_else(|| {
            Err(format!(
                "`{text}` is not a test; the tests are: `tcp:HOST:PORT`, `http://HOST/PATH`, \
                 `exec:COMMAND`, `file:PATH`"
            ))
        })
    }
}

/// The probe of this kind, where it is one.
fn probe(kind: &str, value: &str) -> Option<Result<Probe, String>> {
    let some = |what: &str| match value.trim() {
        "" => Err(format!("`{kind}:` is followed by no {what}")),
        _ => Ok(value.to_owned()),
    };
    Some(match kind {
        "tcp" => address(value).map(|()| Probe::Tcp(value.to_owned())),
        "http" => http(value).map(Probe::Http),
        "https" => Err(no_tls()),
        "exec" => some("command").map(Probe::Exec),
        "file" => some("path").map(|path| Probe::File(path.into())),
        _ => return None,
    })
}

fn no_tls() -> String {
    "gipc does not speak TLS: test the port with `tcp:HOST:PORT`, or the page with `exec:curl -fsS \
     https://…`"
        .to_owned()
}

/// Is this HOST:PORT?
fn address(text: &str) -> Result<(), String> {
    let wrong = || format!("`{text}` is not HOST:PORT, as in `localhost:5432` or `[::1]:5432`");
    let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
    if !is_host(host) {
        return Err(wrong());
    }
    match port.parse::<u16>() {
        Ok(1..) => Ok(()),
        _ => Err(format!("`{port}` is not a port: they go from 1 to 65535")),
    }
}

fn is_host(host: &str) -> bool {
    let is_name = |name: &str| {
        let is_good = |c: char| c.is_alphanumeric() || "-._".contains(c);
        !name.is_empty() && name.chars().all(is_good)
    };
    match host.strip_prefix('[') {
        Some(address) => {
            address.strip_suffix(']').is_some_and(|it| it.parse::<std::net::Ipv6Addr>().is_ok())
        }
        None => is_name(host),
    }
}

/// The URL in `//host/path` (of `http://host/path`) or in `http://host/path` (behind `http:`).
fn http(value: &str) -> Result<String, String> {
    if value.starts_with("https:") {
        return Err(no_tls());
    }
    let value = value.strip_prefix("http:").unwrap_or(value);
    let wrong = || format!("`http:{value}` is not a URL, as in `http://localhost:8080/health`");
    let rest = value.strip_prefix("//").ok_or_else(wrong)?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let is_visible = |c: char| c.is_ascii_graphic();
    if !rest[end..].chars().all(is_visible) {
        return Err(wrong());
    }
    let authority = &rest[..end];
    if authority.contains('@') {
        return Err(format!("`http:{value}` contains a user name; use `exec:curl …` for that"));
    }
    let has_port = authority.rfind(':').is_some_and(|at| !authority[at..].contains(']'));
    if has_port {
        address(authority)?;
    } else if !is_host(authority) {
        return Err(wrong());
    }
    Ok(format!("http:{value}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, String> {
        Ready::of(text).map(|ready| format!("{ready:?}"))
    }

    #[test]
    fn every_kind_of_readiness_is_read() {
        for (text, expected) in [
            ("notify", "Notify"),
            ("fd:5", "Fd(ChildFd(5))"),
            ("log:^up$", "Log(Regex(\"^up$\"))"),
            ("delay:2s", "Delay(2s)"),
            ("tcp:localhost:80", "Probe(Tcp(\"localhost:80\"))"),
            ("tcp:[::1]:80", "Probe(Tcp(\"[::1]:80\"))"),
            ("tcp:127.0.0.1:65535", "Probe(Tcp(\"127.0.0.1:65535\"))"),
            ("http://localhost", "Probe(Http(\"http://localhost\"))"),
            ("http:http://a.b:8080/c?d=e", "Probe(Http(\"http://a.b:8080/c?d=e\"))"),
            ("http://[::1]/", "Probe(Http(\"http://[::1]/\"))"),
            ("http://[::1]:80/", "Probe(Http(\"http://[::1]:80/\"))"),
            ("exec:test -e x:y", "Probe(Exec(\"test -e x:y\"))"),
            ("file:/run/up", "Probe(File(\"/run/up\"))"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_readiness_is_told() {
        for (text, words) in [
            ("", "`` is not a condition"),
            ("soon", "`soon` is not a condition"),
            ("notify:x", "`notify:x` is not a condition"),
            ("fd:1", "standard streams"),
            ("fd:x", "not a descriptor number"),
            ("log:(", "open group"),
            ("log:", "no expression"),
            ("delay:soon", "expected number"),
            ("tcp:8080", "not HOST:PORT"),
            ("tcp::8080", "not HOST:PORT"),
            ("tcp:::1:80", "not HOST:PORT"),
            ("tcp:[x]:80", "not HOST:PORT"),
            ("tcp:h:0", "not a port"),
            ("tcp:h:65536", "not a port"),
            ("http:localhost", "not a URL"),
            ("http://", "not a URL"),
            ("http://a b/", "not a URL"),
            ("http://a/b c", "not a URL"),
            ("http://h:x/", "not a port"),
            ("http://me@h/", "contains a user name"),
            ("https://h/", "TLS"),
            ("http:https://h/", "TLS"),
            ("exec: ", "no command"),
            ("file:", "no path"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(words), "{text}: {error}");
        }
        assert!(Probe::of("notify").unwrap_err().contains("not a test"));
        assert!(Probe::of("tcp:h:1").is_ok());
    }
}
