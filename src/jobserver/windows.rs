//! GNU make's jobserver, which is a semaphore with a name on Windows: nothing is in the way.

use gipc::pipes::Descriptor;

/// Nothing has to move.
pub(crate) const fn move_behind(
    _flags: &str,
    _first_free: u16,
) -> Option<(String, Vec<(u16, Descriptor)>)> {
    None
}
