use std::time::Duration;

use super::{Outcome, WorkerLabel};

/// What the output says of one task: its line, what became of it, and what that took.
///
/// The coordinator makes one when a task is settled; the sink writes it and drops it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The task's number, its place in the list.
    pub seq: u64,
    /// The task's line as written, without user name and password (`Task::line`).
    pub url: String,
    /// The data, or why there is none.
    pub outcome: Outcome,
    /// Fetches charged to the task; 0 if it was never sent.
    pub attempts: u32,
    /// Time spent on it in workers.
    pub elapsed: Duration,
    /// The worker that settled it; `None` if it was never sent.
    pub worker: Option<WorkerLabel>,
    /// Whether its data is of the cache; `None` in a run without one.
    pub cached: Option<bool>,
}
