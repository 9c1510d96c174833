//! Linux: `/proc/PID/stat`, see proc_pid_stat(5).

use std::fs;

use nix::unistd::{SysconfVar, sysconf};

use super::{Process, Usage};

/// All processes that there are to be seen.
pub(super) fn processes() -> Vec<Process> {
    let folders = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = folders.filter_map(|folder| folder.file_name().to_str()?.parse().ok());
    pids.filter_map(process).collect()
}

/// This process, unless it has ended.
pub(super) fn process(pid: i32) -> Option<Process> {
    let of_system = |variable| sysconf(variable).ok().flatten().unwrap_or(1).max(1);
    let (ticks, page) = (of_system(SysconfVar::CLK_TCK), of_system(SysconfVar::PAGE_SIZE));
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    parse(pid, &stat, ticks as f64, page as u64)
}

fn parse(pid: i32, stat: &str, ticks: f64, page: u64) -> Option<Process> {
    // The name, in parentheses, may hold anything. Behind it the third field comes first.
    let fields: Vec<&str> = stat.rsplit(')').next()?.split_ascii_whitespace().collect();
    let number = |field: usize| fields.get(field - 3)?.parse::<i64>().ok();
    // User and system time, its own and that of the children that it has waited for.
    let times = [14, 15, 16, 17].map(number).into_iter().sum::<Option<i64>>()?;
    let usage =
        Usage { cpu_seconds: times as f64 / ticks, memory: number(24)?.max(0) as u64 * page };
    Some(Process { pid, parent: number(4)? as i32, group: number(5)? as i32, usage })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_and_blanks_is_passed_over() {
        let stat = "42 (a) b) S 7 40 40 0 -1 4194304 100 0 0 0 150 50 20 30 20 0 1 0 8000 9000000 12 \
                    18446744073709551615";
        let process = parse(42, stat, 100.0, 4096).unwrap();
        assert_eq!((process.parent, process.group), (7, 40));
        assert_eq!(process.usage, Usage { cpu_seconds: 2.5, memory: 12 * 4096 });
        assert!(parse(1, "1 (short) S 2", 100.0, 4096).is_none());
    }
}
