//! Windows: named pipes, one for each channel, whose name nobody can guess and nobody else can open.
//!
//! A handle either waits in each call, as all programs expect, or does its work in the background
//! (`FILE_FLAG_OVERLAPPED`), as we want it. Which of them is decided as it is opened, hence the
//! [`Mode`].

#![expect(unsafe_code, reason = "system calls on handles")]

use std::ffi::c_void;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Read, Write};
use std::os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, FromRawHandle, OwnedHandle};
use std::pin::Pin;
use std::ptr;
use std::sync::OnceLock;
use std::task::{Context, Poll};
use std::time::Instant;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use windows_sys::Wdk::Storage::FileSystem::{
    FILE_PIPE_LOCAL_INFORMATION, FilePipeLocalInformation, NtQueryInformationFile,
};
use windows_sys::Win32::Foundation::{
    ERROR_BROKEN_PIPE, ERROR_NO_DATA, ERROR_PIPE_NOT_CONNECTED, GENERIC_ALL, GENERIC_READ,
    GENERIC_WRITE, HANDLE, INVALID_HANDLE_VALUE,
};
use windows_sys::Win32::Security::{
    ACCESS_ALLOWED_ACE, ACL, ACL_REVISION, AddAccessAllowedAce, GetLengthSid, GetTokenInformation,
    InitializeAcl, InitializeSecurityDescriptor, SECURITY_ATTRIBUTES, SECURITY_DESCRIPTOR,
    SetSecurityDescriptorDacl, TOKEN_QUERY, TOKEN_USER, TokenUser,
};
use windows_sys::Win32::Storage::FileSystem::{
    CreateFileW, FILE_FLAG_FIRST_PIPE_INSTANCE, FILE_FLAG_OVERLAPPED, FILE_NAME_INFO,
    FILE_READ_ATTRIBUTES, FileNameInfo, GetFileInformationByHandleEx, OPEN_EXISTING,
    PIPE_ACCESS_DUPLEX, PIPE_ACCESS_INBOUND,
};
use windows_sys::Win32::System::IO::IO_STATUS_BLOCK;
use windows_sys::Win32::System::Pipes::{
    CreateNamedPipeW, PIPE_REJECT_REMOTE_CLIENTS, PIPE_TYPE_BYTE, PeekNamedPipe,
};
use windows_sys::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};

use crate::channel::system::WRITE_SIZE;
use crate::channel::{End, Way};

/// How many bytes can be in a pipe unread, as on Linux. The system takes the memory for them when they
/// come.
const CAPACITY: u32 = 1 << 20;

/// An open file or pipe that a child can be given.
pub type Descriptor = OwnedHandle;

/// What a call on a handle does when there is nothing to read, or no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// It waits.
    Blocking,
    /// It goes on in the background.
    Overlapped,
}

impl Mode {
    const fn flags(self) -> u32 {
        match self {
            Self::Blocking => 0,
            Self::Overlapped => FILE_FLAG_OVERLAPPED,
        }
    }
}

/// A pipe, the end to read from first. Both ends block, and go to no child by themselves.
///
/// # Errors
/// When the system has no room for it.
pub fn new() -> io::Result<(OwnedHandle, OwnedHandle)> {
    pair(Mode::Blocking, Mode::Blocking)
}

/// As [`new`]: there are no larger ones.
///
/// # Errors
/// When the system has no room for it.
pub fn large() -> io::Result<(OwnedHandle, OwnedHandle)> {
    new()
}

/// The end of a pipe that we read from in a runtime.
#[derive(Debug)]
pub struct Incoming(End);

impl Incoming {
    /// What comes out of a pipe that was opened to do its work in the background.
    ///
    /// # Errors
    /// The system's own.
    pub fn new(handle: Descriptor) -> io::Result<Self> {
        Ok(Self(End::passed_to_us(handle, Way::In)?))
    }
}

impl AsyncRead for Incoming {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

/// A pipe out of a child: our end, and the child's, which blocks.
///
/// # Errors
/// When the system has no room for it.
pub fn from_child() -> io::Result<(Incoming, Descriptor)> {
    let (read, write) = pair(Mode::Overlapped, Mode::Blocking)?;
    Ok((Incoming::new(read)?, write))
}

/// As [`from_child`]: there are no larger ones.
///
/// # Errors
/// When the system has no room for it.
pub fn from_child_large() -> io::Result<(Incoming, Descriptor)> {
    from_child()
}

/// The end to write to of a pipe that we read from cannot be had here a second time.
///
/// # Errors
/// [`io::ErrorKind::Unsupported`].
pub fn write_end_of(_pipe: &Incoming) -> io::Result<Descriptor> {
    Err(io::ErrorKind::Unsupported.into())
}

/// The end of a pipe that we write to in a runtime. What is being written when it is dropped is taken
/// back: flush it first.
#[derive(Debug)]
pub struct Outgoing(End);

impl Outgoing {
    /// How many bytes are written at once at the most.
    pub const AT_ONCE: usize = WRITE_SIZE;

