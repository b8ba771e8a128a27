//! The types that all other modules share: a [`Task`] is one line of the list, an [`Outcome`] is its result, a
//! [`Record`] is what the output says about it.
//!
//! Only plain values: no I/O, no clock, no processes.

mod answer;
mod credentials;
mod done;
mod excerpt;
mod failure;
mod few;
mod host_key;
mod how_long;
mod http_date;
mod limits;
mod outcome;
mod printable;
mod reach;
mod record;
mod sendable;
mod seqs;
mod task;
mod visit;
mod web_url;
mod worker_label;

pub use answer::Answer;
pub use credentials::without_credentials;
pub use done::{Done, ListPoint};
pub use excerpt::{excerpt, shown_url};
pub use failure::{Failure, FailureKind, Retry, Stage};
pub use host_key::{HostKey, HostKeyError};
pub use how_long::how_long;
pub use http_date::http_date;
pub use limits::{MaxFailures, RunLimits};
pub use outcome::{Outcome, Page};
pub use printable::{escape_controls, printable};
pub use reach::Reach;
pub use record::Record;
pub use sendable::{LONGEST_URL, Unsendable, check_sendable};
pub use seqs::Seqs;
pub use task::Task;
pub use visit::{Connection, KEEP_ALIVE, Visit, Visited};
#[cfg(test)]
pub(crate) use web_url::whatwg;
pub use web_url::{deserialize_url, parse_url, parse_url_in};
pub use worker_label::WorkerLabel;
