//! The table, as Markdown.

use crate::measure::Figure;
use crate::rows::Row;
use crate::runs::Runs;

pub(crate) const HEAD: &str = "\
| | work | limit | gipc | ratio | peers | to be reached | met |\n\
|---|---|---|---|---|---|---|---|";

pub(crate) fn line(row: &Row) -> String {
    let mut others = row.figures.iter();
    let limit = others.next();
    let peers: Vec<_> = others.filter(|figure| figure.name != "gipc").map(named).collect();
    let met = match row.met {
        Some(true) => "yes",
        Some(false) => "**no**",
        None if row.reach.is_empty() => "—",
        None => "unknown",
    };
    format!(
        "| {} | {}, {} | {} | {} | {} | {} | {} | {met} |",
        row.id,
        row.work,
        row.unit,
        limit.map(named).unwrap_or_default(),
        row.ours().map_or("—".to_owned(), short),
        ratio(row.ratio()),
        peers.join("; "),
        row.reach,
    )
}

/// The row of the middle run for each, and what the others have.
pub(crate) fn of_runs(rows: &[Runs]) -> String {
    let lines: Vec<_> = rows.iter().map(|runs| line(runs.middle())).collect();
    format!("{HEAD}\n{}\n", lines.join("\n"))
}

/// How far the runs lie apart.
pub(crate) fn spread(rows: &[Runs]) -> String {
    let mut table =
        "| | work | ratio to the limit, run by run | met in |\n|---|---|---|---|\n".to_owned();
    for runs in rows {
        let Row { id, work, .. } = runs.middle();
        let ratios: Vec<_> = runs.ratios().into_iter().map(ratio).collect();
        let met = runs.met().map_or("—".to_owned(), |(met, of)| format!("{met} of {of}"));
        table += &format!("| {id} | {work} | {} | {met} |\n", ratios.join("; "));
    }
    table
}

fn ratio(ratio: Option<f64>) -> String {
    ratio.map_or("—".to_owned(), |ratio| format!("{ratio:.2}"))
}

fn named(figure: &Figure) -> String {
    match figure.median {
        Some(median) => format!("{} {}", figure.name, short(median)),
        None => format!("{} missing", figure.name),
    }
}

/// Three digits that count.
pub(crate) fn short(figure: f64) -> String {
    match figure {
        1e6.. => format!("{:.2} M", figure / 1e6),
        1e4.. => format!("{:.0} k", figure / 1e3),
        100.0.. => format!("{figure:.0}"),
        10.0.. => format!("{figure:.1}"),
        _ => format!("{figure:.2}"),
    }
}
