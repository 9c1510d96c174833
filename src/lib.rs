//! Child processes and message channels, for programs in any language.
//!
//! ```text
//!                    Command ──spawn──▶ Process
//!                       │ fd 3 ▲ fd 4      │ peek, signal, reap
//!   messages ─▶ Writer ─┘      └─ Reader ─▶ messages
//!                  └──── Framing ────┘
//! ```
//!
//! - [`framing`]: bytes ⇄ messages. Pure, bounded, no I/O.
//! - [`channel`]: a [`Reader`] and a [`Writer`] over asynchronous byte streams; [`blocking`] has the
//!   same without a runtime.
//! - [`Command`] starts a child with exactly the descriptors that it is to have, default signals, and
//!   a process group of its own; [`process::Process`] is what comes of it.
//! - [`inherited`]: for a child, the channels that it was given.
//!
//! The `gipc` program is built on these; `gipc-wire(7)` describes what a child sees.
//!
//! # A child with a channel
//! ```
//! use std::os::fd::OwnedFd;
//!
//! use gipc::framing::{DEFAULT_MAX_MESSAGE, Framing};
//! use gipc::spawn::ChildFd;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (read, write) = std::io::pipe()?;
//! let child = gipc::Command::new("sh")
//!     .args(["-c", "printf '5:hello,' >&4"])
//!     .fd(ChildFd::MESSAGES_OUT, OwnedFd::from(write))
//!     .spawn()?;
//! let mut reader = gipc::blocking::Reader::new(read, Framing::Netstring, DEFAULT_MAX_MESSAGE);
//! assert_eq!(reader.get()?.as_deref(), Some(&b"hello"[..]));
//! assert_eq!(reader.get()?, None);
//! assert!(child.reap()?.0.success());
//! # Ok(())
//! # }
//! ```

pub mod blocking;
pub mod channel;
pub mod codec;
pub mod frames;
pub mod framing;
pub mod inherited;
pub mod pipes;
pub mod process;
mod reaper;
mod scope;
pub mod spawn;
#[doc(hidden)]
pub mod target;
mod transfer;

pub use channel::{Duplex, Error, Reader, Writer, duplex, duplex_with, pipe, pipe_with};
pub use inherited::inherited;
pub use process::Process;
pub use scope::{Scope, scope};
pub use spawn::Command;
pub use target::{Outcome, start_process};
