//! Windows: the numbers are those of the C runtime, which come with the handles in `lpReserved2` of
//! `STARTUPINFO`. It is read here as the C runtime does, for programs that have another one or none.

#![expect(unsafe_code, reason = "handles come in a block of memory of the system's")]

use std::os::windows::io::{AsHandle as _, BorrowedHandle, FromRawHandle, OwnedHandle};

use windows_sys::Win32::Foundation::{
    GetHandleInformation, HANDLE, HANDLE_FLAG_INHERIT, SetHandleInformation,
};
use windows_sys::Win32::System::Threading::{GetStartupInfoW, STARTUPINFOW};

use super::Untaken;
use crate::pipes;

/// The C runtime's mark of a number that is in use.
const OPEN: u8 = 0x01;

/// The handles that this process was started with, at their numbers.
pub(crate) fn handles() -> Vec<Option<HANDLE>> {
    let mut startup = STARTUPINFOW::default();
    // SAFETY: it fills in the struct. The block that it leads to is the system's, is as long as is
    // said, and stays.
    let block = unsafe {
        GetStartupInfoW(&raw mut startup);
        if startup.lpReserved2.is_null() {
            return Vec::new();
        }
        std::slice::from_raw_parts(startup.lpReserved2, startup.cbReserved2.into())
    };
    parse(block).unwrap_or_default()
}

/// How many, a byte of marks for each, the handles.
fn parse(block: &[u8]) -> Option<Vec<Option<HANDLE>>> {
    let (count, rest) = block.split_first_chunk()?;
    let (marks, rest) = rest.split_at_checked(i32::from_ne_bytes(*count).try_into().ok()?)?;
    let handles = rest.chunks_exact(size_of::<HANDLE>()).map(|bytes| {
        let value = bytes.try_into().map(usize::from_ne_bytes).unwrap_or_default();
        std::ptr::without_provenance_mut(value)
    });
    Some(
        marks
            .iter()
            .zip(handles)
            .map(|(mark, handle)| (mark & OPEN != 0).then_some(handle))
            .collect(),
    )
}

/// The handle that came at this number.
fn look_at<'a>(fd: i32, inode: Option<u64>) -> Result<BorrowedHandle<'a>, Untaken> {
    let handles = handles();
    let handle = usize::try_from(fd).ok().and_then(|fd| *handles.get(fd)?);
    let handle = handle.ok_or(Untaken::Closed)?;
    let mut flags = 0;
    // SAFETY: it fails for what is no handle.
    if unsafe { GetHandleInformation(handle, &raw mut flags) } == 0 {
        return Err(Untaken::Closed);
    }
    // SAFETY: it is one, and looked at only for as long as the caller runs.
    let handle = unsafe { BorrowedHandle::borrow_raw(handle) };
    match inode {
        Some(inode) if pipes::identity_of(handle)? != inode => Err(Untaken::Reused),
        _ => Ok(handle),
    }
}

/// A second handle for it.
pub(super) fn open(fd: i32, inode: Option<u64>) -> Result<OwnedHandle, Untaken> {
    Ok(look_at(fd, inode)?.try_clone_to_owned()?)
}

/// Takes it for our own.
pub(super) fn take(fd: i32, inode: Option<u64>) -> Result<OwnedHandle, Untaken> {
    let handle = std::os::windows::io::AsRawHandle::as_raw_handle(&look_at(fd, inode)?);
    // SAFETY: it is open, was passed to this process for whoever asks for it first, and that is we.
    let handle = unsafe { OwnedHandle::from_raw_handle(handle) };
    not_for_children(handle.as_handle())?;
    Ok(handle)
}

fn not_for_children(handle: BorrowedHandle<'_>) -> Result<(), Untaken> {
    let handle = std::os::windows::io::AsRawHandle::as_raw_handle(&handle);
    // SAFETY: the handle is open.
    match unsafe { SetHandleInformation(handle, HANDLE_FLAG_INHERIT, 0) } {
        0 => Err(std::io::Error::last_os_error().into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_that_is_cut_off_or_lies_is_none() {
        let value = 0x1234_usize.to_ne_bytes();
        let mut block = 2_i32.to_ne_bytes().to_vec();
        block.extend([0, OPEN]);
        block.extend([0xff; size_of::<HANDLE>()]);
        block.extend(value);
        let handles = parse(&block).unwrap();
        assert_eq!(handles.len(), 2);
        assert!(handles[0].is_none());
        assert_eq!(handles[1].unwrap().addr(), 0x1234);
        for cut in 0..6 {
            assert!(parse(&block[..cut]).is_none(), "{cut}");
        }
        assert_eq!(parse(&block[..block.len() - 1]).unwrap().len(), 1, "the last one is not whole");
        assert!(parse(&(-1_i32).to_ne_bytes()).is_none());
    }
}
