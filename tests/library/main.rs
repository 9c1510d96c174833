//! The library in programs of the kind that it is made for: a file per subject.
//!
//! This binary has a `main` of its own, as a program that starts its functions as children must.
//! A test named `row_NN_…` shows the promise in that row of the table of promises.

/// The tests of a file, by their functions.
macro_rules! tests {
    ($($test:ident),* $(,)?) => {
        pub(crate) fn tests() -> Vec<libtest_mimic::Trial> {
            let subject = module_path!().rsplit("::").next().unwrap_or_default();
            vec![$(
                libtest_mimic::Trial::test(format!("{subject}::{}", stringify!($test)), || {
                    $test();
                    Ok(())
                })
            ),*]
        }
    };
}

mod bugs;
mod cancelling;
mod codecs;
mod duplex;
mod handles;
mod load;
mod messages;
mod peers;
#[cfg(unix)]
mod posix;
mod processes;
mod scopes;
mod support;
mod targets;
mod timeouts;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use posix as system;
#[cfg(windows)]
use windows as system;

fn main() -> std::process::ExitCode {
    // In a child this does not come back.
    gipc::targets![
        bugs::counts_descriptors_around_dropped_handles,
        bugs::starts_a_daemon_and_tells_its_pid,
        bugs::uses_blocking_handles_in_a_task,
        bugs::writes_into_each,
        duplex::answers,
        duplex::echoes,
        duplex::passes_on,
        handles::writes_its_name,
        handles::upper_cases,
        handles::upper_cases_in_a_runtime,
        handles::answers_in_every_place,
        handles::relays,
        handles::reports_an_end_that_came_before_it,
        handles::reads_one,
        handles::reads_none,
        handles::reads_none_twice,
        handles::takes_a_flood,
        handles::sums_until_the_end,
        handles::shows_its_descriptors,
        handles::uses_what_it_inherits_by_name,
        handles::uses_what_it_inherits_by_number,
        load::starts_a_thousand,
        messages::sends_numbers,
        processes::exits_with,
        processes::panics,
        processes::fails,
        processes::waits_for_the_end,
        processes::starts_another,
        processes::has_a_static,
        processes::starts_a_daemon_on_a_thread_that_ends,
        processes::has_its_own_children,
        system::runs,
        targets::panics_in_threads,
        targets::runs_in_a_runtime_of_its_own,
        targets::takes_a_number,
    ];
    let arguments = libtest_mimic::Arguments::from_args();
    let all = [
        bugs::tests(),
        cancelling::tests(),
        codecs::tests(),
        duplex::tests(),
        handles::tests(),
        load::tests(),
        messages::tests(),
        peers::tests(),
        processes::tests(),
        scopes::tests(),
        system::all(),
        targets::tests(),
        timeouts::tests(),
    ];
    let all = system::fitting(all.into_iter().flatten().collect());
    libtest_mimic::run(&arguments, all).exit_code()
}
