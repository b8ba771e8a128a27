//! Turns one task into one outcome: fetch -> decode -> parse -> extract.
//!
//! `scraper` runs the stages one after another; `reading` runs those after fetching. Each stage is a function that does
//! not need the others:
//!
//! ```text
//! fetch    a URL                    -> bytes, content type, final URL; or a redirect; or a failure
//! decode   bytes, content type      -> text
//! parse    text                     -> a document
//! extract  a document, rules, final URL -> one line of JSON
//! ```
//!
//! `media_type` reads a `Content-Type`. `sniff` finds the type from the first bytes if no header gives it. `refresh`
//! reads a refresh that a header or a page asks for. `settings` holds the plain values that a worker receives once. A
//! failed URL is a value; `error` is only for settings that cannot make a scraper. `files` names the system files that
//! fetching reads.
//!
//! Absent on purpose: processes, order and files. Following redirects and retrying are absent too: the coordinator
//! decides them, because it sees all hosts.
//!
//! The other files:
//!
//! - `fetch`, `decode`, `parse` and `extract`: the stages
//! - `document`: a page as a list of nodes
//! - `response`: a response that is kept, to read it again
//! - `document_kind`: decides by the media type how a body is read
//! - `json`: values of JSON
//! - `listing`: reads sitemaps and feeds as lists
//! - `table`: the data of a page as rows of a table
//! - `tls`: the settings for TLS
//! - `large`: makes large pages take turns, so that they fit into a worker's memory
//! - `side_threads`: threads for work that would block the worker's own thread too long
//! - `any_bytes_tests`: pages with arbitrary bytes

#[cfg(any(test, fuzzing))]
pub(crate) mod any_bytes_tests;
mod decode;
mod document;
mod document_kind;
mod error;
pub mod extract;
mod fetch;
mod files;
mod json;
mod large;
mod listing;
mod media_type;
mod parse;
mod reading;
mod refresh;
mod response;
mod scraper;
mod settings;
mod side_threads;
mod sniff;
mod table;
mod tls;

pub use decode::{Confidence, Decoded, decode};
pub use error::{Error, ErrorKind};
pub use fetch::RequestHeaders;
pub(crate) use fetch::{SITE_HOST, most_of_listing};
pub use files::{asks_daemons_for_names, needed_files, needed_variables};
pub(crate) use media_type::is_json;
#[cfg(fuzzing)]
pub(crate) use parse::html::comparison::check as check_html;
pub use parse::{Document, NotWellFormed, parse, parse_encoded, parse_into, parse_xml_into};
pub use response::Response;
pub use scraper::Scraper;
#[cfg(any(test, fuzzing))]
pub(crate) use settings::sample;
pub use settings::{FetchSettings, PageParser, PrivateAddresses, Purpose, Settings};
pub use table::{Columns, ColumnsError, Seen, Table, TableSettings, kinds};
pub use tls::{ClientCertificate, TlsSettings, TlsVersion};
