//! Which task is fetched when, and what follows from an answer: record it, follow it, try it again.
//!
//! Pure: every call is told the time and gives back what is to be done. In reading order: [`Schedule`] holds the tasks
//! that are under way, `backoff` says how long to wait before another try.
//!
//! Absent on purpose: processes, sockets, clocks. The limits per host will have their gates here, between `admit` and
//! `next`.

mod backoff;
mod queue;

pub use queue::{Dispatch, Options, Schedule, Settled};
