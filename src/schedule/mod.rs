//! Decides which task is fetched when, and what follows from an answer: record it, follow a redirect, or try again.
//!
//! Pure: every call takes the time as an argument and returns what to do. In reading order:
//!
//! - [`Schedule`] (`queue`) holds the tasks that are under way (`task`). Each task has a `target`. `options` configures
//!   the schedule.
//! - `hosts` knows which hosts may receive a request now, and which ones later. `host` is the gate of one host: how
//!   many requests at once, how far apart, and which orders wait. `breaker` decides when to pause a host, and when to
//!   give it up.
//! - `admission` adds tasks.
//! - `origins` holds the robots.txt of each origin. `asking` requests one.
//! - `stored` holds the tasks whose answers the list itself has. They pass no gate.
//! - `weight` counts the memory that the tasks use, and limits the length of URLs that redirects lead to.
//! - `backoff` computes the pause before a retry.
//! - `forecast` answers those who watch the run: what it waits for, and how long the rest takes. `pace` is how fast the
//!   tasks of a host are.
//!
//! Hosts take turns. A list that is sorted by host therefore keeps all workers busy if it is read far enough ahead.
//!
//! This module deliberately has no processes, sockets or clocks.
//!
//! The tests:
//!
//! - `tests`: tests of hops, tries and order
//! - `weights_tests`: what the answers of one server cost the coordinator and other hosts
//! - `simulation_tests`: simulated hosts with a simulated clock
//! - `forecast_tests`: how well the time left is foretold, with the same clock
//! - `ill_hosts_tests`: hosts that fail, with the same clock

mod admission;
mod asking;
mod backoff;
mod breaker;
mod forecast;
mod host;
mod hosts;
mod options;
mod origins;
mod pace;
mod queue;
mod stored;
mod target;
mod task;
mod weight;

#[cfg(test)]
mod forecast_tests;
#[cfg(test)]
mod ill_hosts_tests;
#[cfg(test)]
mod simulation_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod weights_tests;

pub use forecast::{Course, Wait};
pub use options::{Adaptive, GroupBy, HostRules, Options, Politeness};
pub use queue::{Dispatch, RequestId, Schedule, Step};
pub use task::{AnsweredBy, Settled};
