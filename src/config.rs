//! Files that describe what to do: `gipc.toml`, a Procfile, and `-p`, into one raw description, and
//! that into a topology.
//!
//! ```text
//! text ──read──▶ raw, with places ──resolve──▶ Topology
//!        └────────── mistakes ────────┘
//! ```

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::plan::topology::Topology;

mod channel;
mod command_line;
mod depends_on;
mod endpoint;
mod env_file;
mod expand;
mod foreign;
mod listeners;
mod meaning;
mod mistake;
mod pins;
mod probe;
mod process;
mod procfile;
mod raw;
mod read;
mod resolve;
mod schema;
mod text;

#[cfg(test)]
mod tests;

pub(crate) use command_line::{CommandLine, Defaults, Key};
pub(crate) use env_file::{EnvFileError, env_file};
use mistake::Source;
pub(crate) use mistake::{Mistakes, did_you_mean};
pub(crate) use probe::readiness;
use read::Reading;
use resolve::Surroundings;
pub(crate) use schema::schema;

/// The files that are looked for, in this order.
const FILES: [&str; 2] = ["gipc.toml", "Procfile"];

/// No description is longer, in bytes.
const LONGEST: usize = 16 << 20;

/// Why there is no topology.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(
        "there is neither a `gipc.toml` nor a `Procfile` in this folder: name a file, or describe \
         processes with -p NAME=COMMAND"
    )]
    NoFile,
    #[error("cannot read `{}`", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("`{}` is not text: byte {at} is not UTF-8", path.display())]
    NotText { path: PathBuf, at: usize },
    #[error("`{}` is longer than 16 MiB, the most that is read of such a file", path.display())]
    TooLong { path: PathBuf },
    /// With a newline in it: a text of its own.
    #[error("{0}")]
    Mistakes(Box<Mistakes>),
}

/// Reads the file, or else that of the current folder unless processes were typed, and adds what was
/// typed.
///
/// # Errors
/// All that is wrong, as far as it can be told at once.
pub(crate) fn load(file: Option<&Path>, typed: CommandLine<'_>) -> Result<Topology, Error> {
    let found = || FILES.iter().map(PathBuf::from).find(|path| path.exists());
    let file = match file {
        Some(file) => Some(file.to_owned()),
        None if !typed.processes.is_empty() => None,
        None => Some(found().ok_or(Error::NoFile)?),
    };
    let text = file.as_deref().map_or(Ok(String::new()), text)?;
    let folder = file.as_deref().and_then(Path::parent).map(Path::to_owned).unwrap_or_default();
    // The folder's own name, whatever it was called by.
    let named = if folder.as_os_str().is_empty() { Path::new(".") } else { &folder };
    let name = named.canonicalize().map_or("gipc".to_owned(), |folder| resolve::name_of(&folder));
    let variable = &|name: &str| std::env::var_os(name);
    let surroundings = Surroundings { folder, name, dir: typed.defaults.dir.clone(), variable };
    understand(file.as_deref(), text, typed, &surroundings).map_err(Error::Mistakes)
}

/// The name of the session of the current folder: its gipc.toml's, or else the folder's. A file that
/// is not understood tells what it can: it may be the one to be mended while the session runs.
pub(crate) fn session_name() -> String {
    let variable = |name: &str| std::env::var_os(name);
    let text = std::fs::read_to_string(FILES[0]).ok();
    let in_file = text.and_then(|text| read::name(&text, &variable));
    let folder = || Path::new(".").canonicalize().ok().map(|folder| resolve::name_of(&folder));
    in_file.or_else(folder).unwrap_or_else(|| "gipc".to_owned())
}

fn text(path: &Path) -> Result<String, Error> {
    let unreadable = |source| Error::Unreadable { path: path.to_owned(), source };
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(LONGEST as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > LONGEST {
        return Err(Error::TooLong { path: path.to_owned() });
    }
    String::from_utf8(bytes).map_err(|error| Error::NotText {
        path: path.to_owned(),
        at: error.utf8_error().valid_up_to(),
    })
}

/// The text of the file, if any, and what was typed.
fn understand(
    file: Option<&Path>,
    text: String,
    typed: CommandLine<'_>,
    surroundings: &Surroundings<'_>,
) -> Result<Topology, Box<Mistakes>> {
    let name = file.map_or_else(String::new, |path| path.display().to_string());
    let mut mistakes = Mistakes::new(Source { name, text: text.clone() }, typed.source());
    let mut reading = match file {
        Some(path) if is_procfile(path) => {
            let port = typed.defaults.variable("PORT").or_else(|| (surroundings.variable)("PORT"));
            let port = port.and_then(|port| port.into_string().ok());
            // Neither foreman nor honcho restarts: there, whatever ends, ends all.
            let restart = (!typed.defaults.has(Key::Restart)).then_some("never");
            procfile::read(&text, &surroundings.folder, port, restart, &mut mistakes)
        }
        Some(_) => read::read(&text, &mut mistakes),
        None => Reading::default(),
    };
    typed.add_to(&mut reading);
    let syntax_is_good = mistakes.is_empty() || !reading.processes.is_empty();
    let topology = syntax_is_good.then(|| resolve::topology(&reading, surroundings, &mut mistakes));
    match topology {
        Some(mut topology) if mistakes.is_empty() => {
            typed.defaults.apply(&mut topology);
            Ok(topology)
        }
        _ => Err(Box::new(mistakes)),
    }
}

/// `Procfile`, `Procfile.dev`, `web.procfile`; whatever else is TOML.
fn is_procfile(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    !name.ends_with(".toml") && (name.starts_with("procfile") || name.ends_with(".procfile"))
}
