//! What grows: larger messages, more channels, more instances; and what each of them costs then.

use std::time::Duration;

use crate::library::Taken;
use crate::measure::{Contender, in_turn, micros};
use crate::table::short;
use crate::{library, limits, program, relay};

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// All three as Markdown, printed as they are made.
pub(crate) fn table(rounds: usize) -> String {
    let tables = [sizes(rounds), channels(rounds), instances(rounds.min(3))];
    tables.join("\n")
}

fn begin(head: &[&str]) -> String {
    let table = format!("| {} |\n|{}\n", head.join(" | "), "---|".repeat(head.len()));
    print!("\n{table}");
    table
}

fn add(table: &mut String, cells: &[String]) {
    let line = format!("| {} |\n", cells.join(" | "));
    print!("{line}");
    table.push_str(&line);
}

/// Two who do the same work, in turn: how long one piece of it takes each, in microseconds.
fn beside(
    rounds: usize,
    limit: impl FnMut() -> f64,
    ours: impl FnMut() -> f64,
) -> Option<[f64; 2]> {
    let contenders = vec![Contender::new("limit", limit), Contender::new("ours", ours)];
    let [limit, ours] = &in_turn(rounds, contenders)[..] else { return None };
    Some([limit.median?, ours.median?])
}

fn sizes(rounds: usize) -> String {
    let head = ["a message", "raw pipe, µs", "gipc, µs", "ratio", "gipc, µs for 1 KiB"];
    let mut table = begin(&head);
    let sizes = [
        ("0 B", 0, 4_000_000),
        ("64 B", 64, 4_000_000),
        ("1 KiB", KIB, 1_000_000),
        ("16 KiB", 16 * KIB, 100_000),
        ("256 KiB", 256 * KIB, 8000),
        ("1 MiB", MIB, 2000),
        ("16 MiB", 16 * MIB, 100),
        ("64 MiB", 64 * MIB, 25),
    ];
    for (name, size, count) in sizes {
        let each = |rate: f64| micros(Duration::from_secs(1)) / rate;
        let limit = || each(limits::one_way(count, size));
        let Some([limit, ours]) =
            beside(rounds, limit, || each(library::one_way(count, size, Taken::Lent)))
        else {
            continue;
        };
        let per_kib =
            if size == 0 { "—".to_owned() } else { short(ours / (size as f64 / 1024.0)) };
        let ratio = format!("{:.2}", ours / limit);
        add(&mut table, &[name.to_owned(), short(limit), short(ours), ratio, per_kib]);
    }
    table
}

fn channels(rounds: usize) -> String {
    const MESSAGES: usize = 16_000_000;
    let head = ["channels through one gipc", "messages of 64 B/s, all together", "beside one"];
    let mut table = begin(&head);
    let mut of_one = None;
    for channels in [1, 2, 4, 8, 16, 32, 64] {
        let through = || relay::through_many(channels, MESSAGES / channels, 64);
        let figures = in_turn(rounds, vec![Contender::new("gipc", through)]);
        let Some(rate) = figures[0].median else { continue };
        let ratio = rate / *of_one.get_or_insert(rate);
        add(&mut table, &[channels.to_string(), short(rate), format!("{ratio:.2}")]);
    }
    table
}

fn instances(rounds: usize) -> String {
    let head = [
        "instances up, then down",
        "bare, ms",
        "gipc, ms",
        "ratio",
        "gipc, ms for each further one",
    ];
    let mut table = begin(&head);
    let mut before: Option<(usize, f64)> = None;
    for instances in [1, 10, 100, 1000, 5000] {
        if program::descriptors() < program::descriptors_for(instances) {
            let lacking = format!("needs {} descriptors", program::descriptors_for(instances));
            let there = format!("{} are there", program::descriptors());
            let none = || "—".to_owned();
            add(&mut table, &[instances.to_string(), none(), lacking, there, none()]);
            continue;
        }
        let bare = || program::bare_up_and_down(instances);
        let ours = || program::up_and_down(instances);
        let Some([bare, ours]) = beside(rounds, bare, ours) else { continue };
        let further = before.map(|(fewer, time)| (ours - time) / (instances - fewer) as f64);
        before = Some((instances, ours));
        let ratio = format!("{:.2}", ours / bare);
        let further = further.map_or("—".to_owned(), short);
        add(&mut table, &[instances.to_string(), short(bare), short(ours), ratio, further]);
    }
    table
}
