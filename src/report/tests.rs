//! The whole page: that it is bounded, and that text from elsewhere stays text.

use super::{PageBar, Pictured, comparison, page};
use crate::observation::{
    FailureCount, FailureExample, FieldSummary, HistorySummary, HostSummary, LatencySummary, PhaseSummary,
    SettingSummary, Stretch, Summary, VERSION, WorkerSummary,
};
use crate::scrape::extract::MarkCount;

/// Text that must not become markup, a command to a terminal, or another direction of text.
const HOSTILE: &str = "</title><script>alert(1)</script>\u{1b}[31m\u{202e}\"'&<!--";

fn worker(slot: u64, generation: u64, (from, to): (f64, f64), end: &'static str) -> WorkerSummary {
    let facts = [("pid", 1_000 + generation), ("slot", slot), ("generation", generation)];
    WorkerSummary {
        facts: facts.map(|(name, value)| (name.into(), value)).into(),
        tasks: 100,
        jobs: 101,
        started_s: from,
        placed_s: None,
        ended_s: to,
        end: end.into(),
    }
}

/// The summary of a run of 1,000,000 tasks with `slots` slots and 10,000 workers, with the longest texts.
fn largest(slots: u64) -> Summary {
    let long = HOSTILE.repeat(200);
    let each = 10_000 / slots;
    let ends = ["quota", "crashed", "memory", "finished"];
    let workers = (0..10_000_u64).map(|number| {
        let (slot, generation) = (number / each, number % each);
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let (from, length) = (generation as f64, 1_000.0 / each as f64);
        let end = ends[usize::try_from(number % 4).expect("a small number")];
        worker(slot, generation, (from * length, (from + 1.0) * length), end)
    });
    let latency = latency();
    let phases = PhaseSummary { total: latency.clone(), queue: latency.clone(), ..PhaseSummary::default() };
    let host = HostSummary { host: long.clone(), tasks: 7, failed: 1, bytes: 1, latency };
    let example = FailureExample { seq: 0, url: long.clone(), message: long.clone() };
    let failure =
        FailureCount { kind: long.clone().into(), status: Some(404), count: 30_000, examples: vec![example; 20] };
    let field = FieldSummary {
        field: long.clone(),
        pages: 1,
        values: 1,
        empty: 0,
        bad: 1,
        decimals: MarkCount::default(),
        is_of_settings: true,
    };
    let stretch = |number: u64| Stretch {
        tasks: number * 7_919 % 1_000,
        failed: number % 7,
        in_flight: number % 31,
        memory: number << 20,
        waiting_hosts: 1,
    };
    Summary {
        version: VERSION,
        ending: "complete".into(),
        tasks: 1_000_000,
        ok: 970_000,
        failed: 30_000,
        elapsed_s: 1_000.0,
        workers: workers.collect(),
        workers_by_end: ends.map(|end| (end.into(), 2_500)).into(),
        latency: phases,
        hosts: vec![host.clone(); 200],
        other_hosts: Some(host),
        failures_by_status: vec![failure; 100],
        fields: vec![field; 300],
        history: HistorySummary { length_s: 1.6, stretches: (0..600).map(stretch).collect() },
        settings: vec![SettingSummary { name: "extract.title".to_owned(), value: long.clone() }; 300],
        output: Some(long),
        ..Summary::default()
    }
}

#[test]
fn the_page_of_the_largest_run_is_below_two_megabytes() {
    for slots in [1, 16, 64, 1_000, 10_000] {
        let page = page(&largest(slots)).expect("a page");
        assert!(page.len() < 2_000_000, "{slots} slots: {} bytes", page.len());
    }
}

#[test]
fn text_from_elsewhere_stays_text() {
    let page = page(&largest(16)).expect("a page");
    assert!(page.contains("&#60;script&#62;") || page.contains("&lt;script&gt;"), "it is shown");
    for part in ["<script", "\u{1b}", "\u{202e}", "<!--"] {
        assert!(!page.contains(part), "{part:?} is in the page");
    }
    assert_eq!(page.matches("</title>").count() - page.matches("<title>").count(), 0, "a title ends where it should");
}

