//! How the environment tells a child of its channels, see `gipc-wire(7)`.

use std::ffi::{OsStr, OsString};

use crate::inherited::{CHANNELS, Channel, Direction};
use crate::target::TARGET;

/// Whose descriptors `LISTEN_FDS` tells of, see `sd_listen_fds(3)`. The child sets it itself.
pub(super) const LISTEN_PID: &str = "LISTEN_PID";

/// How many there are.
pub(super) const LISTEN_FDS: &str = "LISTEN_FDS";
/// And how they are called.
pub(super) const LISTEN_FDNAMES: &str = "LISTEN_FDNAMES";

/// Is this variable about descriptors of the process that has it?
pub(super) fn is_of_descriptors(key: &OsStr) -> bool {
    key.as_encoded_bytes().starts_with(b"GIPC_FD_")
        || key.as_encoded_bytes().starts_with(b"NODE_CHANNEL_")
        || [CHANNELS, TARGET, Direction::In.variable(), Direction::Out.variable()]
            .into_iter()
            .chain([LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES])
            .any(|variable| key == variable)
}

/// The descriptors above 2 that channels have, in ascending order, each once.
pub(super) fn numbers(channels: &[Channel]) -> Vec<i32> {
    let mut numbers: Vec<_> =
        channels.iter().map(|channel| channel.fd).filter(|fd| *fd > 2).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

/// The variables that tell of `channels`.
pub(super) fn variables(channels: &[Channel]) -> Vec<(OsString, OsString)> {
    let mut variables: Vec<(String, String)> = Vec::new();
    for direction in [Direction::In, Direction::Out] {
        if let Some(first) = channels.iter().find(|channel| channel.direction == direction) {
            variables.push((direction.variable().to_owned(), first.fd.to_string()));
        }
    }
    for Channel { name, fd, .. } in channels {
        let name = name.to_uppercase().replace('-', "_");
        variables.push((format!("GIPC_FD_{name}"), fd.to_string()));
    }
    if !channels.is_empty() {
        let list: Vec<_> = channels.iter().map(Channel::to_string).collect();
        variables.push((CHANNELS.to_owned(), list.join(",")));
    }
    variables.into_iter().map(|(key, value)| (key.into(), value.into())).collect()
}
