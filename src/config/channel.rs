//! Raw channels → channels of the topology: their ends, and where those meet the processes.

use std::collections::HashMap;
use std::path::PathBuf;

use gipc::framing::{DEFAULT_MAX_MESSAGE, Framing};
use gipc::spawn::ChildFd;

use super::endpoint::{AckWord, Endpoint, PortWord};
use super::meaning::{Amount, Count, Period, Size};
use super::mistake::Place;
use super::pins::Pins;
use super::probe::Ready;
use super::process::Reader;
use super::raw;
use super::text::{At, Named, OneOrMany, Text};
use crate::plan::channel::{self, Ack, Channel, ChannelId, End, Full, Port, Replies, Route};
use crate::plan::topology::{Process, ProcessId, Readiness};
use crate::value;

/// An end as it was written.
pub(super) struct Written {
    pub(super) place: Place,
    /// Without one, gipc itself.
    pub(super) process: Option<(ProcessId, Option<PortWord>)>,
}

/// A channel whose ends are known, and not yet where they are.
pub(super) struct Draft<'r> {
    pub(super) name: &'r At<String>,
    raw: &'r raw::Channel,
    pub(super) from: Vec<Written>,
    pub(super) to: Vec<Written>,
}

/// The channels of the description, whose processes have these names.
pub(super) fn channels(
    reader: &mut Reader<'_>,
    raw: &Named<raw::Channel>,
    names: &HashMap<&str, ProcessId>,
    processes: &[Process],
    ready: &[Option<&At<Text<Ready>>>],
    broken: &[Place],
) -> Vec<Channel> {
    let mut drafts = Vec::new();
    for (name, raw) in &raw.0 {
        check_name(reader, name);
        let mut side = |key: &str, written: &Option<At<OneOrMany<Endpoint>>>| match written {
            Some(written) => {
                let ends = ends(reader, written, names);
                if key == "to" && matches!(&written.value, OneOrMany::Many(all) if all.is_empty()) {
                    reader.mistakes.add(&written.place, "there must be at least one");
                }
                ends
            }
            None => {
                if !broken.contains(&name.place) {
                    let message = format!("the channel `{}` has no `{key}`", name.value);
                    reader.mistakes.add(&name.place, message);
                }
                Vec::new()
            }
        };
        let from = side("from", &raw.value.from);
        let to = side("to", &raw.value.to);
        drafts.push(Draft { name, raw: &raw.value, from, to });
    }
    check_names(reader, &drafts);
    check_ours(reader, &drafts);
    let mut pins = Pins::new(processes);
    // Those that were asked for are gone before the others are given out.
    for draft in &drafts {
        pins.claim(reader, draft);
    }
    for draft in &drafts {
        pins.claim_sockets(reader, draft);
    }
    let mut channels: Vec<_> =
        drafts.iter().map(|draft| channel(reader, draft, &mut pins)).collect();
    settle_replies(reader, &drafts, &mut channels);
    check_ready(reader, &channels, processes, ready);
    channels
}

/// Whose messages are answered, and on which channel.
fn settle_replies(reader: &mut Reader<'_>, drafts: &[Draft<'_>], channels: &mut [Channel]) {
    for (place, draft) in drafts.iter().enumerate() {
        let ack = draft.raw.ack.as_ref();
        if let Some(ack) = ack
            && reader.value_or(Some(ack), AckWord::Read) == AckWord::Reply
        {
            match reply_channel(channels, place) {
                Ok(on) => {
                    channels[place].ack = Ack::Reply(replies(reader, draft.raw));
                    channels[place].answers = Some(on);
                }
                Err(message) => reader.mistakes.add(&ack.place, message),
            }
        }
        let is_answered = matches!(channels[place].ack, Ack::Reply(_));
        if !is_answered && ack.is_none_or(|ack| ack.value.text != "reply") {
            only_with_replies(reader, draft.raw);
        }
    }
}

