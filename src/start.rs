//! The program's start on Linux, in place of that of Rust's runtime.
//!
//! Rust's looks up in `/proc/self/maps` where the stack ends, so that it can say so when it
//! overflows: a tenth of a millisecond of every `gipc exec` and `gipc send`. What it does besides
//! is done here. The arguments std has from the C library in any case.
//!
//! What a progress bar reckons with is the only call of `libm.so.6`: with a [`pow`] of our own that
//! library is not looked for, mapped and relocated at every start.

#![expect(
    unsafe_code,
    reason = "names that the C library has; the signals and descriptors of the start"
)]

use std::ffi::c_int;

#[unsafe(no_mangle)]
extern "C" fn main() -> c_int {
    for stream in 0..=2 {
        // What is opened next must not be taken for a standard stream that was closed. To write to
        // a standard output that was is an error all the same: nothing is lost in silence.
        let access = if stream == libc::STDOUT_FILENO { libc::O_RDONLY } else { libc::O_RDWR };
        // SAFETY: asks for a descriptor's flags; then opens the lowest that is free, which is it.
        unsafe {
            if libc::fcntl(stream, libc::F_GETFD) < 0
                && libc::open(c"/dev/null".as_ptr(), access) < 0
            {
                libc::abort();
            }
        }
    }
    // To write to nobody is an error that is told, not the end.
    // SAFETY: sets a disposition, before there is any other thread.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
    crate::end(crate::perform())
}

#[unsafe(no_mangle)]
extern "C" fn pow(base: f64, exponent: f64) -> f64 {
    libm::pow(base, exponent)
}
