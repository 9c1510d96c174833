//! Children on Windows.
//!
//! `CreateProcessW` does it all in one call: the child has exactly the handles of an explicit list,
//! with their numbers for the C runtime in `lpReserved2`, and is in its job objects from the first
//! moment on, so that nothing of it can get away.

#![expect(unsafe_code, reason = "system calls on what was prepared before")]

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::windows::ffi::OsStrExt;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::path::PathBuf;
use std::ptr;

use windows_sys::Win32::Foundation::{
    ERROR_ACCESS_DENIED, ERROR_BAD_EXE_FORMAT, ERROR_DIRECTORY, ERROR_EXE_MACHINE_TYPE_MISMATCH,
    ERROR_FILE_NOT_FOUND, ERROR_PATH_NOT_FOUND,
};
use windows_sys::Win32::System::Threading::{
    CREATE_NEW_PROCESS_GROUP, CREATE_UNICODE_ENVIRONMENT, CreateProcessW,
    EXTENDED_STARTUPINFO_PRESENT, PROCESS_INFORMATION, STARTF_USESTDHANDLES, STARTUPINFOEXW,
};

use super::{Command, ProcessGroup, Searched, Stage, announce};
use crate::process::Started;
use crate::reaper::Ending;

#[path = "windows/attributes.rs"]
mod attributes;
#[path = "windows/command_line.rs"]
mod command_line;
#[path = "windows/descriptors.rs"]
mod descriptors;
#[path = "windows/job.rs"]
mod job;
#[path = "windows/program.rs"]
mod program;

use attributes::Attributes;
use descriptors::Descriptors;
use program::Program;

pub(super) use program::is_path;

/// Starts `command`.
pub(super) fn spawn(command: &Command) -> Result<Started, (Stage, io::Error)> {
    refuse(command)?;
    let prepare = |error| (Stage::Prepare, error);
    let environment = environment(command);
    let program = Program::find(command, environment.get(OsStr::new("PATH")).map(|(_, path)| path))
        .map_err(|error| (Stage::Exec, error))?;
    let mut line = program.command_line(command).map_err(prepare)?;
    let file = wide(program.to_execute().as_os_str()).map_err(prepare)?;
    let block = block(&environment).map_err(prepare)?;
    let dir = command.dir.as_ref().map(|dir| wide(dir.as_os_str())).transpose().map_err(prepare)?;
    if let Some(dir) = &command.dir
        && !dir.is_dir()
    {
        return Err((Stage::Directory, io::ErrorKind::NotFound.into()));
    }
    let descriptors = Descriptors::new(command).map_err(|error| (Stage::Descriptors, error))?;
    let job = job::new().map_err(|error| (Stage::Start, error))?;
    // The one that is around the other goes first.
    let mut jobs = Vec::new();
    if command.daemon {
        jobs.push(job::of_daemons().map_err(|error| (Stage::Daemon, error))?);
    }
    jobs.push(job.as_raw_handle());
    let handles = descriptors.handles();
    let handles = (!command.inherit_fds).then_some(handles.as_slice());
    let attributes = Attributes::new(handles, &jobs).map_err(|error| (Stage::Start, error))?;

    let mut startup = STARTUPINFOEXW::default();
    startup.StartupInfo.cb = size_of::<STARTUPINFOEXW>() as u32;
    startup.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
    [
        startup.StartupInfo.hStdInput,
        startup.StartupInfo.hStdOutput,
        startup.StartupInfo.hStdError,
    ] = descriptors.standard();
    let numbers = descriptors.block();
    startup.StartupInfo.cbReserved2 = numbers.len() as u16;
    startup.StartupInfo.lpReserved2 = numbers.as_ptr().cast_mut();
    startup.lpAttributeList = attributes.as_ptr();

    let mut flags = EXTENDED_STARTUPINFO_PRESENT | CREATE_UNICODE_ENVIRONMENT;
    let leads_group = command.process_group == ProcessGroup::Own;
    if leads_group {
        flags |= CREATE_NEW_PROCESS_GROUP;
    }
    let mut started = PROCESS_INFORMATION::default();
    // SAFETY: every pointer leads to what lives in this function, strings that end with a zero, and
    // blocks of the lengths that are said; the command line is ours to be changed.
    let created = unsafe {
        CreateProcessW(
            file.as_ptr(),
            line.as_mut_ptr(),
            ptr::null(),
            ptr::null(),
            1,
            flags,
            block.as_ptr().cast(),
            dir.as_ref().map_or(ptr::null(), |dir| dir.as_ptr()),
            (&raw const startup).cast(),
            &raw mut started,
        )
    };
    if created == 0 {
        let error = io::Error::last_os_error();
        return Err((stage_of(&error), error));
    }
    // SAFETY: the system has just opened both for us.
    let (process, thread) = unsafe {
        (
            OwnedHandle::from_raw_handle(started.hProcess),
            OwnedHandle::from_raw_handle(started.hThread),
        )
    };
    drop(thread);
    Ok(Started { pid: started.dwProcessId, ending: Ending::new(process), job, leads_group })
}

