//! gipc's own events, as lines among the others.
//!
//! There are no spans, so that nothing has to be kept of them: the registry that
//! `tracing-subscriber` would make at every start takes more memory than all else of an idle guard.

use std::fmt::{self, Write as _};

use serde::Serialize;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use super::{Format, GIPC, Sink};

/// Takes the events, each in one piece.
pub(super) struct Events(Sink);

impl Events {
    /// They become lines of `sink`.
    pub(super) const fn new(sink: Sink) -> Self {
        Self(sink)
    }

    /// `gipc: ` and what there is to say, as command-line programs do.
    fn pretty(&self, level: Level, said: &str) -> String {
        let color = match level {
            Level::ERROR => "31",
            Level::WARN => "33",
            _ => "2",
        };
        if self.0.settings.color {
            format!("\x1b[{color}mgipc:\x1b[0m {said}")
        } else {
            format!("gipc: {said}")
        }
    }
}

pub(super) fn json(level: Level, said: &str) -> String {
    let timestamp = &format!("{:.6}", jiff::Timestamp::now());
    let entry = Entry { timestamp, level: level.as_str(), message: said };
    // Strings cannot fail to be JSON.
    serde_json::to_string(&entry).unwrap_or_default()
}

impl Subscriber for Events {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.0.settings.level
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.0.settings.level)
    }

    fn event(&self, event: &Event<'_>) {
        let mut said = Said::default();
        event.record(&mut said);
        if let Some(kept) = &self.0.kept {
            // What is said in several lines is several.
            kept.keep(GIPC, "stderr", format!("{}\n", said.0).as_bytes());
        }
        let level = *event.metadata().level();
        let mut line = match self.0.settings.format {
            Format::Pretty => self.pretty(level, &said.0),
            Format::Json => json(level, &said.0),
        };
        line.push('\n');
        self.0.say(line);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1) // All are the same: none is asked for again.
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// An event as a line of JSON.
#[derive(Serialize)]
struct Entry<'a> {
    timestamp: &'a str,
    level: &'static str,
    message: &'a str,
}

/// What an event says: its message, and behind it whatever else it has.
#[derive(Default)]
struct Said(String);

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a string cannot fail.
        let _ = if field.name() == "message" {
            write!(self.0, "{value:?}")
        } else {
            write!(self.0, " {}={value:?}", field.name())
        };
    }
}
