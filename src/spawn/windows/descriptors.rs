//! The handles that a child gets, and their numbers.
//!
//! Programs whose C runtime is Microsoft's find handles at the numbers that `lpReserved2` of
//! `STARTUPINFO` tells: how many, a byte of marks for each, the handles.

use std::collections::BTreeMap;
use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::ptr;

use windows_sys::Win32::Foundation::{
    DUPLICATE_SAME_ACCESS, DuplicateHandle, HANDLE, INVALID_HANDLE_VALUE,
};
use windows_sys::Win32::Storage::FileSystem::{FILE_TYPE_CHAR, FILE_TYPE_PIPE, GetFileType};
use windows_sys::Win32::System::Console::{
    GetStdHandle, STD_ERROR_HANDLE, STD_INPUT_HANDLE, STD_OUTPUT_HANDLE,
};
use windows_sys::Win32::System::Threading::GetCurrentProcess;

use super::Command;

/// Marks of the C runtime.
const OPEN: u8 = 0x01;
const PIPE: u8 = 0x08;
const DEVICE: u8 = 0x40;

/// The first number for which there is no room in the block, whose length is told in 16 bits.
const TOO_HIGH: u16 = ((u16::MAX as usize - size_of::<i32>()) / (1 + size_of::<HANDLE>())) as u16;

/// Duplicates that can be inherited, by their numbers in the child.
///
/// While they are there, a child that is started without a list of its handles gets them too; that
/// can only be one that other code in this process starts in the meantime.
pub(super) struct Descriptors(BTreeMap<u16, OwnedHandle>);

impl Descriptors {
    pub(super) fn new(command: &Command) -> io::Result<Self> {
        let mut all = BTreeMap::new();
        for (target, source) in &command.fds {
            let number = target.number();
            if number >= TOO_HIGH {
                let why = format!("{number} is too high: there is room up to {}", TOO_HIGH - 1);
                return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
            }
            all.insert(number, inheritable(source.as_raw_handle())?);
        }
        for (number, which) in
            [STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE].into_iter().enumerate()
        {
            let number = number as u16;
            // SAFETY: a system call on a number.
            let ours = unsafe { GetStdHandle(which) };
            if !all.contains_key(&number) && !ours.is_null() && ours != INVALID_HANDLE_VALUE {
                all.insert(number, inheritable(ours)?);
            }
        }
        if command.inherit_fds {
            for (number, handle) in crate::inherited::handles().into_iter().enumerate().skip(3) {
                let number = number as u16;
                // One that was closed or taken since is none any more.
                if let Some(handle) = handle
                    && !all.contains_key(&number)
                    && let Ok(handle) = inheritable(handle)
                {
                    all.insert(number, handle);
                }
            }
        }
        Ok(Self(all))
    }

    /// All of them.
    pub(super) fn handles(&self) -> Vec<HANDLE> {
        self.0.values().map(|handle| handle.as_raw_handle()).collect()
    }

    /// Those for standard input, output and error; null where there is none.
    pub(super) fn standard(&self) -> [HANDLE; 3] {
        [0, 1, 2].map(|number| {
            self.0.get(&number).map_or(ptr::null_mut(), |handle| handle.as_raw_handle())
        })
    }

    /// For the C runtime.
    pub(super) fn block(&self) -> Vec<u8> {
        let count = self.0.keys().last().map_or(0, |last| i32::from(*last) + 1);
        let of = |number: i32| u16::try_from(number).ok().and_then(|number| self.0.get(&number));
        let mut block = count.to_ne_bytes().to_vec();
        block.extend((0..count).map(|number| of(number).map_or(0, marks)));
        for number in 0..count {
            let handle = of(number).map_or(INVALID_HANDLE_VALUE, |handle| handle.as_raw_handle());
            block.extend(handle.addr().to_ne_bytes());
        }
        block
    }
}

fn marks(handle: &OwnedHandle) -> u8 {
    // SAFETY: the handle is open.
    match unsafe { GetFileType(handle.as_raw_handle()) } {
        FILE_TYPE_PIPE => OPEN | PIPE,
        FILE_TYPE_CHAR => OPEN | DEVICE,
        _ => OPEN,
    }
}

fn inheritable(handle: HANDLE) -> io::Result<OwnedHandle> {
    let mut duplicate = ptr::null_mut();
    // SAFETY: it fails for what is no handle; what it gives is ours alone.
    unsafe {
        let us = GetCurrentProcess();
        match DuplicateHandle(us, handle, us, &raw mut duplicate, 0, 1, DUPLICATE_SAME_ACCESS) {
            0 => Err(io::Error::last_os_error()),
            _ => Ok(OwnedHandle::from_raw_handle(duplicate)),
        }
    }
}
