//! What is made from the definition of the command line is what is checked in.

use std::path::Path;

use crate::support::*;

/// With `GIPC_TEST_BLESS=1` the checked-in files are made anew.
fn compare(fresh: &Path, kept: &Path) {
    let fresh_text = std::fs::read_to_string(fresh).unwrap();
    if std::env::var_os("GIPC_TEST_BLESS").is_some() {
        std::fs::create_dir_all(kept.parent().unwrap()).unwrap();
        std::fs::write(kept, &fresh_text).unwrap();
    }
    let kept_text = std::fs::read_to_string(kept).unwrap_or_default();
    assert!(
        fresh_text == kept_text,
        "{} is not up to date; `GIPC_TEST_BLESS=1 cargo test generated` makes it anew",
        kept.display()
    );
}

#[test]
fn man_pages_and_completions_are_up_to_date() {
    let folder = scratch();
    gipc(["man", "--all"]).arg(folder.path()).end().said("");
    let mut names: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "_gipc",
            "_gipc.ps1",
            "gipc-call.1",
            "gipc-check.1",
            "gipc-completions.1",
            "gipc-control.7",
            "gipc-down.1",
            "gipc-exec.1",
            "gipc-formats.5",
            "gipc-help.1",
            "gipc-logs.1",
            "gipc-man.1",
            "gipc-pipe.1",
            "gipc-pool.1",
            "gipc-ps.1",
            "gipc-recv.1",
            "gipc-reload.1",
            "gipc-replay.1",
            "gipc-restart.1",
            "gipc-run.1",
            "gipc-scale.1",
            "gipc-schema.1",
            "gipc-send.1",
            "gipc-signal.1",
            "gipc-start.1",
            "gipc-stop.1",
            "gipc-tap.1",
            "gipc-toml.5",
            "gipc-up.1",
            "gipc-wait.1",
            "gipc-why.1",
            "gipc-wire.7",
            "gipc.1",
            "gipc.bash",
            "gipc.elv",
            "gipc.fish",
        ]
    );
    for name in names {
        let is_page = name.ends_with(|last: char| last.is_ascii_digit()) && !name.ends_with(".ps1");
        let kept = if is_page { "man" } else { "completions" };
        compare(&folder.path().join(&name), &root().join(kept).join(&name));
    }
}

#[test]
fn a_page_that_cannot_be_written_is_named() {
    let folder = scratch();
    std::fs::write(folder.path().join("file"), "").unwrap();
    let ended = words("man --all file").current_dir(folder.path()).end();
    ended.failed(125, &["gipc: cannot write `file`: File exists"]);
}

#[test]
fn the_schema_is_up_to_date() {
    let folder = scratch();
    let fresh = folder.path().join("schema");
    std::fs::write(&fresh, gipc(["schema"]).end().stdout).unwrap();
    compare(&fresh, &root().join("schema/gipc.schema.json"));
}

/// Each key of the schema has its paragraph in gipc-toml(5).
#[test]
fn the_manual_has_every_key() {
    let page = std::fs::read_to_string(root().join("man/gipc-toml.5")).unwrap();
    let schema: serde_json::Value = serde_json::from_slice(&gipc(["schema"]).end().stdout).unwrap();
    let tables = schema["$defs"].as_object().unwrap().values().chain([&schema]);
    let keys = tables.filter_map(|table| table["properties"].as_object()).flat_map(|it| it.keys());
    for key in keys {
        let is_there = page.lines().any(|line| {
            line.starts_with(".B")
                && line.split([' ', '"', ',', '.', '[', ']']).any(|word| word == key)
        });
        assert!(is_there, "`{key}`");
    }
}

/// All keys in a JSON value.
fn keys(value: &serde_json::Value, found: &mut std::collections::BTreeSet<String>) {
    match value {
        serde_json::Value::Object(table) => {
            found.extend(table.keys().cloned());
            table.values().for_each(|value| keys(value, found));
        }
        serde_json::Value::Array(list) => list.iter().for_each(|value| keys(value, found)),
        _ => {}
    }
}

