//! Windows: a named pipe that its user alone may open.

#![expect(unsafe_code, reason = "system calls on handles, and attributes by a pointer")]

use std::cell::{Cell, RefCell};
use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::{self, Read, Write};
use std::os::windows::ffi::OsStrExt;
use std::os::windows::fs::OpenOptionsExt;
use std::os::windows::io::AsRawHandle;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use gipc::pipes::{self, Descriptor, Dialogue};
use tokio::io::{ReadHalf, WriteHalf};
use tokio::net::windows::named_pipe::{NamedPipeServer, ServerOptions};
use windows_sys::Win32::Foundation::ERROR_PIPE_BUSY;
use windows_sys::Win32::Storage::FileSystem::{FILE_FLAG_OVERLAPPED, SECURITY_IDENTIFICATION};
use windows_sys::Win32::System::Pipes::{GetNamedPipeServerProcessId, WaitNamedPipeW};

use super::Error;
use crate::control::client;

/// Where all pipes are.
const FOLDER: &str = r"\\.\pipe\";

/// How long a session may take to listen for the next client.
const PATIENCE_MS: u32 = 10_000;

/// How the names of the pipes of this user's sessions begin. Others may not open them; this keeps the
/// names apart.
fn prefix() -> String {
    let user = std::env::var("USERNAME").unwrap_or_default();
    format!("gipc-session-{}-", user.escape_default().to_string().replace('\\', "_"))
}

/// Where the session of this name is to be found.
pub(in crate::control) fn path_of(session: &str) -> PathBuf {
    format!("{FOLDER}{}{session}", prefix()).into()
}

