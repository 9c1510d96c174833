//! `gipc send`, `gipc recv`, `gipc call`.

use std::ffi::OsString;
use std::time::Duration;

use clap::Args;
use gipc::framing::Framing;

use crate::plan::{Count, Plan, Source, Talk, What};
use crate::value;

#[derive(Debug, Args)]
struct Common {
    /// Wait no longer than this for the first byte of a message to move; then end with 124
    #[arg(long, env = "GIPC_TIMEOUT", value_name = "DURATION", hide_env = true,
          value_parser = value::duration)]
    timeout: Option<Duration>,

    /// The largest message that is accepted
    #[arg(long, env = "GIPC_MAX_MESSAGE", value_name = "SIZE", hide_env = true,
          default_value = "64MiB", value_parser = value::size)]
    max_message: usize,
}

impl Common {
    fn into_plan(self, what: What) -> Plan {
        let Self { timeout, max_message } = self;
        Plan::Talk(Talk { what, timeout, max_message })
    }
}

#[derive(Debug, Args)]
struct Name {
    /// The channel, by its name; otherwise the first
    #[arg(short, long, env = "GIPC_CHANNEL", hide_env = true)]
    channel: Option<String>,
}

/// Send a message on a channel that this process was given
///
/// Several at once never mix their messages. A timeout never leaves half a message behind.
#[derive(Debug, Args)]
pub(super) struct Send {
    #[command(flatten)]
    name: Name,

    #[command(flatten)]
    common: Common,

    /// The message; `-`: all of standard input; without it, each line of standard input is one
    message: Option<OsString>,
}

impl Send {
    pub(super) fn into_plan(self) -> Plan {
        let source = self.message.map_or(Source::Lines, source);
        self.common.into_plan(What::Send { channel: self.name.channel, source })
    }
}

/// Take a message from a channel that this process was given
///
/// Takes exactly its messages and not a byte more, so that the next one finds the next. Ends with 0
/// when there was a message, with 1 at the end of the channel.
#[derive(Debug, Args)]
pub(super) struct Recv {
    #[command(flatten)]
    name: Name,

    #[command(flatten)]
    common: Common,

    /// Take so many messages
    #[arg(short = 'n', long, env = "GIPC_COUNT", hide_env = true, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,

    /// Take all messages until the end of the channel
    #[arg(short, long, env = "GIPC_FOLLOW", hide_env = true,
          value_parser = clap::builder::FalseyValueParser::new(), conflicts_with = "count")]
    follow: bool,

    /// How messages are written to standard output; a single one is written as it is, with a
    /// newline after it
    #[arg(long, env = "GIPC_OUTPUT", value_name = "FRAMING", hide_env = true)]
    output: Option<Framing>,
}

impl Recv {
    pub(super) fn into_plan(self) -> Plan {
        let count = match (self.follow, self.count) {
            (true, _) => Count::UntilEnd,
            (false, Some(count)) => Count::Exactly(count),
            (false, None) => Count::One,
        };
        self.common.into_plan(What::Receive {
            channel: self.name.channel,
            count,
            output: self.output,
        })
    }
}

/// Send a message and take the reply
///
/// Ends with 0 when there was a reply, with 1 at the end of the channel.
#[derive(Debug, Args)]
pub(super) struct Call {
    #[command(flatten)]
    common: Common,

    /// How the reply is written to standard output; otherwise as it is, with a newline after it
    #[arg(long, env = "GIPC_OUTPUT", value_name = "FRAMING", hide_env = true)]
    output: Option<Framing>,

    /// The message; `-`: all of standard input
    message: OsString,
}

impl Call {
    pub(super) fn into_plan(self) -> Plan {
        let message = source(self.message);
        self.common.into_plan(What::Call { message, output: self.output })
    }
}

fn source(message: OsString) -> Source {
    if message == "-" { Source::Stdin } else { Source::Argument(message.into_encoded_bytes()) }
}
