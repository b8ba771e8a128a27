//! One task -> one outcome: fetch -> decode -> parse -> extract.
//!
//! Absent on purpose: processes, order, files.

pub mod extract;
mod parse;
mod settings;

pub use parse::{Document, parse, parse_encoded};
pub use settings::{FetchSettings, Settings};
