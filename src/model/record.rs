use std::time::{Duration, SystemTime};

use super::{Carried, Outcome, WorkerLabel};

/// What the output says about one task: its line, its result, and what it cost.
///
/// The coordinator makes a record when a task is settled; the sink writes and drops it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The task's number: its place in the list.
    pub seq: u64,
    /// The task's line as written, without user name and password (`Task::line`).
    pub url: String,
    /// What else the list says about it (`Task::input`).
    pub input: Carried,
    /// The data, or the failure.
    pub outcome: Outcome,
    /// Number of attempts that count for the task; 0 if it was never sent.
    pub attempts: u32,
    /// Time that workers spent on it.
    pub elapsed: Duration,
    /// The process id of the worker that settled it; `None` if it was never sent.
    pub worker: Option<WorkerLabel>,
    /// Whether its data came from the cache; `None` in a run without a cache.
    pub cached: Option<bool>,
    /// When the answer came that settled it, by the clock of the coordinator. For data that a cache gave without asking
    /// the server: when the cache received it. `None` if no request was sent.
    pub fetched_at: Option<SystemTime>,
}
