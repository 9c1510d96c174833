//! Windows: one process, whose end the system answers with that of all that it has started.
//!
//! A job object that is closed by the end of this process, however that comes, ends all that is in
//! it: every command is started as a daemon, see [`gipc::Command::daemon`]. So nobody has to stand
//! guard. What the console tells comes to a thread of the system's own.

#![expect(unsafe_code, reason = "system calls on handles")]

use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::rc::Rc;

use gipc::Command;
use gipc::process::{Process, Signal};
use gipc::spawn::ProcessGroup;
use tokio::sync::Notify;
use windows_sys::Win32::Foundation::{
    ERROR_INVALID_PARAMETER, STATUS_CONTROL_C_EXIT, WAIT_OBJECT_0,
};
use windows_sys::Win32::System::Threading::{
    INFINITE, OpenProcess, PROCESS_SYNCHRONIZE, WaitForSingleObject,
};

use super::{Arrival, DirectSignal, Verdict};

#[path = "windows/background.rs"]
pub(crate) mod background;
#[path = "windows/console.rs"]
mod console;

/// What the supervisor has of the world outside.
pub(crate) struct Link {
    /// A child has ended, or what it has left.
    children: Rc<Notify>,
}

/// What the console tells.
pub(crate) struct Arrivals(());

/// The ends of children.
pub(crate) struct Direct(Rc<Notify>);

impl Link {
    /// What the console tells from now on. In a runtime.
    pub(crate) fn arrivals(&mut self) -> io::Result<Arrivals> {
        console::listen()?;
        Ok(Arrivals(()))
    }

    /// Where a command is that shares the console with us: it has its Ctrl-C as we have.
    pub(crate) const fn group(&self) -> ProcessGroup {
        ProcessGroup::Ours
    }

    /// Our pid.
    pub(crate) fn guard(&self) -> i32 {
        std::process::id() as i32
    }

    /// What was passed to us goes to nobody by itself.
    pub(crate) const fn release_inherited(&self) {}

    /// There is none.
    pub(crate) const fn has_lost_guard(&self) -> bool {
        false
    }

    /// Windows stops nobody.
    pub(crate) const fn stop(&self, _supervisor: bool) {}

    /// Nobody waits for us to do so.
    pub(crate) const fn detach(&self) {}

    /// The system has the job that it is in.
    pub(crate) const fn forget(&self, _process: &Process) {}

    /// Has [`Direct`] tell when it has ended, and when nothing is left of what it has started. In a
    /// runtime.
    pub(crate) fn watch(&self, process: &Process) {
        let (process, children) = (process.clone(), Rc::clone(&self.children));
        tokio::task::spawn_local(async move {
            // Where that cannot be waited for, it is looked at once more.
            let _ = process.join().await;
            children.notify_one();
            let _ = process.all_ended().await;
            children.notify_one();
        });
    }
}

impl Arrivals {
    /// The next one. Cancel safe.
    pub(crate) async fn next(&mut self) -> Arrival {
        Arrival { signal: console::next().await, from_terminal: true }
    }
}

impl Direct {
    pub(crate) fn new(link: &Link) -> io::Result<Self> {
        Ok(Self(Rc::clone(&link.children)))
    }

    /// The next one. Cancel safe.
    pub(crate) async fn next(&mut self) -> DirectSignal {
        self.0.notified().await;
        DirectSignal::Children
    }
}

/// Runs `supervise`.
///
/// # Errors
/// None.
pub(crate) fn run(
    _isolate: bool,
    _reads_terminal: bool,
    supervise: impl FnOnce(io::Result<Link>) -> Verdict,
) -> io::Result<Verdict> {
    let verdict = supervise(Ok(Link { children: Rc::new(Notify::new()) }));
    Ok(match verdict {
        // Where the console has ended the command, that is what ends us, or a calling batch file would
        // go on.
        Verdict::Exit(code) if code == Signal::TERM.exit_code() => {
            console::last().map_or(verdict, Verdict::Signal)
        }
        _ => verdict,
    })
}

/// Has what this command starts end with this process, however that ends.
pub(crate) fn bind(command: Command) -> Command {
    command.daemon(true)
}

/// The system sees to that.
pub(crate) const fn die_with_guard() {}

/// There is none.
pub(crate) const fn outlive_guard() {}

/// Is there a console that a command could share with us?
pub(crate) fn has_terminal() -> bool {
    std::fs::File::open("CONIN$").is_ok()
}

/// Ends this process as one that the console has ended, so that a calling batch file stops too.
/// Returns for what is no wish of the console's.
pub(crate) fn die_of(signal: Signal) {
    if [Signal::INT, Signal::TERM, Signal::HUP].contains(&signal) {
        crate::end(STATUS_CONTROL_C_EXIT as u32);
    }
}

/// Waits until a process has ended that need not be a child of ours.
pub(crate) fn wait_for_end(pid: i32) -> io::Result<()> {
    // SAFETY: makes a handle that is ours alone, or fails.
    let process = unsafe {
        let process = OpenProcess(PROCESS_SYNCHRONIZE, 0, pid as u32);
        if process.is_null() {
            let error = io::Error::last_os_error();
            // It has ended already.
            let is_gone = error.raw_os_error() == Some(ERROR_INVALID_PARAMETER as i32);
            return if is_gone { Ok(()) } else { Err(error) };
        }
        OwnedHandle::from_raw_handle(process)
    };
    // SAFETY: the handle is a process's, and open.
    match unsafe { WaitForSingleObject(process.as_raw_handle(), INFINITE) } {
        WAIT_OBJECT_0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
