//! Gleaner: a list of URLs goes in, an ordered dataset comes out, through a pool of worker processes.

pub mod cli;
pub mod config;
pub mod coordinator;
pub mod exit_code;
#[cfg(fuzzing)]
pub mod fuzzing;
pub mod input;
pub mod model;
pub mod pool;
pub mod schedule;
pub mod scrape;
pub mod sink;
