//! Which bars the picture of the workers has: rows of slots, lanes of workers that overlap, and bars.
//!
//! A run may have 10,000 workers in a thousand slots. If there are too many slots, several share a row. Workers that would be
//! narrower than two pixels are one bar.

use std::collections::BTreeMap;

use super::words;
use crate::model::counted;
use crate::observation::WorkerSummary;

/// The most rows, the most rows that have lanes, and the most lanes of a row.
const ROWS: usize = 64;
const ROWS_WITH_LANES: usize = 24;
const LANES: usize = 3;

/// The narrowest bar, in pixels.
const NARROWEST: f64 = 2.0;

/// When the bar of a worker begins, in seconds from the start of the run.
pub(super) type Begin = fn(&WorkerSummary) -> f64;

/// When the process started.
pub(super) fn started(worker: &WorkerSummary) -> f64 {
    worker.started_s
}

/// When the worker got its slot. Before, it may have waited.
pub(super) fn placed(worker: &WorkerSummary) -> f64 {
    worker.placed_s.unwrap_or(worker.started_s)
}

/// A row: the workers of one slot in lanes, or those of several slots in one lane.
pub(super) struct Row<'a> {
    /// The name of the first slot.
    pub(super) name: String,
    pub(super) lanes: Vec<Vec<&'a WorkerSummary>>,
}

/// Workers that are drawn as one bar.
#[derive(Debug, Clone)]
pub(super) struct Bar {
    pub(super) from: f64,
    pub(super) to: f64,
    pub(super) workers: u64,
    tasks: u64,
    /// How the worst of them ended.
    pub(super) end: String,
    pub(super) title: String,
    /// The process, if it is one.
    pub(super) pid: Option<u64>,
    /// Whether an odd number of workers had the slot before.
    pub(super) is_odd: bool,
}

/// How workers can end, the worst first.
pub(super) struct End {
    name: &'static str,
    /// The class of the style sheet.
    pub(super) class: &'static str,
    /// What it means for people.
    pub(super) meaning: &'static str,
}

const ENDS: [End; 8] = [
    End { name: "crashed", class: "bad", meaning: "ended by itself" },
    End { name: "timeout", class: "bad", meaning: "killed, because a page took too long" },
    End { name: "corrupt", class: "bad", meaning: "killed, because it sent nonsense" },
    End { name: "killed", class: "bad", meaning: "killed from outside, or when the run was stopped" },
    End { name: "memory", class: "memory", meaning: "replaced, because it used too much memory" },
    End { name: "quota", class: "quota", meaning: "replaced after its quota of jobs" },
    End { name: "finished", class: "finished", meaning: "at the end of the list" },
    End { name: "running", class: "running", meaning: "still at work" },
];

/// An end that is not known. A file may have any text in its place.
const UNKNOWN: End = End { name: "ended", class: "bad", meaning: "" };

/// What is known of an end.
pub(super) fn end(name: &str) -> &'static End {
    ENDS.iter().find(|end| end.name == name).unwrap_or(&UNKNOWN)
}

fn rank(name: &str) -> usize {
    ENDS.iter().position(|end| end.name == name).unwrap_or(0)
}

/// The rows of the picture, and how many slots share each. If there are few of them, workers that overlap have lanes.
pub(super) fn rows(workers: &[WorkerSummary], begin: Begin) -> (Vec<Row<'_>>, usize) {
    let slots = slots(workers);
    let each = slots.len().div_ceil(ROWS).max(1);
    let most = if slots.len() > ROWS_WITH_LANES { 1 } else { LANES };
    let rows = slots.chunks(each).map(|slots| {
        let mut workers = slots.concat();
        workers.sort_by(|one, other| begin(one).total_cmp(&begin(other)));
        let slot = slots.first().and_then(|workers| workers.first()?.fact("slot"));
        let name = slot.map_or_else(|| "spare".to_owned(), |slot| format!("slot {slot}"));
        Row { name, lanes: lanes(&workers, begin, most) }
    });
    (rows.collect(), each)
}

