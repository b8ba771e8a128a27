//! The types that all other modules share: a [`Task`] is one line of the list, an [`Outcome`] is its result, a
//! [`Record`] is what the output says about it.
//!
//! They are plain values, without I/O, clocks or processes.
//!
//! - `task`: one line of the list
//! - `answer`: the answer to one visit of one URL
//! - `carried`: what the list says about a task besides its URL
//! - `coverage`: how well the rules of a field fit
//! - `entries`: the keys and values of an object of JSON, not read yet
//! - `value_scan`: finds the end of a value in an array of JSON
//! - `value_kind`: the type of the values of a column; `whole`: the whole number that a number of JSON is
//! - `dialect`: how the cells of a table are written; `row_cells`: finds them again; `rows`: the rows of a table, as
//!   workers send them
//! - `credentials`: URLs without user name and password
//! - `limits`: the limits of failures and time that end a run
//! - `listing`: the entries of a sitemap
//! - `nearest`: the known name that somebody may have meant
//! - `phases`: how long the phases of a request took
//! - `wait_reason`: why a host may not be asked now
//! - `outcome`: the result of a task, which is a page or a failure
//! - `printable`: makes text from elsewhere harmless for terminals
//! - `counted`: formats counts for people
//! - `how_long`: formats durations for people
//! - `web_url`: parses URLs by the WHATWG standard
//! - `fit`: how well the rules fit a page
//! - `host_key`: the host to which politeness rules and secrets belong
//! - `http_date`: dates in HTTP headers
//! - `proxy`: the URLs of proxies
//! - `host_settings`: what the settings define for one host alone
//! - `reach`: whether the list or a redirect leads to a URL
//! - `visit`: one request, and its result
//! - `sendable`: checks whether a request can contain a URL
//! - `stored`: an answer that the list itself has
//! - `excerpt`: shortens text from elsewhere that a message quotes
//! - `failure`: the kind, stage, message and causes of a failure, and whether to try again
//! - `few`: lists of bounded length that workers send
//! - `record`: what the output says about a task
//! - `seqs`: a set of task numbers
//! - `done`: the finished tasks of an earlier run, and how its list began
//! - `timestamp`: writes times
//! - `task_facts`: what the list says about a task
//! - `worker_label`: how records and log lines name a worker

mod answer;
mod carried;
mod counted;
mod coverage;
mod credentials;
mod dialect;
mod done;
mod entries;
mod excerpt;
mod failure;
mod few;
mod fit;
mod host_key;
mod host_settings;
mod how_long;
mod http_date;
mod limits;
mod listing;
mod nearest;
mod outcome;
mod phases;
mod printable;
mod proxy;
mod reach;
mod record;
mod row_cells;
mod rows;
mod sendable;
mod seqs;
mod stored;
mod task;
mod task_facts;
mod timestamp;
mod value_kind;
mod value_scan;
mod visit;
mod wait_reason;
mod web_url;
mod whole;
mod worker_label;

pub use answer::Answer;
pub use carried::{Carried, entries};
pub use counted::counted;
pub use coverage::FieldCount;
pub use credentials::without_credentials;
pub use dialect::Dialect;
pub use done::{Done, KeptTasks, ListPoint};
pub use entries::Entries;
pub use excerpt::{excerpt, shown_url};
pub use failure::{Failure, FailureKind, Retry, Stage};
pub use fit::Fit;
pub use host_key::{HostKey, HostKeyError};
pub use host_settings::HostSettings;
pub use how_long::{about, how_long, stopwatch, two_units};
pub use http_date::http_date;
pub use limits::{MaxFailures, RunLimits};
pub use listing::{LISTED_FACTS, Listed, Listing, ListingFile, ListingWriter, Lists, MAX_SITEMAP};
pub use nearest::nearest;
pub use outcome::{Outcome, Page};
pub use phases::Phases;
pub use printable::{escape_controls, printable};
pub use proxy::{Proxies, ProxyKind, ProxyUrl, ProxyUrlError};
pub use reach::Reach;
pub use record::Record;
pub use row_cells::{RowScan, cell_text, cells};
pub use rows::{RowsHead, count_rows, rows_of};
pub use sendable::{LONGEST_URL, Unsendable, check_sendable};
pub use seqs::Seqs;
pub use stored::{Stored, StoredForm};
pub use task::Task;
pub use task_facts::TaskFacts;
pub use timestamp::{rfc_3339, time_of_rfc_3339};
pub use value_kind::ValueKind;
pub use value_scan::ValueScan;
pub use visit::{Connection, KEEP_ALIVE, Visit, Visited};
pub use wait_reason::WaitReason;
#[cfg(test)]
pub(crate) use web_url::whatwg;
pub use web_url::{deserialize_url, deserialize_visited_url, parse_url, parse_url_in};
pub use whole::whole;
pub use worker_label::WorkerLabel;
