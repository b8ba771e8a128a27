use std::time::{Duration, Instant};

use bytes::Bytes;

use super::{Death, JobError};

/// The number that the submitter gives to a job. Two jobs that are under way must not have the same number.
pub type JobId = u64;

/// Identifies one worker process among all that a pool ever starts. This is not a pid, because the system reuses pids.
pub type WorkerId = u64;

/// What the submitter knows about a job and the pool does not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hints {
    /// Jobs with the same number go to the same slot as long as the slot has room.
    pub affinity: Option<u64>,
    /// No other job may be in the worker that runs this one.
    pub alone: bool,
    /// The worker is killed if the job takes longer. The time starts when the worker gets the job.
    pub deadline: Option<Duration>,
    /// The output may be merged with those of other jobs with the same number ([`Job::MERGE`](super::Job::MERGE)).
    pub merge: Option<u64>,
}

/// What happens in a pool. Code that drives a pool handles every case.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// A job is done. Each submitted job ends in exactly one `Done`, `Merged`, `Failed` or `Lost`.
    Done {
        /// The job.
        job: JobId,
        /// The worker that did it.
        worker: WorkerId,
        /// The output, as the job wrote it.
        output: Bytes,
    },
    /// A job that is not done yet sends a note, see [`Line`](super::Line).
    Noted {
        /// The job.
        job: JobId,
        /// The worker that runs it.
        worker: WorkerId,
        /// The bytes that the job sent.
        note: Bytes,
    },
    /// Several jobs are done, and this is their merged output.
    Merged {
        /// The jobs.
        jobs: Vec<JobId>,
        /// The worker that did them.
        worker: WorkerId,
        /// Their merged output.
        output: Bytes,
    },
    /// A job failed, and its worker goes on.
    Failed {
        /// The job.
        job: JobId,
        /// The worker that tried; `None` if the job was too large to be sent.
        worker: Option<WorkerId>,
        /// Why it has no output.
        error: JobError,
    },
    /// A worker is lost, together with the jobs that it held. The pool does not run them again by itself. The submitter
    /// decides, see [`blame`](super::blame).
    Lost {
        /// The worker.
        worker: WorkerId,
        /// The jobs that it held; may be empty.
        jobs: Vec<JobId>,
        /// How it ended.
        death: Death,
    },
    /// A process was started for a worker.
    Started {
        /// The worker.
        worker: WorkerId,
        /// Its process id.
        pid: u32,
    },
    /// A worker is gone, planned or not. If it was lost, its `Lost` comes first.
    Ended {
        /// The worker.
        worker: WorkerId,
        /// The slot that it had among the pool's workers; `None` for a spare that was never needed.
        slot: Option<usize>,
        /// How many workers had this slot before.
        generation: u32,
        /// How many jobs it got.
        jobs: u64,
        /// When it was started.
        started: Instant,
        /// When it got its slot. A spare waits for that.
        placed: Option<Instant>,
        /// When the pool noticed its end.
        ended: Instant,
        /// Why it ended.
        end: End,
    },
    /// The pool cannot go on, for this reason. Jobs that are not done yet are never done.
    Fatal(String),
}

/// Why a worker is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum End {
    /// All work was done.
    Finished,
    /// It had used up its quota of jobs.
    Quota,
    /// It used too much memory. It was replaced after its tasks, or killed if it was above the limit.
    Memory,
    /// It exited or was killed by a signal other than SIGKILL.
    Crashed,
    /// It was killed because of a deadline.
    Timeout,
    /// It was killed because it broke the protocol.
    Corrupt,
    /// Somebody else sent it SIGKILL (a person, or a system that is out of memory), the pool killed all workers, or the
    /// worker had been stopped.
    Killed,
}

impl End {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Finished, Self::Quota, Self::Memory, Self::Crashed, Self::Timeout, Self::Corrupt, Self::Killed];

    /// The name that summaries use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Quota => "quota",
            Self::Memory => "memory",
            Self::Crashed => "crashed",
            Self::Timeout => "timeout",
            Self::Corrupt => "corrupt",
            Self::Killed => "killed",
        }
    }
}
