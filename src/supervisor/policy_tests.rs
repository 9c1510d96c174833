//! Every rule, with values in the place of processes and clocks.

use super::*;

const TERM: Signal = Signal::TERM;
const INT: Signal = Signal::INT;

fn rules() -> Rules {
    Rules {
        restart: Restart::Never,
        backoff: Backoff { min: ms(100), max: ms(1000) },
        limit: RestartLimit { count: 5, within: ms(10_000) },
        stop_signal: None,
        grace: ms(10_000),
        timeout: None,
        readiness: Readiness::Immediate,
        watchdog: None,
        success_codes: vec![0],
    }
}

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

const fn code(code: ExitCode) -> Event {
    Event::Exited(ExitStatus::Code(code))
}

const BEGIN: Event = Event::Begin { fresh: true };
const GONE: Event = Event::Gone { more_work: true };

/// A policy and a clock that only the test moves.
struct Play {
    policy: Policy,
    now: Instant,
}

impl Play {
    /// A command that runs.
    fn begin(rules: Rules) -> Self {
        let mut play = Self { policy: Policy::new(rules), now: Instant::now() };
        assert_eq!(play.is(BEGIN), [Action::Start { restarts: 0 }]);
        play.is(Event::Started);
        play
    }

    fn is(&mut self, event: Event) -> Vec<Action> {
        self.policy.step(event, self.now, 1.0)
    }

    /// To the next deadline, and what happens then.
    fn next(&mut self) -> (Duration, Vec<Action>) {
        let deadline = self.policy.deadline().expect("there is something to wait for");
        let waited = deadline.saturating_duration_since(self.now);
        self.now = deadline;
        (waited, self.is(Event::Tick))
    }

    /// It is let go on after a pause.
    fn starts_again(&mut self, restarts: u32) {
        assert_eq!(self.policy.deadline(), None, "it waits to be let go on");
        assert_eq!(self.is(Event::Begin { fresh: false }), [Action::Start { restarts }]);
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
    }
}

fn finish(verdict: Verdict) -> Vec<Action> {
    vec![Action::Finish { verdict, success: verdict == Verdict::Exit(0) }]
}

fn ask(signal: Signal) -> Vec<Action> {
    vec![Action::CloseInput, Action::Stop(signal)]
}

const KILL: [Action; 2] = [Action::CloseInput, Action::Kill];

#[test]
fn messages_come_in_as_soon_as_it_runs() {
    let mut play = Play { policy: Policy::new(rules()), now: Instant::now() };
    play.is(BEGIN);
    assert_eq!(play.is(Event::Started), [Action::Feed]);
    assert_eq!(play.policy.deadline(), None, "nothing to wake up for");
}

#[test]
fn the_code_of_the_command_is_ours() {
    let mut play = Play::begin(rules());
    assert_eq!(play.is(code(7)), ask(TERM), "what it leaves behind is asked to end");
    assert_eq!(play.is(GONE), finish(Verdict::Exit(7)));
}

#[test]
fn what_an_ended_command_leaves_behind_is_killed_after_the_grace() {
    let mut play = Play::begin(rules());
    play.is(code(0));
    assert_eq!(play.next(), (ms(10_000), KILL.to_vec()));
    assert_eq!(play.is(GONE), finish(Verdict::Exit(0)));
}

#[test]
fn a_command_that_cannot_be_started_ends_it() {
    let mut play = Play::begin(Rules { restart: Restart::Always, ..rules() });
    assert_eq!(play.is(Event::StartFailed(127)), finish(Verdict::Exit(127)));
}

#[test]
fn a_signal_stops_in_order_and_is_what_gipc_dies_of() {
    let mut play = Play::begin(rules());
    assert_eq!(play.is(Event::Asked(INT)), ask(INT));
    play.is(code(0));
    assert_eq!(play.is(GONE), finish(Verdict::Signal(INT)));
}

#[test]
fn the_stop_signal_takes_the_place_of_the_one_that_came() {
    let mut play = Play::begin(Rules { stop_signal: Some(Signal::HUP), ..rules() });
    assert_eq!(play.is(Event::Asked(INT)), ask(Signal::HUP));
}

