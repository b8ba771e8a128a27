//! The sections of the page, in words and numbers.

use askama::Template;

use super::lines::{self, Axis, Line};
use super::{axis, bars, timeline, words};
use crate::model::printable;
use crate::observation::{FailureCount, FieldSummary, HostSummary, LatencySummary, PhaseSummary, Stretch, Summary};

/// The most kinds of failures that are shown.
const FAILURES: usize = 20;

/// The longest text from elsewhere in a cell, in characters.
const LONGEST: usize = 300;

/// The style sheet.
pub(crate) const STYLE: &str = include_str!("report.css");

/// The report of a run, as a whole page.
///
/// # Errors
/// Never for a summary that was read or made by this program: a template can only fail if writing into memory fails.
pub fn page(summary: &Summary) -> Result<String, askama::Error> {
    Page { style: STYLE, title: title(summary), body: fragment(summary)? }.render()
}

/// The report of a run without the head of the page, for a page that shows it while the run goes on.
///
/// # Errors
/// As for [`page`].
pub fn fragment(summary: &Summary) -> Result<String, askama::Error> {
    Body::of(summary).render()
}

#[derive(Template)]
#[template(path = "report.html")]
struct Page {
    style: &'static str,
    title: String,
    body: String,
}

#[derive(Template)]
#[template(path = "body.html")]
struct Body {
    title: String,
    subtitle: String,
    tiles: Vec<Tile>,
    timeline: String,
    ends: Vec<End>,
    unlisted: u64,
    pictures: Vec<Picture>,
    histogram: String,
    phases: Vec<Row>,
    hosts: Vec<HostRow>,
    failures: Vec<FailureRow>,
    fields: Vec<FieldRow>,
    settings: Vec<(String, String)>,
}

/// A number that matters.
struct Tile {
    name: &'static str,
    value: String,
    note: String,
    class: &'static str,
}

/// How many workers ended in a way.
struct End {
    name: String,
    class: &'static str,
    count: String,
}

struct Picture {
    title: &'static str,
    svg: String,
}

/// The percentiles of a phase.
struct Row {
    name: &'static str,
    note: &'static str,
    count: String,
    times: Vec<String>,
}

struct HostRow {
    host: String,
    tasks: String,
    failed: String,
    is_bad: bool,
    size: String,
    median: String,
    p99: String,
}

struct FailureRow {
    name: String,
    count: String,
    share: String,
    examples: Vec<(String, String)>,
}

struct FieldRow {
    field: String,
    pages: String,
    share: String,
    width: String,
    values: String,
    empty: String,
    bad: String,
    is_bad: bool,
}

impl Body {
    fn of(summary: &Summary) -> Self {
        let listed = summary.workers.len() as u64;
        let running = summary.workers.iter().filter(|worker| worker.end == "running").count() as u64;
        let all: u64 = summary.workers_by_end.values().sum();
        let mut ends: Vec<End> = summary
            .workers_by_end
            .iter()
            .map(|(end, count)| End { name: text(end), class: timeline::class(end), count: words::count(*count) })
            .collect();
        if running > 0 {
            ends.push(End { name: "running".to_owned(), class: "running", count: words::count(running) });
        }
        let fields = summary.fields.iter().map(|field| field_row(field, summary.ok)).collect();
        Self {
            title: title(summary),
            subtitle: subtitle(summary),
            tiles: tiles(summary),
            timeline: timeline::draw(&summary.workers, summary.elapsed_s),
            ends,
            unlisted: (all + running).saturating_sub(listed),
            pictures: pictures(summary),
            histogram: bars::draw(&summary.latency.total),
            phases: phases(&summary.latency),
            hosts: summary.hosts.iter().map(host_row).chain(summary.other_hosts.iter().map(others_row)).collect(),
            failures: summary
                .failures_by_status
                .iter()
                .take(FAILURES)
                .map(|it| failure_row(it, summary.failed))
                .collect(),
            fields,
            settings: summary.settings.iter().map(|it| (text(&it.name), text(&it.value))).collect(),
        }
    }
}

/// Text from elsewhere: short, and without characters that control a terminal or the direction of text.
pub(crate) fn text(foreign: &str) -> String {
    let short: String = match foreign.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &foreign[..end]),
        None => foreign.to_owned(),
    };
    printable(&short).into_owned()
}

fn title(summary: &Summary) -> String {
    let of = match (summary.lists.as_slice(), &summary.output) {
        (_, Some(output)) => format!(" of {}", text(output)),
        ([list], None) => format!(" of {}", text(list)),
        _ => String::new(),
    };
    format!("Run{of}")
}

fn subtitle(summary: &Summary) -> String {
    let ending = match &*summary.ending {
        "complete" => "complete",
        "interrupted" => "interrupted",
        "failures" => "stopped after too many failures",
        "deadline" => "stopped at its deadline",
        "drained" => "stopped from the live page",
        "reader_gone" => "stopped because nobody read its output",
        "running" => "running",
        _ => "over",
    };
    let when =
        if summary.started_at.is_empty() { String::new() } else { format!(", started {}", text(&summary.started_at)) };
    let version =
        if summary.program.is_empty() { String::new() } else { format!(", gleaner {}", text(&summary.program)) };
    format!("{ending}{when}{version}")
}

