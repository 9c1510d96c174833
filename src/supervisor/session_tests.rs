//! Several instances, with values in the place of processes.

use std::collections::BTreeSet;

use gipc::framing::Framing;
use gipc::process::ExitCode;
use gipc::spawn::ChildFd;

use super::*;
use crate::plan::channel::{Channel, End, Place, Port};
use crate::plan::rules::{Backoff, Readiness, Restart, RestartLimit, Rules};
use crate::plan::topology::{Milestone, Process, Strategy, Topology, Wiring};

const INT: Signal = Signal::INT;
const TERM: Signal = Signal::TERM;

fn process(name: &str, replicas: usize, depends_on: &[(usize, Milestone)]) -> Process {
    let limit = RestartLimit { count: 0, within: std::time::Duration::from_secs(1) };
    let none = std::time::Duration::ZERO;
    Process {
        name: name.to_owned(),
        argv: vec!["true".into()],
        dir: None,
        env_clear: false,
        env: Vec::new(),
        wiring: Wiring::Piped,
        replicas,
        depends_on: depends_on
            .iter()
            .map(|(on, until)| Dependency { on: ProcessId(*on), until: *until })
            .collect(),
        rules: Rules {
            restart: Restart::Never,
            backoff: Backoff { min: none, max: none },
            limit,
            stop_signal: None,
            grace: none,
            timeout: None,
            readiness: Readiness::Immediate,
            watchdog: None,
            success_codes: vec![0],
        },
        ready: None,
        health: None,
        user: None,
        group: None,
        umask: None,
        nice: None,
        guard_stdout: false,
        listen_fds: false,
        limits: Vec::new(),
        log: None,
    }
}

/// A session, and who runs in it.
struct Play {
    session: Session,
    running: BTreeSet<usize>,
}

impl Play {
    fn begin(exit: ExitRule, processes: Vec<Process>) -> Self {
        let strategy = Strategy::OneForOne;
        let topology = Topology {
            name: "test".to_owned(),
            exit,
            strategy,
            processes,
            channels: Vec::new(),
            remarks: Vec::new(),
        };
        let mut play = Self { session: Session::new(&topology), running: BTreeSet::new() };
        play.is(Happening::Begin);
        play
    }

    fn is(&mut self, happening: Happening) -> Vec<Order> {
        let orders = self.session.step(happening);
        self.take(&orders);
        orders
    }

    /// By hand.
    fn does(&mut self, what: impl FnOnce(&mut Session) -> Vec<Order>) -> Vec<Order> {
        let orders = what(&mut self.session);
        self.take(&orders);
        orders
    }

    fn take(&mut self, orders: &[Order]) {
        for order in orders {
            if let Order::Start(InstanceId(instance), _) = order {
                assert!(self.running.insert(*instance), "{instance} is started twice");
            }
        }
    }

    fn runs(&self) -> Vec<usize> {
        self.running.iter().copied().collect()
    }

    fn started(&mut self, instance: usize) -> Vec<Order> {
        self.is(Happening::Started(InstanceId(instance)))
    }

    fn ready(&mut self, instance: usize) -> Vec<Order> {
        self.is(Happening::Ready(InstanceId(instance)))
    }

    fn ends(&mut self, instance: usize, code: ExitCode) -> Vec<Order> {
        self.running.remove(&instance);
        let verdict = Verdict::Exit(code);
        self.is(Happening::Done { instance: InstanceId(instance), verdict, success: code == 0 })
    }
}

fn stop(instance: usize, signal: Signal) -> Order {
    Order::Stop(InstanceId(instance), signal)
}

fn finish(code: ExitCode) -> Order {
    Order::Finish(Verdict::Exit(code))
}

const ASKED: Happening = Happening::Asked { signal: INT, by_guard: true };

#[test]
fn those_that_depend_on_nobody_start_at_once() {
    let play = Play::begin(ExitRule::All, vec![process("a", 2, &[]), process("b", 1, &[])]);
    assert_eq!(play.runs(), [0, 1, 2]);
}

