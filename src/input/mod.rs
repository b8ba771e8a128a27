//! Lists of URLs -> [`Task`](crate::model::Task)s, streaming.
//!
//! A list may be a file, standard input, or URLs given as arguments; several are read one after another and numbered
//! through. [`Input::open`] finds what is wrong before anything starts; [`Input::start`] puts a reader on a thread of
//! its own, which hands over bounded batches: a pipe that delivers slowly blocks nobody, and an endless one fills
//! nothing.
//!
//! ```text
//! source: bytes -> lines: one line each -> task: line -> Task -> reader: batches -> whoever asked
//! ```
//!
//! Absent on purpose: the list as a whole. It is never in memory at once and never read twice.

#[cfg(any(test, fuzzing))]
pub(crate) mod any_bytes_tests;
mod error;
mod invalid;
mod lines;
mod progress;
mod reader;
mod redact;
mod source;
mod task;

pub use error::{Error, ErrorKind};
pub use lines::MAX_LINE;
pub use progress::Progress;
pub use reader::{Input, Receiver};
pub use source::Source;
