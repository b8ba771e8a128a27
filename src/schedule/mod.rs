//! Which task is fetched when, and what follows from an answer: record it, follow it, try it again.
//!
//! Pure: every call is told the time and gives back what is to be done. In reading order:
//!
//! - [`Schedule`] (`queue`) holds the tasks that are under way (`task`), each with a `target`; `options` is what it
//!   goes by
//! - `hosts` knows which hosts may be asked now, and which of them later; `host` is the gate of one: how many at once,
//!   how far apart, who waits in line; `breaker` says when a host is left alone for a while, or given up
//! - `origins` knows the robots.txt of each origin; `asking` is how one is asked for
//! - `weight` is what the tasks take in memory, and how long the URLs may be to which redirects lead them
//! - `backoff` says how long to wait before another try
//!
//! Hosts take turns, so a list that is sorted by host keeps everybody busy as long as it is read far enough ahead.
//!
//! Absent on purpose: processes, sockets, clocks.

mod asking;
mod backoff;
mod breaker;
mod host;
mod hosts;
mod options;
mod origins;
mod queue;
mod target;
mod task;
mod weight;

#[cfg(test)]
mod ill_hosts_tests;
#[cfg(test)]
mod simulation_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod weights_tests;

pub use options::{Adaptive, GroupBy, HostRules, Options, Politeness};
pub use queue::{Dispatch, RequestId, Schedule, Step};
pub use task::Settled;