    /// What goes into a pipe that was opened to do its work in the background.
    ///
    /// # Errors
    /// The system's own.
    pub fn new(handle: Descriptor) -> io::Result<Self> {
        Ok(Self(End::passed_to_us(handle, Way::Out)?))
    }

    /// Is something being written?
    pub fn is_busy(&self) -> bool {
        self.0.in_flight() > 0
    }
}

impl AsyncWrite for Outgoing {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

/// A pipe into a child: our end, and the child's, which blocks.
///
/// # Errors
/// When the system has no room for it.
pub fn to_child() -> io::Result<(Outgoing, Descriptor)> {
    let (read, write) = pair(Mode::Blocking, Mode::Overlapped)?;
    Ok((Outgoing::new(write)?, read))
}

/// As [`to_child`], with no room at all: what is written to it is flushed when it has been read.
///
/// # Errors
/// When the system has no room for it.
pub fn to_child_unbuffered() -> io::Result<(Outgoing, Descriptor)> {
    let (read, write) = pair_with(Mode::Blocking, Mode::Overlapped, 0)?;
    Ok((Outgoing::new(write)?, read))
}

/// The end of a pipe that goes both ways, opened to do its work in the background. Reads and writes wait
/// on their thread.
#[derive(Debug)]
pub struct Dialogue(End);

impl Dialogue {
    /// The one behind this handle.
    ///
    /// # Errors
    /// The system's own.
    pub fn new(handle: OwnedHandle) -> io::Result<Self> {
        Ok(Self(End::passed_to_us(handle, Way::Both)?))
    }

