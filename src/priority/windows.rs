//! How soon this process gets a processor.

#![expect(unsafe_code, reason = "a call of the system")]

use windows_sys::Win32::System::Threading::{
    GetCurrentProcess, IDLE_PRIORITY_CLASS, SetPriorityClass,
};

/// From now on it gets what others leave. Where the system does not allow it, it stays as it is.
pub(crate) fn step_back() {
    // SAFETY: changes a class of this process.
    unsafe { SetPriorityClass(GetCurrentProcess(), IDLE_PRIORITY_CLASS) };
}
