//! Other systems keep the pages of the start until they need them.

/// Nothing is given back.
pub(crate) async fn release_when_settled() {}
