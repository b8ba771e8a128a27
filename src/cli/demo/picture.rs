//! Draws a run on a terminal: a line for each process, grouped by slot, with a block for each page over time.

use std::fmt::Write as _;

use clap::builder::styling::{AnsiColor, Style};

use super::Shown;
use crate::observation::WorkerSummary;
use crate::report::PageBar;

/// The fewest columns for the time, and the most. More would not show more.
const COLUMNS: (usize, usize) = (28, 98);

/// Draws a run on lines of at most `width` columns. `longest` is how many seconds the longest run took, so that the lines
/// of several runs can be compared. Returns nothing if there is no room.
pub(super) fn draw(shown: &Shown, longest: f64, width: usize, is_coloured: bool) -> Option<Vec<String>> {
    let mut workers: Vec<&WorkerSummary> = shown.summary.workers.iter().collect();
    let fact = |worker: &WorkerSummary, name| worker.fact(name).unwrap_or_default();
    workers.sort_by_key(|worker| (fact(worker, "slot"), fact(worker, "generation")));
    let pid_width = workers.iter().map(|worker| fact(worker, "pid").to_string().len()).max().unwrap_or(0);
    let label_width = "  slot 0  pid   ".len() + pid_width;
    // The last column stays free, because some terminals wrap a line that is full.
    let columns = width.checked_sub(label_width + 1).filter(|columns| *columns >= COLUMNS.0)?.min(COLUMNS.1);
    let scale = Scale { columns, seconds: longest.max(shown.summary.elapsed_s).max(0.001) };
    let mut lines = Vec::new();
    let mut last_slot = None;
    for worker in workers {
        let (slot, pid) = (fact(worker, "slot"), fact(worker, "pid"));
        let slot_name = if last_slot == Some(slot) { String::new() } else { format!("slot {slot}") };
        last_slot = Some(slot);
        let pages = shown.pages.iter().filter(|page| page.pid == pid);
        let line = row(worker, pages, scale, is_coloured);
        lines.push(format!("  {slot_name:<6}  pid {pid:<pid_width$}  {}", line.trim_end()));
    }
    lines.push(format!("{:label_width$}{}", "", axis(shown.summary.elapsed_s, scale)));
    Some(lines)
}

/// How much time a column stands for.
#[derive(Debug, Clone, Copy)]
struct Scale {
    columns: usize,
    seconds: f64,
}

impl Scale {
    /// The column of a time.
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "columns")]
    fn column(self, seconds: f64) -> usize {
        let column = (seconds.max(0.0) / self.seconds * self.columns as f64).round() as usize;
        column.min(self.columns)
    }
}

/// The life of a process as a line, and its pages as blocks on it.
fn row<'a>(
    worker: &WorkerSummary,
    pages: impl Iterator<Item = &'a PageBar>,
    scale: Scale,
    is_coloured: bool,
) -> String {
    let generation = worker.fact("generation").unwrap_or_default();
    let (begin, end) = (scale.column(worker.started_s), scale.column(worker.ended_s));
    let mut line = " ".repeat(begin);
    let mut at = begin;
    for page in pages {
        let (from, to) = (scale.column(page.from_s).max(at), scale.column(page.to_s));
        if to <= from {
            continue;
        }
        line.extend(std::iter::repeat_n('─', from - at));
        line.push_str(&block(page.number, to - from, generation, is_coloured));
        at = to;
    }
    line.extend(std::iter::repeat_n('─', end.saturating_sub(at)));
    at = at.max(end);
    if generation > 0 && at + " new".len() <= scale.columns {
        line.push_str(" new");
    }
    line
}

/// A page as a block of this width: `[Page 1 ]`, in colour with its brackets as spaces.
fn block(number: u64, width: usize, generation: u64, is_coloured: bool) -> String {
    let inner = width.saturating_sub(2);
    let names = [format!("Page {number}"), number.to_string(), String::new()];
    let name = names.into_iter().find(|name| name.len() <= inner).unwrap_or_default();
    if width == 1 {
        return "▪".to_owned();
    }
    if !is_coloured {
        return format!("[{name:^inner$}]");
    }
    // A new process has another colour than the one before it.
    let colour = if generation.is_multiple_of(2) { AnsiColor::Blue } else { AnsiColor::Magenta };
    let style: Style = AnsiColor::BrightWhite.on(colour);
    // The last column separates it from the next one.
    format!("{style} {name:^inner$}{style:#}▕")
}

