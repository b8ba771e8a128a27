//! The coordinator. Only this module knows the list, the schedule, the workers and the sink.
//!
//! One loop ([`run`]) waits for the next event of a closed set. `state` decides which actions follow from it, without
//! processes, files or clocks. The loop then does the actions. In reading order:
//!
//! - `run`: the loop
//! - `state`: turns an event into actions; `came_back`: does this for the events of the executor
//! - `before_fetch`: sources that may answer instead of a fetch; today only the cache (`cached`)
//! - `archived`: numbers the requests for the archive
//! - `cookies`: the cookies of a request, and those that its answer sets
//! - `executor`: the interface to the executor, which runs the jobs; `process_pool`: the worker processes of this
//!   machine
//! - `job`: the job of a worker, and its answer
//! - `interrupts`: the signals that ask a run to stop
//! - `plausible`: decides whether an answer of a worker is possible at all; `json_line`: checks that data is one line
//!   of JSON; `table_rows`: checks that data is rows of a table
//! - `listings`: fetches sitemaps for the reader of the list
//! - `limits`: why a run stops before the end of its list
//! - `verdict`: what a lost worker or a panic means for its tasks
//! - `turnover`: says which worker took the place of which
//! - `tally`: collects what happens; `seen`: what the run looks like now; `observers`: publishes both
//! - `single`: reads one page outside of a run
//! - `run_tests`: tests of the loop with a simulated executor
//! - `state_tests`: tests of the decisions
//! - `any_bytes_tests`: runs whose workers send arbitrary answers

#[cfg(any(test, fuzzing))]
pub(crate) mod any_bytes_tests;
mod archived;
mod before_fetch;
mod cached;
mod came_back;
mod cookies;
mod executor;
mod interrupts;
mod job;
mod json_line;
mod limits;
mod listings;
mod observers;
mod plausible;
mod process_pool;
mod run;
mod seen;
mod single;
mod state;
mod table_rows;
mod tally;
mod turnover;
mod verdict;

pub use cached::Cached;
pub use executor::{Executor, ExecutorEvent, JobHints, JobId, WorkerId, WorkerNow, WorkerReport};
pub use interrupts::outlive_questions;
pub use job::{JobInput, JobOutput, ScrapeJob, SentOutput};
pub use limits::Reason;
pub use observers::{Observers, Watch, Wish, observed};
pub use plausible::Plausible;
pub use process_pool::ProcessPool;
pub use run::{Ended, Ending, RunError, RunParts, run};
pub use single::read_one;
