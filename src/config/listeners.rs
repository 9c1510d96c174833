//! What processes ask of their channels: that those are guarded, or announced.

use std::collections::BTreeSet;

use gipc::framing::Framing;
use gipc::spawn::ChildFd;

use super::meaning::Flag;
use super::process::Reader;
use super::text::{At, Text};
use crate::plan::channel::{Channel, End, Place, Port};
use crate::plan::topology::{Process, ProcessId};

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
        let stdout = Place::Process(ProcessId(place), Port::Fd(ChildFd::STDOUT));
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
            Place::Process(ProcessId(of), port) if of == place => Some(port.fd().number()),
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
