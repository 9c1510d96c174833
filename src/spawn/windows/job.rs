//! Job objects: what is started in one, and what that starts, cannot leave it. None of ours allows
//! a breakaway.

use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::ptr;
use std::sync::OnceLock;

use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::System::JobObjects::{
    CreateJobObjectW, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE, JOBOBJECT_EXTENDED_LIMIT_INFORMATION,
    JobObjectExtendedLimitInformation, SetInformationJobObject,
};

/// A job for one child, by which it and all that it has started can be ended.
pub(super) fn new() -> io::Result<OwnedHandle> {
    // SAFETY: what the system gives is ours alone.
    unsafe {
        let job = CreateJobObjectW(ptr::null(), ptr::null());
        if job.is_null() {
            Err(io::Error::last_os_error())
        } else {
            Ok(OwnedHandle::from_raw_handle(job))
        }
    }
}

/// The job of all daemons. It is never closed but by the end of this process, however that comes:
/// then the system ends all that are in it.
pub(super) fn of_daemons() -> io::Result<HANDLE> {
    static JOB: OnceLock<OwnedHandle> = OnceLock::new();
    if let Some(job) = JOB.get() {
        return Ok(job.as_raw_handle());
    }
    let job = new()?;
    let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
    limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
    let size = size_of_val(&limits) as u32;
    // SAFETY: the handle is a job's, and open; the struct is of the kind and the size that are said.
    let set = unsafe {
        SetInformationJobObject(
            job.as_raw_handle(),
            JobObjectExtendedLimitInformation,
            (&raw const limits).cast(),
            size,
        )
    };
    match set {
        0 => Err(io::Error::last_os_error()),
        _ => Ok(JOB.get_or_init(|| job).as_raw_handle()),
    }
}