#[test]
fn what_is_demanded_after_it_was_asked_for_kills() {
    let mut play = Play::begin(rules());
    play.is(Event::Asked(INT));
    assert_eq!(play.is(Event::Asked(TERM)), [], "whoever asks twice decides that it is a demand");
    assert_eq!(play.is(Event::Demanded(TERM)), KILL);
    play.is(Event::Exited(ExitStatus::Signal(Signal::KILL)));
    assert_eq!(play.is(GONE), finish(Verdict::Signal(INT)), "the first is what ended it");
}

#[test]
fn what_does_not_stop_is_killed_after_the_grace_and_then_given_up() {
    let mut play = Play::begin(rules());
    play.is(Event::Asked(TERM));
    assert_eq!(play.next(), (ms(10_000), KILL.to_vec()));
    assert_eq!(play.next(), (LAST_WORDS, finish(Verdict::Signal(TERM))));
    assert_eq!(play.policy.deadline(), None, "or the loop would be woken for ever");
}

#[test]
fn the_grace_is_one_for_the_command_and_what_it_leaves_behind() {
    let mut play = Play::begin(rules());
    play.is(Event::Asked(TERM));
    play.pass(ms(9_000));
    play.is(code(0));
    assert_eq!(play.next(), (ms(1_000), KILL.to_vec()));
}

#[test]
fn what_is_demanded_kills_at_once() {
    let mut play = Play::begin(rules());
    assert_eq!(play.is(Event::Demanded(Signal::HUP)), KILL);
    play.is(Event::Exited(ExitStatus::Signal(Signal::KILL)));
    assert_eq!(play.is(GONE), finish(Verdict::Signal(Signal::HUP)));
}

#[test]
fn a_signal_in_the_pause_before_a_restart_ends_it_at_once() {
    for (event, verdict) in [
        (Event::Asked(TERM), Verdict::Signal(TERM)),
        (Event::Demanded(Signal::HUP), Verdict::Signal(Signal::HUP)),
    ] {
        let mut play = Play::begin(Rules { restart: Restart::Always, ..rules() });
        play.is(code(0));
        assert_eq!(play.is(GONE), [Action::Pause]);
        assert_eq!(play.is(event), finish(verdict));
    }
}

#[test]
fn an_incarnation_that_runs_too_long_has_failed_with_124() {
    let mut play = Play::begin(Rules { timeout: Some(ms(500)), ..rules() });
    let (waited, actions) = play.next();
    assert_eq!(waited, ms(500));
    let mut expected = vec![Action::TooLong(Wait::Run)];
    expected.extend(ask(TERM));
    assert_eq!(actions, expected);
    // However it takes that.
    play.is(code(0));
    assert_eq!(play.is(GONE), finish(Verdict::Exit(124)));
}

#[test]
fn each_incarnation_has_the_whole_time_and_its_end_is_a_failure_like_others() {
    let rules = Rules { timeout: Some(ms(500)), restart: Restart::OnFailure, ..rules() };
    let mut play = Play::begin(rules);
    play.pass(ms(300));
    play.is(code(1));
    play.is(GONE);
    assert_eq!(play.next(), (ms(100), vec![Action::Rested]));
    play.starts_again(1);
    play.is(Event::Started);
    assert_eq!(play.next().0, ms(500));
    play.is(code(0));
    assert_eq!(play.is(GONE), [Action::Pause]);
    assert_eq!(play.next(), (ms(200), vec![Action::Rested]));
    play.starts_again(2);
}

#[test]
fn what_is_being_stopped_does_not_time_out() {
    let mut play = Play::begin(Rules { timeout: Some(ms(500)), ..rules() });
    play.is(Event::Asked(TERM));
    assert_eq!(play.next(), (ms(10_000), KILL.to_vec()));
}

#[test]
fn when_to_restart() {
    for (restart, status, more_work, again) in [
        (Restart::Never, 1, true, false),
        (Restart::OnFailure, 0, true, false),
        (Restart::OnFailure, 1, true, true),
        (Restart::OnFailure, 1, false, false),
        (Restart::Always, 0, true, true),
        (Restart::Always, 0, false, false),
    ] {
        let mut play = Play::begin(Rules { restart, ..rules() });
        play.is(code(status));
        let actions = play.is(Event::Gone { more_work });
        let case = format!("{restart:?} {status} {more_work}");
        if again {
            assert_eq!(actions, [Action::Pause], "{case}");
            assert_eq!(play.next().1, [Action::Rested], "{case}");
            play.starts_again(1);
        } else {
            assert_eq!(actions, finish(Verdict::Exit(status)), "{case}");
        }
    }
}

