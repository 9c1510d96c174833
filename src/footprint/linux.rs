//! Gives the pages back that only the start of this process needed.
//!
//! A page fault maps 64 KiB of the program around what was asked for, and reading options and
//! getting ready touches most of it once. What is needed again is mapped again, for the time of a
//! few page faults; it has stayed in the system's page cache, which all processes share.

use std::fs;
use std::ops::Range;
use std::time::Duration;

/// This long after its start a process has its start behind it, and most short commands have ended.
pub(crate) const SETTLED: Duration = Duration::from_secs(1);

/// Once, when the start is over.
pub(crate) async fn release_when_settled() {
    tokio::time::sleep(SETTLED).await;
    release();
}

/// Unmaps all pages of files that nobody has written to.
#[expect(unsafe_code, reason = "madvise(2) on pages that are the same when they come back")]
pub(crate) fn release() {
    let Ok(smaps) = fs::read_to_string("/proc/self/smaps") else { return };
    for range in unwritten(&smaps) {
        let start = std::ptr::without_provenance_mut(range.start);
        // SAFETY: a private mapping of a file, none of whose pages has been changed here: what is
        // read next, or is being run, comes from the file again.
        unsafe { libc::madvise(start, range.len(), libc::MADV_DONTNEED) };
    }
}

/// The mappings of files of which no page has a content of its own. Neither relocated data are such,
/// nor is a program in which a debugger or a probe has left a breakpoint: those would be lost.
fn unwritten(smaps: &str) -> impl Iterator<Item = Range<usize>> {
    let mut range = None;
    smaps.lines().filter_map(move |line| {
        if let Some(header) = of_file(line) {
            range = header;
        }
        let anonymous = line.strip_prefix("Anonymous:")?;
        range.take().filter(|_| anonymous.trim() == "0 kB")
    })
}

/// Is this the first line of a mapping, and if so, where is it, if it is private, cannot be written
/// to, and shows a file?
fn of_file(line: &str) -> Option<Option<Range<usize>>> {
    let mut fields = line.split_ascii_whitespace();
    let (start, end) = fields.next()?.split_once('-')?;
    let address = |text| usize::from_str_radix(text, 16).ok();
    let range = address(start)?..address(end)?;
    let permissions = fields.next()?;
    let is_file = fields.nth(2).is_some_and(|inode| inode != "0");
    Some((permissions.starts_with("r-") && permissions.ends_with('p') && is_file).then_some(range))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMAPS: &str = "\
1000-3000 r--p 00000000 fe:00 7 /usr/bin/gipc
Size:                  8 kB
Anonymous:             0 kB
VmFlags: rd mr mw me
3000-9000 r-xp 00002000 fe:00 7 /usr/bin/gipc
Anonymous:             0 kB
9000-a000 r--p 00008000 fe:00 7 /usr/bin/gipc
Anonymous:             4 kB
a000-b000 rw-p 00009000 fe:00 7 /usr/bin/gipc
Anonymous:             0 kB
c000-d000 r--p 00000000 00:00 0
Anonymous:             0 kB
d000-e000 r--s 00000000 fe:00 9 /shared by others
Anonymous:             0 kB
f000-f800 r-xp 00000000 00:00 0                          [vdso]
Anonymous:             0 kB
";

    #[test]
    fn only_pages_of_files_that_nobody_has_written_to_are_given_back() {
        let ranges: Vec<_> = unwritten(SMAPS).collect();
        assert_eq!(ranges, [0x1000..0x3000, 0x3000..0x9000]);
        // As where a breakpoint was set.
        let probed = SMAPS.replacen("0 kB", "4 kB", 1);
        assert!(unwritten(&probed).eq([ranges[1].clone()]));
    }

    #[test]
    fn a_process_that_has_given_them_back_goes_on() {
        let resident = || {
            let statm = fs::read_to_string("/proc/self/statm").unwrap();
            statm.split(' ').nth(2).unwrap().parse::<usize>().unwrap()
        };
        let before = resident();
        release();
        assert!(resident() < before, "{before} pages are shared still");
    }
}
