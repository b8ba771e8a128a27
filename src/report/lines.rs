//! Pictures of values over time: a filled area with steps.

use std::fmt::Write as _;

use super::axis;
use super::words;

const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 150.0;
const LEFT: f64 = 62.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 24.0;

/// A line of a picture.
#[derive(Debug)]
pub(super) struct Line {
    /// The class of the style sheet.
    pub(super) class: &'static str,
    /// A value for each stretch of time.
    pub(super) values: Vec<f64>,
}

/// The axis of the values: its step for a largest value and a number of marks, and how a value is written.
pub(super) type Axis = (fn(f64, u32) -> f64, fn(f64) -> String);

/// Draws values over time, each for a stretch of `length` seconds.
pub(super) fn draw(label: &str, lines: &[Line], length: f64, (step, shown): Axis) -> String {
    let count = lines.iter().map(|line| line.values.len()).max().unwrap_or(0).max(1);
    let span = (count as f64 * length).max(0.001);
    let most = lines.iter().flat_map(|line| &line.values).copied().fold(0.0, f64::max);
    let step = step(most, 4);
    let top = (most / step).ceil().max(1.0) * step;
    let x = |seconds: f64| LEFT + seconds / span * (WIDTH - LEFT - RIGHT);
    let y = |value: f64| HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM);
    let mut svg = String::new();
    let _ = write!(svg, r#"<svg class="picture" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">"#);
    for mark in axis::marks(top, step) {
        let at = y(mark);
        let _ = write!(
            svg,
            r#"<line class="grid" x1="{LEFT}" x2="{:.0}" y1="{at:.1}" y2="{at:.1}"/><text class="mark" x="{:.0}" y="{:.1}" text-anchor="end">{}</text>"#,
            WIDTH - RIGHT,
            LEFT - 6.0,
            at + 4.0,
            shown(mark)
        );
    }
    for mark in axis::marks(span, axis::time_step(span, 5)) {
        let _ = write!(
            svg,
            r#"<text class="mark" x="{:.1}" y="{:.0}" text-anchor="middle">{}</text>"#,
            x(mark),
            HEIGHT - 6.0,
            words::mark(mark)
        );
    }
    for Line { class, values } in lines {
        let mut path = format!("M{:.1} {:.1}", x(0.0), y(0.0));
        let mut last = f64::NAN;
        for (number, value) in values.iter().enumerate() {
            // A step is drawn only where the value changes.
            if (*value - last).abs() > 0.0 || last.is_nan() {
                let from = x(number as f64 * length);
                let _ = write!(path, "H{from:.1}V{:.1}", y(*value));
                last = *value;
            }
        }
        let _ = write!(path, "H{:.1}V{:.1}Z", x(values.len() as f64 * length), y(0.0));
        let _ = write!(svg, r#"<path class="area {class}" d="{path}"/>"#);
    }
    svg.push_str("</svg>");
    svg
}