#[test]
fn each_waits_for_the_milestone_that_it_names() {
    for (until, enough) in [
        (Milestone::Started, 0),
        (Milestone::Ready, 1),
        (Milestone::Completed, 3),
        (Milestone::CompletedSuccessfully, 2),
    ] {
        let mut play = Play::begin(
            ExitRule::All,
            vec![process("db", 1, &[]), process("web", 1, &[(0, until)])],
        );
        assert_eq!(play.runs(), [0]);
        assert_eq!(play.session.waits_for(InstanceId(1))[0].on, ProcessId(0));
        play.started(0);
        if enough > 0 {
            assert_eq!(play.runs(), [0], "{until:?}");
            play.ready(0);
        }
        if enough > 1 {
            assert_eq!(play.runs(), [0], "{until:?}");
            play.ends(0, if enough == 3 { 7 } else { 0 });
        }
        assert!(play.running.contains(&1), "{until:?}");
        assert_eq!(play.session.waits_for(InstanceId(1)), []);
    }
}

#[test]
fn all_replicas_must_have_come_so_far() {
    let mut play = Play::begin(
        ExitRule::All,
        vec![process("db", 2, &[]), process("web", 1, &[(0, Milestone::Ready)])],
    );
    play.ready(0);
    assert_eq!(play.runs(), [0, 1]);
    play.ready(1);
    assert_eq!(play.runs(), [0, 1, 2]);
}

#[test]
fn who_can_never_start_is_told_of_and_so_is_who_waits_for_it() {
    let mut play = Play::begin(
        ExitRule::All,
        vec![
            process("migrate", 1, &[]),
            process("web", 1, &[(0, Milestone::CompletedSuccessfully)]),
            process("proxy", 1, &[(1, Milestone::Ready)]),
        ],
    );
    assert_eq!(
        play.ends(0, 3),
        [
            Order::NeverStarts(InstanceId(1), ProcessId(0)),
            Order::NeverStarts(InstanceId(2), ProcessId(1)),
            finish(3),
        ]
    );
}

#[test]
fn with_all_the_code_is_that_of_the_one_that_failed_and_1_where_several_did() {
    for (codes, verdict) in [([0, 0, 0], 0), ([0, 7, 0], 7), ([5, 0, 7], 1)] {
        let mut play = Play::begin(ExitRule::All, vec![process("a", 3, &[])]);
        assert_eq!(play.ends(0, codes[0]), []);
        assert_eq!(play.ends(1, codes[1]), []);
        assert_eq!(play.ends(2, codes[2]), [finish(verdict)]);
    }
}

#[test]
fn with_any_the_first_end_stops_the_others() {
    let mut play = Play::begin(ExitRule::Any, vec![process("a", 1, &[]), process("b", 1, &[])]);
    assert_eq!(play.ends(1, 0), [stop(0, TERM)]);
    assert_eq!(play.ends(0, 9), [finish(0)], "who is stopped decides nothing");
}

#[test]
fn with_fail_the_first_failure_stops_the_others() {
    let mut play = Play::begin(ExitRule::Fail, vec![process("a", 3, &[])]);
    assert_eq!(play.ends(0, 0), []);
    assert_eq!(play.ends(1, 4), [stop(2, TERM)]);
    assert_eq!(play.ends(2, 0), [finish(4)]);
}

#[test]
fn a_named_process_decides() {
    let processes = vec![process("server", 1, &[]), process("test", 1, &[])];
    let mut play = Play::begin(ExitRule::Process(ProcessId(1)), processes);
    assert_eq!(play.ends(1, 6), [stop(0, TERM)]);
    assert_eq!(play.ends(0, 0), [finish(6)]);
}

#[test]
fn a_stop_goes_against_the_order_of_the_dependencies() {
    let mut play = Play::begin(
        ExitRule::All,
        vec![
            process("db", 1, &[]),
            process("web", 2, &[(0, Milestone::Started)]),
            process("proxy", 1, &[(1, Milestone::Started)]),
        ],
    );
    play.started(0);
    play.started(1);
    play.started(2);
    assert_eq!(play.runs(), [0, 1, 2, 3]);
    assert_eq!(play.is(ASKED), [stop(3, INT)]);
    assert_eq!(play.ends(3, 0), [stop(2, INT), stop(1, INT)]);
    assert_eq!(play.ends(1, 0), []);
    assert_eq!(play.ends(2, 0), [stop(0, INT)]);
    assert_eq!(play.ends(0, 0), [Order::Finish(Verdict::Signal(INT))]);
}

