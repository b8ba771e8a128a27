//! One task -> one outcome: fetch -> decode -> parse -> extract.
//!
//! Absent on purpose: processes, order, files.

pub mod extract;
mod settings;

pub use settings::{FetchSettings, Settings};
