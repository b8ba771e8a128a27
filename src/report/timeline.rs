//! The picture of the workers: a row for each slot, and in it a bar for each process, from its start to its end.
//!
//! A run may have 10,000 workers in a thousand slots. Workers of one slot that would be narrower than a pixel are drawn as
//! one bar, and if there are too many slots, several share a row. So the picture has a bounded number of bars.

use std::fmt::Write as _;

use super::axis;
use super::words;
use crate::observation::WorkerSummary;

/// The size of the picture, in pixels of a wide screen.
const WIDTH: f64 = 1_000.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 22.0;
const TOP: f64 = 8.0;
const BOTTOM: f64 = 26.0;

/// The most rows, and the most bars in all rows together.
const ROWS: usize = 64;
const BARS: f64 = 3_000.0;

/// Workers that are drawn as one bar.
#[derive(Debug, Clone)]
struct Bar {
    from: f64,
    to: f64,
    workers: u64,
    tasks: u64,
    /// How the worst of them ended.
    end: String,
    title: String,
}

/// How workers can end, the worst first, with the class of the style sheet.
const ENDS: [(&str, &str); 8] = [
    ("crashed", "bad"),
    ("timeout", "bad"),
    ("corrupt", "bad"),
    ("killed", "bad"),
    ("memory", "memory"),
    ("quota", "quota"),
    ("finished", "finished"),
    ("running", "running"),
];

fn rank(end: &str) -> usize {
    ENDS.iter().position(|(name, _)| *name == end).unwrap_or(0)
}

/// The class of the style sheet for the end of a worker.
pub(super) fn class(end: &str) -> &'static str {
    ENDS.iter().find(|(name, _)| *name == end).map_or("bad", |(_, class)| class)
}

