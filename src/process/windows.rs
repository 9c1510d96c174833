//! Children on Windows: a handle to the process, and a job object that it and all that it starts are
//! in.

#![expect(unsafe_code, reason = "system calls on handles")]

use std::io;
use std::os::windows::io::{AsHandle as _, AsRawHandle, FromRawHandle, OwnedHandle};
use std::time::{Duration, Instant};

use windows_sys::Win32::Foundation::{ERROR_MORE_DATA, FILETIME, STATUS_CONTROL_C_EXIT};
use windows_sys::Win32::System::Console::{CTRL_BREAK_EVENT, GenerateConsoleCtrlEvent};
use windows_sys::Win32::System::JobObjects::{
    JOBOBJECT_BASIC_PROCESS_ID_LIST, JobObjectBasicProcessIdList, QueryInformationJobObject,
    TerminateJobObject,
};
use windows_sys::Win32::System::ProcessStatus::{K32GetProcessMemoryInfo, PROCESS_MEMORY_COUNTERS};
use windows_sys::Win32::System::Threading::{
    GetExitCodeProcess, GetProcessTimes, OpenProcess, PROCESS_SYNCHRONIZE, TerminateProcess,
};

use super::{ExitStatus, Signal, Usage};
use crate::failure::Error;
use crate::reaper::Ending;

/// The code that a process ends with.
pub type ExitCode = u32;

/// The exit code of a process that we have ended is this and the number of the signal: Windows marks
/// codes of applications by this bit, and the `g` is ours.
const ENDED_BY: u32 = 0xe067_0000;

/// What there is of a child that has just been started.
pub(crate) struct Started {
    pub(crate) pid: u32,
    pub(crate) ending: Ending,
    pub(crate) job: OwnedHandle,
    pub(crate) leads_group: bool,
}

pub(super) struct Child {
    name: String,
    started: Started,
}

impl Child {
    pub(super) fn new(name: String, started: Started) -> Self {
        Self { name, started }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn pid(&self) -> i32 {
        self.started.pid as i32
    }

    /// Waits until it has ended.
    pub(super) async fn wait(&self) -> Result<(), Error> {
        self.started.ending.wait().await.map_err(|error| self.error(error))
    }

    /// As [`wait`](Self::wait), on this thread, until then at the most; has it ended?
    pub(super) fn wait_on_this_thread(&self, deadline: Option<Instant>) -> Result<bool, Error> {
        self.started.ending.wait_on_this_thread(deadline).map_err(|error| self.error(error))
    }

    /// How it ended, if it has, and what it used.
    pub(super) fn look(&self) -> Result<Option<(ExitStatus, Usage)>, Error> {
        match self.peek()? {
            Some(status) => Ok(Some((status, self.usage()))),
            None => Ok(None),
        }
    }

    pub(super) fn peek(&self) -> Result<Option<ExitStatus>, Error> {
        if !self.has_ended()? {
            return Ok(None);
        }
        let mut code = 0;
        // SAFETY: the handle is a process's, and open; the code is written to.
        match unsafe { GetExitCodeProcess(self.process(), &raw mut code) } {
            0 => Err(self.last_error()),
            _ => Ok(Some(status_of(code))),
        }
    }

    pub(super) fn signal(&self, signal: Signal) -> Result<(), Error> {
        if self.has_ended()? || (is_request(signal) && self.send_break()) {
            return Ok(());
        }
        // SAFETY: the handle is a process's, and open.
        let done = unsafe { TerminateProcess(self.process(), code_of(signal)) };
        // One that ends at this moment is no error.
        if done != 0 || self.has_ended()? { Ok(()) } else { Err(self.last_error()) }
    }

    pub(super) fn signal_group(&self, signal: Signal) -> Result<(), Error> {
        if is_request(signal) && !self.has_ended()? && self.send_break() {
            return Ok(());
        }
        // SAFETY: the handle is a job's, and open.
        match unsafe { TerminateJobObject(self.started.job.as_raw_handle(), code_of(signal)) } {
            0 => Err(self.last_error()),
            _ => Ok(()),
        }
    }

    /// The processes of its job that run, itself included.
    pub(super) fn survivors(&self) -> Result<Vec<i32>, Error> {
        const HEAD: usize = std::mem::offset_of!(JOBOBJECT_BASIC_PROCESS_ID_LIST, ProcessIdList);
        let job = self.started.job.as_raw_handle();
        let mut room = 16;
        loop {
            let mut list = vec![0_usize; HEAD / size_of::<usize>() + room];
            let (at, size) = (list.as_mut_ptr(), size_of_val(&*list) as u32);
            // SAFETY: the handle is a job's, and open; it writes at most so many bytes there.
            let told = unsafe {
                QueryInformationJobObject(
                    job,
                    JobObjectBasicProcessIdList,
                    at.cast(),
                    size,
                    std::ptr::null_mut(),
                )
            };
            // SAFETY: it begins with this struct, and is aligned as it is; all of it is initialised.
            let head = unsafe { at.cast::<JOBOBJECT_BASIC_PROCESS_ID_LIST>().read() };
            if told != 0 {
                let pids = list[HEAD / size_of::<usize>()..].iter();
                let count = head.NumberOfProcessIdsInList as usize;
                return Ok(pids.take(count).map(|pid| *pid as i32).collect());
            }
            let error = io::Error::last_os_error();
            if error.raw_os_error() != Some(ERROR_MORE_DATA as i32) {
                return Err(self.error(error));
            }
            room = (head.NumberOfAssignedProcesses as usize + 16).max(2 * room);
        }
    }

    /// Waits until no process of its job runs.
    pub(super) async fn all_ended(&self) -> Result<(), Error> {
        loop {
            let mut left = Vec::new();
            for pid in self.survivors()? {
                // SAFETY: makes a handle that is ours alone, or fails: it has ended by now.
                let process = unsafe { OpenProcess(PROCESS_SYNCHRONIZE, 0, pid as u32) };
                if !process.is_null() {
                    // SAFETY: as above.
                    left.push(Ending::new(unsafe { OwnedHandle::from_raw_handle(process) }));
                }
            }
            if left.is_empty() {
                return Ok(());
            }
            for process in left {
                process.wait().await.map_err(|error| self.error(error))?;
            }
        }
    }

    /// Sends Ctrl-Break to the group that it leads, where it has a console in common with us.
    fn send_break(&self) -> bool {
        // To one that leads no group it would go to all on our console.
        // SAFETY: a system call on numbers.
        self.started.leads_group
            && unsafe { GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, self.started.pid) != 0 }
    }

