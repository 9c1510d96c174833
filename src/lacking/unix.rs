//! POSIX has what is wished for, or says so itself when it is asked for it.

use super::Wish;

/// Why this cannot be had here.
pub(crate) const fn why_not(_wish: Wish) -> Option<&'static str> {
    None
}