/// Who becomes ready by a message must be able to send one.
fn check_ready(
    reader: &mut Reader<'_>,
    channels: &[Channel],
    processes: &[Process],
    written: &[Option<&At<Text<Ready>>>],
) {
    for (place, process) in processes.iter().enumerate() {
        let writes = |channel: &Channel| {
            channel.from.iter().any(|end| end.process() == Some(ProcessId(place)))
        };
        if let (Some(Readiness::Message), Some(at)) = (&process.ready, written[place])
            && !channels.iter().any(writes)
        {
            let message = format!(
                "`{}` cannot become ready by a message: there is no channel `from` it",
                process.name
            );
            reader.mistakes.add(&at.place, message);
        }
    }
}

fn check_name(reader: &mut Reader<'_>, name: &At<String>) {
    if !value::is_plain_name(&name.value) {
        let message = format!(
            "`{}` is not a valid channel name: use letters, digits, `_` and `-`, and do not \
             begin with `-`",
            name.value
        );
        reader.mistakes.add(&name.place, message);
    }
}

/// Names of channels become names of variables: there may not be two that are the same there.
fn check_names(reader: &mut Reader<'_>, drafts: &[Draft<'_>]) {
    let mut known = HashMap::new();
    for Draft { name, .. } in drafts {
        let variable = name.value.to_uppercase().replace('-', "_");
        if let Some(other) = known.insert(variable, &name.value) {
            let message = format!(
                "the channels `{other}` and `{}` would have the same variable, GIPC_FD_{}",
                name.value,
                name.value.to_uppercase().replace('-', "_")
            );
            reader.mistakes.add(&name.place, message);
        }
    }
}

/// Our own standard input and output are one each.
fn check_ours(reader: &mut Reader<'_>, drafts: &[Draft<'_>]) {
    let input = drafts.iter().flat_map(|draft| &draft.from);
    let output = drafts.iter().flat_map(|draft| &draft.to);
    let all: [(_, Vec<&Written>); 2] =
        [("standard input", input.collect()), ("standard output", output.collect())];
    for (what, ends) in all {
        for second in ends.iter().filter(|end| end.process.is_none()).skip(1) {
            let message = format!("gipc's own {what} (`-`) is already an end of another channel");
            reader.mistakes.add(&second.place, message);
        }
    }
}

fn ends(
    reader: &mut Reader<'_>,
    ends: &At<OneOrMany<Endpoint>>,
    names: &HashMap<&str, ProcessId>,
) -> Vec<Written> {
    let texts = match &ends.value {
        OneOrMany::One(text) => vec![At { place: ends.place.clone(), value: text.clone() }],
        OneOrMany::Many(many) => many.clone(),
    };
    let mut written: Vec<Written> = Vec::new();
    for text in &texts {
        let process = match reader.value(text) {
            None => continue,
            Some(Endpoint::Ours) => None,
            Some(Endpoint::Process { name, port }) => match names.get(name.as_str()) {
                Some(id) => Some((*id, port)),
                None => {
                    let known = names.keys().copied();
                    let at = At { place: text.place.clone(), value: name };
                    super::resolve::nothing_of_that_name(&at, known, reader.mistakes);
                    continue;
                }
            },
        };
        if written.iter().any(|other| other.process.map(first) == process.map(first)) {
            reader.mistakes.add(&text.place, "this end is listed twice");
            continue;
        }
        written.push(Written { place: text.place.clone(), process });
    }
    written
}

fn first<A, B>(pair: (A, B)) -> A {
    pair.0
}

/// Where the ends of one side are, and how messages are encoded there; `own`: as that side says
/// itself, `usual`: where they are without a port.
fn placed(
    reader: &mut Reader<'_>,
    pins: &mut Pins<'_>,
    draft: &Draft<'_>,
    ends: &[Written],
    own: Option<&At<Text<Framing>>>,
    usual: ChildFd,
) -> Vec<End> {
    let written = own.or(draft.raw.framing.as_ref());
    let said = written.and_then(|framing| reader.value(framing));
    let mut placed = Vec::new();
    for end in ends {
        let (at, natural) = match end.process {
            None => (channel::Place::Ours, Framing::Lines),
            Some((process, Some(PortWord::Node))) => {
                if let Some(written) = written
                    && said.is_some_and(|it| it != Framing::Lines)
                {
                    let message = "a `node` port has `lines` of JSON: say how the other side \
                                   encodes messages by `from_framing` or `to_framing`";
                    reader.mistakes.add(&written.place, message);
                }
                let fd = pins.socket(process).unwrap_or(usual);
                (channel::Place::Process(process, Port::Node(fd)), Framing::Lines)
            }
            Some((process, port)) => {
                let fd = match port {
                    Some(PortWord::Fd(fd)) => fd,
                    _ => pins.give(process, usual, &draft.name.value),
                };
                let natural = if fd.number() < 3 { Framing::Lines } else { Framing::U32 };
                (channel::Place::Process(process, Port::Fd(fd)), natural)
            }
        };
        placed.push(End { at, framing: said.unwrap_or(natural) });
    }
    placed
}