/// Processes without dependencies, with a channel from each of the first to each of the second.
fn joined(names: &str, channels: &[(&[usize], &[usize])]) -> Topology {
    let mut processes: Vec<_> = names.split(' ').map(|name| process(name, 1, &[])).collect();
    processes[0].replicas = 2;
    let end = |place: &usize| End {
        at: Place::Process(ProcessId(*place), Port::Fd(ChildFd::MESSAGES_IN)),
        framing: Framing::U32,
    };
    let channel = |(from, to): &(&[usize], &[usize])| Channel {
        from: from.iter().map(end).collect(),
        to: to.iter().map(end).collect(),
        ..Channel::new("c", end(&0), end(&0))
    };
    Topology { channels: channels.iter().map(channel).collect(), ..topology(processes) }
}

fn play(topology: &Topology) -> Play {
    let mut play = Play { session: Session::new(topology), running: BTreeSet::new() };
    play.is(Happening::Begin);
    play
}

fn drain(instance: usize) -> Order {
    Order::Drain(InstanceId(instance), INT)
}

#[test]
fn along_channels_writers_are_stopped_first_and_readers_see_the_end() {
    // gen.1, gen.2 → mid → end
    let mut play = play(&joined("gen mid end", &[(&[0], &[1]), (&[1], &[2])]));
    assert_eq!(play.is(ASKED), [stop(1, INT), stop(0, INT)]);
    assert_eq!(play.session.stops_after(InstanceId(3)), [ProcessId(1)]);
    assert_eq!(play.ends(0, 0), []);
    assert_eq!(play.ends(1, 0), [drain(2)]);
    assert_eq!(play.ends(2, 0), [drain(3)]);
    assert_eq!(play.ends(3, 0), [Order::Finish(Verdict::Signal(INT))]);
}

#[test]
fn a_second_signal_waits_for_no_writer() {
    let mut play = play(&joined("gen mid end", &[(&[0], &[1]), (&[1], &[2])]));
    play.is(ASKED);
    let kill = |instance| Order::Kill(InstanceId(instance), INT);
    assert_eq!(play.is(ASKED), [kill(0), kill(1), kill(2), kill(3)]);
}

#[test]
fn those_in_a_ring_are_stopped_together_after_those_that_write_into_it() {
    // gen → a ⇄ b → end, and one that writes to itself
    let channels: &[(&[usize], &[usize])] =
        &[(&[0, 2], &[1]), (&[1], &[2]), (&[2], &[3]), (&[4], &[4])];
    let mut play = play(&joined("gen a b end self", channels));
    assert_eq!(play.is(ASKED), [stop(5, INT), stop(1, INT), stop(0, INT)]);
    play.ends(0, 0);
    // They never see the end: each writes to the other.
    assert_eq!(play.ends(1, 0), [stop(2, INT), stop(3, INT)]);
    assert_eq!(play.ends(2, 0), []);
    assert_eq!(play.ends(3, 0), [drain(4)]);
    play.ends(4, 0);
    assert_eq!(play.ends(5, 0), [Order::Finish(Verdict::Signal(INT))]);
}

#[test]
fn whoever_depends_on_its_writer_is_stopped_before_it() {
    let mut topology = joined("log work", &[(&[0], &[1])]);
    topology.processes[0].replicas = 1;
    topology.processes[1].depends_on =
        vec![Dependency { on: ProcessId(0), until: Milestone::Ready }];
    let mut play = play(&topology);
    play.started(0);
    play.ready(0);
    assert_eq!(play.is(ASKED), [stop(1, INT)]);
    assert_eq!(play.ends(1, 0), [stop(0, INT)]);
}

