//! Child processes and message channels, for programs in any language.
//!
//! ```text
//!         this process                              a child
//!  ┌────────────────────────┐               ┌──────────────────────┐
//!  │  Command ── spawn ─────┼──────────────▶│  any program, or     │
//!  │     │                  │  signals, end │  a function of ours  │
//!  │  Process ◀─────────────┼──────────────▶│                      │
//!  │                        │     pipe      │                      │
//!  │  Writer ── messages ───┼──────────────▶│ 3  Reader            │
//!  │  Reader ◀── messages ──┼───────────────┤ 4  Writer            │
//!  │  Duplex ◀── messages ──┼──────────────▶│ 5  Duplex            │
//!  └────────────────────────┘  socket pair  └──────────────────────┘
//! ```
//!
//! - [`pipe`] and [`duplex`] make **channels**: messages go in at one end and come out at the
//!   other, whole, in order, once.
//! - A [`Command`] starts any program, and gives it ends of channels; [`start_process`] starts a
//!   *function* of this program. Both give a [`Process`].
//! - [`inherited()`] gives a child its ends; a child in another language reads and writes the
//!   descriptors by itself, as `gipc-wire(7)` describes.
//! - A [`Pool`] has messages answered by workers that stay.
//! - [`blocking`] has the same without a runtime.
//!
//! The `gipc` program is built on these.
//!
//! # Quick start
//! In `Cargo.toml`:
//! ```toml
//! gipc = { version = "0.1", default-features = false } # without the command line
//! tokio = { version = "1", features = ["macros", "rt"] } # not for `gipc::blocking`
//! serde = { version = "1", features = ["derive"] } # for values of your own
//! ```
//! A child that sends every message back. It is a shell here; it could be in any language:
//! ```
//! use gipc::Command;
//!
//! #[tokio::main(flavor = "current_thread")]
//! async fn main() -> Result<(), gipc::Error> {
//!     let (jobs, to_child) = gipc::pipe()?;
//!     let (from_child, results) = gipc::pipe()?;
//!     let child = Command::new("sh")
//!         .args(["-c", "cat <&3 >&4"])
//!         .channel("in", jobs) // its descriptor 3; closed here once it has started
//!         .channel("out", results) // its descriptor 4
//!         .spawn()?;
//!
//!     to_child.put(b"hello").await?;
//!     assert_eq!(from_child.get().await?.unwrap(), "hello");
//!
//!     drop(to_child); // no more jobs: the child sees the end of its messages
//!     assert_eq!(from_child.get().await?, None);
//!     assert!(child.join().await?.success());
//!     Ok(())
//! }
//! ```
//! The same with a function as the child: see [Functions as children](#functions-as-children).
//!
//! # Channels
//! [`pipe`] goes one way: what is put into its [`Writer`] comes out of its [`Reader`]. Both ends
//! may be used here, between tasks or threads, or either may be given to a child.
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), gipc::Error> {
//! let (reader, writer) = gipc::pipe()?;
//! let sending = tokio::spawn(async move {
//!     for message in ["", "one", "two"] {
//!         writer.put(message.as_bytes()).await?;
//!     }
//!     Ok::<_, gipc::Error>(())
//! });
//! let mut messages = Vec::new();
//! while let Some(message) = reader.get().await? {
//!     messages.push(message);
//! }
//! assert_eq!(messages, ["", "one", "two"]);
//! sending.await.unwrap()?;
//! # Ok(())
//! # }
//! ```
//!
//! [`duplex`] goes both ways: each end is a [`Duplex`], with the methods of both. Its halves can be
//! used, closed or given away by themselves after [`split`](Duplex::split).
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), gipc::Error> {
//! let (here, there) = gipc::duplex()?;
//! let (requests, answers) = there.split();
//! here.put(b"SYN").await?;
//! assert_eq!(requests.get().await?.unwrap(), "SYN");
//! answers.put(b"ACK").await?;
//! assert_eq!(here.get().await?.unwrap(), "ACK");
//! # Ok(())
//! # }
//! ```
//!
//! Handles are [`Clone`], and clones are the same end. Each operation has the end to itself until
//! it is done: messages that many tasks and threads put are never mixed, and of many that get, each
//! message goes to one. [`Reader::try_clone`] and [`Writer::try_clone`] make a handle with a
//! descriptor of its own, for one more *process*.
//!
//! A `put` waits when the channel is full, so that nobody is far ahead of a slow reader. On Linux a
//! pipe holds 1 MiB, and a duplex 4 MiB each way or what `net.core.wmem_max` lets it have. A
//! message may be larger than that; one of more than 64 MiB is refused by the reader, before memory
//! is taken for it, unless [`channel::Options::max_message`] says otherwise.
//!
//! # Values as messages
//! A [codec] turns values into messages and back. [`Raw`](codec::Raw), the default, takes bytes as
//! they are; [`Json`](codec::Json) any serde value, and every language reads it;
//! `codec::MessagePack` comes with the feature `msgpack`; the trait [`Codec`](codec::Codec) is for
//! your own.
//! ```
//! use gipc::codec::Json;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Debug, PartialEq, Serialize, Deserialize)]
//! struct Job {
//!     name: String,
//!     pages: Vec<u32>,
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), gipc::Error> {
//! let (reader, writer) = gipc::pipe_with(Json::<Job>::new())?;
//! let job = Job { name: "print".to_owned(), pages: vec![3, 4] };
//! writer.put(&job).await?;
//! assert_eq!(reader.get().await?, Some(job));
//! # Ok(())
//! # }
//! ```
//! A value that cannot be encoded sends nothing. A message that cannot be decoded is an
//! [`Error::Codec`], and the next `get` finds the next message.
//!
//! How messages lie in the byte stream is another matter, the [framing]: four bytes of length
//! unless [`channel::Options::framing`] says otherwise.
//!
//! # Timeouts
//! There are two kinds. [`get_timeout`](Reader::get_timeout) limits how long the *first byte* of a
//! message may take to come; then the message is taken to its end, however long that takes.
//! [`get_deadline`](Reader::get_deadline) and [`put_deadline`](Writer::put_deadline) limit the
//! whole message. [`poll`](Reader::poll) only looks.
//! ```
//! use std::time::{Duration, Instant};
//!
//! use gipc::Error;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), gipc::Error> {
//! let (reader, writer) = gipc::pipe()?;
//! let nothing = reader.get_timeout(Duration::from_millis(10)).await;
//! assert!(matches!(nothing, Err(Error::Timeout { .. })));
//! assert!(!reader.poll(Duration::ZERO).await?);
//!
//! writer.put(b"late").await?;
//! let deadline = Instant::now() + Duration::from_secs(10);
//! assert_eq!(reader.get_deadline(deadline).await?.unwrap(), "late");
//! # Ok(())
//! # }
//! ```
//! A timeout loses nothing. What has come of a message stays for the next `get`; what was sent of
//! one is followed by its rest ahead of the next `put`, and [`Error::Timeout`] tells how much that
//! is.
//!
//! # The end of a channel
//! A reader gets `None` when no process has a writer any more: the last clone was dropped or
//! closed, and the children that had one have ended. An end that is *inside* a message is no clean
//! end, but [`Error::Truncated`]. A writer gets [`Error::Peer`] when no process has a reader any
//! more.
//!
//! Dropping closes. [`close`](Writer::close) does the same for all clones at once, and says what is
//! wrong: [`Error::Locked`] while somebody uses the end, [`Error::Closed`] the second time.
//! ```
//! use gipc::Error;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), gipc::Error> {
//! let (reader, writer) = gipc::pipe()?;
//! let other = writer.clone();
//! writer.put(b"last").await?;
//! writer.close()?;
//! assert!(matches!(other.put(b"more").await, Err(Error::Closed { .. })));
//! assert_eq!(reader.get().await?.unwrap(), "last");
//! assert_eq!(reader.get().await?, None);
//! # Ok(())
//! # }
//! ```
//!
//! # Commands with channels
//! [`Command`] is like that of the standard library, with channels. [`channel`](Command::channel)
//! gives the child an end under a name, and closes it here as the child starts. So the reader above
//! ends when the child does, and nobody keeps a writer by mistake.
//!
//! The child has the first end that it reads as its descriptor 3, the first that it writes as 4,
//! and further ones after those. Its environment tells the rest, as `gipc-wire(7)` describes:
//! ```
//! use gipc::Command;
//! use gipc::channel::Options;
//! use gipc::codec::Raw;
//! use gipc::framing::Framing;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), gipc::Error> {
//! let (reader, writer) = Options::new().framing(Framing::Lines).pipe(Raw)?;
//! let child = Command::new("sh")
//!     .args(["-c", "echo \"$GREETING from descriptor $GIPC_FD_TALK\" >&$GIPC_OUT"])
//!     .name("greeter")
//!     .env("GREETING", "hello")
//!     .channel("talk", writer)
//!     .spawn()?;
//! assert_eq!(reader.get().await?.unwrap(), "hello from descriptor 4");
//! assert!(child.join().await?.success());
//! # Ok(())
//! # }
//! ```
//! Everything is looked at before anything starts: an end that is closed, in use, given twice, or
//! read ahead (see [`Reader::exact`]) is an error, and all handles are as they were. Only if all of
//! that is in order and the program itself cannot be started are the ends that it was to have
//! closed.
//!
//! Other settings: directory, environment, user and group, resource limits, nice value, umask,
//! process group, single descriptors ([`Command::fd`]), and [`daemon`](Command::daemon).
//!
//! ## What a child begins with
//! - **Descriptors**: 0, 1 and 2 as here, unless something else is declared for them, and the ends
//!   that it was given. Nothing else, whatever is open here and whether or not it is close-on-exec;
//!   [`inherit_fds`](Command::inherit_fds) is the way out of that. Its ends are in blocking mode.
//! - **Signals**: every disposition is the default one and none is blocked, whatever is ignored,
//!   handled or blocked here; no handler of this process ever runs in the child. SIGPIPE too: a
//!   child that writes to nobody is ended by it, unless [`ignore_sigpipe`](Command::ignore_sigpipe)
//!   is set. (Rust's own runtime ignores SIGPIPE at its start in any case.)
//! - **Process group**: one of its own. A signal to the group reaches it and what it has started
//!   ([`Process::signal_group`]); Ctrl-C at the terminal reaches this process only. A child that is
//!   to read from the terminal must be in the group of this process:
//!   [`ProcessGroup::Join`](spawn::ProcessGroup::Join).
//! - **Memory**: none of this process. A child is never a copy that runs on: between its start and
//!   its `exec` it makes system calls only. Hence it may be started from any thread or task.
//!
//! # Processes
//! A [`Process`] runs from the moment it is there. Clones are the same child.
//! ```
//! use std::time::Duration;
//!
//! use gipc::Command;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), gipc::Error> {
//! let child = Command::new("sleep").arg("1000").name("sleeper").spawn()?;
//! assert!(child.is_alive() && child.exitcode().is_none());
//! assert!(child.join_timeout(Duration::from_millis(10)).await?.is_none());
//!
//! child.terminate()?; // SIGTERM; `kill` and `signal` send others
//! let status = child.join().await?;
//! assert_eq!(status.to_string(), "SIGTERM");
//! assert_eq!(child.exitcode(), Some(-15));
//! child.terminate()?; // it has ended: no error
//! # Ok(())
//! # }
//! ```
//! How it ended is known without [`join`](Process::join) too, and `join` may be called as often as
//! you like, by many at once.
//!
//! Each child is waited for by its own pid. There is no handler for SIGCHLD and no wait for any
//! child: this library does not disturb a program that has children or handlers of its own. The
//! other way round, code that waits for *any* child may take one of ours; that is
//! [`Error::Stolen`], and nothing hangs.
//!
//! A dropped `Process` does not end its child. The child runs on and leaves no zombie; a
//! [`daemon`](Command::daemon) is killed when this process ends, even when this process is killed.
//!
//! # Scopes
//! In a [`scope()`] no child outlives the code that has started it. At its end the daemons are
//! asked to end and all are waited for; where the code panics or its future is dropped, all are
//! killed.
//! ```
//! use gipc::Command;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), gipc::Error> {
//! let (worker, helper) = gipc::scope(async |scope| {
//!     let worker = scope.spawn(Command::new("true"))?;
//!     let helper = scope.spawn(Command::new("sleep").arg("1000").daemon(true))?;
//!     Ok::<_, gipc::Error>((worker, helper))
//! })
//! .await??;
//! assert_eq!(worker.exitcode(), Some(0));
//! assert_eq!(helper.exitcode(), Some(-15));
//! # Ok(())
//! # }
//! ```
//!
//! # Functions as children
//! [`start_process`] runs a function of this program in a process of its own: the program is
//! started anew, and [`targets!`], first in `main`, sees that it is a child and runs the function
//! instead.
//! ```
//! use gipc::blocking::{Reader, Writer};
//!
//! /// Runs in the child.
//! fn shout((words, shouts): (Reader, Writer)) -> Result<(), gipc::Error> {
//!     while let Some(word) = words.get()? {
//!         shouts.put(&word.to_ascii_uppercase())?;
//!     }
//!     Ok(())
//! }
//!
//! fn main() -> Result<(), gipc::Error> {
//!     gipc::targets![shout];
//!     parent()
//! }
//!
//! #[tokio::main(flavor = "current_thread")]
//! async fn parent() -> Result<(), gipc::Error> {
//!     let (words, to_child) = gipc::pipe()?;
//!     let (from_child, shouts) = gipc::pipe()?;
//!     let child = gipc::start_process(shout, (words.into_blocking(), shouts.into_blocking()))?;
//!     to_child.put(b"hello").await?;
//!     assert_eq!(from_child.get().await?.unwrap(), "HELLO");
//!     drop(to_child);
//!     assert!(child.join().await?.success());
//!     Ok(())
//! }
//! ```
//! - The function takes one argument: any serde value, a tuple for many. Readers, writers and
//!   duplexes may stand anywhere in it, in a list or a field too; they close here as the child
//!   starts.
//! - It runs without a runtime, on a thread of its own. It may build one: `#[tokio::main]` works on
//!   a function with an argument too.
//! - What it returns becomes the exit code: 0 for `()`, 1 for an `Err`, which is also printed on
//!   standard error, 101 for a panic. See [`Outcome`].
//! - It must be a plain `fn` in the list of `targets!`; a closure would need memory of this
//!   process.
//! - What `main` does ahead of `targets!` happens in each child too.
//!
//! [`Command::function`] makes the same a [`Command`], for a name, a daemon, limits and so on.
//!
//! # Pools
//! A [`Pool`] keeps some workers, any command or a function, and shares messages among them; each is
//! answered with one message. A worker that crashes, hangs or talks nonsense is replaced, and what it
//! had not answered goes to another one: a message is lost only if it ends several of them, and then
//! it is an [`Error::Unanswered`] that tells how the last one ended and what it said.
//! ```
//! use gipc::codec::Json;
//! use gipc::pool::Options;
//!
//! /// Runs in each worker.
//! fn square(_: ()) -> Result<(), gipc::Error> {
//!     let channels = gipc::blocking::inherited()?;
//!     let numbers = channels.reader_with("in", Json::<u64>::new())?;
//!     let squares = channels.writer_with("out", Json::<u64>::new())?;
//!     while let Some(number) = numbers.get()? {
//!         squares.put(&(number * number))?;
//!     }
//!     Ok(())
//! }
//!
//! fn main() -> Result<(), gipc::Error> {
//!     gipc::targets![square];
//!     parent()
//! }
//!
//! #[tokio::main(flavor = "current_thread")]
//! async fn parent() -> Result<(), gipc::Error> {
//!     let worker = || gipc::Command::function(square, ());
//!     let options = Options::new().workers(2).window(4).retries(1);
//!     let pool = options.start_with(Json::new(), Json::<u64>::new(), worker)?;
//!     assert_eq!(pool.call(&7).await?, 49);
//!     let mut squares = pool.map(1..=1000);
//!     let mut sum = 0;
//!     while let Some(square) = squares.next().await {
//!         sum += square?;
//!     }
//!     assert_eq!(sum, 333_833_500);
//!     pool.close().await; // dropped instead, it would kill the workers
//!     Ok(())
//! }
//! ```
//! `gipc pool` is the same from the command line.
//!
//! # In a worker
//! A program that was started with channels finds them by their names with [`inherited()`], whether
//! this library has started it, `gipc run`, or another program that follows `gipc-wire(7)`:
//! ```no_run
//! fn main() -> Result<(), gipc::Error> {
//!     let channels = gipc::blocking::inherited()?;
//!     let (jobs, results) = (channels.reader("in")?, channels.writer("out")?);
//!     while let Some(job) = jobs.get()? {
//!         results.put(&job.to_ascii_uppercase())?;
//!     }
//!     Ok(())
//! }
//! ```
//! `gipc run` calls its channels `in` and `out`. Each can be taken once; it is closed for the
//! children of the worker.
//!
//! # Without a runtime
//! [`blocking`] has the same names and promises for threads: each call waits on its own thread.
//! [`into_blocking`](Reader::into_blocking) and [`into_async`](blocking::Reader::into_async) turn
//! one kind of handle into the other.
//! ```
//! use gipc::Command;
//! use gipc::blocking::duplex;
//!
//! # fn main() -> Result<(), gipc::Error> {
//! let (here, there) = duplex()?;
//! let child = Command::new("sh")
//!     .args(["-c", "cat <&3 >&3"])
//!     .channel("both", there)
//!     .spawn()?
//!     .into_blocking();
//! here.put(b"echo")?;
//! assert_eq!(here.get()?.unwrap(), "echo");
//! drop(here);
//! assert!(child.join()?.success());
//! # Ok(())
//! # }
//! ```
//! The asynchronous handles need a Tokio runtime with I/O, and with time where there is a timeout;
//! a runtime of either flavour will do. Handles can be *made* anywhere.
//!
//! # Streams and sinks
//! [`Reader::into_stream`] and [`Writer::into_sink`] give what the `futures` crates work with. A
//! sink gathers small messages and sends them together: it must be flushed or closed.
//! ```
//! use futures_util::{SinkExt, TryStreamExt};
//! use gipc::codec::Json;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), gipc::Error> {
//! let (reader, writer) = gipc::pipe_with(Json::<u32>::new())?;
//! let mut sink = writer.into_sink()?;
//! for number in 1..=4 {
//!     sink.feed(&number).await?;
//! }
//! sink.close().await?;
//! let sum = reader.into_stream()?.try_fold(0, async |sum, number| Ok(sum + number)).await?;
//! assert_eq!(sum, 10);
//! # Ok(())
//! # }
//! ```
//! To look at byte messages without keeping them, [borrow](channel::MessageStream::next_ref) them:
//! that is cheaper than owning them. Without a runtime,
//! [`Reader::into_messages`](blocking::Reader::into_messages) does the same.
//!
//! # Errors
//! There is one [`Error`], and each of its variants names the handle or the process:
//! [`named`](Reader::named) and [`Command::name`] say how. Causes are in
//! [`source`](std::error::Error::source).
//! ```
//! use std::error::Error as _;
//!
//! # fn main() -> Result<(), gipc::Error> {
//! let (reader, writer) = gipc::blocking::pipe()?;
//! let reader = reader.named("results");
//! reader.close()?;
//! assert_eq!(reader.get().unwrap_err().to_string(), "`results` is closed here");
//! let error = writer.named("jobs").put(b"").unwrap_err();
//! assert_eq!(error.to_string(), "nobody reads `jobs` any more");
//!
//! let error = gipc::Error::from(gipc::Command::new("srot").spawn().unwrap_err());
//! assert_eq!(error.to_string(), "cannot start `srot` (not in PATH)");
//! assert!(error.source().unwrap().to_string().starts_with("No such file"));
//! # Ok(())
//! # }
//! ```
//!
//! | after | the channel |
//! |---|---|
//! | [`Timeout`](Error::Timeout), [`Codec`](Error::Codec), [`Locked`](Error::Locked), [`ReadAhead`](Error::ReadAhead) | goes on: nothing is lost |
//! | [`Framing`](Error::Framing) of a `put` | goes on: nothing was sent |
//! | [`Unanswered`](Error::Unanswered) of a pool | goes on: this message is lost, no other |
//! | [`Peer`](Error::Peer), [`Closed`](Error::Closed), [`NoWorkers`](Error::NoWorkers) | is over |
//! | [`Truncated`](Error::Truncated), [`TooLarge`](Error::TooLarge), [`Framing`](Error::Framing) of a `get` | is over for this reader: where the next message begins cannot be known |
//!
//! # Cancel safety
//! Every future here may be dropped at any time, in `tokio::select!` or by a timeout:
//!
//! | future | dropped |
//! |---|---|
//! | [`get`](Reader::get) and its kin, [`poll`](Reader::poll) | what has come of a message stays for the next `get` |
//! | [`put`](Writer::put) and its kin | nothing was sent and nothing will be; or, where a part was sent, its rest goes out ahead of the next `put` |
//! | [`join`](Process::join), [`join_timeout`](Process::join_timeout) | no effect |
//! | [`scope()`] | its children are killed |
//! | [`Pool::submit`] | nothing was sent |
//! | [`Pool::call`], an [`Answer`](pool::Answer) | as `submit`; or the message is done, and its answer lost |
//! | [`next`](pool::Answers::next) of a pool's answers | no effect: the answer stays for the next call |
//! | [`Pool::close`] | the pool is closed all the same |
//!
//! # For those who come from Python's gipc
//! This library carries on [gipc](https://gehrcke.de/gipc/) for Python and gevent.
//!
//! | there | here |
//! |---|---|
//! | `gevent.spawn` | a Tokio task; or a thread, with [`blocking`] |
//! | `start_process(target, args, kwargs, name, daemon)` | [`start_process`]`(target, args)`; with a name or as a daemon [`Command::function`] |
//! | a forked copy, its event loop made anew | the program is started anew; [`targets!`] first in `main` |
//! | children are functions of the program | or any [`Command`], in any language |
//! | `pipe()` | [`pipe`], [`pipe_with`] |
//! | `pipe(duplex=True)`: two pipes | [`duplex`], [`duplex_with`]: one pair of sockets; halves by [`split`](Duplex::split) |
//! | `encoder`, `decoder`; pickle by default | a [`Codec`](codec::Codec); bytes by default, `Json` and `MessagePack` for values |
//! | `with pipe() as (r, w)` | dropping closes; an error of yours is never hidden by that |
//! | `get()`; `EOFError` at the end | [`get`](Reader::get): `None` at the end, [`Error::Truncated`] inside a message |
//! | `get(timeout=gevent.Timeout(…))` | [`get_timeout`](Reader::get_timeout); for the whole message [`get_deadline`](Reader::get_deadline) |
//! | a timeout inside a message leaves the stream out of step | what has come stays for the next `get` |
//! | no timeout for `put`, no `poll` | [`put_deadline`](Writer::put_deadline), [`poll`](Reader::poll) |
//! | a handle as an argument closes in the parent; one inside a list is missed | closes wherever it stands among the arguments |
//! | all signals default in the child but SIGPIPE, the mask inherited | SIGPIPE default too, the mask empty; [`ignore_sigpipe`](Command::ignore_sigpipe) |
//! | Ctrl-C reaches the children too | they are in process groups of their own; [`Command::process_group`] |
//! | libev's SIGCHLD handler reaps all children | each child by its own pid, no handler |
//! | `p.join(timeout)`, `p.exitcode`, `p.is_alive()`, `p.terminate()` | the same names; [`join_timeout`](Process::join_timeout) tells whether it has ended |
//! | `daemon=True` survives a SIGKILL of the parent | ends with the parent, see [Platforms](#platforms) |
//! | no pool | [`Pool`]; for those who have used `multiprocessing.Pool`: `imap` is [`map`](Pool::map), `imap_unordered` [`map_unordered`](Pool::map_unordered), `apply` [`call`](Pool::call), `apply_async` [`submit`](Pool::submit), and no call hangs when a worker dies |
//! | `GIPCError`, `GIPCClosed`, `GIPCLocked` | [`Error`], [`Error::Closed`], [`Error::Locked`] |
//!
//! # Platforms
//! **Linux** (5.3 or newer) is where all of this holds and is tested. A start is `clone` with
//! shared memory, as fast as `vfork` whatever the size of this process; a child is awaited and
//! signalled through a pidfd.
//!
//! For **macOS and FreeBSD** the code is type-checked; nobody has tested it there. What the
//! promises amount to:
//!
//! | promise | there |
//! |---|---|
//! | no zombies, no handler | a sleeping thread waits for each child (`waitid` without taking it away), with 64 KiB of stack |
//! | a signal reaches the child or nothing | while no other code waits for it: signals go by pid |
//! | a start costs the same in a large process | `fork`: it costs more the more memory this process has |
//! | a child has the declared descriptors only | the same; but until a new pipe is marked close-on-exec, a child that *other* code starts at that moment may get it too |
//! | daemons end with this process | with a [`scope()`]; not when this process is killed |
//! | a pipe holds up to 1 MiB | 64 KiB |
//! | an inherited pipe never blocks a runtime | while no other process reads it too; writes go out in pieces of `PIPE_BUF` |
//!
//! On **Windows** (10 or newer) it has been tested under Wine 8, not on Windows itself, and the
//! code for Ctrl-Break, which Wine 8 does not send, has been read but never run. What the promises amount to:
//!
//! | promise | there |
//! |---|---|
//! | a child finds its ends at 3, 4 and so on | programs of Microsoft's C runtime do, and this library in a program of any kind; Python's `Connection` and Node's channel take no such numbers there |
//! | its ends are in blocking mode | the same, unless both ends go to children, or the end was in use here before: then a handle does one call at a time, as such programs do |
//! | a duplex is one descriptor | it is two pipes, and two descriptors: 3 to read, 4 to write |
//! | a child has the declared descriptors only | by an explicit list; but while it is being started, a child that *other* code starts without such a list may get them too |
//! | a channel is open to its two ends only | it has a name, but a random one; it takes one client, and only this user may open it |
//! | every signal | [`terminate`](Process::terminate) is Ctrl-Break to the child's group, or where it has no console in common with us the end at once; [`kill`](Process::kill) is the end at once; there are no others |
//! | a signal to the group reaches what the child has started | [`kill`](process::Signal::KILL) does, wherever it went: by a job object |
//! | exit codes | of 32 bits; a child that was ended by us has `-15` or `-9` as elsewhere |
//! | daemons end with this process | the same, and all that they have started with them |
//! | a `put` that ran out of time before anything was sent sends nothing | up to 64 KiB are handed to the system, and go on by themselves; [`Error::Timeout`] counts them |
//! | several processes write to one pipe | messages of up to 64 KiB with their header go out whole |
//! | arguments arrive as they are | in programs that read them as the C runtime does; for a batch file those with `"`, `%` or a line break are refused |
//! | user and group, limits, nice value, umask | are refused |
//! | a message that its worker had not read is sent again by a [`Pool`] without counting as a try | it counts: how much is unread is not known there. Pools are tested under Wine, as all the rest |
//!
//! # Dependencies
//! Of the features only `cli`, the program, is on by default. Your program needs none:
//! ```toml
//! gipc = { version = "0.1", default-features = false }
//! ```
//!
//! | crate | for |
//! |---|---|
//! | `tokio` (`macros`, `net`, `rt`, `sync`, `time`) | waiting in a runtime, timers, locks |
//! | `bytes`, `memchr` | messages that are shared without copying; the marks between them |
//! | `serde`, `serde_json` | values as messages and as arguments |
//! | `futures-core`, `futures-sink` | the two traits, and nothing else of `futures` |
//! | `libc`, `nix`; on Windows `windows-sys` | system calls |
//! | `thiserror` | [`Error`], at compile time |
//!
//! `msgpack` adds `rmp-serde`.

/// The README's example in Rust, run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub mod blocking;
pub mod channel;
mod clock;
pub mod codec;
#[doc(hidden)]
pub mod delivery;
mod failure;
pub mod frames;
pub mod framing;
pub mod inherited;
#[doc(hidden)]
pub mod lines;
mod lock;
#[doc(hidden)]
pub mod node;
#[doc(hidden)]
pub mod order;
pub mod pipes;
mod pointer;
pub mod pool;
pub mod process;
mod reaper;
#[doc(hidden)]
pub mod route;
mod scope;
pub mod spawn;
#[doc(hidden)]
pub mod tail;
#[doc(hidden)]
pub mod target;
mod transfer;
#[cfg(windows)]
#[path = "waiting/windows.rs"]
mod waiting;

pub use channel::{Duplex, Reader, Writer, duplex, duplex_with, pipe, pipe_with};
pub use failure::Error;
pub use inherited::inherited;
pub use pool::Pool;
pub use process::Process;
pub use scope::{Scope, scope};
pub use spawn::Command;
pub use target::{Outcome, start_process};

// For the program gipc.
#[doc(hidden)]
pub use clock::sleep_until;
#[doc(hidden)]
pub use failure::chain;
#[doc(hidden)]
pub use lock::lock;
