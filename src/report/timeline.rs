//! The picture of the workers: a row for each slot, and in it a bar for each process, from when it got the slot to its end.
//!
//! A process gets the slot before the one that it replaces has finished its last jobs. Bars of one slot that overlap are
//! drawn above each other, in lanes, so that the row looks like a wall of bricks. Where there are so many bars that
//! nobody could point at one, all bars of a colour are one path. So the picture stays small.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::slots::{Bar, Begin, bars, end, placed, rows, started};
use super::{axis, words};
use crate::observation::WorkerSummary;

/// The size of the picture, in pixels of a wide screen.
const WIDTH: f64 = 1_000.0;
const LEFT: f64 = 64.0;

/// The room for names of slots and processes.
const LEFT_WITH_PIDS: f64 = 148.0;
const RIGHT: f64 = 28.0;
const TOP: f64 = 8.0;
const BOTTOM: f64 = 26.0;

/// The height of all lanes together, if there are enough of them, and the least and the greatest height of a lane.
const HEIGHT: f64 = 420.0;
const LANE: (f64, f64) = (5.0, 24.0);

/// The most workers whose bars can be pointed at.
const POINTED_AT: usize = 1_500;

/// From which height on a bar has room for a name, and how wide a character is.
const NAMED: f64 = 12.0;
const CHARACTER: f64 = 6.6;

/// A page that a worker fetched. If a picture has pages, the bars of its workers are pale, and the pages stand in them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PageBar {
    /// The process.
    pub pid: u64,
    /// The number of the page, which is its name.
    pub number: u64,
    /// When the worker got it, in seconds from the start of the run.
    pub from_s: f64,
    /// When it was done.
    pub to_s: f64,
}

/// The picture of the workers.
#[derive(Debug, Default)]
pub(super) struct Timeline {
    /// The picture; nothing if there are no workers.
    pub(super) svg: String,
    /// How many slots share a row.
    pub(super) slots_in_row: usize,
    /// Whether some bars stand for several workers.
    pub(super) has_merged: bool,
}

/// Draws the workers of a run, and some of its pages, on an axis of `length` seconds or more.
pub(super) fn draw(workers: &[WorkerSummary], pages: &[PageBar], length: f64) -> Timeline {
    // The picture with pages shows that a process waits before.
    let begin: Begin = if pages.is_empty() { placed } else { started };
    let (rows, slots_in_row) = rows(workers, begin);
    if rows.is_empty() {
        return Timeline::default();
    }
    let ends = workers.iter().map(|worker| worker.ended_s);
    let length = ends.fold(length, f64::max).max(0.001);
    let lanes: usize = rows.iter().map(|row| row.lanes.len()).sum();
    let lane = (HEIGHT / lanes as f64).clamp(LANE.0, LANE.1);
    let gap = if lane > 10.0 { 8.0 } else { 1.0 };
    let bottom = TOP + lanes as f64 * lane + rows.len() as f64 * gap;
    let left = if pages.is_empty() { LEFT } else { LEFT_WITH_PIDS };
    let mut drawing = Drawing {
        svg: String::new(),
        pages,
        left,
        scale: (WIDTH - left - RIGHT) / length,
        paths: (workers.len() > POINTED_AT).then(BTreeMap::new),
    };
    drawing.axis(length, bottom);
    let (mut top, mut named, mut has_merged) = (TOP, 0.0, false);
    for row in &rows {
        let height = lane * row.lanes.len() as f64;
        // A name needs twelve pixels.
        if top >= named {
            let middle = if pages.is_empty() { top + height / 2.0 } else { top + lane / 2.0 };
            drawing.label(LEFT, middle, &row.name);
            named = top + 12.0;
        }
        for (number, workers) in row.lanes.iter().enumerate() {
            let place = Place { top: top + lane * number as f64, height: lane - 1.0 };
            for bar in bars(workers, begin, |seconds| drawing.x(seconds), row.lanes.len() == 1) {
                drawing.bar(&bar, place);
                has_merged |= bar.workers > 1;
            }
        }
        top += height + gap;
    }
    Timeline { svg: drawing.finish(bottom + BOTTOM), slots_in_row, has_merged }
}

