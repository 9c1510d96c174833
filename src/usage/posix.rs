//! Elsewhere: not told.

use super::Process;

pub(super) fn processes() -> Vec<Process> {
    Vec::new()
}
