//! Room for the descriptors of many instances.

use gipc::spawn::{Limit, Resource};
use nix::sys::resource::{Resource as Kind, getrlimit, setrlimit};

use super::Error;

/// How many descriptors an instance takes here: its streams, its process, what it tells us on, and
/// a file in passing.
const OF_EACH: u64 = 5;

/// How many we need besides.
const OF_OUR_OWN: u64 = 64;

/// Makes room for so many instances, and tells what the limit was if it was changed: the instances
/// are to have it as it was, as programs that use `select(2)` count on it.
pub(super) fn make_room(instances: usize) -> Result<Option<Limit>, Error> {
    let needed = instances as u64 * OF_EACH + OF_OUR_OWN;
    let Ok((soft, hard)) = getrlimit(Kind::RLIMIT_NOFILE) else { return Ok(None) };
    if soft >= needed || instances == 1 {
        return Ok(None);
    }
    if hard < needed || setrlimit(Kind::RLIMIT_NOFILE, needed, hard).is_err() {
        return Err(Error::Descriptors { instances, needed, hard });
    }
    let resource: Option<Resource> = "nofile".parse().ok();
    Ok(resource.map(|resource| Limit { resource, soft, hard }))
}