#[test]
fn a_reader_that_is_stopped_by_hand_is_asked_to_end() {
    let mut play = play(&joined("gen end", &[(&[0], &[1])]));
    assert_eq!(play.does(|it| it.stop(&[InstanceId(2)])), [stop(2, TERM)]);
}

#[test]
fn a_stop_while_some_wait_starts_nobody_any_more() {
    let processes = vec![process("db", 1, &[]), process("web", 1, &[(0, Milestone::Ready)])];
    let mut play = Play::begin(ExitRule::All, processes);
    assert_eq!(play.is(ASKED), [stop(0, INT)]);
    assert_eq!(play.ready(0), []);
    assert_eq!(play.ends(0, 0), [Order::Finish(Verdict::Signal(INT))]);
}

#[test]
fn a_second_signal_kills_all_in_whatever_order() {
    let processes = vec![process("db", 1, &[]), process("web", 1, &[(0, Milestone::Started)])];
    let mut play = Play::begin(ExitRule::All, processes);
    play.started(0);
    play.is(ASKED);
    let kill = |instance| Order::Kill(InstanceId(instance), TERM);
    let again = Happening::Asked { signal: TERM, by_guard: true };
    assert_eq!(play.is(again), [kill(0), kill(1)]);
    play.ends(0, 1);
    assert_eq!(
        play.ends(1, 1),
        [Order::Finish(Verdict::Signal(INT))],
        "the first is what ended it"
    );
}

#[test]
fn the_same_signal_by_two_ways_is_one() {
    let mut play = Play::begin(ExitRule::All, vec![process("a", 1, &[])]);
    let around = Happening::Asked { signal: TERM, by_guard: false };
    assert_eq!(play.is(around), [stop(0, TERM)]);
    assert_eq!(play.is(Happening::Asked { signal: TERM, by_guard: true }), []);
    let again = Happening::Asked { signal: TERM, by_guard: true };
    assert_eq!(play.is(again), [Order::Kill(InstanceId(0), TERM)]);
}

#[test]
fn one_alone_decides_what_a_signal_means() {
    let mut play = Play::begin(ExitRule::All, vec![process("a", 1, &[])]);
    play.is(ASKED);
    assert_eq!(play.ends(0, 124), [finish(124)]);
}

#[test]
fn a_run_that_takes_too_long_is_stopped_in_order_and_ends_with_124() {
    let processes = vec![process("db", 1, &[]), process("web", 1, &[(0, Milestone::Started)])];
    let mut play = Play::begin(ExitRule::All, processes);
    play.started(0);
    assert_eq!(play.is(Happening::TimedOut), [stop(1, TERM)]);
    assert_eq!(play.ends(1, 0), [stop(0, TERM)]);
    assert_eq!(play.ends(0, 0), [finish(124)]);
}

/// In this session all are started again when they crash.
fn play_with(strategy: Strategy, mut processes: Vec<Process>) -> Play {
    for process in &mut processes {
        process.rules.restart = Restart::Always;
    }
    let topology = Topology { strategy, ..topology(processes) };
    let mut play = Play { session: Session::new(&topology), running: BTreeSet::new() };
    play.is(Happening::Begin);
    play
}

impl Play {
    /// It has crashed, and pauses.
    fn crashes(&mut self, instance: usize) -> Vec<Order> {
        self.is(Happening::Pausing(InstanceId(instance)))
    }

    /// The pause is over.
    fn rests(&mut self, instance: usize) -> Vec<Order> {
        self.running.remove(&instance);
        self.is(Happening::Rested(InstanceId(instance)))
    }
}

fn start(instance: usize, cause: Cause) -> Order {
    Order::Start(InstanceId(instance), cause)
}

const fn id(instance: usize) -> InstanceId {
    InstanceId(instance)
}

/// a, and b that waits until it is ready, and c that does until b is.
fn chain() -> Vec<Process> {
    let ready = Milestone::Ready;
    vec![process("a", 1, &[]), process("b", 1, &[(0, ready)]), process("c", 1, &[(1, ready)])]
}

