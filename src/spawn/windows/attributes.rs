//! What `CreateProcessW` is told beyond its arguments.

use std::ffi::c_void;
use std::io;
use std::ptr;

use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::System::Threading::{
    DeleteProcThreadAttributeList, InitializeProcThreadAttributeList, LPPROC_THREAD_ATTRIBUTE_LIST,
    PROC_THREAD_ATTRIBUTE_HANDLE_LIST, PROC_THREAD_ATTRIBUTE_JOB_LIST, UpdateProcThreadAttribute,
};

/// A list of attributes, and what it leads to.
pub(super) struct Attributes<'a> {
    memory: Vec<usize>,
    _lists: [Option<&'a [HANDLE]>; 2],
}

impl<'a> Attributes<'a> {
    /// The child has these handles and no others (without a list, all that can be inherited), and is
    /// in these jobs.
    pub(super) fn new(handles: Option<&'a [HANDLE]>, jobs: &'a [HANDLE]) -> io::Result<Self> {
        let mut size = 0;
        // SAFETY: tells the size, and fails.
        unsafe { InitializeProcThreadAttributeList(ptr::null_mut(), 2, 0, &raw mut size) };
        let memory = vec![0; size.div_ceil(size_of::<usize>())];
        let attributes = Self { memory, _lists: [handles, Some(jobs)] };
        // SAFETY: the memory is of the size that was asked for.
        let made = unsafe {
            InitializeProcThreadAttributeList(attributes.as_ptr(), 2, 0, &raw mut size) != 0
        };
        if !made {
            return Err(io::Error::last_os_error());
        }
        attributes.add(PROC_THREAD_ATTRIBUTE_JOB_LIST, jobs)?;
        // An empty list is refused; there is none when the child has no standard handle either.
        if let Some(handles) = handles.filter(|handles| !handles.is_empty()) {
            attributes.add(PROC_THREAD_ATTRIBUTE_HANDLE_LIST, handles)?;
        }
        Ok(attributes)
    }

    fn add(&self, attribute: u32, list: &'a [HANDLE]) -> io::Result<()> {
        // SAFETY: the list of attributes was made, and the handles outlive it.
        let added = unsafe {
            UpdateProcThreadAttribute(
                self.as_ptr(),
                0,
                attribute as usize,
                list.as_ptr().cast::<c_void>(),
                size_of_val(list),
                ptr::null_mut(),
                ptr::null(),
            )
        };
        if added == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }

    pub(super) fn as_ptr(&self) -> LPPROC_THREAD_ATTRIBUTE_LIST {
        self.memory.as_ptr().cast_mut().cast()
    }
}

impl Drop for Attributes<'_> {
    fn drop(&mut self) {
        // SAFETY: it was made, or is all zeros, which this does nothing about.
        unsafe { DeleteProcThreadAttributeList(self.as_ptr()) };
    }
}
