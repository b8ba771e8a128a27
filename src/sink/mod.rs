//! Settled tasks -> bytes on disk, in the order of the list.
//!
//! [`Sink::open`] finds what is wrong before the first request. [`Sink::push`] hands records to a thread of its own,
//! which writes them, so that no disk and no slow reader of standard output holds up the coordinator's loop.
//! [`Sink::finish`] makes the output whole: a file appears under its name by rename, when it is complete, and grows
//! beside it as `<name>.part` until then.
//!
//! ```text
//! push -> format: a record's bytes -> window: its turn? -> output: separators, buffer -> destination: `.part`
//!                                        | no: memory, or spill: `.part.pending`           |
//!                                        |                                                 | ten times a second
//!                                        '--------------> journal: a checkpoint <----------'
//! ```
//!
//! Who owns what: [`Sink`] is the caller's end of a channel; the thread's `Writer` owns everything else: the `Output` with
//! the `.part`, `Waiting` with the window and the file behind it, and the `Journal` with the log and the lock. An
//! output that is no regular file has no journal, and its records wait in a file without a name.
//!
//! `window`, `format`, and in `journal` `recovery` and `policy` decide and compute; `spill`, `output`, `destination`
//! and the rest of `journal` do.

mod destination;
mod error;
mod format;
mod handle;
mod journal;
mod output;
mod spill;
#[cfg(test)]
mod tests;
mod waiting;
mod window;
mod writer;

use std::path::PathBuf;

pub use error::{Error, ErrorKind};
pub use format::{Format, Shape};
pub use handle::{Before, Sink, Written};
#[cfg(fuzzing)]
pub(crate) use journal::any_bytes_tests;
pub use journal::{Identity, files_beside};

/// How and where records are written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// Where to.
    pub destination: Destination,
    /// The layout of the whole.
    pub format: Format,
    /// What stands for one task.
    pub shape: Shape,
    /// Which record comes first.
    pub order: Order,
    /// What to do with what an earlier run left behind.
    pub left_over: LeftOver,
    /// How many bytes of records may wait in memory for an earlier one; the others wait in a file.
    pub window_memory: u64,
    /// What a later run must have in common with this one to go on with its output.
    pub identity: Identity,
}

/// Where the records go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Destination {
    /// Standard output, directly.
    #[default]
    Stdout,
    /// A file; one that is no regular file (a FIFO, a device) is written directly.
    File(PathBuf),
}

/// The order of the records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// That of the list.
    #[default]
    Input,
    /// That in which the tasks were settled: each record is written at once.
    Completion,
}

/// What to do with the `.part` of a run that did not come to its end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LeftOver {
    /// It holds somebody's work, or is being written by another run: do not start.
    #[default]
    Refuse,
    /// Throw it away and start again.
    Replace,
    /// Go on with it; where there is none, start.
    Resume,
}
