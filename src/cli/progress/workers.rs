//! A line for each worker: a table that fits into the terminal.

use super::fitted::{cut, width};
use crate::model::two_units;
use crate::observation::WorkerGlance;

/// The least columns for the page of a worker.
const LEAST: usize = 16;

const GAP: usize = 2;

/// The columns of the table, in their order, and which of them are the most important: the smaller the number, the more.
/// The page takes the rest of the line.
const RANKS: [u8; 6] = [0, 5, 1, 3, 4, PAGE];
const PAGE: u8 = 2;

/// The lines of these workers, at most `rows` of them. The last one counts the workers that do
/// not fit.
pub(in crate::cli) fn lines(workers: &[&WorkerGlance], columns: usize, rows: usize) -> Vec<String> {
    let shown = if workers.len() <= rows { workers.len() } else { rows.saturating_sub(1) };
    let cells: Vec<[String; 6]> = workers[..shown].iter().map(|worker| cells(worker)).collect();
    let widths = widths(&cells, columns);
    let mut lines: Vec<String> = cells.iter().map(|cells| line(cells, &widths)).collect();
    let more = workers.len() - shown;
    if more > 0 && rows > 0 {
        lines.push(cut(&format!("and {more} more workers"), columns));
    }
    lines
}

fn cells(worker: &WorkerGlance) -> [String; 6] {
    let done = match worker.quota {
        Some(quota) => format!("{}/{quota} done", worker.done),
        None => format!("{} done", worker.done),
    };
    let generation = worker.fact("generation").map_or_else(|| "spare".to_owned(), |number| format!("gen {number}"));
    let in_flight = format!("{} in flight", worker.in_flight);
    let in_flight = if worker.state == "ready" { in_flight } else { format!("{in_flight}, {}", worker.state) };
    let memory = worker.memory.map_or_else(String::new, |bytes| format!("{} MiB", bytes >> 20));
    let page = worker.page.as_ref().map_or_else(String::new, |page| format!("{} {}", two_units(page.since), page.url));
    [format!("pid {}", worker.label), generation, done, in_flight, memory, page]
}

/// How wide each column is; `None` for those that are left out.
fn widths(cells: &[[String; 6]], columns: usize) -> [Option<usize>; 6] {
    let mut by_rank: Vec<usize> = (0..RANKS.len()).collect();
    by_rank.sort_by_key(|column| RANKS[*column]);
    let mut widths = [None; 6];
    let mut left = columns;
    for column in by_rank {
        let widest = cells.iter().map(|cells| width(&cells[column])).max().unwrap_or(0);
        let needed = if RANKS[column] == PAGE { widest.min(LEAST) } else { widest };
        let gap = if column == 0 { 0 } else { GAP };
        if needed > 0 && (column == 0 || needed + gap <= left) {
            widths[column] = Some(needed);
            left = left.saturating_sub(needed + gap);
        }
    }
    // The page is the last column.
    if let Some(page) = widths.last_mut().and_then(Option::as_mut) {
        *page += left;
    }
    widths[0] = widths[0].map(|width| width.min(columns));
    widths
}

fn line(cells: &[String; 6], widths: &[Option<usize>; 6]) -> String {
    let mut line = String::new();
    for (cell, room) in cells.iter().zip(widths) {
        let Some(room) = room else { continue };
        let cell = cut(cell, *room);
        line.push_str(if line.is_empty() { "" } else { "  " });
        line.push_str(&cell);
        line.extend(std::iter::repeat_n(' ', room.saturating_sub(width(&cell))));
    }
    line.truncate(line.trim_end().len());
    line
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::*;
    use crate::observation::{Glance, PageGlance};

    fn worker(pid: u64, slot: Option<u64>, generation: u64) -> WorkerGlance {
        let place = slot.into_iter().flat_map(|slot| [("slot".into(), slot), ("generation".into(), generation)]);
        let url = "http://shop.example/a/long/path/to/a/page".to_owned();
        let page = PageGlance { url, host: "shop.example".into(), worker: None, since: Duration::from_secs(3) };
        WorkerGlance {
            label: pid.to_string(),
            facts: place.collect::<BTreeMap<_, _>>(),
            state: "ready".into(),
            done: 12,
            quota: Some(50),
            in_flight: 4,
            memory: Some(48 << 20),
            page: slot.map(|_| page),
        }
    }

    fn glance(workers: impl IntoIterator<Item = WorkerGlance>) -> Glance {
        Glance { workers: workers.into_iter().collect(), ..Glance::default() }
    }

    fn three() -> [WorkerGlance; 3] {
        let spare = WorkerGlance { state: "starting".into(), done: 0, in_flight: 0, ..worker(99, None, 0) };
        [spare, worker(12_345, Some(1), 3), WorkerGlance { done: 7, ..worker(777, Some(0), 0) }]
    }

    #[test]
    fn workers_are_a_table_in_the_order_of_their_slots_that_fits() {
        let table: [(usize, [&str; 3]); 5] = [
            (
                120,
                [
                    "pid 777    gen 0  7/50 done   4 in flight            48 MiB  3 s http://shop.example/a/long/path/to/a/page",
                    "pid 12345  gen 3  12/50 done  4 in flight            48 MiB  3 s http://shop.example/a/long/path/to/a/page",
                    "pid 99     spare  0/50 done   0 in flight, starting  48 MiB",
                ],
            ),
            (
                79,
                [
                    "pid 777    gen 0  7/50 done   4 in flight            48 MiB  3 s http://shop.e…",
                    "pid 12345  gen 3  12/50 done  4 in flight            48 MiB  3 s http://shop.e…",
                    "pid 99     spare  0/50 done   0 in flight, starting  48 MiB",
                ],
            ),
            (
                59,
                [
                    "pid 777    gen 0  7/50 done   48 MiB  3 s http://shop.exam…",
                    "pid 12345  gen 3  12/50 done  48 MiB  3 s http://shop.exam…",
                    "pid 99     spare  0/50 done   48 MiB",
                ],
            ),
            (
                39,
                [
                    "pid 777    7/50 done   3 s http://shop…",
                    "pid 12345  12/50 done  3 s http://shop…",
                    "pid 99     0/50 done",
                ],
            ),
            (23, ["pid 777    7/50 done", "pid 12345  12/50 done", "pid 99     0/50 done"]),
        ];
        for (columns, expected) in table {
            assert_eq!(lines(&glance(three()).by_slot(), columns, 3), expected, "{columns}");
        }
    }

    #[test]
    fn workers_that_do_not_fit_are_counted_and_no_line_is_too_wide() {
        let many = glance((0..500).map(|slot| worker(10_000 + slot, Some(slot), slot)));
        for (rows, last) in [(0, None), (1, Some("and 500 more workers")), (40, Some("and 461 more workers"))] {
            let lines = lines(&many.by_slot(), 80, rows);
            assert_eq!((lines.len(), lines.last().map(String::as_str)), (rows, last));
        }
        for columns in 0..200 {
            assert!(
                lines(&glance(three()).by_slot(), columns, 2).iter().all(|line| width(line) <= columns),
                "{columns}"
            );
        }
    }
}
