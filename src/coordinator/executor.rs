//! The interface between the loop of a run and the executor, which runs the jobs.
//!
//! The loop submits jobs as bytes with a number, and the executor returns events. A job may be lost with its worker. A
//! worker may join and leave at any time. The interface does not say where workers are. They may be processes of this
//! machine (`process_pool`), or processes on many machines behind a message broker.

use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::model::WorkerLabel;
pub(super) use gleaner_pool::{Cause, Death, JobError};

/// The coordinator's number for a job. Two jobs that are under way never have the same number.
pub type JobId = u64;

/// The executor's number for a worker. It uses each number once.
pub type WorkerId = u64;

/// Facts about a job that only the coordinator knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobHints {
    /// Jobs with the same number go to the same worker if it has room.
    pub affinity: u64,
    /// The worker that runs the job must hold no other job.
    pub alone: bool,
    /// How long the job may take, from the time when a worker has it. A worker that takes longer is ended, and the job
    /// is lost.
    pub time_limit: Duration,
}

/// Runs jobs.
pub trait Executor {
    /// How many more jobs the executor could begin at once.
    fn room(&self) -> usize;

    /// Accepts a job.
    fn submit(&mut self, id: JobId, payload: Bytes, hints: JobHints);

    /// Ends a worker that has sent an impossible message. If the message is the output of a job, `job` is that job, and
    /// it is reported as lost.
    fn refuse(&mut self, worker: WorkerId, job: Option<JobId>, reason: String);

    /// Gives an estimate of how many more jobs will be submitted. The executor needs no more workers than that.
    fn expect(&mut self, jobs: usize);

    /// Says that no more jobs will be submitted, except for jobs that are reported lost and are submitted again.
    fn close(&mut self);

    /// Stops at once, even if jobs are under way.
    fn kill(&mut self);

    /// Waits for the next event. Returns `None` if the executor is closed or killed, and all workers are gone. Cancel
    /// safe.
    fn next(&mut self) -> impl Future<Output = Option<ExecutorEvent>>;

    /// Says what each worker is doing now. Takes time for each worker.
    fn workers(&self) -> Vec<WorkerNow>;

    /// The next event, if there is one already.
    fn try_next(&mut self) -> Option<ExecutorEvent>;
}

/// What a worker is doing now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerNow {
    /// The name of the worker for people.
    pub label: WorkerLabel,
    /// Named numbers that identify the worker and its place, as in its [`WorkerReport`].
    pub facts: Vec<(&'static str, u64)>,
    /// When it got its place; `None` if it waits for one.
    pub placed: Option<Instant>,
    /// Whether it takes jobs: `starting`, `ready`, `draining` or `ending`.
    pub state: &'static str,
    /// The number of jobs that it has done.
    pub done: u64,
    /// The number of jobs that it may get; `None` without a quota.
    pub quota: Option<u64>,
    /// Its memory in bytes, if that is known.
    pub memory: Option<u64>,
    /// The jobs that it has, the oldest first.
    pub jobs: Vec<JobId>,
}

/// An event of an executor.
#[derive(Debug)]
pub enum ExecutorEvent {
    /// A job is done. Each submitted job ends in exactly one `Done`, `Failed` or `Lost`. The output has passed
    /// [`SentOutput::check`](super::SentOutput::check). A worker whose output does not pass is ended, and its jobs are
    /// lost.
    Done {
        /// The job.
        job: JobId,
        /// The worker that did it.
        worker: WorkerId,
        /// Its output, as the job wrote it.
        output: Bytes,
    },
    /// A job that is not done yet has sent a note.
    Noted {
        /// The job.
        job: JobId,
        /// The worker that has the job.
        worker: WorkerId,
        /// The note, as the job wrote it.
        note: Bytes,
    },
    /// A job failed, and its worker continues.
    Failed {
        /// The job.
        job: JobId,
        /// The worker that had the job; `None` if the job could not be sent to a worker.
        worker: Option<WorkerId>,
        /// Why the job has no output.
        error: JobError,
    },
    /// A worker is lost, and so are the jobs that it held. The executor does not run them again by itself.
    Lost {
        /// The worker.
        worker: WorkerId,
        /// The jobs that it held; may be empty.
        jobs: Vec<JobId>,
        /// How the worker ended. The cause of a worker that cannot be reached any more is [`Cause::Silent`].
        death: Death,
    },
    /// There is a new worker.
    Joined {
        /// The worker.
        worker: WorkerId,
        /// The name of the worker for people.
        label: WorkerLabel,
    },
    /// A worker is gone, as planned or not. If it was lost, this event comes after its `Lost`.
    Left {
        /// The worker.
        worker: WorkerId,
        /// What the worker did; `None` if it never had a job.
        report: Option<WorkerReport>,
    },
    /// The executor cannot continue. Jobs that are not done yet are never done.
    Fatal(String),
}

/// What a worker did, as the executor saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerReport {
    /// Named numbers that identify the worker and its place, for the summary of the run.
    pub facts: Vec<(&'static str, u64)>,
    /// The number of jobs that it received.
    pub jobs: u64,
    /// When the worker was started.
    pub started: Instant,
    /// When it got its place, for which it may have waited.
    pub placed: Option<Instant>,
    /// When the executor noticed its end.
    pub ended: Instant,
    /// Why the worker ended, in one word.
    pub end: &'static str,
}