/// The names of the sessions of this user that run, in order.
pub(in crate::control) fn sessions() -> Vec<String> {
    let pipes = std::fs::read_dir(FOLDER).into_iter().flatten().flatten();
    let prefix = prefix();
    let name = |name: OsString| Some(name.into_string().ok()?.strip_prefix(&prefix)?.to_owned());
    let mut names: Vec<_> = pipes.filter_map(|pipe| name(pipe.file_name())).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// A pipe that listens. It is gone when nobody has it open any more.
#[derive(Debug)]
pub(crate) struct Socket {
    first: RefCell<Option<NamedPipeServer>>,
    path: PathBuf,
}

impl Socket {
    /// Listens as the session of this name. In a runtime.
    ///
    /// # Errors
    /// When there is one that lives.
    pub(crate) fn bind(session: &str) -> Result<Self, Error> {
        let path = path_of(session);
        let failed = |source| Error::Bind { path: path.clone(), source };
        loop {
            match Stream::connect(&path) {
                Ok(stream) => match client::pid_of(stream).map_err(failed)? {
                    Some(pid) => return Err(Error::Taken { name: session.to_owned(), pid }),
                    None => client::wait_for_end_of(&path),
                },
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(failed(error)),
            }
            match listen(&path, true) {
                Ok(first) => return Ok(Self { first: RefCell::new(Some(first)), path }),
                // Somebody was faster.
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
                Err(error) => return Err(failed(error)),
            }
        }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(in crate::control) fn listener(&self) -> io::Result<Listener> {
        let next = self.first.take().ok_or(io::ErrorKind::NotFound)?;
        Ok(Listener { next, path: self.path.clone() })
    }
}

/// A pipe for one client.
fn listen(path: &Path, is_first: bool) -> io::Result<NamedPipeServer> {
    let mut options = ServerOptions::new();
    options.first_pipe_instance(is_first);
    // SAFETY: the attributes are valid for as long as this process is.
    unsafe { options.create_with_security_attributes_raw(path, pipes::owner_only()?) }
}

/// What takes connections.
pub(in crate::control) struct Listener {
    /// Who will be the next one has this pipe.
    next: NamedPipeServer,
    path: PathBuf,
}

impl Listener {
    /// The next one. Cancel safe.
    pub(in crate::control) async fn accept(&mut self) -> io::Result<Connection> {
        self.next.connect().await?;
        // Before anybody else looks for the name: it is never gone.
        let next = listen(&self.path, false)?;
        Ok(Connection(std::mem::replace(&mut self.next, next)))
    }
}

/// A client.
pub(in crate::control) struct Connection(NamedPipeServer);

/// Where its requests come from.
pub(in crate::control) type Requests = ReadHalf<NamedPipeServer>;

/// Where its replies go.
pub(in crate::control) type Replies = WriteHalf<NamedPipeServer>;

impl Connection {
    /// Why it is not listened to. The system lets nobody come so far who is not to.
    pub(in crate::control) const fn refusal(&self) -> io::Result<Option<String>> {
        Ok(None)
    }

    /// Not asked for here.
    pub(in crate::control) const fn pid(&self) -> Option<i32> {
        None
    }

    pub(in crate::control) fn split(self) -> (Requests, Replies) {
        tokio::io::split(self.0)
    }
}

/// Has a client gone that will say no more? It cannot close one half of its pipe.
pub(in crate::control) fn hung_up(_requests: &Requests) -> impl Future<Output = ()> {
    std::future::ready(())
}

/// Is a client there that has not said all? It is seen when more is read of it.
pub(in crate::control) const fn is_there(_requests: &Requests) -> bool {
    true
}

/// Why nobody is given descriptors of others.
pub(in crate::control) const fn why_not_passed(_pid: Option<i32>) -> Option<&'static str> {
    Some("on Windows a descriptor that was lost cannot be had again")
}

/// See there.
pub(in crate::control) async fn pass(
    _replies: &Replies,
    _bytes: &[u8],
    _descriptor: Descriptor,
) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// A connection to a session, on the side that asks.
#[derive(Debug)]
pub(in crate::control) struct Stream {
    pipe: RefCell<Dialogue>,
    timeout: Cell<Option<Duration>>,
}

impl Stream {
    /// [`io::ErrorKind::NotFound`] where there is no session.
    pub(in crate::control) fn connect(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).custom_flags(FILE_FLAG_OVERLAPPED);
        // Whoever listens must not act in our name.
        options.security_qos_flags(SECURITY_IDENTIFICATION);
        loop {
            match options.open(path) {
                Ok(pipe) => {
                    let pipe = RefCell::new(Dialogue::new(pipe.into())?);
                    return Ok(Self { pipe, timeout: Cell::new(None) });
                }
                Err(error) if error.raw_os_error() == Some(ERROR_PIPE_BUSY as i32) => {
                    let name: Vec<u16> = path.as_os_str().encode_wide().chain([0]).collect();
                    // SAFETY: the name ends with a zero.
                    if unsafe { WaitNamedPipeW(name.as_ptr(), PATIENCE_MS) } == 0 {
                        return Err(io::Error::last_os_error());
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// How long a read or a write may take.
    pub(in crate::control) fn set_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.timeout.set(timeout);
        Ok(())
    }

    /// Can it tell that nothing more will be said, and still listen?
    pub(in crate::control) const CAN_END: bool = false;

    /// A pipe cannot be closed by half.
    pub(in crate::control) const fn end(&self) {}

    /// Can a descriptor come with what is read?
    pub(in crate::control) const CAN_PASS: bool = false;

    /// As a read.
    pub(in crate::control) fn receive(
        &self,
        buffer: &mut [u8],
    ) -> io::Result<(usize, Option<Descriptor>)> {
        Ok(((&mut &*self).read(buffer)?, None))
    }

    /// The process that listens at the other end.
    pub(in crate::control) fn listener(self) -> io::Result<i32> {
        let mut pid = 0;
        let pipe = self.pipe.borrow();
        // SAFETY: the handle is a pipe's, and open; the number is written to.
        match unsafe { GetNamedPipeServerProcessId(pipe.as_raw_handle(), &raw mut pid) } {
            0 => Err(io::Error::last_os_error()),
            _ => Ok(pid as i32),
        }
    }

    /// As a read. That nobody reads our standard output any more is seen with the next write.
    pub(in crate::control) fn read_while_heard(
        &self,
        buffer: &mut [u8],
    ) -> (io::Result<usize>, bool) {
        ((&mut &*self).read(buffer), true)
    }

    fn with<T>(&self, work: impl FnOnce(&mut Dialogue) -> io::Result<T>) -> io::Result<T> {
        let mut pipe = self.pipe.borrow_mut();
        pipe.set_deadline(self.timeout.get().map(|timeout| Instant::now() + timeout));
        work(&mut pipe)
    }
}

impl Read for &Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.with(|pipe| pipe.read(buffer))
    }
}

impl Write for &Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.with(|pipe| pipe.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.with(Write::flush)
    }
}
