//! Windows: what we share with others waits in every call.

#![expect(unsafe_code, reason = "system calls on handles")]

use std::fs::{File, OpenOptions};
use std::io;
use std::os::windows::fs::FileExt;
use std::os::windows::io::{AsHandle, AsRawHandle};
use std::path::Path;

use windows_sys::Win32::Storage::FileSystem::{
    BY_HANDLE_FILE_INFORMATION, GetFileInformationByHandle,
};

pub(super) use std::os::windows::io::AsHandle as AsDescriptor;

use super::Stream;

/// What reads nothing and gives nothing.
pub(crate) const NULL: &str = "NUL";

/// A handle of our own for the same file.
pub(super) fn duplicate(of: impl AsHandle) -> io::Result<File> {
    Ok(File::from(of.as_handle().try_clone_to_owned()?))
}

/// It has waited already.
pub(super) const fn wait_to_read(_file: &File) -> io::Result<()> {
    Ok(())
}

/// As [`wait_to_read`].
pub(super) const fn wait_to_write(_file: &File) -> io::Result<()> {
    Ok(())
}

/// Has a thread read something, be it the end? To ask the system would be to wait for that thread: a
/// handle does one call at a time.
pub(super) fn has_something(stream: &Stream) -> bool {
    !stream.taken.is_empty() || stream.reading.as_ref().is_some_and(|it| it.is_finished())
}

/// Nobody can read beside us: whoever reads anywhere in a file moves all who have it.
pub(crate) const fn input_beside() -> Option<(File, u64)> {
    None
}

/// Opens a file to append to it.
pub(crate) fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

/// The same for one that is written to on a thread.
pub(crate) fn append_and_wait(path: &Path) -> io::Result<File> {
    append(path)
}

/// Which file it is, whatever the path that it was opened by.
pub(crate) fn identity(file: &File) -> io::Result<(u64, u64)> {
    let mut told = BY_HANDLE_FILE_INFORMATION::default();
    // SAFETY: it fills in the struct; the handle is open.
    match unsafe { GetFileInformationByHandle(file.as_raw_handle(), &raw mut told) } {
        0 => Err(io::Error::last_os_error()),
        _ => {
            let index = (u64::from(told.nFileIndexHigh) << 32) | u64::from(told.nFileIndexLow);
            Ok((told.dwVolumeSerialNumber.into(), index))
        }
    }
}

/// Writes all of it at this place in the file.
pub(crate) fn write_all_at(file: &File, mut bytes: &[u8], mut place: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.seek_write(bytes, place)? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            written => {
                bytes = &bytes[written..];
                place += written as u64;
            }
        }
    }
    Ok(())
}

/// Reads all of it from this place in the file.
pub(crate) fn read_exact_at(file: &File, mut bytes: &mut [u8], mut place: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.seek_read(bytes, place)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                bytes = &mut bytes[read..];
                place += read as u64;
            }
        }
    }
    Ok(())
}
