use std::collections::BTreeMap;
use std::time::Instant;

use serde::Serialize;

use crate::model::{Outcome, Record};
use crate::pool::{Event, WorkerId};
use crate::sink::Before;

/// Workers that are listed one by one. A run with quota 1 and ten million tasks has as many.
const LISTED: usize = 10_000;

/// What a run did, for people and for scripts (`--summary`). The names are part of the outer contract.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// The version of this layout.
    pub version: u32,
    /// Tasks that were settled, those of an earlier run which this one went on with included.
    pub tasks: u64,
    /// Those with data.
    pub ok: u64,
    /// Those without.
    pub failed: u64,
    /// Failures by kind.
    pub failures: BTreeMap<&'static str, u64>,
    /// Tasks among them that an earlier run had settled. All that follows is of this run alone.
    #[serde(skip_serializing_if = "is_none")]
    pub resumed: u64,
    /// Seconds from start to end.
    pub elapsed_s: f64,
    /// Pages that were asked for: redirects and retries are requests of their own.
    pub requests: u64,
    /// How often a robots.txt was asked for.
    pub robots_requests: u64,
    /// Tries after the first ones.
    pub retries: u64,
    /// Tasks with data of the cache; absent in a run without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cached: Option<u64>,
    /// Pages that html5ever parsed, since Gleaner's own parser declined them or `extraction.parser` says so.
    pub parsed_by_reference: u64,
    /// Decompressed bytes of all bodies.
    pub bytes: u64,
    /// The workers that ran anything, in the order of their ends; past 10,000 only `workers_by_end` goes on.
    pub workers: Vec<WorkerSummary>,
    /// How many workers ended how.
    pub workers_by_end: BTreeMap<&'static str, u64>,
}

/// What one worker process did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WorkerSummary {
    /// Its process id.
    pub pid: u32,
    /// Its place among the workers.
    pub slot: usize,
    /// How many had that place before it.
    pub generation: u32,
    /// Lines of the list that it settled.
    pub tasks: u64,
    /// All it was handed: redirect hops and retries too.
    pub jobs: u64,
    /// Seconds from the start of the run to its own.
    pub started_s: f64,
    /// Seconds from the start of the run to its end.
    pub ended_s: f64,
    /// Why it ended.
    pub end: &'static str,
}

/// Counts while the run goes on.
#[derive(Debug)]
pub(super) struct Tally {
    begun: Instant,
    summary: Summary,
    live: BTreeMap<WorkerId, Live>,
}

#[derive(Debug)]
struct Live {
    pid: u32,
    tasks: u64,
}

impl Tally {
    /// Counts that begin with what an earlier run has done.
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
        };
        Self { begun, summary, live: BTreeMap::new() }
    }

    pub(super) fn pid(&self, worker: WorkerId) -> Option<u32> {
        self.live.get(&worker).map(|live| live.pid)
    }

    pub(super) fn settled(&self) -> (u64, u64) {
        (self.summary.tasks, self.summary.failed)
    }

    /// Notes that a request was answered, with so many bytes.
    pub(super) fn request(&mut self, bytes: u64) {
        self.summary.requests += 1;
        self.summary.bytes = self.summary.bytes.saturating_add(bytes);
    }

    /// Notes what parsed the page of an answer.
    pub(super) fn parsed(&mut self, by_reference: bool) {
        self.summary.parsed_by_reference += u64::from(by_reference);
    }

    pub(super) fn record(&mut self, record: &Record, worker: Option<WorkerId>) {
        self.summary.tasks += 1;
        match &record.outcome {
            Outcome::Page(_) => self.summary.ok += 1,
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

    /// Follows the comings and goings of the workers.
    pub(super) fn note(&mut self, event: &Event) {
        match *event {
            Event::Started { worker, pid } => {
                self.live.insert(worker, Live { pid, tasks: 0 });
            }
            Event::Ended { worker, slot, generation, jobs, started, ended, end } => {
                let Some(live) = self.live.remove(&worker) else { return };
                let Some(slot) = slot.filter(|_| jobs > 0) else { return };
                *self.summary.workers_by_end.entry(end.as_str()).or_default() += 1;
                if self.summary.workers.len() < LISTED {
                    self.summary.workers.push(WorkerSummary {
                        pid: live.pid,
                        slot,
                        generation,
                        tasks: live.tasks,
                        jobs,
                        started_s: self.seconds(started),
                        ended_s: self.seconds(ended),
                        end: end.as_str(),
                    });
                }
            }
            _ => {}
        }
    }

    pub(super) fn finish(mut self, retries: u64, robots_requests: u64, now: Instant) -> Summary {
        self.summary.elapsed_s = self.seconds(now);
        self.summary.retries = retries;
        self.summary.robots_requests = robots_requests;
        self.summary
    }

    /// Milliseconds are precise enough, and read better.
    fn seconds(&self, at: Instant) -> f64 {
        let millis = at.saturating_duration_since(self.begun).as_millis();
        f64::from(u32::try_from(millis).unwrap_or(u32::MAX)) / 1000.0
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_none(count: &u64) -> bool {
    *count == 0
}
