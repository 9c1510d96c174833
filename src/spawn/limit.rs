//! Resource limits.

use std::fmt;
use std::str::FromStr;

#[cfg(unix)]
#[path = "limit/unix.rs"]
mod system;
#[cfg(windows)]
#[path = "limit/windows.rs"]
mod system;

use system::RESOURCES;

/// A limit of `setrlimit(2)`. Windows has none of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// What is limited.
    pub resource: Resource,
    /// The limit in force, in the resource's own unit.
    pub soft: u64,
    /// How far the process itself may raise the limit in force.
    pub hard: u64,
}

impl Limit {
    /// No limit.
    pub const UNLIMITED: u64 = u64::MAX;
}

/// Something that can be limited, by its name in `setrlimit(2)` without `RLIMIT_`, in lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resource(i32);

impl Resource {
    /// The names of all resources.
    pub fn names() -> impl Iterator<Item = &'static str> {
        RESOURCES.iter().map(|(name, _)| *name)
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = RESOURCES.iter().find(|(_, number)| *number == self.0).map(|(name, _)| *name);
        f.write_str(name.unwrap_or("unknown"))
    }
}

impl FromStr for Resource {
    type Err = UnknownResource;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = RESOURCES.iter().find(|(known, _)| *known == name);
        found.map(|(_, number)| Self(*number)).ok_or_else(|| UnknownResource(name.to_owned()))
    }
}

/// There is no resource of this name.
#[derive(Debug)]
pub struct UnknownResource(String);

impl std::error::Error for UnknownResource {}

impl fmt::Display for UnknownResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = match RESOURCES.map(|(known, _)| known).join(", ") {
            none if none.is_empty() => "none on this system".to_owned(),
            known => known,
        };
        write!(f, "there is no limit `{}`; there are {known}", self.0)
    }
}
