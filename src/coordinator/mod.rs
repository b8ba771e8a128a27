//! The coordinator: the only place that knows the list, the schedule, the pool and the sink.
//!
//! One loop ([`run`]) waits for whatever happens next, a closed set of events; what follows is decided by `state`,
//! which knows no process, no file and no clock; the loop carries it out. In reading order:
//!
//! - `run`: the loop.
//! - `state`: event -> actions; `came_back`: those of them that the executor tells.
//! - `cached`: what the cache has of a task, before it is submitted and after it is answered.
//! - `cookies`: what goes with a request, and what came back from it.
//! - `executor`: the seam to whatever runs the jobs: the local pool today.
//! - `job`: what a worker process is told to do with a task, and what it answers.
//! - `interrupts`: the signals that ask a run to stop.
//! - `plausible`: what a worker can have brought back, and what is a lie; `json_line`: whether data is what it should be.
//! - `limits`: why a run stops before the end of its list.
//! - `verdict`: what a lost worker or a panic means for its tasks.
//! - `summary`, `progress`: what is counted on the way.

#[cfg(any(test, fuzzing))]
pub(crate) mod any_bytes_tests;
mod cached;
mod came_back;
mod cookies;
mod executor;
mod interrupts;
mod job;
mod json_line;
mod limits;
mod plausible;
mod progress;
mod run;
mod state;
mod summary;
mod verdict;

pub use cached::Cached;
pub use executor::Executor;
pub use job::{Brought, Errand, Fetched, ScrapeJob};
pub use limits::Reason;
pub use plausible::Plausible;
pub use progress::Progress;
pub use run::{Ended, Ending, Error, Parts, run};
pub use summary::{Summary, WorkerSummary};
