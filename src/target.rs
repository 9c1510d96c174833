//! Functions of this program as children.
//!
//! A child cannot be a copy of a program that has threads; so the program is started anew, and its
//! `main` hands over to [`targets!`](crate::targets) before it does anything else.

use std::any::type_name;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::OnceLock;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::channel::system::{DUPLEX_DESCRIPTORS, both_passed_to_us};
use crate::channel::{End, Way};
use crate::failure::{Error, chain};
use crate::framing::Framing;
use crate::inherited;
use crate::pipes::{self, Descriptor};
use crate::process::Process;
use crate::spawn::{ChildFd, Command, SpawnError};
use crate::transfer::{self, Arrived};

pub(crate) mod blocking;
#[cfg(target_os = "linux")]
#[path = "target/linux.rs"]
mod system;
#[cfg(all(unix, not(target_os = "linux")))]
#[path = "target/posix.rs"]
mod system;
#[cfg(windows)]
#[path = "target/windows.rs"]
mod system;

use system::anonymous_file;

/// In a child that is to run a function: its name, and the descriptor that its arguments are on.
pub(crate) const TARGET: &str = "GIPC_TARGET";

/// Lets the program's functions run as children; must be the first thing in `main`.
///
/// In a child that [`start_process`](crate::start_process) has started, it runs the function and
/// ends; in any other process it only notes which functions there are, and goes on.
///
/// # Examples
/// ```no_run
/// use gipc::Writer;
///
/// fn worker((writer, name): (gipc::blocking::Writer, String)) {
///     writer.put(format!("hello, {name}").as_bytes()).unwrap();
/// }
///
/// #[tokio::main(flavor = "current_thread")]
/// async fn main() -> Result<(), gipc::Error> {
///     gipc::targets![worker];
///     let (reader, writer) = gipc::blocking::pipe()?;
///     let child = gipc::start_process(worker, (writer, "world".to_owned()))?;
///     println!("{:?}", reader.into_async().get().await?);
///     child.join().await?;
///     Ok(())
/// }
/// ```
#[macro_export]
macro_rules! targets {
    ($($target:path),* $(,)?) => {
        $crate::target::take_over(vec![$($crate::target::Target::of($target)),*])
    };
}

/// What a function that runs as a child may return; it becomes the exit code.
#[diagnostic::on_unimplemented(
    message = "a function that runs as a child comes back with `()`, a `u8` or a `Result` of them",
    note = "for an `async fn` put `#[tokio::main]` before it"
)]
pub trait Outcome {
    /// The exit code; says on standard error what went wrong, if anything did.
    fn exit_code(self) -> u8;
}

impl Outcome for () {
    fn exit_code(self) -> u8 {
        0
    }
}

impl Outcome for u8 {
    fn exit_code(self) -> u8 {
        self
    }
}

impl<T: Outcome, E: Into<Box<dyn std::error::Error>>> Outcome for Result<T, E> {
    fn exit_code(self) -> u8 {
        match self {
            Ok(outcome) => outcome.exit_code(),
            Err(error) => {
                let error = error.into();
                // Where that cannot be written the code alone must do.
                let _ = writeln!(io::stderr(), "error: {}", chain(&*error));
                1
            }
        }
    }
}

/// Takes the arguments as text and the handles among them; comes back with the exit code.
type Run = dyn Fn(&str, Vec<Arrived>) -> Result<u8, serde_json::Error> + Send + Sync;

/// A function that may run as a child; made by [`targets!`](crate::targets).
#[doc(hidden)]
pub struct Target {
    name: &'static str,
    run: Box<Run>,
}

impl Target {
    #[doc(hidden)]
    pub fn of<F, A, R>(function: F) -> Self
    where
        F: Fn(A) -> R + Send + Sync + 'static,
        A: DeserializeOwned,
        R: Outcome,
    {
        let run = move |args: &str, handles: Vec<Arrived>| {
            let args = transfer::scatter(handles, || serde_json::from_str(args))?;
            Ok(function(args).exit_code())
        };
        Self { name: type_name::<F>(), run: Box::new(run) }
    }
}

/// What a child finds in front of its arguments, on a line of its own.
#[derive(Serialize, Deserialize)]
struct Envelope {
    handles: Vec<Handle>,
}

#[derive(Serialize, Deserialize)]
struct Handle {
    /// The first of its descriptors.
    fd: u16,
    way: Way,
    framing: String,
}

/// The names of the functions that may run as children, once [`targets!`](crate::targets) has run.
static KNOWN: OnceLock<Vec<&'static str>> = OnceLock::new();

/// Where the arguments are in the child; the handles come behind them. 3 and 4 are left for
/// channels.
const ARGUMENTS: ChildFd = ChildFd::new(5);