    fn has_ended(&self) -> Result<bool, Error> {
        self.started.ending.has_come().map_err(|error| self.error(error))
    }

    /// What is not told of a process that has ended is 0.
    fn usage(&self) -> Usage {
        let zero = FILETIME { dwLowDateTime: 0, dwHighDateTime: 0 };
        let (mut created, mut ended, mut kernel, mut user) = (zero, zero, zero, zero);
        let mut memory = PROCESS_MEMORY_COUNTERS::default();
        let size = size_of_val(&memory) as u32;
        // SAFETY: the handle is a process's, and open; both calls write to the structs that they are
        // given, of the size that is said.
        unsafe {
            GetProcessTimes(
                self.process(),
                &raw mut created,
                &raw mut ended,
                &raw mut kernel,
                &raw mut user,
            );
            K32GetProcessMemoryInfo(self.process(), &raw mut memory, size);
        }
        Usage {
            user: duration(user),
            system: duration(kernel),
            max_memory: memory.PeakWorkingSetSize as u64,
        }
    }

    pub(super) fn state_in_words(&self) -> String {
        match self.peek() {
            Ok(None) => "running".to_owned(),
            Ok(Some(status)) => status.to_string(),
            Err(_) => "ended".to_owned(),
        }
    }

    /// Nobody can: a handle tells of its process for as long as it is open.
    pub(super) fn stolen(&self) -> Error {
        Error::Stolen { name: self.name.clone(), pid: self.pid() }
    }

    fn process(&self) -> std::os::windows::io::RawHandle {
        self.started.ending.as_handle().as_raw_handle()
    }

    fn last_error(&self) -> Error {
        self.error(io::Error::last_os_error())
    }

    fn error(&self, error: io::Error) -> Error {
        Error::io(&self.name, error)
    }
}

/// Does it leave a process the choice how to end?
fn is_request(signal: Signal) -> bool {
    [Signal::TERM, Signal::INT, Signal::HUP].contains(&signal)
}

/// In units of 100 ns, in two parts.
fn duration(time: FILETIME) -> Duration {
    let ticks = (u64::from(time.dwHighDateTime) << 32) | u64::from(time.dwLowDateTime);
    Duration::from_micros(ticks / 10)
}

const fn code_of(signal: Signal) -> u32 {
    ENDED_BY | signal.0 as u32
}

/// How a process ended that has ended with this code.
fn status_of(code: u32) -> ExitStatus {
    // Without a handler of its own, Ctrl-Break ends a process with this code.
    if code == STATUS_CONTROL_C_EXIT as u32 {
        return ExitStatus::Signal(Signal::TERM);
    }
    let signal = [Signal::TERM, Signal::KILL].into_iter().find(|signal| code == code_of(*signal));
    signal.map_or(ExitStatus::Code(code), ExitStatus::Signal)
}

impl super::Process {
    /// Who is left of it and of all that it has started: pids. (Windows only.)
    ///
    /// # Errors
    /// [`Error::Io`] from the system.
    pub fn survivors(&self) -> Result<Vec<i32>, Error> {
        self.child.survivors()
    }

    /// Waits until it and all that it has started have ended. (Windows only.)
    ///
    /// # Errors
    /// [`Error::Io`] from the system.
    ///
    /// # Cancel safety
    /// A dropped future has no effect.
    pub async fn all_ended(&self) -> Result<(), Error> {
        self.child.all_ended().await
    }
}

impl ExitStatus {
    /// The code by which a shell would tell of it: its own, or 128 + n for signal n.
    pub const fn shell_code(self) -> ExitCode {
        match self {
            Self::Code(code) => code,
            Self::Signal(signal) => signal.exit_code(),
        }
    }
}
