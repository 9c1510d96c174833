//! The limits: the same work with nothing but system calls.
//!
//! No library can be faster than the kernel lets a program be that does one thing only, knows
//! beforehand how much comes, checks nothing and cannot be interrupted.

use std::ffi::CStr;
use std::hint::black_box;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::time::{Duration, Instant};
use std::{fs::File, ptr};

use crate::measure::per_second;
use crate::processors::{Placed, settle};

/// What a batch of small messages is written and read in.
const BATCH: usize = 64 << 10;

/// A pipe of a mebibyte: the end to read from, the end to write to.
pub(crate) fn pipe() -> (File, File) {
    let mut fds = [0; 2];
    // SAFETY: pipe2 fills in two descriptors.
    assert_eq!(unsafe { libc::pipe2(fds.as_mut_ptr(), libc::O_CLOEXEC) }, 0);
    // SAFETY: plain system call on a number; where so much is not to be had, less will do.
    unsafe { libc::fcntl(fds[1], libc::F_SETPIPE_SZ, 1 << 20) };
    // SAFETY: the kernel has just opened them for us.
    fds.map(|fd| File::from(unsafe { OwnedFd::from_raw_fd(fd) })).into()
}

fn sockets() -> (File, File) {
    let mut fds = [0; 2];
    let kind = libc::SOCK_STREAM | libc::SOCK_CLOEXEC;
    // SAFETY: socketpair fills in two descriptors.
    assert_eq!(unsafe { libc::socketpair(libc::AF_UNIX, kind, 0, fds.as_mut_ptr()) }, 0);
    let size: libc::c_int = 4 << 20;
    for fd in fds {
        let (value, len) = ((&raw const size).cast(), size_of_val(&size) as libc::socklen_t);
        // SAFETY: `value` is `len` bytes long; what is too much is cut.
        unsafe { libc::setsockopt(fd, libc::SOL_SOCKET, libc::SO_SNDBUF, value, len) };
    }
    // SAFETY: the kernel has just opened them for us.
    fds.map(|fd| File::from(unsafe { OwnedFd::from_raw_fd(fd) })).into()
}

/// A process that does `work` and ends.
struct Forked(libc::pid_t);

impl Forked {
    fn new(work: impl FnOnce() -> io::Result<()>) -> Self {
        // SAFETY: this process has no other thread while a limit is measured.
        match unsafe { libc::fork() } {
            0 => {
                let code = i32::from(work().is_err());
                // SAFETY: nothing of the parent's is to be run here.
                unsafe { libc::_exit(code) }
            }
            pid => Self(pid),
        }
    }
}

impl Drop for Forked {
    fn drop(&mut self) {
        // SAFETY: our own child; without a place for the status nothing is written.
        unsafe { libc::waitpid(self.0, ptr::null_mut(), 0) };
    }
}

/// Frames of `size` bytes with a length of four before them, several to a write where they are
/// small, every payload copied out into memory of its own: messages a second.
pub(crate) fn one_way(count: usize, size: usize) -> f64 {
    framed(pipe(), count, size)
}

/// The same over a socket.
pub(crate) fn one_way_over_sockets(count: usize, size: usize) -> f64 {
    framed(sockets(), count, size)
}

fn framed((mut read, mut write): (File, File), count: usize, size: usize) -> f64 {
    let frame = [&(size as u32).to_be_bytes()[..], &vec![7; size]].concat();
    let reader_end = read.as_raw_fd();
    let writer = Forked::new(|| {
        // SAFETY: nobody in this process uses it: the writer is to see its end.
        unsafe { libc::close(reader_end) };
        let mut batch = Vec::with_capacity(BATCH + frame.len());
        for _ in 0..count {
            batch.extend_from_slice(&frame);
            if batch.len() >= BATCH {
                write.write_all(&batch)?;
                batch.clear();
            }
        }
        write.write_all(&batch)
    });
    drop(write);
    let start = Instant::now();
    let mut received = 0;
    if frame.len() > BATCH {
        let mut buffer = vec![0; frame.len()];
        while read.read_exact(&mut buffer).is_ok() {
            black_box(&buffer);
            received += 1;
        }
    } else {
        let mut buffer = vec![0; 4 * BATCH];
        let (mut from, mut to) = (0, 0);
        loop {
            match read.read(&mut buffer[to..]) {
                Ok(0) | Err(_) => break,
                Ok(read) => to += read,
            }
            while let Some((length, rest)) = buffer[from..to].split_first_chunk() {
                let length = u32::from_be_bytes(*length) as usize;
                let Some(payload) = rest.get(..length) else { break };
                black_box(payload.to_vec());
                received += 1;
                from += 4 + length;
            }
            buffer.copy_within(from..to, 0);
            (from, to) = (0, to - from);
        }
    }
    let rate = per_second(received, start.elapsed());
    drop(writer);
    assert_eq!(received, count);
    rate
}

/// Writes frames as [`one_way`] does, in batches where they are small.
pub(crate) fn write_frames(mut to: impl Write, count: usize, size: usize) -> io::Result<()> {
    let frame = [&(size as u32).to_be_bytes()[..], &vec![7; size]].concat();
    let at_once = (BATCH / frame.len()).clamp(1, count);
    let batch = frame.repeat(at_once);
    for _ in 0..count / at_once {
        to.write_all(&batch)?;
    }
    to.write_all(&frame.repeat(count % at_once))
}

