//! Linux: `clone` with shared memory.
//!
//! As fast as `vfork` whatever the size of the parent, and an error comes back through memory: there
//! is no descriptor for it that one of the child's numbers could hit (std's report pipe writes into
//! the user's channel in that case).

use std::ffi::CString;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};

use libc::{c_int, c_void};
use nix::unistd::{Gid, Pid};

use super::{Identity, Prepared, Stage, errno};
use crate::pipes;
use crate::reaper::Ending;

/// A limit as `setrlimit(2)` has it: its infinity is the largest number.
pub(super) fn limit_value(limit: u64) -> libc::rlim_t {
    limit
}

/// What the child needs of stack until its `exec`; `execve` itself needs none of it.
const STACK_SIZE: usize = 64 << 10;

/// Are there many descriptors? To copy them all for a child that closes nearly all of them takes
/// longer than all the rest of its start.
///
/// Where there are few they are copied: `valgrind` for one knows no other way.
static MANY: AtomicBool = AtomicBool::new(false);

struct Shared<'a> {
    prepared: &'a mut Prepared,
    /// Where the child's descriptors are the parent's still: those below this are to be its own.
    own_below: Option<RawFd>,
    failure: Option<(Stage, c_int)>,
}

extern "C" fn child(shared: *mut c_void) -> c_int {
    // SAFETY: `start` passes a `Shared` that lives until the parent goes on, which it does only
    // after this process has called exec or has ended (CLONE_VFORK).
    let shared = unsafe { &mut *shared.cast::<Shared<'_>>() };
    // SAFETY: a process of its own; `spawn` has blocked all signals and called `point`. Nothing was
    // done with a descriptor before, and what is above is neither given to it nor kept.
    shared.failure = Some(match shared.own_below.map(|end| unsafe { own_descriptors(end) }) {
        Some(Err(error)) => (Stage::Descriptors, error),
        // SAFETY: as above.
        _ => unsafe { shared.prepared.run() },
    });
    // SAFETY: no destructor or exit handler of the parent may run here.
    unsafe { libc::_exit(127) }
}

/// Starts the child and waits until it runs its program or has failed to.
pub(super) fn start(prepared: &mut Prepared) -> Result<(Pid, Ending), (Stage, io::Error)> {
    let mut stack: Vec<MaybeUninit<u8>> = Vec::with_capacity(STACK_SIZE);
    let shares = prepared.close_others && MANY.load(Ordering::Relaxed) && has_close_range();
    let sources = prepared.moves.iter().map(|it| it.source);
    let last = prepared.keep.iter().copied().chain(sources).max().unwrap_or_default();
    let descriptors = if shares { libc::CLONE_FILES } else { 0 };
    let mut shared = Shared { prepared, own_below: shares.then_some(last + 1), failure: None };
    let mut pidfd: RawFd = -1;
    // SAFETY: the capacity is STACK_SIZE, so the end is inside the same allocation. Rounded down
    // to 16 bytes, which the ABI wants of a stack.
    let top = unsafe { stack.as_mut_ptr().add(STACK_SIZE) };
    let top = top.map_addr(|address| address & !15);
    // SAFETY: the child runs `child` on a stack of its own and shares our memory; this thread
    // stands still until the child has called exec or ended, so neither `stack` nor `shared` is
    // touched by two at once. The kernel writes to `pidfd`, which lives on in this frame. Without
    // CLONE_FS and CLONE_SIGHAND the child's directory and dispositions are copies; so are its
    // descriptors, or `child` makes them so before it touches any.
    let pid = unsafe {
        libc::clone(
            child,
            top.cast(),
            libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_PIDFD | descriptors | libc::SIGCHLD,
            (&raw mut shared).cast(),
            &raw mut pidfd,
        )
    };
    if pid < 0 {
        return Err((Stage::Start, io::Error::last_os_error()));
    }
    let pid = Pid::from_raw(pid);
    // SAFETY: the kernel has just opened it for us.
    let ending = pipes::set_aside(unsafe { OwnedFd::from_raw_fd(pidfd) });
    if pipes::is_of_many(&ending) {
        MANY.store(true, Ordering::Relaxed);
    }
    match shared.failure {
        None => Ok((pid, Ending::new(ending))),
        Some((stage, error)) => {
            // It has ended already; only its entry is left.
            let _ = nix::sys::wait::waitpid(pid, None);
            Err((stage, io::Error::from_raw_os_error(error)))
        }
    }
}

/// `struct sigaction` as the kernel has it, see `rt_sigaction(2)`.
#[repr(C)]
struct Disposition {
    handler: usize,
    flags: usize,
    restorer: usize,
    mask: u64,
}

/// Sets every disposition that is not default: an ignored signal stays ignored through `exec`.
///
/// By the system call itself: the C library lets nobody near the two signals that are its own, but
/// whoever has started us may have ignored them.
///
/// # Safety
/// As `Prepared::run`; the table of dispositions must be this process's own.
pub(super) unsafe fn default_signals() {
    const DEFAULT: Disposition =
        Disposition { handler: libc::SIG_DFL, flags: 0, restorer: 0, mask: 0 };
    for signal in 1..=64 {
        let mut now = DEFAULT;
        // SAFETY: reads and writes local structs of the kernel's layout and size of mask. What it
        // refuses (KILL, STOP) stays as it is, which is default.
        unsafe {
            let none = std::ptr::null::<Disposition>();
            let read = libc::syscall(libc::SYS_rt_sigaction, signal, none, &raw mut now, 8);
            if read == 0 && now.handler != libc::SIG_DFL {
                let none = std::ptr::null_mut::<Disposition>();
                libc::syscall(libc::SYS_rt_sigaction, signal, &DEFAULT, none, 8);
            }
        }
    }
}

/// Does the kernel have `close_range(2)`, since Linux 5.9, and whatever stands before it too?
fn has_close_range() -> bool {
    static HAS_IT: OnceLock<bool> = OnceLock::new();
    // SAFETY: there is no descriptor of this number.
    *HAS_IT.get_or_init(|| unsafe {
        libc::syscall(libc::SYS_close_range, libc::c_uint::MAX, libc::c_uint::MAX, 0) == 0
    })
}

/// Makes the descriptors below `end` this process's own. No other is copied, and it has none of them.
///
/// # Safety
/// As `Prepared::run`; nothing here may need one of the others.
unsafe fn own_descriptors(end: RawFd) -> Result<(), c_int> {
    // SAFETY: plain system call on numbers.
    let done =
        unsafe { libc::syscall(libc::SYS_close_range, end, RawFd::MAX, libc::CLOSE_RANGE_UNSHARE) };
    if done < 0 { Err(errno()) } else { Ok(()) }
}

/// Closes `first..=last`.
///
/// # Safety
/// Nothing in this process may own one of them.
pub(super) unsafe fn close_range(first: RawFd, last: RawFd) {
    // SAFETY: plain system call on numbers.
    if unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) } == 0 {
        return;
    }
    // Before Linux 5.9.
    // SAFETY: plain system calls on numbers.
    unsafe {
        let open_max = libc::sysconf(libc::_SC_OPEN_MAX).clamp(0, 1 << 20) as RawFd;
        for fd in first..=last.min(open_max) {
            libc::close(fd);
        }
    }
}

