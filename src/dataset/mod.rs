//! Reads outputs of earlier runs, to repair, update or convert them.
//!
//! ```text
//! file: open, unpack -> scan: the bytes of one record after another -> head: which task, data or failure
//!                                                                        |-> repair: what a list keeps of it
//!                                                                        '-> reader: whole records, to write them again
//! ```
//!
//! An output is read as a stream, so its length does not matter. It is untrusted like any file: a record may have at most
//! 256 MiB, and the error for a damaged one names the file and the record.
//!
//! - `file`: opens an output, and unpacks it into a temporary file if it is compressed
//! - `scan`: finds the records of a file, in every format
//! - `columns`: the columns of a table that records are recognized by
//! - `head`: what a record says about its task
//! - `repair`: decides for each task of a list whether it keeps its record (`--retry-failed`, `--since`);
//!   `repair_tests` has its tests
//! - `reader`: whole records; `whole` reads them from JSON, and `rows` from rows of a table
//! - `error`: why an output cannot be read

mod columns;
mod error;
mod file;
mod head;
mod reader;
mod repair;
mod rows;
mod scan;
mod whole;

pub use error::Error;
pub use file::Dataset;
pub use reader::Reader;
pub use repair::{Comparison, Mode, compare};
