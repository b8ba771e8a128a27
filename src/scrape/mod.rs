//! One task -> one outcome: fetch -> decode -> parse -> extract.
//!
//! In reading order: `scraper` puts the stages in a row, and each stage is a function that needs none of the others:
//!
//! ```text
//! fetch    a URL                    -> bytes, content type, final URL; or a redirect; or a failure
//! decode   bytes, content type      -> text
//! parse    text                     -> a tree
//! extract  a tree, rules, final URL -> one line of JSON
//! ```
//!
//! `settings` are the plain values that a worker is told once. A failed URL is a value, `error` only for settings of
//! which no scraper can be made. `files` names what fetching reads of the system.
//!
//! Absent on purpose: processes, order, files; following redirects and retrying, which are decided where all hosts are
//! in view.

#[cfg(any(test, fuzzing))]
pub(crate) mod any_bytes_tests;
mod decode;
#[expect(dead_code, unused_imports, reason = "extraction moves onto it in the next step")]
mod document;
mod error;
pub mod extract;
mod fetch;
mod files;
mod large;
mod media_type;
mod parse;
mod proxy;
mod scraper;
mod settings;
mod side_threads;
mod tls;

pub use decode::{Decoded, decode};
pub use error::{Error, ErrorKind};
pub use fetch::RequestHeaders;
pub(crate) use fetch::SITE_HOST;
pub use files::needed_files;
pub(crate) use media_type::is_json;
#[cfg(fuzzing)]
pub(crate) use parse::html::comparison::check as check_html;
pub use parse::{Document, parse, parse_encoded};
pub use proxy::{Proxies, ProxyUrl, ProxyUrlError};
pub use scraper::Scraper;
pub use settings::{FetchSettings, HostSettings, PrivateAddresses, Settings};
pub use tls::{ClientCertificate, TlsSettings, TlsVersion};
