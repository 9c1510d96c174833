//! `gipc tap`.

use clap::Args;

use super::control::Session;
use crate::plan::{Ask, Filter, Plan, Watch};
use crate::value;

/// Show the messages of a session as they pass
///
/// A line for each: the channel, who sends it, who reads the channel, its number there, and the
/// message. What is no text is shown with escapes. To look does not slow the session: it takes the
/// time that others leave (SCHED_IDLE on Linux), is shown 32 MiB a second at the most, and is told on
/// standard error how many messages were missed.
#[derive(Debug, Args)]
#[command(after_help = "One customer's messages, to be played again: \
                  gipc tap jobs --json --filter /customer/id=17 > record.jsonl")]
pub(super) struct Tap {
    #[command(flatten)]
    session: Session,

    /// Show the messages as a record has them, a JSON object on each line, see gipc-replay(1)
    #[arg(long, env = "GIPC_JSON", hide_env = true,
          value_parser = clap::builder::FalseyValueParser::new())]
    json: bool,

    /// Show those messages only that are JSON and have this value at this JSON pointer (RFC 6901)
    #[arg(long, env = "GIPC_FILTER", value_name = "JSON-POINTER=VALUE", hide_env = true,
          value_parser = value::filter)]
    filter: Option<Filter>,

    /// The channel; all of them where none is named
    #[arg(value_name = "CHANNEL")]
    channel: Option<String>,
}

impl Tap {
    pub(super) fn into_plan(self) -> Plan {
        let Self { session, json, filter, channel } = self;
        session.into_plan(Ask::Tap(Watch { channel, filter, json }))
    }
}
