//! The peers: programs of their own, in `benches/peers`, each of which prints one number.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peers");

/// How a peer is started; `None` where it is not to be had here.
pub(crate) struct Peers {
    rust: Option<PathBuf>,
    python: bool,
    python_gipc: bool,
    node: bool,
}

impl Peers {
    /// Builds what has to be built.
    pub(crate) fn find() -> Self {
        let runs = |command: &mut Command| {
            let command = command.stdout(Stdio::null()).stderr(Stdio::null());
            command.status().is_ok_and(|status| status.success())
        };
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("peers");
        let mut build = Command::new(env!("CARGO"));
        build
            .args(["build", "--release", "--manifest-path"])
            .arg(Path::new(FOLDER).join("Cargo.toml"));
        build.arg("--target-dir").arg(&target);
        let rust = runs(&mut build).then(|| target.join("release/peers"));
        Self {
            rust,
            python: runs(Command::new("python3").args(["-c", "import multiprocessing"])),
            python_gipc: runs(Command::new("python3").args(["-c", "import gipc"])),
            node: runs(Command::new("node").arg("--version")),
        }
    }

    pub(crate) fn codec(&self, what: &str, count: usize, size: usize) -> Option<f64> {
        figure(Command::new(self.rust.as_ref()?).arg("codec"), what, count, size)
    }

    pub(crate) fn ipc_channel(&self, what: &str, count: usize, size: usize) -> Option<f64> {
        figure(Command::new(self.rust.as_ref()?).arg("ipc-channel"), what, count, size)
    }

    pub(crate) fn multiprocessing(&self, what: &str, count: usize, size: usize) -> Option<f64> {
        script(self.python, "python3", "multiprocessing_pipe.py", what, count, size)
    }

    /// Python's own pools; `what`: `map`, `imap` or `futures`.
    pub(crate) fn pool(&self, what: &str, count: usize, micros: u64) -> Option<f64> {
        script(self.python, "python3", "pools.py", what, count, micros as usize)
    }

    pub(crate) fn python_gipc(&self, what: &str, count: usize, size: usize) -> Option<f64> {
        script(self.python_gipc, "python3", "python_gipc.py", what, count, size)
    }

    pub(crate) fn node(&self, what: &str, count: usize, size: usize) -> Option<f64> {
        script(self.node, "node", "node_ipc.js", what, count, size)
    }
}

fn script(
    is_there: bool,
    interpreter: &str,
    file: &str,
    what: &str,
    count: usize,
    size: usize,
) -> Option<f64> {
    let mut command = Command::new(interpreter);
    is_there.then(|| figure(command.arg(Path::new(FOLDER).join(file)), what, count, size))?
}

fn figure(command: &mut Command, what: &str, count: usize, size: usize) -> Option<f64> {
    let command = command.args([what, &count.to_string(), &size.to_string()]);
    let output = command.stderr(Stdio::null()).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

/// Is a program of this name in the `PATH`?
pub(crate) fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}
