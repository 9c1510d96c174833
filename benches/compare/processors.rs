//! Where two processes run: what they do for each other in turn takes ten times as long on two
//! processors, each of which has to be woken, as on one, and where the scheduler puts them is chance.

use std::io;

/// Where the processes of a workload run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Placed {
    /// Each on one of its own: the first on this one, the second on the other.
    Apart,
    /// All on the first.
    Together,
}

impl Placed {
    /// Which processor the second process is to settle on.
    pub(crate) fn second(self) -> usize {
        usize::from(self == Self::Apart)
    }

    /// Has `work` begin on the first processor, with all processes that it starts.
    pub(crate) fn first<T>(work: impl FnOnce() -> T) -> T {
        let before = allowed().expect("our own processors");
        settle(0);
        let done = work();
        allow(&before).expect("our own processors");
        done
    }
}

/// Has this thread, and what it starts, run on the processor of this number among those it may use.
pub(crate) fn settle(number: usize) {
    let all = allowed().expect("our own processors");
    // SAFETY: a set of bits, all of them zero.
    let mut one: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: the numbers are below the set's size.
    let mut of_us =
        (0..libc::CPU_SETSIZE as usize).filter(|&it| unsafe { libc::CPU_ISSET(it, &all) });
    // Where there is one only, that.
    if let Some(processor) = of_us.clone().nth(number).or_else(|| of_us.next()) {
        // SAFETY: as above.
        unsafe { libc::CPU_SET(processor, &mut one) };
        allow(&one).expect("one of our own processors");
    }
}

fn allowed() -> io::Result<libc::cpu_set_t> {
    // SAFETY: the set is as large as is said, and of bits.
    unsafe {
        let mut set = std::mem::zeroed();
        match libc::sched_getaffinity(0, size_of::<libc::cpu_set_t>(), &mut set) {
            0 => Ok(set),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

fn allow(set: &libc::cpu_set_t) -> io::Result<()> {
    // SAFETY: the set is as large as is said.
    match unsafe { libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), set) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
