//! Windows: what we share with others waits in every call.

#![expect(unsafe_code, reason = "system calls on handles")]

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::windows::fs::FileExt;
use std::os::windows::io::{AsHandle, AsRawHandle};
use std::path::Path;
use std::ptr;

use windows_sys::Win32::Storage::FileSystem::{
    BY_HANDLE_FILE_INFORMATION, GetFileInformationByHandle,
};
use windows_sys::Win32::System::Console::{GetConsoleMode, WriteConsoleW};

pub(super) use std::os::windows::io::AsHandle as AsDescriptor;
pub(super) use tokio::io::{Empty as OwnToRead, Sink as OwnToWrite};

use super::Stream;

/// What reads nothing and gives nothing.
pub(crate) const NULL: &str = "NUL";

/// A handle of our own for the same file.
pub(super) fn duplicate(of: impl AsHandle) -> io::Result<File> {
    Ok(File::from(of.as_handle().try_clone_to_owned()?))
}

/// A pipe that others have too cannot be opened anew.
pub(super) fn open_to_read(_: &File) -> Option<OwnToRead> {
    None
}

/// As [`open_to_read`].
pub(super) fn open_to_write(_: &File) -> Option<OwnToWrite> {
    None
}

/// How many characters a console is given at once: it has not room for any number of them.
const CHARACTERS: usize = 8 << 10;

/// Writes as much of it as is taken at once. A console gets characters: bytes it would show by a code
/// page that nobody knows of.
pub(super) fn write(mut file: &File, bytes: &[u8]) -> io::Result<usize> {
    let mut mode = 0;
    // SAFETY: it fails for what is no console; the handle is open.
    let is_console = unsafe { GetConsoleMode(file.as_raw_handle(), &raw mut mode) } != 0;
    if !is_console || bytes.is_empty() {
        return file.write(bytes);
    }
    let (characters, taken) = characters(bytes);
    let mut given = characters.as_slice();
    while !given.is_empty() {
        let mut written = 0;
        // SAFETY: it reads so many characters there; the handle is open.
        let done = unsafe {
            let (at, count) = (given.as_ptr(), given.len() as u32);
            WriteConsoleW(file.as_raw_handle(), at, count, &raw mut written, ptr::null())
        };
        match (done, given.get(written as usize..)) {
            (0, _) => return Err(io::Error::last_os_error()),
            (_, Some(rest)) if written > 0 => given = rest,
            _ => return Err(io::ErrorKind::WriteZero.into()),
        }
    }
    Ok(taken)
}

/// Some of it in UTF-16, and how many bytes those were. What is no UTF-8 is shown as such.
fn characters(bytes: &[u8]) -> (Vec<u16>, usize) {
    let mut characters = Vec::new();
    let mut taken = 0;
    for chunk in bytes[..bytes.len().min(CHARACTERS)].utf8_chunks() {
        characters.extend(chunk.valid().encode_utf16());
        taken += chunk.valid().len();
        // One that is cut off where this ends may be whole next time.
        let is_cut = taken + chunk.invalid().len() == CHARACTERS && taken > 0;
        if !chunk.invalid().is_empty() && !is_cut {
            characters.push(char::REPLACEMENT_CHARACTER as u16);
            taken += chunk.invalid().len();
        }
    }
    (characters, taken)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(mut bytes: &[u8]) -> String {
        let mut shown = Vec::new();
        while !bytes.is_empty() {
            let (characters, taken) = characters(bytes);
            shown.extend(characters);
            bytes = &bytes[taken..];
        }
        String::from_utf16(&shown).unwrap()
    }

    #[test]
    fn a_console_is_given_characters_however_much_there_is() {
        let text = "käse 😀 ".repeat(5000);
        for cut in 0..9 {
            let text = format!("{}{text}", "x".repeat(cut));
            assert!(shown(text.as_bytes()) == text, "{cut}");
        }
        assert_eq!(shown(b"a\xffb\xf0\x9f"), "a\u{fffd}b\u{fffd}");
        assert_eq!(shown(&[0xff; CHARACTERS + 1]).chars().count(), CHARACTERS + 1);
    }
}
