//! Says what each worker is doing.

use std::collections::BTreeMap;

use super::{Phase, Roster, Ticket};
use crate::event::{JobId, WorkerId};
use crate::status::{WorkerState, WorkerStatus};

impl Roster {
    /// What each worker is doing, without what only its process can tell.
    pub(crate) fn workers(&self) -> Vec<WorkerStatus> {
        let mut held: BTreeMap<WorkerId, Vec<(Ticket, JobId)>> = BTreeMap::new();
        for (ticket, job) in &self.in_flight {
            held.entry(job.worker).or_default().push((*ticket, job.job));
        }
        let status = |(id, worker): (&WorkerId, &super::Worker)| {
            let mut jobs = held.remove(id).unwrap_or_default();
            // Tickets are given in the order in which jobs are sent.
            jobs.sort_unstable();
            WorkerStatus {
                worker: *id,
                pid: None,
                slot: worker.slot,
                generation: worker.generation,
                placed: worker.placed,
                state: match worker.phase {
                    Phase::Starting => WorkerState::Starting,
                    Phase::Ready => WorkerState::Ready,
                    Phase::Draining => WorkerState::Draining,
                    Phase::Doomed(_) => WorkerState::Ending,
                },
                assigned: worker.assigned,
                finished: worker.finished,
                quota: self.limits.quota.map(|_| worker.quota),
                resident: None,
                jobs: jobs.into_iter().map(|(_, job)| job).collect(),
            }
        };
        self.workers.iter().map(status).collect()
    }
}
