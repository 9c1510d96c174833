//! How soon this process gets a processor.

#![expect(unsafe_code, reason = "nice(2), which nix has not")]

/// From now on it gets what others leave. Where the system does not allow it, it stays as it is.
pub(crate) fn step_back() {
    // SAFETY: changes a number of this process.
    unsafe { libc::nice(19) };
}
