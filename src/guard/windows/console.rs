//! What the console tells: on threads of the system's, to us and to a command that shares it with us at
//! once. The command may have ended of it before we hear of it.

use std::collections::VecDeque;
use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gipc::process::Signal;
use tokio::sync::Notify;
use windows_sys::Win32::System::Console::{CTRL_BREAK_EVENT, CTRL_C_EVENT, SetConsoleCtrlHandler};

/// How much later than its command gipc may be told.
const LATER: Duration = Duration::from_millis(500);

struct Told {
    last: Option<Signal>,
    /// What nobody has asked for yet.
    unasked: VecDeque<Signal>,
}

static TOLD: Mutex<Told> = Mutex::new(Told { last: None, unasked: VecDeque::new() });
/// There is more: for who waits in a runtime, and on a thread.
static MORE: Notify = Notify::const_new();
static SOME: Condvar = Condvar::new();

fn told() -> MutexGuard<'static, Told> {
    gipc::lock(&TOLD)
}

/// Takes what it tells from now on: it does not end us any more.
pub(super) fn listen() -> io::Result<()> {
    // SAFETY: the handler is there as long as the process is.
    match unsafe { SetConsoleCtrlHandler(Some(take), 1) } {
        0 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

unsafe extern "system" fn take(event: u32) -> i32 {
    let signal = match event {
        CTRL_C_EVENT => Signal::INT,
        CTRL_BREAK_EVENT => Signal::TERM,
        _ => Signal::HUP,
    };
    let mut told = self::told();
    told.last = Some(signal);
    told.unasked.push_back(signal);
    drop(told);
    MORE.notify_one();
    SOME.notify_all();
    while signal == Signal::HUP {
        // When this comes back the system ends us, whatever we are at.
        std::thread::park();
    }
    1
}

/// The next thing that it tells. Cancel safe.
pub(super) async fn next() -> Signal {
    loop {
        if let Some(signal) = told().unasked.pop_front() {
            return signal;
        }
        MORE.notified().await;
    }
}

/// What it has told last, for who knows that it, or somebody else, has ended a command: `None` for the
/// latter.
pub(super) fn last() -> Option<Signal> {
    let told = SOME.wait_timeout_while(told(), LATER, |told| told.last.is_none());
    told.unwrap_or_else(PoisonError::into_inner).0.last
}
