//! The rows of the table: which work, beside whom, and what is to be reached.

use std::hint::black_box;

use crate::library::Taken;
use crate::limits::Between;
use crate::measure::{Contender, Figure, MORE, in_turn, micros};
use crate::peers::Peers;
use crate::processors::Placed;
use crate::relay::Seen;
use crate::{library, limits, pool, program, relay};

const MIB: usize = 1 << 20;

/// One kind of work, and how everybody did it.
pub(crate) struct Row {
    pub(crate) id: &'static str,
    pub(crate) work: &'static str,
    pub(crate) unit: &'static str,
    /// Is more better?
    pub(crate) is_rate: bool,
    pub(crate) figures: Vec<Figure>,
    /// What is to be reached, and whether it is; `None` where that is not for this row to say.
    pub(crate) reach: &'static str,
    pub(crate) met: Option<bool>,
}

/// Ours, by the name that it has in every row.
pub(crate) const OURS: &str = "gipc";

impl Row {
    pub(crate) fn new(
        id: &'static str,
        work: &'static str,
        unit: &'static str,
        figures: Vec<Figure>,
    ) -> Self {
        Self { id, work, unit, is_rate: true, figures, reach: "", met: None }
    }

    /// Less is better.
    fn time(self) -> Self {
        Self { is_rate: false, ..self }
    }

    pub(crate) fn reach(
        self,
        reach: &'static str,
        is_met: impl FnOnce(&Self) -> Option<bool>,
    ) -> Self {
        let met = is_met(&self);
        Self { reach, met, ..self }
    }

    pub(crate) fn figure(&self, name: &str) -> Option<f64> {
        self.figures.iter().find(|figure| figure.name == name)?.median
    }

    pub(crate) fn ours(&self) -> Option<f64> {
        self.figure(OURS)
    }

    /// The first one: the limit, or the peer that counts.
    pub(crate) fn limit(&self) -> Option<f64> {
        self.figures.first()?.median
    }

    /// How we stand beside the limit.
    pub(crate) fn ratio(&self) -> Option<f64> {
        Some(self.ours()? / self.limit()?)
    }

    fn beside(&self, name: &str) -> Option<f64> {
        Some(self.ours()? / self.figure(name)?)
    }
}