#[test]
fn any_numbers_have_a_page_of_bounded_size() {
    let most = u64::MAX;
    for (from, to) in [(0.0, 0.0), (-1e308, 1e308), (1e308, -1e308), (0.0, 1e-300), (5e-324, 1e-320)] {
        let mut summary = Summary { elapsed_s: to, ..recycled(2, 600) };
        for worker in &mut summary.workers {
            (worker.started_s, worker.placed_s, worker.ended_s) = (from, Some(from), to);
            worker.tasks = most;
        }
        summary.workers_by_end = [("quota".into(), most), ("other".into(), most)].into();
        let latency = LatencySummary { count: most, mean_s: from, max_s: to, buckets: vec![7, 3, most], ..latency() };
        summary.latency = PhaseSummary { total: latency.clone(), ..PhaseSummary::default() };
        let stretch = Stretch { tasks: most, failed: most, in_flight: most, memory: most, waiting_hosts: most };
        summary.history = HistorySummary { length_s: to, stretches: vec![stretch; 600] };
        (summary.tasks, summary.failed, summary.bytes, summary.resumed) = (1, most, most, most);
        let page = page(&summary).expect("a page");
        let is_number = ["NaN", "\"inf", "\"-inf", ">inf"].iter().all(|part| !page.contains(part));
        assert!(page.len() < 2_000_000 && is_number, "{from:e} {to:e}: {} bytes", page.len());
    }
}

fn latency() -> LatencySummary {
    LatencySummary { count: 9, buckets: (0..14).collect(), ..LatencySummary::default() }
}

#[test]
fn no_text_of_a_worker_becomes_markup() {
    // Each of them has a bar of its own, some share a bar, or all are in one path.
    for count in [2, 1_000, 2_000] {
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let at = |number: u64| number as f64 / count as f64;
        let times = |number| (at(number), at(number + 1));
        let worker = |number| WorkerSummary { end: HOSTILE.into(), ..worker(0, number, times(number), "quota") };
        let workers = (0..count).map(worker).collect();
        let workers_by_end = [(HOSTILE.into(), count)].into();
        let page = page(&Summary { version: VERSION, elapsed_s: 1.0, workers, workers_by_end, ..Summary::default() });
        let page = page.expect("a page");
        assert!(!page.contains("<script"), "{count} workers");
    }
}

#[test]
fn a_run_without_anything_has_a_page() {
    let page = page(&Summary { version: VERSION, ..Summary::default() }).expect("a page");
    assert!(page.contains("<h1>Run</h1>") && !page.contains("NaN"), "{page}");
}

#[test]
fn each_worker_of_a_small_run_has_a_bar_of_its_own() {
    let workers = [
        worker(0, 0, (0.0, 2.0), "quota"),
        worker(0, 1, (2.0, 4.0), "finished"),
        worker(1, 0, (0.0, 1.0), "crashed"),
        worker(1, 1, (1.0, 4.0), "running"),
    ];
    let summary = Summary { version: VERSION, elapsed_s: 4.0, workers: workers.to_vec(), ..Summary::default() };
    let page = page(&summary).expect("a page");
    for (class, title) in [
        ("quota", "pid 1000, generation 0, 100 tasks, 101 jobs, 0.0 ms to 2.0 s: quota"),
        ("finished", "pid 1001, generation 1, 100 tasks, 101 jobs, 2.0 s to 4.0 s: finished"),
        ("bad", "pid 1000, generation 0, 100 tasks, 101 jobs, 0.0 ms to 1.0 s: crashed"),
        ("running", "pid 1001, generation 1, 100 tasks, 101 jobs, 1.0 s to 4.0 s: running"),
    ] {
        let found = page.lines().flat_map(|line| line.split("<rect")).any(|rect| {
            rect.starts_with(&format!(" class=\"{class}\"")) && rect.contains(&format!("<title>{title}</title>"))
        });
        assert!(found, "{title}");
    }
}

/// The rectangles of the workers, without those of the fields: left, top, width and height.
fn boxes(page: &str) -> Vec<[f64; 4]> {
    let rectangles = page.split("<rect class=\"").skip(1).filter(|rest| rest.contains("<title>pid "));
    let number = |rest: &str, name: &str| {
        let value = rest.split(&format!(" {name}=\"")).nth(1).and_then(|rest| rest.split('"').next());
        value.and_then(|value| value.parse().ok()).expect("a number")
    };
    rectangles.map(|rest| ["x", "y", "width", "height"].map(|name| number(rest, name))).collect()
}

/// Runs of `slots` slots with `generations` workers each, which overlap by a third.
fn recycled(slots: u64, generations: u64) -> Summary {
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let at = |generation: u64| generation as f64;
    let workers = (0..slots).flat_map(|slot| {
        let end = move |generation| if generation + 1 == generations { "finished" } else { "quota" };
        (0..generations).map(move |it| worker(slot, it, ((at(it) - 0.3).max(0.0), at(it + 1)), end(it)))
    });
    let workers: Vec<WorkerSummary> = workers.collect();
    Summary { version: VERSION, elapsed_s: at(generations), workers, ..Summary::default() }
}

