//! Web archives: files of WARC records (ISO 28500:2017, "WARC 1.1"). Pure: knows no process, file or clock.
//!
//! - `write`: makes the records of a run's archive

pub mod write;
