use std::collections::HashMap;
use std::time::Instant;

use super::event::{End, Event, WorkerId};

/// Describes the whole life of one worker process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerReport {
    /// Its process id.
    pub pid: u32,
    /// The slot that it had among the pool's workers, counted from 0.
    pub slot: usize,
    /// How many workers had this slot before.
    pub generation: u32,
    /// How many jobs it got.
    pub jobs: u64,
    /// When it was started.
    pub started: Instant,
    /// When it got its slot. It may have waited for that as a spare.
    pub placed: Instant,
    /// When the pool noticed its end.
    pub ended: Instant,
    /// Why it ended.
    pub end: End,
}

/// Collects a report of each worker from the events. Workers that never got a job have no report.
#[derive(Debug, Default)]
pub(super) struct RollCall {
    pids: HashMap<WorkerId, u32>,
    reports: Vec<WorkerReport>,
}

impl RollCall {
    pub(super) fn note(&mut self, event: &Event) {
        match *event {
            Event::Started { worker, pid } => {
                self.pids.insert(worker, pid);
            }
            Event::Ended { worker, slot, generation, jobs, started, placed, ended, end } => {
                if let (Some(pid), Some(slot), Some(placed)) = (self.pids.remove(&worker), slot, placed)
                    && jobs > 0
                {
                    self.reports.push(WorkerReport { pid, slot, generation, jobs, started, placed, ended, end });
                }
            }
            _ => {}
        }
    }

    pub(super) fn finish(self) -> Vec<WorkerReport> {
        self.reports
    }
}