/// Ends and comes back; how long the pause was.
fn crash(play: &mut Play) -> Duration {
    play.is(code(1));
    assert_eq!(play.is(GONE), [Action::Pause]);
    let (pause, actions) = play.next();
    assert_eq!(actions, [Action::Rested]);
    play.is(Event::Begin { fresh: false });
    play.is(Event::Started);
    pause
}

#[test]
fn pauses_double_to_their_maximum() {
    let limit = RestartLimit { count: 100, within: ms(1) };
    let mut play = Play::begin(Rules { restart: Restart::Always, limit, ..rules() });
    let pauses: Vec<_> = (0..6).map(|_| crash(&mut play)).collect();
    assert_eq!(pauses, [100, 200, 400, 800, 1000, 1000].map(ms));
    play.pass(STEADY);
    assert_eq!(crash(&mut play), ms(100), "it has been up for long");
}

#[test]
fn jitter_takes_up_to_half_of_a_pause_away() {
    let mut policy = Policy::new(rules());
    assert_eq!(policy.backoff(Duration::ZERO, 0.0), ms(50));
    assert_eq!(policy.backoff(Duration::ZERO, 0.5), ms(150));
}

#[test]
fn a_backoff_of_any_length_neither_overflows_nor_panics() {
    let mut policy = Policy::new(Rules {
        backoff: Backoff { min: Duration::MAX / 2, max: Duration::MAX },
        ..rules()
    });
    for _ in 0..100 {
        assert!(policy.backoff(Duration::ZERO, 0.9) > ms(0));
    }
}

#[test]
fn a_crash_loop_stops_at_exactly_the_limit() {
    let backoff = Backoff { min: ms(0), max: ms(0) };
    let mut play = Play::begin(Rules { restart: Restart::Always, backoff, ..rules() });
    for _ in 0..5 {
        crash(&mut play);
    }
    play.is(code(1));
    assert_eq!(play.is(GONE), [Action::GiveUp, finish(Verdict::Exit(1))[0]]);
}

#[test]
fn restarts_that_are_long_ago_do_not_count() {
    let backoff = Backoff { min: ms(0), max: ms(0) };
    let mut play = Play::begin(Rules { restart: Restart::Always, backoff, ..rules() });
    for _ in 0..50 {
        play.pass(ms(2_001));
        crash(&mut play);
    }
}

#[test]
fn a_worker_gets_messages_when_it_says_that_it_is_ready() {
    let told = Readiness::Told { timeout: ms(300) };
    let mut play =
        Play { policy: Policy::new(Rules { readiness: told, ..rules() }), now: Instant::now() };
    play.is(BEGIN);
    assert_eq!(play.is(Event::Started), []);
    assert_eq!(play.is(Event::Ready), [Action::Feed]);
    assert_eq!(play.is(Event::Ready), [], "once");
    assert_eq!(play.policy.deadline(), None);
}

#[test]
fn a_worker_gets_messages_after_the_delay() {
    let mut play = Play::begin(Rules { readiness: Readiness::After(ms(200)), ..rules() });
    assert_eq!(play.next(), (ms(200), vec![Action::Feed]));
    assert_eq!(play.policy.deadline(), None);
}

#[test]
fn a_worker_that_is_not_ready_in_time_is_stopped_and_may_be_restarted() {
    let readiness = Readiness::Told { timeout: ms(300) };
    let mut play = Play::begin(Rules { readiness, restart: Restart::OnFailure, ..rules() });
    let (waited, actions) = play.next();
    assert_eq!(waited, ms(300));
    assert_eq!(actions[0], Action::TooLong(Wait::Readiness));
    assert_eq!(actions[1..], ask(TERM));
    play.is(code(0));
    assert_eq!(play.is(GONE), [Action::Pause], "124 is a failure whatever its own code was");
    assert_eq!(play.next().1, [Action::Rested]);
    play.starts_again(1);
}

