//! Windows: what a console tells.

use gipc::process::Signal;

use super::Request;
use crate::guard::Arrival;

/// What `arrival` asks for. `shares_terminal`: the command is in our process group, and has had the
/// same Ctrl-C or Ctrl-Break.
pub(crate) fn request(arrival: Arrival, shares_terminal: bool) -> Request {
    let Arrival { signal, from_terminal } = arrival;
    // When the console is closed there is little time, and the command may not know.
    let command_has_it = shares_terminal && from_terminal && signal != Signal::HUP;
    if command_has_it { Request::Ignore } else { Request::Stop(signal) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ctrl_c_that_the_command_has_too_is_left_to_it() {
        let arrival = |signal| Arrival { signal, from_terminal: true };
        assert_eq!(request(arrival(Signal::INT), true), Request::Ignore);
        assert_eq!(request(arrival(Signal::INT), false), Request::Stop(Signal::INT));
        assert_eq!(request(arrival(Signal::HUP), true), Request::Stop(Signal::HUP));
    }
}
