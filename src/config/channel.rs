//! Raw channels → channels of the topology: their ends, and where those meet the processes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use gipc::framing::{DEFAULT_MAX_MESSAGE, Framing};
use gipc::spawn::ChildFd;

use serde_json::{Value, json};

use super::meaning::{Amount, Count, Flag, Period, Size, words};
use super::mistake::Place;
use super::probe::Ready;
use super::process::Reader;
use super::raw;
use super::text::{At, Meaning, Named, OneOrMany, Text};
use crate::plan::channel::{self, Ack, Channel, ChannelId, End, Full, Port, Replies, Route};
use crate::plan::topology::{Process, ProcessId, Readiness};
use crate::value::{self, PLAIN_NAME};

/// The descriptors that channels can have where no port is named, after 3 or 4.
const FURTHER: std::ops::RangeInclusive<u16> = 5..=255;

/// An end of a channel: `work`, `work.5`, `work.stdin`, `work.node`, or `-` for gipc itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Endpoint {
    Ours,
    Process { name: String, port: Option<PortWord> },
}

/// A port as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PortWord {
    Fd(ChildFd),
    Node,
}

impl Meaning for Endpoint {
    const NAME: &str = "Endpoint";
    const EXPECTED: &str = "a string with the name of a process, such as \"work\" or \"work.5\"";

    fn schema() -> Value {
        let pattern = format!(r"^(-|{PLAIN_NAME}(\.([0-9]+|stdin|stdout|node))?)$");
        json!({ "type": "string", "pattern": pattern })
    }

    fn of(text: &str) -> Result<Self, String> {
        if text == "-" {
            return Ok(Self::Ours);
        }
        let (name, port) = match text.split_once('.') {
            None => (text, None),
            Some((name, "stdin")) => (name, Some(PortWord::Fd(ChildFd::STDIN))),
            Some((name, "stdout")) => (name, Some(PortWord::Fd(ChildFd::STDOUT))),
            Some((name, "node")) => (name, Some(PortWord::Node)),
            Some((name, number)) => match number.parse() {
                Ok(number @ (0 | 1 | 3..=1023)) => (name, Some(PortWord::Fd(ChildFd::new(number)))),
                _ => {
                    return Err(format!(
                        "`{number}` is not a port: a process has `stdin`, `stdout`, `node`, and \
                         descriptors from 3 to 1023"
                    ));
                }
            },
        };
        Ok(Self::Process { name: name.to_owned(), port })
    }
}

/// Which readers get a message, in words.
impl Meaning for Route {
    const NAME: &str = "Route";
    const EXPECTED: &str = "a route, such as \"queue\" or \"key:/customer/id\"";

    fn schema() -> Value {
        json!({
            "type": "string",
            "pattern": "^(queue|broadcast|round-robin|key:(/([^~]|~[01])*)?)$",
        })
    }

    fn of(text: &str) -> Result<Self, String> {
        match text {
            "queue" => Ok(Self::Queue),
            "broadcast" => Ok(Self::Broadcast),
            "round-robin" => Ok(Self::RoundRobin),
            _ => {
                let pointer = text.strip_prefix("key:").ok_or_else(|| {
                    format!(
                        "`{text}` is not a route; the routes are: `queue`, `broadcast`, `round-robin`, \
                         `key:/JSON/POINTER`"
                    )
                })?;
                if !value::is_pointer(pointer) {
                    return Err(format!(
                        "`{pointer}` is no JSON pointer (RFC 6901), such as `/id`"
                    ));
                }
                Ok(Self::Key(pointer.to_owned()))
            }
        }
    }
}

impl Meaning for Framing {
    const NAME: &str = "Framing";
    const EXPECTED: &str = "a framing, such as \"u32\" or \"lines\"";
    const WORDS: &[&str] = &FRAMINGS;

    fn schema() -> Value {
        json!({ "type": "string", "enum": FRAMINGS })
    }

    fn of(text: &str) -> Result<Self, String> {
        text.parse().map_err(|error: gipc::framing::UnknownFraming| error.to_string())
    }
}

const FRAMINGS: [&str; Framing::ALL.len()] = {
    let mut names = [""; Framing::ALL.len()];
    let mut place = 0;
    while place < names.len() {
        names[place] = Framing::ALL[place].name();
        place += 1;
    }
    names
};

/// How it is told that a message was delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum AckWord {
    #[default]
    Read,
    Reply,
}

words!(AckWord, "Ack", "read" => Read, "reply" => Reply);
words!(Full, "Full", "block" => Block, "drop-oldest" => DropOldest, "drop-newest" => DropNewest,
    "spill" => Spill);