#[test]
fn a_garbled_stream_stops_the_worker_and_is_a_failure() {
    let mut play = Play::begin(rules());
    assert_eq!(play.is(Event::Garbled), ask(TERM));
    play.is(Event::Exited(ExitStatus::Signal(TERM)));
    assert_eq!(play.is(GONE), finish(Verdict::Exit(1)));
}

#[test]
fn a_stream_that_is_found_garbled_after_the_end_is_a_failure_too() {
    let mut play = Play::begin(rules());
    play.is(code(0));
    play.is(Event::Garbled);
    assert_eq!(play.is(GONE), finish(Verdict::Exit(1)));
}

#[test]
fn a_lost_message_makes_a_success_1_and_leaves_a_failure_as_it_is() {
    for (status, verdict) in [(0, 1), (5, 5)] {
        let mut play = Play::begin(rules());
        assert_eq!(play.is(Event::Lost), []);
        play.is(code(status));
        assert_eq!(play.is(GONE), finish(Verdict::Exit(verdict)));
    }
}

#[test]
fn an_output_that_nobody_reads_ends_gipc_as_it_ends_any_filter() {
    let mut play = Play::begin(rules());
    assert_eq!(play.is(Event::OutputClosed), ask(TERM));
    play.is(code(0));
    assert_eq!(play.is(GONE), finish(Verdict::Signal(Signal::PIPE)));
}

#[test]
fn timers_stand_still_while_gipc_is_stopped() {
    let mut play = Play::begin(Rules { timeout: Some(ms(500)), ..rules() });
    play.pass(ms(200));
    assert_eq!(play.is(Event::Suspended), []);
    assert_eq!(play.policy.deadline(), None);
    play.pass(ms(60_000));
    assert_eq!(play.is(Event::Tick), []);
    play.is(Event::Resumed);
    assert_eq!(play.next().0, ms(300));
}

#[test]
fn a_stuck_output_after_the_kill_waits_for_no_second_signal() {
    let mut play = Play::begin(rules());
    play.is(code(0));
    assert_eq!(play.next(), (ms(10_000), KILL.to_vec()));
    play.is(Event::Asked(TERM));
    assert_eq!(play.next(), (LAST_WORDS, finish(Verdict::Signal(TERM))));
}

#[test]
fn nothing_happens_after_the_end() {
    let mut play = Play::begin(rules());
    play.is(code(0));
    play.is(GONE);
    for event in [Event::Asked(INT), Event::Tick, GONE, Event::Lost] {
        assert_eq!(play.is(event), []);
    }
}

#[test]
fn a_command_without_a_sign_of_life_is_stopped_and_may_be_restarted() {
    let rules = Rules { watchdog: Some(ms(500)), restart: Restart::OnFailure, ..rules() };
    let mut play = Play::begin(rules);
    play.pass(ms(400));
    assert_eq!(play.is(Event::Alive), []);
    let mut stopped = vec![Action::TooLong(Wait::Watchdog)];
    stopped.extend(ask(TERM));
    assert_eq!(play.next(), (ms(500), stopped));
    assert_eq!(play.is(Event::Alive), [], "too late");
    play.is(code(0));
    assert_eq!(play.is(GONE), [Action::Pause]);
    assert_eq!(play.next(), (ms(100), vec![Action::Rested]));
    play.starts_again(1);
}

#[test]
fn a_command_that_is_unwell_is_stopped_and_is_a_failure() {
    let mut play = Play::begin(rules());
    let mut stopped = vec![Action::Unwell];
    stopped.extend(ask(TERM));
    assert_eq!(play.is(Event::Unhealthy), stopped);
    play.is(code(0));
    assert_eq!(play.is(GONE), finish(Verdict::Exit(1)));
}

#[test]
fn a_code_that_counts_as_success_is_none_that_restarts() {
    let rules = Rules { success_codes: vec![0, 3], restart: Restart::OnFailure, ..rules() };
    let mut play = Play::begin(rules);
    play.is(code(3));
    assert_eq!(play.is(GONE), [Action::Finish { verdict: Verdict::Exit(3), success: true }]);
}