/// Puts each worker into the first lane that is free when it starts, or into the one that is free first.
fn lanes<'a>(workers: &[&'a WorkerSummary], begin: Begin, most: usize) -> Vec<Vec<&'a WorkerSummary>> {
    let mut lanes: Vec<Vec<&WorkerSummary>> = Vec::new();
    for worker in workers {
        let ends = |lane: &Vec<&WorkerSummary>| lane.last().map_or(0.0, |last| last.ended_s);
        let free = lanes.iter().position(|lane| ends(lane) <= begin(worker));
        match free {
            Some(free) => lanes[free].push(worker),
            None if lanes.len() < most => lanes.push(vec![worker]),
            None => {
                let soonest = lanes.iter_mut().min_by(|one, other| ends(one).total_cmp(&ends(other)));
                soonest.into_iter().for_each(|lane| lane.push(worker));
            }
        }
    }
    lanes
}

/// The workers of each slot, in the order of the slots. Workers that wait for a slot share the last one.
fn slots(workers: &[WorkerSummary]) -> Vec<Vec<&WorkerSummary>> {
    let mut by_slot: BTreeMap<(u64, u64), Vec<&WorkerSummary>> = BTreeMap::new();
    for worker in workers {
        let place = (worker.fact("node").unwrap_or(0), worker.fact("slot").unwrap_or(u64::MAX));
        by_slot.entry(place).or_default().push(worker);
    }
    by_slot.into_values().collect()
}

/// The bars of one lane. A bar that is too narrow takes in those that follow it. Bars of the only lane of a row may overlap.
/// A bar then takes in those that begin at nearly the same place, because they would hide it, and ends where the next one
/// begins.
pub(super) fn bars(lane: &[&WorkerSummary], begin: Begin, x: impl Fn(f64) -> f64, is_only: bool) -> Vec<Bar> {
    let mut bars: Vec<Bar> = Vec::new();
    for worker in lane {
        let (from, to) = (x(begin(worker)), x(worker.ended_s.max(begin(worker))));
        let is_hidden = |last: &Bar| {
            let is_narrow = last.to - last.from < NARROWEST && from - last.from < 2.0 * NARROWEST;
            is_narrow || (is_only && from - last.from < NARROWEST)
        };
        match bars.last_mut() {
            Some(last) if is_hidden(last) => {
                last.to = last.to.max(to);
                last.workers += 1;
                last.tasks = last.tasks.saturating_add(worker.tasks);
                (last.pid, last.is_odd) = (None, false);
                if rank(&worker.end) < rank(&last.end) {
                    last.end = worker.end.clone().into_owned();
                }
            }
            last => {
                last.into_iter().for_each(|last| last.to = last.to.min(from));
                bars.push(Bar {
                    from,
                    to,
                    workers: 1,
                    tasks: worker.tasks,
                    end: worker.end.clone().into_owned(),
                    title: title(worker),
                    pid: worker.fact("pid"),
                    is_odd: worker.fact("generation").is_some_and(|it| it % 2 == 1),
                });
            }
        }
    }
    for bar in &mut bars {
        if bar.workers > 1 {
            let (end, tasks) = (end(&bar.end).name, counted(bar.tasks, "task"));
            bar.title = format!("{} workers, {tasks}; the worst end: {end}", bar.workers);
        }
    }
    bars
}

/// What a bar says when the mouse is over it. It has no character that XML escapes, because all of it is ours.
fn title(worker: &WorkerSummary) -> String {
    let pid = worker.fact("pid").map_or_else(String::new, |pid| format!("pid {pid}, "));
    let generation = worker.fact("generation").map_or_else(String::new, |it| format!("generation {it}, "));
    let end = end(&worker.end).name;
    let (from, to) = (words::time(placed(worker)), words::time(worker.ended_s));
    let waited = placed(worker) - worker.started_s;
    let waited = if waited < 0.05 { String::new() } else { format!(" after waiting {}", words::time(waited)) };
    let (tasks, jobs) = (counted(worker.tasks, "task"), counted(worker.jobs, "job"));
    format!("{pid}{generation}{tasks}, {jobs}, {from} to {to}{waited}: {end}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::WORKER_ENDS;

    #[test]
    fn every_end_of_a_worker_has_a_colour_and_a_meaning() {
        for name in WORKER_ENDS.into_iter().chain(["running"]) {
            assert_eq!(end(name).name, name);
        }
        assert_eq!((end("<b>").name, rank("<b>")), ("ended", 0), "what is not known counts as bad");
    }
}
