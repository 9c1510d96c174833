//! What gipc and the workers have to say, on standard error: whole lines, one after the other.
//!
//! ```text
//! pipe ──read──▶ scratch ──whole lines, with prefix──▶ what waits ──one write──▶ standard error
//!                                                  ├──▶ what waits ──one write──▶ log file
//!                                                  └──▶ the last ones, kept ──▶ gipc logs
//! ```
//!
//! One thread writes, so that nothing is spliced, and a reader that is slow or stuck keeps nobody
//! from handling a signal. Workers wait while it has much to write; gipc's own few lines do not.

use std::io;

pub(crate) use gipc::tail::Tail;
use tracing::level_filters::LevelFilter;

mod events;
mod file;
mod kept;
mod outlet;
mod prefix;
mod printing;
mod stderr;

use events::Events;
pub(crate) use file::LogFile;
pub(crate) use kept::{GIPC, Kept, Line, Piece, Reader};
use outlet::Outlet;
pub(crate) use prefix::{Prefix, color};
pub(crate) use printing::{Origin, Printing};
pub(crate) use stderr::Writing;

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Pretty,
    /// A JSON object on each line.
    Json,
}

/// What is logged and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) level: LevelFilter,
    pub(crate) format: Format,
    pub(crate) color: bool,
    /// The time in front of each line, which a terminal does not tell.
    pub(crate) time: bool,
}

/// Where lines go.
#[derive(Clone)]
pub(crate) struct Sink {
    stderr: Outlet,
    settings: Settings,
    /// Where somebody may ask for them: the last lines.
    kept: Option<Kept>,
}

/// The line below all others on standard error, a terminal. Clones are the same.
#[derive(Clone)]
pub(crate) struct StatusLine(Outlet);

impl StatusLine {
    /// Shows this there, which is shorter than the terminal is wide; nothing, where it is empty.
    pub(crate) fn show(&self, text: &str) {
        self.0.set_status(text);
    }
}

impl std::fmt::Debug for StatusLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StatusLine")
    }
}

/// Starts to write to this process's standard error, and has gipc's own events written there too.
pub(crate) fn start(settings: Settings, keeps: bool) -> io::Result<(Sink, Writing)> {
    let (stderr, writing) = stderr::open()?;
    let kept = keeps.then(Kept::default);
    let sink = Sink { stderr, settings, kept };
    // Whatever is said before there is a subscriber is lost, and a second one would be our mistake.
    tracing::subscriber::set_global_default(Events::new(sink.clone())).map_err(io::Error::other)?;
    Ok((sink, writing))
}

/// An error of gipc's own that ends it, as a log line.
pub(crate) fn complaint(format: Format, error: &str) -> String {
    match format {
        Format::Pretty => format!("gipc: {error}\n"),
        Format::Json => events::json(tracing::Level::ERROR, error) + "\n",
    }
}

impl Sink {
    /// Adds lines at once: a few words of our own.
    pub(crate) fn say(&self, lines: impl AsRef<[u8]>) {
        self.stderr.add(|waiting| waiting.extend_from_slice(lines.as_ref()));
    }

    /// Is each line an object?
    pub(crate) fn is_json(&self) -> bool {
        self.settings.format == Format::Json
    }

    /// The line below all others.
    pub(crate) fn status_line(&self) -> StatusLine {
        StatusLine(self.stderr.clone())
    }

    /// The last lines, where they are kept.
    pub(crate) fn kept(&self) -> Option<&Kept> {
        self.kept.as_ref()
    }

    /// Writes what there is to standard error, and lets go of it.
    pub(crate) async fn let_go(self) {
        self.stderr.reopen();
        self.stderr.drained().await;
    }

    /// Whoever follows the lines is told that there are no more.
    pub(crate) fn end(&self) {
        if let Some(kept) = &self.kept {
            kept.end();
        }
    }

    /// How the origin of lines is shown; `width`: of the longest name.
    pub(crate) fn prefix(&self, instance: &str, number: usize, width: usize) -> Prefix {
        Prefix::new(instance, number, width, self.settings)
    }
}
