//! The table, as Markdown.

use crate::measure::Figure;
use crate::rows::Row;

pub(crate) const HEAD: &str = "\
| | work | limit | gipc | ratio | peers | to be reached | met |\n\
|---|---|---|---|---|---|---|---|";

pub(crate) fn line(row: &Row) -> String {
    let mut others = row.figures.iter();
    let limit = others.next();
    let peers: Vec<_> = others.filter(|figure| figure.name != "gipc").map(named).collect();
    let ratio = row.ratio().map_or("—".to_owned(), |ratio| format!("{ratio:.2}"));
    let met = match row.met {
        Some(true) => "yes",
        Some(false) => "**no**",
        None => "unknown",
    };
    format!(
        "| {} | {}, {} | {} | {} | {ratio} | {} | {} | {met} |",
        row.id,
        row.work,
        row.unit,
        limit.map(named).unwrap_or_default(),
        row.ours().map_or("—".to_owned(), short),
        peers.join("; "),
        row.reach,
    )
}

fn named(figure: &Figure) -> String {
    match figure.median {
        Some(median) => format!("{} {}", figure.name, short(median)),
        None => format!("{} missing", figure.name),
    }
}

/// Three digits that count.
fn short(figure: f64) -> String {
    match figure {
        1e6.. => format!("{:.2} M", figure / 1e6),
        1e4.. => format!("{:.0} k", figure / 1e3),
        100.0.. => format!("{figure:.0}"),
        10.0.. => format!("{figure:.1}"),
        _ => format!("{figure:.2}"),
    }
}
