//! Windows sets no limit to handles that would matter.

use gipc::spawn::Limit;

use super::Error;

/// There is room.
#[expect(clippy::unnecessary_wraps, reason = "as elsewhere")]
pub(super) const fn make_room(_instances: usize, _each: usize) -> Result<Option<Limit>, Error> {
    Ok(None)
}