/// What cannot be had here is not left out in silence.
fn refuse(command: &Command) -> Result<(), (Stage, io::Error)> {
    let unsupported = |what: &str| io::Error::new(io::ErrorKind::Unsupported, what.to_owned());
    if command.user.is_some() || command.group.is_some() {
        let why = "on Windows a child has the user of its parent";
        return Err((Stage::Identity, unsupported(why)));
    }
    if command.nice.is_some() {
        return Err((Stage::Nice, unsupported("Windows has no nice values")));
    }
    if command.umask.is_some() {
        return Err((Stage::Prepare, unsupported("Windows has no file mode creation mask")));
    }
    if !command.limits.is_empty() {
        return Err((Stage::Limits, unsupported("Windows has no resource limits of this kind")));
    }
    if command.listen_fds {
        let why = "Windows has no descriptors that LISTEN_FDS could tell of";
        return Err((Stage::Descriptors, unsupported(why)));
    }
    if matches!(command.process_group, ProcessGroup::Join(_)) {
        let why = "on Windows a child leads a group of its own or stays in ours";
        return Err((Stage::Group, unsupported(why)));
    }
    // SIGPIPE need not be ignored: who writes to nobody is told so by an error in any case.
    let _ = command.ignore_sigpipe;
    Ok(())
}

/// Which step it was that `CreateProcessW` could not do.
fn stage_of(error: &io::Error) -> Stage {
    const EXEC: [u32; 5] = [
        ERROR_FILE_NOT_FOUND,
        ERROR_PATH_NOT_FOUND,
        ERROR_ACCESS_DENIED,
        ERROR_BAD_EXE_FORMAT,
        ERROR_EXE_MACHINE_TYPE_MISMATCH,
    ];
    match error.raw_os_error().map(|code| code as u32) {
        Some(ERROR_DIRECTORY) => Stage::Directory,
        Some(code) if EXEC.contains(&code) => Stage::Exec,
        _ => Stage::Start,
    }
}

/// What is likely wrong with a program that is there, or nothing.
pub(super) fn why_not_executable(error: &io::Error, _: Searched) -> &'static str {
    match error.raw_os_error().map(|code| code as u32) {
        Some(ERROR_BAD_EXE_FORMAT | ERROR_EXE_MACHINE_TYPE_MISMATCH) => {
            " (is it a program for this system? A script needs its interpreter in front of it)"
        }
        _ => "",
    }
}

/// In UTF-16, with a zero at the end.
fn wide(text: &OsStr) -> io::Result<Vec<u16>> {
    let mut wide: Vec<u16> = text.encode_wide().collect();
    if wide.contains(&0) {
        let why = format!("`{}` holds a NUL character", text.display().to_string().escape_debug());
        return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    }
    wide.push(0);
    Ok(wide)
}

/// Names of variables are the same in upper and lower case: by the former they are kept in order,
/// with what they were written as, and their values.
type Environment = BTreeMap<OsString, (OsString, OsString)>;

fn upper(key: &OsStr) -> OsString {
    key.to_str().map_or_else(|| key.to_owned(), |key| key.to_uppercase().into())
}

/// The environment that the child gets. What the user sets counts most.
fn environment(command: &Command) -> Environment {
    let mut environment = Environment::new();
    if !command.env_clear {
        environment.extend(std::env::vars_os().map(|(key, value)| (upper(&key), (key, value))));
    }
    if !command.inherit_fds {
        // They told us of ours, which the child does not have.
        environment.retain(|key, _| !announce::is_of_descriptors(key));
    }
    let announced = announce::variables(&command.channels).into_iter();
    environment.extend(announced.map(|(key, value)| (upper(&key), (key, value))));
    for (key, value) in &command.env {
        match value {
            Some(value) => environment.insert(upper(key), (key.clone(), value.clone())),
            None => environment.remove(&upper(key)),
        };
    }
    environment
}

/// Each variable with a zero at its end, and one at the end of all.
fn block(environment: &Environment) -> io::Result<Vec<u16>> {
    let mut block = Vec::new();
    for (key, value) in environment.values() {
        let mut pair = key.clone();
        pair.push("=");
        pair.push(value);
        block.extend(wide(&pair)?);
    }
    if block.is_empty() {
        block.push(0);
    }
    block.push(0);
    Ok(block)
}

/// Where the system's own programs are.
fn system_folder() -> io::Result<PathBuf> {
    use std::os::windows::ffi::OsStringExt as _;
    use windows_sys::Win32::System::SystemInformation::GetSystemDirectoryW;

    let mut buffer = [0_u16; 1 << 10];
    // SAFETY: it writes at most so many characters there.
    let len = unsafe { GetSystemDirectoryW(buffer.as_mut_ptr(), buffer.len() as u32) } as usize;
    match buffer.get(..len) {
        Some(folder) if len > 0 => Ok(OsString::from_wide(folder).into()),
        _ => Err(io::Error::last_os_error()),
    }
}
