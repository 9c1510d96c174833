//! Strings as C has them, one behind the other: a child's environment is many, and is made at each
//! start.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::ptr;

use libc::c_char;
use memchr::memchr;

/// Strings that end with a NUL, in one piece of memory.
#[derive(Default)]
pub(super) struct Strings {
    bytes: Vec<u8>,
    starts: Vec<usize>,
}

impl Strings {
    /// Adds one that these parts make together.
    pub(super) fn push(&mut self, parts: &[&OsStr]) -> io::Result<()> {
        let start = self.bytes.len();
        for part in parts {
            self.bytes.extend_from_slice(part.as_bytes());
        }
        let whole = &self.bytes[start..];
        if memchr(0, whole).is_some() {
            return Err(super::holds_a_nul(OsStr::from_bytes(whole)));
        }
        self.bytes.push(0);
        self.starts.push(start);
        Ok(())
    }

    pub(super) fn len(&self) -> usize {
        self.starts.len()
    }

    /// What follows `prefix` in the first that begins with it.
    pub(super) fn behind(&self, prefix: &str) -> Option<&OsStr> {
        self.starts.iter().find_map(|start| {
            let rest = self.bytes[*start..].strip_prefix(prefix.as_bytes())?;
            Some(OsStr::from_bytes(&rest[..memchr(0, rest)?]))
        })
    }

    /// Where each of them is, and a null pointer: good as long as none is added.
    pub(super) fn pointers(&self) -> Vec<*const c_char> {
        let at = |start: &usize| self.bytes[*start..].as_ptr().cast();
        self.starts.iter().map(at).chain([ptr::null()]).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::CStr;

    use super::*;

    #[test]
    fn each_string_ends_where_the_next_begins() {
        let mut strings = Strings::default();
        for parts in [&["A", "=", "1"][..], &["PATH", "=", ""], &[""], &["PATH=2"]] {
            let parts: Vec<&OsStr> = parts.iter().map(OsStr::new).collect();
            strings.push(&parts).unwrap();
        }
        let pointers = strings.pointers();
        assert!(pointers[4].is_null());
        let read = pointers[..4].iter().map(|pointer| {
            // SAFETY: a string with its end, in `strings`, which lives still.
            unsafe { CStr::from_ptr(*pointer) }.to_str().unwrap()
        });
        assert_eq!(read.collect::<Vec<_>>(), ["A=1", "PATH=", "", "PATH=2"]);
        assert_eq!(strings.behind("PATH="), Some(OsStr::new("")));
        assert_eq!(strings.behind("B="), None);
    }

    #[test]
    fn a_string_with_a_nul_is_refused_and_shown() {
        let error = Strings::default().push(&[OsStr::new("a\0b")]).unwrap_err();
        assert_eq!(error.to_string(), r"`a\0b` holds a NUL byte");
    }
}
