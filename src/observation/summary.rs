//! What a run did, for people, for scripts (`--summary`) and for the report.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{LatencySummary, Stretch};
use crate::model::FieldCount;
use crate::scrape::extract::{FieldInfo, MarkCount};

/// The version of the layout of [`Summary`].
pub const VERSION: u32 = 2;

/// What a run did. The field names are part of the public interface.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// The version of this layout.
    pub version: u32,
    /// The version of Gleaner.
    #[serde(default, rename = "gleaner")]
    pub program: String,
    /// When the run began (RFC 3339, UTC).
    #[serde(default)]
    pub started_at: String,
    /// When the run ended (RFC 3339, UTC); until then, when this was made.
    #[serde(default)]
    pub ended_at: String,
    /// How the run ended: `complete`, `reader_gone`, `interrupted`, `failures`, `deadline`, `drained`, or `running`.
    #[serde(default)]
    pub ending: Cow<'static, str>,
    /// Tasks that were settled, including those of an earlier run that this run resumed.
    pub tasks: u64,
    /// Tasks with data.
    pub ok: u64,
    /// Tasks without data.
    pub failed: u64,
    /// Failures by kind.
    pub failures: BTreeMap<Cow<'static, str>, u64>,
    /// Failures of this run by kind and status, the most frequent ones first, at most 100 of them.
    #[serde(default)]
    pub failures_by_status: Vec<FailureCount>,
    /// Tasks that the earlier run had settled. Everything below is about this run alone.
    #[serde(default, skip_serializing_if = "is_none")]
    pub resumed: u64,
    /// Seconds from start to end.
    pub elapsed_s: f64,
    /// Requests for pages. Redirects and retries are requests of their own.
    pub requests: u64,
    /// Requests for a robots.txt.
    pub robots_requests: u64,
    /// Requests for a sitemap, or for a robots.txt that names sitemaps; absent if there was none.
    #[serde(default, skip_serializing_if = "is_none")]
    pub listing_requests: u64,
    /// Tries after the first one of each task.
    pub retries: u64,
    /// Tasks whose data comes from the cache; absent in a run without a cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached: Option<u64>,
    /// Pages that html5ever parsed, because `extraction.parser` says so or because they have more than 256 MiB.
    pub parsed_by_reference: u64,
    /// Decompressed bytes of all bodies.
    pub bytes: u64,
    /// The workers that had a job, in the order in which they ended: at most 10,000. `workers_by_end` counts all of
    /// them.
    pub workers: Vec<WorkerSummary>,
    /// The number of workers for each reason of their end.
    pub workers_by_end: BTreeMap<Cow<'static, str>, u64>,
    /// How well the rules fit, for each field, in the order of the rules. Nested fields follow the field around them.
    pub fields: Vec<FieldSummary>,
    /// How long the phases of requests took.
    #[serde(default)]
    pub latency: PhaseSummary,
    /// Of the first 500 hosts, those with the most tasks, at most 200 of them.
    #[serde(default)]
    pub hosts: Vec<HostSummary>,
    /// All other hosts together; absent if there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_hosts: Option<HostSummary>,
    /// What happened when.
    #[serde(default)]
    pub history: HistorySummary,
    /// The settings that differ from their defaults, as they were written. Secrets are hidden.
    #[serde(default)]
    pub settings: Vec<SettingSummary>,
    /// The lists, as the command line names them.
    #[serde(default)]
    pub lists: Vec<String>,
    /// The file of the output; absent for standard output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
}

/// What only the command line knows of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommandLine {
    /// The settings that differ from their defaults, without secrets.
    pub settings: Vec<SettingSummary>,
    /// The lists, without passwords.
    pub lists: Vec<String>,
    /// The file of the output; `None` for standard output.
    pub output: Option<String>,
}

impl Summary {
    /// Adds what only the command line knows.
    #[must_use]
    pub fn of(self, CommandLine { settings, lists, output }: CommandLine) -> Self {
        Self { settings, lists, output, ..self }
    }
}

