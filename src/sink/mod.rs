//! Writes settled tasks to disk, in the order of the list.
//!
//! [`Sink::open`] detects problems before the first request. [`Sink::push`] passes records to a thread that writes
//! them, so that neither a slow disk nor a slow reader of standard output blocks the coordinator's loop.
//! [`Sink::finish`] completes the output: a file grows as `<name>.part`, and a rename gives it its name when it is
//! complete. Parquet and `SQLite` cannot grow record by record: their `.part` has JSON Lines, and a [`Conversion`]
//! makes the final file of it, as `<name>.part.converted`, before the rename.
//!
//! ```text
//! push -> format: a record's bytes -> window: its turn? -> output: separators, members -> destination: `.part`
//!                                        | no: memory, or spill: `.part.pending`           |
//!                                        |                                                 | ten times a second
//!                                        '--------------> journal: a checkpoint <----------'
//! ```
//!
//! Ownership: [`Sink`] is the caller's end of a channel. The `Writer` on the thread owns everything else: the `Output`
//! with the `.part`, `Waiting` with the window and its file, and the `Journal` with the log and the lock. An output
//! that is not a regular file has no journal, and its waiting records are in a temporary file without a name. The
//! archive, if there is one, is written by the same thread, so that a checkpoint has the pages of its records.
//!
//! `window`, `format`, `journal::recovery` and `journal::policy` decide and compute. `spill`, `output`, `destination`
//! and the rest of `journal` do the input and output.
//!
//! The other files:
//!
//! - `archive`: the archive of the requests, beside the output
//! - `handle`: the caller's side, which never waits for a disk
//! - `writer`: the thread that writes
//! - `packing`: compresses the output in members
//! - `waiting`: the window and the file for waiting records
//! - `kept`: records of an older output that this one takes over
//! - `failed_out`: a list of the failed tasks
//! - `made`: what a complete output was made with
//! - `error`: why records cannot be written
//! - `tests`: tests of the whole sink

mod archive;
mod destination;
mod error;
mod failed_out;
mod format;
mod handle;
mod journal;
mod kept;
mod made;
mod output;
mod packing;
mod spill;
#[cfg(test)]
mod tests;
mod waiting;
mod window;
mod writer;

use std::io;
use std::path::{Path, PathBuf};

pub use archive::part_of_archive;
pub use error::{Error, ErrorKind};
pub use failed_out::can_list_failed;
pub use format::{CarriedColumns, Column, Format, RecordParts, Shape, Table, header, record_schema};
pub use handle::{Before, Sink, Written};
#[cfg(fuzzing)]
pub(crate) use journal::any_bytes_tests;
pub use journal::{Identity, files_beside};
pub use kept::{BEFORE_SEQ, Kept, KeptBuilder, Numbers};
pub use made::{Made, Rules};
pub use packing::Packing;

/// How and where to write records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// Where to write.
    pub destination: Destination,
    /// The layout of the whole output.
    pub format: Format,
    /// How the output is compressed.
    pub packing: Packing,
    /// The form of one record.
    pub shape: Shape,
    /// The columns, if the format is a table. `shape` has no effect on them.
    pub table: Table,
    /// The order of the records.
    pub order: Order,
    /// What to do with an unfinished output of an earlier run.
    pub left_over: LeftOver,
    /// The most bytes of waiting records in memory. Other waiting records are stored in a file.
    pub window_memory: u64,
    /// Where to keep the requests and responses of the run; `None` if they are not kept.
    pub archive: Option<ArchiveOptions>,
    /// The properties that a later run must share with this one to resume its output.
    pub identity: Identity,
    /// Whether the list has sitemaps, which are kept beside the output until it is complete.
    pub has_sitemaps: bool,
    /// The rules, which are kept beside the complete output. `None` keeps nothing.
    pub rules: Option<Rules>,
    /// Where a list of the failed tasks goes, if there is to be one.
    pub failed_out: Option<PathBuf>,
}

/// The archive of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveOptions {
    /// The file.
    pub path: PathBuf,
    /// Whether the run obeys robots.txt, which the archive says.
    pub obeys_robots: bool,
}

/// Makes the final file of a format that [is converted](Format::is_converted): reads the records, JSON Lines, from the
/// first path, and writes the file at the second path, which is empty. It runs on the sink's own thread.
pub type Conversion = Box<dyn FnOnce(&Path, &Path) -> io::Result<()> + Send>;

/// Where the records go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Destination {
    /// Standard output, directly.
    #[default]
    Stdout,
    /// A file. A file that is not regular (a FIFO, a device) is written directly.
    File(PathBuf),
}

/// The order of the records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// The order of the list.
    #[default]
    Input,
    /// The order in which the tasks were settled. Each record is written at once.
    Completion,
}

/// What to do with the `.part` of an unfinished run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LeftOver {
    /// Do not start: the file is the work of an earlier run, or another run is writing it.
    #[default]
    Refuse,
    /// Discard it and start from the beginning.
    Replace,
    /// Resume it. If there is none, start from the beginning.
    Resume,
}