/// A row, and how it is measured.
pub(crate) type Measurement = (&'static str, fn(&Peers, usize) -> Vec<Row>);

/// All that can be measured; the second number of each is of rounds.
pub(crate) const ALL: [Measurement; 13] = [
    ("P1", small_messages),
    ("P2", large_messages),
    ("P3", large_messages_over_sockets),
    ("P4", ping_pong),
    ("P5", through_the_supervisor),
    ("P6", two_stages),
    ("P7", spawn),
    ("P8", whole_process),
    ("P9", memory),
    ("P10", stop),
    ("P11", lines),
    ("P12", pool::rows),
    ("P13", restart),
];

fn small_messages(peers: &Peers, rounds: usize) -> Vec<Row> {
    let (many, fewer) = (10_000_000, 100_000);
    let figures = in_turn(
        rounds,
        vec![
            Contender::new("raw pipe, batched", || limits::one_way(many, 64)),
            Contender::new(OURS, || library::one_way(many, 64, Taken::Lent)),
            Contender::new("gipc, kept", || library::one_way(many, 64, Taken::Kept)),
            Contender::perhaps("tokio-util codec", || peers.codec("one-way", many / 2, 64)),
            Contender::perhaps("ipc-channel", || peers.ipc_channel("one-way", fewer, 64)),
            Contender::perhaps("Python gipc", || peers.python_gipc("one-way", fewer, 64)),
            Contender::perhaps("multiprocessing", || peers.multiprocessing("one-way", fewer, 64)),
            Contender::perhaps("Node", || peers.node("one-way", fewer, 64)),
        ],
    );
    let row = Row::new("P1", "64 B messages one way", "messages/s", figures);
    vec![row.reach("≥ 0.8 of raw, ≥ 1.5 × the codec, ≥ 50 × Python gipc", |row| {
        let is_met =
            row.ratio()? >= 0.8 && row.beside("tokio-util codec").is_none_or(|it| it >= 1.5);
        Some(is_met && row.beside("Python gipc").is_none_or(|it| it >= 50.0))
    })]
}

fn large_messages(peers: &Peers, rounds: usize) -> Vec<Row> {
    let count = 2000;
    let figures = in_turn(
        rounds,
        vec![
            Contender::new("raw pipe", || limits::one_way(count, MIB)),
            Contender::new(OURS, || library::one_way(count, MIB, Taken::Lent)),
            Contender::new("gipc, kept", || library::one_way(count, MIB, Taken::Kept)),
            Contender::perhaps("tokio-util codec", || peers.codec("one-way", count, MIB)),
            Contender::perhaps("multiprocessing", || peers.multiprocessing("one-way", count, MIB)),
            Contender::perhaps("Python gipc", || peers.python_gipc("one-way", count, MIB)),
            Contender::perhaps("Node", || peers.node("one-way", count / 10, MIB)),
        ],
    );
    let row = Row::new("P2", "1 MiB messages one way, pipe", "messages/s", figures);
    vec![row.reach("≥ 0.95 of raw", |row| Some(row.ratio()? >= 0.95))]
}

fn large_messages_over_sockets(peers: &Peers, rounds: usize) -> Vec<Row> {
    let count = 4000;
    let figures = in_turn(
        rounds,
        vec![
            Contender::new("raw sockets", || limits::one_way_over_sockets(count, MIB)),
            Contender::new(OURS, || library::one_way_of_two(count, MIB, Taken::Lent)),
            Contender::new("gipc, kept", || library::one_way_of_two(count, MIB, Taken::Kept)),
            Contender::perhaps("ipc-channel", || peers.ipc_channel("one-way", count, MIB)),
        ],
    );
    let row = Row::new("P3", "1 MiB messages, a channel both ways", "messages/s", figures);
    vec![row.reach("≥ 0.9 of raw, > ipc-channel", |row| {
        Some(row.ratio()? >= 0.9 && row.beside("ipc-channel").is_none_or(|it| it > 1.0))
    })]
}

/// On two processors, where most of it is the wake-up of one that is at rest, and on one, where it is
/// work only. The peers start their second process themselves, so that they can be placed on one only.
fn ping_pong(peers: &Peers, rounds: usize) -> Vec<Row> {
    const ASYNC: &str = "gipc, async";
    let (many, fewer) = (20_000, 5_000);
    let ours = |placed| {
        let limit = move || micros(Placed::first(|| limits::ping_pong(many, placed)));
        let ours = move || micros(Placed::first(|| library::blocking_ping_pong(many, placed)));
        let in_a_runtime = move || micros(Placed::first(|| library::ping_pong(many, placed)));
        vec![
            Contender::new("raw pipes", limit),
            Contender::new(OURS, ours),
            Contender::new(ASYNC, in_a_runtime),
        ]
    };
    let peer = |name, work: fn(&Peers, usize) -> Option<f64>, count| {
        Contender::perhaps(name, move || Placed::first(|| work(peers, count)))
    };
    let mut all = ours(Placed::Together);
    all.extend([
        peer("tokio-util codec", |peers, count| peers.codec("ping-pong", count, 64), many as usize),
        peer(
            "ipc-channel",
            |peers, count| peers.ipc_channel("ping-pong", count, 64),
            many as usize,
        ),
        peer("Python gipc", |peers, count| peers.python_gipc("ping-pong", count, 64), fewer),
        peer(
            "multiprocessing",
            |peers, count| peers.multiprocessing("ping-pong", count, 64),
            fewer,
        ),
        peer("Node", |peers, count| peers.node("ping-pong", count, 64), fewer),
    ]);
    let rounds = rounds * MORE;
    let row = |work, contenders| Row::new("P4", work, "µs", in_turn(rounds, contenders)).time();
    let apart = row("64 B there and back, on two processors", ours(Placed::Apart));
    let apart = apart.reach("blocking ≤ 1.05 × raw, async ≤ 1.2 × raw", |row| {
        Some(row.ratio()? <= 1.05 && row.figure(ASYNC)? / row.limit()? <= 1.2)
    });
    vec![apart, row("64 B there and back, on one", all)]
}

/// Small ones by their number, large ones beside who moves no byte and beside who copies each twice,
/// as one must who may have to send it again.
fn through_the_supervisor(_: &Peers, rounds: usize) -> Vec<Row> {
    const COPY: &str = "copy loop";
    let (many, few) = (20_000_000, 4000);
    let turns = rounds * MORE;
    let beside = |count, size, others: &[(&'static str, Between)]| {
        let limit =
            |name, between| Contender::new(name, move || limits::relayed(between, count, size));
        let ours = Contender::new(OURS, move || relay::through(count, size, Seen::Unseen));
        let mut all = vec![limit("splice", Between::Splice), ours];
        all.extend(others.iter().map(|&(name, between)| limit(name, between)));
        in_turn(turns, all)
    };
    // As much at once as in the yardstick that the figures to be reached come from.
    let copy = (COPY, Between::Copy(128 << 10));
    let small = beside(many, 64, &[copy]);
    let small = Row::new("P5", "64 B through the supervisor", "messages/s", small);
    let all = ("copy loop, 1 MiB at once", Between::Copy(limits::PIPE));
    let whole = ("copy loop, whole messages", Between::Whole);
    let large = beside(few, MIB, &[copy, all, whole]);
    let name = "1 MiB through the supervisor, kept until read";
    let large = Row::new("P5", name, "messages/s", large);
    let figures = in_turn(
        turns,
        vec![
            Contender::new("without", || relay::through(many, 64, Seen::Unseen)),
            Contender::new(OURS, || relay::through(many, 64, Seen::Tapped)),
        ],
    );
    let tapped = Row::new("P5", "64 B through the supervisor, with a tap", "messages/s", figures);
    let figures = in_turn(
        turns,
        vec![
            Contender::new("at 2 M messages", || relay::memory(many / 10, 64)),
            Contender::new(OURS, || relay::memory(many, 64)),
        ],
    );
    let memory = "the supervisor's memory at 20 M messages of 64 B";
    let memory = Row::new("P5", memory, "kB", figures).time();
    vec![
        small.reach("≥ 8 M/s", |row| Some(row.ours()? >= 8e6)),
        large.reach("≥ 0.9 of the copy loop", |row| Some(row.beside(COPY)? >= 0.9)),
        tapped.reach("≥ 0.95 of the rate without", |row| Some(row.ratio()? >= 0.95)),
        memory.reach("no growth", |row| Some(row.ratio()? <= 1.05)),
    ]
}

fn two_stages(_: &Peers, rounds: usize) -> Vec<Row> {
    let count = 40_000_000;
    let figures = in_turn(
        rounds * MORE,
        vec![
            Contender::new("raw pipe", || Placed::first(|| limits::direct(count, 64))),
            Contender::new(OURS, || relay::two_stages(count, 64)),
        ],
    );
    let row = Row::new("P6", "64 B between two stages of `gipc pipe`", "messages/s", figures);
    // There is nobody between; what is missing from 1 is what a run has of noise.
    vec![row.reach("1.0 of the raw pipe", |row| Some(row.ratio()? >= 0.95))]
}

fn spawn(_: &Peers, rounds: usize) -> Vec<Row> {
    let ballast = black_box(vec![1_u8; 512 * MIB]);
    let figures = in_turn(
        rounds * 60,
        vec![
            Contender::new("vfork", program::vfork_true),
            Contender::new(OURS, program::spawn_true),
        ],
    );
    drop(black_box(ballast));
    let row = Row::new("P7", "spawn, exec, reap, parent of 512 MB", "µs", figures).time();
    vec![row.reach("≥ 0.9 of vfork's rate", |row| Some(row.ratio()? <= 1.0 / 0.9))]
}

fn whole_process(_: &Peers, rounds: usize) -> Vec<Row> {
    let figures = in_turn(
        rounds * 60,
        vec![
            Contender::perhaps("tini", || {
                program::run_if_there(&["tini", "-s", "--", "/bin/true"])
            }),
            Contender::new(OURS, || program::run(&[program::GIPC, "exec", "--", "/bin/true"])),
            Contender::new("/bin/true alone", || program::run(&["/bin/true"])),
            Contender::perhaps("timeout", || program::run_if_there(&["timeout", "9", "/bin/true"])),
        ],
    );
    let row = Row::new("P8", "`gipc exec -- true`, whole process", "ms", figures).time();
    vec![row.reach("≤ tini + 1 ms", |row| Some(row.ours()? <= row.limit()? + 1.0))]
}

fn memory(_: &Peers, rounds: usize) -> Vec<Row> {
    let (mut shared, mut each) = (0.0, 0.0);
    for _ in 0..rounds.min(3) {
        (shared, each) = program::idle_memory();
    }
    let figure = |name, median| Figure { name, median: Some(median) };
    let figures =
        vec![figure("to be reached", 4096.0), figure(OURS, shared), figure("as ps counts", each)];
    let both = Row::new("P9", "idle memory, both processes", "kB", figures).time();
    let further = program::memory_per_worker();
    let figures = vec![figure("to be reached", 16.0), figure(OURS, further)];
    let worker = Row::new("P9", "idle memory, a further worker", "kB", figures).time();
    let is_met = |row: &Row| Some(row.ratio()? <= 1.0);
    vec![both.reach("≤ 4 MB", is_met), worker.reach("≤ 16 KiB", is_met)]
}

fn stop(_: &Peers, rounds: usize) -> Vec<Row> {
    let figures = in_turn(
        rounds * 8,
        vec![
            Contender::perhaps("the command alone", || {
                program::time_to_stop(&["/bin/sleep", "1000"])
            }),
            Contender::perhaps(OURS, || {
                program::time_to_stop(&[program::GIPC, "exec", "--", "/bin/sleep", "1000"])
            }),
            Contender::perhaps("tini", || {
                program::time_to_stop(&["tini", "-s", "--", "/bin/sleep", "1000"])
            }),
        ],
    );
    let row = Row::new("P10", "TERM to the end", "ms", figures).time();
    vec![row.reach("≤ the command's own + 3 ms", |row| Some(row.ours()? <= row.limit()? + 3.0))]
}

fn lines(_: &Peers, rounds: usize) -> Vec<Row> {
    let (many, fewer) = (1_000_000, 50_000);
    let figures = in_turn(
        rounds.min(3),
        vec![
            Contender::new("unprefixed, one after the other", || program::lines_as_they_are(many)),
            Contender::new(OURS, || program::lines(many)),
            Contender::perhaps("GNU parallel", || program::lines_through_parallel(fewer)),
        ],
    );
    let row = Row::new("P11", "lines of 91 B from 8 writers, prefixed", "lines/s", figures);
    vec![row.reach("≥ 3 M lines/s", |row| Some(row.ours()? >= 3e6))]
}

fn restart(_: &Peers, rounds: usize) -> Vec<Row> {
    let figures = in_turn(
        rounds,
        vec![
            Contender::new("vfork, reap", || program::bare_restart(200)),
            Contender::new(OURS, || program::restart(200)),
        ],
    );
    let restart = Row::new("P13", "crash to new incarnation, backoff 0", "ms", figures).time();
    let mut rows =
        vec![restart.reach("≤ the spawn + 1 ms", |row| Some(row.ours()? <= row.limit()? + 1.0))];
    let instances = 1000;
    let figures = in_turn(
        rounds.min(3),
        vec![
            Contender::new("bare spawns", || program::bare_up_and_down(instances)),
            Contender::new(OURS, || program::up_and_down(instances)),
        ],
    );
    let row = Row::new("P14", "1,000 instances up, then down", "ms", figures).time();
    rows.push(row.reach("≤ 1.5 × the bare spawns", |row| Some(row.ratio()? <= 1.5)));
    rows
}
