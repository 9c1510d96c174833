//! Linux: a socket with an address that is in no folder, so that nothing stays behind and every
//! user's process reaches it. The system tells who has sent what, see `SO_PASSCRED`.

use std::io::{self, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use nix::cmsg_space;
use nix::sys::socket::{
    ControlMessageOwned, MsgFlags, UnixCredentials, recvmsg, setsockopt, sockopt,
};
use nix::unistd::Uid;

/// How many descriptors may come with a message: `SCM_MAX_FD`.
const MOST_DESCRIPTORS: usize = 253;

/// The socket and its address.
pub(super) fn bind() -> io::Result<(UnixDatagram, String)> {
    let name = format!("gipc-{}-{:016x}", std::process::id(), fastrand::u64(..));
    let socket = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name)?)?;
    setsockopt(&socket, sockopt::PassCred, &true)?;
    Ok((socket, format!("@{name}")))
}

/// A message's length, and whose it is.
pub(super) fn receive(socket: &impl AsFd, buffer: &mut [u8]) -> io::Result<(usize, Option<Uid>)> {
    let mut parts = [IoSliceMut::new(buffer)];
    // Without room for descriptors a message that comes with some could not be read at all.
    let mut space = cmsg_space!(UnixCredentials, [RawFd; MOST_DESCRIPTORS]);
    let (fd, flags) = (socket.as_fd().as_raw_fd(), MsgFlags::MSG_DONTWAIT);
    let flags = flags | MsgFlags::MSG_CMSG_CLOEXEC;
    let received = recvmsg::<()>(fd, &mut parts, Some(&mut space), flags)?;
    let mut sender = None;
    for message in received.cmsgs()? {
        match message {
            ControlMessageOwned::ScmCredentials(it) => sender = Some(Uid::from_raw(it.uid())),
            // They are for the service manager to keep, or to close: see `sd_notify_barrier(3)`.
            ControlMessageOwned::ScmRights(descriptors) => {
                for descriptor in descriptors {
                    let _ = nix::unistd::close(descriptor);
                }
            }
            _ => {}
        }
    }
    // Without a word of the system nobody is believed.
    Ok((received.bytes, sender.or(Some(Uid::from_raw(u32::MAX)))))
}
