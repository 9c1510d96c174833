//! Where two processes run: what they do for each other in turn takes ten times as long on two
//! processors, each of which has to be woken, as on one, and where the scheduler puts them is chance.

use std::io;
use std::sync::LazyLock;

/// Where the processes of a workload run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Placed {
    /// Each on one of its own.
    Apart,
    /// Both on one.
    Together,
}

/// The numbers of all processors that we might run on when this program began.
static ALL: LazyLock<Vec<usize>> = LazyLock::new(|| {
    let set = allowed().expect("our own processors");
    // SAFETY: the numbers are below the set's size.
    (0..libc::CPU_SETSIZE as usize).filter(|&it| unsafe { libc::CPU_ISSET(it, &set) }).collect()
});

impl Placed {
    /// On which processor the second process is to settle.
    pub(crate) fn second(self) -> usize {
        match self {
            // Where there is one only, that.
            Self::Apart => *ALL.get(1).unwrap_or(&ALL[0]),
            Self::Together => ALL[0],
        }
    }

    /// Has `work` be done on the processor of the first process, and all that it starts begin there.
    pub(crate) fn first<T>(work: impl FnOnce() -> T) -> T {
        settle(ALL[0]);
        let done = work();
        run_on(&ALL);
        done
    }
}

/// Has this thread, and what it starts, run on this processor.
pub(crate) fn settle(processor: usize) {
    run_on(&[processor]);
}

fn run_on(processors: &[usize]) {
    // SAFETY: a set of bits, all of them zero; the numbers are below its size, which is told.
    let done = unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        processors.iter().for_each(|&processor| libc::CPU_SET(processor, &mut set));
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &set)
    };
    assert_eq!(done, 0, "processors {processors:?}: {}", io::Error::last_os_error());
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
