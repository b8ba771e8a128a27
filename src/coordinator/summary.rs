use std::collections::BTreeMap;
use std::time::Instant;

use serde::{Serialize, Serializer};

use super::executor::{WorkerId, WorkerReport};
use crate::model::{FieldCount, Outcome, Record, WorkerLabel};
use crate::scrape::extract::{FieldInfo, MarkCount};
use crate::sink::Before;

/// Maximum number of workers that are listed one by one. A run with quota 1 and ten million tasks has ten million
/// workers.
const LISTED: usize = 10_000;

/// What a run did, for people and for scripts (`--summary`). The field names are part of the public interface.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Summary {
    /// The version of this layout.
    pub version: u32,
    /// Tasks that were settled, including those of an earlier run that this run resumed.
    pub tasks: u64,
    /// Tasks with data.
    pub ok: u64,
    /// Tasks without data.
    pub failed: u64,
    /// Failures by kind.
    pub failures: BTreeMap<&'static str, u64>,
    /// Tasks that the earlier run had settled. Everything below is about this run alone.
    #[serde(skip_serializing_if = "is_none")]
    pub resumed: u64,
    /// Seconds from start to end.
    pub elapsed_s: f64,
    /// Requests for pages. Redirects and retries are requests of their own.
    pub requests: u64,
    /// Requests for a robots.txt.
    pub robots_requests: u64,
    /// Tries after the first one of each task.
    pub retries: u64,
    /// Tasks whose data comes from the cache; absent in a run without a cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cached: Option<u64>,
    /// Pages that html5ever parsed, because `extraction.parser` says so or because they have more than 256 MiB.
    pub parsed_by_reference: u64,
    /// Decompressed bytes of all bodies.
    pub bytes: u64,
    /// The workers that had a job, in the order in which they ended: at most 10,000. `workers_by_end` counts all of
    /// them.
    pub workers: Vec<WorkerSummary>,
    /// The number of workers for each reason of their end.
    pub workers_by_end: BTreeMap<&'static str, u64>,
    /// How well the rules fit, for each field, in the order of the rules. Nested fields follow the field around them.
    pub fields: Vec<FieldSummary>,
}

/// How well the rules of one field fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldSummary {
    /// The names of the fields around it and its own name, such as `quotes.text`.
    pub field: String,
    /// Pages with at least one value.
    pub pages: u64,
    /// Values: for a list its elements, for `each` its objects.
    pub values: u64,
    /// How many times there was no value.
    pub empty: u64,
    /// Values that did not fit their type.
    pub bad: u64,
    /// Which decimal marks its numbers seem to have.
    #[serde(skip)]
    pub decimals: MarkCount,
    /// Whether the settings name it, or a field around it.
    #[serde(skip)]
    pub is_of_settings: bool,
}

impl FieldSummary {
    fn new(FieldInfo { path, is_of_settings }: FieldInfo) -> Self {
        let (pages, values, empty, bad, decimals) = (0, 0, 0, 0, MarkCount::default());
        Self { field: path, pages, values, empty, bad, decimals, is_of_settings }
    }

    fn add(&mut self, count: FieldCount) {
        self.pages += u64::from(count.values > 0);
        self.values += u64::from(count.values);
        self.empty += u64::from(count.empty);
        self.bad += u64::from(count.bad);
        let FieldCount { points, commas, misread, .. } = count;
        self.decimals.merge(MarkCount { point: points.into(), comma: commas.into(), misread: misread.into() });
    }
}

/// What one worker did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WorkerSummary {
    /// Named numbers from the executor that identify the worker and its place. A process of this machine has its
    /// process id (`pid`), its place among the workers (`slot`), and the number of workers that had this place before
    /// (`generation`).
    #[serde(flatten, serialize_with = "as_fields")]
    pub facts: Vec<(&'static str, u64)>,
    /// Tasks that the worker settled.
    pub tasks: u64,
    /// All jobs that the worker received, including redirects and retries.
    pub jobs: u64,
    /// Seconds from the start of the run to the start of the worker.
    pub started_s: f64,
    /// Seconds from the start of the run to the end of the worker.
    pub ended_s: f64,
    /// Why the worker ended.
    pub end: &'static str,
}

impl WorkerSummary {
    /// The fact with this name; `None` if the executor does not provide it.
    pub fn fact(&self, name: &str) -> Option<u64> {
        self.facts.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }
}

/// Counts the results during the run.
#[derive(Debug)]
pub(super) struct Tally {
    begun: Instant,
    summary: Summary,
    live: BTreeMap<WorkerId, Live>,
}

