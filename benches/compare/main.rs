//! gipc beside the system's own limits and beside its peers, in turn in one run: medians and ratios.
//!
//! ```sh
//! cargo bench --bench compare             # the table, and BENCHMARKS.md and its chart anew
//! cargo bench --bench compare -- P1 P8    # only these rows, printed
//! ```
//!
//! Machines are noisy and differ: a ratio counts, not a figure. `GIPC_BENCH_ROUNDS` is how often each
//! contender has its turn (5).
#![expect(clippy::print_stdout, unsafe_code, reason = "a program that prints a table")]

use std::fs;
use std::io;

use peers::Peers;
use rows::Row;

mod chart;
mod library;
mod limits;
mod measure;
mod peers;
mod pool;
mod program;
mod relay;
mod rows;
mod table;

/// The table stands between these in BENCHMARKS.md.
const MARKS: [&str; 2] = ["<!-- table -->\n", "<!-- end of the table -->\n"];
const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/BENCHMARKS.md");
const CHART: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/compare.svg");

fn main() -> io::Result<()> {
    if library::is_child() {
        return Ok(());
    }
    let rounds = std::env::var("GIPC_BENCH_ROUNDS").ok().and_then(|it| it.parse().ok());
    let wanted: Vec<String> = std::env::args().skip(1).filter(|it| it.starts_with('P')).collect();
    let peers = Peers::find();
    println!("{}", table::HEAD);
    let mut rows: Vec<Row> = Vec::new();
    for (id, measure) in rows::ALL {
        if wanted.is_empty() || wanted.iter().any(|it| it == id) {
            for row in measure(&peers, rounds.unwrap_or(5)) {
                println!("{}", table::line(&row));
                rows.push(row);
            }
        }
    }
    if wanted.is_empty() {
        let lines: Vec<_> = rows.iter().map(table::line).collect();
        let table = format!("{}\n{}\n", table::HEAD, lines.join("\n"));
        write_into_document(&table)?;
        chart::draw(&rows, CHART).map_err(io::Error::other)?;
    }
    Ok(())
}

fn write_into_document(table: &str) -> io::Result<()> {
    let text = fs::read_to_string(DOCUMENT)?;
    let [start, end] = MARKS;
    let parts = text.split_once(start).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(end)?;
        Some((before, after))
    });
    let (before, after) =
        parts.ok_or_else(|| io::Error::other("BENCHMARKS.md has lost its marks"))?;
    fs::write(DOCUMENT, format!("{before}{start}{table}{end}{after}"))
}
