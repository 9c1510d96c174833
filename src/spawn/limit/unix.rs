//! POSIX: the resources that its systems have in common.

use libc::c_int;

use super::Resource;

pub(super) const RESOURCES: [(&str, c_int); 10] = [
    ("as", libc::RLIMIT_AS as c_int),
    ("core", libc::RLIMIT_CORE as c_int),
    ("cpu", libc::RLIMIT_CPU as c_int),
    ("data", libc::RLIMIT_DATA as c_int),
    ("fsize", libc::RLIMIT_FSIZE as c_int),
    ("memlock", libc::RLIMIT_MEMLOCK as c_int),
    ("nofile", libc::RLIMIT_NOFILE as c_int),
    ("nproc", libc::RLIMIT_NPROC as c_int),
    ("rss", libc::RLIMIT_RSS as c_int),
    ("stack", libc::RLIMIT_STACK as c_int),
];

impl Resource {
    pub(in crate::spawn) fn number(self) -> c_int {
        self.0
    }
}
