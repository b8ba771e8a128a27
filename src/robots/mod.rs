//! robots.txt (RFC 9309): which URLs of an origin may be requested, and how often.
//!
//! In reading order: `token` is the name by which files address this crawler. `records` reads a file line by line, as
//! leniently as Google's published parser. `path` brings rules and URLs into one form, so that they can be compared
//! octet by octet. [`Rules`] is the part of a file that applies to this crawler. [`Answer`] is the result of requesting
//! a file.
//!
//! This is own code because no maintained crate meets all of these needs: rules that are small, rules that can be sent
//! between processes, the token as RFC 9309 defines it, and bounded time for hostile files.
//!
//! Deliberately absent: fetching (`scrape`), and when a file is requested, kept and obeyed (`schedule`). Also absent is
//! what Google's parser does beyond RFC 9309 and its own documentation: here, `Allow: /index.html` does not imply
//! `Allow: /$`.
//!
//! The other files:
//!
//! - `rules`: has [`Rules`]
//! - `answer`: has [`Answer`]
//! - `sitemaps`: the sitemaps that a file names
//! - `rules_tests`: tables for RFC 9309 and Google's rules
//! - `any_bytes_tests`: files with arbitrary bytes

mod answer;
#[cfg(any(test, fuzzing))]
pub(crate) mod any_bytes_tests;
mod path;
mod records;
mod rules;
#[cfg(test)]
mod rules_tests;
mod sitemaps;
mod token;

pub use answer::Answer;
pub use records::MAX_FILE;
pub use rules::Rules;
pub use sitemaps::sitemaps;
pub use token::product_token;
