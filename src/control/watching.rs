//! `gipc tap`: messages of a session, as they pass.

use std::io;

use gipc::frames::FrameReader;
use gipc::framing::Framing;

use super::client::{Client, Error};
use super::socket::Stream;
use super::{Reply, Request};
use crate::guard::Verdict;
use crate::plan::control::Watch;
use crate::record::{self, Passage};
use crate::relay::Head;

/// Shows messages until there are no more.
pub(super) fn watch(client: &Client, watch: &Watch) -> Result<Verdict, Error> {
    // What is to be seen must not slow down who is looked at: rather we miss some.
    crate::priority::step_back();
    client.say(&Request::Tap { channel: watch.channel.clone() })?;
    // A message is as large as its channel allows.
    let mut replies = FrameReader::new(&client.stream, Framing::U32, usize::MAX);
    loop {
        match client.reply(&mut replies)? {
            Reply::Messages(head) => {
                let text = take(client, watch, &head, &mut replies)?;
                match crate::cli::print(&text) {
                    Verdict::Exit(0) => {}
                    verdict => return Ok(verdict),
                }
            }
            Reply::Missed { messages } => crate::say(&format!("{messages} messages were missed")),
            Reply::Done { .. } => return Ok(Verdict::Exit(0)),
            _ => return Err(client.unexpected()),
        }
    }
}

/// The messages that a reply tells of follow it: as they are to be shown.
fn take(
    client: &Client,
    watch: &Watch,
    head: &Head,
    replies: &mut FrameReader<&Stream>,
) -> Result<Vec<u8>, Error> {
    let mut text = Vec::new();
    for seq in head.seq..head.seq + head.messages {
        let payload = client.frame(replies)?;
        if watch.filter.as_ref().is_none_or(|filter| filter.is_met_by(&payload)) {
            show(head, seq, &payload, watch.json, &mut text)
                .map_err(|source| client.broken(source.into()))?;
        }
    }
    Ok(text)
}

fn show(head: &Head, seq: u64, payload: &[u8], json: bool, text: &mut Vec<u8>) -> io::Result<()> {
    let Head { time, channel, from, to, .. } = head;
    if json {
        return record::write(Passage { channel, from, to }, time, seq, payload, text);
    }
    text.extend_from_slice(format!("{channel} {from} -> {to} {seq} ").as_bytes());
    text.extend_from_slice(printable(payload).as_bytes());
    text.push(b'\n');
    Ok(())
}

/// On one line, and without what would move a terminal's cursor.
fn printable(payload: &[u8]) -> String {
    let Ok(text) = std::str::from_utf8(payload) else { return payload.escape_ascii().to_string() };
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => shown.push(c),
            c if c.is_control() => shown.extend(c.escape_default()),
            c => shown.push(c),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_line_whatever_it_holds() {
        assert_eq!(printable("käse\tund\nbrot\u{1b}[1m".as_bytes()), "käse\tund\\nbrot\\u{1b}[1m");
        assert_eq!(printable(b"\xff\0a\n"), "\\xff\\x00a\\n");
    }
}
