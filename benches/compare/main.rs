//! gipc beside the system's own limits and beside its peers, in turn in one run: medians and ratios.
//!
//! ```sh
//! cargo bench --bench compare             # three runs; BENCHMARKS.md and its chart anew
//! cargo bench --bench compare -- P1 P8    # only these rows, once, printed
//! cargo bench --bench compare -- scaling  # what grows, and how; its part of BENCHMARKS.md anew
//! ```
//!
//! Machines are noisy and differ: a ratio counts, not a figure. `GIPC_BENCH_ROUNDS` is how often each
//! contender has its turn in a run (3), `GIPC_BENCH_RUNS` how many runs there are.
#![expect(clippy::print_stdout, unsafe_code, reason = "a program that prints a table")]

use std::fs;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::time::Instant;

use peers::Peers;
use rows::Row;
use runs::Runs;

mod chart;
mod library;
mod limits;
mod measure;
mod peers;
mod pool;
mod processors;
mod program;
mod relay;
mod rows;
mod runs;
mod scaling;
mod table;

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/BENCHMARKS.md");
const CHART: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/compare.svg");

fn main() -> io::Result<()> {
    if library::is_child() {
        return Ok(());
    }
    let wanted: Vec<String> = std::env::args().skip(1).filter(|it| !it.starts_with('-')).collect();
    let is_all = wanted.is_empty();
    let rounds = number("GIPC_BENCH_ROUNDS").unwrap_or(3);
    let runs = number("GIPC_BENCH_RUNS").unwrap_or(if is_all { 3 } else { 1 });
    let is_wanted = |what: &str| is_all || wanted.iter().any(|it| it == what);
    let start = Instant::now();

    program::build()?;
    let peers = Peers::find();
    let mut loads = Vec::new();
    let mut rows = Vec::new();
    for _ in 0..runs {
        loads.push(runs::load());
        Runs::add(&mut rows, run(&peers, rounds, is_wanted));
        if is_all {
            // After each, so that what has been measured stays if the next is given up.
            write_all(&rows, &loads, rounds)?;
        }
    }
    if runs > 1 {
        println!("\n{}\n{}", table::of_runs(&rows), table::spread(&rows));
    }
    if is_wanted("scaling") {
        write_into_document("scaling", &scaling::table(rounds))?;
    }
    println!("\nthat took {} s", start.elapsed().as_secs());
    Ok(())
}

/// The table, how far the runs lie apart, and the chart.
fn write_all(rows: &[Runs], loads: &[String], rounds: usize) -> io::Result<()> {
    let how = format!(
        "So many runs: {}, of {rounds} turns each, on {} processors. The load before each: {}.\n\n",
        loads.len(),
        runs::processors(),
        loads.join(", "),
    );
    write_into_document("table", &table::of_runs(rows))?;
    write_into_document("spread", &(how + &table::spread(rows)))?;
    let middle: Vec<_> = rows.iter().map(Runs::middle).collect();
    chart::draw(&middle, CHART).map_err(io::Error::other)
}

fn number(variable: &str) -> Option<usize> {
    std::env::var(variable).ok()?.parse().ok()
}

/// Every row that is wanted, once.
fn run(peers: &Peers, rounds: usize, is_wanted: impl Fn(&str) -> bool) -> Vec<Row> {
    let measurements: Vec<_> = rows::ALL.iter().filter(|(id, _)| is_wanted(id)).collect();
    if !measurements.is_empty() {
        println!("\n{}", table::HEAD);
    }
    let mut rows = Vec::new();
    for (_, measure) in measurements {
        // One that fails, which it has told of, does not take the others with it.
        let measured = panic::catch_unwind(AssertUnwindSafe(|| measure(peers, rounds)));
        for row in measured.unwrap_or_default() {
            println!("{}", table::line(&row));
            rows.push(row);
        }
    }
    rows
}

/// Puts it between its marks in BENCHMARKS.md.
fn write_into_document(what: &str, text: &str) -> io::Result<()> {
    let document = fs::read_to_string(DOCUMENT)?;
    let (start, end) = (format!("<!-- {what} -->\n"), format!("<!-- end of the {what} -->\n"));
    let parts = document.split_once(&start).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(&end)?;
        Some((before, after))
    });
    let lost = || io::Error::other(format!("BENCHMARKS.md has lost the marks of the {what}"));
    let (before, after) = parts.ok_or_else(lost)?;
    fs::write(DOCUMENT, format!("{before}{start}{text}{end}{after}"))
}
