//! The chart: every row's contenders beside ours, on one scale of ratios.

use plotters::prelude::*;

use crate::rows::Row;

const WIDTH: u32 = 900;
const BAR: u32 = 16;
const NAMES: u32 = 420;

/// The scale: a hundredth of ours to ten times ours.
const SCALE: std::ops::Range<f64> = 0.01..10.0;

/// Draws how fast each contender is beside gipc: longer is faster, gipc is 1.
pub(crate) fn draw(
    rows: &[&Row],
    path: &str,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut bars = Vec::new();
    for row in rows {
        let Some(ours) = row.ours() else { continue };
        for figure in &row.figures {
            let Some(median) = figure.median else { continue };
            let speed = if row.is_rate { median / ours } else { ours / median };
            let what = format!("{} {}: {}", row.id, row.work, figure.name);
            bars.push((what, speed.clamp(SCALE.start, SCALE.end), figure.name == "gipc"));
        }
    }
    let height = BAR * bars.len() as u32 + 60;
    let area = SVGBackend::new(path, (WIDTH, height)).into_drawing_area();
    area.fill(&WHITE)?;
    let text = ("sans-serif", 12).into_font();
    let at = |speed: f64| {
        let (low, high) = (SCALE.start.log10(), SCALE.end.log10());
        let part = (speed.log10() - low) / (high - low);
        (NAMES as f64 + part * f64::from(WIDTH - NAMES - 40)) as i32
    };
    let title = "speed beside gipc (logarithmic; longer is faster)";
    area.draw(&Text::new(title, (NAMES as i32, 8), text.clone()))?;
    for mark in [0.01, 0.1, 1.0, 10.0] {
        let x = at(mark);
        area.draw(&PathElement::new([(x, 28), (x, height as i32 - 20)], BLACK.mix(0.3)))?;
        area.draw(&Text::new(format!("{mark}"), (x - 6, height as i32 - 16), text.clone()))?;
    }
    for (number, (what, speed, is_ours)) in bars.into_iter().enumerate() {
        let top = 30 + (number as u32 * BAR) as i32;
        let color = if is_ours { RGBColor(0, 110, 180) } else { RGBColor(170, 170, 170) };
        let bar = [(NAMES as i32, top + 2), (at(speed), top + BAR as i32 - 2)];
        area.draw(&Rectangle::new(bar, color.filled()))?;
        area.draw(&Text::new(what, (4, top + 2), text.clone()))?;
    }
    area.present()?;
    Ok(())
}