fn channel(reader: &mut Reader<'_>, draft: &Draft<'_>, pins: &mut Pins<'_>) -> Channel {
    let Draft { name, raw, from, to } = draft;
    let (own, usual) = (raw.from_framing.as_ref(), ChildFd::MESSAGES_OUT);
    let from = placed(reader, pins, draft, from, own, usual);
    let (own, usual) = (raw.to_framing.as_ref(), ChildFd::MESSAGES_IN);
    let to = placed(reader, pins, draft, to, own, usual);
    if let (Some(both), Some(_)) =
        (&raw.framing, raw.from_framing.as_ref().or(raw.to_framing.as_ref()))
    {
        let message = "`framing` is for both ends: it cannot be there with `from_framing` or \
                       `to_framing`";
        reader.mistakes.add(&both.place, message);
    }
    let route = reader.value_or(raw.route.as_ref(), Route::default());
    if route == Route::Queue
        && let Some(written) = &raw.to
        && to.iter().any(|end| end.framing != to[0].framing)
    {
        let message = "readers that share a queue must have one framing: give it as `to_framing`";
        reader.mistakes.add(&written.place, message);
    }
    let folder = reader.folder();
    let path = |reader: &mut Reader<'_>, at: Option<&At<Text<PathBuf>>>| {
        at.and_then(|at| reader.value(at)).map(|path| folder.join(path))
    };
    Channel {
        name: name.value.clone(),
        from,
        to,
        route,
        ack: Ack::Read,
        answers: None,
        buffer: reader.value_or(raw.buffer.as_ref(), Size(Channel::BUFFER as u64)).0 as usize,
        full: reader.value_or(raw.full.as_ref(), Full::Block),
        max_message: reader.value_or(raw.max_message.as_ref(), Size(DEFAULT_MAX_MESSAGE as u64)).0
            as usize,
        record: path(reader, raw.record.as_ref()),
        dead_letter: path(reader, raw.dead_letter.as_ref()),
        is_direct: false,
    }
}

/// The channel on which the readers of this one answer: the first that all of them write.
fn reply_channel(channels: &[Channel], place: usize) -> Result<ChannelId, String> {
    let readers: Vec<_> = channels[place].to.iter().map(End::process).collect();
    if readers.contains(&None) {
        return Err("gipc's own standard output does not answer".to_owned());
    }
    let writes = |channel: &Channel| {
        readers.iter().all(|reader| channel.from.iter().any(|end| end.process() == *reader))
    };
    let found = channels.iter().enumerate().find(|(other, it)| *other != place && writes(it));
    found.map(|(place, _)| ChannelId(place)).ok_or_else(|| {
        "the replies have nowhere to go: there is no channel `from` all readers of this one"
            .to_owned()
    })
}

fn replies(reader: &mut Reader<'_>, raw: &raw::Channel) -> Replies {
    Replies {
        window: reader.value_or(raw.window.as_ref(), Count(1)).0 as usize,
        timeout: raw.message_timeout.as_ref().and_then(|at| reader.value(at)).map(|Period(it)| it),
        retries: reader.value_or(raw.retries.as_ref(), Amount(2)).0,
    }
}

/// Keys that mean something for messages that are answered only.
fn only_with_replies(reader: &mut Reader<'_>, raw: &raw::Channel) {
    let keys = [
        ("window", raw.window.as_ref().map(|at| &at.place)),
        ("message_timeout", raw.message_timeout.as_ref().map(|at| &at.place)),
        ("retries", raw.retries.as_ref().map(|at| &at.place)),
    ];
    for (key, place) in keys {
        if let Some(place) = place {
            let message = format!("`{key}` is for messages that are answered: `ack = \"reply\"`");
            reader.mistakes.add(place, message);
        }
    }
}
