//! Which way bytes go.

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Way {
    In,
    Out,
    Both,
}

impl Way {
    /// Do both go in, or both out?
    pub(crate) fn overlaps(self, other: Self) -> bool {
        self == other || self == Self::Both || other == Self::Both
    }
}
