//! Descriptors that others have too: standard streams, files, inherited channels.
//!
//! Whether a descriptor blocks is a property of the open file description, shared with all who have
//! it. So it is left as it is, and both ways have to work: a thread reads and writes, and where the
//! descriptor does not block, the thread waits. A pipe on Linux can be opened anew, and needs no thread.

use std::fs::File;
use std::io::{self, Read, Write};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::JoinHandle;

#[cfg(unix)]
#[path = "stream/unix.rs"]
mod system;
#[cfg(windows)]
#[path = "stream/windows.rs"]
mod system;

use system::AsDescriptor;
pub(crate) use system::{
    NULL, append, append_and_wait, identity, input_beside, read_exact_at, write_all_at,
};

/// How much is read or written at once, in bytes.
const CHUNK: usize = 256 << 10;

/// A file that waits, be its descriptor blocking or not.
#[derive(Debug)]
pub(crate) struct Patient(File);

impl Patient {
    /// A descriptor of our own for the same file.
    pub(crate) fn duplicate(of: impl AsDescriptor) -> io::Result<Self> {
        Ok(Self(system::duplicate(of)?))
    }
}

impl From<File> for Patient {
    fn from(file: File) -> Self {
        Self(file)
    }
}

impl Read for &Patient {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match (&self.0).read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    system::wait_to_read(&self.0)?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => return read,
            }
        }
    }
}

impl Write for &Patient {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match system::write(&self.0, bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    system::wait_to_write(&self.0)?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                written => return written,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Patient {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&*self).read(buffer)
    }
}

impl Write for Patient {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&*self).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The same for the event loop. Reads or writes, as its descriptor allows, one at a time.
///
/// What a dropped future has begun goes on, and its result is the next one's.
#[derive(Debug)]
pub(crate) struct Stream {
    file: Arc<Patient>,
    /// The same pipe, opened anew, where that can be done: no thread has to wait for it.
    own: Own,
    /// Read, and not been taken yet.
    taken: Bytes,
    reading: Option<JoinHandle<io::Result<Bytes>>>,
    writing: Option<JoinHandle<io::Result<()>>>,
}

/// An end of a pipe that is ours alone, and does not block.
#[derive(Debug)]
enum Own {
    None,
    ToRead(system::OwnToRead),
    ToWrite(system::OwnToWrite),
}

impl From<Patient> for Stream {
    fn from(file: Patient) -> Self {
        let file = Arc::new(file);
        Self { file, own: Own::None, taken: Bytes::new(), reading: None, writing: None }
    }
}

impl Stream {
    /// Our standard input.
    pub(crate) fn stdin() -> io::Result<Self> {
        let file = Patient::duplicate(io::stdin())?;
        let own = system::open_to_read(&file.0).map_or(Own::None, Own::ToRead);
        Ok(Self { own, ..Self::from(file) })
    }

    /// Our standard output.
    pub(crate) fn stdout() -> io::Result<Self> {
        let file = Patient::duplicate(io::stdout())?;
        let own = system::open_to_write(&file.0).map_or(Own::None, Own::ToWrite);
        Ok(Self { own, ..Self::from(file) })
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if let Own::ToRead(own) = &mut this.own {
            return Pin::new(own).poll_read(context, buffer);
        }
        if this.taken.is_empty() {
            let file = &this.file;
            let reading = this.reading.get_or_insert_with(|| {
                let (file, size) = (Arc::clone(file), buffer.remaining().min(CHUNK));
                tokio::task::spawn_blocking(move || {
                    let mut bytes = vec![0; size];
                    let read = (&*file).read(&mut bytes)?;
                    bytes.truncate(read);
                    Ok(bytes.into())
                })
            });
            let read = ready!(Pin::new(reading).poll(context));
            this.reading = None;
            this.taken = read.map_err(io::Error::other)??;
        }
        let bytes = this.taken.split_to(this.taken.len().min(buffer.remaining()));
        buffer.put_slice(&bytes);
        Poll::Ready(Ok(()))
    }
}

impl Stream {
    /// Is there something to read, be it the end?
    pub(crate) fn has_something(&self) -> bool {
        system::has_something(self)
    }

    fn poll_written(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(writing) = &mut self.writing {
            let written = ready!(Pin::new(writing).poll(context));
            self.writing = None;
            written.map_err(io::Error::other)??;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stream {
    /// Takes bytes once those before are written; an error of theirs is told here or by `flush`.
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if let Own::ToWrite(own) = &mut this.own {
            return Pin::new(own).poll_write(context, bytes);
        }
        ready!(this.poll_written(context))?;
        let mut bytes = Bytes::copy_from_slice(&bytes[..bytes.len().min(CHUNK)]);
        let (file, size) = (Arc::clone(&this.file), bytes.len());
        this.writing = Some(tokio::task::spawn_blocking(move || {
            while bytes.has_remaining() {
                match (&*file).write(&bytes)? {
                    0 => return Err(io::ErrorKind::WriteZero.into()),
                    written => bytes.advance(written),
                }
            }
            Ok(())
        }));
        Poll::Ready(Ok(size))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().poll_written(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(context)
    }
}