fn begin_chain(strategy: Strategy) -> Play {
    let mut play = play_with(strategy, chain());
    for instance in 0..3 {
        play.started(instance);
        play.ready(instance);
    }
    assert_eq!(play.runs(), [0, 1, 2]);
    play
}

#[test]
fn with_one_for_one_a_crash_is_its_own_affair() {
    let mut play = begin_chain(Strategy::OneForOne);
    assert_eq!(play.crashes(1), []);
    assert_eq!(play.rests(1), [start(1, Cause::Policy)]);
}

#[test]
fn with_one_for_all_all_are_stopped_in_reverse_and_started_in_order() {
    let mut play = begin_chain(Strategy::OneForAll);
    assert_eq!(play.crashes(1), [stop(2, TERM)], "what it depends on is still needed by c");
    assert_eq!(play.rests(1), [], "the pause is over, and not all are down");
    assert_eq!(play.ends(2, 0), [stop(0, TERM)]);
    assert_eq!(play.ends(0, 0), [start(0, Cause::Others)]);
    assert_eq!(play.session.waits_for(id(1))[0].on, ProcessId(0));
    play.started(0);
    assert_eq!(play.ready(0), [start(1, Cause::Policy)]);
    play.started(1);
    assert_eq!(play.ready(1), [start(2, Cause::Others)]);
}

#[test]
fn nobody_is_started_before_the_pause_of_the_one_that_crashed_is_over() {
    let mut play = begin_chain(Strategy::OneForAll);
    play.crashes(2);
    play.ends(1, 0);
    assert_eq!(play.ends(0, 0), []);
    assert!(play.session.rises_after(id(0)) == [ProcessId(2)]);
    assert_eq!(play.rests(2), [start(0, Cause::Others)]);
}

#[test]
fn with_rest_for_one_those_before_it_run_on() {
    let mut play = begin_chain(Strategy::RestForOne);
    assert_eq!(play.crashes(1), [stop(2, TERM)]);
    assert_eq!(play.rests(1), []);
    assert_eq!(play.ends(2, 0), [start(1, Cause::Policy)]);
    assert_eq!(play.runs(), [0, 1]);
}

#[test]
fn two_crashes_at_once_are_one_renewal() {
    let mut play = begin_chain(Strategy::RestForOne);
    assert_eq!(play.crashes(1), [stop(2, TERM)]);
    assert_eq!(play.crashes(0), [], "c is being stopped, b is down");
    assert_eq!(play.rests(1), []);
    assert_eq!(play.ends(2, 0), [], "a has not rested");
    assert_eq!(play.rests(0), [start(0, Cause::Policy)]);
    play.started(0);
    assert_eq!(play.ready(0), [start(1, Cause::Others)]);
}

#[test]
fn one_that_is_given_up_while_others_are_stopped_stays_down() {
    let mut play = begin_chain(Strategy::OneForAll);
    play.crashes(2);
    assert_eq!(play.ends(0, 7), [], "by itself: it was not asked to yet");
    assert_eq!(play.ends(1, 0), []);
    let orders = play.rests(2);
    assert!(matches!(orders[..], [Order::Start(InstanceId(1), _)]), "{orders:?}");
    assert_eq!(play.runs(), [1], "a was ready once, and has failed");
}

#[test]
fn a_stop_during_a_renewal_ends_all() {
    let mut play = begin_chain(Strategy::OneForAll);
    play.crashes(1);
    assert_eq!(play.is(ASKED), [], "c is being stopped already");
    assert_eq!(play.rests(1), [], "nobody is started any more");
    assert_eq!(play.ends(2, 0), [stop(1, INT)]);
    assert_eq!(play.ends(1, 0), [stop(0, INT)]);
    assert_eq!(play.ends(0, 0), [Order::Finish(Verdict::Signal(INT))]);
}

