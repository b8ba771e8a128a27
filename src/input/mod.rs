//! Lists of URLs -> [`Task`](crate::model::Task)s, streaming.
//!
//! A list may be a file, standard input, or URLs given as arguments; several are read one after another and numbered
//! through. [`Input::open`] finds what is wrong before anything starts; [`Input::start`] puts a reader on a thread of
//! its own, which hands over bounded batches: a pipe that delivers slowly blocks nobody, and an endless one fills
//! nothing.
//!
//! ```text
//! source: bytes -> format (lines, encoding): entries -> task: a line -> Task -> reader: batches -> whoever asked
//! ```
//!
//! A run that goes on from an earlier one reads the list again, but `consumed` lets only those tasks pass that are still to
//! be done, and only when the list has proved to be the same.
//!
//! Whether a file is a list at all is asked of its first lines (`first_lines`); if not, `looks_like` says what it may be.
//!
//! Absent on purpose: the list as a whole. It is never in memory at once, and beyond its first lines never read twice.

#[cfg(any(test, fuzzing))]
pub(crate) mod any_bytes_tests;
mod columns;
mod consumed;
mod encoding;
mod error;
mod first_lines;
mod format;
mod invalid;
mod lines;
mod looks_like;
mod progress;
mod reader;
mod redact;
mod source;
mod task;

pub use error::{Error, ErrorKind};
pub use lines::MAX_LINE;
pub use progress::Progress;
pub use reader::{Batch, Input, Receiver};
pub use source::Source;