/// Reads all that comes, and looks at none of it: bytes, and how many a second from the first on.
pub(crate) fn read_bytes(mut from: impl Read) -> io::Result<(usize, f64)> {
    let mut buffer = vec![0; PIPE];
    let mut bytes = from.read(&mut buffer)?;
    let start = Instant::now();
    loop {
        match from.read(&mut buffer)? {
            0 => return Ok((bytes, per_second(bytes, start.elapsed()))),
            read => bytes += read,
        }
    }
}

/// Who stands between a writer and a reader.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Between {
    /// Moves pages from pipe to pipe and sees none of them.
    Splice,
    /// Reads so many bytes at the most, and writes them.
    Copy(usize),
    /// Reads a message, and writes it once it is whole.
    Whole,
}

/// How much a pipe holds.
pub(crate) const PIPE: usize = 1 << 20;

/// Frames from one process to another, each on a processor of its own: messages a second.
pub(crate) fn direct(count: usize, size: usize) -> f64 {
    let (read, write) = pipe();
    let writer = Forked::new(|| {
        settle(Placed::Apart.second());
        close(&[&read]);
        write_frames(&write, count, size)
    });
    drop(write);
    counted(read, writer, count, size)
}

/// Frames from one process to another by way of a third: messages a second.
pub(crate) fn relayed(between: Between, count: usize, size: usize) -> f64 {
    let (first_read, first_write) = pipe();
    let (last_read, last_write) = pipe();
    let writer = Forked::new(|| {
        close(&[&first_read, &last_read, &last_write]);
        write_frames(&first_write, count, size)
    });
    drop(first_write);
    let relay = Forked::new(|| {
        close(&[&last_read]);
        match between {
            Between::Splice => splice(&first_read, &last_write),
            Between::Copy(at_once) => copy(&first_read, &last_write, at_once),
            Between::Whole => copy_whole(&first_read, &last_write),
        }
    });
    drop((first_read, last_write));
    counted(last_read, (writer, relay), count, size)
}

/// Closes what only other processes are to have, so that those see its end.
fn close(ends: &[&File]) {
    for end in ends {
        // SAFETY: nobody in this process uses it.
        unsafe { libc::close(end.as_raw_fd()) };
    }
}

/// Reads all that these processes send, and waits for them: messages a second.
fn counted<P>(from: File, processes: P, count: usize, size: usize) -> f64 {
    let (bytes, rate) = read_bytes(from).expect("a pipe");
    drop(processes);
    assert_eq!(bytes, count * (4 + size));
    rate / (4 + size) as f64
}

fn splice(from: &File, to: &File) -> io::Result<()> {
    let (from, to) = (from.as_raw_fd(), to.as_raw_fd());
    loop {
        let none = ptr::null_mut();
        // SAFETY: plain system call on numbers; the pipes have no offsets.
        match unsafe { libc::splice(from, none, to, none, PIPE, libc::SPLICE_F_MOVE) } {
            0 => return Ok(()),
            1.. => {}
            _ => return Err(io::Error::last_os_error()),
        }
    }
}

fn copy(mut from: &File, mut to: &File, at_once: usize) -> io::Result<()> {
    let mut buffer = vec![0; at_once];
    loop {
        match from.read(&mut buffer)? {
            0 => return Ok(()),
            read => to.write_all(&buffer[..read])?,
        }
    }
}

fn copy_whole(mut from: &File, mut to: &File) -> io::Result<()> {
    let mut message = vec![0; 4];
    loop {
        match from.read_exact(&mut message[..4]) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            header => header?,
        }
        let size = u32::from_be_bytes(message[..4].try_into().expect("four bytes"));
        message.resize(4 + size as usize, 0);
        from.read_exact(&mut message[4..])?;
        to.write_all(&message)?;
    }
}

/// 64 bytes to another process and back: how long that takes.
pub(crate) fn ping_pong(count: u32, placed: Placed) -> Duration {
    let (mut there, mut out) = pipe();
    let (mut back, mut answer) = pipe();
    let ours = [out.as_raw_fd(), back.as_raw_fd()];
    let mut message = [0; 64];
    let echo = Forked::new(|| {
        settle(placed.second());
        for fd in ours {
            // SAFETY: nobody in this process uses it.
            unsafe { libc::close(fd) };
        }
        while there.read_exact(&mut message).is_ok() {
            answer.write_all(&message)?;
        }
        Ok(())
    });
    drop((there, answer));
    let mut turn = || {
        out.write_all(&message).expect("the echo reads");
        back.read_exact(&mut message).expect("the echo answers");
    };
    (0..100).for_each(|_| turn());
    let start = Instant::now();
    (0..count).for_each(|_| turn());
    let time = start.elapsed() / count;
    drop(out);
    drop(echo);
    time
}

/// `vfork`, `execv`, `waitpid`: no more than that can be saved.
#[inline(never)]
pub(crate) fn vfork_and_wait(program: &CStr) {
    let argv = [program.as_ptr(), ptr::null()];
    // SAFETY: the child calls execv and _exit only, and changes no local variable.
    unsafe {
        #[expect(deprecated, reason = "it is the limit")]
        let pid = libc::vfork();
        if pid == 0 {
            libc::execv(program.as_ptr(), argv.as_ptr());
            libc::_exit(127);
        }
        libc::waitpid(pid, ptr::null_mut(), 0);
    }
}
