//! One task -> one outcome: fetch -> decode -> parse -> extract.
//!
//! In reading order: `scraper` puts the stages in a row, and each stage is a function that needs none of the others:
//!
//! ```text
//! fetch    a URL                    -> bytes, content type, final URL; or a redirect; or a failure
//! decode   bytes, content type      -> text
//! parse    text                     -> a document
//! extract  a document, rules, final URL -> one line of JSON
//! ```
//!
//! `media_type` is what a `Content-Type` says, and `sniff` what the first bytes say if it says nothing. `refresh` is
//! the refresh that a header or a page asks for. `settings` are the plain values that a worker is told once. A failed
//! URL is a value; `error` is only for settings that make no scraper. `files` names what fetching reads of the system.
//!
//! Absent on purpose: processes, order, files; following redirects and retrying, which are decided where all hosts are
//! in view.

#[cfg(any(test, fuzzing))]
pub(crate) mod any_bytes_tests;
mod decode;
mod document;
mod error;
pub mod extract;
mod fetch;
mod files;
mod large;
mod media_type;
mod parse;
mod proxy;
mod refresh;
mod scraper;
mod settings;
mod side_threads;
mod sniff;
mod tls;

pub use decode::{Confidence, Decoded, decode};
pub use error::{Error, ErrorKind};
pub use fetch::RequestHeaders;
pub(crate) use fetch::SITE_HOST;
pub use files::{asks_daemons_for_names, needed_files, needed_variables};
pub(crate) use media_type::is_json;
#[cfg(fuzzing)]
pub(crate) use parse::html::comparison::check as check_html;
pub use parse::{Document, parse, parse_encoded, parse_into};
pub use proxy::{Proxies, ProxyUrl, ProxyUrlError};
pub use scraper::Scraper;
#[cfg(any(test, fuzzing))]
pub(crate) use settings::sample;
pub use settings::{FetchSettings, HostSettings, PageParser, PrivateAddresses, Settings};
pub use tls::{ClientCertificate, TlsSettings, TlsVersion};
