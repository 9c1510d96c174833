//! POSIX: signals by their numbers.

use super::Request;
use crate::guard::Arrival;

/// What `arrival` asks for. `shares_terminal`: the command is in our process group, as the
/// terminal's foreground job.
pub(crate) fn request(arrival: Arrival, shares_terminal: bool) -> Request {
    let Arrival { signal, from_terminal } = arrival;
    let command_has_it = shares_terminal && from_terminal;
    match signal.number() {
        libc::SIGINT | libc::SIGQUIT | libc::SIGWINCH if command_has_it => Request::Ignore,
        // Stops the command if it does not mind; then we see it stopped, and stop too.
        libc::SIGTSTP | libc::SIGTTIN | libc::SIGTTOU if shares_terminal => {
            if from_terminal {
                Request::Ignore
            } else {
                Request::Forward(signal)
            }
        }
        libc::SIGINT | libc::SIGTERM | libc::SIGHUP => Request::Stop(signal),
        libc::SIGQUIT => Request::Kill(signal),
        libc::SIGUSR1 => Request::Status,
        libc::SIGUSR2 => Request::Reopen,
        libc::SIGTSTP => Request::Suspend(signal),
        libc::SIGCONT => Request::Continue(signal),
        _ => Request::Forward(signal),
    }
}

#[cfg(test)]
mod tests {
    use gipc::process::Signal;

    use super::*;

    fn number(number: i32) -> Signal {
        Signal::new(number).unwrap()
    }

    #[test]
    fn a_ctrl_c_that_the_command_has_too_is_left_to_it() {
        let arrival = Arrival { signal: Signal::INT, from_terminal: true };
        assert_eq!(request(arrival, true), Request::Ignore);
        assert_eq!(request(arrival, false), Request::Stop(Signal::INT));
        let sent = Arrival { signal: Signal::INT, from_terminal: false };
        assert_eq!(request(sent, true), Request::Stop(Signal::INT));
    }

    #[test]
    fn a_hangup_of_the_terminal_always_stops() {
        let arrival = Arrival { signal: Signal::HUP, from_terminal: true };
        assert_eq!(request(arrival, true), Request::Stop(Signal::HUP));
    }

    #[test]
    fn signals_without_a_meaning_of_our_own_are_passed_on() {
        for signal in [libc::SIGALRM, libc::SIGWINCH, libc::SIGPIPE, libc::SIGURG, 34, 64] {
            let arrival = Arrival { signal: number(signal), from_terminal: false };
            assert_eq!(request(arrival, false), Request::Forward(number(signal)));
        }
    }
}
