//! The sections of the page, in words and numbers.

use std::collections::BTreeSet;

use askama::Template;

use super::lines::{self, Axis, Line};
use super::timeline::{PageBar, Timeline};
use super::{axis, bars, slots, timeline, words};
use crate::model::{excerpt, printable};
use crate::observation::{
    FailureCount, FieldSummary, HistorySummary, HostSummary, LatencySummary, PhaseSummary, Stretch, Summary,
};

/// The most kinds of failures that are shown.
const FAILURES: usize = 20;

/// The longest text from elsewhere in a cell, in bytes. The texts of failures in a summary are not longer.
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

/// A run of which only the workers and the pages are shown.
#[derive(Debug, Clone, Copy)]
pub struct Pictured<'a> {
    /// What is special about the run.
    pub heading: &'a str,
    /// What it did.
    pub summary: &'a Summary,
    /// When its pages were fetched.
    pub pages: &'a [PageBar],
}

/// A page that compares the workers of several runs, on one scale of time.
///
/// # Errors
/// As for [`page`].
pub fn comparison(title: &str, about: &str, runs: &[Pictured<'_>]) -> Result<String, askama::Error> {
    let longest = runs.iter().map(|run| run.summary.elapsed_s).fold(0.0, f64::max);
    let section = |run: &Pictured<'_>| Section {
        heading: text(run.heading),
        time: format!("{:.2} s", run.summary.elapsed_s),
        processes: match run.summary.workers.len() as u64 {
            1 => "1 process".to_owned(),
            count => format!("{} processes", words::count(count)),
        },
        timeline: timeline::draw(&run.summary.workers, run.pages, longest).svg,
    };
    let sections = runs.iter().map(section).collect();
    let body = Comparison { title: text(title), about: text(about), sections }.render()?;
    Page { style: STYLE, title: text(title), body }.render()
}

#[derive(Template)]
#[template(path = "comparison.html")]
struct Comparison {
    title: String,
    about: String,
    sections: Vec<Section>,
}

struct Section {
    heading: String,
    time: String,
    processes: String,
    timeline: String,
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
    timeline: Timeline,
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
    meaning: &'static str,
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
    kind: String,
    status: String,
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
        let (all, running) = (processes(summary), running(summary));
        let running = (running > 0).then_some(("running", running));
        let ends = summary.workers_by_end.iter().map(|(end, count)| (&**end, *count)).chain(running);
        let ends = ends.map(|(name, count)| {
            let &slots::End { class, meaning, .. } = slots::end(name);
            End { name: text(name), class, count: words::count(count), meaning }
        });
        let ends: Vec<End> = ends.collect();
        let fields = summary.fields.iter().map(|field| field_row(field, summary.ok)).collect();
        Self {
            title: title(summary),
            subtitle: subtitle(summary),
            tiles: tiles(summary),
            timeline: timeline::draw(&summary.workers, &[], summary.elapsed_s),
            ends,
            unlisted: all.saturating_sub(listed),
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
    printable(&excerpt(foreign, LONGEST)).into_owned()
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
    let when = if summary.started_at.is_empty() {
        String::new()
    } else {
        format!(", started {}", moment(&summary.started_at))
    };
    let version =
        if summary.program.is_empty() { String::new() } else { format!(", gleaner {}", text(&summary.program)) };
    format!("{ending}{when}{version}")
}

/// A time of the summary for people: `2026-11-28 22:40:46 UTC`.
fn moment(time: &str) -> String {
    let (day, rest) = time.split_once('T').unwrap_or((time, ""));
    let clock = rest.split(['.', 'Z']).next().unwrap_or_default();
    text(&format!("{day} {clock} UTC"))
}

/// How many workers have not ended.
fn running(summary: &Summary) -> u64 {
    summary.workers.iter().filter(|worker| worker.end == "running").count() as u64
}

/// How many workers there were. A file may have any counts.
fn processes(summary: &Summary) -> u64 {
    summary.workers_by_end.values().fold(running(summary), |sum, count| sum.saturating_add(*count))
}

fn tiles(summary: &Summary) -> Vec<Tile> {
    let now = summary.tasks.saturating_sub(summary.resumed);
    let resumed = match summary.resumed {
        0 => String::new(),
        resumed => format!("{} of them by an earlier run", words::count(resumed)),
    };
    let cached = summary.cached.filter(|cached| *cached > 0);
    let cached = cached.map_or_else(String::new, |cached| format!("{} from the cache", words::count(cached)));
    let again = if summary.retries == 1 { "retry" } else { "retries" };
    let (robots, retries) = (words::count(summary.robots_requests), words::count(summary.retries));
    let requests = format!("{robots} for robots.txt, {retries} {again}");
    let workers = processes(summary);
    let slots: BTreeSet<_> = summary.workers.iter().map(|worker| (worker.fact("node"), worker.fact("slot"))).collect();
    let slots = match slots.len() as u64 {
        _ if workers < 2 => String::new(),
        1 => "one after another".to_owned(),
        slots => format!("{} at a time", words::count(slots)),
    };
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
        tile("workers", words::count(workers), slots, ""),
    ]
}

