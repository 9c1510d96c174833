//! Windows: a temporary file that goes with its last handle.

use std::fs::{File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::os::windows::fs::OpenOptionsExt;

use windows_sys::Win32::Storage::FileSystem::{
    FILE_ATTRIBUTE_TEMPORARY, FILE_FLAG_DELETE_ON_CLOSE,
};

/// A file that nobody else can open, for the arguments: of any size, there before the child is.
pub(super) fn anonymous_file() -> io::Result<File> {
    // Not our pid: a child of one that had it before us may still have a file of such a name.
    let random = RandomState::new();
    let name = format!("gipc-{:016x}{:016x}", random.hash_one("one"), random.hash_one("other"));
    OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .share_mode(0)
        .attributes(FILE_ATTRIBUTE_TEMPORARY)
        .custom_flags(FILE_FLAG_DELETE_ON_CLOSE)
        .open(std::env::temp_dir().join(name))
}
