//! Reads lists of URLs and turns them into [`Task`](crate::model::Task)s, as a stream.
//!
//! A list is a file, standard input, a folder of saved pages, or a URL given as an argument. Several are read one after
//! another, and their tasks are numbered consecutively. [`Input::open`] reports problems before anything starts.
//! [`Input::start`] starts a reader on its own thread, which hands over batches of limited size. So a slow pipe blocks
//! nobody, and an endless pipe does not fill the memory.
//!
//! ```text
//! source: bytes -> unpacked -> utf8: text -> format: entries -> task: Task -> reader: batches -> caller
//! ```
//!
//! A resumed run reads the list again. `consumed` checks that the list has not changed, and lets only the remaining
//! tasks pass.
//!
//! `first_lines` checks whether a file is a list of URLs at all. If it is not, `looks_like` guesses what it is.
//!
//! The list is never in memory as a whole, and only its first lines are read twice.
//!
//! The other files:
//!
//! - `source`: a file, standard input, a folder of saved pages, or a URL
//! - `pages`: turns the files of a folder into tasks; `walk` finds the files; `pages_tests`: tests of `pages`
//! - `options`: how lists are read
//! - `sitemap`: walks sitemaps; `ask`: what it asks its caller for; `kept`: the answers, for a resumed run
//! - `unpacked`: unpacks gzip and zstd
//! - `encoding`: detects UTF-8 and UTF-16; `utf8` decodes
//! - `format`: turns text into entries; has a file for each format of lists
//! - `lines`: turns text into lines
//! - `task`: turns a line, a cell or a string into a task
//! - `columns`: recognizes lines that are rows of a table
//! - `invalid`: explains why a line is not a valid URL
//! - `redact`: removes user names and passwords from the URLs of records
//! - `reader`: the thread that reads, and its batches
//! - `progress`: how much of the list has been read
//! - `error`: why a list cannot be read
//! - `any_bytes_tests`: lists with arbitrary bytes

#[cfg(any(test, fuzzing))]
pub(crate) mod any_bytes_tests;
mod ask;
mod columns;
mod consumed;
mod encoding;
mod error;
mod first_lines;
mod format;
mod invalid;
mod kept;
mod lines;
mod looks_like;
mod options;
mod pages;
mod progress;
mod reader;
mod redact;
mod sitemap;
mod source;
mod task;
mod unpacked;
mod utf8;
mod walk;

pub use ask::{Answered, Ask, Found};
pub use error::{Error, ErrorKind};
pub use lines::MAX_LINE;
pub use options::{Format, Keep, Options};
pub use pages::{media_type_of_name, saved_from};
pub use progress::Progress;
pub use reader::{Batch, Delivery, Input, Receiver};
pub use redact::redact;
pub use source::{Root, Source};
pub use unpacked::Unpacked;