/// Where a bar is, from top to bottom.
#[derive(Clone, Copy)]
struct Place {
    top: f64,
    height: f64,
}

struct Drawing<'a> {
    svg: String,
    pages: &'a [PageBar],
    /// Where the axis begins, and the pixels of a second.
    left: f64,
    scale: f64,
    /// One path for all bars of a class, if nobody can point at one of them.
    paths: Option<BTreeMap<String, String>>,
}

impl Drawing<'_> {
    fn x(&self, seconds: f64) -> f64 {
        // A file may have any times.
        self.left + (seconds * self.scale).clamp(0.0, WIDTH - self.left - RIGHT)
    }

    fn axis(&mut self, length: f64, bottom: f64) {
        for mark in axis::marks(length, axis::time_step(length, 8)) {
            let (at, below, name) = (self.x(mark), bottom + 18.0, words::mark(mark));
            let _ = write!(
                self.svg,
                r#"<line class="grid" x1="{at:.1}" x2="{at:.1}" y1="{TOP}" y2="{bottom:.1}"/><text class="mark" x="{at:.1}" y="{below:.1}" text-anchor="middle">{name}</text>"#
            );
        }
    }

    fn bar(&mut self, bar: &Bar, place: Place) {
        let class = end(&bar.end).class;
        let shade = match (self.pages.is_empty(), bar.is_odd) {
            (false, _) => " pale",
            // Bars without names and lanes are told apart by their shade.
            (true, true) if place.height < NAMED => " odd",
            (true, _) => "",
        };
        self.block(&format!("{class}{shade}"), (bar.from, bar.to), place, &bar.title);
        let Some(pid) = bar.pid else { return };
        if self.pages.is_empty() {
            self.name(&format!("pid {pid}"), (bar.from, bar.to), place);
            return;
        }
        self.label(self.left, place.top + place.height / 2.0, &format!("pid {pid}"));
        for page in self.pages.iter().filter(|page| page.pid == pid) {
            let (ends, name) = ((self.x(page.from_s), self.x(page.to_s)), format!("Page {}", page.number));
            self.block(class, ends, place, &name);
            self.name(&name, ends, place);
        }
    }

    fn block(&mut self, class: &str, (from, to): (f64, f64), Place { top, height }: Place, title: &str) {
        let width = (to - from).max(0.5);
        // A pixel between two bars, if they have one to spare.
        let width = if width > 3.0 { width - 1.0 } else { width };
        let _ = if let Some(paths) = &mut self.paths {
            let path = paths.entry(class.to_owned()).or_default();
            write!(path, "M{from:.1} {top:.1}h{width:.1}v{height:.1}h-{width:.1}z")
        } else {
            write!(
                self.svg,
                r#"<rect class="{class}" x="{from:.1}" y="{top:.1}" width="{width:.1}" height="{height:.1}"><title>{title}</title></rect>"#
            )
        };
    }

    /// Writes a name into a bar if there is room for it.
    fn name(&mut self, name: &str, (from, to): (f64, f64), Place { top, height }: Place) {
        if height >= NAMED && to - from >= name.len() as f64 * CHARACTER + 8.0 {
            let (left, middle) = (from + 6.0, top + height / 2.0 + 4.0);
            let _ = write!(self.svg, r#"<text class="name" x="{left:.1}" y="{middle:.1}">{name}</text>"#);
        }
    }

    /// Writes what stands left of a row or a bar.
    fn label(&mut self, left: f64, middle: f64, label: &str) {
        let (left, middle) = (left - 8.0, middle + 4.0);
        let _ = write!(self.svg, r#"<text class="mark" x="{left}" y="{middle:.1}" text-anchor="end">{label}</text>"#);
    }

    fn finish(mut self, height: f64) -> String {
        for (class, path) in self.paths.into_iter().flatten() {
            let _ = write!(self.svg, r#"<path class="bars {class}" d="{path}"/>"#);
        }
        format!(
            r#"<svg class="picture" viewBox="0 0 {WIDTH} {height:.0}" role="img" aria-label="Workers over time">{}</svg>"#,
            self.svg
        )
    }
}
