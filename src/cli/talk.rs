//! `gipc send`, `gipc recv`, `gipc call`.

use std::ffi::OsString;
use std::time::Duration;

use clap::Args;
use gipc::framing::Framing;

use super::Usage;
use super::control::Session;
use crate::plan::Plan;
use crate::plan::control::{Ask, Letter};
use crate::plan::talk::{Count, Source, Talk, What};
use crate::value;

#[derive(Debug, Args)]
struct Common {
    /// Wait no longer than this for the first byte of a message to be sent or to arrive, then exit
    /// with 124
    #[arg(long, env = "GIPC_TIMEOUT", value_name = "DURATION", hide_env = true,
          value_parser = value::duration)]
    timeout: Option<Duration>,

    /// The largest message to accept
    #[arg(long, env = "GIPC_MAX_MESSAGE", value_name = "SIZE", hide_env = true,
          default_value = "64MiB", value_parser = value::size)]
    max_message: usize,
}

impl Common {
    fn into_plan(self, what: What) -> Plan {
        let Self { timeout, max_message } = self;
        Plan::Talk(Talk { what, timeout, max_message })
    }

    /// Messages for a process of a session.
    fn letter(self, to: String, channel: Option<String>, source: Source) -> Letter {
        let Self { timeout, max_message } = self;
        Letter { to, channel, source, timeout, max_message }
    }
}

#[derive(Debug, Args)]
struct Name {
    /// The name of the channel [default: the first one]
    #[arg(short, long, env = "GIPC_CHANNEL", hide_env = true)]
    channel: Option<String>,
}

/// Send a message on an inherited channel, or to a process of a session
///
/// Concurrent senders never mix their messages, and a timeout never leaves half a message behind. If
/// the inherited descriptor was closed on the way to this command, it is obtained again from the
/// session; see gipc-wire(7).
///
/// With a NAME, the message goes to that process of a session: into the channel that the process
/// reads, or the one of several that --channel names. The channel's route decides which of its readers
/// gets it. The channel has accepted the message when this command exits; --timeout limits how long
/// each message may wait for room in the channel.
#[derive(Debug, Args)]
#[command(
    override_usage = "gipc send [OPTIONS] [MESSAGE]\n       gipc send [OPTIONS] NAME MESSAGE\n       \
                      gipc send [OPTIONS] --session SESSION NAME [MESSAGE]",
    after_help = "\
Examples:
  gipc send hello                               # in a worker
  seq 3 | gipc send                             # three messages
  gipc send -s shop work '{\"order\":17}'         # to a process of the session shop"
)]
pub(super) struct Send {
    #[command(flatten)]
    session: Session,

    #[command(flatten)]
    name: Name,

    #[command(flatten)]
    common: Common,

    /// The process to send to, if any, and the message; `-`: all of standard input is one message;
    /// without a message: each line of standard input is one
    #[arg(value_names = ["NAME", "MESSAGE"], num_args = 0..=2)]
    words: Vec<OsString>,
}

impl Send {
    pub(super) fn into_plan(self) -> Result<Plan, Usage> {
        let Self { session, name, common, words } = self;
        let Name { channel } = name;
        let (to, message) = addressed(&session, words)?;
        let source = message.map_or(Source::Lines, source);
        match to {
            Some(to) => Ok(session.into_plan(Ask::Send(common.letter(to, channel, source)))),
            None => Ok(common.into_plan(What::Send { channel, source })),
        }
    }
}

/// The process that a message is for, where it is for one, and the message.
fn addressed(
    session: &Session,
    words: Vec<OsString>,
) -> Result<(Option<String>, Option<OsString>), Usage> {
    let mut words = words.into_iter();
    let (to, message) = match (words.next(), words.next()) {
        (to, message) if session.is_named() || message.is_some() => (to, message),
        (message, _) => return Ok((None, message)),
    };
    let to = to.ok_or_else(|| {
        Usage::wrong("the process is missing: `gipc send -s SESSION NAME MESSAGE`")
    })?;
    let to = to.into_string();
    let to = to.map_err(|to| {
        Usage::wrong(format!("`{}` is not a valid process name", to.to_string_lossy()))
    })?;
    Ok((Some(to), message))
}

/// Receive a message from an inherited channel
///
/// Reads exactly its messages and not a byte more, so that the next gipc-recv(1) gets the next
/// message. Exits with 0 if there was a message, with 1 at the end of the channel. If the inherited
/// descriptor was closed, it is obtained again from the session; see gipc-send(1).
#[derive(Debug, Args)]
pub(super) struct Recv {
    #[command(flatten)]
    name: Name,

    #[command(flatten)]
    common: Common,

    /// Receive this many messages
    #[arg(short = 'n', long, env = "GIPC_COUNT", hide_env = true, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,

    /// Receive all messages until the end of the channel
    #[arg(short, long, env = "GIPC_FOLLOW", hide_env = true,
          value_parser = value::flag(), conflicts_with = "count")]
    follow: bool,

    /// How to encode messages on standard output [default: lines; a single message as it is, followed
    /// by a newline]
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

/// Send a message and print the reply
///
/// Exits with 0 if there was a reply, with 1 at the end of the channel. If the inherited descriptors
/// were closed, they are obtained again from the session; see gipc-send(1).
///
/// With a NAME, the message goes to that process of a session as with gipc-send(1), into the first
/// channel that the process reads whose messages are answered: one with ack = "reply" in gipc.toml, or
/// that of a pool. The reply goes to this command only. --timeout limits the whole exchange.
#[derive(Debug, Args)]
#[command(
    override_usage = "gipc call [OPTIONS] MESSAGE\n       gipc call [OPTIONS] [--session SESSION] \
                      NAME MESSAGE",
    after_help = "\
Examples:
  gipc call -s shop work '{\"order\":17}'"
)]
pub(super) struct Call {
    #[command(flatten)]
    session: Session,

    #[command(flatten)]
    common: Common,

    /// How to encode the reply on standard output [default: as it is, followed by a newline]
    #[arg(long, env = "GIPC_OUTPUT", value_name = "FRAMING", hide_env = true)]
    output: Option<Framing>,

    /// The process to send to, if any, and the message; `-`: all of standard input
    #[arg(value_names = ["NAME", "MESSAGE"], required = true, num_args = 1..=2)]
    words: Vec<OsString>,
}

impl Call {
    pub(super) fn into_plan(self) -> Result<Plan, Usage> {
        let Self { session, common, output, words } = self;
        let (to, message) = addressed(&session, words)?;
        let message = message.map(source).ok_or_else(|| {
            Usage::wrong("the message is missing: `gipc call -s SESSION NAME MESSAGE`")
        })?;
        match to {
            Some(to) => {
                let letter = common.letter(to, None, message);
                Ok(session.into_plan(Ask::Call(letter, output)))
            }
            None => Ok(common.into_plan(What::Call { message, output })),
        }
    }
}

fn source(message: OsString) -> Source {
    if message == "-" { Source::Stdin } else { Source::Argument(message.into_encoded_bytes()) }
}
