//! gipc beside the system's own limits and beside its peers, in turn in one run: medians and ratios.
//!
//! `cargo bench` prints the table as Markdown. Machines are noisy and differ: a ratio counts, not a
//! figure.
#![expect(clippy::print_stdout, unsafe_code, reason = "a program that prints a table")]

use std::hint::black_box;
use std::process::{Command, Stdio};
use std::ptr;
use std::time::{Duration, Instant};

const GIPC: &str = env!("CARGO_BIN_EXE_gipc");

/// What an idle gipc is asked to stand guard over.
const IDLE: [&str; 2] = ["sleep", "1000"];

fn main() {
    println!("| what | limit or peer | gipc | ratio |");
    println!("|---|---|---|---|");
    spawns_with_a_large_parent();
    whole_process();
    idle_memory();
}

/// Medians of `rounds` times, in turn.
fn medians<const N: usize>(rounds: usize, mut contenders: [&mut dyn FnMut(); N]) -> [Duration; N] {
    let mut times: [Vec<Duration>; N] = std::array::from_fn(|_| Vec::new());
    for _ in 0..rounds {
        for (contender, times) in contenders.iter_mut().zip(&mut times) {
            let start = Instant::now();
            contender();
            times.push(start.elapsed());
        }
    }
    times.map(|mut times| {
        times.sort_unstable();
        times[times.len() / 2]
    })
}

/// P7: spawn, exec, reap, with 512 MB of memory in the parent.
fn spawns_with_a_large_parent() {
    let ballast = black_box(vec![1_u8; 512 << 20]);
    let [vfork, ours] = medians(
        500,
        [&mut vfork_true, &mut || {
            let child = gipc::Command::new("/bin/true").spawn().expect("/bin/true");
            child.reap().expect("our child");
        }],
    );
    drop(black_box(ballast));
    row("spawns/s, parent of 512 MB (P7)", "vfork", vfork, ours);
}

/// `vfork`, `execv`, `waitpid`: no more than that can be saved.
#[inline(never)]
fn vfork_true() {
    let argv = [c"true".as_ptr(), ptr::null()];
    // SAFETY: the child calls execve and _exit only, and changes no local variable.
    unsafe {
        #[expect(deprecated, reason = "it is the limit")]
        let pid = libc::vfork();
        if pid == 0 {
            libc::execv(c"/bin/true".as_ptr(), argv.as_ptr());
            libc::_exit(127);
        }
        libc::waitpid(pid, ptr::null_mut(), 0);
    }
}

fn row(what: &str, limit: &str, theirs: Duration, ours: Duration) {
    let rate = |time: Duration| 1.0 / time.as_secs_f64();
    let (theirs, ours) = (rate(theirs), rate(ours));
    println!("| {what} | {limit}: {theirs:.0} | {ours:.0} | {:.2} |", ours / theirs);
}

/// P8: `gipc exec -- true` as a whole, beside `true` alone and beside tini.
fn whole_process() {
    let run = |line: &[&str]| {
        let status = Command::new(line[0]).args(&line[1..]).status();
        assert!(status.is_ok_and(|status| status.success()), "{line:?}");
    };
    let (mut plain, mut ours) =
        (|| run(&["/bin/true"]), || run(&[GIPC, "exec", "--", "/bin/true"]));
    let millis = |time: Duration| time.as_secs_f64() * 1000.0;
    if Command::new("tini").arg("--version").stdout(Stdio::null()).status().is_err() {
        let [plain, ours] = medians(300, [&mut plain, &mut ours]);
        println!(
            "| `gipc exec -- true`, ms (P8) | true: {:.2}, tini: missing | {:.2} | |",
            millis(plain),
            millis(ours)
        );
        return;
    }
    let mut tini = || run(&["tini", "-s", "--", "/bin/true"]);
    let [plain, tini, ours] = medians(300, [&mut plain, &mut tini, &mut ours]);
    println!(
        "| `gipc exec -- true`, ms (P8) | true: {:.2}, tini: {:.2} | {:.2} | tini + {:.2} |",
        millis(plain),
        millis(tini),
        millis(ours),
        millis(ours) - millis(tini),
    );
}

/// P9: what both processes of an idle gipc hold together, pages that they share counted once.
fn idle_memory() {
    let mut gipc = Command::new(GIPC).args(["exec", "--"]).args(IDLE).spawn().expect("gipc");
    let guard = gipc.id();
    let children = |pid: u32| -> Vec<u32> {
        let list = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
        list.unwrap_or_default().split_whitespace().flat_map(str::parse).collect()
    };
    let supervisor = loop {
        // Its own child is there: it has come to rest, or is about to.
        if let Some(supervisor) = children(guard).into_iter().find(|pid| !children(*pid).is_empty())
        {
            break supervisor;
        }
    };
    std::thread::sleep(Duration::from_millis(200));
    let field = |pid: u32, file: &str, name: &str| -> u64 {
        let text = std::fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
    };
    let sum = |file, name| field(guard, file, name) + field(supervisor, file, name);
    let (pss, rss) = (sum("smaps_rollup", "Pss:"), sum("status", "VmRSS:"));
    println!(
        "| idle memory of both processes, kB (P9) | 4096 | {pss} (each for itself: {rss}) | |"
    );
    gipc.kill().expect("our child");
    gipc.wait().expect("our child");
}
