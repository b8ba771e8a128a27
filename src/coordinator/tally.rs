//! Collects what happens in a run, for everything that shows it.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant, SystemTime};

use super::executor::{WorkerId, WorkerReport};
use crate::model::{Outcome, Phases, Record, WorkerLabel, rfc_3339};
use crate::observation::{
    Failures, FieldSummary, History, HistorySummary, HostCounts, Latency, PhaseSummary, Stretch, Summary, VERSION,
    WorkerSummary,
};
use crate::scrape::extract::FieldInfo;
use crate::sink::Before;

/// Maximum number of workers that are listed one by one. A run with quota 1 and ten million tasks has ten million
/// workers.
const LISTED: usize = 10_000;

/// The rate is that of this many last seconds.
const RATE_OVER: u64 = 5;

/// Counts the results during the run.
#[derive(Debug)]
pub(super) struct Tally {
    begun: Instant,
    summary: Summary,
    live: BTreeMap<WorkerId, Live>,
    failures: Failures,
    history: History,
    /// Settled tasks in each of the last seconds: the second since the start, and the count.
    recent: VecDeque<(u64, u64)>,
    /// When something happened last that others wait for: a task was settled, or the run began or was resumed.
    last_move: Instant,
    /// `None` if nobody asks for them, because counting them costs time on each page.
    details: Option<Box<Details>>,
}

/// What only the report, the live page and the metrics show.
#[derive(Debug, Default)]
struct Details {
    hosts: HostCounts,
    queue: Latency,
    connect: Latency,
    first_byte: Latency,
    body: Latency,
    parse: Latency,
    extract: Latency,
    total: Latency,
}

#[derive(Debug)]
struct Live {
    label: WorkerLabel,
    started: Instant,
    tasks: u64,
}

/// Levels that a run has at one moment.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Levels {
    pub(super) in_flight: u64,
    pub(super) memory: u64,
    pub(super) waiting_hosts: u64,
}

impl Tally {
    /// Creates counts that include the work of an earlier run.
    pub(super) fn new(begun: Instant, before: &Before) -> Self {
        let resumed = before.done.count();
        let failed = before.failures.values().sum();
        let summary = Summary {
            version: VERSION,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            ending: Cow::Borrowed("running"),
            tasks: resumed,
            ok: resumed.saturating_sub(failed),
            failed,
            failures: before.failures.iter().map(|(kind, count)| (Cow::Borrowed(kind.as_str()), *count)).collect(),
            resumed,
            ..Summary::default()
        };
        Self {
            begun,
            summary,
            live: BTreeMap::new(),
            failures: Failures::default(),
            history: History::default(),
            recent: VecDeque::new(),
            last_move: begun,
            details: None,
        }
    }

    /// Sets the fields of the data, which are counted from now on.
    pub(super) fn expect_fields(&mut self, fields: Vec<FieldInfo>) {
        self.summary.fields = fields.into_iter().map(FieldSummary::new).collect();
    }

    /// Counts hosts and latencies from now on.
    pub(super) fn count_details(&mut self) {
        self.details.get_or_insert_default();
    }

    pub(super) fn counts_details(&self) -> bool {
        self.details.is_some()
    }

    /// The name of a running worker for people.
    pub(super) fn label(&self, worker: WorkerId) -> Option<WorkerLabel> {
        self.live.get(&worker).map(|live| live.label)
    }

    pub(super) fn settled(&self) -> (u64, u64) {
        (self.summary.tasks, self.summary.failed)
    }