#[derive(Debug)]
struct Live {
    label: WorkerLabel,
    tasks: u64,
}

impl Tally {
    /// Creates counts that include the work of an earlier run.
    pub(super) fn new(begun: Instant, before: &Before) -> Self {
        let resumed = before.done.seqs.count();
        let failed = before.failures.values().sum();
        let summary = Summary {
            version: 1,
            tasks: resumed,
            ok: resumed.saturating_sub(failed),
            failed,
            failures: before.failures.iter().map(|(kind, count)| (kind.as_str(), *count)).collect(),
            resumed,
            elapsed_s: 0.0,
            requests: 0,
            robots_requests: 0,
            retries: 0,
            cached: None,
            parsed_by_reference: 0,
            bytes: 0,
            workers: Vec::new(),
            workers_by_end: BTreeMap::new(),
            fields: Vec::new(),
        };
        Self { begun, summary, live: BTreeMap::new() }
    }

    /// Sets the fields of the data, which are counted from now on.
    pub(super) fn expect_fields(&mut self, fields: Vec<FieldInfo>) {
        self.summary.fields = fields.into_iter().map(FieldSummary::new).collect();
    }

    /// The name of a running worker for people.
    pub(super) fn label(&self, worker: WorkerId) -> Option<WorkerLabel> {
        self.live.get(&worker).map(|live| live.label)
    }

    pub(super) fn settled(&self) -> (u64, u64) {
        (self.summary.tasks, self.summary.failed)
    }

    /// Counts a request whose answer has this number of bytes.
    pub(super) fn request(&mut self, bytes: u64) {
        self.summary.requests += 1;
        self.read(bytes);
    }

    /// Counts the bytes of an answer that was not requested.
    pub(super) fn read(&mut self, bytes: u64) {
        self.summary.bytes = self.summary.bytes.saturating_add(bytes);
    }

    /// Counts the page of an answer if html5ever parsed it.
    pub(super) fn parsed(&mut self, by_reference: bool) {
        self.summary.parsed_by_reference += u64::from(by_reference);
    }

    pub(super) fn record(&mut self, record: &Record, worker: Option<WorkerId>) {
        self.summary.tasks += 1;
        match &record.outcome {
            Outcome::Page(page) => {
                self.summary.ok += 1;
                let counts = page.fit.counts.iter();
                self.summary.fields.iter_mut().zip(counts).for_each(|(field, count)| field.add(*count));
            }
            Outcome::Failure(failure) => {
                self.summary.failed += 1;
                *self.summary.failures.entry(failure.kind.as_str()).or_default() += 1;
            }
        }
        if let Some(cached) = record.cached {
            *self.summary.cached.get_or_insert(0) += u64::from(cached);
        }
        if let Some(live) = worker.and_then(|worker| self.live.get_mut(&worker)) {
            live.tasks += 1;
        }
    }

    /// Adds a new worker.
    pub(super) fn joined(&mut self, worker: WorkerId, label: WorkerLabel) {
        self.live.insert(worker, Live { label, tasks: 0 });
    }

    /// Removes a worker that is gone. A worker that never had a job is not listed.
    pub(super) fn left(&mut self, worker: WorkerId, report: Option<&WorkerReport>) {
        let (Some(live), Some(report)) = (self.live.remove(&worker), report) else { return };
        *self.summary.workers_by_end.entry(report.end).or_default() += 1;
        if self.summary.workers.len() < LISTED {
            self.summary.workers.push(WorkerSummary {
                facts: report.facts.clone(),
                tasks: live.tasks,
                jobs: report.jobs,
                started_s: self.seconds(report.started),
                ended_s: self.seconds(report.ended),
                end: report.end,
            });
        }
    }

    pub(super) fn finish(mut self, retries: u64, robots_requests: u64, now: Instant) -> Summary {
        self.summary.elapsed_s = self.seconds(now);
        self.summary.retries = retries;
        self.summary.robots_requests = robots_requests;
        self.summary
    }

    /// Seconds since the start of the run, with milliseconds, which are precise enough and easy to read.
    fn seconds(&self, at: Instant) -> f64 {
        let millis = at.saturating_duration_since(self.begun).as_millis();
        f64::from(u32::try_from(millis).unwrap_or(u32::MAX)) / 1000.0
    }
}

fn as_fields<S: Serializer>(facts: &[(&'static str, u64)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(facts.iter().copied())
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_none(count: &u64) -> bool {
    *count == 0
}
