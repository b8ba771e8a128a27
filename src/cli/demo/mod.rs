//! `gleaner demo`: shows how the pool works, on seven pages that take one second each.
//!
//! - `picture`: draws a run on a terminal

mod picture;

use std::collections::BTreeMap;
use std::io::{self, IsTerminal as _, Write};
use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::extract::Path;
use axum::response::Html;
use axum::routing::get;
use console::Term;
use serde::Deserialize;

use super::args::DemoArgs;
use super::closing_file::ClosingFile;
use super::launch::Ran;
use super::site::{ORIGIN, Site};
use super::{Stop, launch, log};
use crate::config::{self, Plan};
use crate::coordinator::{Ending, Reason, observed};
use crate::exit_code::Exit;
use crate::input::{Input, Source};
use crate::model::{counted, time_of_rfc_3339};
use crate::observation::{Summary, WorkerSummary};
use crate::report::{self, PageBar, Pictured};
use crate::sink;
use crate::streams;

const PAGES: usize = 7;
const PAGE_TIME: Duration = Duration::from_secs(1);

/// A run over the pages, as it is shown.
#[derive(Debug)]
struct Shown {
    heading: String,
    summary: Summary,
    pages: Vec<PageBar>,
}

pub(super) fn run(args: &DemoArgs) -> Result<Exit, Stop> {
    match show_all(args) {
        Err(stop) if is_reader_gone(&stop) => Ok(Exit::Success),
        result => result,
    }
}

fn show_all(args: &DemoArgs) -> Result<Exit, Stop> {
    log::start(0, false);
    let report = args.report.as_deref().map(|path| ClosingFile::open("report", path)).transpose();
    let report = report.map_err(Stop::usage)?;
    let site = Site::of(Router::new().route("/page/{number}", get(page))).map_err(Stop::usage)?;
    let about = [
        format!("{PAGES} pages that take one second each."),
        format!("Each worker process fetches one page at a time. Coordinator: pid {}.", std::process::id()),
    ];
    let display = Display { goes_on: report.is_some() };
    about.iter().try_for_each(|line| display.say(line))?;
    if terminal_width().is_some() {
        display.say("Blocks are pages over time. A line is a process that waits.")?;
    }
    display.say("")?;
    let cpus = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let mut counts = vec![1, 2, cpus, PAGES];
    counts.sort_unstable();
    counts.dedup();
    let with_note = |workers: usize| {
        let note = if workers == cpus { " (one for each CPU)" } else { "" };
        (format!("{}{note}", counted(workers as u64, "worker")), workers, None)
    };
    let recycled = "2 workers with a quota of 2: after two pages, a new process replaces a worker".to_owned();
    let runs = counts.into_iter().map(with_note).chain([(recycled, 2, NonZeroU32::new(2))]);
    let (mut all, mut longest) = (Vec::new(), 0.0_f64);
    for (heading, workers, quota) in runs {
        display.say(&heading)?;
        let shown = demonstrate(&site, heading, workers, quota)?;
        longest = longest.max(shown.summary.elapsed_s);
        show(&shown, longest, display)?;
        all.push(shown);
    }
    if let Some(file) = report {
        write_report(file, &about.join(" "), &all).map_err(Stop::on_the_way)?;
    }
    Ok(Exit::Success)
}

/// Shows a run: as a picture on a terminal, and as a table for programs.
fn show(shown: &Shown, longest: f64, display: Display) -> Result<(), Stop> {
    let is_coloured = anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never;
    let picture = terminal_width().and_then(|width| picture::draw(shown, longest, width, is_coloured));
    for line in picture.unwrap_or_else(|| rows(shown)) {
        display.say(&line)?;
    }
    display.say(&format!("  {:.2} s\n", shown.summary.elapsed_s))
}

/// The columns of standard output, if it is a terminal.
fn terminal_width() -> Option<usize> {
    let size = Term::stdout().size_checked().filter(|_| io::stdout().is_terminal());
    size.map(|(_, columns)| usize::from(columns))
}

fn write_report(file: ClosingFile, about: &str, all: &[Shown]) -> anyhow::Result<()> {
    let runs =
        all.iter().map(|shown| Pictured { heading: &shown.heading, summary: &shown.summary, pages: &shown.pages });
    let page = report::comparison("The pool at work", about, &runs.collect::<Vec<_>>()).context("make the report")?;
    file.write(page.as_bytes())
}

async fn page(Path(number): Path<u32>) -> Html<String> {
    tokio::time::sleep(PAGE_TIME).await;
    Html(format!("<!doctype html><title>Page {number}</title><h1>Page {number}</h1>"))
}

