//! What Windows tells of processes.

#![expect(unsafe_code, reason = "system calls on handles")]

use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};

use windows_sys::Win32::Foundation::WAIT_TIMEOUT;
use windows_sys::Win32::System::Threading::{
    OpenProcess, PROCESS_SYNCHRONIZE, WaitForSingleObject,
};

/// Has this process ended?
pub(crate) fn is_gone(pid: i32) -> bool {
    // SAFETY: what the system gives is ours alone, and open while it is waited for.
    unsafe {
        let process = OpenProcess(PROCESS_SYNCHRONIZE, 0, pid as u32);
        if process.is_null() {
            return true;
        }
        let process = OwnedHandle::from_raw_handle(process);
        WaitForSingleObject(process.as_raw_handle(), 0) != WAIT_TIMEOUT
    }
}
