//! Windows has no limits of this kind.

pub(super) const RESOURCES: [(&str, i32); 0] = [];
