//! The README's examples, run as they stand there.

use crate::support::*;

/// The commands of the `console` blocks: what follows `$ ` is typed, the rest is what is seen.
fn sessions(text: &str) -> Vec<(String, String)> {
    let mut sessions: Vec<(String, String)> = Vec::new();
    for block in text.split("```console\n").skip(1) {
        let block = block.split("```").next().unwrap();
        for line in block.lines() {
            if let Some(typed) = line.strip_prefix("$ ") {
                sessions.push((typed.to_owned(), String::new()));
            } else if let Some(more) = line.strip_prefix("> ") {
                let typed = &mut sessions.last_mut().unwrap().0;
                typed.push('\n');
                typed.push_str(more);
            } else {
                let seen = &mut sessions.last_mut().unwrap().1;
                seen.push_str(line);
                seen.push('\n');
            }
        }
    }
    sessions
}

#[test]
fn every_session_shows_what_it_says() {
    let text = std::fs::read_to_string(root().join("README.md")).unwrap();
    let sessions = sessions(&text);
    assert!(sessions.len() >= 5, "{sessions:?}");
    let _background = Background("shop".to_owned());
    for (typed, seen) in sessions {
        let ended = command("bash").args(["-c", &format!("{{ {typed}\n}} 2>&1")]).end();
        assert_eq!(ended.text(), seen, "$ {typed}");
    }
}
