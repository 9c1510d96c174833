//! `gipc check` and `gipc schema`: descriptions are understood, or all that is wrong is told.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::*;

/// The descriptions in this folder of `tests/it/config`, in the order of their names.
fn descriptions(folder: &str) -> Vec<PathBuf> {
    let folder = root().join("tests/it/config").join(folder);
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let is_toml = |path: &PathBuf| path.extension().is_some_and(|it| it == "toml");
    let mut files: Vec<_> = files.filter(is_toml).collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

/// `gipc check` in the folder of the file, so that messages have its name only.
fn check(file: &Path) -> Ended {
    let name = file.file_name().unwrap();
    gipc(["check".as_ref(), name]).current_dir(file.parent().unwrap()).end()
}

/// A folder with this file in it.
fn folder_with(name: &str, text: impl AsRef<[u8]>) -> tempfile::TempDir {
    let folder = scratch();
    std::fs::write(folder.path().join(name), text).unwrap();
    folder
}

#[test]
fn good_descriptions_are_understood() {
    for file in descriptions("good") {
        let ended = check(&file);
        assert_eq!(ended.stderr, "", "{}", file.display());
        assert_eq!(ended.code(), 0);
        let json: Value =
            serde_json::from_slice(&gipc(["check", "--json"]).arg(&file).end().stdout).unwrap();
        assert!(!json["processes"].as_array().unwrap().is_empty());
    }
}

/// With `GIPC_TEST_BLESS=1` the messages are made anew.
#[test]
fn mistakes_are_told_each_with_its_place() {
    for file in [descriptions("bad"), descriptions("bad/meaning")].concat() {
        let ended = check(&file);
        let expected = file.with_extension("stderr");
        if std::env::var_os("GIPC_TEST_BLESS").is_some() {
            std::fs::write(&expected, &ended.stderr).unwrap();
        }
        ended.ended(2, "", &std::fs::read_to_string(&expected).unwrap_or_default());
    }
}

#[test]
fn the_schema_accepts_what_is_good_and_refuses_bad_shapes() {
    let schema = gipc(["schema"]).end();
    assert_eq!(schema.code(), 0);
    let schema: Value = serde_json::from_slice(&schema.stdout).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let value = |file: &Path| toml::from_str::<Value>(&std::fs::read_to_string(file).unwrap());
    let examples = std::fs::read_dir(root().join("examples")).unwrap();
    let examples = examples.map(|folder| folder.unwrap().path().join("gipc.toml"));
    let examples: Vec<_> = examples.filter(|file| file.exists()).collect();
    assert!(examples.len() >= 6, "{examples:?}");
    for file in [descriptions("good"), examples].concat() {
        let errors: Vec<_> =
            schema.iter_errors(&value(&file).unwrap()).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{}: {errors:?}", file.display());
    }
    for file in descriptions("bad") {
        // What is no TOML is no matter of a schema.
        let Ok(value) = value(&file) else { continue };
        assert!(!schema.is_valid(&value), "{}", file.display());
    }
}

/// Each mistake by itself, so that none hides behind another.
#[test]
fn the_schema_refuses_each_bad_value_and_check_does_too() {
    let schema: Value = serde_json::from_slice(&gipc(["schema"]).end().stdout).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let folder = scratch();
    let file = folder.path().join("gipc.toml");
    let bad = ["bad/types.toml", "bad/values.toml", "bad/unknown-keys.toml"];
    let texts = bad.map(|name| std::fs::read_to_string(root().join("tests/it/config").join(name)));
    let lines = texts.iter().flat_map(|text| {
        let text = text.as_deref().unwrap();
        let keys = text.lines().skip_while(|line| !line.starts_with("command"));
        keys.skip(1).take_while(|line| !line.is_empty())
    });
    for line in lines.filter(|line| !line.starts_with("log_keep = \"x${")) {
        let command = if line.starts_with("shell") { "" } else { "command = 'true'\n" };
        let text = format!("[process.p]\n{command}{line}\n");
        assert!(!schema.is_valid(&toml::from_str(&text).unwrap()), "{line}");
        std::fs::write(&file, text).unwrap();
        let ended = gipc(["check"]).arg(&file).end();
        assert_eq!(ended.code(), 2, "{line}: {ended:?}");
    }
}

#[test]
fn the_plan_is_printed_in_the_order_of_the_start() {
    let text = r#"
name = "demo"
exit = "work"

[process.work]
command = "python3 'my worker.py'"
depends_on = { db = "ready", migrate = "completed_successfully" }
restart = "on-failure"
replicas = 4

[process.db]
shell = "./db | tee\nlog"

[process.migrate]
command = ["./migrate"]
depends_on = ["db"]
"#;
    let folder = folder_with("gipc.toml", text);
    gipc(["check"]).current_dir(folder.path()).end().said(
        "demo ends when work has ended\n\n\
         NAME     STARTS                                      COMMAND\n\
         db       at once                                     /bin/sh -c './db | tee\\nlog'\n\
         migrate  when db has started                         ./migrate\n\
         work x4  when db is ready and migrate has succeeded  python3 'my worker.py'\n",
    );
}

#[test]
fn the_plan_as_json_has_everything() {
    let file = root().join("tests/it/config/good/every-key.toml");
    let ended = gipc(["check", "--json"]).arg(&file).env("HOME", "/home/me").end();
    let plan: Value = serde_json::from_slice(&ended.stdout).unwrap();
    let folder = file.parent().unwrap();
    assert_eq!(plan["name"], "demo");
    assert_eq!(plan["exit"], "work");
    assert_eq!(plan["strategy"], "rest_for_one");
    let names: Vec<_> =
        plan["processes"].as_array().unwrap().iter().map(|it| it["name"].clone()).collect();
    assert_eq!(names, ["db", "migrate", "work"]);
    assert_eq!(
        plan["processes"][0],
        json!({
            "name": "db",
            "command": ["/bin/sh", "-c", "./db.sh | tee db.out"],
            "working_dir": folder,
            "environment": { "TZ": "UTC" },
            "depends_on": {},
            "replicas": 1,
            "restart": "on-failure",
            "backoff": { "min": "100ms", "max": "30s" },
            "restart_limit": { "count": 5, "within": "10s" },
            "success_codes": [0],
            "ready": "tcp:localhost:5432",
            "ready_timeout": "1m",
            "stop_signal": "SIGTERM",
            "stop_grace_period": "10s",
            "limits": {},
            "log": folder.join("db.log"),
            "log_max_size": 52428800,
            "log_keep": 10,
        })
    );
    assert_eq!(
        plan["processes"][2],
        json!({
            "name": "work",
            "command": ["python3", "my worker.py"],
            "working_dir": folder.join("."),
            "environment": {
                "TZ": "UTC", "RATE": "10", "BURST": "20", "FACTOR": "0.5", "DEBUG": "false",
                "HOME": "/home/me",
            },
            "depends_on": { "db": "started", "migrate": "completed_successfully" },
            "replicas": 4,
            "restart": "on-failure",
            "backoff": { "min": "100ms", "max": "30s" },
            "restart_limit": { "count": 5, "within": "10s" },
            "success_codes": [0],
            "ready": "delay:2s",
            "healthcheck":
                { "test": "exec:./ok.sh", "interval": "10s", "timeout": "1s", "retries": 3 },
            "watchdog": "30s",
            "stop_signal": "SIGTERM",
            "stop_grace_period": "10s",
            "user": "nobody",
            "group": "nogroup",
            "umask": "022",
            "nice": 5,
            "limits": { "core": "0:unlimited", "nofile": 1024 },
        })
    );
}

#[test]
fn the_file_of_the_folder_is_found() {
    let folder = folder_with("Procfile", "web: ./serve $PORT\n");
    let there = || gipc(["check"]).current_dir(folder.path()).env_remove("PORT").end();
    let first = there();
    assert!(first.text().contains("ends when any process has ended"), "{first:?}");
    assert!(first.text().contains("web   at once  /bin/sh -c './serve $PORT'\n"), "{first:?}");
    std::fs::write(folder.path().join("gipc.toml"), "[process.p]\ncommand = 'true'\n").unwrap();
    assert!(there().text().contains("p     at once  true\n"));
    for options in [&["Procfile"][..], &["-f", "Procfile"], &["--file", "Procfile"]] {
        let named = gipc(["check"]).args(options).current_dir(folder.path()).end();
        assert!(named.text().contains("web"), "{named:?}");
    }
    let mut both = gipc(["check", "-f", "gipc.toml", "Procfile"]);
    both.current_dir(folder.path()).end().failed(2, &["there are two files"]);
    let mut variable = gipc(["check", "Procfile"]);
    let variable = variable.current_dir(folder.path()).env("GIPC_FILE", "gipc.toml").end();
    assert!(variable.text().contains("web"), "{variable:?}");
}

#[test]
fn a_port_of_the_environment_is_that_of_the_first_process() {
    let folder = folder_with("Procfile", "a: x\nb: y\n");
    let mut check = gipc(["check", "--json"]);
    let ended = check.current_dir(folder.path()).env("PORT", "8000").end();
    let plan: Value = serde_json::from_slice(&ended.stdout).unwrap();
    assert_eq!(plan["processes"][1]["environment"], json!({ "PORT": "8100" }));
}

#[test]
fn processes_are_described_by_options() {
    let folder = scratch();
    let mut alone = gipc(["check", "-p", "gen=./gen.sh ${X}", "-p", "work=a | b"]);
    let ended = alone.current_dir(folder.path()).end();
    assert!(ended.text().contains("gen   at once  /bin/sh -c './gen.sh ${X}'\n"), "{ended:?}");
    assert!(ended.text().contains("work  at once  /bin/sh -c 'a | b'\n"), "{ended:?}");
    std::fs::write(folder.path().join("gipc.toml"), "[process.p]\ncommand = 'true'\n").unwrap();
    let mut both = gipc(["check", "gipc.toml", "--process", "q=x"]);
    let ended = both.current_dir(folder.path()).end();
    assert!(ended.text().contains("p     at once  true\nq     at once"), "{ended:?}");
    gipc(["check", "-p", "a=x", "-p", "b=x", "-p", "a=y", "-p", "a b=y"]).end().ended(
        2,
        "",
        "error: there are two processes `a`\n --> -p:3:1\n  |\n3 | a=y\n  | ^^^\n\n\
         error: `a b` is not a valid process name: use letters, digits, `_` and `-`, and do not \
         begin with `-`\n --> -p:4:1\n  |\n4 | a b=y\n  | ^^^^^\n",
    );
    for wrong in ["x", "=x", "x=", "x= "] {
        gipc(["check", "-p", wrong]).end().failed(2, &["expected NAME=COMMAND"]);
    }
}

#[test]
fn a_description_that_cannot_be_read_is_told() {
    let folder = scratch();
    gipc(["check"]).current_dir(folder.path()).end().ended(
        2,
        "",
        "gipc: there is neither a `gipc.toml` nor a `Procfile` in this folder: name a file, or \
         describe processes with -p NAME=COMMAND\n",
    );
    words("check /no/such/file").end().failed(2, &["cannot read `/no/such/file`: No such file"]);
    gipc(["check"]).arg(folder.path()).end().failed(2, &["cannot read", "Is a directory"]);
    words("check /dev/zero").end().failed(2, &["`/dev/zero` is longer than 16 MiB"]);
    let folder = folder_with("gipc.toml", b"name = \"a\xff\"\n");
    gipc(["check"]).current_dir(folder.path()).end().ended(
        2,
        "",
        "gipc: `gipc.toml` is not text: byte 9 is not UTF-8\n",
    );
}

#[test]
fn a_large_description_takes_no_time() {
    let mut text = String::new();
    let mut number = 0;
    while text.len() < 1 << 20 {
        let after = if number == 0 { String::new() } else { format!("\"p{}\"", number - 1) };
        text += &format!("[process.p{number}]\ncommand = \"true\"\ndepends_on = [{after}]\n\n");
        number += 1;
    }
    let folder = folder_with("gipc.toml", &text);
    let ended = gipc(["check"]).current_dir(folder.path()).end();
    assert_eq!(ended.code(), 0, "{ended:?}");
    assert_eq!(ended.text().lines().count(), number + 3);
    let broken = text.replace("command =", "comand =");
    std::fs::write(folder.path().join("gipc.toml"), broken).unwrap();
    let ended = gipc(["check"]).current_dir(folder.path()).end();
    ended.failed(2, &["gipc.toml:2:1", "did you mean `command`?"]);
}

#[test]
fn what_is_nested_without_end_is_refused() {
    for text in [
        "[".repeat(100_000),
        format!("a = {}", "[".repeat(100_000)),
        format!("a = {}", "{ a = ".repeat(100_000)),
        format!("a{} = 1", ".a".repeat(100_000)),
        format!("[process.p]\ncommand = \"{}\"", "${A:-".repeat(100_000)),
    ] {
        let folder = folder_with("gipc.toml", text);
        let ended = gipc(["check"]).current_dir(folder.path()).end();
        ended.failed(2, &["error: "]);
    }
}

#[test]
fn what_is_no_toml_is_said_to_be_read_as_such() {
    let folder = folder_with("compose.yml", "services:\n  web:\n    image: x\n");
    let ended = words("check compose.yml").current_dir(folder.path()).end();
    ended.failed(2, &["compose.yml:1:9", "this is read as TOML, see gipc-toml(5)"]);
}

#[test]
fn who_decides_and_is_tried_again_is_remarked_on() {
    let text = |restart: &str, defaults: &str| {
        format!("exit = 'test'\n[process.test]\ncommand = 'false'\n{restart}\n{defaults}\n")
    };
    let folder = folder_with("gipc.toml", text("", ""));
    let ended = words("check").current_dir(folder.path()).end();
    assert!(ended.text().contains("ends when test has ended"));
    ended.failed(0, &["gipc: gipc.toml:1:8: a failure of `test`", "`restart = \"never\"`"]);
    for (restart, defaults) in
        [("restart = 'on-failure'", ""), ("", "[defaults]\nrestart = 'never'")]
    {
        std::fs::write(folder.path().join("gipc.toml"), text(restart, defaults)).unwrap();
        let ended = words("check").current_dir(folder.path()).end();
        assert_eq!(ended.stderr, "");
    }
}

/// That each key does what it says is shown by processes that run: those tests name it.
#[test]
fn every_key_has_a_test_that_runs_it() {
    let schema: Value = serde_json::from_slice(&gipc(["schema"]).end().stdout).unwrap();
    let mut keys = std::collections::BTreeSet::new();
    let mut parts = vec![&schema];
    while let Some(part) = parts.pop() {
        match part {
            Value::Object(object) => {
                let properties = object.get("properties").and_then(Value::as_object);
                keys.extend(properties.into_iter().flat_map(|keys| keys.keys()));
                parts.extend(object.values());
            }
            Value::Array(list) => parts.extend(list),
            _ => {}
        }
    }
    assert!(keys.contains(&"backoff".to_owned()) && keys.contains(&"within".to_owned()));
    let tests =
        std::fs::read_dir(root().join("tests/it")).unwrap().map(|file| file.unwrap().path());
    let tests = tests.filter(|file| file.extension().is_some_and(|it| it == "rs"));
    let tests = tests.filter(|file| !file.ends_with("check.rs"));
    let text: String = tests.map(|file| std::fs::read_to_string(file).unwrap()).collect();
    let is_there = |key: &String| {
        let forms = [format!("{key} = "), format!("[{key}"), format!(".{key}]")];
        forms.iter().any(|form| text.contains(form))
    };
    keys.retain(|key| !is_there(key));
    assert!(keys.is_empty(), "no test runs {keys:?}");
}
