//! How soon this process gets a processor.

#![expect(unsafe_code, reason = "a call that nix has not")]

/// From now on it gets what others leave, and gives way at once where one of them wakes up: the system
/// takes a processor that only such processes run on for an idle one, see `sched(7)`. Where it does not
/// allow it, it stays as it is.
pub(crate) fn step_back() {
    // SAFETY: a struct of integers, in which 0 is the only priority that there is then.
    let param: libc::sched_param = unsafe { std::mem::zeroed() };
    // SAFETY: changes the policy of this thread, the only one; `param` is read.
    unsafe { libc::sched_setscheduler(0, libc::SCHED_IDLE, &raw const param) };
}