impl Command {
    /// A command that runs a function of this program, one of those that
    /// [`targets!`](crate::targets) was given, in a process of its own.
    ///
    /// `args` is any value that can be written as JSON, and [`Reader`](crate::Reader),
    /// [`Writer`](crate::Writer) and [`Duplex`](crate::Duplex) may stand anywhere in it. They close
    /// here when the child starts.
    ///
    /// # Errors
    /// When the function is not one of the targets, the arguments cannot be written, or a handle among
    /// them is closed or in use. Nothing has changed then.
    pub fn function<F, A, R>(target: F, args: A) -> Result<Self, Error>
    where
        F: Fn(A) -> R,
        A: Serialize,
    {
        drop(target);
        let name = type_name::<F>();
        let short = name.rsplit("::").next().unwrap_or(name);
        let refused = |why: String| SpawnError::Setup {
            program: short.into(),
            what: "run it as a function of this program".to_owned(),
            source: io::Error::new(io::ErrorKind::InvalidInput, why),
        };
        match KNOWN.get() {
            None => {
                let why = format!("call `gipc::targets![{short}]` first in `main`");
                return Err(refused(why).into());
            }
            Some(known) if !known.contains(&name) => {
                let hint = match name.ends_with("{{closure}}") {
                    true => " (a closure cannot be a child: make it a function)",
                    false => "",
                };
                let known = known.join(", ");
                let why = format!("`{name}` is not in `gipc::targets![{known}]`{hint}");
                return Err(refused(why).into());
            }
            Some(_) => {}
        }
        let (text, ends) = transfer::gather(|| serde_json::to_string(&args));
        let text = text.map_err(|error| refused(error.to_string()))?;
        let mut command = Self::new(this_program()).arg(name).name(short);
        let mut handles = Vec::new();
        let mut free = ARGUMENTS.number() + 1;
        for end in ends {
            end.check()?;
            let fd = free;
            free += end.descriptors();
            handles.push(Handle { fd, way: end.way(), framing: end.framing()?.to_string() });
            command = command.end_at(ChildFd::new(fd), end);
        }
        let envelope = serde_json::to_string(&Envelope { handles });
        let envelope = envelope.map_err(|error| refused(error.to_string()))?;
        let file = anonymous_file().and_then(|mut file| {
            file.write_all(format!("{envelope}\n{text}").as_bytes())?;
            file.seek(SeekFrom::Start(0))?;
            Ok(file)
        });
        let file = Descriptor::from(file.map_err(|error| Error::io(short, error))?);
        let inode = pipes::identity(&file).map_err(|error| Error::io(short, error))?;
        let variable = format!("{ARGUMENTS}:{inode}:{name}");
        Ok(command.fd(ARGUMENTS, file).env(TARGET, variable))
    }
}

/// Runs a function of this program in a process of its own, see [`Command::function`], and starts
/// at once.
///
/// # Errors
/// As [`Command::function`] and [`Command::spawn`].
pub fn start_process<F, A, R>(target: F, args: A) -> Result<Process, Error>
where
    F: Fn(A) -> R,
    A: Serialize,
{
    Ok(Command::function(target, args)?.spawn()?)
}

/// The file that this program was started from, even where it has been replaced since.
fn this_program() -> std::path::PathBuf {
    match std::env::current_exe() {
        Ok(path) if path.exists() => path,
        _ => "/proc/self/exe".into(),
    }
}

#[doc(hidden)]
pub fn take_over(targets: Vec<Target>) {
    let names = targets.iter().map(|target| target.name).collect();
    let _ = KNOWN.set(names);
    let Some((mut file, name)) = arguments() else { return };
    let outcome = (|| {
        let target = targets.into_iter().find(|target| target.name == name);
        let target = target.ok_or_else(|| format!("`{name}` is not in `gipc::targets![…]`"))?;
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(|error| error.to_string())?;
        // The function has its handles and nothing else.
        drop(file);
        let (envelope, args) = text.split_once('\n').ok_or("the arguments are not whole")?;
        let envelope: Envelope =
            serde_json::from_str(envelope).map_err(|error| error.to_string())?;
        let handles = envelope.handles.into_iter().map(arrived).collect::<Result<Vec<_>, _>>()?;
        // On a thread of its own: `main` may have entered a runtime, which the function is to be
        // free of.
        let args = args.to_owned();
        let thread = std::thread::Builder::new().name(name.clone());
        let run = thread.spawn(move || (target.run)(&args, handles));
        match run.map_err(|error| error.to_string())?.join() {
            Ok(code) => code.map_err(|error| format!("cannot read the arguments: {error}")),
            Err(_) => Ok(101), // It has panicked and said so.
        }
    })();
    let code = outcome.unwrap_or_else(|error: String| {
        // Where that cannot be written the code alone must do.
        let _ = writeln!(io::stderr(), "gipc: cannot run `{name}`: {error}");
        125
    });
    #[expect(clippy::exit, reason = "the child ends here: the rest of `main` is the parent's")]
    std::process::exit(code.into())
}

/// The arguments, where this process is to run a function.
fn arguments() -> Option<(File, String)> {
    let variable = std::env::var(TARGET).ok()?;
    let mut parts = variable.splitn(3, ':');
    let fd: i32 = parts.next()?.parse().ok()?;
    let inode: u64 = parts.next()?.parse().ok()?;
    let name = parts.next()?.to_owned();
    // The variable alone may have come from an ancestor.
    Some((File::from(inherited::take(fd, Some(inode)).ok()?), name))
}

fn arrived(handle: Handle) -> Result<Arrived, String> {
    let Handle { fd, way, framing } = handle;
    let framing: Framing = framing.parse().map_err(|error| format!("{error}"))?;
    let (read, write) = halves(fd, way).map_err(|error| format!("descriptor {fd}: {error}"))?;
    Ok(Arrived { read, write, framing })
}

fn halves(fd: u16, way: Way) -> io::Result<(Option<End>, Option<End>)> {
    let take = |fd: u16| inherited::take(fd.into(), None).map_err(io::Error::from);
    Ok(match way {
        Way::In => (Some(End::passed_to_us(take(fd)?, way)?), None),
        Way::Out => (None, Some(End::passed_to_us(take(fd)?, way)?)),
        Way::Both => {
            let all = (fd..fd + DUPLEX_DESCRIPTORS).map(take).collect::<io::Result<_>>()?;
            let (read, write) = both_passed_to_us(all)?;
            (Some(read), Some(write))
        }
    })
}