/// Runs Gleaner over the pages.
fn demonstrate(site: &Site, heading: String, workers: usize, quota: Option<NonZeroU32>) -> Result<Shown, Stop> {
    let folder = tempfile::tempdir().map_err(Stop::usage)?;
    let output = folder.path().join("pages.jsonl");
    let plan = plan(site, workers, quota).map_err(Stop::usage)?;
    let pages: Vec<Source> = (1..=PAGES).map(|number| Source::Url(format!("{ORIGIN}page/{number}"))).collect();
    let input = Input::open(&pages, None, None).map_err(Stop::usage)?;
    let options = sink::Options {
        destination: sink::Destination::File(output.clone()),
        format: sink::Format::Jsonl,
        ..plan.sink.clone()
    };
    let of_run = launch::Output { options, conversion: None, kept: None };
    let Ran { ending, summary, .. } = launch::launch(&plan, input, of_run, observed(false).0)?;
    if let Ending::Stopped(Reason::Signal(signal)) = ending {
        return Err(Stop { exit: Exit::Signal(signal), ..Stop::on_the_way(anyhow::anyhow!("interrupted")) });
    }
    let records = std::fs::read_to_string(output).map_err(Stop::on_the_way)?;
    let pages = page_bars(&records, &summary).map_err(Stop::on_the_way)?;
    Ok(Shown { heading, summary, pages })
}

fn plan(site: &Site, workers: usize, quota: Option<NonZeroU32>) -> anyhow::Result<Plan> {
    let sources = config::Sources {
        // An empty file instead of the user's settings, so that the demonstration is the same everywhere.
        config: Some("/dev/null".into()),
        folder: "/".into(),
        user: rustix::process::geteuid().as_raw(),
        environment: Vec::new(),
        flags: vec![config::Flag::set("extract.title={ css = \"h1::text\", required = true }")],
        cpus: NonZeroUsize::MIN,
    };
    let mut plan = config::load(&sources)?.plan;
    plan.scrape.fetch.site = Some(site.address());
    plan.pool.workers = NonZeroUsize::new(workers).context("no workers")?;
    plan.pool.concurrency = NonZeroUsize::MIN;
    plan.pool.quota = quota;
    Ok(plan)
}

#[derive(Deserialize)]
struct Line {
    seq: u64,
    data: Option<serde::de::IgnoredAny>,
    worker: Option<u64>,
    elapsed_ms: f64,
    fetched_at: Option<String>,
}

/// When the pages were fetched, in their order.
fn page_bars(records: &str, summary: &Summary) -> anyhow::Result<Vec<PageBar>> {
    let start = time_of_rfc_3339(&summary.started_at).context("the summary has no start")?;
    let bar = |line: &str| {
        let Line { seq, data, worker, elapsed_ms, fetched_at } = serde_json::from_str(line)?;
        let at = fetched_at.as_deref().and_then(time_of_rfc_3339);
        let (Some(_), Some(pid), Some(at)) = (data, worker, at) else {
            anyhow::bail!("a page of the demo failed; unset the proxy variables of the environment");
        };
        let to_s = at.duration_since(start).unwrap_or_default().as_secs_f64();
        Ok(PageBar { pid, number: seq + 1, from_s: (to_s - elapsed_ms / 1e3).max(0.0), to_s })
    };
    records.lines().map(bar).collect()
}

/// One row for each worker: its pid and its pages. Batches are counted per worker slot.
fn rows(shown: &Shown) -> Vec<String> {
    let mut workers: Vec<&WorkerSummary> = shown.summary.workers.iter().collect();
    let fact = |worker: &WorkerSummary, name| worker.fact(name).unwrap_or_default();
    workers.sort_by_key(|worker| (fact(worker, "slot"), fact(worker, "generation")));
    let mut batches: BTreeMap<u64, usize> = BTreeMap::new();
    let rows = workers.into_iter().map(|worker| {
        let (pid, batch) = (fact(worker, "pid"), batches.entry(fact(worker, "slot")).or_default());
        let own = shown.pages.iter().filter(|page| page.pid == pid);
        let pages: Vec<String> = own
            .map(|page| {
                *batch += 1;
                format!("batch {batch}: Page {}", page.number)
            })
            .collect();
        let note = if fact(worker, "generation") > 0 { "  (new)" } else { "" };
        format!("  pid {pid:<8}{}{note}", pages.join(", "))
    });
    rows.collect()
}

/// Where the demonstration is shown.
#[derive(Debug, Clone, Copy)]
struct Display {
    /// Whether the runs go on if nobody reads any more, because a report is asked for.
    goes_on: bool,
}

impl Display {
    fn say(self, line: &str) -> Result<(), Stop> {
        let written = streams::display().and_then(|mut out| out.write_all(format!("{line}\n").as_bytes()));
        match written.map_err(Stop::unheard) {
            Err(stop) if self.goes_on && is_reader_gone(&stop) => Ok(()),
            result => result,
        }
    }
}

/// Whether the reader of standard output has closed it. This is not an error.
fn is_reader_gone(stop: &Stop) -> bool {
    stop.error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
