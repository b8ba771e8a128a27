//! Gleaner: a list of URLs goes in, an ordered dataset comes out, through a pool of worker processes.

pub mod input;
pub mod model;
pub mod pool;
pub mod scrape;
pub mod sink;
