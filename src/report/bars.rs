//! The picture of latencies: how many of them are in each range.

use std::fmt::Write as _;

use super::words;
use crate::observation::{BOUNDS, LatencySummary};

const WIDTH: f64 = 980.0;
const HEIGHT: f64 = 170.0;
const BASE: f64 = 140.0;
const TOP: f64 = 16.0;

/// The fewest ranges that are shown.
const FEWEST: usize = 8;

/// Draws how many times are in each range between two of [`BOUNDS`]. Returns nothing if there are none.
pub(super) fn draw(latency: &LatencySummary) -> String {
    let counts = ranges(latency);
    let most = counts.iter().copied().max().unwrap_or(0);
    if most == 0 {
        return String::new();
    }
    let shown = shown(&counts);
    let width = WIDTH / shown.len() as f64;
    let mut svg = format!(
        r#"<svg class="picture" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="How long answers took">"#
    );
    for (place, number) in shown.enumerate() {
        let (left, count) = (place as f64 * width, counts[number]);
        let height = count as f64 / most as f64 * (BASE - TOP);
        let name = match BOUNDS.get(number) {
            Some(bound) => format!("≤ {}", words::mark(*bound)),
            None => format!("> {}", words::mark(BOUNDS[BOUNDS.len() - 1])),
        };
        let share = words::share(count, latency.count);
        let _ = write!(
            svg,
            r#"<rect class="bar" x="{:.1}" y="{:.1}" width="{:.1}" height="{height:.1}"><title>{name}: {count} ({share})</title></rect><text class="mark" x="{:.1}" y="{:.0}" text-anchor="middle">{name}</text>"#,
            left + 3.0,
            BASE - height,
            width - 6.0,
            left + width / 2.0,
            BASE + 18.0
        );
        if count > 0 {
            let _ = write!(
                svg,
                r#"<text class="mark" x="{:.1}" y="{:.1}" text-anchor="middle">{share}</text>"#,
                left + width / 2.0,
                BASE - height - 4.0
            );
        }
    }
    let _ = write!(svg, r#"<line class="grid" x1="0" x2="{WIDTH}" y1="{BASE}" y2="{BASE}"/></svg>"#);
    svg
}

/// The ranges that are shown: all between the first and the last that have any times, and one more on each side.
fn shown(counts: &[u64]) -> std::ops::Range<usize> {
    let first = counts.iter().position(|count| *count > 0).unwrap_or(0);
    let last = counts.iter().rposition(|count| *count > 0).unwrap_or(0);
    let (from, to) = (first.saturating_sub(1), (last + 2).min(counts.len()));
    // Few bars would be as wide as doors.
    from.min(counts.len().saturating_sub(FEWEST))..to.max(FEWEST).min(counts.len())
}

/// How many times are in each range; the last range has no upper bound.
fn ranges(latency: &LatencySummary) -> Vec<u64> {
    let mut before = 0;
    let mut counts: Vec<u64> = BOUNDS
        .iter()
        .enumerate()
        .map(|(number, _)| {
            let up_to = latency.buckets.get(number).copied().unwrap_or(before);
            let count = up_to.saturating_sub(before);
            before = up_to.max(before);
            count
        })
        .collect();
    counts.push(latency.count.saturating_sub(before));
    counts
}