#[test]
fn what_has_ended_can_be_started_again_and_keeps_its_number() {
    let mut play = Play::begin(rules());
    play.is(Event::Asked(TERM));
    play.is(code(0));
    assert_eq!(play.is(GONE), finish(Verdict::Signal(TERM)));
    play.starts_again(1);
    play.is(Event::Started);
    play.is(code(4));
    assert_eq!(play.is(GONE), finish(Verdict::Exit(4)), "and then its own rules count");
    assert_eq!(play.is(BEGIN), [Action::Start { restarts: 2 }]);
}

#[test]
fn one_that_was_given_up_has_all_its_restarts_again_when_it_is_begun_afresh() {
    let rules = Rules { restart: Restart::Always, ..rules() };
    let limit = rules.limit.count;
    let mut play = Play::begin(rules);
    for fresh in [true, false] {
        for _ in 0..limit {
            crash(&mut play);
        }
        play.is(code(1));
        assert_eq!(play.is(GONE)[0], Action::GiveUp);
        assert!(matches!(play.is(Event::Begin { fresh })[..], [Action::Start { .. }]));
        play.is(Event::Started);
    }
    play.is(code(1));
    assert_eq!(play.is(GONE)[0], Action::GiveUp, "for others' sake it has not");
}

#[test]
fn a_stop_in_a_pause_ends_it_at_once_whether_it_is_over_or_not() {
    for rested in [false, true] {
        let mut play = Play::begin(Rules { restart: Restart::Always, ..rules() });
        play.is(code(1));
        play.is(GONE);
        if rested {
            play.next();
        }
        assert_eq!(play.is(Event::Asked(TERM)), finish(Verdict::Signal(TERM)));
    }
}

#[test]
fn nothing_is_asked_of_a_command_that_is_being_stopped() {
    let rules = Rules {
        readiness: Readiness::Told { timeout: ms(100) },
        watchdog: Some(ms(100)),
        ..rules()
    };
    let mut play = Play::begin(rules);
    play.is(Event::Asked(TERM));
    for event in [Event::Ready, Event::Alive, Event::Unhealthy] {
        assert_eq!(play.is(event), [], "{event:?}");
    }
    assert_eq!(play.next(), (ms(10_000), KILL.to_vec()), "the grace is all that is waited for");
}

#[test]
fn a_command_that_was_ready_before_its_end_was_ready() {
    let rules = Rules { readiness: Readiness::Told { timeout: ms(100) }, ..rules() };
    let mut play = Play::begin(rules);
    play.is(code(0));
    assert_eq!(play.is(Event::Ready), [Action::WasReady]);
}

#[test]
fn whose_writers_have_ended_may_end_by_itself_before_it_is_asked_to() {
    let mut play = Play::begin(rules());
    assert_eq!(play.is(Event::Drained(INT)), [Action::Drain]);
    assert_eq!(play.is(Event::Drained(INT)), []);
    assert_eq!(play.next(), (ms(10_000), ask(INT)));
    assert_eq!(play.next(), (ms(10_000), KILL.to_vec()));

    let mut play = Play::begin(rules());
    play.is(Event::Drained(INT));
    assert_eq!(play.is(code(0)), ask(TERM), "what it leaves behind is asked to end");
    assert_eq!(play.is(GONE), finish(Verdict::Signal(INT)));

    // A second signal, or a stop that was under way.
    let mut play = Play::begin(rules());
    play.is(Event::Drained(INT));
    assert_eq!(play.is(Event::Demanded(INT)), KILL);
    let mut play = Play::begin(rules());
    assert_eq!(play.is(Event::Asked(INT)), ask(INT));
    assert_eq!(play.is(Event::Drained(INT)), []);
}

#[test]
fn while_it_ends_by_itself_time_can_stand_still() {
    let mut play = Play::begin(Rules { stop_signal: Some(Signal::HUP), ..rules() });
    play.is(Event::Drained(INT));
    play.pass(ms(4_000));
    play.is(Event::Suspended);
    play.pass(ms(60_000));
    play.is(Event::Resumed);
    assert_eq!(play.next(), (ms(6_000), ask(Signal::HUP)));
}
