//! Linux: memory as a file.

use std::fs::File;
use std::io;

use nix::sys::memfd::{MFdFlags, memfd_create};

/// A file without a name, for the arguments: of any size, there before the child is.
pub(super) fn anonymous_file() -> io::Result<File> {
    Ok(memfd_create(c"gipc-arguments", MFdFlags::MFD_CLOEXEC)?.into())
}