#[test]
fn what_is_stopped_by_hand_has_not_failed_and_can_be_started_again() {
    let mut play = Play::begin(ExitRule::Fail, vec![process("a", 1, &[]), process("b", 1, &[])]);
    assert_eq!(play.does(|it| it.stop(&[id(0)])), [stop(0, TERM)]);
    assert!(play.session.is_moving(id(0)));
    assert_eq!(play.ends(0, 143), [], "no failure");
    assert!(play.session.is_stopped(id(0)) && !play.session.is_moving(id(0)));
    assert_eq!(play.ends(1, 0), [], "a may be started again: it is not over");
    assert_eq!(play.does(|it| it.start(&[id(0)])), [start(0, Cause::Hand)]);
    assert_eq!(play.ends(0, 0), [finish(0)]);
}

#[test]
fn who_is_stopped_by_hand_takes_nobody_along_and_keeps_those_that_wait_waiting() {
    let mut play = play_with(Strategy::OneForOne, chain());
    play.started(0);
    assert_eq!(play.does(|it| it.stop(&[id(0)])), [stop(0, TERM)]);
    assert_eq!(play.ends(0, 0), []);
    assert_eq!(play.session.waits_for(id(1))[0].on, ProcessId(0));
    assert_eq!(play.does(|it| it.start(&[id(0), id(0)])), [start(0, Cause::Hand)]);
    play.started(0);
    assert_eq!(play.ready(0), [start(1, Cause::Described)]);
    assert_eq!(play.does(|it| it.stop(&[id(0)])), [stop(0, TERM)], "b runs on");
}

#[test]
fn several_are_stopped_by_hand_in_reverse_order() {
    let mut play = begin_chain(Strategy::OneForOne);
    assert_eq!(play.does(|it| it.stop(&[id(0), id(1), id(2)])), [stop(2, TERM)]);
    assert_eq!(play.session.stops_after(id(0)), [ProcessId(1)]);
    assert_eq!(play.ends(2, 0), [stop(1, TERM)]);
    assert_eq!(play.ends(1, 0), [stop(0, TERM)]);
    assert_eq!(play.ends(0, 0), []);
}

#[test]
fn one_whose_stop_has_not_begun_can_be_kept() {
    let mut play = begin_chain(Strategy::OneForOne);
    play.does(|it| it.stop(&[id(0), id(1)]));
    assert_eq!(play.does(|it| it.start(&[id(0)])), []);
    assert_eq!(play.ends(1, 0), []);
    assert_eq!(play.runs(), [0, 2]);
    // And one whose stop has begun comes back.
    play.does(|it| it.stop(&[id(2)]));
    assert_eq!(play.does(|it| it.start(&[id(2)])), []);
    assert_eq!(play.ends(2, 0), [], "b, which it waits for, is stopped");
    assert_eq!(play.does(|it| it.start(&[id(1)])), [start(1, Cause::Hand)]);
    assert_eq!(play.ready(1), [start(2, Cause::Hand)]);
}

#[test]
fn a_restart_by_hand_brings_back_what_has_ended_too() {
    let mut play = begin_chain(Strategy::OneForOne);
    play.ends(0, 3);
    assert_eq!(play.does(|it| it.restart(&[id(0), id(1)])), [stop(1, TERM)]);
    assert_eq!(play.ends(1, 0), [start(0, Cause::Hand)], "together");
    assert_eq!(play.ready(0), [start(1, Cause::Hand)]);
    assert_eq!(play.does(|it| it.restart(&[id(2)])), [stop(2, TERM)]);
    assert_eq!(play.ends(2, 0), [], "it waits for b to be ready");
    assert_eq!(play.ready(1), [start(2, Cause::Hand)]);
}

#[test]
fn a_process_is_scaled_at_its_highest_numbers() {
    let add =
        |instance, number| Order::Add { instance: id(instance), process: ProcessId(0), number };
    let mut play = Play::begin(ExitRule::All, vec![process("work", 2, &[]), process("b", 1, &[])]);
    let orders = play.does(|it| it.scale(ProcessId(0), 4));
    let begun = [start(3, Cause::Hand), start(4, Cause::Hand)];
    assert_eq!(orders, [add(3, 3), add(4, 4), begun[0], begun[1]]);
    assert_eq!(
        play.does(|it| it.scale(ProcessId(0), 1)),
        [stop(4, TERM), stop(3, TERM), stop(1, TERM)]
    );
    assert_eq!(play.session.instances_of(ProcessId(0)), [id(0)]);
    play.ends(4, 1);
    play.ends(3, 1);
    assert!(play.session.is_removed(id(3)));
    // One is there again, one is on its way out and comes back.
    assert_eq!(play.does(|it| it.scale(ProcessId(0), 3)), [start(3, Cause::Hand)]);
    assert_eq!(play.ends(1, 1), [start(1, Cause::Hand)]);
    assert_eq!(play.does(|it| it.scale(ProcessId(0), 0)).len(), 3);
    for instance in [0, 1, 3] {
        assert_eq!(play.ends(instance, 1), []);
    }
    assert_eq!(play.ends(2, 0), [finish(0)], "who is removed has not failed");
}

