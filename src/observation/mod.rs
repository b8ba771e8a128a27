//! What can be seen of a run: while it goes on, and afterwards.
//!
//! The coordinator collects what happens. The terminal, the report, the live page and the metrics show it; they know
//! nothing of the coordinator.
//!
//! - `glance`: what a run looks like at one moment
//! - `waiting`: what a run waits for in which nothing happens
//! - `summary`: what a run did; `summary_schema`: its JSON Schema
//! - `history`: what happened when
//! - `latency`: how long things took
//! - `failures`: failures by kind and status, with examples
//! - `hosts`: what each host did
//!
//! The memory of all this is bounded, however long the list is.

mod failures;
mod glance;
mod history;
mod hosts;
mod latency;
mod summary;
mod summary_schema;
mod waiting;

pub use failures::Failures;
pub use glance::{Glance, HostWait, PageGlance, RunState, Total, WORKER_STATES, WorkerGlance};
pub use history::{History, Stretch};
pub use hosts::HostCounts;
pub use latency::{BOUNDS, Latency, LatencySummary};
pub use summary::{
    CommandLine, FailureCount, FailureExample, FieldSummary, HistorySummary, HostSummary, PhaseSummary, SettingSummary,
    Summary, VERSION, WORKER_ENDS, WorkerSummary,
};
pub use summary_schema::summary_schema;
pub use waiting::Waiting;
