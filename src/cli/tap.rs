//! `gipc tap`.

use clap::Args;

use super::control::Session;
use crate::plan::Plan;
use crate::plan::control::{Ask, Filter, Watch};
use crate::value;

/// Show the messages of a session as they pass
///
/// Prints a line for each: the channel, the sender, the channel's readers, the message's number in
/// the channel, and the message. Bytes that are not text are escaped. Tapping does not slow the
/// session down: it uses only CPU time that nothing else wants (SCHED_IDLE on Linux), gets at most
/// 2 MiB a second, and reports on standard error how many messages it has missed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gipc tap jobs --json --filter /customer/id=17 > record.jsonl   # for gipc replay")]
pub(super) struct Tap {
    #[command(flatten)]
    session: Session,

    /// Print messages in the format of a record, one JSON object per line; see gipc-replay(1)
    #[arg(long, env = "GIPC_JSON", hide_env = true, value_parser = value::flag())]
    json: bool,

    /// Show only messages that are JSON and have this value at this JSON pointer (RFC 6901)
    #[arg(long, env = "GIPC_FILTER", value_name = "JSON-POINTER=VALUE", hide_env = true,
          value_parser = value::filter)]
    filter: Option<Filter>,

    /// The channel [default: all channels]
    #[arg(value_name = "CHANNEL")]
    channel: Option<String>,
}

impl Tap {
    pub(super) fn into_plan(self) -> Plan {
        let Self { session, json, filter, channel } = self;
        session.into_plan(Ask::Tap(Watch { channel, filter, json }))
    }
}