/// Draws the workers of a run that took `elapsed` seconds. Returns nothing if there are none.
pub(super) fn draw(workers: &[WorkerSummary], elapsed: f64) -> String {
    let slots = slots(workers);
    if slots.is_empty() {
        return String::new();
    }
    let ends = workers.iter().map(|worker| worker.ended_s);
    let length = ends.fold(elapsed, f64::max).max(0.001);
    let each = slots.len().div_ceil(ROWS);
    let rows: Vec<Vec<&WorkerSummary>> = slots
        .chunks(each)
        .map(|slots| {
            let mut row = slots.concat();
            row.sort_by(|one, other| one.started_s.total_cmp(&other.started_s));
            row
        })
        .collect();
    let height = if rows.len() <= 8 { 26.0 } else { (400.0 / rows.len() as f64).clamp(5.0, 20.0) };
    let bottom = TOP + height * rows.len() as f64;
    let scale = (WIDTH - LEFT - RIGHT) / length;
    let x = |seconds: f64| LEFT + seconds * scale;
    let mut svg = String::new();
    let _ = write!(
        svg,
        r#"<svg class="picture" viewBox="0 0 {WIDTH} {:.0}" role="img" aria-label="Workers over time">"#,
        bottom + BOTTOM
    );
    for mark in axis::marks(length, axis::time_step(length, 8)) {
        let at = x(mark);
        let _ = write!(
            svg,
            r#"<line class="grid" x1="{at:.1}" x2="{at:.1}" y1="{TOP}" y2="{bottom:.1}"/><text class="mark" x="{at:.1}" y="{:.1}" text-anchor="middle">{}</text>"#,
            bottom + 18.0,
            words::mark(mark)
        );
    }
    if each > 1 {
        let (middle, below) = (LEFT - 8.0, bottom + 18.0);
        let _ = write!(svg, r#"<text class="mark" x="{middle}" y="{below:.1}" text-anchor="end">{each} a row</text>"#);
    }
    let narrowest = (WIDTH / (BARS / rows.len() as f64)).max(1.0);
    for (number, row) in rows.iter().enumerate() {
        let top = TOP + height * number as f64;
        let gap = if height > 10.0 { 2.0 } else { 0.5 };
        // A name needs twelve pixels.
        if height >= 11.0 || number.is_multiple_of(if height >= 6.0 { 2 } else { 3 }) {
            let name = number * each;
            let _ = write!(
                svg,
                r#"<text class="mark" x="{:.0}" y="{:.1}" text-anchor="end">slot {name}</text>"#,
                LEFT - 8.0,
                top + height / 2.0 + 4.0
            );
        }
        for bar in bars(row, x, narrowest, each > 1) {
            let (left, width) = (bar.from, (bar.to - bar.from).max(0.5));
            let class = class(&bar.end);
            let _ = write!(
                svg,
                r#"<rect class="{class}" x="{left:.1}" y="{:.1}" width="{:.1}" height="{:.1}"><title>{}</title></rect>"#,
                top + gap,
                (width - 0.6).max(0.5),
                height - 2.0 * gap,
                bar.title
            );
        }
    }
    svg.push_str("</svg>");
    svg
}

/// The workers of each slot, in the order of the slots, each in the order of their starts. Workers without a slot share
/// the last one.
fn slots(workers: &[WorkerSummary]) -> Vec<Vec<&WorkerSummary>> {
    let mut by_slot: std::collections::BTreeMap<(u64, u64), Vec<&WorkerSummary>> = std::collections::BTreeMap::new();
    for worker in workers {
        let place = (worker.fact("node").unwrap_or(0), worker.fact("slot").unwrap_or(u64::MAX));
        by_slot.entry(place).or_default().push(worker);
    }
    let mut slots: Vec<_> = by_slot.into_values().collect();
    for slot in &mut slots {
        slot.sort_by(|one, other| one.started_s.total_cmp(&other.started_s));
    }
    slots
}

/// The bars of one row. A bar that is too narrow takes in those that follow it. If several slots share the row, a bar also
/// takes in those that begin at nearly the same place, because they would hide it.
fn bars(row: &[&WorkerSummary], x: impl Fn(f64) -> f64, narrowest: f64, is_shared: bool) -> Vec<Bar> {
    let mut bars: Vec<Bar> = Vec::new();
    for worker in row {
        let (from, to) = (x(worker.started_s), x(worker.ended_s.max(worker.started_s)));
        let is_hidden = |last: &Bar| {
            let is_narrow = last.to - last.from < narrowest && from - last.from < 2.0 * narrowest;
            is_narrow || (is_shared && from - last.from < narrowest)
        };
        match bars.last_mut() {
            Some(last) if is_hidden(last) => {
                last.to = last.to.max(to);
                last.workers += 1;
                last.tasks += worker.tasks;
                if rank(&worker.end) < rank(&last.end) {
                    last.end = worker.end.clone().into_owned();
                }
            }
            _ => bars.push(Bar {
                from,
                to,
                workers: 1,
                tasks: worker.tasks,
                end: worker.end.clone().into_owned(),
                title: title(worker),
            }),
        }
    }
    for bar in &mut bars {
        if bar.workers > 1 {
            bar.title =
                format!("{} workers, {} tasks; the worst end: {}", bar.workers, words::count(bar.tasks), bar.end);
        }
    }
    bars
}

/// What a bar says when the mouse is over it. It has no character that XML escapes, because all of it is ours.
fn title(worker: &WorkerSummary) -> String {
    let pid = worker.fact("pid").map_or_else(String::new, |pid| format!("pid {pid}, "));
    let generation = worker.fact("generation").map_or_else(String::new, |it| format!("generation {it}, "));
    let end = ENDS.iter().find(|(name, _)| *name == worker.end).map_or("ended", |(name, _)| name);
    let (from, to) = (words::time(worker.started_s), words::time(worker.ended_s));
    format!("{pid}{generation}{} tasks, {} jobs, {from} to {to}: {end}", worker.tasks, worker.jobs)
}
