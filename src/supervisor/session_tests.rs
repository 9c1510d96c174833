//! Several instances, with values in the place of processes.

use std::collections::BTreeSet;

use super::*;
use crate::plan::rules::{Backoff, Readiness, Restart, RestartLimit, Rules};
use crate::plan::topology::{Process, Strategy, Topology, Wiring};

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
        for order in &orders {
            if let Order::Start(InstanceId(instance)) = order {
                assert!(self.running.insert(*instance), "{instance} is started twice");
            }
        }
        orders
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

    fn ends(&mut self, instance: usize, code: u8) -> Vec<Order> {
        self.running.remove(&instance);
        let verdict = Verdict::Exit(code);
        self.is(Happening::Done { instance: InstanceId(instance), verdict, success: code == 0 })
    }
}

fn stop(instance: usize, signal: Signal) -> Order {
    Order::Stop(InstanceId(instance), signal)
}

fn finish(code: u8) -> Order {
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
    assert_eq!(play.ends(3, 0), [stop(1, INT), stop(2, INT)]);
    assert_eq!(play.ends(1, 0), []);
    assert_eq!(play.ends(2, 0), [stop(0, INT)]);
    assert_eq!(play.ends(0, 0), [Order::Finish(Verdict::Signal(INT))]);
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