/// An end as it was written.
struct Written {
    place: Place,
    /// Without one, gipc itself.
    process: Option<(ProcessId, Option<PortWord>)>,
}

/// A channel whose ends are known, and not yet where they are.
struct Draft<'r> {
    name: &'r At<String>,
    raw: &'r raw::Channel,
    from: Vec<Written>,
    to: Vec<Written>,
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
    for (place, draft) in drafts.iter().enumerate() {
        let ack = draft.raw.ack.as_ref();
        if let Some(ack) = ack
            && reader.value_or(Some(ack), AckWord::Read) == AckWord::Reply
        {
            let on = reply_channel(&channels, place);
            match on {
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
    for (place, process) in processes.iter().enumerate() {
        let writes = |channel: &Channel| {
            channel.from.iter().any(|end| end.process() == Some(ProcessId(place)))
        };
        if let (Some(Readiness::Message), Some(at)) = (&process.ready, ready[place])
            && !channels.iter().any(writes)
        {
            let message = format!(
                "`{}` cannot become ready by a message: there is no channel `from` it",
                process.name
            );
            reader.mistakes.add(&at.place, message);
        }
    }
    channels
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

/// Which descriptors of which process are taken.
struct Pins<'p> {
    processes: &'p [Process],
    taken: BTreeMap<(ProcessId, u16), String>,
    /// Where the sockets of Node processes are, and which channels lead through them which way.
    sockets: BTreeMap<ProcessId, ChildFd>,
    directions: Vec<(ProcessId, &'static str, String)>,
}

impl<'p> Pins<'p> {
    fn new(processes: &'p [Process]) -> Self {
        let mut taken = BTreeMap::new();
        for (place, process) in processes.iter().enumerate() {
            if let Some(Readiness::Fd(fd)) = process.ready {
                let what = format!("`ready = \"fd:{fd}\"`");
                taken.insert((ProcessId(place), fd.number()), what);
            }
        }
        Self { processes, taken, sockets: BTreeMap::new(), directions: Vec::new() }
    }

    /// Notes the channels of Node processes, and gives their sockets a descriptor: 3, where it is
    /// free.
    fn claim_sockets(&mut self, reader: &mut Reader<'_>, draft: &Draft<'_>) {
        for (ends, way) in [(&draft.from, "from"), (&draft.to, "to")] {
            for end in ends {
                let Some((process, Some(PortWord::Node))) = end.process else { continue };
                let mut there = self.directions.iter();
                if let Some((.., other)) = there.find(|it| (it.0, it.1) == (process, way)) {
                    let name = &self.processes[process.0].name;
                    let message = format!(
                        "channel `{other}` is already {way} the `node` port of `{name}`: it has one \
                         channel each way, which can have several writers and readers"
                    );
                    reader.mistakes.add(&end.place, message);
                    continue;
                }
                self.directions.push((process, way, draft.name.value.clone()));
                if !self.sockets.contains_key(&process) {
                    let fd = self.give(process, ChildFd::MESSAGES_IN, &draft.name.value);
                    self.sockets.insert(process, fd);
                }
            }
        }
    }

    /// Notes the descriptors that a channel asks for.
    fn claim(&mut self, reader: &mut Reader<'_>, draft: &Draft<'_>) {
        let from = "a process cannot write to a channel on its standard input: use `stdout`";
        let to = "a process cannot read a channel on its standard output: use `stdin`";
        for (ends, wrong, wrong_way) in
            [(&draft.from, ChildFd::STDIN, from), (&draft.to, ChildFd::STDOUT, to)]
        {
            for end in ends {
                let Some((process, Some(PortWord::Fd(fd)))) = end.process else { continue };
                if fd == wrong {
                    reader.mistakes.add(&end.place, wrong_way);
                }
                let what = format!("channel `{}`", draft.name.value);
                if let Some(other) = self.taken.insert((process, fd.number()), what) {
                    let name = &self.processes[process.0].name;
                    let message = format!("descriptor {fd} of `{name}` is already used by {other}");
                    reader.mistakes.add(&end.place, message);
                }
            }
        }
    }

    /// A descriptor for an end that names none: this one, or the next that is free.
    fn give(&mut self, process: ProcessId, usual: ChildFd, channel: &str) -> ChildFd {
        let usual = usual.number();
        let free = std::iter::once(usual)
            .chain(FURTHER)
            .find(|fd| !self.taken.contains_key(&(process, *fd)))
            .unwrap_or(usual);
        self.taken.insert((process, free), format!("channel `{channel}`"));
        ChildFd::new(free)
    }
}

fn channel(reader: &mut Reader<'_>, draft: &Draft<'_>, pins: &mut Pins<'_>) -> Channel {
    let Draft { name, raw, from, to } = draft;
    let framing = raw.framing.as_ref();
    let mut place = |reader: &mut Reader<'_>,
                     ends: &[Written],
                     own: Option<&At<Text<Framing>>>,
                     usual: ChildFd| {
        let written = own.or(framing);
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
                    let fd = pins.sockets.get(&process).copied().unwrap_or(usual);
                    (channel::Place::Process(process, Port::Node(fd)), Framing::Lines)
                }
                Some((process, port)) => {
                    let fd = match port {
                        Some(PortWord::Fd(fd)) => fd,
                        _ => pins.give(process, usual, &name.value),
                    };
                    let natural = if fd.number() < 3 { Framing::Lines } else { Framing::U32 };
                    (channel::Place::Process(process, Port::Fd(fd)), natural)
                }
            };
            placed.push(End { at, framing: said.unwrap_or(natural) });
        }
        placed
    };
    let from = place(reader, from, raw.from_framing.as_ref(), ChildFd::MESSAGES_OUT);
    let to = place(reader, to, raw.to_framing.as_ref(), ChildFd::MESSAGES_IN);
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

/// Whose standard output is to be guarded must have messages there, and those lines.
pub(super) fn check_guards(
    reader: &mut Reader<'_>,
    channels: &[Channel],
    processes: &[Process],
    written: &[Option<&At<Text<Flag>>>],
) {
    for (place, process) in processes.iter().enumerate() {
        // As a default it concerns those that it can.
        let Some(at) = written[place].filter(|_| process.guard_stdout) else { continue };
        let stdout = channel::Place::Process(ProcessId(place), Port::Fd(ChildFd::STDOUT));
        let writes = |channel: &Channel| {
            let end = channel.from.iter().find(|end| end.at == stdout)?;
            Some((channel.name.clone(), end.framing))
        };
        let name = &process.name;
        match channels.iter().find_map(writes) {
            None => {
                let message = format!(
                    "there is nothing to guard: no channel is `from` the standard output of \
                     `{name}`, as `{name}.stdout`"
                );
                reader.mistakes.add(&at.place, message);
            }
            Some((_, Framing::Lines)) => {}
            Some((channel, framing)) => {
                let message = format!(
                    "only with `lines` framing can messages be told from other lines, but channel \
                     `{channel}` has `{framing}` there"
                );
                reader.mistakes.add(&at.place, message);
            }
        }
    }
}

/// Where it is said that a process is told of its channels as `sd_listen_fds(3)` has it.
pub(super) struct Listener<'r> {
    pub(super) own: Option<&'r At<Text<Flag>>>,
    pub(super) default: Option<&'r At<Text<Flag>>>,
}