/// What gipc writes for programs has no key, and no column, that gipc-formats(5) does not have.
#[test]
fn the_manual_has_every_key_of_what_is_written_for_programs() {
    let folder = scratch();
    let worker = "while m=$(gipc recv); do [ $m != bad ] || { echo oh >&2; kill -9 $$; }; \
                  gipc send $m; done";
    let mut gipc = words(
        "pool -v -j1 --log-format json --ready delay:0s --retries 0 --backoff 0s..0s --output json \
         --report report.json --record record --dead-letter dead --joblog joblog --",
    );
    gipc.current_dir(folder.path()).args(["bash", "-c", worker]);
    let ended = gipc.with_input(b"good\nbad\n\xff\n");
    assert_eq!(ended.code(), 1, "{ended:?}");
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let mut found = std::collections::BTreeSet::new();
    let lines = [ended.text(), &ended.stderr, &read("record"), &read("dead")].join("\n");
    for line in lines.lines().filter(|line| !line.is_empty()) {
        keys(&serde_json::from_str(line).unwrap(), &mut found);
    }
    let report: serde_json::Value = serde_json::from_str(&read("report.json")).unwrap();
    keys(&report, &mut found);
    for known in ["started_seconds", "reply", "reply_base64", "error", "base64", "line", "signal"] {
        assert!(found.contains(known), "`{known}` is not in {found:?}");
    }
    found.extend(read("joblog").lines().next().unwrap().split('\t').map(str::to_owned));
    let page = std::fs::read_to_string(root().join("man/gipc-formats.5")).unwrap();
    for key in found {
        let is_there = page.lines().any(|line| {
            line.starts_with(".B") && line.split([' ', '"', ',']).any(|word| word == key)
        });
        assert!(is_there, "`{key}`");
    }
    // By both clocks the incarnations are within the run, one after the other.
    let lives = report["instances"][0]["incarnations"].as_array().unwrap();
    let mut before = 0.0;
    for life in lives {
        for key in ["started_seconds", "ended_seconds"] {
            let at = life[key].as_f64().unwrap();
            assert!(at >= before, "{report}");
            before = at;
        }
        let length =
            life["ended_seconds"].as_f64().unwrap() - life["started_seconds"].as_f64().unwrap();
        assert!((length - life["duration_seconds"].as_f64().unwrap()).abs() < 1e-6, "{life}");
    }
    assert!(before <= report["duration_seconds"].as_f64().unwrap(), "{report}");
}

#[test]
fn each_page_and_each_completion_can_be_printed() {
    for (page, file) in [
        ("run", "gipc-run.1"),
        ("toml", "gipc-toml.5"),
        ("wire", "gipc-wire.7"),
        ("formats", "gipc-formats.5"),
    ] {
        gipc(["man", page]).end().said(std::fs::read(root().join("man").join(file)).unwrap());
    }
    gipc(["man"]).end().said(std::fs::read(root().join("man/gipc.1")).unwrap());
    for (shell, file) in [
        ("bash", "gipc.bash"),
        ("zsh", "_gipc"),
        ("fish", "gipc.fish"),
        ("powershell", "_gipc.ps1"),
        ("elvish", "gipc.elv"),
    ] {
        let kept = std::fs::read(root().join("completions").join(file)).unwrap();
        gipc(["completions", shell]).end().said(kept);
    }
}

#[test]
fn completions_work_in_bash() {
    let script = "source completions/gipc.bash; COMP_WORDS=(gipc \"$@\"); COMP_CWORD=$#; \
                  _gipc gipc \"${@: -1}\" \"${COMP_WORDS[-2]}\"; echo ${COMPREPLY[@]}";
    for (words, offered) in [
        (&["ex"][..], "exec\n"),
        (&["run", "--wire", "st"], "stdio\n"),
        (&["run", "--framing", "u"], "u32 u32le\n"),
        (&["run", "--input", "n"], "nul netstring none\n"),
        (&["pool", "--input", "n"], "nul netstring\n"),
        (&["pool", "--output", "j"], "json-seq json\n"),
        (&["exec", "--stop-signal", "T"], "TERM\n"),
        (&["signal", "U"], "USR1 USR2\n"),
        // The command's own words are the shell's affair.
        (&["exec", "--", "ru"], "\n"),
    ] {
        let mut bash = command("bash");
        bash.args(["-c", script, "bash"]).args(words).end().said(offered);
    }
}

#[test]
fn manual_pages_are_well_formed() {
    if !has("mandoc") {
        return;
    }
    // The generator's own style is not ours to warn about.
    let lint = "mandoc -T lint -W error man/*.1 && mandoc -T lint -W warning man/*.[57]";
    let ended = command("sh").args(["-c", lint]).end();
    assert_eq!(ended.text(), "");
    assert_eq!(ended.code(), 0, "{ended:?}");
}