    /// The number of tasks that this run has settled.
    pub(super) fn settled_now(&self) -> u64 {
        self.summary.tasks - self.summary.resumed
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

    /// Counts a request for a sitemap whose answer has this number of bytes.
    pub(super) fn listing_request(&mut self, bytes: u64) {
        self.summary.listing_requests += 1;
        self.read(bytes);
    }

    /// Counts the page of an answer if html5ever parsed it.
    pub(super) fn parsed(&mut self, by_reference: bool) {
        self.summary.parsed_by_reference += u64::from(by_reference);
    }

    /// Counts how long a request waited before a worker got it.
    pub(super) fn waited(&mut self, time: Duration) {
        if let Some(details) = &mut self.details {
            details.queue.add(time);
        }
    }

    /// Counts how long an answer of `host` took. A worker may claim any phases, but `total` was compared with the clock, so
    /// no phase counts for more than that.
    pub(super) fn answered(&mut self, host: &str, phases: Phases, total: Duration) {
        let Some(details) = &mut self.details else { return };
        details.hosts.answered(host, total);
        details.total.add(total);
        let Phases { connect, first_byte, body, parse, extract } = phases;
        let parts = [
            (&mut details.connect, connect),
            (&mut details.first_byte, first_byte),
            (&mut details.body, body),
            (&mut details.parse, parse),
            (&mut details.extract, extract),
        ];
        for (latency, time) in parts {
            time.into_iter().for_each(|time| latency.add(time.min(total)));
        }
    }

    /// Counts a settled task whose line names `host`, if its URL is valid.
    pub(super) fn record(&mut self, record: &Record, host: Option<&str>, worker: Option<WorkerId>, now: Instant) {
        self.summary.tasks += 1;
        let (is_failure, bytes) = match &record.outcome {
            Outcome::Page(page) => {
                self.summary.ok += 1;
                let counts = page.fit.counts.iter();
                self.summary.fields.iter_mut().zip(counts).for_each(|(field, count)| field.add(*count));
                (false, page.bytes)
            }
            Outcome::Failure(failure) => {
                self.summary.failed += 1;
                *self.summary.failures.entry(Cow::Borrowed(failure.kind.as_str())).or_default() += 1;
                self.failures.add(record.seq, &record.url, failure);
                (true, failure.bytes)
            }
        };
        if let Some(cached) = record.cached {
            *self.summary.cached.get_or_insert(0) += u64::from(cached);
        }
        if let Some(live) = worker.and_then(|worker| self.live.get_mut(&worker)) {
            live.tasks += 1;
        }
        if let (Some(details), Some(host)) = (&mut self.details, host) {
            details.hosts.settled(host, is_failure, bytes);
        }
        self.last_move = now;
        let at = now.saturating_duration_since(self.begun);
        self.history.add(at, Stretch { tasks: 1, failed: u64::from(is_failure), ..Stretch::default() });
        match self.recent.back_mut() {
            Some((second, count)) if *second == at.as_secs() => *count += 1,
            _ => self.recent.push_back((at.as_secs(), 1)),
        }
        while self.recent.front().is_some_and(|(second, _)| second + RATE_OVER < at.as_secs()) {
            self.recent.pop_front();
        }
    }

    /// Notes the levels of this moment.
    pub(super) fn levels(&mut self, Levels { in_flight, memory, waiting_hosts }: Levels, now: Instant) {
        let at = now.saturating_duration_since(self.begun);
        self.history.note(at, in_flight, memory, waiting_hosts);
    }

    /// Counts a request that was just handed out, with which so many are in flight. In a short run, nobody looks at the
    /// levels while there are any.
    pub(super) fn handed_out(&mut self, in_flight: u64, now: Instant) {
        if self.details.is_some() {
            self.history.note_in_flight(self.elapsed(now), in_flight);
        }
    }

    /// Settled tasks a second, over the last seconds. The second that has just begun does not count.
    pub(super) fn rate(&self, now: Instant) -> f64 {
        let second = self.elapsed(now).as_secs();
        let first = second.saturating_sub(RATE_OVER);
        if second == first {
            return 0.0;
        }
        let counts = self.recent.iter().filter(|(at, _)| (first..second).contains(at));
        let count: u64 = counts.map(|(_, count)| count).sum();
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let rate = count as f64 / (second - first) as f64;
        rate
    }

    /// The time since the last task was settled, or since the run began or was resumed after a pause.
    pub(super) fn quiet(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.last_move)
    }

    /// The run goes on after a pause.
    pub(super) fn resumed(&mut self, now: Instant) {
        self.last_move = now;
    }

    pub(super) fn elapsed(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.begun)
    }

    /// Adds a new worker.
    pub(super) fn joined(&mut self, worker: WorkerId, label: WorkerLabel, now: Instant) {
        self.live.insert(worker, Live { label, started: now, tasks: 0 });
    }

    /// Removes a worker that is gone. A worker that never had a job is not listed.
    pub(super) fn left(&mut self, worker: WorkerId, report: Option<&WorkerReport>) {
        let (Some(live), Some(report)) = (self.live.remove(&worker), report) else { return };
        *self.summary.workers_by_end.entry(Cow::Borrowed(report.end)).or_default() += 1;
        if self.summary.workers.len() < LISTED {
            self.summary.workers.push(WorkerSummary {
                facts: report.facts.iter().map(|(name, value)| (Cow::Borrowed(*name), *value)).collect(),
                tasks: live.tasks,
                jobs: report.jobs,
                started_s: self.seconds(report.started),
                placed_s: report.placed.map(|at| self.seconds(at)),
                ended_s: self.seconds(report.ended),
                end: Cow::Borrowed(report.end),
            });
        }
    }

    /// What the run has done until now.
    pub(super) fn summary(&self, retries: u64, robots_requests: u64, now: Instant, wall: SystemTime) -> Summary {
        let started = wall.checked_sub(self.elapsed(now)).unwrap_or(wall);
        let (hosts, other_hosts) = self.details.as_ref().map(|it| it.hosts.summaries()).unwrap_or_default();
        let history =
            HistorySummary { length_s: self.history.length_s(), stretches: self.history.stretches().to_vec() };
        Summary {
            started_at: rfc_3339(started),
            ended_at: rfc_3339(wall),
            elapsed_s: self.seconds(now),
            retries,
            robots_requests,
            failures_by_status: self.failures.counts(),
            latency: self.details.as_ref().map(|details| details.phases()).unwrap_or_default(),
            hosts,
            other_hosts,
            history,
            ..self.summary.clone()
        }
    }

    /// The workers that have not ended, as the summary lists them, without what only the executor knows.
    pub(super) fn live(&self, now: Instant) -> impl Iterator<Item = (WorkerLabel, WorkerSummary)> + '_ {
        self.live.values().map(move |live| {
            let summary = WorkerSummary {
                facts: BTreeMap::new(),
                tasks: live.tasks,
                jobs: 0,
                started_s: self.seconds(live.started),
                placed_s: None,
                ended_s: self.seconds(now),
                end: Cow::Borrowed("running"),
            };
            (live.label, summary)
        })
    }

    /// Seconds since the start of the run, with milliseconds, which are precise enough and easy to read.
    pub(super) fn seconds(&self, at: Instant) -> f64 {
        let millis = at.saturating_duration_since(self.begun).as_millis();
        #[expect(clippy::cast_precision_loss, reason = "a run does not take 2^53 milliseconds")]
        let seconds = millis as f64 / 1000.0;
        seconds
    }
}

impl Details {
    fn phases(&self) -> PhaseSummary {
        PhaseSummary {
            queue: self.queue.summary(),
            connect: self.connect.summary(),
            first_byte: self.first_byte.summary(),
            body: self.body.summary(),
            parse: self.parse.summary(),
            extract: self.extract.summary(),
            total: self.total.summary(),
        }
    }
}
