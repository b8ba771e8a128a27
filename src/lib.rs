//! Gleaner: a list of URLs goes in, an ordered dataset comes out, through a pool of worker processes.

pub mod config;
pub mod model;
pub mod pool;
pub mod schedule;
pub mod scrape;