#[test]
fn bars_hide_each_other_nowhere() {
    for (slots, generations) in [(1, 1), (1, 8), (2, 4), (7, 3), (24, 5), (25, 5), (64, 20), (100, 10)] {
        let page = page(&recycled(slots, generations)).expect("a page");
        let boxes = boxes(&page);
        let is_shared = slots > 64;
        let count = slots * generations;
        assert!(is_shared || boxes.len() as u64 == count, "{slots} x {generations}: {} bars", boxes.len());
        for (nth, [left, top, width, height]) in boxes.iter().enumerate() {
            assert!(*width >= 0.5 && *height >= 3.0, "{slots} x {generations}: {width} x {height}");
            assert!(left + width <= 1_000.0, "{slots} x {generations}");
            for [other_left, other_top, ..] in &boxes[nth + 1..] {
                let is_beside = *other_left + 0.11 >= left + width || (other_top - top).abs() + 0.11 >= *height;
                assert!(
                    is_beside,
                    "{slots} x {generations}: a bar at {left} {top} and one at {other_left} {other_top}"
                );
            }
        }
    }
}

#[test]
fn a_bar_begins_when_the_worker_gets_its_slot() {
    let waits = WorkerSummary { placed_s: Some(2.0), ..worker(0, 1, (0.0, 4.0), "finished") };
    let spare = WorkerSummary { facts: [("pid".into(), 5)].into(), ..worker(9, 0, (3.0, 4.0), "running") };
    let workers = vec![worker(0, 0, (0.0, 2.0), "quota"), waits, spare];
    let page = page(&Summary { version: VERSION, elapsed_s: 4.0, workers, ..Summary::default() }).expect("a page");
    assert!(page.contains("2.0 s to 4.0 s after waiting 2.0 s: finished"), "{page}");
    assert!(page.contains(">slot 0</text>") && page.contains(">spare</text>"), "{page}");
    let boxes = boxes(&page);
    assert!((boxes[0][1] - boxes[1][1]).abs() < 0.01, "both are in one lane: {boxes:?}");
}

#[test]
fn each_of_very_many_workers_can_be_seen() {
    let summary = recycled(64, 150);
    let page = page(&summary).expect("a page");
    let paths: Vec<&str> =
        page.split("<path class=\"bars ").skip(1).filter_map(|rest| rest.split("/>").next()).collect();
    let of =
        |class: &str| paths.iter().filter(|path| path.starts_with(class)).map(|path| path.matches('M').count()).sum();
    assert_eq!((of("quota"), of("finished")), (64 * 149, 64));
    assert!(!page.contains("stands for several processes"), "none is hidden");
    assert!(page.len() < 500_000, "{} bytes", page.len());
}

#[test]
fn a_page_says_what_it_does_not_draw_one_by_one() {
    let mut summary = recycled(100, 100);
    summary.workers_by_end = [("quota".into(), 9_900), ("finished".into(), 200)].into();
    let page = page(&summary).expect("a page");
    for words in ["2 slots share a row", "colour of the worst end", "100 more workers are counted above but not drawn"]
    {
        assert!(page.contains(words), "{words}");
    }
}

#[test]
fn several_runs_have_one_scale_and_their_pages_are_in_their_workers() {
    let (short, long) = (recycled(2, 2), recycled(1, 4));
    let pages = [PageBar { pid: 1_001, number: 7, from_s: 1.0, to_s: 2.0 }];
    let run = |heading, summary, pages| Pictured { heading, summary, pages };
    let page = comparison(HOSTILE, HOSTILE, &[run("long", &long, &[]), run(HOSTILE, &short, &pages)]).expect("a page");
    assert!(!page.contains("<script") && page.contains("&#60;script"), "{page}");
    let sections: Vec<&str> = page.split("<h2>").skip(1).collect();
    assert!(sections[0].contains("4 processes, 4.00 s") && sections[1].contains("4 processes, 2.00 s"));
    // Two workers have the process that fetched the page, one in each slot.
    assert_eq!(sections[1].matches("<title>Page 7</title>").count(), 2);
    assert_eq!(sections[0].matches("<title>Page").count(), 0);
    let marks = |section: &str| section.matches("class=\"grid\"").count();
    assert_eq!(marks(sections[0]), marks(sections[1]), "both axes end at the same time");
}