    /// When reads and writes give up, with [`io::ErrorKind::TimedOut`].
    pub fn set_deadline(&mut self, deadline: Option<Instant>) {
        self.0.deadline = deadline;
    }
}

impl AsRawHandle for Dialogue {
    fn as_raw_handle(&self) -> HANDLE {
        self.0.raw_handle()
    }
}

impl Read for Dialogue {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut buffer = ReadBuf::new(buffer);
        self.0.read_on_this_thread(&mut buffer)?;
        Ok(buffer.filled().len())
    }
}

impl Write for Dialogue {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Attributes (`SECURITY_ATTRIBUTES`) for something that this user alone may open. They are valid for
/// as long as this process is.
///
/// # Errors
/// The system's own.
pub fn owner_only() -> io::Result<*mut c_void> {
    static MADE: OnceLock<Attributes> = OnceLock::new();
    let made = match MADE.get() {
        Some(made) => made,
        None => {
            let attributes = Attributes(OwnerOnly::get()?.attributes());
            MADE.get_or_init(|| attributes)
        }
    };
    Ok((&raw const made.0).cast_mut().cast())
}

/// Those of a static thing.
struct Attributes(SECURITY_ATTRIBUTES);

// SAFETY: it leads into memory that stays, and nobody changes it.
unsafe impl Send for Attributes {}
// SAFETY: as above.
unsafe impl Sync for Attributes {}

/// A pipe, the end to read from first.
pub(crate) fn pair(read: Mode, write: Mode) -> io::Result<(OwnedHandle, OwnedHandle)> {
    pair_with(read, write, CAPACITY)
}

/// The same with so many bytes of room.
fn pair_with(read: Mode, write: Mode, capacity: u32) -> io::Result<(OwnedHandle, OwnedHandle)> {
    connected(PIPE_ACCESS_INBOUND | read.flags(), [capacity; 2], GENERIC_WRITE, write)
}

/// A pipe that goes both ways, whose ends do their work in the background: ours, and a child's. What goes
/// to the child has no room at all where it is not `buffered`, as with [`to_child_unbuffered`].
///
/// # Errors
/// When the system has no room for it.
pub fn both_ways(buffered: bool) -> io::Result<(Descriptor, Descriptor)> {
    let mode = Mode::Overlapped;
    let room = [if buffered { CAPACITY } else { 0 }, CAPACITY];
    connected(PIPE_ACCESS_DUPLEX | mode.flags(), room, GENERIC_READ | GENERIC_WRITE, mode)
}

/// The first end of a pipe, opened in this way, with so much room for what it writes and for what it
/// reads, and the other end with this access.
fn connected(
    first: u32,
    [room_out, room_in]: [u32; 2],
    access: u32,
    mode: Mode,
) -> io::Result<(OwnedHandle, OwnedHandle)> {
    let random = RandomState::new();
    let name = format!(
        r"\\.\pipe\gipc-{:016x}{:016x}",
        random.hash_one(std::process::id()),
        random.hash_one("gipc")
    );
    let name: Vec<u16> = name.encode_utf16().chain([0]).collect();
    let security = OwnerOnly::get()?.attributes();
    // SAFETY: the name ends with a zero, the attributes live on in the statics that they come from;
    // what the system gives is ours alone.
    unsafe {
        let server = CreateNamedPipeW(
            name.as_ptr(),
            // The first, and the only one: nobody has had the name before us.
            FILE_FLAG_FIRST_PIPE_INSTANCE | first,
            PIPE_TYPE_BYTE | PIPE_REJECT_REMOTE_CLIENTS,
            1,
            room_out,
            room_in,
            0,
            &raw const security,
        );
        let server = owned(server)?;
        let client = CreateFileW(
            name.as_ptr(),
            access | FILE_READ_ATTRIBUTES,
            0,
            ptr::null(),
            OPEN_EXISTING,
            mode.flags(),
            ptr::null_mut(),
        );
        Ok((server, owned(client)?))
    }
}

/// # Safety
/// It must be nobody else's, where it is a handle.
unsafe fn owned(handle: HANDLE) -> io::Result<OwnedHandle> {
    if handle == INVALID_HANDLE_VALUE || handle.is_null() {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: as the caller promises.
    Ok(unsafe { OwnedHandle::from_raw_handle(handle) })
}

/// Gives access to the user who runs this process, and to nobody else.
struct OwnerOnly {
    descriptor: Box<SECURITY_DESCRIPTOR>,
    /// What the descriptor leads to; an ACL must be aligned to 4 bytes.
    _acl: Vec<u32>,
}

// SAFETY: it leads into memory of its own, and nobody changes it.
unsafe impl Send for OwnerOnly {}
// SAFETY: as above.
unsafe impl Sync for OwnerOnly {}

impl OwnerOnly {
    /// Made once: a process stays its user's.
    fn get() -> io::Result<&'static Self> {
        static MADE: OnceLock<OwnerOnly> = OnceLock::new();
        match MADE.get() {
            Some(made) => Ok(made),
            None => {
                let made = Self::new()?;
                Ok(MADE.get_or_init(|| made))
            }
        }
    }

    fn new() -> io::Result<Self> {
        let user = user()?;
        // SAFETY: what GetTokenInformation has filled in, and so a valid SID; the list has room for
        // one entry with that SID, as InitializeAcl is told; it stays where it is in the vector.
        unsafe {
            let sid = (*user.as_ptr().cast::<TOKEN_USER>()).User.Sid;
            let size =
                size_of::<ACL>() + size_of::<ACCESS_ALLOWED_ACE>() + GetLengthSid(sid) as usize;
            let mut acl = vec![0_u32; size.div_ceil(4)];
            let at = acl.as_mut_ptr().cast::<ACL>();
            let mut descriptor = Box::new(SECURITY_DESCRIPTOR::default());
            let to_it = (&raw mut *descriptor).cast::<c_void>();
            const REVISION: u32 = 1; // SECURITY_DESCRIPTOR_REVISION
            let done = InitializeAcl(at, (acl.len() * 4) as u32, ACL_REVISION) != 0
                && AddAccessAllowedAce(at, ACL_REVISION, GENERIC_ALL, sid) != 0
                && InitializeSecurityDescriptor(to_it, REVISION) != 0
                && SetSecurityDescriptorDacl(to_it, 1, at, 0) != 0;
            if done { Ok(Self { descriptor, _acl: acl }) } else { Err(io::Error::last_os_error()) }
        }
    }

    /// For handles that go to no child by themselves.
    fn attributes(&self) -> SECURITY_ATTRIBUTES {
        SECURITY_ATTRIBUTES {
            nLength: size_of::<SECURITY_ATTRIBUTES>() as u32,
            lpSecurityDescriptor: (&raw const *self.descriptor).cast_mut().cast(),
            bInheritHandle: 0,
        }
    }
}

/// A `TOKEN_USER` and what it leads to.
fn user() -> io::Result<Vec<u64>> {
    // SAFETY: the process's own token, for the length of this function; the second call writes at
    // most the length that the vector has.
    unsafe {
        let mut token = ptr::null_mut();
        if OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &raw mut token) == 0 {
            return Err(io::Error::last_os_error());
        }
        let token = owned(token)?;
        let mut len = 0;
        // Tells the length, and fails.
        GetTokenInformation(token.as_raw_handle(), TokenUser, ptr::null_mut(), 0, &raw mut len);
        let mut user = vec![0_u64; (len as usize).div_ceil(8)];
        let at = user.as_mut_ptr().cast();
        match GetTokenInformation(token.as_raw_handle(), TokenUser, at, len, &raw mut len) {
            0 => Err(io::Error::last_os_error()),
            _ => Ok(user),
        }
    }
}

/// What tells it from others: a number made from its name, which is random for a pipe of ours.
///
/// # Errors
/// The system's own.
pub fn identity(descriptor: &Descriptor) -> io::Result<u64> {
    identity_of(descriptor.as_handle())
}

/// FNV-1a, 64 bits, of the bytes of the name in UTF-16, little-endian, as the system tells it:
/// `gipc-wire(7)` has it so. 0 for what has no name.
pub(crate) fn identity_of(handle: BorrowedHandle<'_>) -> io::Result<u64> {
    // A length in bytes, and the longest path that there is.
    let mut info = vec![0_u32; 1 + (32 << 10)];
    let size = (info.len() * 4) as u32;
    // SAFETY: it writes at most so many bytes there.
    let told = unsafe {
        GetFileInformationByHandleEx(
            handle.as_raw_handle(),
            FileNameInfo,
            info.as_mut_ptr().cast(),
            size,
        )
    };
    if told == 0 {
        return Ok(0);
    }
    const { assert!(std::mem::offset_of!(FILE_NAME_INFO, FileName) == 4) };
    let len = info[0] as usize;
    let bytes = info[1..].iter().flat_map(|four| four.to_le_bytes()).take(len);
    Ok(bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    }))
}

