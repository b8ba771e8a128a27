//! The seam between the loop of a run and whatever runs its jobs.
//!
//! Jobs go out as bytes with a number; events come back. A job may be lost with its worker, and a worker may come and go at
//! any time. Nothing here says where workers are: they may be processes of this machine (`process_pool`) as well as
//! processes of many machines behind a message broker.

use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::model::WorkerLabel;
pub(super) use gleaner_pool::{Cause, Death, JobError};

/// The coordinator's own number for a job. No two jobs that are under way have the same number.
pub type JobId = u64;

/// The executor's own number for a worker. It gives each number once.
pub type WorkerId = u64;

/// What the coordinator knows of a job that the executor does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobHints {
    /// Jobs with the same number go to the same worker if it has room.
    pub affinity: u64,
    /// Nothing else may be in the worker that runs it.
    pub alone: bool,
    /// How long the job may take, counted from when a worker has it. A worker that takes longer is ended, and the job is
    /// lost.
    pub time_limit: Duration,
}

/// Runs jobs.
pub trait Executor {
    /// How many more jobs it could begin at once.
    fn room(&self) -> usize;

    /// Takes a job in.
    fn submit(&mut self, id: JobId, payload: Bytes, hints: JobHints);

    /// Ends a worker that has sent something impossible. If that came as the output of a job, `job` names it, and the job is
    /// reported as lost.
    fn refuse(&mut self, worker: WorkerId, job: Option<JobId>, reason: String);

    /// About so many more jobs will come: no workers need be started beyond that. This is not a promise.
    fn expect(&mut self, jobs: usize);

    /// No more jobs will come, except for those that are reported lost and are submitted again.
    fn close(&mut self);

    /// Stops at once, whatever is under way.
    fn kill(&mut self);

    /// The next event. `None` once it is closed or killed, and all workers are gone. Cancel safe.
    fn next(&mut self) -> impl Future<Output = Option<ExecutorEvent>>;

    /// The next event, if it is here already.
    fn try_next(&mut self) -> Option<ExecutorEvent>;
}

/// What an executor says.
#[derive(Debug)]
pub enum ExecutorEvent {
    /// A job is done. Each submitted job ends in exactly one `Done`, `Failed` or `Lost`.
    Done {
        /// The job.
        job: JobId,
        /// Who did it.
        worker: WorkerId,
        /// Its output, as the job wrote it.
        output: Bytes,
    },
    /// A job that is not done yet says something.
    Noted {
        /// The job.
        job: JobId,
        /// Who does it.
        worker: WorkerId,
        /// What it says.
        note: Bytes,
    },
    /// A job failed, and its worker goes on.
    Failed {
        /// The job.
        job: JobId,
        /// Who tried; `None` if the job could not be sent to anybody.
        worker: Option<WorkerId>,
        /// Why it has no output.
        error: JobError,
    },
    /// A worker is lost, and with it the jobs that it held. The executor runs none of them again by itself.
    Lost {
        /// Who.
        worker: WorkerId,
        /// What it held; may be nothing.
        jobs: Vec<JobId>,
        /// How it ended. A worker that cannot be reached any more has [fallen silent](Cause::Silent).
        death: Death,
    },
    /// There is a new worker.
    Joined {
        /// The worker.
        worker: WorkerId,
        /// How people call it.
        label: WorkerLabel,
    },
    /// A worker is gone, as planned or not. If it was lost, this comes after its `Lost`.
    Left {
        /// The worker.
        worker: WorkerId,
        /// What it did; `None` if it never had a job.
        report: Option<WorkerReport>,
    },
    /// The executor cannot go on. Jobs that are not done will not be done.
    Fatal(String),
}

/// What a worker did, as the executor saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerReport {
    /// Who and where it was, by name, for the summary of the run.
    pub facts: Vec<(&'static str, u64)>,
    /// Jobs that it was handed.
    pub jobs: u64,
    /// When it was started.
    pub started: Instant,
    /// When its end was seen.
    pub ended: Instant,
    /// Why it ended, in a word.
    pub end: &'static str,
}
