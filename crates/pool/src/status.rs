use std::time::Instant;

use super::event::{JobId, WorkerId};

/// What a worker is doing now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerStatus {
    /// The worker.
    pub worker: WorkerId,
    /// Its process id; `None` if its process is still being started.
    pub pid: Option<u32>,
    /// The slot that it has among the pool's workers; `None` for a spare.
    pub slot: Option<usize>,
    /// How many workers had this slot before.
    pub generation: u32,
    /// When it got its slot.
    pub placed: Option<Instant>,
    /// Whether it takes jobs.
    pub state: WorkerState,
    /// How many jobs it got.
    pub assigned: u32,
    /// How many of its jobs are over.
    pub finished: u32,
    /// How many jobs it may get; `None` without a quota.
    pub quota: Option<u32>,
    /// Its resident memory in bytes; `None` if the system does not report it.
    pub resident: Option<u64>,
    /// The jobs that it holds, those that it got first first.
    pub jobs: Vec<JobId>,
}

/// Whether a worker takes jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum WorkerState {
    /// Not yet: its process starts.
    Starting,
    /// Yes.
    Ready,
    /// No: it ends after its jobs.
    Draining,
    /// No: the pool kills it.
    Ending,
}

impl WorkerState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Starting, Self::Ready, Self::Draining, Self::Ending];

    /// The name in one word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Ready => "ready",
            Self::Draining => "draining",
            Self::Ending => "ending",
        }
    }
}