/// How many bytes can be in the pipe unread.
pub fn capacity(pipe: &OwnedHandle) -> usize {
    let mut status = IO_STATUS_BLOCK::default();
    let mut local = FILE_PIPE_LOCAL_INFORMATION::default();
    let size = size_of_val(&local) as u32;
    // SAFETY: it writes at most so many bytes there, on a handle that is open.
    let told = unsafe {
        NtQueryInformationFile(
            pipe.as_raw_handle(),
            &raw mut status,
            (&raw mut local).cast(),
            size,
            FilePipeLocalInformation,
        )
    };
    if told == 0 { local.InboundQuota as usize } else { CAPACITY as usize }
}

/// How many bytes are in the pipe unread; `pipe` is the end to read from.
pub fn unread(pipe: &OwnedHandle) -> usize {
    peek(pipe.as_handle()).ok().flatten().unwrap_or(0)
}

/// How many bytes can be read now; `None` at the end.
pub(crate) fn peek(pipe: BorrowedHandle<'_>) -> io::Result<Option<usize>> {
    let mut unread = 0;
    // SAFETY: the handle is open; only the number is written.
    let told = unsafe {
        PeekNamedPipe(
            pipe.as_raw_handle(),
            ptr::null_mut(),
            0,
            ptr::null_mut(),
            &raw mut unread,
            ptr::null_mut(),
        )
    };
    if told != 0 {
        return Ok(Some(unread as usize));
    }
    match io::Error::last_os_error() {
        error if is_over(&error) => Ok(None),
        error => Err(error),
    }
}

/// Waits on this thread until something can be read, or the end be seen, until then at the most; has it
/// come? For an end that other processes may have too, and that nobody else reads from meanwhile.
///
/// # Errors
/// The system's own.
pub fn wait_readable(pipe: &OwnedHandle, deadline: Option<Instant>) -> io::Result<bool> {
    let mut end = End::passed_to_us(pipe.try_clone()?, Way::In)?;
    end.deadline = deadline;
    match end.wait_readable() {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::TimedOut => Ok(false),
        Err(error) => Err(error),
    }
}

/// Does this say that the other end is gone?
pub(crate) fn is_over(error: &io::Error) -> bool {
    const OVER: [u32; 3] = [ERROR_BROKEN_PIPE, ERROR_NO_DATA, ERROR_PIPE_NOT_CONNECTED];
    error.raw_os_error().is_some_and(|code| OVER.contains(&(code as u32)))
}
