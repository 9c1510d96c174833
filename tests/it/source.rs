//! What must hold of the source itself.

use std::fs;
use std::path::{Path, PathBuf};

/// All files of Rust in `src`.
fn sources() -> Vec<PathBuf> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") {
                files.push(path);
            }
        }
    }
    files
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Does this begin a function, whatever stands before `fn`?
fn begins_function(line: &str) -> bool {
    let mut words = line.trim_start().split(' ');
    let is_before = |word: &&str| {
        ["async", "const", "extern", "unsafe"].contains(word)
            || word.starts_with("pub")
            || word.starts_with("in")
            || word.starts_with('"')
    };
    words.find(|word| !is_before(word)) == Some("fn")
}

/// Which lines stand in the body of a function and speak of systems. In what rustfmt has formatted,
/// what a line is in begins further to the left; a signature of several lines is one of them.
fn conditions_in_functions(source: &str) -> Vec<&str> {
    let lines: Vec<&str> = source.lines().collect();
    let speaks = |line: &str| {
        let code = line.trim_start();
        let is_condition =
            code.starts_with("#[cfg") || code.starts_with("#![cfg") || code.contains("cfg!(");
        let names = ["unix", "windows", "target_os", "target_family"];
        is_condition && !code.starts_with("//") && names.iter().any(|name| code.contains(name))
    };
    let is_in_function = |at: usize| {
        let mut depth = indentation(lines[at]);
        for line in lines[..at].iter().rev().filter(|line| !line.trim().is_empty()) {
            if indentation(line) < depth {
                let code = line.trim_start();
                if code.starts_with(')') || code.starts_with("where") || code == "{" {
                    // The end of a signature, which begins as far to the left.
                    depth = indentation(line) + 1;
                    continue;
                }
                if begins_function(line) {
                    return true;
                }
                depth = indentation(line);
            }
        }
        false
    };
    (0..lines.len())
        .filter(|at| speaks(lines[*at]) && is_in_function(*at))
        .map(|at| lines[at])
        .collect()
}

#[test]
fn no_function_asks_for_the_system() {
    // What it would find.
    let wrong = [
        "fn f() {\n    #[cfg(unix)]\n    g();\n}\n",
        "impl A {\n    pub(crate) async fn f(\n        a: u8,\n    ) -> u8 {\n        if a {\n            let x = cfg!(windows);\n        }\n    }\n}\n",
        "const fn f<A>(a: A)\nwhere\n    A: B,\n{\n    #[cfg(target_os = \"linux\")]\n    g();\n}\n",
    ];
    for source in wrong {
        assert_eq!(conditions_in_functions(source).len(), 1, "{source}");
    }
    let right =
        "#[cfg(unix)]\nfn f() {\n    g();\n}\n\nimpl A {\n    #[cfg(windows)]\n    fn g() {}\n}\n";
    assert_eq!(conditions_in_functions(right), [""; 0]);
    let sources = sources();
    assert!(sources.len() > 100, "{} files", sources.len());
    for path in sources {
        let found = conditions_in_functions(&fs::read_to_string(&path).unwrap()).join("\n");
        assert_eq!(
            found,
            "",
            "{}: code for one system stands in a file named for it",
            path.display()
        );
    }
}

/// The functions of a file that its parent may call, in order.
fn offered(path: &str) -> Vec<String> {
    let source = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    // One may be handed on from a file below.
    let handed_on = source.lines().filter_map(|line| {
        let names = line.strip_prefix("pub(super) use ")?.strip_suffix(';')?;
        Some(names.rsplit("::").next()?.to_owned())
    });
    let own = source.lines().filter(|line| line.starts_with("pub(super)") && begins_function(line));
    let own = own.filter_map(|line| {
        let (_, name) = line.split_once("fn ")?;
        Some(name.split(['(', '<']).next()?.to_owned())
    });
    let mut all: Vec<_> = handed_on.chain(own).collect();
    all.sort_unstable();
    all
}

#[test]
fn both_files_that_start_children_have_the_same_functions() {
    let on_unix = offered("src/spawn/unix.rs");
    assert!(on_unix.contains(&"spawn".to_owned()) && on_unix.len() > 1, "{on_unix:?}");
    assert_eq!(on_unix, offered("src/spawn/windows.rs"));
}