/// Has the kernel kill this process when the thread that started it ends, see `PR_SET_PDEATHSIG`.
///
/// # Safety
/// As `Prepared::run`.
pub(super) unsafe fn die_with(parent: libc::pid_t) -> Result<(), c_int> {
    // SAFETY: plain system calls on numbers.
    unsafe {
        if libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) < 0 {
            return Err(errno());
        }
        // It had gone before that.
        if libc::getppid() != parent {
            return Err(libc::ESRCH);
        }
    }
    Ok(())
}

/// Does this on a thread that lasts as long as the process: the parent-death signal comes when the
/// *thread* ends that has started a child, and whoever calls us may be one of a pool.
pub(super) fn on_lasting_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, (Stage, io::Error)> + Send + 'static,
) -> Result<T, (Stage, io::Error)> {
    type Job = Box<dyn FnOnce() + Send>;
    static JOBS: OnceLock<Option<Sender<Job>>> = OnceLock::new();
    let start_thread = || {
        let (sender, jobs) = mpsc::channel::<Job>();
        let run = move || jobs.into_iter().for_each(|job| job());
        let thread = std::thread::Builder::new().name("gipc-daemons".to_owned());
        thread.spawn(run).ok().map(|_| sender)
    };
    let no_thread = || (Stage::Daemon, io::Error::other("no thread for it could be started"));
    let jobs = JOBS.get_or_init(start_thread).as_ref().ok_or_else(no_thread)?;
    let (done, result) = mpsc::channel();
    let job = move || drop(done.send(work()));
    jobs.send(Box::new(job)).map_err(|_| no_thread())?;
    result.recv().map_err(|_| no_thread())?
}

/// Changes groups and user for good.
///
/// # Safety
/// As `Prepared::run`.
pub(super) unsafe fn become_identity(identity: &Identity) -> Result<(), c_int> {
    // The system calls themselves: the C library's wrappers would make every thread of the parent,
    // whose memory this is, change with us.
    // SAFETY: the groups are an array of the length that is passed.
    unsafe {
        if let Some(groups) = &identity.groups
            && libc::syscall(libc::SYS_setgroups, groups.len(), groups.as_ptr()) < 0
        {
            return Err(errno());
        }
        if let Some(gid) = identity.gid
            && libc::syscall(libc::SYS_setgid, gid) < 0
        {
            return Err(errno());
        }
        if let Some(uid) = identity.uid
            && libc::syscall(libc::SYS_setuid, uid) < 0
        {
            return Err(errno());
        }
    }
    Ok(())
}

/// The groups of a user, his primary one with them.
pub(super) fn groups_of(user: &str, primary: Gid) -> io::Result<Vec<libc::gid_t>> {
    let user = CString::new(user)?;
    let groups = nix::unistd::getgrouplist(&user, primary)?;
    Ok(groups.into_iter().map(Gid::as_raw).collect())
}