fn tiles(summary: &Summary) -> Vec<Tile> {
    let now = summary.tasks.saturating_sub(summary.resumed);
    let resumed = match summary.resumed {
        0 => String::new(),
        resumed => format!("{} of them by an earlier run", words::count(resumed)),
    };
    let cached = summary.cached.filter(|cached| *cached > 0);
    let cached = cached.map_or_else(String::new, |cached| format!("{} from the cache", words::count(cached)));
    let requests =
        format!("{} for robots.txt, {} retries", words::count(summary.robots_requests), words::count(summary.retries));
    let workers: u64 = summary.workers_by_end.values().sum();
    let running = summary.workers.iter().filter(|worker| worker.end == "running").count() as u64;
    let tile = |name, value, note, class| Tile { name, value, note, class };
    vec![
        tile("tasks", words::count(summary.tasks), resumed, ""),
        tile("with data", words::count(summary.ok), cached, "good"),
        tile(
            "failed",
            words::count(summary.failed),
            words::share(summary.failed, summary.tasks),
            if summary.failed > 0 { "poor" } else { "" },
        ),
        tile("time", words::time(summary.elapsed_s), String::new(), ""),
        tile("tasks a second", words::rate(now, summary.elapsed_s), String::new(), ""),
        tile("requests", words::count(summary.requests), requests, ""),
        tile("bytes", words::size(summary.bytes), "decompressed".to_owned(), ""),
        tile("workers", words::count(workers + running), String::new(), ""),
    ]
}

fn pictures(summary: &Summary) -> Vec<Picture> {
    let (length, stretches) = (summary.history.length_s, &summary.history.stretches);
    if stretches.is_empty() || !(length.is_finite() && length > 0.0) {
        return Vec::new();
    }
    let values = |of: fn(&Stretch) -> u64| -> Vec<f64> { stretches.iter().map(|it| of(it) as f64).collect() };
    let a_second = |of: fn(&Stretch) -> u64| values(of).into_iter().map(|value| value / length).collect();
    let (number, size): (Axis, Axis) = ((axis::step, number), (axis::size_step, size));
    let line = |class, values| Line { class, values };
    let mut pictures = vec![
        Picture {
            title: "Tasks a second (failures in red)",
            svg: lines::draw(
                "Tasks a second over time",
                &[line("tasks", a_second(|it| it.tasks)), line("failed", a_second(|it| it.failed))],
                length,
                number,
            ),
        },
        Picture {
            title: "Requests in flight",
            svg: lines::draw(
                "Requests in flight over time",
                &[line("flight", values(|it| it.in_flight))],
                length,
                number,
            ),
        },
    ];
    if stretches.iter().any(|it| it.memory > 0) {
        let svg = lines::draw("Memory over time", &[line("memory", values(|it| it.memory))], length, size);
        pictures.push(Picture { title: "Memory of all workers", svg });
    }
    if stretches.iter().any(|it| it.waiting_hosts > 0) {
        let waiting = line("waiting", values(|it| it.waiting_hosts));
        let svg = lines::draw("Hosts that wait over time", &[waiting], length, number);
        pictures.push(Picture { title: "Hosts that wait (delay, Retry-After, failures)", svg });
    }
    pictures
}

fn number(value: f64) -> String {
    if value < 10.0 && value.fract() > 0.0 { format!("{value:.1}") } else { format!("{value:.0}") }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a mark of an axis")]
fn size(value: f64) -> String {
    words::size(value as u64)
}

fn phases(latency: &PhaseSummary) -> Vec<Row> {
    let rows = [
        ("queue", "waiting for its host and for a worker", &latency.queue),
        ("first byte", "from the request, with connecting, to the head of the answer", &latency.first_byte),
        ("body", "reading the body", &latency.body),
        ("parse", "decoding and parsing", &latency.parse),
        ("extract", "extracting and writing the data", &latency.extract),
        ("all in the worker", "from the request to the data", &latency.total),
    ];
    let rows = rows.into_iter().filter(|(_, _, latency)| latency.count > 0);
    rows.map(|(name, note, latency)| Row { name, note, count: words::count(latency.count), times: times(latency) })
        .collect()
}

fn times(latency: &LatencySummary) -> Vec<String> {
    let LatencySummary { mean_s, p50_s, p90_s, p99_s, p999_s, max_s, .. } = latency;
    [mean_s, p50_s, p90_s, p99_s, p999_s, max_s].map(|time| words::time(*time)).to_vec()
}

fn host_row(host: &HostSummary) -> HostRow {
    let time = |seconds: f64| if host.latency.count > 0 { words::time(seconds) } else { "–".to_owned() };
    HostRow {
        host: text(&host.host),
        tasks: words::count(host.tasks),
        failed: words::count(host.failed),
        is_bad: host.failed > 0,
        size: words::size(host.bytes),
        median: time(host.latency.p50_s),
        p99: time(host.latency.p99_s),
    }
}

fn others_row(others: &HostSummary) -> HostRow {
    HostRow { host: "all other hosts".to_owned(), ..host_row(others) }
}

fn failure_row(failures: &FailureCount, all: u64) -> FailureRow {
    let status = failures.status.map_or_else(String::new, |status| format!(" {status}"));
    FailureRow {
        name: format!("{}{status}", text(&failures.kind)),
        count: words::count(failures.count),
        share: words::share(failures.count, all),
        examples: failures.examples.iter().map(|it| (text(&it.url), text(&it.message))).collect(),
    }
}

fn field_row(field: &FieldSummary, pages: u64) -> FieldRow {
    let width = if pages == 0 { 0.0 } else { (field.pages as f64 * 100.0 / pages as f64).min(100.0) };
    FieldRow {
        field: text(&field.field),
        pages: words::count(field.pages),
        share: words::share(field.pages, pages),
        width: format!("{width:.1}"),
        values: words::count(field.values),
        empty: words::count(field.empty),
        bad: words::count(field.bad),
        is_bad: field.bad > 0 || (field.pages == 0 && field.empty > 0),
    }
}
