//! What a run looks like at one moment, for the terminal, the live page and the metrics.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::WaitReason;

/// What a run looks like at one moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Glance {
    /// Whether the run goes on.
    pub state: RunState,
    /// The time since the start.
    pub elapsed: Duration,
    /// Settled tasks, including those of an earlier run.
    pub done: u64,
    /// Those of them that failed.
    pub failed: u64,
    /// All tasks of the list, including those of an earlier run.
    pub total: Total,
    /// Settled tasks a second, over the last seconds.
    pub rate: f64,
    /// How long the rest takes, if that can be told.
    pub left: Option<Duration>,
    /// How long ago the last task was settled, or the run began or was resumed after a pause.
    pub quiet: Duration,
    /// Jobs that workers have.
    pub in_flight: usize,
    /// The workers.
    pub workers: Vec<WorkerGlance>,
    /// The pages that workers have had for the longest time, at most 50, the oldest first.
    pub oldest: Vec<PageGlance>,
    /// The hosts that may not be asked now although tasks wait for them, at most 10, those that wait longest first. Empty
    /// in a run that only the terminal watches, as long as tasks are settled.
    pub waits: Vec<HostWait>,
    /// The number of such hosts.
    pub waiting_hosts: u64,
    /// Requests that failed and are made again later.
    pub retrying: u64,
    /// When the next of them is made.
    pub next_retry: Option<Duration>,
    /// Bytes of records that wait to be written.
    pub backlog: u64,
    /// Bytes of records in memory that wait for the record of an earlier task.
    pub window: u64,
    /// Tasks that were read and are not settled.
    pub under_way: u64,
}

/// How many tasks a list has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Total {
    /// Nobody knows.
    #[default]
    Unknown,
    /// As far as the beginning of the list tells.
    About(u64),
    /// The list was read to its end.
    Known(u64),
}

/// Whether a run goes on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RunState {
    /// It does.
    #[default]
    Running,
    /// No request is sent until it is resumed.
    Paused,
    /// No request is sent any more, and those in flight may take this long.
    Stopping(Duration),
    /// Nothing is requested any more, and the output is being completed.
    Writing,
}

/// What a worker is doing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WorkerGlance {
    /// The name for people: the process id.
    pub label: String,
    /// Named numbers that identify the worker and its place, as in the summary.
    pub facts: BTreeMap<Cow<'static, str>, u64>,
    /// `starting`, `ready`, `draining` or `ending`.
    pub state: Cow<'static, str>,
    /// How many jobs it has done.
    pub done: u64,
    /// How many jobs it may get; `None` without a quota.
    pub quota: Option<u64>,
    /// How many jobs it has.
    pub in_flight: usize,
    /// Its memory in bytes, if the system tells it.
    pub memory: Option<u64>,
    /// The page that it has had for the longest time.
    pub page: Option<PageGlance>,
}

/// What workers can be doing, as their `state` says.
pub const WORKER_STATES: [&str; 4] = ["starting", "ready", "draining", "ending"];

impl WorkerGlance {
    /// The fact with this name; `None` if the executor does not provide it.
    pub fn fact(&self, name: &str) -> Option<u64> {
        self.facts.get(name).copied()
    }
}

impl Glance {
    /// The workers in the order of their slots, the newest of a slot first. Spares have no slot and come last.
    pub fn by_slot(&self) -> Vec<&WorkerGlance> {
        let mut workers: Vec<&WorkerGlance> = self.workers.iter().collect();
        workers.sort_by_key(|worker| {
            let slot = worker.fact("slot");
            (slot.is_none(), slot, Reverse(worker.fact("generation")), &worker.label)
        });
        workers
    }
}

/// A page that a worker has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageGlance {
    /// The URL, without user name and password.
    pub url: String,
    /// The host, as politeness names it.
    pub host: String,
    /// The name of the worker for people, if it is known.
    pub worker: Option<String>,
    /// How long the worker has had it.
    pub since: Duration,
}

/// A host that may not be asked now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostWait {
    /// The host, as politeness names it.
    pub host: String,
    /// Why it may not be asked.
    pub why: WaitReason,
    /// How long it may not be asked.
    pub left: Duration,
    /// How many requests wait for it.
    pub waiting: u64,
}
