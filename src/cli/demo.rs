//! `gleaner demo`: shows how the pool works, on seven pages that take one second each.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::extract::Path;
use axum::response::Html;
use axum::routing::get;
use serde::Deserialize;

use super::launch::Ran;
use super::site::{ORIGIN, Site};
use super::{Stop, launch, log, words};
use crate::config::{self, Plan};
use crate::coordinator::{Ending, Reason, observed};
use crate::exit_code::Exit;
use crate::input::{Input, Source};
use crate::observation::{Summary, WorkerSummary};
use crate::sink;
use crate::streams;

const PAGES: usize = 7;
const PAGE_TIME: Duration = Duration::from_secs(1);

pub(super) fn run() -> Result<Exit, Stop> {
    match show_all() {
        Err(stop) if is_reader_gone(&stop) => Ok(Exit::Success),
        result => result,
    }
}

fn show_all() -> Result<Exit, Stop> {
    log::start(0, false);
    let site = Site::of(Router::new().route("/page/{number}", get(page))).map_err(Stop::usage)?;
    say(&format!(
        "{PAGES} pages that take one second each. Each worker process fetches one page at a time. Coordinator: pid {}.\n",
        std::process::id()
    ))?;
    let cpus = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let mut counts = vec![1, 2, cpus, PAGES];
    counts.sort_unstable();
    counts.dedup();
    for workers in counts {
        let note = if workers == cpus { " (one for each CPU)" } else { "" };
        say(&format!("{}{note}", words::counted(workers as u64, "worker")))?;
        demonstrate(&site, workers, None)?;
    }
    say("2 workers with a quota of 2: after two pages, a new process replaces a worker")?;
    demonstrate(&site, 2, NonZeroU32::new(2))?;
    Ok(Exit::Success)
}

async fn page(Path(number): Path<u32>) -> Html<String> {
    tokio::time::sleep(PAGE_TIME).await;
    Html(format!("<!doctype html><title>Page {number}</title><h1>Page {number}</h1>"))
}

/// Runs Gleaner over the pages and prints the result.
fn demonstrate(site: &Site, workers: usize, quota: Option<NonZeroU32>) -> Result<(), Stop> {
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
    for row in rows(&records, &summary).map_err(Stop::on_the_way)? {
        say(&row)?;
    }
    say(&format!("  {:.2} s\n", summary.elapsed_s))
}

fn plan(site: &Site, workers: usize, quota: Option<NonZeroU32>) -> anyhow::Result<Plan> {
    let sources = config::Sources {
        // An empty file instead of the user's settings, so that the demonstration is the same everywhere.
        config: Some("/dev/null".into()),
        folder: "/".into(),
        user: rustix::process::geteuid().as_raw(),
        environment: Vec::new(),
        flags: vec![config::Flag::set("extract.title=h1::text")],
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
    data: Option<Data>,
    worker: Option<u64>,
}

#[derive(Deserialize)]
struct Data {
    title: String,
}

/// One row for each worker: its pid and its pages. Batches are counted per worker slot.
fn rows(records: &str, summary: &Summary) -> anyhow::Result<Vec<String>> {
    let mut by_pid: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    for line in records.lines() {
        let line: Line = serde_json::from_str(line)?;
        let (Some(data), Some(pid)) = (line.data, line.worker) else {
            anyhow::bail!("a page of the demo failed; unset the proxy variables of the environment");
        };
        by_pid.entry(pid).or_default().push(data.title);
    }
    let mut workers = summary.workers.clone();
    let fact = |worker: &WorkerSummary, name| worker.fact(name).unwrap_or_default();
    workers.sort_by_key(|worker| (fact(worker, "slot"), fact(worker, "generation")));
    let mut batches: BTreeMap<u64, usize> = BTreeMap::new();
    let mut rows = Vec::new();
    for worker in workers {
        let (pid, batch) = (fact(&worker, "pid"), batches.entry(fact(&worker, "slot")).or_default());
        let pages: Vec<String> = by_pid
            .remove(&pid)
            .unwrap_or_default()
            .into_iter()
            .map(|title| {
                *batch += 1;
                format!("batch {batch}: {title}")
            })
            .collect();
        let note = if fact(&worker, "generation") > 0 { "  (new)" } else { "" };
        rows.push(format!("  pid {pid:<8}{}{note}", pages.join(", ")));
    }
    Ok(rows)
}

fn say(line: &str) -> Result<(), Stop> {
    let written = streams::display().and_then(|mut out| out.write_all(format!("{line}\n").as_bytes()));
    written.map_err(Stop::unheard)
}

/// Whether the reader of standard output has closed it. This is not an error.
fn is_reader_gone(stop: &Stop) -> bool {
    stop.error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
