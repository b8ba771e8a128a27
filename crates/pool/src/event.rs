use std::time::{Duration, Instant};

use bytes::Bytes;

use super::{Death, JobError};

/// The submitter's own number for a job. No two jobs that are under way may share one.
pub type JobId = u64;

/// One worker process, of all that a pool ever starts. Not a pid: those come again.
pub type WorkerId = u64;

/// What the submitter knows of a job that the pool does not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hints {
    /// Jobs with the same number go to the same slot while it has room.
    pub affinity: Option<u64>,
    /// Nothing else may be in the worker that runs it.
    pub alone: bool,
    /// The worker is killed when the job takes longer, counted from when it is handed over.
    pub deadline: Option<Duration>,
    /// Its output may come merged with those of other jobs with the same number ([`Job::MERGE`](super::Job::MERGE)).
    pub merge: Option<u64>,
}

/// What happens in a pool. A closed set: whoever drives a pool handles every case.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// A job is done. Each submitted job ends in exactly one `Done`, `Merged`, `Failed` or `Lost`.
    Done {
        /// The job.
        job: JobId,
        /// Who did it.
        worker: WorkerId,
        /// Its output, as the job wrote it.
        output: Bytes,
    },
    /// A job that is not done yet says something, see [`Line`](super::Line).
    Noted {
        /// The job.
        job: JobId,
        /// Who does it.
        worker: WorkerId,
        /// What it says.
        note: Bytes,
    },
    /// Several jobs are done, and this is their merged output.
    Merged {
        /// The jobs.
        jobs: Vec<JobId>,
        /// Who did them.
        worker: WorkerId,
        /// Their merged output.
        output: Bytes,
    },
    /// A job failed in a way that its worker survived.
    Failed {
        /// The job.
        job: JobId,
        /// Who tried; `None` where the job was too large to be sent to anybody.
        worker: Option<WorkerId>,
        /// Why it has no output.
        error: JobError,
    },
    /// A worker is lost, and with it what it held. The pool runs nothing again by itself: whoever submitted the jobs
    /// decides, see [`blame`](super::blame).
    Lost {
        /// Who.
        worker: WorkerId,
        /// What it held; may be nothing.
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
    /// A worker is gone, planned or not. Comes after its `Lost`, if it was lost.
    Ended {
        /// The worker.
        worker: WorkerId,
        /// Its place among the pool's workers; `None` for a spare that was never needed.
        slot: Option<usize>,
        /// How many workers had the slot before it.
        generation: u32,
        /// Jobs it was handed.
        jobs: u64,
        /// When it was started.
        started: Instant,
        /// When its end was seen.
        ended: Instant,
        /// Why it ended.
        end: End,
    },
    /// The pool cannot go on. Jobs that are not done will not be.
    Fatal(String),
}

/// Why a worker is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum End {
    /// All work was done.
    Finished,
    /// It had its quota.
    Quota,
    /// It had grown too large, and was replaced after its tasks or, past the limit, killed.
    Memory,
    /// It exited or was killed by a signal other than SIGKILL.
    Crashed,
    /// It was killed over a deadline.
    Timeout,
    /// It was killed for breaking the protocol.
    Corrupt,
    /// It was sent SIGKILL by somebody else (a person, a system out of memory), or by us with the whole run; or it had
    /// been stopped.
    Killed,
}

impl End {
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