/// Whoever is told so must have channels, at descriptors that follow each other.
pub(super) fn check_listeners(
    reader: &mut Reader<'_>,
    channels: &[Channel],
    processes: &[Process],
    written: &[Listener<'_>],
) {
    for (place, process) in processes.iter().enumerate().filter(|(_, it)| it.listen_fds) {
        let Listener { own, default } = written[place];
        let ends = channels.iter().flat_map(|channel| channel.from.iter().chain(&channel.to));
        let number = |end: &End| match end.at {
            channel::Place::Process(ProcessId(of), port) if of == place => Some(port.fd().number()),
            _ => None,
        };
        let numbers: BTreeSet<_> = ends.filter_map(number).filter(|number| *number > 2).collect();
        let name = &process.name;
        if numbers.is_empty() {
            // As a default it concerns those that it can.
            if let Some(own) = own {
                let message = format!(
                    "there is nothing to announce: `{name}` has no channel at a descriptor from 3 on"
                );
                reader.mistakes.add(&own.place, message);
            }
        } else if let Some(at) = own.or(default)
            && !numbers.iter().copied().eq((3..).take(numbers.len()))
        {
            let numbers: Vec<_> = numbers.iter().map(u16::to_string).collect();
            let message = format!(
                "LISTEN_FDS requires consecutive descriptors from 3 on, but the channels of `{name}` \
                 are at {}",
                numbers.join(", ")
            );
            let help = format!("give the ends of its channels a number, such as `{name}.3`");
            reader.mistakes.add_with_help(&at.place, message, Some(help));
        }
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