/// The most points of a picture of values over time. More would be spikes of single tasks in most runs.
const POINTS: usize = 120;

/// The fewest points of such a picture. Fewer say nothing.
const FEWEST_POINTS: usize = 4;

/// A stretch of a picture, and how many seconds it has.
fn points(history: &HistorySummary) -> Vec<(Stretch, f64)> {
    let each = history.stretches.len().div_ceil(POINTS).max(1);
    let chunks = history.stretches.chunks(each);
    let points = chunks.map(|chunk| {
        let mut sum = Stretch::default();
        chunk.iter().for_each(|stretch| sum.add(*stretch));
        (sum, history.length_s * chunk.len() as f64)
    });
    points.collect()
}

fn pictures(summary: &Summary) -> Vec<Picture> {
    let points = points(&summary.history);
    if points.len() < FEWEST_POINTS {
        return Vec::new();
    }
    let Some((_, length)) = points.first().copied().filter(|(_, length)| (1e-6..1e12).contains(length)) else {
        return Vec::new();
    };
    let has = |of: fn(&Stretch) -> u64| points.iter().any(|(it, _)| of(it) > 0);
    let values = |of: fn(&Stretch) -> u64| -> Vec<f64> { points.iter().map(|(it, _)| of(it) as f64).collect() };
    let a_second =
        |of: fn(&Stretch) -> u64| -> Vec<f64> { points.iter().map(|(it, length)| of(it) as f64 / length).collect() };
    let (rate, count, size): (Axis, Axis, Axis) =
        ((axis::step, number), (axis::whole_step, number), (axis::size_step, size));
    let line = |class, values| Line { class, values };
    let tasks = [line("tasks", a_second(|it| it.tasks)), line("failed", a_second(|it| it.failed))];
    let svg = lines::draw("Tasks a second over time", &tasks, length, rate);
    let mut pictures = vec![Picture { title: "Tasks a second (failures in red)", svg }];
    if has(|it| it.in_flight) {
        let flight = line("flight", values(|it| it.in_flight));
        let svg = lines::draw("Requests in flight over time", &[flight], length, count);
        pictures.push(Picture { title: "Requests in flight", svg });
    }
    if has(|it| it.memory) {
        let svg = lines::draw("Memory over time", &[line("memory", values(|it| it.memory))], length, size);
        pictures.push(Picture { title: "Memory of all workers", svg });
    }
    if has(|it| it.waiting_hosts) {
        let waiting = line("waiting", values(|it| it.waiting_hosts));
        let svg = lines::draw("Hosts that wait over time", &[waiting], length, count);
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
        ("connect", "for new connections: name, TCP, TLS; a part of first byte", &latency.connect),
        ("first byte", "from the request to the head of the answer", &latency.first_byte),
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
    FailureRow {
        kind: text(&failures.kind),
        status: failures.status.map_or_else(String::new, |status| format!("status {status}")),
        count: words::count(failures.count),
        share: words::share(failures.count, all),
        examples: failures.examples.iter().map(|it| (text(&it.url), text(without_url(&it.message, &it.url)))).collect(),
    }
}

/// A message without the URL that stands beside it.
fn without_url<'a>(message: &'a str, url: &str) -> &'a str {
    let rest = message.strip_prefix("get ").and_then(|rest| rest.strip_prefix(url));
    rest.and_then(|rest| rest.strip_prefix(": ")).unwrap_or(message)
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
