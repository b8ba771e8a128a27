//! The coordinator: the only place that knows the list, the schedule, the workers and the sink.
//!
//! One loop ([`run`]) waits for whatever happens next, a closed set of events; `state`, which knows no process, no file and no
//! clock, decides what follows; the loop does it. In reading order:
//!
//! - `run`: the loop.
//! - `state`: event -> actions; `came_back`: what follows from what the executor says.
//! - `before_fetch`: what may answer in the place of a fetch. Today that is the cache (`cached`).
//! - `cookies`: what goes with a request, and what came back from it.
//! - `executor`: the seam to whatever runs the jobs; `process_pool`: the worker processes of this machine.
//! - `job`: what a worker is asked for, and what it answers.
//! - `interrupts`: the signals that ask a run to stop.
//! - `plausible`: what a worker can have brought back, and what is a lie; `json_line`: whether data is what it should be.
//! - `limits`: why a run stops before the end of its list.
//! - `verdict`: what a lost worker or a panic means for its tasks.
//! - `summary`, `progress`: what is counted on the way.
//!
//! Further files:
//!
//! - `run_tests`: the loop alone, with an executor that is made up
//! - `state_tests`: its tests
//! - `any_bytes_tests`: runs whose workers say anything at all

#[cfg(any(test, fuzzing))]
pub(crate) mod any_bytes_tests;
mod before_fetch;
mod cached;
mod came_back;
mod cookies;
mod executor;
mod interrupts;
mod job;
mod json_line;
mod limits;
mod plausible;
mod process_pool;
mod progress;
mod run;
mod state;
mod summary;
mod verdict;

pub use cached::Cached;
pub use executor::{Executor, ExecutorEvent, JobHints, JobId, WorkerId, WorkerReport};
pub use job::{JobInput, JobOutput, ScrapeJob, SentOutput};
pub use limits::Reason;
pub use plausible::Plausible;
pub use process_pool::ProcessPool;
pub use progress::Progress;
pub use run::{Ended, Ending, RunError, RunParts, run};
pub use summary::{Summary, WorkerSummary};
