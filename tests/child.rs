//! The helper program of the tests: shows what it was given, or behaves in one awkward way.

#[cfg(unix)]
#[path = "child/unix.rs"]
mod system;
#[cfg(windows)]
#[path = "child/windows.rs"]
mod system;

fn main() {
    system::main();
}