/// The seconds below the lines, up to the end of the run.
fn axis(elapsed: f64, scale: Scale) -> String {
    let mut line = String::new();
    for second in 0_u32.. {
        let at = scale.column(f64::from(second));
        let mark = format!("{second} s");
        if f64::from(second) > elapsed || at + mark.len() > scale.columns {
            break;
        }
        // Marks that would touch each other are left out.
        if line.is_empty() || at > line.len() {
            let _ = write!(line, "{:room$}{mark}", "", room = at - line.len());
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::Summary;

    fn worker((slot, generation): (u64, u64), pid: u64, started_s: f64, ended_s: f64) -> WorkerSummary {
        let facts = [("pid", pid), ("slot", slot), ("generation", generation)];
        let facts = facts.map(|(name, value)| (name.into(), value)).into();
        WorkerSummary { facts, tasks: 1, jobs: 1, started_s, placed_s: None, ended_s, end: "quota".into() }
    }

    /// Two workers with a quota of two.
    fn recycled() -> Shown {
        let workers = vec![
            worker((0, 1), 4_000_003, 1.0, 4.1),
            worker((1, 0), 2, 0.0, 2.1),
            worker((0, 0), 1, 0.0, 2.1),
            worker((1, 1), 4, 1.1, 3.1),
        ];
        let page = |number: u64, pid, from_s: f64| PageBar { pid, number, from_s, to_s: from_s + 1.0 };
        let pages = vec![
            page(1, 1, 0.05),
            page(2, 2, 0.05),
            page(3, 1, 1.05),
            page(4, 2, 1.05),
            page(5, 4_000_003, 2.05),
            page(6, 4, 2.05),
            page(7, 4_000_003, 3.05),
        ];
        let summary = Summary { elapsed_s: 4.1, workers, ..Summary::default() };
        Shown { heading: "2 workers".to_owned(), summary, pages }
    }

    fn width(line: &str) -> usize {
        anstream::adapter::strip_str(line).to_string().chars().count()
    }

    #[test]
    fn a_new_process_begins_where_the_pages_of_the_one_before_end() {
        let expected = [
            "  slot 0  pid 1        [Page 1][Page 3]─",
            "          pid 4000003          ────────[Page 5][Page 7]─ new",
            "  slot 1  pid 2        [Page 2][Page 4]─",
            "          pid 4                 ───────[Page 6]─ new",
            "                       0 s     1 s     2 s     3 s     4 s",
        ];
        assert_eq!(draw(&recycled(), 7.05, 80, false).expect("room"), expected);
    }

    #[test]
    fn lines_fit_any_width_with_and_without_colour() {
        for columns in 0..300 {
            let plain = draw(&recycled(), 7.05, columns, false);
            let coloured = draw(&recycled(), 7.05, columns, true);
            assert_eq!(plain.is_some(), columns >= 52, "{columns}");
            assert_eq!(plain.is_some(), coloured.is_some(), "{columns}");
            for line in plain.iter().chain(&coloured).flatten() {
                assert!(width(line) < columns, "{columns}: {line}");
            }
            let escapes = |lines: &Option<Vec<String>>| lines.iter().flatten().any(|line| line.contains('\u{1b}'));
            assert!(!escapes(&plain) && escapes(&coloured) == coloured.is_some(), "{columns}");
        }
    }

    #[test]
    fn each_page_and_each_process_is_shown_at_every_width() {
        for columns in [52, 60, 80, 120, 200] {
            let text = draw(&recycled(), 7.05, columns, false).expect("room").join("\n");
            let blocks = text.replace(' ', "");
            for number in 1..=7 {
                let is_shown = [format!("[Page{number}]"), format!("[{number}]")].iter().any(|it| blocks.contains(it));
                assert!(is_shown, "{columns}: {number}\n{text}");
            }
            assert_eq!(text.matches("pid ").count(), 4, "{text}");
            assert_eq!(text.matches("new").count(), 2, "{text}");
        }
    }
}
