//! The executor of one machine: a pool of worker processes. Only this file translates the terms of the pool (process
//! ids, slots, generations).

use std::collections::HashMap;

use bytes::Bytes;

use super::executor::{Executor, ExecutorEvent, JobHints, JobId, WorkerId, WorkerNow, WorkerReport};
use super::job::{ScrapeJob, SentOutput};
use crate::model::WorkerLabel;
use gleaner_pool::{Core, Error, Event, Hints, Job as _, Options, WorkerStatus};

/// A pool of worker processes that scrape.
#[derive(Debug)]
pub struct ProcessPool {
    core: Core,
    translator: Translator,
}

impl ProcessPool {
    /// Creates the pool. Workers are started when there are jobs for them. `settings`: the settings of [`ScrapeJob`],
    /// as bytes.
    ///
    /// # Errors
    /// If the pool cannot be created with these options on this system.
    pub fn new(settings: &[u8], options: Options) -> Result<Self, Error> {
        let core = Core::new(ScrapeJob::NAME, settings, options)?.check_outputs(SentOutput::check);
        Ok(Self { core, translator: Translator::default() })
    }
}

impl Executor for ProcessPool {
    fn room(&self) -> usize {
        self.core.room()
    }

    fn submit(&mut self, id: JobId, payload: Bytes, hints: JobHints) {
        self.core.submit(id, payload, pool_hints(hints));
    }

    fn refuse(&mut self, worker: WorkerId, job: Option<JobId>, reason: String) {
        self.core.refuse(worker, job, reason);
    }

    fn expect(&mut self, jobs: usize) {
        self.core.expect(jobs);
    }

    fn close(&mut self) {
        self.core.close();
    }

    fn kill(&mut self) {
        self.core.kill();
    }

    fn workers(&self) -> Vec<WorkerNow> {
        self.core.workers().into_iter().filter_map(worker_now).collect()
    }

    async fn next(&mut self) -> Option<ExecutorEvent> {
        loop {
            let event = self.core.next().await?;
            if let Some(event) = self.translator.event(event) {
                return Some(event);
            }
        }
    }

    fn try_next(&mut self) -> Option<ExecutorEvent> {
        loop {
            let event = self.core.try_next()?;
            if let Some(event) = self.translator.event(event) {
                return Some(event);
            }
        }
    }
}

/// Converts the state of a worker. Returns `None` as long as it has no process.
fn worker_now(status: WorkerStatus) -> Option<WorkerNow> {
    let pid = status.pid?;
    Some(WorkerNow {
        label: WorkerLabel::of_process(pid),
        facts: facts(pid, status.slot, status.generation),
        placed: status.placed,
        state: status.state.as_str(),
        done: status.finished.into(),
        quota: status.quota.map(u64::from),
        memory: status.resident,
        jobs: status.jobs,
    })
}

/// The numbers that identify a worker. A spare has no slot.
fn facts(pid: u32, slot: Option<usize>, generation: u32) -> Vec<(&'static str, u64)> {
    let place = slot.map(|slot| [("slot", slot as u64), ("generation", generation.into())]);
    [("pid", pid.into())].into_iter().chain(place.into_iter().flatten()).collect()
}

/// Converts the hints of a job for the pool.
pub(super) fn pool_hints(hints: JobHints) -> Hints {
    let JobHints { affinity, alone, time_limit } = hints;
    Hints { affinity: Some(affinity), alone, deadline: Some(time_limit), merge: None }
}

/// Converts the events of the pool to events of the executor.
#[derive(Debug, Default)]
pub(super) struct Translator {
    /// The process ids of the running workers.
    pids: HashMap<WorkerId, u32>,
}

impl Translator {
    /// Converts an event. Returns `None` for an event that a run does not need.
    pub(super) fn event(&mut self, event: Event) -> Option<ExecutorEvent> {
        Some(match event {
            Event::Done { job, worker, output } => ExecutorEvent::Done { job, worker, output },
            Event::Noted { job, worker, note } => ExecutorEvent::Noted { job, worker, note },
            Event::Failed { job, worker, error } => ExecutorEvent::Failed { job, worker, error },
            Event::Lost { worker, jobs, death } => ExecutorEvent::Lost { worker, jobs, death },
            Event::Started { worker, pid } => {
                self.pids.insert(worker, pid);
                ExecutorEvent::Joined { worker, label: WorkerLabel::of_process(pid) }
            }
            Event::Ended { worker, slot, generation, jobs, started, placed, ended, end } => {
                let pid = self.pids.remove(&worker);
                let report = pid.filter(|_| jobs > 0 && slot.is_some()).map(|pid| WorkerReport {
                    facts: facts(pid, slot, generation),
                    jobs,
                    started,
                    placed,
                    ended,
                    end: end.as_str(),
                });
                ExecutorEvent::Left { worker, report }
            }
            Event::Fatal(reason) => ExecutorEvent::Fatal(reason),
            // A run never asks the pool to merge outputs, and no other event concerns its tasks.
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use gleaner_pool::{End, WorkerState};

    use crate::observation::{WORKER_ENDS, WORKER_STATES};

    #[test]
    fn summaries_and_metrics_know_all_ends_and_states_of_workers() {
        assert_eq!(End::ALL.map(End::as_str), WORKER_ENDS);
        assert_eq!(WorkerState::ALL.map(WorkerState::as_str), WORKER_STATES);
    }
}
