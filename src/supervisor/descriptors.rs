//! Room for the descriptors of many instances.

use gipc::spawn::{Limit, Resource};
use nix::sys::resource::{Resource as Kind, getrlimit, setrlimit};

/// How many descriptors an instance takes here at the most: its streams, its process, what it tells
/// us on; and one for each that somebody waits for.
const OF_EACH: u64 = 8;

/// How many we need besides.
const OF_OUR_OWN: u64 = 64;

/// Makes room for so many instances, as far as the hard limit lets us, and tells what the limit was
/// if it was changed: the instances are to have it as it was, as programs that use `select(2)`
/// count on it.
pub(super) fn make_room(instances: usize) -> Option<Limit> {
    let needed = instances as u64 * OF_EACH + OF_OUR_OWN;
    let (soft, hard) = getrlimit(Kind::RLIMIT_NOFILE).ok()?;
    if soft >= needed {
        return None;
    }
    // Where that is not enough, the start that finds no room will say so.
    setrlimit(Kind::RLIMIT_NOFILE, needed.min(hard), hard).ok()?;
    let resource: Resource = "nofile".parse().ok()?;
    Some(Limit { resource, soft, hard })
}
