//! Room for the descriptors of many instances.

use gipc::spawn::{Limit, Resource};
use nix::sys::resource::{Resource as Kind, getrlimit, setrlimit};

use super::Error;

/// How many we need besides those of the instances.
const OF_OUR_OWN: u64 = 64;

/// Makes room for so many instances, which take so many descriptors each, and tells what the limit was if it was changed: the instances
/// are to have it as it was, as programs that use `select(2)` count on it.
pub(super) fn make_room(instances: usize, each: usize) -> Result<Option<Limit>, Error> {
    let needed = instances as u64 * each as u64 + OF_OUR_OWN;
    let Ok((old_soft, old_hard)) = getrlimit(Kind::RLIMIT_NOFILE) else { return Ok(None) };
    let (soft, hard) = (number(old_soft), number(old_hard));
    if soft >= needed || instances == 1 {
        return Ok(None);
    }
    let is_set = limit(needed)
        .is_some_and(|needed| setrlimit(Kind::RLIMIT_NOFILE, needed, old_hard).is_ok());
    if hard < needed || !is_set {
        return Err(Error::Descriptors { instances, needed, hard });
    }
    let resource: Option<Resource> = "nofile".parse().ok();
    Ok(resource.map(|resource| Limit { resource, soft, hard }))
}

/// A limit as a number, whose type is not the same on every system.
fn number(limit: impl TryInto<u64>) -> u64 {
    limit.try_into().unwrap_or(u64::MAX)
}

/// A number as a limit.
fn limit<T: TryFrom<u64>>(number: u64) -> Option<T> {
    number.try_into().ok()
}