/// Failures of one kind and status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureCount {
    /// The kind, as records name it.
    pub kind: Cow<'static, str>,
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// How many tasks failed so.
    pub count: u64,
    /// The first of them, at most 20.
    pub examples: Vec<FailureExample>,
}

/// A task that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureExample {
    /// The task's number.
    pub seq: u64,
    /// The line of the list, at most 300 bytes of it.
    pub url: String,
    /// Why it failed, at most 300 bytes of it.
    pub message: String,
}

/// How long the phases of requests took.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PhaseSummary {
    /// From when a task was read until it was handed to a worker: the delay and the limits of its host, its robots.txt,
    /// and all workers being busy.
    pub queue: LatencySummary,
    /// Making connections: looking up the name, TCP, the tunnel of a proxy, TLS. Only requests that needed a new one.
    pub connect: LatencySummary,
    /// From when the worker began until the head of the answer came. Connecting is a part of it.
    pub first_byte: LatencySummary,
    /// Reading the body.
    pub body: LatencySummary,
    /// Decoding and parsing.
    pub parse: LatencySummary,
    /// Extracting and writing the data.
    pub extract: LatencySummary,
    /// From when a worker got a request until its answer was ready.
    pub total: LatencySummary,
}

/// What one host did.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct HostSummary {
    /// The name, with the port if it is unusual. Empty for the other hosts together.
    pub host: String,
    /// Settled tasks whose line names this host.
    pub tasks: u64,
    /// Those of them that failed.
    pub failed: u64,
    /// Decompressed bytes of the pages of these tasks.
    pub bytes: u64,
    /// How long its answers took (`total`).
    pub latency: LatencySummary,
}

/// The stretches of a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct HistorySummary {
    /// The length of each stretch in seconds.
    pub length_s: f64,
    /// The stretches from the start of the run on, at most 600.
    pub stretches: Vec<Stretch>,
}

/// A setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingSummary {
    /// The dotted name: `pool.workers`.
    pub name: String,
    /// The value as it was written, on one line.
    pub value: String,
}

/// How well the rules of one field fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// A field without any page.
    pub fn new(FieldInfo { path, is_of_settings }: FieldInfo) -> Self {
        let (pages, values, empty, bad, decimals) = (0, 0, 0, 0, MarkCount::default());
        Self { field: path, pages, values, empty, bad, decimals, is_of_settings }
    }

    /// Adds what one page has.
    pub fn add(&mut self, count: FieldCount) {
        self.pages += u64::from(count.values > 0);
        self.values += u64::from(count.values);
        self.empty += u64::from(count.empty);
        self.bad += u64::from(count.bad);
        let FieldCount { points, commas, misread, .. } = count;
        self.decimals.merge(MarkCount { point: points.into(), comma: commas.into(), misread: misread.into() });
    }
}

/// What one worker did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkerSummary {
    /// Named numbers from the executor that identify the worker and its place. A process of this machine has its
    /// process id (`pid`), its place among the workers (`slot`), and the number of workers that had this place before
    /// (`generation`).
    #[serde(flatten)]
    pub facts: BTreeMap<Cow<'static, str>, u64>,
    /// Tasks that the worker settled.
    pub tasks: u64,
    /// All jobs that the worker received, including redirects and retries.
    pub jobs: u64,
    /// Seconds from the start of the run to the start of the worker.
    pub started_s: f64,
    /// Seconds from the start of the run to when the worker got its place, for which it may have waited; absent while it
    /// waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placed_s: Option<f64>,
    /// Seconds from the start of the run to the end of the worker.
    pub ended_s: f64,
    /// Why the worker ended; `running` if it has not.
    pub end: Cow<'static, str>,
}

/// How workers can end, as the summary names it: as planned, and otherwise.
pub const WORKER_ENDS: [&str; 7] = ["finished", "quota", "memory", "crashed", "timeout", "corrupt", "killed"];

impl WorkerSummary {
    /// The fact with this name; `None` if the executor does not provide it.
    pub fn fact(&self, name: &str) -> Option<u64> {
        self.facts.get(name).copied()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_none(count: &u64) -> bool {
    *count == 0
}