fn topology(processes: Vec<Process>) -> Topology {
    let (exit, strategy) = (ExitRule::All, Strategy::OneForOne);
    Topology {
        name: "test".to_owned(),
        exit,
        strategy,
        processes,
        channels: Vec::new(),
        remarks: Vec::new(),
    }
}

#[test]
fn a_reload_starts_what_is_new_stops_what_is_gone_and_restarts_only_what_has_changed() {
    let old = topology(vec![process("a", 1, &[]), process("b", 1, &[]), process("c", 2, &[])]);
    let mut changed = process("b", 1, &[]);
    changed.argv.push("--more".into());
    let waits = process("new", 1, &[(0, Milestone::Ready)]);
    let new = topology(vec![changed, waits, process("c", 3, &[])]);
    let mut play = Play { session: Session::new(&old), running: BTreeSet::new() };
    play.is(Happening::Begin);
    assert_eq!(play.runs(), [0, 1, 2, 3]);
    for instance in 0..4 {
        play.started(instance);
        play.ready(instance);
    }
    let revision = old.revise(new);
    let orders = play.does(|it| it.reload(&revision));
    let add = |instance, process, number| Order::Add {
        instance: id(instance),
        process: ProcessId(process),
        number,
    };
    assert_eq!(
        orders,
        [
            add(4, 3, 1),
            add(5, 2, 3),
            start(5, Cause::Hand),
            start(4, Cause::Hand),
            stop(0, TERM),
            stop(1, TERM)
        ],
        "b was ready when the new one was looked at"
    );
    assert_eq!(play.ends(0, 0), []);
    assert!(play.session.is_removed(id(0)));
    assert_eq!(play.ends(1, 0), [start(1, Cause::Hand)]);
    // It comes back under its old place.
    let again = revision.topology.revise(topology(vec![process("a", 1, &[])]));
    let orders = play.does(|it| it.reload(&again));
    assert_eq!(orders[0], start(0, Cause::Hand));
    assert_eq!(orders.len(), 6, "{orders:?}");
}

#[test]
fn a_session_that_is_dismissed_has_the_code_of_what_has_failed_by_itself() {
    let mut play = Play::begin(ExitRule::All, vec![process("a", 3, &[])]);
    play.ends(0, 5);
    assert_eq!(play.is(Happening::Dismissed), [stop(2, TERM), stop(1, TERM)]);
    play.ends(1, 1);
    assert_eq!(play.ends(2, 1), [finish(5)]);
}

#[test]
fn a_thousand_processes_take_no_longer_than_a_thousand_instances() {
    // Beside each other: a slow machine is slow with both.
    let time = |processes: Vec<Process>| {
        let begun = std::time::Instant::now();
        let mut play = Play::begin(ExitRule::All, processes);
        for instance in 0..N {
            play.started(instance);
            play.ready(instance);
        }
        for instance in 0..N {
            play.ends(instance, 0);
        }
        begun.elapsed()
    };
    const N: usize = 4000;
    let different = || (0..N).map(|number| process(&format!("p{number}"), 1, &[])).collect();
    let shortest = |time: &dyn Fn() -> std::time::Duration| (0..3).map(|_| time()).min().unwrap();
    let replicas = shortest(&|| time(vec![process("p", N, &[])]));
    let processes = shortest(&|| time(different()));
    assert!(processes < replicas * 20, "{processes:?} beside {replicas:?}");
}
